"""Short ids: `r-4kx9` for a run, `a-9d2m` for an approval; any unique beginning is enough to name one.

Pure, but for the journal it is given to ask.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable

from runbookctl.errors import InputError
from runbookctl.journal.interface import Approvals, Journal, RunId, Runs

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's base32: no i, l, o, u. Source: crockford.com/base32.html. Read with i, l as 1 and o as 0."""

_LOOKALIKE = str.maketrans("ilo", "110")
_SHORTEST = 4
_TRIES = 8  # at each length, before a longer one is tried


def fresh(prefix: str, taken: Callable[[str], bool]) -> str:
    """Return an id that is not `taken`: four characters, more when the short ones are used up."""
    length = _SHORTEST
    while True:
        for _ in range(_TRIES):
            name = f"{prefix}-" + "".join(secrets.choice(ALPHABET) for _ in range(length))
            if not taken(name):
                return name
        length += 1


def fresh_approval(journal: Journal) -> str:
    """Return an id for a new approval."""
    return fresh("a", lambda name: bool(journal.read(Approvals(prefix=name), limit=1).rows))


def resolve_run(journal: Journal, text: str, *, by: str = "") -> RunId:
    """Return the run that `text` names: an id, a unique beginning of one, or `last` (the last run of `by`).

    Raises InputError when none or several match.
    """
    if text == "last":
        return _last(journal, by)
    for name in dict.fromkeys((text, _plain(text))):
        rows = journal.read(Runs(prefix=name), limit=20).rows
        exact = [row.run for row in rows if row.run == name]
        if exact or len(rows) == 1:
            return exact[0] if exact else rows[0].run
        if rows:
            found = ", ".join(sorted(row.run for row in rows))
            raise InputError(f'"{text}" begins more than one run: {found}', commands=[f"runbookctl show {rows[0].run}"])
    raise InputError(f'no run "{text}" in this journal', commands=["runbookctl status"])


def resolve_approval(journal: Journal, text: str) -> str:
    """Return the approval that `text` names. Raises InputError when none or several match."""
    rows = journal.read(Approvals(prefix=_plain(text)), limit=20).rows
    exact = [row.id for row in rows if row.id == _plain(text)]
    if exact or len(rows) == 1:
        return exact[0] if exact else rows[0].id
    what = f'"{text}" begins more than one approval' if rows else f'no approval "{text}" in this journal'
    raise InputError(what, details=[row.id for row in rows], commands=["runbookctl status"])


def _last(journal: Journal, by: str) -> RunId:
    for row in journal.read(Runs(by=by), limit=50).rows:
        if row.origin == "own" and row.run.startswith("r-"):
            return row.run
    raise InputError("there is no last run: this journal holds none of yours", commands=["runbookctl list"])


def _plain(text: str) -> str:
    """Return an id as written: lower case, with its dash, look-alike letters read as digits."""
    head, dash, rest = text.strip().lower().partition("-")
    return head + dash + rest.translate(_LOOKALIKE)
