"""On a real pseudo-terminal: the list stays in place, the result is the text of a pipe, Ctrl-C stops in order."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

HERE = Path(__file__).resolve().parent
RECORDINGS = HERE.parent / "recordings" / "cli"
SCRIPT = str(HERE / "recorded_run.py")

HEAD = "k8s/oom-crashloop  Why does this pod crash or restart?                    r-4kx9"
LIST = [
    "  ✓ Read the pod                         e1   1 pod, 1 container           0.08s",
    "  ✓ Read its events                      e2   7 events                     0.08s",
    "  ✓ Read the log before its last exit    e3   3 lines                      0.08s",
    "  ✓ Read its owner and siblings          e4   1 deployment, 1 pod          0.08s",
    "  ! Read the kernel log of its node      e5   61 lines, cut short          0.08s",
    "  ? Read memory use                      e6   Prometheus is not configured",
]


def _screen() -> ModuleType:
    spec = importlib.util.spec_from_file_location("screen", HERE / "screen.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["screen"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


screen = _screen()
Play = Callable[..., "screen.Ended"]  # type: ignore[name-defined]  # loaded from its file


@pytest.fixture
def play(environment: dict[str, str], tmp_path: Path) -> Play:
    """Return a function that plays a recorded run on a terminal."""

    def call(*arguments: str, width: int = 80, typed: tuple[tuple[str, str], ...] = (), **variables: str) -> object:
        given = environment | {"LANG": "C.UTF-8"} | variables
        return screen.play([SCRIPT, *arguments], width=width, environment=given, folder=tmp_path, typed=typed)

    return call


def expected(name: str, width: int = 80) -> list[str]:
    """Return the recorded text of a result."""
    return (RECORDINGS / f"{name}.{width}.txt").read_text(encoding="utf-8").splitlines()


def unwrapped(lines: list[str], width: int) -> list[str]:
    """Join lines that the terminal broke because a command is longer than the screen."""
    joined: list[str] = []
    for line in lines:
        if (
            joined
            and len(joined[-1]) % width == 0
            and joined[-1]
            and not line.startswith(" " * 2)
            and "  " not in line[:6]
        ):
            joined[-1] += line
        else:
            joined.append(line)
    return joined


def test_the_list_ends_in_place_and_the_result_stands_under_it(play: Play) -> None:
    """After the run the screen is the transcript of the user guide: list, empty line, result."""
    ended = play("oom")
    assert ended.status == 1
    lines = [line for line in unwrapped(ended.lines, 80) if line] or ended.lines
    assert lines[:7] == [HEAD, *LIST]
    assert ended.lines[7] == ""
    shown = "\n".join(lines[7:])
    for line in expected("oom"):
        assert line[:78] in shown


@pytest.mark.parametrize("width", [60, 80, 120])
def test_every_width_shows_every_step_once(play: Play, width: int) -> None:
    """The list is redrawn without leaving a trace of earlier frames, whatever the width."""
    ended = play("partial", "0.2", width=width)
    assert ended.status == 3
    for number in range(1, 7):
        assert sum(f"e{number} " in line for line in ended.lines[:8]) == 1
    assert ended.text.count("UNKNOWN") == 1
    assert not any(char in ended.text for char in "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏")


@pytest.mark.parametrize("width", [60, 120])
def test_the_list_moves_while_it_runs(play: Play, width: int) -> None:
    """Frames were drawn in between: the spinner was seen, the final screen has none."""
    ended = play("clear-run", "0.3", width=width)
    assert any(char in ended.sent for char in "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏")


def test_no_colour_changes_no_character(play: Play) -> None:
    """NO_COLOR takes the colours away and nothing else."""
    plain, coloured = play("oom", NO_COLOR="1"), play("oom")
    assert plain.lines == coloured.lines
    assert not re.search(r"\x1b\[[0-9;]*m", plain.sent)
    assert re.search(r"\x1b\[1;31mCAUSE", coloured.sent)


def test_a_dumb_terminal_gets_plain_lines(play: Play) -> None:
    """TERM=dumb: ASCII, nothing moves, no escape sequence at all."""
    ended = play("oom", TERM="dumb")
    assert "\x1b" not in ended.sent
    assert ended.sent.isascii()
    assert ended.lines[1] == LIST[0].replace("✓", "+")


def test_ascii_can_be_asked_for(play: Play) -> None:
    """RUNBOOKCTL_ASCII=1 draws marks and spinner in ASCII."""
    assert play("oom", RUNBOOKCTL_ASCII="1").sent.isascii()


def test_the_result_in_a_pipe_is_the_result_on_the_terminal(environment: dict[str, str]) -> None:
    """Standard output into a pipe has the same result, the list stays on the terminal."""
    piped = subprocess.run([sys.executable, SCRIPT, "oom"], capture_output=True, env=environment, check=False)
    assert piped.stdout.decode().splitlines() == expected("oom")
    log = piped.stderr.decode().splitlines()
    assert len(log) == 6
    assert re.fullmatch(r'\d\d:\d\d:\d\dZ r-4kx9 step memory missing e6 "Prometheus is not configured"', log[-1])


def test_quiet_leaves_standard_error_empty(environment: dict[str, str]) -> None:
    """--quiet drops the progress, the result stays."""
    piped = subprocess.run(
        [sys.executable, SCRIPT, "oom", "--quiet"], capture_output=True, env=environment, check=False
    )
    assert piped.stderr == b""
    assert piped.stdout.decode().splitlines() == expected("oom")


def test_ctrl_c_says_what_is_open_and_how_far_it_came(play: Play) -> None:
    """The first Ctrl-C is heard at once; the list stands, the exit status is 130, the next command is there."""
    ended = play("oom", "1.5", typed=(("0.5s", "^C"),))
    assert ended.status == 130
    assert "Stopping. Open: Read the pod. Ctrl-C again kills it." in ended.text
    assert "Stopped. 0 of 6 steps are stored." in ended.text
    assert ended.lines[-2].startswith("Next  runbookctl recorded oom 1.5")
    assert "Traceback" not in ended.text


def test_sigterm_stops_like_ctrl_c(environment: dict[str, str]) -> None:
    """Systemd and Kubernetes end a run as a person does: it stops in order and says 130."""
    with subprocess.Popen(
        [sys.executable, SCRIPT, "oom", "30"], stderr=subprocess.PIPE, env=environment, text=True
    ) as child:
        time.sleep(1.5)
        child.terminate()
        assert child.stderr
        told = child.stderr.read()
    assert child.returncode == 130
    assert told.startswith("Stopping. Open: Read the pod. Ctrl-C again kills it.\nStopped. 0 of 6 steps are stored.\n")


def test_a_second_ctrl_c_ends_the_process(play: Play) -> None:
    """Who presses twice does not wait for a step that hangs."""
    ended = play("oom", "30", "--hang", typed=(("0.5s", "^C"), ("Stopping.", "^C")))
    assert ended.status == 130
    assert ended.sent.rindex("\x1b[?25h") > ended.sent.rindex("\x1b[?25l"), "the cursor is visible again"


def test_step_asks_before_each_step(play: Play) -> None:
    """--step: Enter or y reads, s skips and the step is missing, "not asked"."""
    answers = (
        ("Read the pod?", "\n"),
        ("Read its events?", "s\n"),
        ("exit?", "y\n"),
        ("siblings?", "y\n"),
        ("node?", "y\n"),
        ("use?", "y\n"),
    )
    ended = play("oom", "--step", typed=answers)
    assert "Read the pod? [Y]es [s]kip [q]uit" in ended.text
    events = next(line for line in ended.lines if "Read its events  " in line)
    assert events.startswith("  ? ")
    assert events.endswith("not asked")


def test_a_question_takes_the_list_away_and_brings_it_back(play: Play) -> None:
    """A person is asked without the list drawing over the question; the answer is in the list."""
    ended = play("oom", "0.3", "--ask", typed=(("[yes | no]", "y\n"),))
    assert "Is the job still running? [yes | no] y" in ended.text
    assert sum("Read its owner and siblings" in line for line in ended.lines) == 1
    assert any(re.search(r"✓ Read its owner and siblings +e4 +yes", line) for line in ended.lines)


def test_chinese_on_a_terminal_is_aligned(play: Play) -> None:
    """Labels of two cells each leave the columns straight."""
    ended = play("oom", "--lang", "zh", width=100)
    assert any(line.startswith("根因  container_oom_killed") for line in ended.lines)
    assert any(line.startswith("下一步  runbookctl") for line in ended.lines)
