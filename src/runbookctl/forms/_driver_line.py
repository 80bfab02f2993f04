"""What the NVIDIA driver logs when it starts and at a GPU's first error: its version, UUIDs, serial numbers.

Pure. Source: nv.c, kernel_rc.c of open-gpu-kernel-modules 515 to 595; boot logs of proprietary drivers.
"""

from __future__ import annotations

import re2

from runbookctl.forms import _pci

# NVRM: loading NVIDIA UNIX x86_64 Kernel Module  550.144.03  Mon Dec 30 17:44:08 UTC 2024
# NVRM: loading NVIDIA UNIX Open Kernel Module for x86_64  595.45.04  Release Build  (dvs-builder@U22-I3)
_LOADING = re2.compile(r"NVRM: loading NVIDIA .{0,80}?Kernel Module .{0,40}?(\d{2,4}\.\d{1,4}(?:\.\d{1,4})?)\b")
# NVRM: GPU at PCI:0000:3b:00: GPU-6f2c1a0e-7c0a-2f0e-9f36-3c1b0d5c2a11
_UUID = re2.compile(r"NVRM: GPU at (?:PCI:)?([0-9a-fA-F:.]{5,20}): (GPU-[0-9a-fA-F-]{8,64})")
# NVRM: GPU Board Serial Number: 1652823054567
_SERIAL = re2.compile(r"NVRM: GPU Board Serial Number: (\S{1,64})")
_MOST = 1024  # GPUs of one log


class Boot:
    """Collects what the lines before say: which driver is loaded, which UUID and serial number an address has."""

    def __init__(self) -> None:
        """Begin with nothing known."""
        self.driver: str | None = None
        self.uuids: dict[str, str] = {}
        self.serials: dict[str, str] = {}
        self._pci: str | None = None

    def take(self, text: str) -> None:
        """Note what one kernel line says."""
        if text.startswith("NVRM: loading") and (version := loading(text)):
            self.driver = version
            return
        if text.startswith("NVRM: GPU at") and (match := _UUID.match(text)):
            self._pci = _pci.normal(match[1])
            if self._pci and len(self.uuids) < _MOST:
                self.uuids[self._pci] = match[2]
        elif text.startswith("NVRM: GPU Board Serial") and self._pci and (match := _SERIAL.match(text)):
            self.serials[self._pci] = match[1]
            self._pci = None


def loading(text: str) -> str | None:
    """Return the version that a `NVRM: loading NVIDIA UNIX ...` line names."""
    match = _LOADING.match(text)
    return match[1] if match else None
