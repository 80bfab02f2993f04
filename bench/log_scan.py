"""Time of finding every Xid in a large kernel log, beside `grep -cF` on the same file in the same run.

    python bench/log_scan.py [--megabytes 200] [--keep FILE]

Prints lines found of lines present, seconds, the ratio to grep, and the peak memory of the process. Never fails a
build. The log is generated with a fixed seed: one line in a thousand is an Xid, 17 % of those on a MIG instance.
"""

from __future__ import annotations

import argparse
import datetime as dt
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

SEED = 20261122
NEEDLE = "NVRM: Xid ("

_ORDINARY = (
    "systemd-journald[412]: Received client request to flush runtime journal.",
    "audit: type=1400 audit({s}:{n}): apparmor=\"STATUS\" operation=\"profile_load\" profile=\"unconfined\" "
    "name=\"cri-containerd.apparmor.d\" pid={n} comm=\"apparmor_parser\"",
    "cni0: port {p}(veth{h:08x}) entered blocking state",
    "cni0: port {p}(veth{h:08x}) entered forwarding state",
    "IPv6: ADDRCONF(NETDEV_CHANGE): veth{h:08x}: link becomes ready",
    "device veth{h:08x} entered promiscuous mode and was given the name eth0 in the namespace of sandbox {h:016x}{n:016x}",
    "usb 1-{p}: new high-speed USB device number {p} using xhci_hcd, Product: Virtual Keyboard, Manufacturer: BMC, "
    "SerialNumber: {h:08x}",
    "perf: interrupt took too long ({n} > {n}), lowering kernel.perf_event_max_sample_rate to {n}",
    "TCP: request_sock_TCP: Possible SYN flooding on port {n}. Sending cookies.  Check SNMP counters. Peer 10.0.{p}.7",
)
_XIDS = (
    "79, pid='<unknown>', name=<unknown>, GPU has fallen off the bus.",
    "31, pid={n}, name=python3, Ch 00000008, intr 00000000. MMU Fault: ENGINE GRAPHICS GPCCLIENT_T1_0 faulted @ "
    "0x7f{h:08x}. Fault is of type FAULT_PDE ACCESS_TYPE_VIRT_READ",
    "63, pid={n}, name=nvidia-smi, Row Remapper: New row marked for remapping, reset gpu to activate.",
    "94, pid={n}, name=python3, Contained: SM (0x1). RST: No, D-RST: No",
    "13, pid={n}, name=train, Graphics SM Warp Exception on (GPC 1, TPC {p}, SM 0): Out Of Range Address",
)


class Made(NamedTuple):
    """A generated log: how many lines it has, and how many of them are Xids."""

    lines: int
    xids: int


def lines(rng: random.Random) -> Iterator[tuple[str, bool]]:
    """Yield kernel lines for ever, each with whether it is an Xid."""
    stamp = 12.0
    while True:
        stamp += rng.random()
        values = {"n": rng.randrange(1, 65536), "p": rng.randrange(1, 16), "h": rng.getrandbits(32), "s": f"{stamp:.3f}"}
        xid = rng.random() < 0.001
        if xid:
            mig = f" GPU-I:{rng.randrange(7):02d}" if rng.random() < 0.17 else ""
            text = f"NVRM: Xid (PCI:0000:{rng.choice(('3b', '5e', '86', 'd8'))}:00{mig}): {rng.choice(_XIDS).format(**values)}"
        else:
            text = rng.choice(_ORDINARY).format(**values)
        yield f"[{stamp:12.6f}] {text}\n", xid


def generate(path: Path, size: int) -> Made:
    """Write about `size` bytes of kernel log; a block of fresh lines is followed by copies of it, to be quick."""
    rng = random.Random(SEED)
    made = Made(0, 0)
    block: list[str] = []
    xids = length = 0
    for line, xid in lines(rng):
        block.append(line)
        xids += xid
        length += len(line)
        if length >= min(size, 16 << 20):
            break
    text = "".join(block).encode()
    with path.open("wb") as out:
        while out.tell() < size:
            out.write(text)
            made = Made(made.lines + len(block), made.xids + xids)
    return made


def grep(path: Path) -> tuple[int, float]:
    """Return the lines that grep counts, and its best time of three."""
    best, count = float("inf"), 0
    for _ in range(3):
        begun = time.perf_counter()
        out = subprocess.run(["grep", "-cF", NEEDLE, str(path)], capture_output=True, check=True, env={"LC_ALL": "C"})
        best = min(best, time.perf_counter() - begun)
        count = int(out.stdout)
    return count, best


def ours(path: Path) -> tuple[int, float, float, int]:
    """Return the Xids found, seconds of intake, seconds of reading them, and the bytes kept."""
    from runbookctl.intake import pieces
    from runbookctl.model import Raw

    begun = time.perf_counter()
    kept = list(pieces([str(path)], None))
    taken = time.perf_counter() - begun
    begun = time.perf_counter()
    found = sum(read(Raw(body=piece.body, form=piece.form, at=dt.datetime.now(dt.UTC))) for piece in kept)
    return found, taken, time.perf_counter() - begun, sum(len(piece.body) for piece in kept)


def read(raw: object) -> int:
    """Return how many Xid lines the probe reads; folded readings count for what they fold."""
    from runbookctl.probes.gpu import xid
    from runbookctl.model import Raw

    assert isinstance(raw, Raw)
    counts = (reading for reading in xid.read(raw) if isinstance(reading, xid.Reading))
    return sum(reading.count if isinstance(reading.count, int) else 1 for reading in counts)


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
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        counted, reference = grep(path)
        found, taken, reading, kept = ours(path)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"log        {size:.2f} GB, {made.lines:,} lines, {made.xids:,} Xid lines")
        print(f"grep -cF   {counted:,} lines   {reference:.3f} s   {reference / size:.2f} s/GB")
        print(f"runbookctl {found:,} of {made.xids:,} Xid lines   {taken:.3f} s intake + {reading:.3f} s read", end="   ")
        print(f"{(taken + reading) / size:.2f} s/GB   {kept:,} bytes kept")
        print(f"ratio      {(taken + reading) / reference:.1f} times grep")
        print(f"memory     {peak:.0f} MiB at most, {before:.0f} MiB of it before the scan", file=sys.stdout)


if __name__ == "__main__":
    main()
