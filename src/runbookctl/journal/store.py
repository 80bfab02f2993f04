"""A journal over tables: the methods of the interface, each one transaction of a backend.

One class for every store; what differs between stores is in their Backend.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import cast

import msgspec

from runbookctl.errors import JournalError
from runbookctl.journal import bodies as bounding
from runbookctl.journal import changing, holding, reading, redact, upkeep
from runbookctl.journal.acting import (
    Decision,
    Ended,
    Held,
    Hold,
    Intent,
    Lost,
    Outcome,
    Proof,
    Reason,
    Refused,
    Ticket,
    Transition,
)
from runbookctl.journal.rows import Anchor, Cursor, Expired, Head, History, Page, Query, Retention, Row, Verified
from runbookctl.journal.tables import DROPPED, Backend, Body
from runbookctl.journal.values import (
    JSON,
    Actor,
    ApprovalId,
    Digest,
    Event,
    EvidenceMeta,
    Instant,
    Kept,
    Owner,
    Purged,
    RunId,
    Seconds,
    Seq,
    Unreachable,
)
from runbookctl.journal.writing import Transaction, packed
from runbookctl.model import Subject

_DROP_FROM = 0.9  # of the space: bodies are dropped, verdicts kept (threat model S55)
_POLL = 0.1  # seconds between looks in `wait`
_EXACT = ("change.intent",)  # kinds whose data must stay what was done, to the letter


class TableStore:
    """A journal (interface.Store) over a backend."""

    def __init__(self, backend: Backend) -> None:
        """Use `backend`; nothing is opened yet."""
        self._backend = backend
        self._key = b""

    @property
    def changes_refused(self) -> str:
        """Say why no change may start from this store."""
        return self._backend.changes_refused

    def close(self) -> None:
        """Let go of the files; the next call opens them again."""
        self._backend.close()

    def probe(self) -> None:
        """Take and give back the write lock. Raises JournalError when the store cannot be written."""
        with self._at():
            pass

    @contextmanager
    def _at(self) -> Iterator[Transaction]:
        with self._backend.writing() as tables:
            # The time is taken inside the transaction: behind a lock a moment ago may be a lease ago.
            yield Transaction(
                tables=tables, now=self._backend.now(), identity=tables.identity(), actor=self._backend.actor
            )

    def clock(self) -> Instant:
        """Return the store's own time."""
        return self._backend.now()

    def epoch(self) -> str:
        """Return the store's identity and generation, "" while there is no store."""
        return self._backend.reading(lambda tables: tables.identity().epoch, "")

    # --- runs ---------------------------------------------------------------------------------------------------------

    def open_run(
        self,
        run: RunId | None,
        *,
        key: str,
        snapshot: Digest,
        subject: Subject,
        by: Actor,
        facts: dict[str, JSON] | None = None,
    ) -> RunId:
        """Open a run; the same key gives the first run again."""
        with self._at() as at:
            return holding.open_run(at, run, key, snapshot, subject, by, redact.clean(facts or {}))

    def take(self, run: RunId, *, owner: Owner, lease: Seconds) -> Hold | Held:
        """Act for the run, or learn who does."""
        with self._at() as at:
            return holding.take(at, run, owner, lease)

    def renew(self, hold: Hold) -> Hold | Lost:
        """Extend the lease."""
        with self._at() as at:
            return holding.renew(at, hold)

    def release(self, hold: Hold) -> None:
        """Give the run back."""
        with self._at() as at:
            holding.release(at, hold)

    def append(self, hold: Hold | None, key: str, event: Event, *, run: RunId = "") -> Seq | Lost:
        """Write one event."""
        given = [event.kind, event.data, sorted(event.bodies)]
        if not (event.kind in _EXACT or "approval" in event.data):
            event = msgspec.structs.replace(event, data=redact.clean(event.data))
        with self._at() as at:
            return holding.append(at, hold, hold.run if hold else run, key, event, at.mac(given))

    # --- changes ------------------------------------------------------------------------------------------------------

    def begin_change(self, hold: Hold, key: str, intent: Intent) -> Ticket | Refused:
        """Write the intent of a change, or say why not."""
        if self.changes_refused:
            return Refused(reason=Reason.PLACE, why=self.changes_refused)
        room = self._backend.reserve()
        with self._at() as at:
            return changing.begin_change(at, hold, key, intent, room=room)

    def end_change(self, ticket: Ticket, outcome: Outcome) -> Ended | Refused:
        """Write how a change ended."""
        outcome = msgspec.structs.replace(outcome, data=redact.clean(outcome.data))
        try:
            return self._end(ticket, outcome)
        except Unreachable:
            if not self._backend.give_reserve():
                raise
        return self._end(ticket, outcome)  # with the room that begin_change set aside

    def _end(self, ticket: Ticket, outcome: Outcome) -> Ended | Refused:
        with self._at() as at:
            return changing.end_change(at, ticket, outcome)

    def decide(self, approval: ApprovalId, decision: Decision, proof: Proof) -> Transition:
        """Answer an approval."""
        decision = msgspec.structs.replace(decision, why=redact.clean({"why": decision.why})["why"])
        with self._at() as at:
            return changing.decide(at, approval, decision, proof)

    def once(self, scope: str, key: str, *, until: Instant) -> bool:
        """Say True to the first caller only."""
        with self._at() as at:
            return changing.once(at, scope, key, until)

    # --- bodies -------------------------------------------------------------------------------------------------------

    def put(self, body: Iterable[bytes], meta: EvidenceMeta) -> Kept:
        """Store a body: bounded, redacted, hashed as stored."""
        prepared = bounding.prepare(body, meta, self._secret())
        content = packed(prepared.body)
        kept = Kept(
            digest=content.digest, size=content.size, redactions=prepared.redactions, shortened=prepared.shortened
        )
        used = self._backend.room()
        if used >= _DROP_FROM:
            why = f"{DROPPED}the journal is {used:.0%} full"
            content = Body(digest=content.digest, size=content.size, packed=0, blob=None, purged=why)
        with self._at() as at:
            stored = at.tables.body(content.digest)
            if stored is not None and stored.blob is not None:
                return kept
            if stored is not None and not stored.purged.startswith(DROPPED):
                return msgspec.structs.replace(kept, dropped=stored.purged)
            at.tables.save_body(content)
        return msgspec.structs.replace(kept, dropped=content.purged)

    def _secret(self) -> bytes:
        """Return the store's own key, read once."""
        if not self._key:
            self._key = self._backend.reading(lambda tables: tables.identity().key, b"")
        if not self._key:  # there is no store yet
            with self._at() as at:
                self._key = at.identity.key
        return self._key

    def get(self, digest: Digest) -> Iterable[bytes] | Purged:
        """Return a stored body in pieces, or why it is gone."""
        body = self._backend.reading(lambda tables: tables.body(digest), None)
        if body is None:
            raise JournalError(f'no evidence "{digest[:12]}" in this journal')
        if body.blob is None:
            return Purged(digest=digest, why=body.purged)
        return upkeep.unpacked(body)

    # --- reading ------------------------------------------------------------------------------------------------------

    def read(self, query: Query[Row], after: Cursor | None = None, limit: int = 1000) -> Page[Row]:
        """Return rows after a place."""
        nothing: Page[object] = Page(rows=(), cursor=after or Cursor(0), more=False)
        place = after.position if after else 0
        now = self._backend.now()
        page = self._backend.reading(lambda tables: reading.page(tables, query, place, limit, now), nothing)
        return cast("Page[Row]", page)

    def wait(self, cursor: Cursor, timeout: Seconds) -> None:
        """Return when events after `cursor` exist, at the latest after `timeout`."""
        end = time.monotonic() + timeout
        while self._backend.reading(lambda tables: tables.last_event(), 0) <= cursor.position:
            left = end - time.monotonic()
            if left <= 0:
                return
            time.sleep(min(_POLL, left))

    # --- upkeep -------------------------------------------------------------------------------------------------------

    def verify(self, run: RunId, anchors: Iterable[Anchor] = ()) -> Verified:
        """Check a run's chain and bodies."""
        absent = Verified(run=run, events=0, problems=("there is no journal",))
        return self._backend.reading(lambda tables: upkeep.verify(tables, run, tuple(anchors)), absent)

    def heads(self) -> tuple[Head, ...]:
        """Return the head of every run."""
        nothing: tuple[Head, ...] = ()
        return self._backend.reading(lambda tables: tuple(tables.heads()), nothing)

    def purge(self, digest: Digest, reason: str) -> bool:
        """Remove a body for good."""
        with self._at() as at:
            done = upkeep.purge(at, digest, reason)
        self._backend.compact()
        return done

    def expire(self, policy: Retention) -> Expired:
        """Remove what is older than the policy says."""
        with self._at() as at:
            gone = upkeep.expire(at, policy)
        self._backend.compact()
        return gone

    def check(self) -> tuple[str, ...]:
        """Return what is wrong with the store."""
        return tuple(self._backend.check())

    def accept_epoch(self, by: Actor) -> str:
        """Record that a person says: go on with this store."""
        with self._at() as at:
            at.tables.accept(by.name)
            return at.epoch

    def history(self, run: RunId) -> History:
        """Return a run as a bundle carries it."""
        found = self._backend.reading(lambda tables: upkeep.history(tables, run), None)
        if found is None:
            raise JournalError(f'no run "{run}" in this journal')
        return found

    def adopt(self, history: History, bodies: Iterable[tuple[Digest, bytes | Purged]]) -> bool:
        """Take in another store's run, for reading only."""
        with self._at() as at:
            return upkeep.adopt(at, history, bodies)
