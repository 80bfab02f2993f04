"""Time of finding every Xid in a large kernel log, beside `grep -cF` on the same file in the same run.

    python bench/log_scan.py [--megabytes 200] [--keep FILE]

Prints lines found of lines present, seconds, the ratio to grep for that one literal and for all that are looked for,
and the peak memory of the scan. Never fails a build. The log is generated with a fixed seed: one line in a thousand is
an Xid, 17 % of those on a MIG instance.
"""

from __future__ import annotations

import argparse
import datetime as dt
import random
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from runbookctl.forms import kernel_log
from runbookctl.intake import pieces
from runbookctl.model import Raw
from runbookctl.probes.gpu import xid

SEED = 20261122
NEEDLE = "NVRM: Xid ("

_ORDINARY = """\
systemd-journald[412]: Received client request to flush runtime journal.
audit: type=1400 audit({s}:{n}): apparmor="STATUS" operation="profile_load" name="cri-containerd.apparmor.d" pid={n}
cni0: port {p}(veth{h:08x}) entered blocking state
cni0: port {p}(veth{h:08x}) entered forwarding state
IPv6: ADDRCONF(NETDEV_CHANGE): veth{h:08x}: link becomes ready
device veth{h:08x} entered promiscuous mode, renamed from tmp{h:08x} in the namespace of {h:016x}{n:016x}
usb 1-{p}: New USB device found, idVendor=1d6b, idProduct={n:04x}, bcdDevice= 0.{p:02d}, SerialNumber: {h:08x}
perf: interrupt took too long ({n} > {n}), lowering kernel.perf_event_max_sample_rate to {n}
TCP: request_sock_TCP: Possible SYN flooding on port {n}. Sending cookies.  Check SNMP counters.
workqueue: blk_mq_run_work_fn hogged CPU for >10000us {p} times, consider switching to WQ_UNBOUND: {h:016x}{n:016x}
""".splitlines()
_XIDS = """\
79, pid='<unknown>', name=<unknown>, GPU has fallen off the bus.
31, pid={n}, name=python3, Ch 00000008, intr 00000000. MMU Fault: ENGINE GRAPHICS faulted @ 0x7f{h:08x}
63, pid={n}, name=nvidia-smi, Row Remapper: New row marked for remapping, reset gpu to activate.
94, pid={n}, name=python3, Contained: SM (0x1). RST: No, D-RST: No
13, pid={n}, name=train, Graphics SM Warp Exception on (GPC 1, TPC {p}, SM 0): Out Of Range Address
""".splitlines()
_BUSES = ("3b", "5e", "86", "d8")


class Made(NamedTuple):
    """A generated log: how many lines it has, and how many of them are Xids."""

    lines: int
    xids: int


def lines(rng: random.Random) -> Iterator[tuple[str, bool]]:
    """Yield kernel lines for ever, each with whether it is an Xid."""
    stamp = 12.0
    while True:
        stamp += rng.random()
        values = {
            "n": rng.randrange(1, 65536),
            "p": rng.randrange(1, 16),
            "h": rng.getrandbits(32),
            "s": f"{stamp:.3f}",
        }
        xid = rng.random() < 0.001
        if xid:
            mig = f" GPU-I:{rng.randrange(7):02d}" if rng.random() < 0.17 else ""
            text = f"NVRM: Xid (PCI:0000:{rng.choice(_BUSES)}:00{mig}): {rng.choice(_XIDS).format(**values)}"
        else:
            text = rng.choice(_ORDINARY).format(**values)
        yield f"[{stamp:12.6f}] {text}\n", xid


def generate(path: Path, size: int) -> Made:
    """Write about `size` bytes of kernel log; a block of fresh lines is followed by copies of it, to be quick."""
    rng = random.Random(SEED)
    made = Made(0, 0)
    block: list[str] = []
    xids = length = 0
    for line, is_xid in lines(rng):
        block.append(line)
        xids += is_xid
        length += len(line)
        if length >= min(size, 16 << 20):
            break
    text = "".join(block).encode()
    with path.open("wb") as out:
        while out.tell() < size:
            out.write(text)
            made = Made(made.lines + len(block), made.xids + xids)
    return made


def grep(path: Path, *literals: str) -> tuple[int, float]:
    """Return the lines that grep counts, and its best time of three."""
    best, count = float("inf"), 0
    argv = ["grep", "-cF", *(word for literal in literals for word in ("-e", literal)), str(path)]
    for _ in range(3):
        begun = time.perf_counter()
        out = subprocess.run(argv, capture_output=True, check=True, env={"LC_ALL": "C"})
        best = min(best, time.perf_counter() - begun)
        count = int(out.stdout)
    return count, best


def ours(path: Path) -> tuple[int, float, float, int]:
    """Return the Xids found, seconds of intake, seconds of reading them, and the bytes kept."""
    begun = time.perf_counter()
    kept = list(pieces([str(path)], None))
    taken = time.perf_counter() - begun
    begun = time.perf_counter()
    found = sum(read(Raw(body=piece.body, form=piece.form, at=dt.datetime.now(dt.UTC))) for piece in kept)
    return found, taken, time.perf_counter() - begun, sum(len(piece.body) for piece in kept)


def read(raw: Raw) -> int:
    """Return how many Xid lines the probe reads; folded readings count for what they fold."""
    counts = (reading for reading in xid.read(raw) if isinstance(reading, xid.Reading))
    return sum(reading.count if isinstance(reading.count, int) else 1 for reading in counts)


def peak() -> int:
    """Return the most memory this process had since `forget_peak`, in MiB."""
    status = Path("/proc/self/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:"))) // 1024


def forget_peak() -> None:
    """Begin a new count of the most memory. Source: proc(5), clear_refs."""
    Path("/proc/self/clear_refs").write_text("5")


def main() -> None:
    """Generate, time, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=200)
    parser.add_argument("--keep", type=Path, help="generate into this file and leave it")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = asked.keep or Path(folder, "kern.log")
        made = generate(path, asked.megabytes * 1_000_000)
        size = path.stat().st_size / 1e9
        forget_peak()
        before = peak()
        found, taken, reading, kept = ours(path)
        most = peak()
        counted, one = grep(path, NEEDLE)
        _, all_of_them = grep(path, *(anchor.decode() for anchor in kernel_log.ANCHORS))
    total = taken + reading
    print(f"log         {size:.2f} GB, {made.lines:,} lines, {made.xids:,} of them Xids")
    print(f"found       {found:,} of {made.xids:,} Xid lines; grep {counted:,}")
    print(f"time        {total:.3f} s ({taken:.3f} intake, {reading:.3f} read), {total / size:.2f} s/GB")
    print(f"kept        {kept:,} bytes")
    print(f"grep -cF    {one:.3f} s for {NEEDLE!r} alone: ratio {total / one:.1f}")
    print(f"            {all_of_them:.3f} s for all {len(kernel_log.ANCHORS)} anchors: ratio {total / all_of_them:.1f}")
    print(f"memory      {most} MiB at most, {before} MiB of it before the scan")


if __name__ == "__main__":
    main()
