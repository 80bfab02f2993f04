"""Finding the journal: the state folder, whether it may be used, who is in the way. A diagnosis goes on without it.

Touches the state folder only.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from msgspec import Struct

from runbookctl.errors import JournalError
from runbookctl.journal import place
from runbookctl.journal.sqlite import PATIENCE, SqliteBackend
from runbookctl.journal.store import TableStore
from runbookctl.journal.values import Seconds


class Unavailable(Struct, frozen=True, kw_only=True):
    """The journal cannot be used: `why` in one line, more in `details`, what to do in `commands`."""

    why: str
    details: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()

    def error(self) -> JournalError:
        """Return it as an error, for those who cannot go on without the journal."""
        return JournalError(self.why, details=self.details, commands=self.commands)


def open_journal(
    home: Path | None = None,
    *,
    read_only: bool = False,
    patience: Seconds = PATIENCE,
    environ: Mapping[str, str] | None = None,
    file_system: Callable[[Path], str] = place.file_system,
) -> TableStore | Unavailable:
    """Return the journal of this account, or why it cannot be used.

    Reading creates nothing: without a journal every list is empty. For writing, the lock is waited for at most
    `patience` seconds, and whoever holds it is named. On a network file system the journal is kept on local disk, and
    refuses changes (`changes_refused`): locks that another machine grants prove nothing (threat model S27).
    """
    surroundings = os.environ if environ is None else environ
    try:
        folder = place.folder(home, surroundings)
        kind = file_system(folder)
        refused = ""
        if place.is_network(kind):
            folder = place.local_folder(surroundings, lambda path: place.is_network(file_system(path)))
            refused = f"{place.folder(home, surroundings)} lies on {kind}, so this run is kept in {folder}"
        if read_only:
            return _for_reading(folder, refused, patience)
        store = TableStore(SqliteBackend(folder / place.FILE, changes_refused=refused, patience=patience))
        store.probe()
    except JournalError as error:
        return Unavailable(why=error.what, details=error.details, commands=error.commands)
    return store


def _for_reading(folder: Path, refused: str, patience: Seconds) -> TableStore:
    if folder.exists():
        place.check_folder(folder)
    path = folder / place.FILE
    if path.is_symlink() or path.exists():
        place.check_file(path)
    backend = SqliteBackend(path, read_only=True, changes_refused=refused, patience=patience)
    store = TableStore(backend)
    store.epoch()
    return store
