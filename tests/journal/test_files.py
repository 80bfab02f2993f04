"""The SQLite store as a file: permissions, damage, other programs, other processes, full disks."""

from __future__ import annotations

import ast
import hashlib
import multiprocessing
import os
import random
import resource
import signal
import sqlite3
import stat
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from runbookctl import journal
from runbookctl.errors import JournalError
from runbookctl.journal import clock, place, schema
from runbookctl.journal.interface import (
    Anchor,
    Event,
    Events,
    EvidenceMeta,
    Held,
    Hold,
    Instant,
    Intent,
    Outcome,
    Purged,
    Reason,
    Refused,
    Retention,
    Runs,
    Ticket,
    Unreachable,
)
from runbookctl.journal.open import Unavailable, open_journal
from runbookctl.journal.sqlite import SqliteBackend
from runbookctl.journal.store import TableStore
from runbookctl.journal.tables import Tables
from runbookctl.model import Subject

from .conftest import ME, PLAN, Bench, an_owner, note

FORK = multiprocessing.get_context("fork")
STEP = Event(kind="step.intent", data={"step": "xids"})
TEXT = EvidenceMeta(form="pod_log")


def _store(path: Path, **settings: object) -> TableStore:
    return TableStore(SqliteBackend(path, **settings))  # type: ignore[arg-type]


def _in_child(work: Callable[[], None]) -> int:
    child = FORK.Process(target=work)
    child.start()
    child.join(60)
    return child.exitcode if child.exitcode is not None else -99


def _listing(folder: Path) -> dict[str, tuple[int, str]]:
    return {
        path.name: (path.stat().st_mtime_ns, hashlib.sha256(path.read_bytes()).hexdigest())
        for path in sorted(folder.iterdir())
    }


# --- the record -------------------------------------------------------------------------------------------------------


def _ten_events(bench: Bench) -> str:
    run = bench.run()
    hold = bench.hold(run)
    for number in range(9):
        bench.store.append(hold, f"s{number}", Event(kind="step.intent", data={"step": number}))
    bench.close()
    return run


@pytest.mark.parametrize(
    ("tampering", "said"),
    [
        ("UPDATE event SET at = '2020-01-01T00:00:00.000000Z' WHERE seq = 5", "event 5 was edited"),
        ("UPDATE event SET kind = 'note' WHERE seq = 5", "event 5 was edited"),
        ("DELETE FROM event WHERE seq = 5", "event 5 is missing"),
        ("DELETE FROM event WHERE seq = 10", "events were removed or added"),
        ("DELETE FROM event WHERE seq > 3; UPDATE heads SET seq = 3", "events were removed or added"),
        ("UPDATE event SET seq = CASE seq WHEN 5 THEN 106 WHEN 6 THEN 105 ELSE seq END; UPDATE event SET seq = seq - 100 WHERE seq > 100", "removed, reordered or edited"),
        ("UPDATE evidence SET body = replace(body, 'step', 'stop') WHERE digest = (SELECT digest FROM event WHERE seq = 5)", "was edited"),
        ("DELETE FROM evidence WHERE digest = (SELECT digest FROM event WHERE seq = 5)", "is missing"),
        ("UPDATE evidence SET body = x'00ff', packed = 1 WHERE digest = (SELECT digest FROM event WHERE seq = 5)", "was edited"),
        ("UPDATE event SET at = 'never', bodies = 'none', ticks = 'x' WHERE seq = 5", "event 5 was edited"),
        ("DELETE FROM heads", "does not know this run"),
    ],
)  # fmt: skip
def test_i1_s40_an_edited_removed_or_reordered_event_is_found(file_bench: Bench, tampering: str, said: str) -> None:
    """Whatever is done to events or bodies by hand is told, and reading still works."""
    run = _ten_events(file_bench)
    assert file_bench.store.verify(run).problems == ()
    with sqlite3.connect(file_bench.path) as connection:
        connection.executescript(tampering)
    connection.close()
    verified = file_bench.store.verify(run)
    assert any(said in problem for problem in verified.problems), verified.problems
    assert verified.words == "changed"
    file_bench.store.read(Events(run=run))


def test_s40_says_what_the_chain_proves(file_bench: Bench) -> None:
    """Without an anchor: unanchored. With one: unchanged since it. A rebuilt or cut chain contradicts its anchor."""
    run = file_bench.run()
    hold = file_bench.hold(run)
    file_bench.store.append(hold, "s1", STEP)
    (head,) = file_bench.store.heads()
    anchor = Anchor(name="syslog 02:47", run=run, seq=head.seq, hash=head.hash)
    file_bench.store.append(hold, "s2", STEP)
    assert file_bench.store.verify(run).words == "unanchored"
    assert file_bench.store.verify(run, [anchor]).words == "unchanged since anchor syslog 02:47"
    cut = "DELETE FROM event WHERE seq > 1; UPDATE heads SET seq = 1, hash = (SELECT hash FROM event WHERE seq = 1)"
    file_bench.close()
    with sqlite3.connect(file_bench.path) as connection:
        connection.executescript(cut)
    connection.close()
    assert file_bench.store.verify(run).words == "unanchored"  # its owner can do that, and we do not claim otherwise
    assert file_bench.store.verify(run, [anchor]).words == "changed"


def test_s52_what_was_purged_is_in_no_file(file_bench: Bench) -> None:
    """The bytes of a purged body are neither in the database nor in its log."""
    kept = file_bench.store.put([b"canary-4711 " * 3], TEXT)
    file_bench.run()
    assert any(b"canary-4711" in path.read_bytes() for path in file_bench.path.parent.iterdir())
    file_bench.store.purge(kept.digest, "a secret")
    assert not any(b"canary-4711" in path.read_bytes() for path in file_bench.path.parent.iterdir())


def test_check_tells_damage(file_bench: Bench) -> None:
    """A sound store has nothing to say; one with a stray head, bad mode or damaged page has."""
    _ten_events(file_bench)
    assert file_bench.store.check() == ()
    with sqlite3.connect(file_bench.path) as connection:
        connection.execute("UPDATE heads SET seq = 4")
    connection.close()
    assert "does not end where its head says" in file_bench.store.check()[0]
    file_bench.path.parent.chmod(0o770)
    assert "others may write" in file_bench.store.check()[0]


def test_i4_what_is_old_goes_and_what_a_postmortem_needs_stays(file_bench: Bench) -> None:
    """Clear runs go after a week, others after 90 days; postmortems, open runs and shared bodies stay."""
    store = file_bench.store
    shared, own = store.put([b"shared"], TEXT).digest, store.put([b"own"], TEXT).digest
    named = {"clear": (shared, own), "causes": (), "documented": (shared,), "open": ()}
    runs = {}
    for name, bodies in named.items():
        runs[name] = file_bench.run(name)
        hold = file_bench.hold(runs[name])
        store.append(hold, "e", Event(kind="step.result", bodies=bodies))
        if name == "documented":
            store.append(hold, "pm", Event(kind="postmortem", data={"file": "x"}))
        if name != "open":
            store.append(
                hold, "end", Event(kind="run.ended", data={"verdict": "causes" if name == "causes" else "clear"})
            )
        store.release(hold)
    file_bench.clock.pass_(8 * 86400)
    gone = store.expire(Retention())
    assert (gone.runs, gone.bodies) == ((runs["clear"],), 4)  # three events and the body that nobody else names
    assert isinstance(store.get(shared), object)
    with pytest.raises(JournalError):
        store.get(own)
    assert "retention" in store.verify(runs["clear"]).problems[0]
    file_bench.clock.pass_(90 * 86400)
    assert store.expire(Retention()).runs == (runs["causes"],)
    assert [row.run for row in store.read(Runs()).rows] == [runs["open"], runs["documented"]]
    assert store.check() == ()


# --- folder and file --------------------------------------------------------------------------------------------------


def test_i6_modes_are_private_under_a_lax_umask(tmp_path: Path) -> None:
    """Folder 0700, files 0600, whatever the umask."""
    before = os.umask(0)
    try:
        store = _store(tmp_path / "a" / "home" / "journal.db")
        run = store.open_run(None, key="k", snapshot="", subject=Subject(), by=ME)
        hold = store.take(run, owner=an_owner(), lease=30)
        assert isinstance(hold, Hold)
        store.begin_change(hold, "c", _intent())
        folder = tmp_path / "a" / "home"
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == dict.fromkeys(
            ("journal.db", "journal.db-wal", "journal.db-shm", "journal.reserve"), 0o600
        )
    finally:
        os.umask(before)
        store.close()


def _intent() -> Intent:
    return Intent(
        plan=PLAN, position="1", change="k8s.cordon", subjects=("node/gpu7",), not_after=clock.now().after(600)
    )


def test_s26_a_folder_or_file_that_others_may_write_is_refused(tmp_path: Path) -> None:
    """What, where and what to do; a file that others could only read is closed to them."""
    home = tmp_path / "home"
    store = open_journal(home)
    assert isinstance(store, TableStore)
    store.close()
    home.chmod(0o775)
    found = open_journal(home)
    assert isinstance(found, Unavailable)
    assert found.commands == (f"chmod 700 {home}",)
    assert str(home) in found.details[0]
    home.chmod(0o755)
    (home / "journal.db").chmod(0o620)
    found = open_journal(home)
    assert isinstance(found, Unavailable)
    assert found.commands == (f"chmod 600 {home / 'journal.db'}",)
    (home / "journal.db").chmod(0o644)
    store = open_journal(home, read_only=True)
    assert isinstance(store, TableStore)
    assert stat.S_IMODE((home / "journal.db").stat().st_mode) == 0o600


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_s26_the_journal_of_somebody_else_is_refused(tmp_path: Path) -> None:
    """A folder that another account owns is never used, not even to read."""
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    os.chown(home, 65534, 65534)
    for read_only in (False, True):
        found = open_journal(home, read_only=read_only)
        assert isinstance(found, Unavailable)
        assert found.why == "the journal belongs to somebody else"


def test_s26_a_link_or_pipe_in_place_of_the_journal_is_refused(tmp_path: Path) -> None:
    """No link is followed, no pipe waited for."""
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    (home / "journal.db").symlink_to(tmp_path / "elsewhere")
    assert isinstance(open_journal(home), Unavailable)
    (home / "journal.db").unlink()
    os.mkfifo(home / "journal.db", 0o600)
    assert isinstance(open_journal(home), Unavailable)
    assert not (tmp_path / "elsewhere").exists()


def test_the_folder_is_found_as_documented(tmp_path: Path) -> None:
    """RUNBOOKCTL_HOME, else XDG_STATE_HOME, else ~/.local/state; a relative XDG path is ignored."""
    assert place.folder(None, {"RUNBOOKCTL_HOME": "/r", "XDG_STATE_HOME": "/x"}) == Path("/r")
    assert place.folder(None, {"XDG_STATE_HOME": "/x", "HOME": "/h"}) == Path("/x/runbookctl")
    assert place.folder(None, {"XDG_STATE_HOME": "x", "HOME": "/h"}) == Path("/h/.local/state/runbookctl")
    assert place.folder(tmp_path, {}) == tmp_path


@pytest.mark.parametrize("content", [b"", b"not a database at all, but long enough to have a header....." * 100])
def test_a_file_that_is_no_journal(tmp_path: Path, content: bytes) -> None:
    """Garbage is told and left alone; an empty file becomes a journal."""
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    (home / "journal.db").write_bytes(content)
    found = open_journal(home)
    if not content:
        assert isinstance(found, TableStore)
        return
    assert isinstance(found, Unavailable)
    assert found.why == "the journal is damaged"
    assert isinstance(open_journal(home, read_only=True), Unavailable)
    assert (home / "journal.db").read_bytes() == content


def test_another_programs_database_is_refused(tmp_path: Path) -> None:
    """A SQLite file that is not ours is not written."""
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    with sqlite3.connect(home / "journal.db") as connection:
        connection.execute("CREATE TABLE theirs (x)")
    connection.close()
    before = (home / "journal.db").read_bytes()
    found = open_journal(home)
    assert isinstance(found, Unavailable)
    assert "not a journal" in found.why
    assert (home / "journal.db").read_bytes() == before


def test_a11_a_newer_journal_is_refused_untouched(file_bench: Bench) -> None:
    """An older program neither writes nor converts what a newer one wrote."""
    file_bench.run()
    file_bench.close()
    with sqlite3.connect(file_bench.path) as connection:
        connection.execute(f"PRAGMA user_version = {schema.VERSION + 1}")
    connection.close()
    before = _listing(file_bench.path.parent)
    for read_only in (False, True):
        found = open_journal(file_bench.path.parent, read_only=read_only)
        assert isinstance(found, Unavailable)
        assert "newer" in found.why
    assert _listing(file_bench.path.parent) == before


def test_a11_an_older_journal_is_read_as_it_is_and_migrated_when_written(tmp_path: Path) -> None:
    """Reading brings a copy in memory up to date; writing takes the missing steps in one transaction."""
    path = tmp_path / "home" / "journal.db"
    store = _store(path)
    kept = store.put([b"x"], TEXT)
    run = store.open_run(None, key="k", snapshot=kept.digest, subject=Subject(), by=ME)
    store.close()
    with sqlite3.connect(path) as connection:
        connection.executescript(
            "DROP TABLE named; DROP INDEX change_by_approval; DROP INDEX approval_by_run; DROP INDEX decision_by_approval;"
            "PRAGMA user_version = 1"
        )
    connection.close()
    before = _listing(path.parent)
    time.sleep(0.03)
    assert _store(path, read_only=True).read(Runs()).rows[0].run == run
    assert _listing(path.parent) == before
    store = _store(path)
    store.append(None, "n", note(), run=run)
    store.close()
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (schema.VERSION,)
        assert connection.execute("SELECT digest, run FROM named").fetchall() == [(kept.digest, run)]
    connection.close()


def test_a_journal_that_was_exchanged_under_us_takes_nothing_unseen(file_bench: Bench) -> None:
    """When the file is another one, the hold is lost instead of writing into a deleted file."""
    hold = file_bench.hold(file_bench.run(), lease=1000)
    other = TableStore(SqliteBackend(file_bench.path.with_name("other.db"), now=file_bench.clock))
    other.open_run(None, key="x", snapshot="", subject=Subject(), by=ME)
    other.close()
    file_bench.path.with_name("other.db").replace(file_bench.path)
    for ending in ("-wal", "-shm"):
        Path(f"{file_bench.path}{ending}").unlink(missing_ok=True)
    assert not isinstance(file_bench.store.append(hold, "s", STEP), int)
    file_bench.path.unlink()
    with pytest.raises(Unreachable):
        file_bench.store.append(hold, "s", STEP)


# --- reading while others write ---------------------------------------------------------------------------------------


def test_g8_without_a_journal_everything_is_empty_and_nothing_is_made(tmp_path: Path) -> None:
    """Reading never creates the folder, the file, or anything beside it."""
    store = open_journal(tmp_path / "none", read_only=True)
    assert isinstance(store, TableStore)
    assert store.read(Runs()).rows == ()
    assert store.heads() == ()
    assert store.epoch() == ""
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(JournalError, match="for reading"):
        store.open_run(None, key="k", snapshot="", subject=Subject(), by=ME)


def test_g8_i2_reading_changes_no_file_and_waits_for_nobody(file_bench: Bench) -> None:
    """With the journal closed no file appears; with a writer in the middle of a transaction reading does not wait."""
    run = file_bench.run()
    file_bench.close()
    time.sleep(0.03)
    before = _listing(file_bench.path.parent)
    assert list(before) == ["journal.db"]
    reader = open_journal(file_bench.path.parent, read_only=True, patience=0.05)
    assert isinstance(reader, TableStore)
    assert reader.read(Runs()).rows[0].run == run
    assert reader.verify(run).problems == ()
    assert _listing(file_bench.path.parent) == before
    file_bench.path.parent.chmod(0o500)
    assert reader.read(Runs()).rows[0].run == run
    file_bench.path.parent.chmod(0o700)
    busy = sqlite3.connect(file_bench.path, isolation_level=None)
    busy.execute("BEGIN IMMEDIATE")
    busy.execute("UPDATE run SET state = 'ended'")
    assert reader.read(Runs()).rows[0].state == "open"
    busy.close()


def test_b8_a_locked_journal_names_its_holder_and_does_not_stop_a_diagnosis(file_bench: Bench) -> None:
    """Who has it, since it is waited for no longer than said; the answer is a value."""
    run = file_bench.run()
    ready, done = FORK.Event(), FORK.Event()

    def hold_it() -> None:
        store = file_bench.again()
        store.take(run, owner=clock.this_process("fix r-8m2c"), lease=1000)
        other = sqlite3.connect(file_bench.path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        ready.set()
        done.wait(30)
        os._exit(0)

    child = FORK.Process(target=hold_it)
    child.start()
    assert ready.wait(30)
    found = open_journal(file_bench.path.parent, patience=0.2)
    done.set()
    child.join()
    assert isinstance(found, Unavailable)
    assert found.why == f"the journal is locked by pid {child.pid} ({place.account()}, fix r-8m2c)"
    assert found.details[0].endswith("waited 0.20s.")


def test_i2_four_processes_write_a_hundred_steps_each(file_bench: Bench) -> None:
    """No writer ever meets "database is locked", and every chain holds."""
    runs = [file_bench.run(f"k{number}") for number in range(4)]
    file_bench.close()

    def work(run: str) -> None:
        store = file_bench.again()
        hold = store.take(run, owner=an_owner(), lease=1000)
        assert isinstance(hold, Hold)
        for number in range(100):
            store.append(hold, f"s{number}", STEP)
        os._exit(0)

    children = [FORK.Process(target=work, args=(run,)) for run in runs]
    for child in children:
        child.start()
    for child in children:
        child.join()
    assert [child.exitcode for child in children] == [0] * 4
    assert {file_bench.store.verify(run).events for run in runs} == {101}
    assert all(file_bench.store.verify(run).problems == () for run in runs)


def test_b5_processes_race_for_one_run(file_bench: Bench) -> None:
    """Of 24 processes exactly one owns the run."""
    run = file_bench.run()
    file_bench.close()
    gate = FORK.Event()

    def race() -> None:
        gate.wait()
        found = file_bench.again().take(run, owner=an_owner(), lease=1000)
        os._exit(0 if isinstance(found, Hold) else 7 if isinstance(found, Held) else 9)

    children = [FORK.Process(target=race) for _ in range(24)]
    for child in children:
        child.start()
    gate.set()
    for child in children:
        child.join()
    assert sorted(child.exitcode or 0 for child in children) == [0] + [7] * 23


def test_a2_killed_at_any_moment_what_was_acknowledged_is_there(file_bench: Bench) -> None:
    """Killed with -9 at random moments: every event that was confirmed is in the journal, and the file is sound."""
    seed = random.randrange(1 << 30)
    chance = random.Random(seed)
    run = file_bench.run()
    confirmed: set[str] = set()
    for round_ in range(8):
        file_bench.close()
        read_end, write_end = os.pipe()
        pid = os.fork()
        if pid == 0:
            store = file_bench.again()
            file_bench.clock.pass_(1000 * (round_ + 1))
            hold = store.take(run, owner=an_owner(), lease=100)
            number = 0
            while isinstance(hold, Hold):
                store.append(hold, f"{round_}.{number}", STEP)
                store.put([os.urandom(2000)], TEXT)
                os.write(write_end, f"{round_}.{number}\n".encode())
                number += 1
            os._exit(1)
        os.close(write_end)
        time.sleep(chance.uniform(0.02, 0.12))
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        with os.fdopen(read_end, "rb") as pipe:
            confirmed |= {line.decode() for line in pipe.read().splitlines()}
        there = {row.key for row in file_bench.store.read(Events(run=run), limit=100_000).rows}
        assert confirmed <= there, seed
        assert file_bench.store.check() == (), seed
        assert file_bench.store.verify(run).problems == (), seed
    assert confirmed, seed


# --- full disks -------------------------------------------------------------------------------------------------------


def test_a8_no_room_is_an_answer_and_no_traceback(file_bench: Bench) -> None:
    """A write that does not fit raises Unreachable, leaves the journal sound, and succeeds when there is room again."""
    run = file_bench.run()
    hold = file_bench.hold(run, lease=1000)
    file_bench.close()
    size = file_bench.path.stat().st_size

    def work() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + 20_000, size + 20_000))
        store = file_bench.again()
        for call in (
            lambda: store.put([os.urandom(500_000)], TEXT),
            lambda: store.append(hold, "big", Event(kind="note", data={"x": os.urandom(200_000).hex()})),
        ):
            with pytest.raises(Unreachable, match="no room"):
                call()
        os._exit(0)

    assert _in_child(work) == 0
    assert file_bench.store.check() == ()
    assert file_bench.store.append(hold, "s", STEP) == 2


def test_s55_a_full_journal_keeps_verdicts_and_drops_bodies(tmp_path: Path) -> None:
    """At 90 % bodies are dropped and that is said; a change does not begin; what did begin can still end."""
    path = tmp_path / "home" / "journal.db"
    store = _store(path)
    run = store.open_run(None, key="k", snapshot="", subject=Subject(), by=ME)
    hold = store.take(run, owner=an_owner(), lease=1000)
    assert isinstance(hold, Hold)
    ticket = store.begin_change(hold, "c1", _intent())
    assert isinstance(ticket, Ticket)
    tight = _store(path, quota=path.stat().st_size)
    kept = tight.put([b"a log"], TEXT)
    assert kept.dropped.startswith("not kept: the journal is")
    assert isinstance(tight.get(kept.digest), Purged)
    assert tight.append(hold, "d", Event(kind="diagnosis", data={"verdict": "clear", "sha256": kept.digest})) == 3
    refused = tight.begin_change(hold, "c2", _intent())
    assert isinstance(refused, Refused)
    assert refused.reason is Reason.NO_ROOM
    assert not isinstance(tight.end_change(ticket, Outcome(state="done")), Refused)
    assert store.put([b"a log"], TEXT).dropped == ""
    assert store.verify(run).problems == ()
    store.close()


def test_s55_the_result_of_a_change_uses_the_room_set_aside(file_bench: Bench) -> None:
    """When the disk fills up during a change, its result is written with what was reserved before it."""
    hold = file_bench.hold(file_bench.run(), lease=1000)
    ticket = file_bench.store.begin_change(hold, "c1", file_bench.intent())
    assert isinstance(ticket, Ticket)
    spare = file_bench.path.with_name("journal.reserve")
    assert spare.stat().st_blocks * 512 >= 1 << 20
    backend = _FullOnce(file_bench.path, now=file_bench.clock, spare=spare)
    assert not isinstance(TableStore(backend).end_change(ticket, Outcome(state="done")), Refused)
    assert not spare.exists()


class _FullOnce(SqliteBackend):
    """A disk that is full as long as the reserve is there."""

    def __init__(self, path: Path, *, now: Callable[[], Instant], spare: Path) -> None:
        super().__init__(path, now=now)
        self._watched = spare

    def writing(self) -> AbstractContextManager[Tables]:  # type: ignore[override]
        if self._watched.exists():
            raise Unreachable("the journal cannot be written: no room, or the disk fails")
        return super().writing()


# --- file systems -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["nfs4", "lustre", "gpfs", "cifs", "fuse.sshfs", "9p", "ceph"])
def test_s27_i3_on_a_network_file_system_the_journal_stays_local_and_refuses_changes(tmp_path: Path, kind: str) -> None:
    """A diagnosis is kept on local disk and that is said; no change starts from it."""
    local = {"RUNBOOKCTL_LOCAL": str(tmp_path / "run")}
    (tmp_path / "run").mkdir()

    def file_system(path: Path) -> str:
        return kind if path.name == "home" else "ext4"

    store = open_journal(tmp_path / "home", environ=local, file_system=file_system)
    assert isinstance(store, TableStore)
    assert kind in store.changes_refused
    run = store.open_run(None, key="k", snapshot="", subject=Subject(), by=ME)
    hold = store.take(run, owner=an_owner(), lease=1000)
    assert isinstance(hold, Hold)
    refused = store.begin_change(hold, "c1", _intent())
    assert isinstance(refused, Refused)
    assert refused.reason is Reason.PLACE
    assert not (tmp_path / "home").exists()
    reader = open_journal(tmp_path / "home", read_only=True, environ=local, file_system=file_system)
    assert isinstance(reader, TableStore)
    assert reader.read(Runs()).rows[0].run == run
    store.close()
    nowhere = open_journal(tmp_path / "home", environ=local, file_system=lambda _: kind)
    assert isinstance(nowhere, Unavailable)
    assert "no local disk" in nowhere.why


def test_s27_the_innermost_mount_counts() -> None:
    """The type comes from the mount that really holds the folder, escapes in its name included."""
    mounts = (
        "22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw\n"
        "40 22 0:50 / /home rw shared:9 - nfs4 filer:/home rw,vers=4.2\n"
        "41 40 8:1 / /home/local\\040disk rw - xfs /dev/sdb1 rw\n"
        "damaged line - \n"
    )
    for where, kind in (
        ("/var/lib", "ext4"), ("/home/req/.local", "nfs4"), ("/homes", "ext4"), ("/home/local disk/x", "xfs"),
    ):  # fmt: skip
        assert place.kind_of_mount(mounts, where) == kind
    assert place.file_system(Path("/")) != ""
    assert not any(
        place.is_network(kind) for kind in ("ext4", "xfs", "btrfs", "zfs", "overlay", "tmpfs", "fuseblk", "")
    )


def test_only_the_journal_knows_its_database() -> None:
    """Nothing outside runbookctl.journal imports sqlite3, so another store stays an added file."""
    source = Path(journal.__file__).parents[1]
    guilty = []
    for path in source.rglob("*.py"):
        if path.is_relative_to(source / "journal"):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            guilty += [str(path) for name in names if name.split(".")[0] in ("sqlite3", "psycopg")]
    assert guilty == []
