"""What journalling a step costs: its intent and its result, against two bare SQLite transactions in the same run.

    python bench/journal_step.py [STEPS]

Prints the ratio; both write to the same disk, in WAL mode with every commit on disk (synchronous=FULL). Aim: at most 3.
"""

from __future__ import annotations

import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from runbookctl.journal.clock import this_process
from runbookctl.journal.interface import Actor, Event, Hold
from runbookctl.journal.open import Unavailable, open_journal
from runbookctl.model import Subject

INTENT = {"steps": ["xids"], "printed": "ssh gpu007 journalctl -k -b", "request": {"type": "node.command"}}
RESULT = {"evidence": {"id": "e1", "origin": "live", "form": "kernel_log", "size": 4096, "took": 0.41}}


def journalled(folder: Path) -> Callable[[int], None]:
    """Return what writes one step into a journal."""
    store = open_journal(folder / "home")
    if isinstance(store, Unavailable):
        raise store.error()
    run = store.open_run(None, key="bench", snapshot="", subject=Subject(node="gpu007"), by=Actor(name="bench"))
    hold = store.take(run, owner=this_process("bench"), lease=3600)
    assert isinstance(hold, Hold)

    def step(number: int) -> None:
        store.append(hold, f"intent e{number}", Event(kind="step.intent", data=INTENT))
        store.append(hold, f"result e{number}", Event(kind="step.result", data=RESULT))

    return step


def bare(folder: Path) -> Callable[[int], None]:
    """Return what writes two rows in two transactions."""
    connection = sqlite3.connect(folder / "bare.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE event (n INTEGER PRIMARY KEY, body TEXT)")

    def step(_: int) -> None:
        for body in (str(INTENT), str(RESULT)):
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("INSERT INTO event (body) VALUES (?)", (body,))
            connection.execute("COMMIT")

    return step


def median(step: Callable[[int], None], numbers: range) -> float:
    """Return the median time of a step in seconds."""
    times = []
    for number in numbers:
        began = time.perf_counter()
        step(number)
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def main() -> None:
    """Measure both in turns, so that a busy disk is busy for both."""
    steps = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    with tempfile.TemporaryDirectory() as folder:
        ours, theirs = journalled(Path(folder)), bare(Path(folder))
        rounds = [(median(ours, range(start, start + 50)), median(theirs, range(50))) for start in range(0, steps, 50)]
    mine, reference = (statistics.median(side) for side in zip(*rounds, strict=True))
    print(f"a journalled step       {mine * 1000:7.3f} ms")
    print(f"two bare transactions   {reference * 1000:7.3f} ms")
    print(f"ratio                   {mine / reference:7.2f}")


if __name__ == "__main__":
    main()
