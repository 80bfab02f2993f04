"""The command line: parse, call the application, print. This module is the start: only click and the errors are loaded.

Every command is a module of its own that is imported when it is called, and heavy packages only inside the function
that needs them: `runbookctl --help` costs little more than importing click.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import click

from runbookctl.cli.group import Session, root
from runbookctl.errors import ExitStatus, RunbookctlError

_COMPLETION = "_RUNBOOKCTL_COMPLETE"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status (errors.ExitStatus); nothing that happens here shows a traceback."""
    typed = list(sys.argv[1:] if arguments is None else arguments)
    if _COMPLETION in os.environ:
        return _complete(os.environ[_COMPLETION])
    session = Session(typed)
    before = _end_like_ctrl_c()
    try:
        return _invoke(session, typed)
    except (RunbookctlError, click.ClickException) as error:
        from runbookctl.cli.errors import tell

        return tell(error, session)
    except (KeyboardInterrupt, click.Abort, EOFError):
        from runbookctl.cli.errors import tell_stopped

        return tell_stopped(session)
    except Exception as error:  # noqa: BLE001 - the one place where our own mistakes end: told in words, kept in a file
        from runbookctl.cli.errors import tell_mistake

        return tell_mistake(error, session)
    finally:
        _restore(before)


def _invoke(session: Session, typed: list[str]) -> int:
    try:
        with root.make_context("runbookctl", typed, obj=session) as context:
            return int(root.invoke(context) or 0)
    except click.exceptions.Exit as end:
        return end.exit_code


def _complete(instruction: str) -> int:
    """Answer the shell; whatever goes wrong, a person who presses Tab gets no completion and no traceback."""
    from click.shell_completion import shell_complete

    try:
        return shell_complete(root, {}, "runbookctl", _COMPLETION, instruction)
    except Exception:  # noqa: BLE001 - the command itself will tell what is wrong
        return int(ExitStatus.WRONG_INPUT)


def _end_like_ctrl_c() -> object:
    """Let SIGTERM (systemd, Kubernetes) end a command as Ctrl-C does; return what stood there before."""
    import signal
    import threading

    if threading.current_thread() is not threading.main_thread():
        return None  # a caller's thread: signals are the caller's

    def stop(number: int, frame: object) -> None:  # noqa: ARG001 - the signature of a signal receiver
        raise KeyboardInterrupt

    return signal.signal(signal.SIGTERM, stop)


def _restore(before: object) -> None:
    if before is not None:
        import signal

        signal.signal(signal.SIGTERM, before)  # type: ignore[arg-type]  # what signal.signal itself returned


__all__ = ["ExitStatus", "main"]
