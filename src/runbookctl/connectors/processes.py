"""Find and end every process below a command of ours; run as a script, do so when our own process is gone.

Stands alone (standard library only): the watchdog runs this file with `python -I -S`, so that it starts in 10 ms.
A process belongs to a command if it is in its session or group, below it, or carries its mark in the environment.

Source: proc(5) for the fields of /proc/PID/stat; prctl(2) PR_SET_CHILD_SUBREAPER = 36.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

MARK = "RUNBOOKCTL_CHILD"
"""Environment variable that every process below a command inherits."""

_SUBREAPER = 36
_KILL_ROUNDS_S = 2.0


class Seen(NamedTuple):
    """A process as /proc showed it; `started` (clock ticks since boot) tells it from a later one with its pid."""

    pid: int
    name: str
    state: str
    parent: int
    group: int
    session: int
    started: int

    def __str__(self) -> str:
        """Name it for people: `pid 4121 (sleep)`."""
        return f"pid {self.pid} ({self.name})"


def see(pid: int) -> Seen | None:
    """Return the process with this pid, None when there is none.

    A line of /proc/PID/stat: `4121 (a) b) S 1 4121 4121 0 -1 4194560 ... 22nd field 8841 ...`; the name may hold
    anything, so the fields count from the last parenthesis.
    """
    try:
        text = Path(f"/proc/{pid}/stat").read_bytes().decode("utf-8", "replace")
    except OSError:
        return None
    name, _, rest = text.partition("(")[2].rpartition(")")
    fields = rest.split()
    return Seen(pid, name, fields[0], int(fields[1]), int(fields[2]), int(fields[3]), int(fields[19]))


def table() -> dict[int, Seen]:
    """Return every process of this machine by pid; empty where there is no /proc."""
    try:
        pids = [int(name) for name in os.listdir("/proc") if name.isdigit()]  # noqa: PTH208 - names, not paths
    except OSError:
        return {}
    return {pid: seen for pid in pids if (seen := see(pid)) is not None}


def marked(pid: int, mark: bytes) -> bool:
    """Tell whether the process was started with `RUNBOOKCTL_CHILD=` and a value that begins with `mark`."""
    try:
        environment = Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return False
    return b"\0" + MARK.encode() + b"=" + mark in b"\0" + environment


def below(leader: int, mark: str) -> list[Seen]:
    """Return the living processes of the command that was started as `leader`, itself included."""
    every = table()
    found = [seen for seen in every.values() if _belongs(seen, leader, every)]
    ours = {seen.pid for seen in found}
    wanted = mark.encode() + b"\0"
    found += [seen for seen in every.values() if seen.pid not in ours and marked(seen.pid, wanted)]
    return [seen for seen in found if seen.state not in "ZX"]


def _belongs(seen: Seen, leader: int, every: dict[int, Seen]) -> bool:
    if leader in (seen.pid, seen.group, seen.session):
        return True
    parent = every.get(seen.parent)
    steps = 0
    while parent is not None and steps < len(every):  # a table is no snapshot: a reused pid could close a ring
        if leader in (parent.pid, parent.session):
            return True
        parent = every.get(parent.parent)
        steps += 1
    return False


def send(seen: Seen, number: int) -> bool:
    """Send a signal to exactly this process; False when it is gone, replaced by another, or not ours to signal."""
    try:
        handle = os.pidfd_open(seen.pid)
    except (OSError, AttributeError):
        handle = -1
    try:
        now = see(seen.pid)
        if now is None or now.started != seen.started:
            return False
        if handle >= 0:
            signal.pidfd_send_signal(handle, number)
        else:
            os.kill(seen.pid, number)
    except OSError:
        return False
    finally:
        if handle >= 0:
            os.close(handle)
    return True


def end(find: Callable[[], list[Seen]], grace: float) -> list[Seen]:
    """Ask all that `find` returns to end, wait `grace` seconds, kill; return those that are still there."""
    if grace > 0:
        _signal_all(find(), signal.SIGTERM)
        until = time.monotonic() + grace
        while find() and time.monotonic() < until:
            time.sleep(0.02)
    until = time.monotonic() + _KILL_ROUNDS_S
    while (alive := find()) and time.monotonic() < until:  # again: a killed parent may just have forked
        _signal_all(alive, signal.SIGKILL)
        time.sleep(0.01)
    return alive


def _signal_all(alive: Iterable[Seen], number: int) -> None:
    for seen in alive:
        send(seen, number)


def adopt() -> bool:
    """Become the parent of orphans below us, so that none escapes by forking twice; False where there is no prctl."""
    import ctypes

    try:
        return bool(ctypes.CDLL(None).prctl(_SUBREAPER, 1, 0, 0, 0) == 0)
    except (OSError, AttributeError):
        return False


def children(pid: int) -> set[int]:
    """Return the pids of the direct children of a process, ended ones included."""
    pids: set[int] = set()
    try:
        for task in os.listdir(f"/proc/{pid}/task"):  # noqa: PTH208 - names, not paths
            pids.update(int(word) for word in Path(f"/proc/{pid}/task/{task}/children").read_bytes().split())
    except OSError:  # a kernel without CONFIG_PROC_CHILDREN, or a thread that has just ended
        return {seen.pid for seen in table().values() if seen.parent == pid}
    return pids


def watch(mark: str) -> None:
    """Wait until the other end of our standard input is gone, then end everything with this mark.

    Lines on standard input: `+ PID STARTED` when a command begins, `- PID STARTED` when it has ended. They cover
    programs whose environment cannot be read.
    """
    leaders: set[tuple[int, int]] = set()
    for line in sys.stdin:
        sign, pid, started = line.split()
        (leaders.add if sign == "+" else leaders.discard)((int(pid), int(started)))

    def left() -> list[Seen]:
        every = table()
        alive = {pid for pid, started in leaders if pid in every and every[pid].started == started}
        found = [seen for seen in every.values() if seen.session in alive or marked(seen.pid, mark.encode())]
        return [seen for seen in found if seen.state not in "ZX"]

    end(left, 0)


if __name__ == "__main__":
    watch(sys.argv[1])
