"""Here: commands of the allow-list, files, and what is said when there is no answer."""

from __future__ import annotations

import socket
import threading
from pathlib import Path

import pytest

from runbookctl.connectors import Answer, Connectors, Settings, local
from runbookctl.connectors.commands import Ended
from runbookctl.model import Ask, Missing, NodeCommand, ReadFile


def command(*argv: str, accept: tuple[int, ...] = (0,), node: str | None = None) -> NodeCommand:
    """Return a request to this machine."""
    return NodeCommand(form="unrecognised", node=node, argv=argv, accept=accept)


def test_a_command_is_answered_here() -> None:
    """Without a node, or with the name of this machine, nothing is sent through ssh."""
    for node in (None, socket.gethostname().lower()):
        answer = Connectors().send(command("uname", "-s", node=node), 5)
        assert isinstance(answer, Answer)
        assert (answer.body, answer.source, answer.form) == (b"Linux\n", "this machine", "unrecognised")
        assert answer.at.tzinfo is not None


@pytest.mark.skipif(not Path("/proc/version").exists(), reason="no /proc")
def test_a_file_is_read() -> None:
    """A known file of this machine."""
    answer = Connectors().send(ReadFile(form="unrecognised", node=None, path="/proc/version"), 5)
    assert isinstance(answer, Answer)
    assert answer.body == Path("/proc/version").read_bytes()


def test_a_file_that_is_not_known_is_not_read() -> None:
    """S19b: no private key by way of a runbook."""
    answer = Connectors().send(ReadFile(form="unrecognised", node=None, path="/etc/shadow"), 5)
    assert isinstance(answer, Missing)
    assert answer.kind == "refused"


def test_the_reason_is_what_the_program_says() -> None:
    """The exit code alone tells nobody anything."""
    answer = Connectors().send(command("cat", "/var/log/no-such-file"), 5)
    assert isinstance(answer, Missing)
    assert answer.why == "cat: /var/log/no-such-file: No such file or directory (exit 1)"
    assert answer.obtain == "cat /var/log/no-such-file"


def test_an_exit_code_can_be_an_answer() -> None:
    """The program says 1 for "no such line"."""
    answer = Connectors().send(command("grep", "-e", "no such line", "/proc/version", accept=(0, 1)), 5)
    assert isinstance(answer, Answer)
    assert answer.body == b""


def test_a_program_that_is_not_installed_is_said() -> None:
    """In the words of the on-call engineer."""
    answer = local.unanswered(Ended("not installed"), ("nvidia-smi", "-q"), (0,), 10, "nvidia-smi -q")
    assert answer == Missing(why="nvidia-smi is not installed", obtain="nvidia-smi -q")


@pytest.mark.parametrize(
    ("ended", "why"),
    [
        (Ended("timeout"), "no answer in 10s"),
        (Ended("timeout", survivors=("pid 7 (sudo)",)), "no answer in 10s; still running: pid 7 (sudo)"),
        (Ended("cancelled"), "stopped before it answered"),
        (Ended("exit", 1, errors=b"dmesg: read kernel buffer failed: Operation not permitted\n"),
         "dmesg: read kernel buffer failed: Operation not permitted (exit 1)"),
        (Ended("exit", 9, body=b"Failed\x1b[2J to talk\nmore"), "dmesg: Failed [2J to talk (exit 9)"),
        (Ended("exit", -11), "dmesg: killed by signal 11"),
    ],
)  # fmt: skip
def test_each_end_has_its_phrase(ended: Ended, why: str) -> None:
    """One phrase, no control characters."""
    answer = local.unanswered(ended, ("/usr/bin/dmesg",), (0,), 10, "dmesg")
    assert answer is not None
    assert answer.why == why


@pytest.mark.skipif(not Path("/proc/vmstat").exists(), reason="no /proc")
def test_an_answer_is_bounded_and_says_so() -> None:
    """S7: the limit of the settings holds, and what was cut is counted."""
    connectors = Connectors(Settings(limit=40_000))
    answer = connectors.send(command("cat", *["/proc/vmstat"] * 40), 20)
    assert isinstance(answer, Answer)
    assert answer.shortened is not None
    assert answer.shortened.bytes > 10_000
    assert b" left out]\n" in answer.body


def test_a_stopped_run_sends_nothing() -> None:
    """Cancel before the start is cancel."""
    cancel = threading.Event()
    cancel.set()
    answer = Connectors().send(command("uname"), 5, cancel)
    assert isinstance(answer, Missing)
    assert answer.kind == "not asked"


def test_a_question_to_a_person_is_not_sent() -> None:
    """`ask` and `compute` are not for connectors: sending them is a bug."""
    with pytest.raises(TypeError, match="Ask asks nothing outside"):
        Connectors().send(Ask(form="ask", question="Is it on?"), 5)
