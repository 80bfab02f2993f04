"""The values of reading and upkeep: queries, the rows they give, what the chain proves, what is kept how long.

Pure: frozen values only.
"""

from __future__ import annotations

from typing import Generic, Literal, TypeVar

from msgspec import Struct

from runbookctl.journal.acting import Approval
from runbookctl.journal.values import JSON, Actor, Digest, Instant, Owner, Purged, Record, Recorded, RunId, Seconds, Seq
from runbookctl.model import Subject, Time

Row = TypeVar("Row")


# --- reading ----------------------------------------------------------------------------------------------------------


class Cursor(Struct, frozen=True):
    """A place in a list of rows. Opaque."""

    position: int


class Page(Struct, Generic[Row], frozen=True):
    """Rows, the place after the last of them, and whether more were there."""

    rows: tuple[Row, ...]
    cursor: Cursor
    more: bool


class Query(Struct, Generic[Row], frozen=True, kw_only=True):
    """What to read. Its subclasses name the rows they give."""


class RunRow(Struct, frozen=True, kw_only=True):
    """A run. `owner` is set while somebody really holds it; nothing else means "running"."""

    run: RunId
    key: str
    state: Literal["open", "ended"]
    origin: Literal["own", "bundle"]
    subject: Subject
    snapshot: Digest
    by: Actor
    opened: Time
    facts: dict[str, JSON]
    verdict: str = ""
    owner: Owner | None = None
    until: Instant | None = None
    events: int = 0


class Lock(Struct, frozen=True, kw_only=True):
    """A subject that a run is changing."""

    subject: str
    run: RunId
    owner: Owner | None
    open: bool  # a change of it has no recorded end
    free: Instant | None  # when it becomes free by itself, if nobody renews the lease or records the end


class Runs(Query[RunRow], frozen=True, kw_only=True):
    """Runs, newest first; of one name's beginning, or one key."""

    prefix: str = ""
    key: str = ""
    state: str = ""
    by: str = ""


class Events(Query[Recorded], frozen=True, kw_only=True):
    """Events in the order they were written; of one run, of some kinds."""

    run: RunId = ""
    kinds: tuple[str, ...] = ()


class Approvals(Query[Approval], frozen=True, kw_only=True):
    """Approvals; of one run, in one state, of one name's beginning."""

    run: RunId = ""
    state: str = ""
    prefix: str = ""


class Locks(Query[Lock], frozen=True, kw_only=True):
    """Subjects under change now; of one run."""

    run: RunId = ""


# --- the record and its upkeep ----------------------------------------------------------------------------------------


class Head(Struct, frozen=True, kw_only=True):
    """The end of a run's chain."""

    run: RunId
    seq: Seq
    hash: Digest


class Anchor(Struct, frozen=True, kw_only=True):
    """A head that was written down where the journal's owner cannot reach it; `name` says where."""

    name: str
    run: RunId
    seq: Seq
    hash: Digest


class Verified(Struct, frozen=True, kw_only=True):
    """What the chain of a run proves (threat model S40)."""

    run: RunId
    events: int
    problems: tuple[str, ...]  # edited, removed, reordered, missing; empty: consistent
    anchor: str = ""  # the latest anchor that agrees
    purged: tuple[Purged, ...] = ()
    head: Head | None = None

    @property
    def words(self) -> str:
        """Say it honestly: an owner can rebuild a chain, so only an anchor proves that nothing was changed."""
        if self.problems:
            return "changed"
        if self.anchor:
            return f"unchanged since anchor {self.anchor}"
        return "unanchored"


class Retention(Struct, frozen=True, kw_only=True):
    """How long things are kept. Runs with a postmortem, open runs and those in `keep` stay."""

    clear: Seconds = 7 * 86400.0
    others: Seconds = 90 * 86400.0
    keep: frozenset[RunId] = frozenset()


class Expired(Struct, frozen=True, kw_only=True):
    """What `expire` removed."""

    runs: tuple[RunId, ...]
    bodies: int
    bytes: int


class History(Struct, frozen=True, kw_only=True):
    """A whole run, for a bundle: its events with their exact bytes, and the bodies they name."""

    run: RunId
    records: tuple[Record, ...]
    named: tuple[Digest, ...]
