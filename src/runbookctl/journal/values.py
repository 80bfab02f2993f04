"""The values that travel through the journal's interface: runs, holds, events, changes, approvals, evidence.

Pure: frozen values and their small questions. No SQL, path, connection or thread is named here.
"""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from typing import Any

from msgspec import Struct

from runbookctl.errors import JournalError
from runbookctl.model import Shortening, Time

RunId = str  # `r-4kx9`; an incident's own stream may have another name, `INC-12`
Digest = str  # sha256 in hexadecimal, over stored bytes
ApprovalId = str  # `a-9d2m`
Seconds = float
Seq = int  # 1, 2, 3 ... within one run
JSON = Any  # what JSON can say: None, bool, int, float, str, lists and objects of these

MARGIN: Seconds = 5.0
"""Waited beyond a change's `not_after` before its successor verifies: clocks of two machines and a late kill."""


class Instant(Struct, frozen=True, kw_only=True):
    """A moment of the store's clock: seconds since boot `boot` (they count sleep), and the wall clock beside it."""

    boot: str
    seconds: Seconds
    wall: Time

    def after(self, seconds: Seconds) -> Instant:
        """Return the instant `seconds` later."""
        return Instant(boot=self.boot, seconds=self.seconds + seconds, wall=self.wall + dt.timedelta(seconds=seconds))

    def reached(self, now: Instant) -> bool:
        """Say whether `now` is at or past this instant: by the boot clock, across boots by the wall clock."""
        if self.boot == now.boot:
            return now.seconds >= self.seconds
        return now.wall >= self.wall

    def over(self, now: Instant) -> bool:
        """Say whether what lasts until this instant is over: a reboot ends it (leases, approvals)."""
        return self.boot != now.boot or now.seconds >= self.seconds

    def left(self, now: Instant) -> Seconds:
        """Return the seconds from `now` to this instant, 0 when reached."""
        gone = self.seconds - now.seconds if self.boot == now.boot else (self.wall - now.wall).total_seconds()
        return max(0.0, gone)


# --- people and processes ---------------------------------------------------------------------------------------------


class Mode(StrEnum):
    """With whose rights the program acts (threat model S1)."""

    PERSONAL = "personal"
    BROKER = "broker"


class Strength(StrEnum):
    """How much is known about who decided (threat model S1), weakest first."""

    ASSERTED = "asserted"
    CHAT_VERIFIED = "chat-verified"
    SIGNED = "signed"


STRENGTHS = (Strength.ASSERTED, Strength.CHAT_VERIFIED, Strength.SIGNED)


class Actor(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Who asked for something: a person or an automation, and through which door."""

    name: str
    via: str = "cli"  # cli, slack, http, alert, schedule
    mode: Mode = Mode.PERSONAL


class Owner(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One process. Its identity is made of facts that no configuration can make equal (scale_out J5)."""

    host: str
    boot: str
    pid: int
    started: int  # start time of the process, in clock ticks since boot
    nonce: str
    who: str = ""  # account, for people
    doing: str = ""  # "fix r-8m2c", for people

    def __str__(self) -> str:
        """Print it as an error message does: `pid 4121 (req, fix r-8m2c)`."""
        words = ", ".join(word for word in (self.who, self.doing) if word)
        return f"pid {self.pid} on {self.host}" + (f" ({words})" if words else "")


# --- events -----------------------------------------------------------------------------------------------------------


class Event(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing that happened. `bodies` are digests of evidence it names, beside those found under a key `sha256`."""

    kind: str
    data: dict[str, JSON] = {}
    bodies: tuple[Digest, ...] = ()


KINDS = (
    "run.opened", "step.intent", "step.result", "diagnosis", "run.ended", "note", "request", "decision",
    "change.intent", "change.result", "postmortem",
)  # fmt: skip
"""Kinds the program writes today. A new kind needs no change here."""

WITHOUT_HOLD = ("note", "request", "decision", "postmortem", "incident.", "action_item.")
"""Kinds (or their beginnings) that need no hold: they say something about a run and move nothing."""


class Recorded(Struct, frozen=True, kw_only=True):
    """An event as it stands in the chain. `data` is None when it was purged, and `purged` says why."""

    run: RunId
    seq: Seq
    key: str
    at: Time
    kind: str
    data: dict[str, JSON] | None
    digest: Digest
    bodies: tuple[Digest, ...]
    prev: Digest
    hash: Digest
    fence: int
    actor: str
    purged: str = ""


class Record(Struct, frozen=True, kw_only=True):
    """A link of the chain: everything its hash covers, and apart from it the event's exact bytes (None: purged)."""

    run: RunId
    seq: Seq
    key: str
    at: str  # RFC 3339, microseconds, Z
    boot: str
    ticks: int  # milliseconds of the boot clock
    kind: str
    digest: Digest
    bodies: tuple[Digest, ...]
    fence: int
    actor: str
    prev: Digest
    hash: Digest
    body: str | None = None
    purged: str = ""


# --- evidence ---------------------------------------------------------------------------------------------------------


class EvidenceMeta(Struct, frozen=True, kw_only=True):
    """How to take a body: its `form` decides the structural redaction.

    `verbatim` stores it unredacted: only for files of ours (a runbook's snapshot), never for what the world answered.
    """

    form: str
    cap: int | None = None  # stored bytes before compression; beyond, head and tail are kept. None: what the form says
    verbatim: bool = False


class Kept(Struct, frozen=True, kw_only=True):
    """A body as it was stored; `digest` is over the stored bytes. `dropped` says why they are not kept after all."""

    digest: Digest
    size: int
    redactions: int = 0
    shortened: Shortening | None = None
    dropped: str = ""


class Purged(Struct, frozen=True, kw_only=True):
    """The body was removed; its digest stays in the chain."""

    digest: Digest
    why: str


# --- errors -----------------------------------------------------------------------------------------------------------


class Unreachable(JournalError):  # noqa: N818 - the interface calls it so
    """The store did not answer: the call may or may not have happened, and may be sent again."""


class Conflict(JournalError):  # noqa: N818 - the interface calls it so
    """The same key was used for something else."""
