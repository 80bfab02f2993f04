"""The size of what is given does not show in the memory that is used."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import resource, sys
from runbookctl.intake import pieces
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
found = list(pieces(sys.argv[1:], None))
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(found[0].form, found[0].whole_lines, len(found[0].body), after // 1024, bool(found[0].error))
"""


def measured(path: Path) -> tuple[str, int, int, int]:
    """Return form, lines, bytes kept and peak MiB of a process that takes one file."""
    done = subprocess.run([sys.executable, "-c", PROGRAM, str(path)], capture_output=True, text=True, check=True)
    form, lines, kept, peak, _ = done.stdout.split()
    return form, int(lines), int(kept), int(peak)


def test_a_kernel_log_of_300_megabytes_takes_the_memory_of_a_small_one(tmp_path: Path) -> None:
    """Chunks go by; only what is kept stays."""
    path = tmp_path / "kern.log"
    ordinary = b"[ 1234.567890] usb 1-1: new high-speed USB device number 2 using xhci_hcd, Product: Virtual Keyboard of BMC\n"
    block = ordinary * 9_999 + b"[ 1234.567890] NVRM: Xid (PCI:0000:3b:00): 79, pid=1, name=x, GPU has fallen off the bus.\n"
    with path.open("wb") as out:
        for _ in range(300_000_000 // len(block)):
            out.write(block)
    form, lines, kept, peak = measured(path)
    assert (form, lines) == ("kernel_log", 300_000_000 // len(block) * 10_000)
    assert kept < 4 << 20
    assert peak < 120


def test_a_line_of_100_megabytes_is_one_short_line(tmp_path: Path) -> None:
    """A file without line ends is one line, and one line is short."""
    path = tmp_path / "line"
    with path.open("wb") as out:
        for _ in range(100):
            out.write(b"x" * 1_000_000)
    form, lines, kept, peak = measured(path)
    assert (form, lines) == ("unrecognised", 1)
    assert kept < 20_000
    assert peak < 120


def test_a_hole_of_300_megabytes_is_passed_by(tmp_path: Path) -> None:
    """A sparse file that holds text before its hole is that text."""
    path = tmp_path / "sparse.log"
    with path.open("wb") as out:
        out.write(b"[    1.000000] NVRM: Xid (PCI:0000:3b:00): 79, pid=1, gone\n")
        out.truncate(300_000_000)
    form, lines, kept, peak = measured(path)
    assert (form, lines, kept) == ("kernel_log", 1, 59)
    assert peak < 120


@pytest.mark.parametrize("packed", [True, False])
def test_a_document_beyond_its_limit_is_kept_in_part(tmp_path: Path, packed: bool) -> None:
    """A list of more bytes than are kept gives its first whole items."""
    import gzip

    item = b'{"metadata":{"name":"a","namespace":"ml","annotations":{"x":"%s"}},"spec":{}},' % (b"y" * 20_000)
    body = b'{"kind":"PodList","apiVersion":"v1","metadata":{},"items":[' + item * 4_000
    path = tmp_path / "pods.json"
    path.write_bytes(gzip.compress(body, 1) if packed else body)
    form, _, kept, peak = measured(path)
    assert form == "kubernetes_objects"
    assert 60 << 20 < kept <= 66 << 20
    assert peak < 600
