"""Statements of upkeep on the SQLite store: forgetting, checking. Decides nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any

import msgspec

from runbookctl.journal.values import Instant, RunId

_MONTH = 30 * 86400.0
Do = Callable[..., sqlite3.Cursor]

_ONLY_OF_THIS_RUN = """
    digest IN (SELECT digest FROM event WHERE run = ?1 UNION SELECT digest FROM named WHERE run = ?1)
    AND digest NOT IN (SELECT digest FROM named WHERE run <> ?1)
    AND digest NOT IN (SELECT digest FROM event WHERE run <> ?1)
"""


def forget_run(do: Do, run: RunId) -> tuple[int, int]:
    """Remove a run with all that only it needs; return the number and size of removed bodies."""
    counted = f"SELECT count(*), coalesce(sum(size), 0) FROM evidence WHERE {_ONLY_OF_THIS_RUN}"  # noqa: S608 - a constant
    count, size = do(counted, (run,)).fetchone()
    do(f"DELETE FROM evidence WHERE {_ONLY_OF_THIS_RUN}", (run,))  # noqa: S608 - a constant
    do("DELETE FROM decision WHERE approval IN (SELECT id FROM approval WHERE run = ?)", (run,))
    for table, column in (("approval", "run"), ("change", "run"), ("named", "run"), ("event", "run"), ("run", "id")):
        do(f"DELETE FROM {table} WHERE {column} = ?", (run,))  # noqa: S608 - constants
    return count, size


def forget_seen(do: Do, now: Instant) -> None:
    """Remove keys that no longer count, and inactive uses of limits older than a month."""
    seen: list[tuple[Any, ...]] = do("SELECT scope, key, until FROM seen").fetchall()
    for scope, key, until in seen:
        if msgspec.json.decode(until, type=Instant).reached(now):
            do("DELETE FROM seen WHERE scope = ? AND key = ?", (scope, key))
    uses: list[tuple[Any, ...]] = do("SELECT rule, subject, run, at FROM limit_use WHERE active = 0").fetchall()
    for *name, at in uses:
        if msgspec.json.decode(at, type=Instant).after(_MONTH).reached(now):
            do("DELETE FROM limit_use WHERE rule = ? AND subject = ? AND run = ?", name)


def integrity(connection: sqlite3.Connection) -> list[str]:
    """Return what SQLite finds wrong with the file, and runs whose head is not their last event."""
    found = [row[0] for row in connection.execute("PRAGMA integrity_check(20)") if row[0] != "ok"]
    strays = connection.execute(
        "SELECT run.id FROM run LEFT JOIN heads ON heads.run = run.id"
        " WHERE heads.seq IS NULL OR heads.seq <> (SELECT max(seq) FROM event WHERE event.run = run.id)"
    )
    return found + [f"run {row[0]} does not end where its head says" for row in strays]
