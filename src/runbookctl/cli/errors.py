"""How a command ends that did not do what was asked: a user error, Ctrl-C, a mistake of our own. Never a traceback.

Text goes to standard error; with --output json an object {"error": {"what", "details", "commands"}} also to standard
output, so that a program reads one place.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import platform
import traceback
from collections.abc import Sequence
from pathlib import Path

import click

from runbookctl import __version__
from runbookctl.cli.foreign import json_shown, shown
from runbookctl.cli.group import Session, nearest
from runbookctl.cli.line import Line, Style
from runbookctl.cli.rows import prose
from runbookctl.cli.texts import say
from runbookctl.errors import ExitStatus, Interrupted, RunbookctlError

_INDENT = 2
_PACKAGE = "runbookctl."


def tell(error: RunbookctlError | click.ClickException, session: Session) -> int:
    """Print an error that a person can act on; return its exit status."""
    if isinstance(error, Interrupted):
        return _stopped(session, [error.what, *error.details], error.commands)
    if isinstance(error, RunbookctlError):
        write(session, error.what, error.details, error.commands)
        return int(error.exit_status)
    what, commands = _of_click(error)
    write(session, what, (), commands)
    return int(ExitStatus.WRONG_INPUT)


def write(session: Session, what: str, details: Sequence[str], commands: Sequence[str]) -> None:
    """Print what happened, where and why, and the commands to type next; the last line is a command."""
    err = session.err
    lines = [Line("error:", Style.RED).add(f" {what}")]
    layout = err.layout(session.lang)
    for detail in details:
        if "\n" in detail or ":1: " in detail or not err.tty:
            lines += [Line(" " * _INDENT + part) for part in detail.split("\n")]
        else:
            lines += prose(detail, _INDENT, layout)
    lines += [Line(" " * _INDENT + command) for command in commands]
    err.lines(lines)
    if session.json:
        _json(session, what, details, commands)


def _json(session: Session, what: str, details: Sequence[str], commands: Sequence[str]) -> None:
    told = {"error": {"what": what, "details": list(details), "commands": list(commands)}}
    session.out.write(json_shown(json.dumps(told, ensure_ascii=False, indent=2)) + "\n")


def warn(session: Session, what: str, details: Sequence[str] = ()) -> None:
    """Print a warning: the command goes on. Nothing with --quiet."""
    if not session.quiet:
        lines = [Line("warning:", Style.YELLOW).add(f" {what}")]
        session.err.lines([*lines, *(Line(" " * _INDENT + detail) for detail in details)])


def _of_click(error: click.ClickException) -> tuple[str, list[str]]:
    """Say what click found wrong in our words."""
    context = error.ctx if isinstance(error, click.UsageError) else None
    path = context.command_path if context else "runbookctl"
    message = error.format_message()
    if isinstance(error, click.NoSuchOption):
        names = [name for each in (context.command.params if context else []) for name in each.opts]
        message = f"no option {error.option_name}{nearest(error.option_name, names)}"
    elif isinstance(error, click.MissingParameter) and error.param is not None:
        message = f"{error.param.human_readable_name.upper()} is missing"
    elif isinstance(error, click.BadParameter) and error.param is not None:
        names = [name for name in error.param.opts if name.startswith("--")]
        message = f"{names[0] if names else error.param.human_readable_name}: {error.message}"
    return _plain(message), [f"{path} --help"]


def _plain(message: str) -> str:
    """Begin small and end without a full stop, as all errors here do."""
    text = message.strip().removesuffix(".")
    return text[:1].lower() + text[1:] if text[1:2].islower() else text


# --- Ctrl-C ------------------------------------------------------------------------------------------------------


def tell_stopped(session: Session) -> int:
    """Say how far the run came when it was stopped outside the engine, and how to do it again."""
    steps = session.watched
    words = "Stopped."
    if steps is not None and steps.rows and not steps.pieces:
        words += " " + say(session.lang, "stored_steps", done=steps.ended, all=len(steps.rows))
    return _stopped(session, [words], [session.again] if steps is not None else [])


def _stopped(session: Session, told: Sequence[str], commands: Sequence[str]) -> int:
    lines = [Line(text) for text in told]
    lines += [Line(f"{say(session.lang, 'next')}  ").add(command, Style.BOLD) for command in commands[:1]]
    session.err.lines(lines)
    if session.json:
        _json(session, told[0], told[1:], commands)
    return int(ExitStatus.INTERRUPTED)


# --- our own mistakes --------------------------------------------------------------------------------------------


def tell_mistake(error: Exception, session: Session) -> int:
    """Say that the program is wrong, not the person; keep the traceback in a file of the state folder."""
    if isinstance(error, BrokenPipeError):
        return int(ExitStatus.WRONG_INPUT)  # standard error is gone; nobody is left to be told
    if isinstance(error, MemoryError):
        write(session, "there is not enough memory for this input", (), ["runbookctl analyze --help"])
        return int(ExitStatus.WRONG_INPUT)
    details = ["Nothing was changed, and what you typed is not the reason."]
    try:
        kept = _keep(error, session)
        details.append(f"The report with the traceback is kept: {kept}")
        commands = [f"less {kept}"]
    except (OSError, RunbookctlError) as reason:
        why = reason.what if isinstance(reason, RunbookctlError) else reason.strerror or str(reason)
        details.append(f"The report could not be kept: {why}.")
        commands = ["runbookctl doctor"]
    write(session, f"a mistake in runbookctl, in {_where(error)}", details, commands)
    return int(ExitStatus.WRONG_INPUT)


def _where(error: Exception) -> str:
    """Return the innermost module of ours: `k8s.pods` for a probe, else `engine.judge`."""
    names = [frame.f_globals.get("__name__", "") for frame, _ in traceback.walk_tb(error.__traceback__)]
    ours = [name.removeprefix(_PACKAGE) for name in names if name.startswith(_PACKAGE)]
    inner = [name for name in ours if not name.startswith("cli")] or ours
    return inner[-1].removeprefix("probes.") if inner else "cli"


def _keep(error: Exception, session: Session) -> Path:
    """Write the report where only its owner reads it; the file is new and never follows a link (S26)."""
    from runbookctl.journal import place

    folder = place.folder(None, os.environ)
    place.make_folder(folder)
    reports = folder / "reports"
    reports.mkdir(mode=0o700, exist_ok=True)
    path = reports / f"{dt.datetime.now(dt.UTC):%Y-%m-%dT%H%M%SZ}-{os.getpid()}.txt"
    text = "".join(traceback.format_exception(error))
    report = (
        f"runbookctl {__version__}, Python {platform.python_version()}, {platform.system()} {platform.machine()}\n"
        f"{session.again}\n\n{text}"
    )
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
        file.write(shown(report, lines=True))
    return path
