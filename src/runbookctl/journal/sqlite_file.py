"""The SQLite file behind a journal: one writing connection, read-only looks, and errors a person can act on.

The only module that opens connections.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

import msgspec

from runbookctl.errors import JournalError
from runbookctl.journal import schema
from runbookctl.journal.values import Owner, Seconds, Unreachable

Answer = TypeVar("Answer")
_WAL_WRITE_LOCK = 120  # byte of the -shm file that a writer locks. Source: sqlite.org/walformat.html, "WAL locks"
_FRESH = 0.02  # seconds; a file's mtime is no finer than the kernel's tick, so a younger one proves nothing yet
_LOOKS = 50


class Writer:
    """The one writing connection of this process; transactions of its threads follow one another."""

    def __init__(self, path: Path, *, patience: Seconds) -> None:
        """Remember the file; it is opened with the first transaction, and again after a fork."""
        self.path = path
        self._patience = patience
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._pid = 0
        self._inode = 0

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Give a connection inside BEGIN IMMEDIATE; commit at the end, roll back on any exception."""
        with self._lock, translated(self.path, self._patience):
            connection = self._open()
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def checkpoint(self) -> None:
        """Move everything into the file and empty the write-ahead log, so that removed bytes are nowhere."""
        with self._lock, translated(self.path, self._patience):
            self._open().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def close(self) -> None:
        """Close the connection; the next transaction opens another."""
        with self._lock:
            if self._connection is not None and self._pid == os.getpid():
                self._connection.close()
            self._connection = None

    @property
    def inode(self) -> int:
        """The identity of the file that is open."""
        return self._inode

    def _open(self) -> sqlite3.Connection:
        # A connection must not cross a fork; a file that was exchanged under us must not take what we acknowledge.
        if self._connection is not None and self._pid == os.getpid():
            if os.stat(self.path).st_ino == self._inode:  # noqa: PTH116 - on the path of every step
                return self._connection
            self._connection.close()
        address = f"file:{quote(str(self.path))}?mode=rw"
        connection = sqlite3.connect(
            address, uri=True, isolation_level=None, timeout=self._patience, check_same_thread=False
        )
        try:
            schema.version(connection, self.path)
            connection.execute("PRAGMA trusted_schema = OFF")
            connection.execute("PRAGMA journal_mode = WAL").fetchone()
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA secure_delete = ON")  # what is purged is overwritten
        except BaseException:
            connection.close()
            raise
        self._inode = self.path.stat().st_ino
        self._connection, self._pid = connection, os.getpid()
        return connection


def look(path: Path, ask: Callable[[sqlite3.Connection], Answer], absent: Answer, *, patience: Seconds) -> Answer:
    """Ask a read-only connection; `absent` when there is no journal. Creates and changes nothing, not even beside it.

    SQLite reads a file in WAL mode through its -shm file and creates that when it is missing. So while nobody has the
    journal open it is read as immutable, and once more if somebody wrote meanwhile.
    """
    with translated(path, patience):
        for _ in range(_LOOKS):
            before = _state(path)
            if before is None:
                return absent
            live = _has_log(path)
            if not live and time.time() - before.st_mtime < _FRESH:
                time.sleep(_FRESH)
                live = _has_log(path)
            try:
                found = _ask(path, "mode=ro" if live else "immutable=1", ask, absent, patience)
            except sqlite3.Error:
                if not live and not _same(path, before):
                    continue
                raise
            if live or _same(path, before):
                return found
        raise Unreachable("the journal is being rewritten all the time", details=[str(path)])


def _ask(
    path: Path, how: str, ask: Callable[[sqlite3.Connection], Answer], absent: Answer, patience: Seconds
) -> Answer:
    address = f"file:{quote(str(path))}?{how}"
    with closing(sqlite3.connect(address, uri=True, isolation_level=None, timeout=patience)) as connection:
        found = schema.version(connection, path)
        if found == 0:
            return absent
        if found == schema.VERSION:
            connection.execute("BEGIN")  # one snapshot for all that `ask` reads
            return ask(connection)
        with closing(sqlite3.connect(":memory:", isolation_level=None)) as copy:  # older: bring a copy up to date
            connection.backup(copy)
            schema.migrate(copy, found)
            return ask(copy)


def _state(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except FileNotFoundError:
        return None


def _has_log(path: Path) -> bool:
    log = _state(Path(f"{path}-wal"))
    return log is not None and log.st_size > 0


def _same(path: Path, before: os.stat_result) -> bool:
    now = _state(path)
    kept = now is not None and (now.st_ino, now.st_size, now.st_mtime_ns) == (
        before.st_ino, before.st_size, before.st_mtime_ns,
    )  # fmt: skip
    return kept and not _has_log(path)


# --- errors -----------------------------------------------------------------------------------------------------------


@contextmanager
def translated(path: Path, patience: Seconds) -> Iterator[None]:
    """Turn what SQLite and the system say into JournalError or Unreachable."""
    try:
        yield
    except sqlite3.Error as error:
        raise _translated(error, path, patience) from error
    except OSError as error:
        raise Unreachable("the journal cannot be reached", details=[f"{path}: {error.strerror or error}."]) from error


def _translated(error: sqlite3.Error, path: Path, patience: Seconds) -> JournalError:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    match code:
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            who = holder(path)
            what = f"the journal is locked by {who}" if who else "the journal is locked by another process"
            return Unreachable(what, details=[f"{path}: waited {patience:.2f}s."], commands=[f"fuser -v {path}"])
        case sqlite3.SQLITE_FULL | sqlite3.SQLITE_IOERR:
            return Unreachable(
                "the journal cannot be written: no room, or the disk fails",
                details=[f"{path}: {error}."], commands=[f"df -h {path.parent}"],
            )  # fmt: skip
        case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
            aside = f"{path}.damaged"
            return JournalError(
                "the journal is damaged", details=[f"{path}: {error}.", "Moving it aside starts a new, empty one."],
                commands=[f"mv {path} {aside}"],
            )  # fmt: skip
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_PERM | sqlite3.SQLITE_AUTH:
            return JournalError(
                "the journal cannot be opened for writing", details=[f"{path}: {error}."],
                commands=[f"ls -ld {path.parent} {path}"],
            )  # fmt: skip
        case _:
            return JournalError("the journal cannot be used", details=[f"{path}: {error}."])


def holder(path: Path) -> str:
    """Name the process that holds the write lock, "" when it cannot be told.

    1: POSIX  ADVISORY  WRITE 4121 fe:00:12345 120 120       Source: proc(5), /proc/locks.
    """
    try:
        inode = Path(f"{path}-shm").stat().st_ino
        locks = Path("/proc/locks").read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
    for line in locks.splitlines():
        fields = line.split()
        if len(fields) < 8 or fields[1] != "POSIX" or fields[3] != "WRITE":
            continue
        same = fields[5].rpartition(":")[2] == str(inode)
        end = fields[7]
        if same and int(fields[6]) <= _WAL_WRITE_LOCK and (end == "EOF" or int(end) >= _WAL_WRITE_LOCK):
            return _words(path, int(fields[4]))
    return ""


def _words(path: Path, pid: int) -> str:
    def owners(connection: sqlite3.Connection) -> list[tuple[str, str]]:
        return connection.execute("SELECT id, owner FROM run WHERE owner IS NOT NULL ORDER BY rowid DESC").fetchall()

    nobody: list[tuple[str, str]] = []
    try:
        rows = look(path, owners, nobody, patience=0.1)
    except JournalError:
        rows = nobody
    for run, text in rows:
        owner = msgspec.json.decode(text, type=Owner)
        if owner.pid == pid:
            words = ", ".join(word for word in (owner.who, owner.doing or run) if word)
            return f"pid {pid} ({words})"
    return f"pid {pid}"
