"""Bundles: a run out and in again, and every archive that only looks like one."""

from __future__ import annotations

import gzip
import io
import json
import os
import resource
import tarfile
import time
import zlib
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runbookctl.errors import InputError, JournalError
from runbookctl.journal import bundle, bundle_stream
from runbookctl.journal.interface import (
    Approvals,
    Conflict,
    Decision,
    Event,
    Events,
    EvidenceMeta,
    Locks,
    Proof,
    Purged,
    Runs,
    Ticket,
)
from runbookctl.journal.memory import memory_store
from runbookctl.journal.store import TableStore

from .conftest import Bench, an_owner, note

TEXT = EvidenceMeta(form="pod_log")
Part = tuple[str, bytes]


def _told(bench: Bench) -> str:
    """Record a run with evidence, an approval that was granted, a change and a verdict."""
    run = bench.run()
    hold = bench.hold(run, lease=1000)
    for number in range(3):
        kept = bench.store.put([b"log %d\n" % number * 50], TEXT)
        data = {"evidence": {"id": f"e{number}", "sha256": kept.digest}}
        bench.store.append(hold, f"e{number}", Event(kind="step.result", data=data))
    name = bench.approve(hold)
    for person in ("ap1", "ap2"):
        bench.store.decide(name, Decision(person=person, answer="approve"), Proof())
    assert isinstance(bench.store.begin_change(hold, "c1", bench.intent(approval=name)), Ticket)
    bench.store.append(hold, "d", Event(kind="diagnosis", data={"verdict": "causes"}))
    return run


def _parts(content: bytes) -> list[Part]:
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as archive:
        return [(item.name, archive.extractfile(item).read()) for item in archive]  # type: ignore[union-attr]


def _archive(parts: list[Part], change: Callable[[tarfile.TarInfo], None] | None = None, **options: int) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", **({"format": tarfile.USTAR_FORMAT} | options)) as archive:  # type: ignore[call-overload]
        for name, body in parts:
            item = tarfile.TarInfo(name)
            item.size = len(body)
            if change:
                change(item)
            archive.addfile(item, io.BytesIO(body))
    return gzip.compress(out.getvalue(), 1)


def _read(content: bytes) -> bundle.BundleContent:
    return bundle.read_bundle(io.BytesIO(content))


# --- there and back ---------------------------------------------------------------------------------------------------


def test_the_same_run_gives_the_same_bytes(bench: Bench, tmp_path: Path) -> None:
    """No time, no name of a machine or person, no order by chance is in a bundle."""
    run = _told(bench)
    first = bundle.packed(bench.store, run)
    time.sleep(0.01)
    assert bundle.packed(bench.again(), run) == first
    written = bundle.export(bench.store, run, tmp_path / "x.tar.gz")
    assert written.read_bytes() == first
    assert written.stat().st_mode & 0o777 == 0o600
    assert first[:10] == b"\x1f\x8b\x08\x00\x00\x00\x00\x00" + first[8:10]
    with tarfile.open(written) as archive:
        assert {(item.mtime, item.uid, item.gid, item.uname, item.gname, item.mode) for item in archive} == {
            (0, 0, 0, "", "", 0o600)
        }
    assert bundle.export(bench.store, run, tmp_path / "x.tar.gz") == written


def test_a_run_is_read_elsewhere_as_it_was(bench: Bench) -> None:
    """Events, evidence and chain arrive; the second import changes nothing, other content is refused."""
    run = _told(bench)
    content = _read(bundle.packed(bench.store, run))
    other = memory_store()
    assert bundle.import_bundle(other, content) == run
    assert bundle.import_bundle(other, content) == run
    assert other.read(Events(run=run)).rows == bench.store.read(Events(run=run)).rows
    assert other.verify(run).problems == ()
    row = other.read(Runs()).rows[0]
    assert (row.origin, row.verdict, row.by.name, str(row.subject)) == ("bundle", "causes", "req", "node/gpu7")
    for event in other.read(Events(run=run)).rows:
        for digest in event.bodies:
            found, ours = other.get(digest), bench.store.get(digest)
            assert not isinstance(found, Purged)
            assert not isinstance(ours, Purged)
            assert b"".join(found) == b"".join(ours)
    assert bundle.packed(other, run) == bundle.packed(bench.store, run)
    assert bundle.import_bundle(bench.store, content) == run  # its own
    assert bench.store.read(Runs()).rows[0].origin == "own"
    third = memory_store()
    third.open_run(run, key="x", snapshot="", subject=row.subject, by=row.by)
    with pytest.raises(Conflict, match="another run"):
        bundle.import_bundle(third, content)
    other.append(None, "n", note("seen"), run=run)
    assert bundle.import_bundle(other, content) == run


def test_s4_what_another_journal_approved_and_locked_has_no_force(bench: Bench, tmp_path: Path) -> None:
    """An imported run shows its decisions and cannot be held, continued, approved or changed from."""
    run = _told(bench)
    content = _read(bundle.packed(bench.store, run))
    for other in (memory_store(), _sqlite(tmp_path)):
        bundle.import_bundle(other, content)
        assert other.read(Approvals()).rows == ()
        assert other.read(Locks()).rows == ()
        assert [row.kind for row in other.read(Events(run=run, kinds=("decision",))).rows] == ["decision"] * 2
        with pytest.raises(JournalError, match="imported from a bundle"):
            other.take(run, owner=an_owner(), lease=30)
        with pytest.raises(JournalError, match="no approval"):
            other.decide("a-1", Decision(person="ap3", answer="approve"), Proof())
        other.close()


def _sqlite(folder: Path) -> TableStore:
    from runbookctl.journal.sqlite import SqliteBackend

    return TableStore(SqliteBackend(folder / "there" / "journal.db"))


def test_s52_a_purged_body_is_not_in_the_bundle_and_it_verifies(bench: Bench) -> None:
    """After a purge the bundle is made without the text; on the other side it is a gap with its reason."""
    run = _told(bench)
    digest = bench.store.read(Events(run=run, kinds=("step.result",))).rows[0].bodies[0]
    noted = bench.store.append(None, "n", note("canary-4711"), run=run)
    bench.store.purge(digest, "a secret")
    bench.store.purge(bench.store.read(Events(run=run)).rows[-1].digest, "a secret too")
    content = _read(bundle.packed(bench.store, run))
    other = memory_store()
    bundle.import_bundle(other, content)
    assert other.get(digest) == Purged(digest=digest, why="a secret")
    row = other.read(Events(run=run)).rows[-1]
    assert (row.seq, row.data, row.purged) == (noted, None, "a secret too")
    assert b"canary-4711" not in b"".join(body for _, body in _parts(bundle.packed(bench.store, run)))
    assert other.verify(run).problems == ()


def test_s26_a_bundle_is_never_written_through_a_link_or_over_a_file(bench: Bench, tmp_path: Path) -> None:
    """What exists stays; a planted link is not followed; nothing half written is left."""
    run = _told(bench)
    (tmp_path / "theirs").write_text("keep")
    (tmp_path / "link.tar.gz").symlink_to(tmp_path / "theirs")
    (tmp_path / "dangling.tar.gz").symlink_to(tmp_path / "nowhere")
    for name in ("theirs", "link.tar.gz", "dangling.tar.gz"):
        with pytest.raises(InputError, match="exists already"):
            bundle.export(bench.store, run, tmp_path / name)
    with pytest.raises(InputError, match="cannot be written"):
        bundle.export(bench.store, run, tmp_path / "no" / "such" / "folder.tar.gz")
    assert (tmp_path / "theirs").read_text() == "keep"
    assert sorted(path.name for path in tmp_path.iterdir() if path.name != "home") == [
        "dangling.tar.gz", "link.tar.gz", "theirs",
    ]  # fmt: skip


# --- the zoo ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def good() -> list[Part]:
    """Return the members of a real bundle."""
    made = Bench("memory", Path("/nonexistent"))
    return _parts(bundle.packed(made.store, _told(made)))


def _kind(kind: bytes) -> Callable[[tarfile.TarInfo], None]:
    def change(item: tarfile.TarInfo) -> None:
        if item.name.startswith("bodies/"):
            item.type, item.linkname = kind, "manifest.json"

    return change


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE,
             tarfile.CONTTYPE, tarfile.GNUTYPE_SPARSE],
)  # fmt: skip
def test_s21_only_plain_files_are_taken(good: list[Part], kind: bytes) -> None:
    """Links, devices, pipes, folders and sparse files are refused at their header."""
    with pytest.raises(InputError, match="something other than plain files"):
        _read(_archive(good, _kind(kind)))


@pytest.mark.parametrize(
    "name",
    ["../x", "/etc/passwd", "bodies/../../x", "bodies/" + "A" * 64, "bodies/" + "a" * 63, "MANIFEST.JSON", "./events.jsonl",
     "bodies", "x" * 99, "manifest.json ", "bodies/" + "a" * 64 + "/x"],
)  # fmt: skip
@pytest.mark.parametrize("place", [0, 1, -1])
def test_s21_only_known_names_are_taken(good: list[Part], name: str, place: int) -> None:
    """No path, no twin in other case, nothing that a bundle does not have, wherever it stands."""
    parts = list(good)
    parts.insert(place if place >= 0 else len(parts), (name, b"x"))
    with pytest.raises(InputError):
        _read(_archive(parts))


def test_s21_what_the_manifest_does_not_say_is_refused(good: list[Part]) -> None:
    """Duplicates, a second manifest, something after the last, something missing, another order, another content."""
    manifest, events, *bodies = good
    strange = ("bodies/" + "ab" * 32, b"x")
    for parts in (
        [manifest, events, bodies[0], bodies[0], *bodies[1:]],
        [manifest, manifest, events, *bodies],
        [*good, manifest],
        [*good, strange],
        [events, manifest, *bodies],
        [manifest, *bodies, events],
        [manifest, events, *reversed(bodies)],
        good[:-1],
        [manifest],
        [],
        [manifest, (events[0], events[1] + b"\n"), *bodies],
        [manifest, events, (bodies[0][0], bodies[0][1] + b"x"), *bodies[1:]],
        [manifest, events, (bodies[0][0], b""), *bodies[1:]],
    ):
        with pytest.raises(InputError):
            _read(_archive(parts))
    assert _read(_archive(good)).run


def _with_events(good: list[Part], change: Callable[[list[dict[str, object]]], object]) -> bytes:
    """Return a bundle whose events were changed and whose manifest was made to agree."""
    events = [json.loads(line) for line in good[1][1].splitlines()]
    change(events)
    body = b"".join(json.dumps(event).encode() + b"\n" for event in events)
    manifest = json.loads(good[0][1])
    manifest["members"][0].update(size=len(body), sha256=bundle._sha256(body))
    manifest["events"] = len(events)
    return _archive([("manifest.json", json.dumps(manifest).encode()), ("events.jsonl", body), *good[2:]])


@pytest.mark.parametrize(
    "change",
    [
        lambda events: events[2].update(kind="note"),
        lambda events: events[2].update(at="2020-01-01T00:00:00.000000Z"),
        lambda events: events[2].update(body='{"data":{},"salt":""}'),
        lambda events: events.pop(),
        lambda events: events.pop(3),
        lambda events: events.reverse(),
        lambda events: events[2].update(run="r-0000"),
        lambda events: events[2].update(at="never"),
        lambda events: events[1].update(bodies=["0" * 64]),
        lambda events: events[0].update(extra=1, seq="x"),
        lambda events: events.clear(),
    ],
)
def test_s21_the_chain_and_every_digest_are_checked(
    good: list[Part], change: Callable[[list[dict[str, object]]], object]
) -> None:
    """A bundle whose manifest agrees with changed events is refused all the same."""
    with pytest.raises(InputError):
        _read(_with_events(good, change))


def test_damage_anywhere_is_an_error_and_never_a_crash(good: list[Part]) -> None:
    """Cut at any place, with any byte changed, or followed by anything: InputError."""
    content = _archive(good)
    for end in range(0, len(content), 7):
        with pytest.raises(InputError):
            _read(content[:end])
    for rest in (b"x", content, b"\0" * 512):
        with pytest.raises(InputError):
            _read(content + rest)
    plain = gzip.decompress(content)
    for at in range(0, len(plain), 97):
        damaged = bytearray(plain)
        damaged[at] ^= 0x15
        try:
            _read(gzip.compress(bytes(damaged), 0))
        except InputError:
            continue
        assert not plain[at : at + 1].strip(b"\0 0"), at  # padding, or a field that means nothing here


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=2000))
def test_any_bytes_are_refused(content: bytes) -> None:
    """What is no bundle is said so, plain or packed."""
    for form in (content, gzip.compress(content, 1)):
        with pytest.raises(InputError):
            _read(form)


def test_another_version_says_so(good: list[Part]) -> None:
    """The schema is looked at first."""
    body = good[0][1].replace(b"runbookctl/bundle/v1", b"runbookctl/bundle/v9").replace(b'"version"', b'"vers"')
    with pytest.raises(InputError, match="another version"):
        _read(_archive([("manifest.json", body), *good[1:]]))


def test_a_pipe_or_missing_file_is_an_error(tmp_path: Path) -> None:
    """`import` names what it cannot read."""
    with pytest.raises(InputError, match="no such file"):
        bundle.read_bundle_file(tmp_path / "none.tar.gz")
    with pytest.raises(InputError, match="is a directory"):
        bundle.read_bundle_file(tmp_path)


# --- bombs ------------------------------------------------------------------------------------------------------------


def _bomb(head: bytes, zeros: int) -> bytes:
    """Return the gzip of `head` and so many MiB of zeros, made of one packed MiB said again and again."""
    pack, blank = zlib.compressobj(9, wbits=31), zlib.compressobj(9, wbits=-15)
    first = pack.compress(head) + pack.flush(zlib.Z_FULL_FLUSH)
    return first + (blank.compress(bytes(1 << 20)) + blank.flush(zlib.Z_FULL_FLUSH)) * zeros


def _header(name: str, size: int, kind: bytes = b"0") -> bytes:
    item = tarfile.TarInfo(name)
    item.size, item.type = size, kind
    return item.tobuf(tarfile.GNU_FORMAT)


def _bombs() -> dict[str, bytes]:
    gib = 1 << 30
    names = b"".join(_header(f"bodies/{number:064x}", 0) for number in range(30_000))
    kinds = {
        "pax": tarfile.XHDTYPE, "pax global": tarfile.XGLTYPE, "gnu name": tarfile.GNUTYPE_LONGNAME,
        "gnu link": tarfile.GNUTYPE_LONGLINK, "sparse": tarfile.GNUTYPE_SPARSE, "plain": b"0",
    }  # fmt: skip
    found = {name: _bomb(_header("manifest.json", gib, kind), 1024) for name, kind in kinds.items()}
    return found | {
        "base 256": _bomb(_header("manifest.json", 1 << 40), 16),
        "members": _bomb(names, 1024),
        "blank": _bomb(b"", 1024),
        "nested": gzip.compress(found["plain"], 1),
        "brackets": _bomb(_header("manifest.json", 1 << 20) + b"[" * (1 << 20), 1),
    }


def test_s22_bombs_cost_neither_memory_nor_time() -> None:
    """Headers, members, nesting: refused within 100 MiB and a second of CPU for each, limits of a process of its own."""
    bombs = _bombs()

    def work() -> None:
        used = int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
        resource.setrlimit(resource.RLIMIT_AS, (used + (100 << 20),) * 2)
        resource.setrlimit(resource.RLIMIT_CPU, (int(time.process_time()) + len(bombs),) * 2)
        for content in bombs.values():
            with pytest.raises(InputError):
                _read(content)
        os._exit(0)

    child = get_context("fork").Process(target=work)
    child.start()
    child.join(60)
    assert child.exitcode == 0


def test_s22_a_bundle_of_blanks_is_capped_and_kept_packed(good: list[Part], monkeypatch: pytest.MonkeyPatch) -> None:
    """Bodies that the manifest announces are bounded in number, size and sum too."""
    for name, most in (("MOST_BYTES", 4096), ("MOST_MEMBERS", 2), ("MOST_MEMBER", 100)):
        with monkeypatch.context() as patch:
            patch.setattr(bundle_stream, name, most)
            with pytest.raises(InputError):
                _read(_archive(good))
    bodies = bundle.Bodies()
    bodies.add("0" * 64, bytes(16 << 20))
    assert len(bodies._packed["0" * 64]) < 100_000
    assert len(bodies["0" * 64]) == 16 << 20
