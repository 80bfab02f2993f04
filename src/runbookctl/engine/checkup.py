"""What works from here and what does not: the journal, the runbooks, and what the connectors can reach. Reads only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runbookctl import runbook_files
from runbookctl.connectors import Connectors, checks
from runbookctl.connectors.checks import Check, State
from runbookctl.errors import InputError
from runbookctl.journal.open import Unavailable, open_journal
from runbookctl.language import lint, suggest

if TYPE_CHECKING:
    from collections.abc import Sequence

PARTS = ("journal", "runbooks", "kubernetes", "prometheus", "ssh", "gpu")
_CONNECTED = {"kubernetes": "kubernetes", "prometheus": "prometheus", "ssh": "ssh", "gpu": "nvml"}


def checkup(parts: Sequence[str], connectors: Connectors, timeout: float = 10.0) -> tuple[Check, ...]:
    """Return a line per part, all of them when none is named; raise InputError for an unknown part."""
    for part in parts:
        if part not in PARTS:
            hint = suggest.did_you_mean(part, PARTS)
            raise InputError(f'doctor knows no part "{part}"{hint}', details=(f"Parts: {', '.join(PARTS)}.",))
    found: list[Check] = []
    for part in parts or PARTS:
        if part == "journal":
            found.append(_journal())
        elif part == "runbooks":
            found.append(_runbooks())
        else:
            found += checks.check(connectors, (_CONNECTED[part],), timeout)
    return tuple(found)


def _journal() -> Check:
    store = open_journal()
    if isinstance(store, Unavailable):
        text = " ".join((f"{store.why}; runs are shown and not stored.", *store.details))
        return Check(name="journal", state=State.MISSING, text=text, commands=store.commands)
    wrong = store.check()
    if wrong:
        return Check(name="journal", state=State.WARN, text="; ".join(wrong), commands=("runbookctl journal verify",))
    if store.changes_refused:
        return Check(name="journal", state=State.WARN, text=store.changes_refused)
    return Check(name="journal", state=State.OK, text="can be written; runs are stored")


def _runbooks() -> Check:
    found = runbook_files.every()
    wrong = 0
    for one in found:
        root = one.library.folder if one.library else None
        wrong += bool(lint.of_file(one.file, root)[1])
    if wrong:
        text = f"{wrong} of {len(found)} runbooks have mistakes and cannot be run"
        return Check(name="runbooks", state=State.WARN, text=text, commands=("runbookctl lint",))
    return Check(name="runbooks", state=State.OK, text=f"{len(found)} runbooks, no mistakes")
