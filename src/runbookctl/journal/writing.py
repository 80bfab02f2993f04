"""One transaction: the tables, the store's time and identity, and how an event is written.

Shared by holding, changing and deciding; decides nothing itself.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import re
import zlib

import msgspec
from msgspec import Struct

from runbookctl.errors import JournalError
from runbookctl.journal import chain
from runbookctl.journal.tables import Body, Identity, RunRecord, Tables
from runbookctl.journal.values import JSON, Conflict, Digest, Event, Instant, Record, RunId, Seq

_PACK_FROM = 1024  # bytes; below, compressing saves less than a page
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")  # our own names, never foreign text


class Transaction(Struct, frozen=True, kw_only=True):
    """What every operation gets."""

    tables: Tables
    now: Instant
    identity: Identity
    actor: str

    @property
    def epoch(self) -> str:
        """The store's identity and generation."""
        return self.identity.epoch

    def mac(self, value: JSON) -> str:
        """Return a hash keyed with the store's own secret: tells equal from different, and nothing else."""
        text = msgspec.json.encode(value, order="deterministic")
        return hmac.digest(self.identity.key, text, "sha256").hex()

    def before(self, run: RunId, key: str, same: str) -> Seq | None:
        """Return the number of the event that this key already made. Raises Conflict when it says something else."""
        found = self.tables.seq_of(run, key)
        if found is None:
            return None
        if not hmac.compare_digest(found[1], same):
            raise Conflict(
                f'the key "{key}" of {run} was used for something else', details=[f"It is event {found[0]}."],
                commands=[f"runbookctl show {run}"],
            )  # fmt: skip
        return found[0]

    def write(self, run: RunId, key: str, event: Event, *, same: str, fence: int = 0) -> Record:
        """Add an event to the run's chain."""
        bodies = self._bodies(event)
        link = chain.link(
            self.tables.head(run), run, key, Event(kind=event.kind, data=event.data, bodies=bodies),
            chain.event_bytes(event.data), chain.Stamp(now=self.now, fence=fence, actor=self.actor),
        )  # fmt: skip
        self.tables.add_event(link, same)
        return link

    def _bodies(self, event: Event) -> tuple[Digest, ...]:
        for digest in event.bodies:
            if self.tables.body(digest) is None:
                raise JournalError(f"an event names the body {digest[:12]}, which is not stored")
        found = {digest for digest in chain.named_in(event.data) if self.tables.body(digest) is not None}
        return tuple(sorted(found | set(event.bodies)))


def must_be_there(record: RunRecord | None, run: RunId) -> RunRecord:
    """Return the record. Raises JournalError when the run is not there."""
    if record is None:
        raise JournalError(f'no run "{run}" in this journal', commands=["runbookctl status"])
    return record


def check_name(run: RunId) -> None:
    """Raise JournalError unless `run` can name a run: letters, digits, dot, dash, underscore."""
    if not _NAME.fullmatch(run):
        raise JournalError(f"{run!r} cannot name a run", details=["Letters, digits, '.', '_' and '-', at most 64."])


def packed(content: bytes) -> Body:
    """Return a body ready to be stored."""
    digest = hashlib.sha256(content).hexdigest()
    if len(content) < _PACK_FROM:
        return Body(digest=digest, size=len(content), packed=0, blob=content)
    return Body(digest=digest, size=len(content), packed=1, blob=zlib.compress(content, 6))


def wall(text: str) -> dt.datetime:
    """Return the time of a stored stamp."""
    return dt.datetime.fromisoformat(text)
