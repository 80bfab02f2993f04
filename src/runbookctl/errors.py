"""The error tree and the exit codes.

    RunbookctlError            what, where, what to do: never a traceback
      InputError               wrong input: an argument, a file, a runbook          exit 2
        RunbookError           every mistake of one runbook file, with its place    exit 2
      NotPossibleHere          no cluster, a missing extra, no permission           exit 2
      JournalError             the journal cannot be read or written                exit 2
      Interrupted              Ctrl-C                                               exit 130

Expected trouble (a refused read, a missing file on a node) is a value, `model.Missing`, and no error.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Sequence


class ExitStatus(IntEnum):
    """What the process says to its caller (design: command line)."""

    CLEAR = 0
    CAUSES = 1
    WRONG_INPUT = 2
    UNKNOWN = 3
    NOT_APPROVED = 4
    CHANGE_FAILED = 5
    INTERRUPTED = 130


class RunbookctlError(Exception):
    """Something a person can act on: `what` happened, `details` about where and why, `commands` to do next."""

    exit_status: ClassVar[ExitStatus] = ExitStatus.WRONG_INPUT

    def __init__(self, what: str, *, details: Sequence[str] = (), commands: Sequence[str] = ()) -> None:
        """Keep the one-line `what`, more lines in `details`, and `commands` that can be pasted."""
        super().__init__(what)
        self.what = what
        self.details = tuple(details)
        self.commands = tuple(commands)


class InputError(RunbookctlError):
    """An argument, an input or a file is not what it must be."""


class RunbookError(InputError):
    """All mistakes of one runbook file at once; each line of `details` begins with file:line:column."""


class NotPossibleHere(RunbookctlError):  # noqa: N818 - the sentence it stands for
    """Right in itself, but this machine lacks what it takes."""


class JournalError(RunbookctlError):
    """The journal cannot be opened, read or written."""


class Interrupted(RunbookctlError):  # noqa: N818 - nobody erred
    """A person pressed Ctrl-C, or the process was asked to end."""

    exit_status: ClassVar[ExitStatus] = ExitStatus.INTERRUPTED
