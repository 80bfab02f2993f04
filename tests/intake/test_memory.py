"""The size of what is given does not show in the memory that is used."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PROGRAM = """
import re, sys
from runbookctl.intake import pieces
piece, = pieces(sys.argv[1:], None)
peak = re.search(r"VmHWM:\\s+(\\d+) kB", open("/proc/self/status").read())  # not ru_maxrss: that is the parent's too
print(piece.form, piece.whole_lines, len(piece.body), int(peak[1]) // 1024)
"""


def measured(path: Path) -> tuple[str, int, int, int]:
    """Return form, lines, bytes kept and peak MiB of a process that takes one file."""
    done = subprocess.run([sys.executable, "-c", PROGRAM, str(path)], capture_output=True, text=True, check=True)
    form, lines, kept, peak = done.stdout.split()
    return form, int(lines), int(kept), int(peak)


def test_a_kernel_log_of_150_megabytes_takes_the_memory_of_a_small_one(tmp_path: Path) -> None:
    """Chunks go by; only what is kept stays."""
    path = tmp_path / "kern.log"
    ordinary = (
        b"[ 1234.567890] usb 1-1: new high-speed USB device number 2 using xhci_hcd, Product: Virtual Keyboard of BMC\n"
    )
    block = (
        ordinary * 9_999
        + b"[ 1234.567890] NVRM: Xid (PCI:0000:3b:00): 79, pid=1, name=x, GPU has fallen off the bus.\n"
    )
    with path.open("wb") as out:
        for _ in range(150_000_000 // len(block)):
            out.write(block)
    form, lines, kept, peak = measured(path)
    assert (form, lines) == ("kernel_log", 150_000_000 // len(block) * 10_000)
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
