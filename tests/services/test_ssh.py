"""OpenSSH as it really is: quoting, host keys, login shells, what is left behind."""

from __future__ import annotations

import subprocess
import threading
import time
from pathlib import Path

import pytest

from runbookctl.connectors import Answer, Settings, commands, ssh
from runbookctl.connectors.bounded import Capture
from runbookctl.model import Missing, NodeCommand, ReadFile

WORDS = (
    "plain", "a'b", 'a"b', "a\nb\ntouch /tmp/runbookctl-injected", "$(touch /tmp/runbookctl-injected)", "`id`", "-x",
    "--", "a!b", "!!", "a\\'b", "\\", "é", "a;touch /tmp/runbookctl-injected", "%s*?[a]{b,c}~", "", "tab\tx", "\n",
    "&& false", "| cat", "> /tmp/runbookctl-injected", "#", "${HOME}",
)  # fmt: skip


def remote(node: str, argv: tuple[str, ...], config: Path, timeout: float = 10) -> tuple[commands.Ended, bytes]:
    """Run any argv on a node as the connector does, without its allow-list."""
    settings = Settings(ssh_config=str(config))
    ended = commands.run(
        ssh.client_argv(node, argv, settings, timeout), timeout=timeout, cancel=threading.Event(), capture=Capture()
    )
    return ended, ended.body.partition(ssh.BEGIN)[2]


def ask(node: str, config: Path, *argv: str, timeout: float = 10) -> Answer | Missing:
    """Ask a node as the program does."""
    request = NodeCommand(form="kernel_log", node=node, argv=argv)
    return ssh.ask(request, Settings(ssh_config=str(config)), timeout, threading.Event())


def test_s12_each_word_arrives_as_one_argument(ssh_config: Path) -> None:
    """S12: quotes, newline, `$( )`, leading dash and everything else of a shell arrive as they were sent."""
    _, body = remote("gpu-7", ("printf", "<%s>\\0", "--", *WORDS), ssh_config)
    assert body.decode().split("\0")[1:-1] == [f"<{word}>" for word in WORDS]
    assert not Path("/tmp/runbookctl-injected").exists()


@pytest.mark.parametrize("word", ["plain", "a'b", "a\ntouch /tmp/runbookctl-injected\n:", "a!b", "$(id)"])
def test_s12_a_c_shell_is_refused_and_runs_nothing(csh_node: str, ssh_config: Path, word: str) -> None:
    """S12: an account whose login shell is no POSIX shell gets an answer in words, and nothing was run."""
    ended, body = remote(csh_node, ("echo", word), ssh_config)
    assert ssh.BEGIN not in ended.body
    assert body == b""
    assert not Path("/tmp/runbookctl-injected").exists()
    answer = ask(csh_node, ssh_config, "uname", "-a")
    assert isinstance(answer, Missing)
    assert answer.kind == "refused"
    assert "login shell of csh-7 is not a POSIX shell; nothing was run" in answer.why


def test_a_command_and_a_file_are_answered(ssh_config: Path) -> None:
    """The source of an answer names the node."""
    answer = ask("gpu-7", ssh_config, "uname", "-s")
    assert isinstance(answer, Answer)
    assert (answer.body, answer.source) == (b"Linux\n", "ssh gpu-7")
    file = ReadFile(form="unrecognised", node="gpu-7", path="/proc/version")
    read = ssh.ask(file, Settings(ssh_config=str(ssh_config)), 10, threading.Event())
    assert isinstance(read, Answer)
    assert read.body.startswith(b"Linux version")


@pytest.mark.parametrize(
    ("node", "why", "kind"),
    [
        ("forged-7", "ssh: host key changed; not accepted", "failed"),
        ("new-7", "ssh: host key is not known; not accepted", "failed"),
        ("dead-7", "ssh: connection refused", "failed"),
        ("silent-7", "ssh: no answer in 1s", "timeout"),
    ],
)
def test_a_node_that_cannot_be_reached_says_why(ssh_config: Path, node: str, why: str, kind: str) -> None:
    """Each way to fail has its own phrase."""
    answer = ask(node, ssh_config, "uname", "-s", timeout=1)
    assert isinstance(answer, Missing)
    assert (answer.why, answer.kind) == (why, kind)


def test_a_program_that_a_node_lacks_is_not_installed_there(ssh_config: Path) -> None:
    """A missing program is said with the node it is missing on."""
    answer = ask("gpu-7", ssh_config, "ibdev2netdev")
    assert isinstance(answer, Missing)
    assert answer.why == "ibdev2netdev is not installed on gpu-7"


def test_an_exit_code_is_said_with_the_message(ssh_config: Path) -> None:
    """What the program itself says of its failure is the reason."""
    answer = ask("gpu-7", ssh_config, "cat", "--", "/var/log/no-such-file")
    assert isinstance(answer, Missing)
    assert answer.why == "cat: /var/log/no-such-file: No such file or directory (exit 1)"


def test_nothing_is_left_behind(ssh_config: Path) -> None:
    """S14: no control master, no forwarded agent, no local command, whatever the person's configuration says."""
    ask("gpu-7", ssh_config, "uname", "-s")
    assert not list(ssh_config.parent.glob("*.sock"))
    assert not (ssh_config.parent / "local-command-ran").exists()
    assert "[mux]" not in subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout


def test_a_command_that_hangs_ends_here_and_there(ssh_config: Path) -> None:
    """D1, D10: when the time is over the client is gone, and the node ends the command by itself."""
    ended, _ = remote("gpu-7", ("sleep", "4321"), ssh_config, timeout=1)
    assert ended.reason == "timeout"
    assert not any("(ssh)" in survivor for survivor in ended.survivors)  # the orphan of the sshd of this test is named
    until = time.monotonic() + 8
    while b"4321" in subprocess.run(["pgrep", "-a", "sleep"], capture_output=True, check=False).stdout:
        assert time.monotonic() < until
        time.sleep(0.2)


def test_a_password_prompt_cannot_hang(ssh_config: Path) -> None:
    """D3: without a key that fits, the answer is a refusal, at once."""
    config = ssh_config.parent / "no-key"
    config.write_text(ssh_config.read_text().replace("/client\n", "/other\n"))
    answer = ask("gpu-7", config, "uname", "-s")
    assert isinstance(answer, Missing)
    assert answer.why == "ssh: permission denied"  # not "took longer than": nobody was asked for a password
