"""Commands on this machine: ended with everything below them, bounded, without a terminal. Cases D and E by number."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from runbookctl.connectors import commands, processes
from runbookctl.connectors.bounded import LINE_CAP

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are found through /proc")


def run(*argv: str, timeout: float = 10) -> commands.Ended:
    """Run a command."""
    return commands.run(argv, timeout=timeout, cancel=threading.Event())


def sleepers(seconds: str) -> list[int]:
    """Return the pids of `sleep` processes that were started with exactly this argument."""
    wanted = b"sleep\0" + seconds.encode() + b"\0"
    found = []
    for seen in processes.table().values():
        try:
            arguments = Path(f"/proc/{seen.pid}/cmdline").read_bytes()
        except OSError:
            continue
        if arguments == wanted:
            found.append(seen.pid)
    return found


@pytest.fixture
def nap() -> Iterator[str]:
    """Yield a number of seconds that no other sleep on this machine has; nothing may sleep so long afterwards."""
    seconds = f"{600 + os.getpid() % 1000}.{time.monotonic_ns() % 1_000_000}"
    yield seconds
    assert sleepers(seconds) == []


def test_output_exit_code_and_errors_are_told_apart() -> None:
    """Standard output is the answer; standard error and the exit code say how it ended."""
    ended = run("sh", "-c", "echo out; echo err >&2; exit 3")
    assert (ended.reason, ended.status, ended.body, ended.errors) == ("exit", 3, b"out\n", b"err\n")


def test_a_program_that_is_not_there_is_said() -> None:
    """A missing program is no crash."""
    assert run("no-such-program-7").reason == "not installed"
    assert run("/etc/passwd").reason == "not permitted"


@pytest.mark.parametrize(
    "script",
    [
        "sleep NAP",
        "sleep NAP & sleep NAP",
        "trap '' TERM; sleep NAP & sleep NAP; sleep NAP",
        "setsid sleep NAP & sleep NAP",
        "(setsid sh -c 'sleep NAP & sleep NAP' &); sleep NAP",
        "(setsid sh -c '(setsid sleep NAP &) &' &); sleep NAP",
        "(sh -c 'trap \"\" TERM HUP INT; exec sleep NAP' &); sleep NAP",
    ],
)
def test_nothing_survives_a_timeout(nap: str, script: str) -> None:
    """D1: children, grandchildren, ignored TERM, setsid, double fork: all gone when the time is over."""
    began = time.monotonic()
    ended = run("sh", "-c", script.replace("NAP", nap), timeout=0.3)
    assert (ended.reason, ended.survivors) == ("timeout", ())
    assert sleepers(nap) == []
    assert time.monotonic() - began < 3


def test_what_hides_is_named() -> None:
    """D1: an orphan that took off its environment and its session cannot be claimed; it is named with its pid."""
    ended = run("sh", "-c", "(env -i setsid sleep 1.7 &); sleep 100", timeout=0.3)
    pids = sleepers("1.7")
    assert ended.reason == "timeout"
    assert ended.survivors == tuple(f"pid {pid} (sleep)" for pid in pids)
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def test_what_a_command_leaves_running_is_ended(nap: str) -> None:
    """A command that ends well and leaves something in the background leaves nothing."""
    assert run("sh", "-c", f"setsid sleep {nap} >/dev/null 2>&1 & echo done").body == b"done\n"
    assert sleepers(nap) == []


def test_a_child_that_keeps_the_output_open_is_not_waited_for(nap: str) -> None:
    """D2: the step ends with its command."""
    began = time.monotonic()
    ended = run("sh", "-c", f"sleep {nap} & echo done", timeout=20)
    assert (ended.reason, ended.status, ended.body) == ("exit", 0, b"done\n")
    assert time.monotonic() - began < 2


@pytest.mark.parametrize("script", ["cat", "read answer </dev/tty", "head -c 1 /dev/stdin"])
def test_a_command_that_waits_for_input_fails_at_once(script: str) -> None:
    """D3: standard input is empty and there is no terminal for a password prompt."""
    began = time.monotonic()
    assert run("sh", "-c", script, timeout=20).reason == "exit"
    assert time.monotonic() - began < 2


def test_cancel_ends_a_command(nap: str) -> None:
    """Stop means stopped, within the grace period."""
    cancel = threading.Event()
    threading.Timer(0.2, cancel.set).start()
    began = time.monotonic()
    ended = commands.run(["sleep", nap], timeout=60, cancel=cancel)
    assert ended.reason == "cancelled"
    assert time.monotonic() - began < 2
    assert commands.run(["sleep", nap], timeout=60, cancel=cancel).status is None


def test_a_pid_that_was_given_to_another_is_not_signalled() -> None:
    """D9: a process is its pid and its start time."""
    with subprocess.Popen(["sleep", "30"]) as sleeper:
        seen = processes.see(sleeper.pid)
        assert seen is not None
        assert not processes.send(seen._replace(started=seen.started - 1), signal.SIGKILL)
        assert sleeper.poll() is None
        assert processes.send(seen, signal.SIGKILL)
        assert sleeper.wait(timeout=5) == -signal.SIGKILL


def test_a_process_may_have_any_name(tmp_path: Path) -> None:
    """Parentheses, spaces and newlines in a program's name do not shift the fields of /proc."""
    odd = tmp_path / ") S 1 (\n"
    odd.symlink_to("/bin/sleep")
    with subprocess.Popen([odd, "30"]) as sleeper:
        seen = processes.see(sleeper.pid)
        sleeper.kill()
    assert seen is not None
    assert (seen.name, seen.parent) == (") S 1 (\n", os.getpid())


def test_many_commands_leave_no_zombie() -> None:
    """D11: every child is reaped, orphans that came to us too, at the latest a second after their end."""
    mine = set(processes.children(os.getpid()))
    for _ in range(30):
        run("sh", "-c", "(sleep 0 &); setsid true & exit 0")
    time.sleep(1.1)
    run("sh", "-c", "(sleep 0 &); exit 0")
    left = [processes.see(pid) for pid in set(processes.children(os.getpid())) - mine]
    assert [seen for seen in left if seen and seen.state == "Z"] == []


def test_a_child_of_somebody_else_keeps_its_exit_code() -> None:
    """Reaping orphans takes no exit code away from whoever waits for it."""
    with subprocess.Popen(["sh", "-c", "exit 7"], start_new_session=True) as other:
        time.sleep(0.2)
        run("sh", "-c", "(sleep 0 &); exit 0")
        assert other.wait() == 7


KILLED = """
import sys, threading
from runbookctl.connectors import commands
threading.Timer(0.5, lambda: print("ready", flush=True)).start()
commands.run(["sh", "-c", sys.argv[1]], timeout=60, cancel=threading.Event())
"""


def test_nothing_survives_our_own_end(nap: str) -> None:
    """E.g. kill -9 or the out-of-memory killer: what was started is ended by the watchdog."""
    script = f"(setsid sleep {nap} &); sleep {nap} & sleep {nap}"
    argv = [sys.executable, "-c", KILLED, script]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, start_new_session=True) as ours:
        assert ours.stdout is not None
        assert ours.stdout.readline() == b"ready\n"
        assert len(sleepers(nap)) == 3
        ours.kill()
    until = time.monotonic() + 5
    while sleepers(nap) and time.monotonic() < until:
        time.sleep(0.05)
    assert sleepers(nap) == []


MEASURED = """
import sys, threading
from runbookctl.connectors import commands
ended = commands.run(["sh", "-c", sys.argv[1]], timeout=60, cancel=threading.Event())
print(ended.status, len(ended.body), len(ended.errors), ended.shortening.whole_bytes, sep=" ")
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""


@pytest.mark.parametrize(
    ("script", "whole"),
    [
        ("head -c 1000000000 /dev/zero; exit 3", 1_000_000_000),
        ("yes 'a line of a log' | head -c 250000000 & yes err | head -c 50000000 >&2; wait; exit 3", 250_000_000),
    ],
    ids=["no newline", "stdout and stderr"],
)
def test_endless_output_costs_no_memory(script: str, whole: int) -> None:
    """E1, E6: a gigabyte stays under 64 MB, is said to be cut, its exit code is right, and nothing blocks."""
    argv = [sys.executable, "-c", MEASURED, script]
    told = subprocess.run(argv, capture_output=True, text=True, check=True, timeout=60).stdout.splitlines()
    status, body, errors, size = map(int, told[0].split())
    assert (status, size) == (3, whole)
    assert LINE_CAP <= body < 9 << 20
    assert errors < 1 << 20
    assert int(told[1]) < 64 * 1024


def test_bytes_are_stored_as_they_came() -> None:
    """E2: invalid UTF-8, NUL and terminal escapes are not touched."""
    ended = run("printf", r"\377\000\033[2J\342\200\256x\n")
    assert ended.body == b"\xff\x00\x1b[2J\xe2\x80\xaex\n"


def test_empty_output_is_empty() -> None:
    """E4: nothing is an answer of no bytes; whether it means "no errors" is for the reader to say."""
    ended = run("true")
    assert (ended.reason, ended.status, ended.body, ended.shortening) == ("exit", 0, b"", None)


def test_a_command_knows_only_what_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    """S19a: no LD_PRELOAD, PYTHON*, BASH_ENV, PAGER or token of ours reaches a child, and no folder but absolute ones."""
    for name in ("LD_PRELOAD", "PYTHONSTARTUP", "BASH_ENV", "PAGER", "SLACK_TOKEN", "SSH_AUTH_SOCK", "KUBECONFIG"):
        monkeypatch.setenv(name, "canary")
    monkeypatch.setenv("PATH", ".::bin:/opt/bin:/usr/bin:/bin")
    told = dict(line.split("=", 1) for line in run("env").body.decode().splitlines())
    assert told.pop(processes.MARK)
    assert told["LC_ALL"] == "C.UTF-8"
    assert told["TZ"] == "UTC"
    assert told["PATH"].startswith("/opt/bin:/usr/bin:/bin:")
    assert set(told) <= {"PATH", "HOME", "USER", "LOGNAME", "XDG_RUNTIME_DIR", "LANG", "LC_ALL", "TZ", "TERM", "PWD"}


def test_commands_run_side_by_side() -> None:
    """Eight threads do not wait for each other and do not take each other's output."""
    results: dict[int, bytes] = {}
    work = [
        threading.Thread(target=lambda n=n: results.update({n: run("sh", "-c", f"sleep 0.3; echo {n}").body}))
        for n in range(8)
    ]
    began = time.monotonic()
    for thread in work:
        thread.start()
    for thread in work:
        thread.join()
    assert results == {n: b"%d\n" % n for n in range(8)}
    assert time.monotonic() - began < 2
