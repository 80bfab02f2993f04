"""Versions and state of the NVIDIA driver on a node, from the commands that people paste, alone or several together.

Pure. Read are: /proc/driver/nvidia/version, /sys/module/nvidia*/version (also with the file name before a colon, as
`grep -H` prints it), lsmod or /proc/modules, modinfo nvidia, lspci -k, dkms status, mokutil --sb-state,
nvidia-smi --version. A fact is unset when nothing was read that tells it, absent when it was looked for and is not
there. Real lines stand above the patterns.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import re2
from msgspec import UNSET, Struct, UnsetType, field

from runbookctl.forms import Named, _pci
from runbookctl.forms.lines import Gap, numbered
from runbookctl.model import NodeCommand, Raw, ReadFile, Subject, Version, Writer

LABEL = "NVIDIA driver facts"
WRITER = Writer.NODE
ANCHORS: tuple[bytes, ...] = ()

_Told = Version | UnsetType | None
_V = r"(\d{2,4}\.\d{1,4}(?:\.\d{1,4})?)"
# NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.144.03  Mon Dec 30 17:44:08 UTC 2024
# NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  595.45.04  Release Build  (dvs-builder@U22-I3)
_PROC = re2.compile(rf"NVRM version: NVIDIA .{{0,80}}?Kernel Module.{{0,40}}? {_V}\b")
_PROC_LINE = re2.compile(r"NVRM version: NVIDIA .{0,200}")
# /sys/module/nvidia_modeset/version:550.144.03        /sys/module/nvidia/refcnt:12
_SYS = re2.compile(r"/sys/module/(\w{1,40})/(version|refcnt):(\S{1,40})")
# nvidia              56717312  2 nvidia_uvm,nvidia_modeset
# nvidia 56717312 2 nvidia_uvm,nvidia_modeset, Live 0x0000000000000000 (POE)
_LOADED = re2.compile(r"(nvidia(?:_\w{1,20})?|nouveau|nova_core) +(\d{3,12}) +(-?\d{1,6})(?: +(\S+))?.*")
_LSMOD = re2.compile(r"Module +Size +Used by\s*")
# filename:       /lib/modules/6.8.0-45-generic/updates/dkms/nvidia.ko.zst
_FILE = re2.compile(r"filename: +(\S*/nvidia\.ko\S{0,8}|\S*/nvidia-current\.ko\S{0,8})\s*")
_MODINFO = re2.compile(r"(version|vermagic|signer|license|srcversion|filename): +(.*)")
_NO_MODULE = "Module nvidia not found"
# 3b:00.0 3D controller [0302]: NVIDIA Corporation GH100 [H100 SXM5 80GB] [10de:2330] (rev a1)
_DEVICE = re2.compile(
    r"([0-9a-fA-F:.]{7,12}) (?:VGA compatible controller|3D controller|Display controller)(?: \[03\d\d\])?: (NVIDIA .*)"
)
_ANY_DEVICE = re2.compile(r"[0-9a-fA-F:.]{7,12} [A-Z][^:]{3,60}: .*")
_DRIVER = re2.compile(r"\s+Kernel driver in use: (\S{1,40})\s*")
# nvidia/550.144.03, 6.8.0-45-generic, x86_64: installed        nvidia, 550.54.14, 5.15.0-91-generic, x86_64: installed
_DKMS = re2.compile(rf"nvidia[\w-]*(?:/|, ){_V}(?:, (\S+), \S+)?: (added|built|installed)\b.*")
_MOK = re2.compile(r"SecureBoot (enabled|disabled)\b.*")
# NVIDIA-SMI version  : 550.144.03          DRIVER version      : 550.144.03
_SMI = re2.compile(r"(NVIDIA-SMI|NVML|DRIVER|CUDA) [Vv]ersion +: +(\S+)\s*")
# NVML library version: 550.163
_LIBRARY = re2.compile(r"NVML library version: (\d[0-9.]{2,20}?)\.?\s*")


class Loaded(Struct, frozen=True):
    """One loaded module: references, and the modules that hold it."""

    references: int
    holders: tuple[str, ...]


class Device(Struct):
    """One NVIDIA GPU on PCI and the kernel driver that has it."""

    pci: str
    driver: str | None = None


class Dkms(Struct, frozen=True):
    """What DKMS says of one version for one kernel."""

    version: str
    kernel: str | None
    state: str


class Facts(Struct, kw_only=True):
    """Everything that was told."""

    line: int = 0  # of the first fact
    module: _Told = UNSET
    modeset: _Told = UNSET
    on_disk: _Told = UNSET
    built_for: str | UnsetType = UNSET  # kernel of the module on disk
    signer: str | UnsetType | None = UNSET
    library: _Told = UNSET
    cuda: _Told = UNSET
    secure_boot: bool | UnsetType = UNSET
    loaded: dict[str, Loaded] = field(default_factory=dict)
    loaded_all: bool = False  # the list of modules is whole
    devices: list[Device] = field(default_factory=list)
    devices_all: bool = False  # the list of devices is whole, as far as NVIDIA goes
    dkms: list[Dkms] = field(default_factory=list)


def parse(raw: Raw) -> Facts | None:
    """Return what the text tells; None when it tells nothing."""
    reader = _Reader()
    for line in numbered(raw.body):
        if isinstance(line, Gap):
            reader.cut = reader.cut or not line.harmless
        else:
            reader.take(line.number, line.text)
    facts = reader.facts
    _absent(raw, facts, cut=reader.cut)
    told = facts.line or facts.loaded_all or facts.devices_all or facts.on_disk is None or facts.module is None
    return facts if told else None


class _Reader:
    """Takes one line after the other."""

    def __init__(self) -> None:
        self.facts = Facts()
        self.cut = False
        self._modinfo = False
        self._device: Device | None = None
        self._smi: dict[str, str] = {}

    def take(self, number: int, line: str) -> None:
        """Read one line with the first reader that knows it."""
        readers: tuple[Callable[[str], bool], ...] = (
            self._versions, self._modules, self._disk, self._pci, self._dkms, self._tool,
        )  # fmt: skip
        if any(reader(line) for reader in readers):
            self.facts.line = self.facts.line or number

    def _versions(self, line: str) -> bool:
        facts = self.facts
        if match := _PROC.search(line):
            facts.module = match[1]
        elif match := _SYS.match(line):
            name, what, value = match[1], match[2], match[3]
            if what == "version" and name == "nvidia":
                facts.module = value
            elif what == "version" and name == "nvidia_modeset":
                facts.modeset = value
            elif what == "refcnt" and value.isdigit() and len(value) < 9:
                facts.loaded.setdefault(name, Loaded(int(value), ()))
        else:
            return False
        return True

    def _modules(self, line: str) -> bool:
        if _LSMOD.fullmatch(line):
            self.facts.loaded_all = True
        elif match := _LOADED.fullmatch(line):
            holders = tuple(name for name in (match[4] or "").split(",") if name and name not in ("-", "[permanent]"))
            self.facts.loaded[match[1]] = Loaded(max(int(match[3]), 0), holders)
        else:
            return False
        return True

    def _disk(self, line: str) -> bool:
        facts = self.facts
        if match := _FILE.fullmatch(line):
            self._modinfo = True
            parts = match[1].split("/")
            if "modules" in parts[:-1]:
                facts.built_for = parts[parts.index("modules") + 1]
        elif _NO_MODULE in line and "modinfo" in line:
            facts.on_disk = None
        elif (match := _MODINFO.fullmatch(line)) and self._modinfo:
            key, value = match[1], match[2].strip()
            if key == "filename":
                self._modinfo = False
            elif key == "version":
                facts.on_disk = value
            elif key == "vermagic":
                facts.built_for = value.partition(" ")[0]
            elif key == "signer":
                facts.signer = value or None
        else:
            return False
        return True

    def _pci(self, line: str) -> bool:
        if match := _DEVICE.match(line):
            self._device = Device(_pci.normal(match[1]) or match[1])
            self.facts.devices.append(self._device)
        elif _ANY_DEVICE.match(line):
            self._device = None
            return False
        elif self._device is not None and (match := _DRIVER.fullmatch(line)):
            self._device.driver = match[1].lower().replace("-", "_").replace("novacore", "nova_core")
        else:
            return False
        return True

    def _dkms(self, line: str) -> bool:
        facts = self.facts
        if match := _DKMS.fullmatch(line):
            facts.dkms.append(Dkms(match[1], match[2], match[3]))
        elif match := _MOK.fullmatch(line):
            facts.secure_boot = match[1] == "enabled"
        else:
            return False
        return True

    def _tool(self, line: str) -> bool:
        facts = self.facts
        if match := _SMI.fullmatch(line):
            # NVML starts only against a module of its own version, and prints its own one shortened.
            if match[1] == "DRIVER" and match[2][:1].isdigit():
                facts.module = facts.library = match[2]
            elif match[1] == "CUDA" and match[2][:1].isdigit():
                facts.cuda = match[2]
        elif match := _LIBRARY.fullmatch(line):
            facts.library = match[1]
        else:
            return False
        return True


def _absent(raw: Raw, facts: Facts, *, cut: bool) -> None:
    """Say what was looked for and is not there: by a list that is whole, or by the command that was asked."""
    asked = _asked(raw)
    if "modinfo" in asked and facts.on_disk is UNSET and not raw.body.strip():
        facts.on_disk = None
    if "/proc/modules" in asked or asked[:1] == ("lsmod",):
        facts.loaded_all = True
    if "lspci" in asked:
        facts.devices_all = True
    facts.loaded_all = facts.loaded_all and not cut
    facts.devices_all = facts.devices_all and not cut
    if facts.module is UNSET and facts.loaded_all and "nvidia" not in facts.loaded:
        facts.module = None
    if facts.modeset is UNSET and facts.loaded_all and "nvidia_modeset" not in facts.loaded:
        facts.modeset = None
    if any(word.startswith("/sys/module/nvidia/") for word in asked) and not cut:
        facts.module = None if facts.module is UNSET else facts.module
        facts.modeset = None if facts.modeset is UNSET else facts.modeset


def _asked(raw: Raw) -> tuple[str, ...]:
    match raw.request:
        case NodeCommand(argv=argv):
            return argv
        case ReadFile(path=path):
            return (path,)
    return ()


def recognise(head: str, name: str) -> int:
    """Tell the text by facts that only these commands print."""
    del name
    reader = _Reader()
    for index, line in enumerate(head.split("\n", 2000)[:2000]):
        reader.take(index + 1, line.rstrip("\r"))
    facts = reader.facts
    strong = (
        facts.module is not UNSET, facts.on_disk is not UNSET, bool(facts.devices), bool(facts.dkms),
        "nvidia" in facts.loaded or "nouveau" in facts.loaded, facts.loaded_all, facts.secure_boot is not UNSET,
        facts.modeset is not UNSET,
    )  # fmt: skip
    return 88 if any(strong) else 0


def starts(line: str) -> bool:
    """Tell a line that begins the output of one of the commands."""
    return any(pattern.fullmatch(line) for pattern in (_PROC_LINE, _FILE, _LSMOD))


def names(raw: Raw) -> Named:
    """Name nothing (none of the commands prints a host name); say which version is loaded."""
    facts = parse(raw)
    found: Any = facts.module if facts else UNSET
    said = f"module {found}" if isinstance(found, str) else "no module loaded" if found is None else "driver facts"
    return Named(subject=Subject(), now=None, summary=said)
