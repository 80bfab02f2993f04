"""The values of acting: holding a run, changing something, approving it.

Pure: frozen values only.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from msgspec import Struct

from runbookctl.journal.values import JSON, ApprovalId, Digest, Instant, Mode, Owner, RunId, Seconds, Seq, Strength
from runbookctl.model import Time

# --- holding a run ----------------------------------------------------------------------------------------------------


class Ticket(Struct, frozen=True, kw_only=True):
    """Permission to do one change now, or to say how it ended."""

    run: RunId
    seq: Seq  # of the intent's event
    key: str
    fence: int
    epoch: str
    not_after: Instant  # the child kills itself then; a successor waits for it (threat model S34)


class OpenChange(Struct, frozen=True, kw_only=True):
    """A change that began and whose end is not recorded: unknown. `ticket` says how it ended, from `wait` on."""

    ticket: Ticket
    intent: Intent
    began: Instant
    wait: Instant  # before it nobody may verify or repeat
    reports: tuple[dict[str, JSON], ...] = ()  # late reports and outcomes "unknown" so far


class Hold(Struct, frozen=True, kw_only=True):
    """We act for the run, as long as it keeps saying so."""

    run: RunId
    owner: Owner
    fence: int
    epoch: str
    lease: Seconds
    until: Instant
    open: tuple[OpenChange, ...] = ()  # changes that an earlier owner left unknown


class Held(Struct, frozen=True, kw_only=True):
    """Somebody else acts for the run."""

    run: RunId
    owner: Owner
    until: Instant


class Lost(Struct, frozen=True, kw_only=True):
    """The hold is no longer valid; nothing was written. Stop before the next command."""

    run: RunId
    why: str
    owner: Owner | None = None  # who has it now


# --- changes ----------------------------------------------------------------------------------------------------------


class LimitRule(Struct, frozen=True, kw_only=True):
    """A circuit breaker over all runs: at most `count` different subjects under `rule`.

    `per` None: at a time, counted until the run that used it ends or gives its subjects back. A share ("5% of nodes")
    is resolved to a count by the caller.
    """

    rule: str  # "drain_and_reset: 1 node at a time"
    subject: str  # what is counted: "node/gpu305"
    count: int
    per: Seconds | None = None


class Intent(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is about to be changed; written before it is done.

    `position` names the change within its plan ("1", "then 1", "undo 2"): one approval lets each position be done once.
    `reverses`: it undoes, so neither limits nor an expiry that came in between stop it.
    """

    plan: Digest
    position: str
    change: str  # id of the change: "k8s.cordon"
    subjects: tuple[str, ...]  # what is locked: "node/gpu305"
    not_after: Instant
    params: dict[str, JSON] = {}
    limits: tuple[LimitRule, ...] = ()
    approval: ApprovalId | None = None
    undo: JSON = None
    reverses: bool = False


class Reason(StrEnum):
    """Why a change may not begin."""

    LOST = "lost"  # the hold is not valid
    UNAPPROVED = "unapproved"  # no such approval, or nobody has answered yet
    REJECTED = "rejected"
    EXPIRED = "expired"
    USED = "used"  # this approval has been applied already
    OTHER_PLAN = "other plan"  # approved was something else
    LOCKED = "locked"  # another run changes this subject
    LIMIT = "limit"
    UNKNOWN = "unknown"  # an earlier change of this run has no recorded end
    TOO_LATE = "too late"  # its own not_after has passed
    TOO_EARLY = "too early"  # an earlier owner's command may still be running
    BUNDLE = "bundle"  # the run was imported: it is for reading (threat model S4)
    EPOCH = "epoch"  # the store was copied or restored and nobody has accepted that
    NO_ROOM = "no room"  # intent and result must both fit (threat model S55)
    PLACE = "place"  # this store must not be the base of a change (threat model S27)


class Refused(Struct, frozen=True, kw_only=True):
    """The change must not begin, or its end must not be recorded yet; nothing was written."""

    reason: Reason
    why: str  # one sentence for people
    run: RunId | None = None  # the run that stands in the way
    owner: Owner | None = None
    until: Instant | None = None


class Outcome(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How a change ended. `unknown` is recorded and leaves it open; `not done` lets its position begin again."""

    state: Literal["done", "failed", "not done", "unknown"]
    data: dict[str, JSON] = {}
    bodies: tuple[Digest, ...] = ()


class Ended(Struct, frozen=True, kw_only=True):
    """The outcome is recorded. `late`: a successor holds the run; it informs and moved no state."""

    seq: Seq
    late: bool = False


# --- approvals --------------------------------------------------------------------------------------------------------


class ApprovalRequest(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What an approval must consist of. It is appended as the event `request` (interface.asking) and becomes a row."""

    id: ApprovalId
    plan: Digest
    rule: str  # "2 from gpu-oncall, not req", for people
    until: Instant
    asked_by: str
    need: int = 1
    people: tuple[str, ...] = ()  # who may answer; empty: anybody
    without: tuple[str, ...] = ()  # who may not (the requester)
    strength: Strength = Strength.ASSERTED  # weaker answers are recorded and not counted
    mode: Mode = Mode.PERSONAL


class Decision(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a person answers."""

    person: str
    answer: Literal["approve", "reject"]
    why: str = ""


class Proof(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How it is known that this person answered."""

    mode: Mode = Mode.PERSONAL
    strength: Strength = Strength.ASSERTED
    via: str = "cli"
    signature: str = ""


class Transition(Struct, frozen=True, kw_only=True):
    """What an answer did. `won`: this call moved the approval to its new state; exactly one call does."""

    approval: ApprovalId
    before: str
    after: str
    won: bool
    counted: bool
    why: str  # why it was not counted, or what is still needed
    given: int
    need: int


class Given(Struct, frozen=True, kw_only=True):
    """One recorded answer."""

    approval: ApprovalId
    person: str
    answer: str
    at: Time
    counted: bool
    proof: Proof
    account: str  # the account of the process that recorded it
    why: str = ""


class Approval(Struct, frozen=True, kw_only=True):
    """An approval as it stands: open, granted, rejected, expired or used."""

    id: ApprovalId
    run: RunId
    asked: ApprovalRequest
    state: Literal["open", "granted", "rejected", "expired", "used"]
    at: Time
    used_by: RunId | None = None
    given: tuple[Given, ...] = ()
