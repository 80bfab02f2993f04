"""What a store keeps, as rows, and the few operations on them that the rules need inside one transaction.

Pure: frozen rows and a Protocol. A new store is a Backend and its Tables, nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from typing import Literal, Protocol, TypeVar

from msgspec import Struct

from runbookctl.journal.acting import Approval, ApprovalRequest, Given
from runbookctl.journal.rows import Approvals, Events, Head, Locks, Runs
from runbookctl.journal.values import (
    JSON,
    Actor,
    ApprovalId,
    Digest,
    Instant,
    Owner,
    Purged,
    Record,
    RunId,
    Seconds,
    Seq,
)
from runbookctl.model import Subject

Answer = TypeVar("Answer")
ApprovalState = Literal["open", "granted", "rejected", "expired", "used"]


class Identity(Struct, frozen=True, kw_only=True):
    """Which store this is. `key` is its own secret: hashes keyed with it can be compared here and nowhere else."""

    id: str
    key: bytes
    generation: int
    accepted: bool

    @property
    def epoch(self) -> str:
        """Identity and generation in one word."""
        return f"{self.id}.{self.generation}"


class RunRecord(Struct, frozen=True, kw_only=True):
    """A run as stored. `same` is the keyed hash of what it was opened with."""

    run: RunId
    key: str | None  # None: imported
    same: str
    state: Literal["open", "ended"]
    origin: Literal["own", "bundle"]
    subject: Subject
    snapshot: Digest
    by: Actor
    opened: str
    verdict: str = ""
    fence: int = 0
    owner: Owner | None = None
    until: Instant | None = None

    def held(self, now: Instant) -> bool:
        """Say whether somebody's lease is running."""
        return self.owner is not None and self.until is not None and not self.until.over(now)


class Change(Struct, frozen=True, kw_only=True):
    """A change that began; its intent is the event `seq`."""

    run: RunId
    seq: Seq
    key: str
    approval: ApprovalId | None
    position: str
    fence: int
    state: str  # open, or how it ended
    began: Instant
    not_after: Instant


class Locked(Struct, frozen=True, kw_only=True):
    """A lock: which run changes a subject, and until when its command may still be running."""

    subject: str
    run: RunId
    seq: Seq
    fence: int
    open: bool
    not_after: Instant


class Use(Struct, frozen=True, kw_only=True):
    """One use of a limit. `active`: its run has neither ended nor given the subject back."""

    rule: str
    subject: str
    run: RunId
    at: Instant
    active: bool


class ApprovalRecord(Struct, frozen=True, kw_only=True):
    """An approval without its answers."""

    run: RunId
    asked: ApprovalRequest
    state: ApprovalState
    at: str
    used_by: RunId | None = None
    used_fence: int = 0


class Body(Struct, frozen=True, kw_only=True):
    """A stored body: `blob` as `packed` says (0 plain, 1 zlib), or None and why it is gone."""

    digest: Digest
    size: int
    packed: int
    blob: bytes | None
    purged: str = ""


DROPPED = "not kept: "
"""A tombstone that begins so was written for want of room; the same body may be stored later."""


class Tables(Protocol):
    """The rows within one transaction (or one read-only look)."""

    def identity(self) -> Identity:
        """Return which store this is."""

    def accept(self, by: str) -> None:
        """Note that this person accepted the generation."""

    # runs and events
    def run(self, run: RunId) -> RunRecord | None:
        """Return a run."""

    def run_by_key(self, key: str) -> RunRecord | None:
        """Return the run that was opened with this key."""

    def add_run(self, record: RunRecord) -> None:
        """Insert a run."""

    def hold_run(self, record: RunRecord) -> None:
        """Write what changes of a run: state, verdict, fence, owner, lease."""

    def runs(self, query: Runs, after: int, limit: int) -> list[tuple[int, RunRecord, Seq, bytes | None]]:
        """Return (position, run, last number, bytes of its first event), newest first, before position `after`."""

    def head(self, run: RunId) -> Head | None:
        """Return the end of a run's chain, also of one whose events were removed."""

    def heads(self) -> list[Head]:
        """Return all heads."""

    def seq_of(self, run: RunId, key: str) -> tuple[Seq, str] | None:
        """Return number and keyed hash of the event with this key."""

    def add_event(self, record: Record, same: str) -> None:
        """Insert a link with its body, make it the head, and note which bodies it names."""

    def records(self, run: RunId, after: Seq, limit: int) -> list[Record]:
        """Return links of one run with their bodies, in order."""

    def events(self, query: Events, after: int, limit: int) -> list[tuple[int, Record]]:
        """Return (position, link) in the order of writing, after position `after`."""

    def last_event(self) -> int:
        """Return the position of the newest event, 0 for none."""

    # bodies
    def body(self, digest: Digest) -> Body | None:
        """Return a body or its tombstone."""

    def save_body(self, body: Body) -> None:
        """Insert or replace a body."""

    def purge_body(self, purged: Purged) -> None:
        """Remove the bytes, keep the row."""

    # changes, locks, limits
    def changes(self, run: RunId) -> list[Change]:
        """Return the open changes of a run, in order."""

    def change(self, run: RunId, seq: Seq) -> Change | None:
        """Return one change."""

    def changes_under(self, approval: ApprovalId) -> list[Change]:
        """Return all changes that used an approval."""

    def save_change(self, change: Change) -> None:
        """Insert or replace a change."""

    def lock(self, subject: str) -> Locked | None:
        """Return the lock on a subject."""

    def locks(self, query: Locks) -> list[Locked]:
        """Return locks, sorted by subject."""

    def save_lock(self, lock: Locked) -> None:
        """Insert or replace a lock."""

    def drop_lock(self, subject: str) -> None:
        """Remove a lock."""

    def uses(self, rule: str) -> list[Use]:
        """Return the uses of a limit."""

    def save_use(self, use: Use) -> None:
        """Insert or replace a use."""

    def end_uses(self, run: RunId) -> None:
        """Note that none of a run's uses is active any more."""

    # approvals, once
    def approval(self, approval: ApprovalId) -> ApprovalRecord | None:
        """Return an approval."""

    def save_approval(self, record: ApprovalRecord) -> None:
        """Insert or replace an approval."""

    def approvals(self, query: Approvals, after: int, limit: int) -> list[tuple[int, ApprovalRecord]]:
        """Return (position, approval) in the order of asking, after position `after`; of any state."""

    def answers(self, approval: ApprovalId) -> tuple[Given, ...]:
        """Return the answers given, in order."""

    def add_answer(self, given: Given) -> None:
        """Insert an answer."""

    def seen(self, scope: str, key: str) -> Instant | None:
        """Return until when this key counts as seen."""

    def save_seen(self, scope: str, key: str, until: Instant) -> None:
        """Note that this key was seen."""

    # upkeep
    def forget_run(self, run: RunId) -> tuple[int, int]:
        """Remove a run with all that only it needs; its head stays. Return the number and size of removed bodies."""

    def forget_seen(self, now: Instant) -> None:
        """Remove keys and uses of limits that no longer count."""


class Backend(Protocol):
    """Where the tables lie."""

    actor: str  # the account of this process
    changes_refused: str
    patience: Seconds

    def now(self) -> Instant:
        """Return the store's time."""

    def writing(self) -> AbstractContextManager[Tables]:
        """Begin a transaction; it is committed at the end, rolled back on an exception."""

    def reading(self, ask: Callable[[Tables], Answer], absent: Answer) -> Answer:
        """Look without writing; `absent` when there is no store yet."""

    def room(self) -> float:
        """Return which part of the space is used, 0 to 1."""

    def reserve(self) -> bool:
        """Make sure that an intent and its result will both fit. False: they would not."""

    def give_reserve(self) -> bool:
        """Free what was set aside; say whether there was something."""

    def compact(self) -> None:
        """Let nothing that was removed be left in any file."""

    def check(self) -> list[str]:
        """Return what is wrong with the files."""

    def close(self) -> None:
        """Let go of all that is open."""


def approval_of(tables: Tables, record: ApprovalRecord, at: Callable[[str], JSON]) -> Approval:
    """Return an approval with its answers; `at` reads a stored time."""
    return Approval(
        id=record.asked.id, run=record.run, asked=record.asked, state=record.state, at=at(record.at),
        used_by=record.used_by, given=tables.answers(record.asked.id),
    )  # fmt: skip


def unique(names: Iterable[str]) -> tuple[str, ...]:
    """Return names sorted, each once."""
    return tuple(sorted(set(names)))
