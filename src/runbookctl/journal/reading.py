"""Answers to queries: pages of rows. Reads only the tables it is given."""

from __future__ import annotations

from typing import Any

import msgspec

from runbookctl.journal import chain, rules
from runbookctl.journal.rows import Approvals, Cursor, Events, Lock, Locks, Page, Query, RunRow, Runs
from runbookctl.journal.tables import RunRecord, Tables, approval_of
from runbookctl.journal.values import JSON, Instant, Seq
from runbookctl.journal.writing import wall


def page(tables: Tables, query: Query[Any], after: int, limit: int, now: Instant) -> Page[object]:
    """Return the rows of a query after a place. `more` is about the places looked at, so a page may be short."""
    places: list[tuple[int, object]] = []
    match query:
        case Runs():
            for place, record, seq, first in tables.runs(query, after, limit + 1):
                places.append((place, _run_row(record, seq, first, now)))
        case Events():
            places += [(place, chain.recorded(record)) for place, record in tables.events(query, after, limit + 1)]
        case Approvals():
            for place, stored in tables.approvals(query, after, limit + 1):
                approval = approval_of(tables, stored, wall)
                state = rules.current(approval, now)
                wanted = query.state in ("", state)
                places.append((place, msgspec.structs.replace(approval, state=state) if wanted else None))
        case Locks():
            found = enumerate(_locks(tables, query, now), 1)
            places += [(place, lock) for place, lock in found if place > after]
        case _:
            raise TypeError(f"no such query: {query!r}")
    shown = places[:limit]
    rows = tuple(row for _, row in shown if row is not None)
    return Page(rows=rows, cursor=Cursor(shown[-1][0] if shown else after), more=len(places) > limit)


def _run_row(record: RunRecord, seq: Seq, first: bytes | None, now: Instant) -> RunRow:
    facts: dict[str, JSON] = chain.event_data(first).get("facts", {}) if first is not None else {}
    held = record.held(now)
    return RunRow(
        run=record.run, key=record.key or "", state=record.state, origin=record.origin, subject=record.subject,
        snapshot=record.snapshot, by=record.by, opened=wall(record.opened), facts=facts, verdict=record.verdict,
        owner=record.owner if held else None, until=record.until if held else None, events=seq,
    )  # fmt: skip


def _locks(tables: Tables, query: Locks, now: Instant) -> list[Lock]:
    """Return the locks that hold now; each with when it frees itself should nobody renew or end it."""
    found = []
    for lock in tables.locks(query):
        state = tables.run(lock.run)
        if state is None or rules.lock_is_free(lock, state, now):
            continue
        owner, free = (state.owner, state.until) if state.held(now) else (None, rules.successor_waits(lock.not_after))
        found.append(Lock(subject=lock.subject, run=lock.run, owner=owner, open=lock.open, free=free))
    return found
