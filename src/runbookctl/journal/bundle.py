"""A run as one file, and back: `.tar.gz` with a manifest, the events, the bodies. The same run gives the same bytes.

Reads no archive with an archive library: only plain members of known names, in the order the manifest says, are taken
from a stream whose size is capped before anything looks at it (threat model S21, S22). What is imported is for reading:
approvals, locks and limits of another journal have no force here (S4).
"""

from __future__ import annotations

import datetime as dt
import gzip
import hashlib
import io
import os
import secrets
import stat
import tarfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

import msgspec
from msgspec import Struct

from runbookctl import __version__
from runbookctl.errors import InputError, JournalError
from runbookctl.journal import chain
from runbookctl.journal.bundle_stream import Member, members
from runbookctl.journal.interface import Digest, Head, History, Purged, Record, RunId, Store

SCHEMA = "runbookctl/bundle/v1"
MANIFEST = "manifest.json"
EVENTS = "events.jsonl"
_BODY = "bodies/"
_MOST_EVENTS = 200_000


class Manifest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The first member: what follows, in this order, and how the chain ends."""

    schema: str
    version: str  # of the program that wrote it
    run: RunId
    head: Head
    events: int
    members: tuple[Listed, ...]
    purged: tuple[Purged, ...] = ()


class Listed(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One member that follows."""

    name: str
    size: int
    sha256: Digest


class Bodies(Mapping[Digest, bytes]):
    """Bodies by digest, kept packed: a bomb of blanks stays small."""

    def __init__(self) -> None:
        """Begin empty."""
        self._packed: dict[Digest, bytes] = {}

    def add(self, digest: Digest, body: bytes) -> None:
        """Take a body."""
        self._packed[digest] = zlib.compress(body, 1)

    def __getitem__(self, digest: Digest) -> bytes:
        """Return a body."""
        return zlib.decompress(self._packed[digest])

    def __iter__(self) -> Iterator[Digest]:
        """Yield the digests."""
        return iter(self._packed)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._packed)


class BundleContent(Struct, frozen=True, kw_only=True):
    """A bundle that was read whole and verified: every digest and the chain hold."""

    run: RunId
    events: tuple[Record, ...]
    bodies: Bodies
    purged: tuple[Purged, ...]
    version: str


# --- writing ----------------------------------------------------------------------------------------------------------


def export(journal: Store, run: RunId, path: Path) -> Path:
    """Write a run to `path` and return it. An existing file is left alone, unless it is the same already.

    The file is new, private, complete before it has its name, and never written through a link (threat model S26).
    """
    content = packed(journal, run)
    if path.is_symlink() or path.exists():
        if not path.is_symlink() and path.is_file() and _is(path, content):
            return path
        raise InputError(f"{path} exists already", details=["It was not touched."], commands=[f"ls -l {path}"])
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.rename(path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise InputError(f"{path} cannot be written: {(error.strerror or str(error)).lower()}") from None
    return path


def _is(path: Path, content: bytes) -> bool:
    return path.stat().st_size == len(content) and path.read_bytes() == content


def packed(journal: Store, run: RunId) -> bytes:
    """Return the bundle of a run: the same bytes each time."""
    story = journal.history(run)
    bodies: dict[Digest, bytes] = {}
    gone: list[Purged] = []
    for digest in story.named:
        found = journal.get(digest)
        if isinstance(found, Purged):
            gone.append(found)
        else:
            bodies[digest] = b"".join(found)
    events = b"".join(msgspec.json.encode(record) + b"\n" for record in story.records)
    parts = [(EVENTS, events), *((f"{_BODY}{digest}", bodies[digest]) for digest in sorted(bodies))]
    last = story.records[-1]
    manifest = Manifest(
        schema=SCHEMA, version=__version__, run=run, head=Head(run=run, seq=last.seq, hash=last.hash),
        events=len(story.records), purged=tuple(gone),
        members=tuple(Listed(name=name, size=len(body), sha256=_sha256(body)) for name, body in parts),
    )  # fmt: skip
    return _gzip(_tar([(MANIFEST, msgspec.json.format(msgspec.json.encode(manifest), indent=1)), *parts]))


def _tar(parts: Iterable[tuple[str, bytes]]) -> bytes:
    out = io.BytesIO()
    for name, body in parts:
        header = tarfile.TarInfo(name)
        header.size, header.mode = len(body), 0o600
        out.write(header.tobuf(tarfile.USTAR_FORMAT) + body + b"\0" * (-len(body) % tarfile.BLOCKSIZE))
    out.write(b"\0" * (2 * tarfile.BLOCKSIZE))
    return out.getvalue()


def _gzip(content: bytes) -> bytes:
    """Pack with a header that holds neither time nor name."""
    return gzip.compress(content, 6, mtime=0)


def _sha256(body: bytes) -> Digest:
    return hashlib.sha256(body).hexdigest()


# --- reading ----------------------------------------------------------------------------------------------------------


def read_bundle_file(path: Path) -> BundleContent:
    """Read and verify the bundle at `path`. Raises InputError."""
    try:
        with path.open("rb") as stream:
            if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
                raise InputError(f"{path} is not a plain file")
            return read_bundle(stream)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {(error.strerror or str(error)).lower()}") from None


def read_bundle(stream: BinaryIO) -> BundleContent:
    """Read and verify a bundle. Raises InputError that says what is wrong; nothing is kept then."""
    parts = members(stream)
    first = next(parts, None)
    if first is None or first.name != MANIFEST:
        raise InputError("this is not a bundle of runbookctl: its first member is not manifest.json")
    manifest = _manifest(first.body)
    bodies = Bodies()
    records: tuple[Record, ...] = ()
    expected = iter(manifest.members)
    for part in parts:
        listed = next(expected, None)
        if listed is None or part.name != listed.name:
            raise InputError(f"the bundle holds {part.name!r} where its manifest says otherwise")
        _same(part, listed)
        if part.name == EVENTS:
            records = _records(part.body)
        else:
            bodies.add(listed.sha256, part.body)
    if (missing := next(expected, None)) is not None:
        raise InputError(f"the bundle ends before {missing.name}")
    content = BundleContent(
        run=manifest.run, events=records, bodies=bodies, purged=manifest.purged, version=manifest.version
    )
    _verify(content, manifest)
    return content


def _manifest(body: bytes) -> Manifest:
    try:
        schema = msgspec.json.decode(body, type=dict[str, msgspec.Raw]).get("schema")
        if schema is not None and bytes(schema) != msgspec.json.encode(SCHEMA):
            raise InputError(
                "the bundle was written by another version of runbookctl",
                details=[f"Its schema is {bytes(schema)[:80].decode(errors='replace')}, this program reads {SCHEMA}."],
                commands=["pip install --upgrade runbookctl"],
            )
        manifest = msgspec.json.decode(body, type=Manifest)
    except (msgspec.DecodeError, msgspec.ValidationError, RecursionError) as error:
        raise InputError(f"the bundle's manifest cannot be read: {error}") from None
    names = [listed.name for listed in manifest.members]
    usual = [EVENTS, *(f"{_BODY}{listed.sha256}" for listed in manifest.members[1:])]
    if names != usual or len(set(names)) != len(names):
        raise InputError("the bundle's manifest lists members that a bundle does not have")
    if not all(chain.is_digest(listed.sha256) for listed in manifest.members):
        raise InputError("the bundle's manifest holds something that is no sha256")
    return manifest


def _same(part: Member, listed: Listed) -> None:
    if len(part.body) != listed.size or _sha256(part.body) != listed.sha256:
        raise InputError(f"{part.name} is not what the bundle's manifest says: it was changed or damaged")


def _records(body: bytes) -> tuple[Record, ...]:
    lines = body.splitlines()
    if len(lines) > _MOST_EVENTS:
        raise InputError(f"the bundle holds more than {_MOST_EVENTS:,} events")
    decoder = msgspec.json.Decoder(Record)
    try:
        return tuple(decoder.decode(line) for line in lines)
    except (msgspec.DecodeError, msgspec.ValidationError, RecursionError) as error:
        raise InputError(f"the bundle's events cannot be read: {error}") from None


def _verify(content: BundleContent, manifest: Manifest) -> None:
    gone = {purged.digest: purged for purged in manifest.purged}
    events = {record.digest: record for record in content.events}

    def body(digest: Digest) -> str | Purged | None:
        record = events.get(digest)
        if record is not None and record.body is not None:
            return _sha256(record.body.encode("utf-8", "surrogatepass"))
        if record is not None:
            return Purged(digest=digest, why=record.purged or "purged")
        return gone.get(digest) or (digest if digest in content.bodies else None)  # digests were checked when read

    if not content.events or any(record.run != content.run for record in content.events):
        raise InputError("the bundle holds no events, or events of another run")
    if content.events[0].kind != "run.opened" or not all(_has_time(record) for record in content.events):
        raise InputError("the bundle's events are not those of a run")
    checked = chain.verify(content.run, content.events, manifest.head, (), body)
    if checked.problems or manifest.events != len(content.events):
        details = checked.problems[:5] or ("The number of events is not what the manifest says.",)
        raise InputError("the bundle's record does not hold: it was changed", details=details)


def _has_time(record: Record) -> bool:
    try:
        return dt.datetime.fromisoformat(record.at).tzinfo is not None
    except ValueError:
        return False


# --- taking in --------------------------------------------------------------------------------------------------------


def import_bundle(journal: Store, content: BundleContent) -> RunId:
    """Take a bundle's run into a journal, for reading, and return its id. The same content again changes nothing.

    Raises Conflict when the journal has another run of that name.
    """
    named = tuple(sorted({digest for record in content.events for digest in record.bodies}))
    story = History(run=content.run, records=content.events, named=named)
    gone: dict[Digest, Purged] = {purged.digest: purged for purged in content.purged}
    wanted = (digest for digest in named if digest in content.bodies or digest in gone)
    try:
        journal.adopt(story, ((digest, gone.get(digest) or content.bodies[digest]) for digest in wanted))
    except msgspec.MsgspecError as error:
        raise JournalError(f"the bundle of {content.run} cannot be taken in: {error}") from None
    return content.run
