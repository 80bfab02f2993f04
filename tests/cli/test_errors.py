"""How commands end that did not do what was asked: user errors, interrupts, mistakes of our own."""

from __future__ import annotations

import io
import json
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from runbookctl import cli
from runbookctl.cli import errors, group
from runbookctl.cli.group import Session
from runbookctl.cli.terminal import Terminal
from runbookctl.errors import InputError, Interrupted, JournalError, NotPossibleHere, RunbookError


def told(session: Session, call: Callable[[Session], int]) -> tuple[int, str, str]:
    """Return exit status, standard output and standard error of telling something."""
    out, err = io.StringIO(), io.StringIO()
    session._terminals = (Terminal(out, {}), Terminal(err, {}))
    status = call(session)
    return status, out.getvalue(), err.getvalue()


@pytest.mark.parametrize("kind", [InputError, NotPossibleHere, JournalError])
def test_an_error_says_what_why_and_what_to_do(kind: type[InputError]) -> None:
    """What happened, indented details, and a command at last; exit 2."""
    error = kind(
        "no cluster is configured", details=["KUBECONFIG is not set."], commands=["runbookctl doctor kubernetes"]
    )
    status, out, err = told(Session([]), lambda session: errors.tell(error, session))
    assert (status, out) == (2, "")
    assert err == "error: no cluster is configured\n  KUBECONFIG is not set.\n  runbookctl doctor kubernetes\n"


def test_every_mistake_of_a_runbook_is_told_with_its_place() -> None:
    """The lines of a mistake, with the marker under the word, keep their columns."""
    mistake = "a.yaml:3:1: unknown key\n  abuot: x\n  ^^^^^"
    _, _, err = told(
        Session([]), lambda session: errors.tell(RunbookError("1 mistake in a.yaml", details=[mistake]), session)
    )
    assert err == "error: 1 mistake in a.yaml\n  a.yaml:3:1: unknown key\n    abuot: x\n    ^^^^^\n"


def test_an_interrupt_says_what_the_engine_says() -> None:
    """How far it came is the engine's word; the exit status is 130."""
    error = Interrupted(
        "Stopped. 4 of 6 steps are stored; nothing of ours still runs.", commands=["runbookctl show r-4kx9"]
    )
    status, _, err = told(Session(["run", "a/b"]), lambda session: errors.tell(error, session))
    assert status == 130
    assert err == "Stopped. 4 of 6 steps are stored; nothing of ours still runs.\nNext  runbookctl show r-4kx9\n"


def test_a_mistake_of_ours_is_told_in_words_and_kept_in_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The terminal gets two lines and a path; the traceback is in a file that only its owner reads."""
    monkeypatch.setenv("RUNBOOKCTL_HOME", str(tmp_path / "home"))

    def fails(session: Session) -> int:
        try:
            from runbookctl.language.units import parse_duration

            parse_duration(None)  # type: ignore[arg-type]
        except TypeError as error:
            return errors.tell_mistake(error, session)
        raise AssertionError

    status, _, err = told(Session(["run", "k8s/x"]), fails)
    assert status == 2
    lines = err.splitlines()
    assert lines[0] == "error: a mistake in runbookctl, in language.units"
    assert "Traceback" not in err
    path = Path(lines[-1].split()[-1])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    report = path.read_text(encoding="utf-8")
    assert "Traceback" in report
    assert "runbookctl run k8s/x" in report


def test_a_report_that_cannot_be_kept_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a state folder the error is still words and no traceback."""
    blocked = tmp_path / "file"
    blocked.write_text("")
    monkeypatch.setenv("RUNBOOKCTL_HOME", str(blocked / "below"))
    _, _, err = told(Session([]), lambda session: errors.tell_mistake(ValueError("x"), session))
    assert "The report could not be kept" in err
    assert "Traceback" not in err


def test_a_mistake_in_a_command_never_reaches_the_terminal_as_a_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever a command raises, `main` returns an exit status and says it in words."""
    monkeypatch.setenv("RUNBOOKCTL_HOME", str(tmp_path / "home"))

    @group.define("Usage: broken")
    def broken() -> int:
        raise ZeroDivisionError

    monkeypatch.setattr(group.Root, "get_command", lambda *_: broken)
    monkeypatch.setitem(group.COMMANDS, "broken", "broken")
    assert cli.main(["broken", "--output", "json"]) == 2
    shown = capsys.readouterr()
    assert json.loads(shown.out)["error"]["what"].startswith("a mistake in runbookctl")
    assert "Traceback" not in shown.err


@pytest.mark.parametrize("wrong", [KeyboardInterrupt, EOFError])
def test_ctrl_c_anywhere_is_130(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], wrong: type[BaseException]
) -> None:
    """A command that was interrupted outside a run says so and exits 130."""

    @group.define("Usage: broken")
    def broken() -> int:
        raise wrong

    monkeypatch.setattr(group.Root, "get_command", lambda *_: broken)
    assert cli.main(["broken"]) == 130
    assert capsys.readouterr().err == "Stopped.\n"


def test_a_locale_that_cannot_say_it_gets_an_escape(run: Callable[..., object]) -> None:
    """With an ASCII output Chinese is escaped; nothing fails."""
    shown = run("list", "causes", "--lang", "zh", PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert shown.returncode == 0  # type: ignore[attr-defined]
    assert "\\u" in shown.stdout  # type: ignore[attr-defined]
