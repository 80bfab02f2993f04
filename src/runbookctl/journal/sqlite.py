"""A journal in one SQLite file: WAL, every commit on disk before it returns, readable while somebody writes.

Touches `journal.db` in the state folder and nothing else. Use `open.open_journal`, which finds the folder.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from runbookctl.errors import JournalError
from runbookctl.journal import clock, place, schema
from runbookctl.journal.sqlite_file import Writer, look
from runbookctl.journal.sqlite_tables import SqliteTables
from runbookctl.journal.sqlite_upkeep import integrity
from runbookctl.journal.tables import Tables
from runbookctl.journal.values import Instant, Seconds, Unreachable

Answer = TypeVar("Answer")
PATIENCE: Seconds = 5.0
QUOTA = 4 << 30  # bytes of journal.db
_FREE = 16 << 20  # bytes that the disk must have left for a body to be kept
_CHANGE_FREE = 4 << 20  # bytes that the disk must have left for a change to begin
_RESERVE = 1 << 20  # bytes set aside for a change's result (threat model S55)


class SqliteBackend:
    """The file, for reading and (unless `read_only`) writing."""

    def __init__(
        self,
        path: Path,
        *,
        read_only: bool = False,
        changes_refused: str = "",
        patience: Seconds = PATIENCE,
        now: Callable[[], Instant] = clock.now,
        quota: int = QUOTA,
    ) -> None:
        """Remember where the file is; it is opened with the first call that needs it."""
        self.path = path
        self.now = now
        self.actor = place.account()
        self.patience = patience
        self.quota = quota
        self.changes_refused = changes_refused or ("the journal was opened for reading" if read_only else "")
        self._read_only = read_only
        self._writer = Writer(path, patience=patience)
        self._known = (0, 0)  # (pid, inode) for which schema and identity were looked at

    @contextmanager
    def writing(self) -> Iterator[Tables]:
        """Begin a transaction."""
        if self._read_only:
            raise JournalError("the journal was opened for reading", details=[str(self.path)])
        if self._known[0] != os.getpid():
            place.make_folder(self.path.parent)
            place.make_file(self.path)
        with self._writer.transaction() as connection:
            if self._known != (os.getpid(), self._writer.inode):
                self._prepare(connection)
            yield SqliteTables(connection)

    def _prepare(self, connection: sqlite3.Connection) -> None:
        """Bring the schema up to date, and notice a copied or restored file by its inode."""
        schema.migrate(connection, schema.version(connection, self.path))
        inode = self._writer.inode
        known: int = connection.execute("SELECT inode FROM store").fetchone()[0]
        if known == 0:
            connection.execute("UPDATE store SET inode = ?", (inode,))
        elif known != inode:
            connection.execute("UPDATE store SET inode = ?, generation = generation + 1, accepted = ''", (inode,))
        self._known = (os.getpid(), inode)

    def reading(self, ask: Callable[[Tables], Answer], absent: Answer) -> Answer:
        """Look without writing."""
        return look(self.path, lambda connection: ask(SqliteTables(connection)), absent, patience=self.patience)

    def room(self) -> float:
        """Return which part of the space is used: of the quota, or all of it when the disk is nearly full."""
        try:
            disk = os.statvfs(self.path.parent)
            size = self.path.stat().st_size
        except FileNotFoundError:
            return 0.0
        except OSError as error:
            raise Unreachable("the journal cannot be reached", details=[f"{self.path}: {error.strerror}."]) from error
        return 1.0 if disk.f_bavail * disk.f_frsize < _FREE else size / self.quota

    def reserve(self) -> bool:
        """Set bytes aside on disk that the result of the change may use."""
        if self._read_only:
            return False
        spare = self._spare
        try:
            disk = os.statvfs(self.path.parent)
            if disk.f_bavail * disk.f_frsize < _CHANGE_FREE or self.path.stat().st_size >= self.quota:
                return False
            descriptor = os.open(spare, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
            try:
                if os.fstat(descriptor).st_size < _RESERVE:
                    os.posix_fallocate(descriptor, 0, _RESERVE)
            finally:
                os.close(descriptor)
        except OSError:
            return False
        return True

    @property
    def _spare(self) -> Path:
        return self.path.with_name("journal.reserve")

    def give_reserve(self) -> bool:
        """Free what was set aside."""
        try:
            self._spare.unlink()
        except OSError:
            return False
        return True

    def compact(self) -> None:
        """Overwrite what was removed in the log too."""
        self._writer.checkpoint()

    def check(self) -> list[str]:
        """Return what is wrong with folder, file and tables."""
        found: list[str] = []
        for look_at, path in ((place.check_folder, self.path.parent), (place.check_file, self.path)):
            if path.exists():
                try:
                    look_at(path)
                except JournalError as error:
                    found.append(" ".join((error.what + ".", *error.details)))
        try:
            found += look(self.path, integrity, [], patience=self.patience)
        except JournalError as error:
            found.append(" ".join((error.what + ".", *error.details)))
        return found

    def close(self) -> None:
        """Close the writing connection."""
        self._writer.close()
