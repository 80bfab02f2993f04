"""A journal in memory: for a run that cannot be stored, and to keep the interface honest. It ends with the process."""

from __future__ import annotations

import copy
import secrets
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import msgspec

from runbookctl.journal import clock, place
from runbookctl.journal.acting import Given
from runbookctl.journal.rows import Approvals, Events, Head, Locks, Runs
from runbookctl.journal.store import TableStore
from runbookctl.journal.tables import ApprovalRecord, Body, Change, Identity, Locked, RunRecord, Tables, Use
from runbookctl.journal.values import ApprovalId, Digest, Instant, Purged, Record, RunId, Seconds, Seq

Answer = TypeVar("Answer")


class MemoryTables:
    """The rows, in dictionaries whose order is that of insertion."""

    def __init__(self) -> None:
        """Begin empty, as a new store."""
        self._identity = Identity(id=str(uuid.uuid4()), key=secrets.token_bytes(32), generation=1, accepted=True)
        self._runs: dict[RunId, RunRecord] = {}
        self._heads: dict[RunId, Head] = {}
        self._events: dict[tuple[RunId, Seq], tuple[int, Record, str]] = {}
        self._keys: dict[tuple[RunId, str], Seq] = {}
        self._bodies: dict[Digest, Body] = {}
        self._changes: dict[tuple[RunId, Seq], Change] = {}
        self._locks: dict[str, Locked] = {}
        self._uses: dict[tuple[str, str, RunId], Use] = {}
        self._approvals: dict[ApprovalId, ApprovalRecord] = {}
        self._answers: dict[ApprovalId, tuple[Given, ...]] = {}
        self._seen: dict[tuple[str, str], Instant] = {}
        self._last = 0

    def snapshot(self) -> MemoryTables:
        """Return a copy that a rolled back transaction goes back to; rows are frozen, so they are shared."""
        twin = copy.copy(self)
        for name, value in vars(self).items():
            if isinstance(value, dict):
                setattr(twin, name, dict(value))
        return twin

    def next_generation(self) -> None:
        """Become what a restored copy is: another generation, which nobody has accepted."""
        identity = self._identity
        self._identity = msgspec.structs.replace(identity, generation=identity.generation + 1, accepted=False)

    def identity(self) -> Identity:
        """Return which store this is."""
        return self._identity

    def accept(self, by: str) -> None:
        """Note that this person accepted the generation."""
        self._identity = msgspec.structs.replace(self._identity, accepted=bool(by))

    # runs and events

    def run(self, run: RunId) -> RunRecord | None:
        """Return a run."""
        return self._runs.get(run)

    def run_by_key(self, key: str) -> RunRecord | None:
        """Return the run that was opened with this key."""
        return next((record for record in self._runs.values() if record.key == key), None)

    def add_run(self, record: RunRecord) -> None:
        """Insert a run."""
        self._runs[record.run] = record

    def hold_run(self, record: RunRecord) -> None:
        """Write what changes of a run."""
        self._runs[record.run] = record

    def runs(self, query: Runs, after: int, limit: int) -> list[tuple[int, RunRecord, Seq, bytes | None]]:
        """Return runs, newest first."""
        found: list[tuple[int, RunRecord, Seq, bytes | None]] = []
        newest_first = reversed(list(enumerate(self._runs.values(), 1)))
        for place_, record in newest_first:
            wanted = (
                record.run.startswith(query.prefix)
                and query.key in ("", record.key)
                and query.state in ("", record.state)
                and query.by in ("", record.by.name)
            )
            if not wanted or (after and place_ >= after) or len(found) == limit:
                continue
            first = self.records(record.run, 0, 1)
            body = first[0].body.encode() if first and first[0].body is not None else None
            head = self._heads.get(record.run)
            found.append((place_, record, head.seq if head else 0, body))
        return found

    def head(self, run: RunId) -> Head | None:
        """Return the end of a run's chain."""
        return self._heads.get(run)

    def heads(self) -> list[Head]:
        """Return all heads."""
        return [self._heads[run] for run in sorted(self._heads)]

    def seq_of(self, run: RunId, key: str) -> tuple[Seq, str] | None:
        """Return number and keyed hash of the event with this key."""
        seq = self._keys.get((run, key))
        return None if seq is None else (seq, self._events[run, seq][2])

    def add_event(self, record: Record, same: str) -> None:
        """Insert a link with its body and make it the head."""
        self._last += 1
        if record.body is not None:
            content = record.body.encode()
            self._bodies[record.digest] = Body(digest=record.digest, size=len(content), packed=0, blob=content)
        else:
            tombstone = Body(digest=record.digest, size=0, packed=0, blob=None, purged=record.purged)
            self._bodies.setdefault(record.digest, tombstone)
        bare = msgspec.structs.replace(record, body=None, purged="")
        self._events[record.run, record.seq] = (self._last, bare, same)
        self._keys[record.run, record.key] = record.seq
        self._heads[record.run] = Head(run=record.run, seq=record.seq, hash=record.hash)

    def records(self, run: RunId, after: Seq, limit: int) -> list[Record]:
        """Return links of one run with their bodies."""
        found: list[Record] = []
        while len(found) < limit and (stored := self._events.get((run, after + len(found) + 1))):
            found.append(self._whole(stored[1]))
        return found

    def _whole(self, record: Record) -> Record:
        body = self._bodies.get(record.digest)
        if body is None or body.blob is None:
            return msgspec.structs.replace(record, purged=body.purged if body else "missing")
        return msgspec.structs.replace(record, body=body.blob.decode())

    def events(self, query: Events, after: int, limit: int) -> list[tuple[int, Record]]:
        """Return links in the order of writing."""
        found: list[tuple[int, Record]] = []
        for place_, record, _ in self._events.values():
            wanted = query.run in ("", record.run) and (not query.kinds or record.kind in query.kinds)
            if wanted and place_ > after and len(found) < limit:
                found.append((place_, self._whole(record)))
        return found

    def last_event(self) -> int:
        """Return the position of the newest event."""
        return self._last

    # bodies

    def body(self, digest: Digest) -> Body | None:
        """Return a body or its tombstone."""
        return self._bodies.get(digest)

    def save_body(self, body: Body) -> None:
        """Insert or replace a body."""
        self._bodies[body.digest] = body

    def purge_body(self, purged: Purged) -> None:
        """Remove the bytes, keep the row."""
        size = self._bodies[purged.digest].size
        self._bodies[purged.digest] = Body(digest=purged.digest, size=size, packed=0, blob=None, purged=purged.why)

    # changes, locks, limits

    def changes(self, run: RunId) -> list[Change]:
        """Return the open changes of a run."""
        return [change for change in self._changes.values() if change.run == run and change.state == "open"]

    def change(self, run: RunId, seq: Seq) -> Change | None:
        """Return one change."""
        return self._changes.get((run, seq))

    def changes_under(self, approval: ApprovalId) -> list[Change]:
        """Return all changes that used an approval."""
        return [change for change in self._changes.values() if change.approval == approval]

    def save_change(self, change: Change) -> None:
        """Insert or replace a change."""
        self._changes[change.run, change.seq] = change

    def lock(self, subject: str) -> Locked | None:
        """Return the lock on a subject."""
        return self._locks.get(subject)

    def locks(self, query: Locks) -> list[Locked]:
        """Return locks, sorted by subject."""
        return [self._locks[name] for name in sorted(self._locks) if query.run in ("", self._locks[name].run)]

    def save_lock(self, lock: Locked) -> None:
        """Insert or replace a lock."""
        self._locks[lock.subject] = lock

    def drop_lock(self, subject: str) -> None:
        """Remove a lock."""
        self._locks.pop(subject, None)

    def uses(self, rule: str) -> list[Use]:
        """Return the uses of a limit."""
        return [use for use in self._uses.values() if use.rule == rule]

    def save_use(self, use: Use) -> None:
        """Insert or replace a use."""
        self._uses[use.rule, use.subject, use.run] = use

    def end_uses(self, run: RunId) -> None:
        """Note that none of a run's uses is active any more."""
        for name, use in list(self._uses.items()):
            if use.run == run:
                self._uses[name] = msgspec.structs.replace(use, active=False)

    # approvals, once

    def approval(self, approval: ApprovalId) -> ApprovalRecord | None:
        """Return an approval."""
        return self._approvals.get(approval)

    def save_approval(self, record: ApprovalRecord) -> None:
        """Insert or replace an approval."""
        self._approvals[record.asked.id] = record

    def approvals(self, query: Approvals, after: int, limit: int) -> list[tuple[int, ApprovalRecord]]:
        """Return approvals in the order of asking."""
        places = enumerate(self._approvals.values(), 1)
        wanted = (
            (place_, record)
            for place_, record in places
            if place_ > after and query.run in ("", record.run) and record.asked.id.startswith(query.prefix)
        )
        return list(wanted)[:limit]

    def answers(self, approval: ApprovalId) -> tuple[Given, ...]:
        """Return the answers given."""
        return self._answers.get(approval, ())

    def add_answer(self, given: Given) -> None:
        """Insert an answer."""
        self._answers[given.approval] = (*self.answers(given.approval), given)

    def seen(self, scope: str, key: str) -> Instant | None:
        """Return until when this key counts as seen."""
        return self._seen.get((scope, key))

    def save_seen(self, scope: str, key: str, until: Instant) -> None:
        """Note that this key was seen."""
        self._seen[scope, key] = until

    # upkeep

    def forget_run(self, run: RunId) -> tuple[int, int]:
        """Remove a run with all that only it needs; its head stays."""
        mine, kept = _named(self._events, run)
        gone = [self._bodies.pop(digest) for digest in mine - kept if digest in self._bodies]
        self._events = {name: row for name, row in self._events.items() if name[0] != run}
        self._keys = {name: row for name, row in self._keys.items() if name[0] != run}
        self._changes = {name: row for name, row in self._changes.items() if name[0] != run}
        for approval in [name for name, record in self._approvals.items() if record.run == run]:
            self._approvals.pop(approval)
            self._answers.pop(approval, None)
        self._runs.pop(run, None)
        return len(gone), sum(body.size for body in gone)

    def forget_seen(self, now: Instant) -> None:
        """Remove keys that no longer count, and inactive uses of limits older than a month."""
        self._seen = {name: until for name, until in self._seen.items() if not until.reached(now)}
        month = 30 * 86400.0
        self._uses = {
            name: use for name, use in self._uses.items() if use.active or not use.at.after(month).reached(now)
        }


def _named(events: dict[tuple[RunId, Seq], tuple[int, Record, str]], run: RunId) -> tuple[set[Digest], set[Digest]]:
    """Return what the run names, and what other runs name."""
    mine: set[Digest] = set()
    kept: set[Digest] = set()
    for _, record, _ in events.values():
        (mine if record.run == run else kept).update((record.digest, *record.bodies))
    return mine, kept


class MemoryBackend:
    """Tables of this process; a transaction that fails leaves them as they were."""

    changes_refused = ""
    patience: Seconds = 0.0

    def __init__(
        self, *, changes_refused: str = "", now: Callable[[], Instant] = clock.now, quota: int = 1 << 30
    ) -> None:
        """Begin empty. `quota` bounds the stored bytes."""
        self.tables = MemoryTables()
        self.now = now
        self.actor = place.account()
        self.changes_refused = changes_refused
        self.quota = quota
        self._lock = threading.RLock()

    @contextmanager
    def writing(self) -> Iterator[Tables]:
        """Begin a transaction."""
        with self._lock:
            before = self.tables.snapshot()
            try:
                yield self.tables
            except BaseException:
                self.tables = before
                raise

    def reading(self, ask: Callable[[Tables], Answer], absent: Answer) -> Answer:  # noqa: ARG002 - never absent
        """Look without writing."""
        with self._lock:
            return ask(self.tables)

    def room(self) -> float:
        """Return which part of the space is used."""
        stored = sum(len(body.blob) for body in self.tables._bodies.values() if body.blob)  # noqa: SLF001 - its tables
        return stored / self.quota

    def reserve(self) -> bool:
        """Say whether an intent and its result fit."""
        return self.room() < 1

    def give_reserve(self) -> bool:
        """Say that nothing was set aside."""
        return False

    def compact(self) -> None:
        """Do nothing: what is removed is gone."""

    def check(self) -> list[str]:
        """Return nothing: there are no files."""
        return []

    def close(self) -> None:
        """Do nothing: there are no files."""


def memory_store(*, changes_refused: str = "", now: Callable[[], Instant] = clock.now) -> TableStore:
    """Return a new journal in memory."""
    return TableStore(MemoryBackend(changes_refused=changes_refused, now=now))
