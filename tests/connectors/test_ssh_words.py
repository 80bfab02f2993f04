"""What is given to ssh, and which nodes are asked. The real server is in tests/services."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runbookctl.connectors import Settings, ssh
from runbookctl.model import Missing, NodeCommand

WORDS = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=20)
TRICKY = st.text("a\n'\"$(`)\\-! \t{}[]*;&|<>#~%", max_size=12)


@pytest.mark.parametrize(
    "node",
    [
        "gpu-7", "gpu007", "ip-10-0-0-1.ec2.internal", "10.0.0.5", "a", "3com",
    ],
)  # fmt: skip
def test_a_host_name_is_a_node(node: str) -> None:
    """RFC 1123 in lower case."""
    assert ssh.node_refusal(node) is None


@pytest.mark.parametrize(
    "node",
    [
        "-oProxyCommand=id", "--", "", "root@gpu-7", "gpu-7:2222", "GPU-7", "gpu-7.", ".gpu", "a..b", "gpu 7", "gpu\n7",
        "gpu-7;id", "$(id)", "a/b", "::1", "169.254.169.254", "2852039166", "0xa9fea9fe", "0251.0376.0251.0376",
        "169.254.43518", "metadata.google.internal", "100.100.100.200", "0.0.0.0", "224.0.0.1", "10.5", "167772165",
        "gpü", "x" * 64, "a." * 127 + "ab",
    ],
)  # fmt: skip
def test_what_is_no_plain_host_is_not_asked(node: str) -> None:
    """S11, S13: no option, user, port, metadata or link-local address, in any spelling."""
    assert ssh.node_refusal(node)
    request = NodeCommand(form="kernel_log", node=node, argv=("dmesg", "-x"))
    answer = ssh.ask(request, Settings(), 5, threading.Event())
    assert isinstance(answer, Missing)
    assert answer.kind == "refused"


def test_with_an_inventory_only_its_nodes_are_asked() -> None:
    """S13: a label or a chat cannot choose another host."""
    nodes = frozenset({"gpu-7"})
    assert ssh.node_refusal("gpu-7", nodes) is None
    assert ssh.node_refusal("evil.example", nodes) == "not a node of the inventory"


def test_the_client_is_told_not_to_ask_forward_or_stay(tmp_path: Path) -> None:
    """S14: every option that a site file or a person might set otherwise stands on the command line, before `--`."""
    argv = ssh.client_argv("gpu-7", ("dmesg", "-x"), Settings(ssh_config=str(tmp_path / "site")), 7.5)
    assert argv[:3] == ["ssh", "-F", str(tmp_path / "site")]
    assert argv[-3:-1] == ["--", "gpu-7"]
    for option in (
        "BatchMode=yes", "StrictHostKeyChecking=yes", "ForwardAgent=no", "PermitLocalCommand=no", "ControlPersist=no",
        "ControlMaster=no", "ConnectTimeout=7", "PasswordAuthentication=no",
    ):  # fmt: skip
        assert option in argv


@settings(deadline=None, max_examples=60)
@given(st.lists(WORDS | TRICKY, min_size=1, max_size=5))
def test_s12_words_pass_a_posix_shell_one_by_one(words: list[str]) -> None:
    """S12: the line that a login shell parses gives back exactly the words."""
    line = ssh.remote_line(("printf", "<%s>\\0", "--", *words), 5)
    told = subprocess.run(["sh", "-c", line], capture_output=True, check=True).stdout.partition(ssh.BEGIN)[2]
    assert told == b"<--\x3e\0" + b"".join(b"<" + word.encode() + b">\0" for word in words)
    assert "\n" not in line


@pytest.mark.parametrize("shell", ["csh", "tcsh", "fish"])
@pytest.mark.parametrize("word", ["plain", "a'b", "a\ntouch INJECTED\n:", "!!", "a!b", "$(touch INJECTED)"])
def test_s12_other_shells_run_nothing(shell: str, word: str, tmp_path: Path) -> None:
    """S12: a C shell or fish stops at the first word of the line."""
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed")
    injected = tmp_path / "injected"
    line = ssh.remote_line(("echo", word.replace("INJECTED", str(injected))), 5)
    ended = subprocess.run([shell, "-c", line], capture_output=True, check=False)
    assert ended.stdout == b""
    assert not injected.exists()


def test_a_command_that_may_change_something_is_not_sent() -> None:
    """S19b holds for other nodes too."""
    request = NodeCommand(form="x", node="gpu-7", argv=("dmesg", "-C"))
    answer = ssh.ask(request, Settings(), 5, threading.Event())
    assert isinstance(answer, Missing)
    assert answer.why == "not allowed: -C is not a word of a dmesg command that only reads"
    assert answer.obtain == "ssh gpu-7 " + shlex.quote("dmesg -C")


def test_the_version_of_the_client_is_known() -> None:
    """It decides whether the cheap key exchange can be asked for."""
    if not shutil.which("ssh"):
        pytest.skip("ssh is not installed")
    found = ssh.version()
    assert found is not None
    assert found >= (7, 0)
