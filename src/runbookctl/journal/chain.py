"""The hash chain of a run: links over digests, bodies apart (so that a body can be purged and the chain still holds).

Pure. A link covers everything but the event's own bytes, which it names by digest. Those bytes carry a random salt:
the digest of a short text, left behind when the text is purged, tells nothing about it (threat model S9, S52).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from runbookctl.journal.rows import Anchor, Head, Verified
from runbookctl.journal.values import JSON, Digest, Event, Instant, Purged, Record, Recorded, RunId, Seq

GENESIS: Digest = "0" * 64
_SCHEMA = "runbookctl/event/v1"


def event_bytes(data: dict[str, JSON]) -> bytes:
    """Return the bytes of an event's data as they are stored: `{"data":{...},"salt":"..."}`."""
    return msgspec.json.encode({"data": data, "salt": secrets.token_hex(16)}, order="deterministic")


def event_data(body: bytes) -> dict[str, JSON]:
    """Return the data of stored bytes. Raises msgspec.DecodeError, msgspec.ValidationError."""
    return msgspec.json.decode(body, type=_Body).data


class _Body(msgspec.Struct, frozen=True):
    data: dict[str, Any]
    salt: str = ""


class Stamp(msgspec.Struct, frozen=True, kw_only=True):
    """What the store adds to an event: its time, the fence of the hold it came under, the account of the process."""

    now: Instant
    fence: int = 0
    actor: str


def link(head: Head | None, run: RunId, key: str, event: Event, body: bytes, by: Stamp) -> Record:
    """Return the next link after `head`. `event.bodies` are the digests that its hash covers."""
    record = Record(
        run=run, seq=head.seq + 1 if head else 1, key=key, at=stamp(by.now.wall), boot=by.now.boot,
        ticks=round(by.now.seconds * 1000), kind=event.kind, digest=digest(body), bodies=event.bodies,
        fence=by.fence, actor=by.actor, prev=head.hash if head else GENESIS, hash="", body=body.decode(),
    )  # fmt: skip
    return msgspec.structs.replace(record, hash=link_hash(record))


def link_hash(record: Record) -> Digest:
    """Return the hash of a link: sha256 over a JSON list of all that it covers."""
    covered = [
        _SCHEMA, record.run, record.seq, record.key, record.at, record.boot, record.ticks, record.kind, record.digest,
        record.bodies, record.fence, record.actor, record.prev,
    ]  # fmt: skip
    return digest(msgspec.json.encode(covered))


def digest(body: bytes) -> Digest:
    """Return sha256 in hexadecimal."""
    return hashlib.sha256(body).hexdigest()


def stamp(at: dt.datetime) -> str:
    """Return RFC 3339 with microseconds: `2026-11-22T02:47:35.000000Z`."""
    return at.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def named_in(data: dict[str, JSON]) -> set[Digest]:
    """Return what may be digests of bodies in an event's data: every value under a key `sha256` or `snapshot`."""
    found: set[Digest] = set()
    stack: list[JSON] = [data]
    while stack:
        value = stack.pop()
        if isinstance(value, dict):
            found.update(value[name] for name in ("sha256", "snapshot") if is_digest(value.get(name)))
            stack.extend(value.values())
        elif isinstance(value, (list, tuple)):
            stack.extend(value)
    return found


def is_digest(value: object) -> bool:
    """Say whether a value is a sha256 in lower-case hexadecimal."""
    return isinstance(value, str) and len(value) == 64 and not value.strip("0123456789abcdef")


def recorded(record: Record) -> Recorded:
    """Return a link as an event to read."""
    data, purged = None, record.purged
    if record.body is not None:
        try:
            data = event_data(record.body.encode())
        except (msgspec.DecodeError, UnicodeError):
            purged = "damaged"
    try:
        at = dt.datetime.fromisoformat(record.at)
    except (TypeError, ValueError):
        at, data, purged = dt.datetime.min.replace(tzinfo=dt.UTC), None, "damaged"
    return Recorded(
        run=record.run, seq=record.seq, key=record.key, at=at, kind=record.kind,
        data=data, digest=record.digest, bodies=record.bodies, prev=record.prev, hash=record.hash, fence=record.fence,
        actor=record.actor, purged=purged,
    )  # fmt: skip


BodyState = Callable[[Digest], "str | Purged | None"]
"""Asked per digest: the digest of the bytes really stored, Purged, or None when nothing is there."""


def verify(
    run: RunId, records: Iterable[Record], head: Head | None, anchors: Iterable[Anchor], body: BodyState
) -> Verified:
    """Walk a chain and say what is wrong with it."""
    problems: list[str] = []
    purged: dict[Digest, Purged] = {}
    hashes: dict[Seq, Digest] = {}
    expected, prev = 1, GENESIS
    for record in records:
        if record.seq != expected:
            problems.append(f"event {expected} is missing: removed or reordered")
        if record.prev != prev:
            problems.append(f"event {record.seq} does not follow the one before it: removed, reordered or edited")
        if link_hash(record) != record.hash:
            problems.append(f"event {record.seq} was edited")
        for name in (record.digest, *record.bodies):
            _check_body(record.seq, name, body, problems, purged)
        expected, prev = record.seq + 1, record.hash
        hashes[record.seq] = record.hash
    last = Head(run=run, seq=expected - 1, hash=prev)
    if head is None:
        problems.append("the table of heads does not know this run")
    elif (head.seq, head.hash) != (last.seq, last.hash):
        problems.append(f"the chain ends at event {last.seq}, its head says {head.seq}: events were removed or added")
    agreed = ""
    for anchor in sorted((item for item in anchors if item.run == run), key=lambda item: item.seq):
        if hashes.get(anchor.seq) == anchor.hash:
            agreed = anchor.name
        else:
            problems.append(f"event {anchor.seq} is not what anchor {anchor.name} says: changed or removed since")
    return Verified(
        run=run, events=len(hashes), problems=tuple(problems), anchor="" if problems else agreed,
        purged=tuple(purged.values()), head=last,
    )  # fmt: skip


def _check_body(seq: Seq, name: Digest, body: BodyState, problems: list[str], purged: dict[Digest, Purged]) -> None:
    state = body(name)
    if isinstance(state, Purged):
        purged[name] = state
    elif state is None:
        problems.append(f"event {seq}: the body {name[:12]} is missing")
    elif state != name:
        problems.append(f"event {seq}: the body {name[:12]} was edited")
