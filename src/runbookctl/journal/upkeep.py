"""Upkeep of a store: verify, heads, purge, expire, histories in and out. One look or transaction each.

Touches only the tables it is given.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import zlib
from collections.abc import Iterable, Iterator
from typing import TypeVar

import msgspec

from runbookctl.errors import JournalError
from runbookctl.journal import chain
from runbookctl.journal.rows import Anchor, Expired, History, Locks, Retention, Runs, Verified
from runbookctl.journal.tables import DROPPED, Body, RunRecord, Tables
from runbookctl.journal.values import Actor, Conflict, Digest, Purged, Record, RunId
from runbookctl.journal.writing import Transaction, check_name, packed, wall
from runbookctl.model import Subject

_PIECE = 1 << 16
_BATCH = 1000
Kind = TypeVar("Kind")


def records(tables: Tables, run: RunId) -> Iterator[Record]:
    """Yield all links of a run."""
    after = 0
    while batch := tables.records(run, after, _BATCH):
        yield from batch
        after = batch[-1].seq


def unpacked(body: Body) -> Iterator[bytes]:
    """Yield a body's bytes in pieces of bounded size."""
    blob = body.blob or b""
    if not body.packed:
        yield from (blob[start : start + _PIECE] for start in range(0, len(blob), _PIECE))
        return
    inflate = zlib.decompressobj()
    rest = blob
    while not inflate.eof:
        piece = inflate.decompress(rest, _PIECE)
        rest = inflate.unconsumed_tail
        if piece:
            yield piece
        elif not rest:
            return


def state_of(tables: Tables, digest: Digest) -> str | Purged | None:
    """Return the digest of what is really stored under `digest`, its tombstone, or None."""
    body = tables.body(digest)
    if body is None:
        return None
    if body.blob is None:
        return Purged(digest=digest, why=body.purged)
    found = hashlib.sha256()
    try:
        for piece in unpacked(body):
            found.update(piece)
    except zlib.error:
        return "damaged"
    return found.hexdigest()


def verify(tables: Tables, run: RunId, anchors: Iterable[Anchor]) -> Verified:
    """Check one run."""
    head = tables.head(run)
    if head is None and tables.run(run) is None:
        raise JournalError(f'no run "{run}" in this journal', commands=["runbookctl status"])
    if tables.run(run) is None:
        why = "its events were removed by the retention policy; only its head is kept"
        return Verified(run=run, events=0, problems=(why,), head=head)
    return chain.verify(run, records(tables, run), head, anchors, lambda digest: state_of(tables, digest))


def purge(at: Transaction, digest: Digest, reason: str) -> bool:
    """Remove a body's bytes."""
    body = at.tables.body(digest)
    if body is None:
        raise JournalError(f'no evidence "{digest[:12]}" in this journal')
    if body.blob is None and not body.purged.startswith(DROPPED):
        return False
    for lock in at.tables.locks(Locks()):
        if lock.open and any(link.digest == digest for link in at.tables.records(lock.run, lock.seq - 1, 1)):
            raise JournalError(
                f"a change of {lock.subject} has no recorded end, and this says what it was",
                details=["It can be purged when its end is recorded."], commands=[f"runbookctl resume {lock.run}"],
            )  # fmt: skip
    at.tables.purge_body(Purged(digest=digest, why=reason or "purged"))
    return True


def expire(at: Transaction, policy: Retention) -> Expired:
    """Remove runs that are older than the policy keeps them."""
    gone: list[RunId] = []
    bodies = size = 0
    for record in _all_runs(at.tables):
        if _stays(at, record, policy):
            continue
        count, freed = at.tables.forget_run(record.run)
        gone.append(record.run)
        bodies, size = bodies + count, size + freed
    at.tables.forget_seen(at.now)
    return Expired(runs=tuple(gone), bodies=bodies, bytes=size)


def _all_runs(tables: Tables) -> list[RunRecord]:
    found: list[RunRecord] = []
    after = 0
    while rows := tables.runs(Runs(), after, _BATCH):
        found += [row[1] for row in rows]
        after = rows[-1][0]
    return found


def _stays(at: Transaction, record: RunRecord, policy: Retention) -> bool:
    if record.run in policy.keep or record.held(at.now) or at.tables.changes(record.run):
        return True
    if record.state == "open" and record.origin == "own":
        return True
    last = wall(record.opened)
    kinds: set[str] = set()
    for link in records(at.tables, record.run):
        last, kinds = max(last, wall(link.at)), kinds | {link.kind}
    age = policy.clear if record.verdict == "clear" and "change.intent" not in kinds else policy.others
    young = at.now.wall - last < dt.timedelta(seconds=age)
    return young or "postmortem" in kinds or bool(at.tables.locks(Locks(run=record.run)))


# --- histories --------------------------------------------------------------------------------------------------------


def history(tables: Tables, run: RunId) -> History:
    """Return a run with the digests of the bodies it names."""
    if tables.run(run) is None:
        raise JournalError(f'no run "{run}" in this journal', commands=["runbookctl status"])
    links = tuple(records(tables, run))
    named = {digest for link in links for digest in link.bodies}
    return History(run=run, records=links, named=tuple(sorted(named)))


def adopt(at: Transaction, story: History, bodies: Iterable[tuple[Digest, bytes | Purged]]) -> bool:
    """Take in another store's run, for reading. What was added here since (notes) does not hinder a second import."""
    check_name(story.run)
    known = at.tables.run(story.run)
    if known is not None or at.tables.head(story.run) is not None:
        _must_agree(at.tables, story)
        if known is not None:
            return False
    for digest, content in bodies:
        stored = at.tables.body(digest)
        if stored is not None and (stored.blob is not None or not stored.purged.startswith(DROPPED)):
            continue
        if isinstance(content, Purged):
            at.tables.save_body(Body(digest=digest, size=0, packed=0, blob=None, purged=content.why))
        else:
            at.tables.save_body(packed(content))
    at.tables.add_run(_imported(at, story))
    for record in story.records:
        at.tables.add_event(record, "")
    return True


def _must_agree(tables: Tables, story: History) -> None:
    ours = [record.hash for record in records(tables, story.run)]
    if not ours:
        head = tables.head(story.run)
        ours = [*([""] * (head.seq - 1)), head.hash] if head else []
    theirs = [record.hash for record in story.records]
    if ours[: len(theirs)] != theirs and not (any(not known for known in ours) and ours[-1:] == theirs[-1:]):
        raise Conflict(
            f"this journal has another run {story.run}",
            details=["The bundle's events differ from it. Nothing was imported."],
            commands=[f"runbookctl show {story.run}"],
        )  # fmt: skip


def _imported(at: Transaction, story: History) -> RunRecord:
    first = story.records[0]
    data = chain.event_data(first.body.encode()) if first.body is not None else {}
    verdict = ""
    for record in story.records:
        if record.kind in ("diagnosis", "run.ended") and record.body is not None:
            verdict = str(chain.event_data(record.body.encode()).get("verdict", verdict))
    return RunRecord(
        run=story.run, key=None, same=at.mac(["bundle", story.run]), state="ended", origin="bundle",
        subject=_or(data.get("subject"), Subject, Subject()), snapshot=str(data.get("snapshot", "")),
        by=_or(data.get("by"), Actor, Actor(name=first.actor)), opened=first.at, verdict=verdict,
    )  # fmt: skip


def _or(value: object, kind: type[Kind], otherwise: Kind) -> Kind:
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError:
        return otherwise
