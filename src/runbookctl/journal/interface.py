"""What a journal is: 15 methods, 10 guarantees, the same for every store.

Pure: a Protocol. No SQL, path, connection or thread leaks out of it. One contract suite (tests/journal)
proves the guarantees for each store. Source: docs of scale-out, section 2, kept here in our own words:

1.  A call that returned is durable. A call that raised `Unreachable` may or may not have happened and may be sent
    again: its `key` makes it one. The same key with other content raises `Conflict`.
2.  `append` with a hold checks fence, lease and epoch and extends the lease in the same transaction; else `Lost`, and
    nothing is written. Without a hold only notes, requests and decisions (WITHOUT_HOLD) are taken, never a step.
3.  `begin_change` is one transaction: hold valid; approval granted, unexpired, unused, for this plan; subjects locked;
    limits counted; the intent with its `not_after` written. Else a typed `Refused`, and nothing is written.
4.  A successor sees an open intent (`Hold.open`) and may neither verify nor repeat before `not_after` + MARGIN.
5.  `end_change` takes the old owner's word too, as a late report: it informs, it moves no state.
6.  Numbers are dense per run, with one chain per run and a table of heads. Between runs no order is promised.
7.  `decide` and `once` have exactly one winner among any number of callers.
8.  `read` never writes, locks or creates; it sees everything whose call returned before.
9.  Lease time is the store's, by (boot id, boot clock): jumps of the wall clock and reboots are harmless.
10. After an epoch change every hold is Lost and changes are refused until a person accepts the new epoch.

Subjects stay locked for the run from its first `begin_change` until it ends or is released: between two changes of one
plan nobody else gets in.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, TypeVar

import msgspec

from runbookctl.journal.acting import (
    Approval,
    ApprovalRequest,
    Decision,
    Ended,
    Given,
    Held,
    Hold,
    Intent,
    LimitRule,
    Lost,
    OpenChange,
    Outcome,
    Proof,
    Reason,
    Refused,
    Ticket,
    Transition,
)
from runbookctl.journal.rows import (
    Anchor,
    Approvals,
    Cursor,
    Events,
    Expired,
    Head,
    History,
    Lock,
    Locks,
    Page,
    Query,
    Retention,
    RunRow,
    Runs,
    Verified,
)
from runbookctl.journal.values import (
    JSON,
    KINDS,
    MARGIN,
    WITHOUT_HOLD,
    Actor,
    ApprovalId,
    Conflict,
    Digest,
    Event,
    EvidenceMeta,
    Instant,
    Kept,
    Mode,
    Owner,
    Purged,
    Record,
    Recorded,
    RunId,
    Seconds,
    Seq,
    Strength,
    Unreachable,
)
from runbookctl.model import Subject

Row = TypeVar("Row")


def asking(request: ApprovalRequest) -> Event:
    """Return the event that asks for an approval; appended under a hold it becomes an open approval."""
    return Event(kind="request", data={"approval": msgspec.to_builtins(request)})


class Journal(Protocol):
    """A store. Every method may be called from any thread."""

    @property
    def changes_refused(self) -> str:
        """Say why no change may start from this store ("" when it may): it lies on a network file system, say."""

    def clock(self) -> Instant:
        """Return the store's own time, never the caller's."""

    def epoch(self) -> str:
        """Return the store's identity and generation; it changes when the store was copied or restored."""

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
        """Open a run and return its id; None lets the store name it. The same key gives the first run's id again.

        `snapshot` is the digest of the runbook as loaded ("" for none). `facts` (runbook, inputs, version) are kept in
        the event `run.opened`. Raises Conflict when the id, or the key with other content, is taken.
        """

    def take(self, run: RunId, *, owner: Owner, lease: Seconds) -> Hold | Held:
        """Act for the run for `lease` seconds from now, or learn who does. The only way to start or go on with it.

        Raises JournalError for a run that is not there or came from a bundle.
        """

    def renew(self, hold: Hold) -> Hold | Lost:
        """Extend the lease."""

    def release(self, hold: Hold) -> None:
        """Give the run back, and its subjects but those whose change has no recorded end. Harmless when lost."""

    def append(self, hold: Hold | None, key: str, event: Event, *, run: RunId = "") -> Seq | Lost:
        """Write one event; `key` is unique in the run, which `run` names when there is no hold.

        Raises JournalError for a kind that needs a hold, Conflict for a key that stands for something else.
        """

    def begin_change(self, hold: Hold, key: str, intent: Intent) -> Ticket | Refused:
        """Write the intent of a change, the only door to one; do it only with the ticket, before its `not_after`."""

    def end_change(self, ticket: Ticket, outcome: Outcome) -> Ended | Refused:
        """Write how a change ended. Refused only to a successor who is too early."""

    def decide(self, approval: ApprovalId, decision: Decision, proof: Proof) -> Transition:
        """Answer an approval. Every answer is recorded, also one that does not count."""

    def once(self, scope: str, key: str, *, until: Instant) -> bool:
        """Say True to the first caller only, until `until`: event ids, signatures, alert fingerprints."""

    def put(self, body: Iterable[bytes], meta: EvidenceMeta) -> Kept:
        """Store a body before the event that names it: streamed, bounded, redacted, hashed as stored."""

    def get(self, digest: Digest) -> Iterable[bytes] | Purged:
        """Return a stored body in pieces, or why it is gone. Raises JournalError for an unknown digest."""

    def read(self, query: Query[Row], after: Cursor | None = None, limit: int = 1000) -> Page[Row]:
        """Return rows after a place."""

    def wait(self, cursor: Cursor, timeout: Seconds) -> None:
        """Return when events after `cursor` exist, at the latest after `timeout`. May wake for nothing."""


class Upkeep(Protocol):
    """Maintenance of a store, apart from its use."""

    def verify(self, run: RunId, anchors: Iterable[Anchor] = ()) -> Verified:
        """Check a run's chain and bodies; anchors are heads written down elsewhere."""

    def heads(self) -> tuple[Head, ...]:
        """Return the head of every run, to be anchored where the owner cannot reach it."""

    def purge(self, digest: Digest, reason: str) -> bool:
        """Remove a body for good and leave a tombstone; the chain still verifies. False: it was gone already."""

    def expire(self, policy: Retention) -> Expired:
        """Remove what is older than the policy says."""

    def check(self) -> tuple[str, ...]:
        """Return what is wrong with the store; empty when nothing is."""

    def accept_epoch(self, by: Actor) -> str:
        """Record that a person says: go on with this copied or restored store. Returns the epoch."""

    def history(self, run: RunId) -> History:
        """Return a run as a bundle carries it."""

    def adopt(self, history: History, bodies: Iterable[tuple[Digest, bytes | Purged]]) -> bool:
        """Take in the history of another store, for reading only. False: it was here already. Raises Conflict."""


class Store(Journal, Upkeep, Protocol):
    """A whole store."""


__all__ = [
    "JSON", "KINDS", "MARGIN", "WITHOUT_HOLD", "Actor", "Anchor", "Approval", "ApprovalId", "ApprovalRequest",
    "Approvals", "Conflict", "Cursor", "Decision", "Digest", "Ended", "Event", "Events", "EvidenceMeta", "Expired",
    "Given", "Head", "Held", "History", "Hold", "Instant", "Intent", "Journal", "Kept", "LimitRule", "Lock",
    "Locks", "Lost", "Mode", "OpenChange", "Outcome", "Owner", "Page", "Proof", "Purged", "Query", "Reason",
    "Record", "Recorded", "Refused", "Retention", "RunId", "RunRow", "Runs", "Seconds", "Seq", "Store", "Strength",
    "Ticket", "Transition", "Unreachable", "Upkeep", "Verified", "asking",
]  # fmt: skip
