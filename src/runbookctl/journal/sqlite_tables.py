"""The rows of a journal in SQLite: one statement or two per operation. Decides nothing."""

from __future__ import annotations

import datetime as dt
import sqlite3
import zlib
from typing import Any, TypeVar

import msgspec

from runbookctl.journal.acting import ApprovalRequest, Given, Proof
from runbookctl.journal.rows import Approvals, Events, Head, Locks, Runs
from runbookctl.journal.sqlite_upkeep import forget_run, forget_seen
from runbookctl.journal.tables import ApprovalRecord, Body, Change, Identity, Locked, RunRecord, Use
from runbookctl.journal.values import (
    Actor,
    ApprovalId,
    Digest,
    Instant,
    Owner,
    Purged,
    Record,
    RunId,
    Seq,
)
from runbookctl.journal.writing import packed
from runbookctl.model import Subject

Kind = TypeVar("Kind")
_RUN = "id, key, same, state, origin, subject, snapshot, by, opened, verdict, fence, owner, lease_until"
_RUN_OF = ", ".join(f"run.{name}" for name in _RUN.split(", "))
_EVENT = (
    "event.n, event.run, event.seq, event.key, event.at, event.boot, event.ticks, event.kind, event.digest,"
    " event.bodies, event.fence, event.actor, event.prev, event.hash, evidence.packed,"
    " CAST(evidence.body AS BLOB), evidence.purged"  # the cast, because a hand may have put text there
)
_FROM_EVENT = "FROM event LEFT JOIN evidence ON evidence.digest = event.digest"
_CHANGE = "run, seq, key, approval, position, fence, state, began, not_after"
_APPROVAL = "id, run, state, asked, at, used_by, used_fence"


class SqliteTables:
    """The rows behind one connection, within one transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        """Use a connection that the caller opened, and on which the caller began a transaction."""
        self._do = connection.execute

    def _one(self, statement: str, *values: object) -> Any | None:
        return self._do(statement, values).fetchone()

    def identity(self) -> Identity:
        """Return which store this is."""
        row = self._one("SELECT id, key, generation, accepted FROM store")
        assert row is not None
        return Identity(id=row[0], key=row[1], generation=row[2], accepted=bool(row[3]))

    def accept(self, by: str) -> None:
        """Note that this person accepted the generation."""
        self._do("UPDATE store SET accepted = ?", (by,))

    # runs

    def run(self, run: RunId) -> RunRecord | None:
        """Return a run."""
        return _run(self._one(f"SELECT {_RUN} FROM run WHERE id = ?", run))  # noqa: S608 - a constant

    def run_by_key(self, key: str) -> RunRecord | None:
        """Return the run that was opened with this key."""
        return _run(self._one(f"SELECT {_RUN} FROM run WHERE key = ?", key))  # noqa: S608 - a constant

    def add_run(self, record: RunRecord) -> None:
        """Insert a run."""
        self._do(
            f"INSERT INTO run ({_RUN}, by_name) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - a constant
            (
                record.run, record.key, record.same, record.state, record.origin, _text(record.subject),
                record.snapshot, _text(record.by), record.opened, record.verdict, record.fence, _text(record.owner),
                _text(record.until), record.by.name,
            ),
        )  # fmt: skip

    def hold_run(self, record: RunRecord) -> None:
        """Write what changes of a run."""
        self._do(
            "UPDATE run SET state = ?, verdict = ?, fence = ?, owner = ?, lease_until = ? WHERE id = ?",
            (record.state, record.verdict, record.fence, _text(record.owner), _text(record.until), record.run),
        )

    def runs(self, query: Runs, after: int, limit: int) -> list[tuple[int, RunRecord, Seq, bytes | None]]:
        """Return runs, newest first."""
        rows = self._do(
            f"""
            SELECT run.rowid, heads.seq, evidence.packed, CAST(evidence.body AS BLOB), {_RUN_OF}
            FROM run LEFT JOIN heads ON heads.run = run.id LEFT JOIN event ON event.run = run.id AND event.seq = 1
            LEFT JOIN evidence ON evidence.digest = event.digest
            WHERE substr(run.id, 1, length(?1)) = ?1 AND (?2 = '' OR run.key = ?2) AND (?3 = '' OR run.state = ?3)
              AND (?4 = '' OR run.by_name = ?4) AND (?5 = 0 OR run.rowid < ?5)
            ORDER BY run.rowid DESC LIMIT ?6
            """,  # noqa: S608 - constants
            (query.prefix, query.key, query.state, query.by, after, limit),
        )
        found = []
        for row in rows.fetchall():
            record = _run(row[4:])
            assert record is not None
            found.append((row[0], record, row[1] or 0, _plain(row[2], row[3])))
        return found

    # events

    def head(self, run: RunId) -> Head | None:
        """Return the end of a run's chain."""
        row = self._one("SELECT run, seq, hash FROM heads WHERE run = ?", run)
        return None if row is None else Head(run=row[0], seq=row[1], hash=row[2])

    def heads(self) -> list[Head]:
        """Return all heads."""
        rows = self._do("SELECT run, seq, hash FROM heads ORDER BY run")
        return [Head(run=run, seq=seq, hash=digest) for run, seq, digest in rows]

    def seq_of(self, run: RunId, key: str) -> tuple[Seq, str] | None:
        """Return number and keyed hash of the event with this key."""
        return self._one("SELECT seq, same FROM event WHERE run = ? AND key = ?", run, key)

    def add_event(self, record: Record, same: str) -> None:
        """Insert a link with its body and make it the head."""
        if record.body is None:
            tombstone = Body(digest=record.digest, size=0, packed=0, blob=None, purged=record.purged)
            self._insert_body(tombstone, "OR IGNORE")
        else:
            self._insert_body(packed(record.body.encode()), "OR IGNORE")
        self._do(
            "INSERT INTO event (run, seq, key, at, boot, ticks, kind, digest, bodies, fence, actor, prev, hash, same)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                record.run, record.seq, record.key, record.at, record.boot, record.ticks, record.kind, record.digest,
                _text(record.bodies), record.fence, record.actor, record.prev, record.hash, same,
            ),
        )  # fmt: skip
        head = (record.run, record.seq, record.hash)
        self._do("INSERT OR REPLACE INTO heads (run, seq, hash) VALUES (?, ?, ?)", head)
        for digest in record.bodies:
            self._do("INSERT OR IGNORE INTO named (digest, run) VALUES (?, ?)", (digest, record.run))

    def records(self, run: RunId, after: Seq, limit: int) -> list[Record]:
        """Return links of one run with their bodies."""
        statement = f"SELECT {_EVENT} {_FROM_EVENT} WHERE run = ? AND seq > ? ORDER BY seq LIMIT ?"
        return [_record(row) for row in self._do(statement, (run, after, limit))]

    def events(self, query: Events, after: int, limit: int) -> list[tuple[int, Record]]:
        """Return links in the order of writing."""
        # Two statements, so that one run is found by its index and not by looking through all.
        where, first = ("event.run = ?", (query.run,)) if query.run else ("?", (1,))
        kinds = "(? OR event.kind IN (SELECT value FROM json_each(?)))"
        statement = f"SELECT {_EVENT} {_FROM_EVENT} WHERE {where} AND event.n > ? AND {kinds} ORDER BY {{}} LIMIT ?"
        order = "event.seq" if query.run else "event.n"
        values = (*first, after, not query.kinds, _text(query.kinds), limit)
        return [(row[0], _record(row)) for row in self._do(statement.format(order), values)]

    def last_event(self) -> int:
        """Return the position of the newest event."""
        row = self._one("SELECT max(n) FROM event")
        return int(row[0] or 0) if row else 0

    # bodies

    def body(self, digest: Digest) -> Body | None:
        """Return a body or its tombstone."""
        columns = "digest, size, packed, CAST(body AS BLOB), purged"
        row = self._one(f"SELECT {columns} FROM evidence WHERE digest = ?", digest)  # noqa: S608 - a constant
        if row is None:
            return None
        return Body(digest=row[0], size=row[1], packed=row[2], blob=row[3], purged=row[4] or "")

    def save_body(self, body: Body) -> None:
        """Insert or replace a body."""
        self._insert_body(body, "OR REPLACE")

    def _insert_body(self, body: Body, how: str) -> None:
        self._do(
            f"INSERT {how} INTO evidence (digest, size, packed, body, purged, at) VALUES (?, ?, ?, ?, ?, ?)",  # noqa: S608 - constants
            (body.digest, body.size, body.packed, body.blob, body.purged or None, dt.datetime.now(dt.UTC).isoformat()),
        )

    def purge_body(self, purged: Purged) -> None:
        """Remove the bytes, keep the row."""
        self._do("UPDATE evidence SET body = NULL, purged = ? WHERE digest = ?", (purged.why, purged.digest))

    # changes, locks, limits

    def changes(self, run: RunId) -> list[Change]:
        """Return the open changes of a run."""
        return self._changes("run = ? AND state = 'open'", run)

    def change(self, run: RunId, seq: Seq) -> Change | None:
        """Return one change."""
        return next(iter(self._changes("run = ? AND seq = ?", run, seq)), None)

    def changes_under(self, approval: ApprovalId) -> list[Change]:
        """Return all changes that used an approval."""
        return self._changes("approval = ?", approval)

    def _changes(self, which: str, *values: object) -> list[Change]:
        rows = self._do(f"SELECT {_CHANGE} FROM change WHERE {which} ORDER BY run, seq", values)  # noqa: S608 - constants
        return [
            Change(run=row[0], seq=row[1], key=row[2], approval=row[3], position=row[4], fence=row[5], state=row[6],
                   began=_value(row[7], Instant), not_after=_value(row[8], Instant))
            for row in rows
        ]  # fmt: skip

    def save_change(self, change: Change) -> None:
        """Insert or replace a change."""
        self._do(
            f"INSERT OR REPLACE INTO change ({_CHANGE}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - a constant
            (
                change.run, change.seq, change.key, change.approval, change.position, change.fence, change.state,
                _text(change.began), _text(change.not_after),
            ),
        )  # fmt: skip

    def lock(self, subject: str) -> Locked | None:
        """Return the lock on a subject."""
        return next(iter(self._locks("subject = ?", subject)), None)

    def locks(self, query: Locks) -> list[Locked]:
        """Return locks, sorted by subject."""
        return self._locks("(? = '' OR run = ?)", query.run, query.run)

    def _locks(self, which: str, *values: object) -> list[Locked]:
        rows = self._do(
            f"SELECT subject, run, seq, fence, open, not_after FROM open_change WHERE {which} ORDER BY subject",  # noqa: S608 - constants
            values,
        )
        return [
            Locked(subject=row[0], run=row[1], seq=row[2], fence=row[3], open=bool(row[4]),
                   not_after=_value(row[5], Instant))
            for row in rows
        ]  # fmt: skip

    def save_lock(self, lock: Locked) -> None:
        """Insert or replace a lock."""
        self._do(
            "INSERT OR REPLACE INTO open_change (subject, run, seq, fence, open, not_after) VALUES (?, ?, ?, ?, ?, ?)",
            (lock.subject, lock.run, lock.seq, lock.fence, lock.open, _text(lock.not_after)),
        )

    def drop_lock(self, subject: str) -> None:
        """Remove a lock."""
        self._do("DELETE FROM open_change WHERE subject = ?", (subject,))

    def uses(self, rule: str) -> list[Use]:
        """Return the uses of a limit."""
        rows = self._do("SELECT rule, subject, run, at, active FROM limit_use WHERE rule = ?", (rule,))
        return [
            Use(rule=row[0], subject=row[1], run=row[2], at=_value(row[3], Instant), active=bool(row[4]))
            for row in rows
        ]

    def save_use(self, use: Use) -> None:
        """Insert or replace a use."""
        self._do(
            "INSERT OR REPLACE INTO limit_use (rule, subject, run, at, active) VALUES (?, ?, ?, ?, ?)",
            (use.rule, use.subject, use.run, _text(use.at), use.active),
        )

    def end_uses(self, run: RunId) -> None:
        """Note that none of a run's uses is active any more."""
        self._do("UPDATE limit_use SET active = 0 WHERE run = ?", (run,))

    # approvals, once

    def approval(self, approval: ApprovalId) -> ApprovalRecord | None:
        """Return an approval."""
        row = self._one(f"SELECT {_APPROVAL} FROM approval WHERE id = ?", approval)  # noqa: S608 - a constant
        return None if row is None else _approval(row)

    def save_approval(self, record: ApprovalRecord) -> None:
        """Insert or replace an approval."""
        self._do(
            f"INSERT INTO approval ({_APPROVAL}) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE"  # noqa: S608 - a constant
            " SET state = excluded.state, used_by = excluded.used_by, used_fence = excluded.used_fence",
            (
                record.asked.id, record.run, record.state, _text(record.asked), record.at, record.used_by,
                record.used_fence,
            ),
        )  # fmt: skip

    def approvals(self, query: Approvals, after: int, limit: int) -> list[tuple[int, ApprovalRecord]]:
        """Return approvals in the order of asking."""
        rows = self._do(
            f"SELECT {_APPROVAL}, rowid FROM approval WHERE rowid > ? AND (? = '' OR run = ?)"  # noqa: S608 - a constant
            " AND substr(id, 1, length(?)) = ? ORDER BY rowid LIMIT ?",
            (after, query.run, query.run, query.prefix, query.prefix, limit),
        )
        return [(row[7], _approval(row)) for row in rows]

    def answers(self, approval: ApprovalId) -> tuple[Given, ...]:
        """Return the answers given."""
        rows = self._do(
            "SELECT approval, person, answer, at, counted, proof, account, why FROM decision WHERE approval = ?"
            " ORDER BY n", (approval,),
        )  # fmt: skip
        return tuple(
            Given(approval=row[0], person=row[1], answer=row[2], at=dt.datetime.fromisoformat(row[3]),
                  counted=bool(row[4]), proof=_value(row[5], Proof), account=row[6], why=row[7])
            for row in rows
        )  # fmt: skip

    def add_answer(self, given: Given) -> None:
        """Insert an answer."""
        self._do(
            "INSERT INTO decision (approval, person, answer, at, counted, proof, account, why)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                given.approval, given.person, given.answer, given.at.isoformat(), given.counted, _text(given.proof),
                given.account, given.why,
            ),
        )  # fmt: skip

    def seen(self, scope: str, key: str) -> Instant | None:
        """Return until when this key counts as seen."""
        row = self._one("SELECT until FROM seen WHERE scope = ? AND key = ?", scope, key)
        return None if row is None else _value(row[0], Instant)

    def save_seen(self, scope: str, key: str, until: Instant) -> None:
        """Note that this key was seen."""
        self._do("INSERT OR REPLACE INTO seen (scope, key, until) VALUES (?, ?, ?)", (scope, key, _text(until)))

    # upkeep

    def forget_run(self, run: RunId) -> tuple[int, int]:
        """Remove a run with all that only it needs; its head stays."""
        return forget_run(self._do, run)

    def forget_seen(self, now: Instant) -> None:
        """Remove keys that no longer count, and inactive uses of limits older than a month."""
        forget_seen(self._do, now)


# --- rows to values ---------------------------------------------------------------------------------------------------


def _text(value: object) -> str | None:
    return None if value is None else msgspec.json.encode(value).decode()


def _value(text: str | bytes, kind: type[Kind]) -> Kind:
    return msgspec.json.decode(text, type=kind)


def _run(row: Any | None) -> RunRecord | None:
    if row is None:
        return None
    return RunRecord(
        run=row[0], key=row[1], same=row[2], state=row[3], origin=row[4], subject=_value(row[5], Subject),
        snapshot=row[6], by=_value(row[7], Actor), opened=row[8], verdict=row[9], fence=row[10],
        owner=_value(row[11], Owner) if row[11] else None, until=_value(row[12], Instant) if row[12] else None,
    )  # fmt: skip


def _approval(row: Any) -> ApprovalRecord:
    return ApprovalRecord(
        run=row[1], asked=_value(row[3], ApprovalRequest), state=row[2], at=row[4], used_by=row[5], used_fence=row[6]
    )


def _record(row: Any) -> Record:
    body = _plain(row[14], row[15])
    return Record(
        run=row[1], seq=row[2], key=row[3], at=row[4], boot=row[5], ticks=row[6], kind=row[7], digest=row[8],
        bodies=_digests(row[9]), fence=row[10], actor=row[11], prev=row[12], hash=row[13],
        body=None if body is None else body.decode(errors="replace"), purged=row[16] or ("" if body else "damaged"),
    )  # fmt: skip


def _plain(how: int | None, blob: bytes | None) -> bytes | None:
    """Return an event's bytes; None when they are gone or damaged (which `verify` tells)."""
    if blob is None or not how:
        return blob
    try:
        return zlib.decompress(blob)
    except zlib.error:
        return None


def _digests(text: str) -> tuple[Digest, ...]:
    """Return the digests of a list; a text that was tampered with stands for itself, so that its hash differs."""
    try:
        return msgspec.json.decode(text, type=tuple[str, ...])
    except (msgspec.DecodeError, msgspec.ValidationError):
        return (text,)
