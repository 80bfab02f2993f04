"""Run one program on this machine: no shell, no input, no terminal, bounded output, and nothing of it is left behind.

Every command has its own session, so a password prompt finds no terminal. It is ended with everything below it when its
time is over, when it is cancelled, and (by a watchdog) when this process itself is killed.
"""

from __future__ import annotations

import atexit
import contextlib
import itertools
import os
import secrets
import selectors
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Literal, NamedTuple

from runbookctl.connectors import processes
from runbookctl.connectors.bounded import LIMIT, Capture
from runbookctl.model import Shortening

GRACE_S = 0.5
"""Seconds between asking a command to end and killing it."""

_POLL_S = 0.05
_ZOMBIE_S = 1.0  # seconds after which nobody else waits for an ended child
_NAP_S = 0.002
_CHUNK = 256 * 1024
_PIPE = 256 * 1024  # all pipes of a user share 64 MiB (pipe-user-pages-soft)
_ERRORS = 32 * 1024
_F_SETPIPE_SZ = 1031  # fcntl.h of Linux

# What a command may know of us. LD_*, PYTHON*, BASH_ENV, PAGER and everything else stays here (threat model S19a).
_PASSED = ("HOME", "USER", "LOGNAME", "XDG_RUNTIME_DIR")
_FIXED = {"LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "TZ": "UTC", "TERM": "dumb"}
_SYSTEM_PATH = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")

Reason = Literal["exit", "timeout", "cancelled", "not installed", "not permitted"]


class Ended(NamedTuple):
    """How a command ended. `status` is its exit code, negative for a signal, None when it never started.

    `survivors` name what could not be ended: `pid 4121 (sudo)`.
    """

    reason: Reason
    status: int | None = None
    body: bytes = b""
    shortening: Shortening | None = None
    errors: bytes = b""
    survivors: tuple[str, ...] = ()


def run(
    argv: Sequence[str],
    *,
    timeout: float,
    cancel: threading.Event,
    capture: Capture | None = None,
    environment: Mapping[str, str] | None = None,
) -> Ended:
    """Run `argv` for at most `timeout` seconds and keep its standard output in `capture`."""
    capture = capture or Capture(LIMIT)
    if cancel.is_set():
        return Ended("cancelled")
    mark = _keeper.next_mark()
    try:
        program = subprocess.Popen(  # noqa: S603 - an argv, never a shell line
            list(argv),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**allowed_environment(), **(environment or {}), processes.MARK: mark},
            cwd="/",
            start_new_session=True,
        )
    except FileNotFoundError:
        return Ended("not installed")
    except (OSError, ValueError) as error:  # ValueError: a NUL in an argument
        return Ended("not permitted", errors=str(error).encode())
    assert program.stdout is not None
    assert program.stderr is not None
    started = _keeper.began(program.pid)
    _widen(program.stdout)
    errors = Capture(_ERRORS)
    try:
        reason = _listen(program, {program.stdout: capture, program.stderr: errors}, time.monotonic() + timeout, cancel)
    finally:
        survivors = _end(program, mark, started)
        program.stdout.close()
        program.stderr.close()
    body, shortening = capture.finish()
    return Ended(reason, program.returncode, body, shortening, errors.finish()[0], survivors)


def allowed_environment() -> dict[str, str]:
    """Return the environment of a command: where programs are, who we are, and a language that parsers know."""
    own = [part for part in os.environ.get("PATH", "").split(os.pathsep) if part.startswith("/")]  # no "." and no ""
    path = list(dict.fromkeys([*own, *_SYSTEM_PATH]))
    passed = {name: os.environ[name] for name in _PASSED if name in os.environ}
    return {"PATH": os.pathsep.join(path), **passed, **_FIXED}


def _listen(
    program: subprocess.Popen[bytes], sinks: dict[IO[bytes], Capture], until: float, cancel: threading.Event
) -> Reason:
    """Read both outputs until the program has ended; a child of it that holds them open is not waited for."""
    after_end = -1  # bytes read since the program ended; what it wrote itself is in the pipe by then
    with selectors.DefaultSelector() as selector:
        for stream, sink in sinks.items():
            selector.register(stream, selectors.EVENT_READ, sink)
        while True:
            if cancel.is_set():
                return "cancelled"
            left = until - time.monotonic()
            if after_end < 0:
                if left <= 0:
                    return "timeout"
                if _has_ended(program):
                    after_end = 0
            is_open = bool(selector.get_map())
            if after_end >= 0 and not is_open:
                return "exit"
            taken = _take(selector, min(left, _POLL_S) if is_open and after_end < 0 else _NAP_S)
            if after_end >= 0:
                after_end += taken
                if (not taken and selector.get_map()) or after_end > 2 * _PIPE:
                    return "exit"


def _take(selector: selectors.BaseSelector, wait: float) -> int:
    """Feed what is there, waiting `wait` seconds at most for the first of it; return its size."""
    if not selector.get_map():
        time.sleep(wait)
        return 0
    size = 0
    for key, _ in selector.select(wait):
        chunk = os.read(key.fd, _CHUNK)
        if chunk:
            size += len(chunk)
            key.data.feed(chunk)
        else:
            selector.unregister(key.fileobj)
    return size


def _widen(stream: IO[bytes]) -> None:
    """Make the pipe hold more than 64 KiB: a fast writer then costs fewer turns."""
    with contextlib.suppress(ImportError, OSError):
        import fcntl

        fcntl.fcntl(stream.fileno(), _F_SETPIPE_SZ, _PIPE)


def _has_ended(program: subprocess.Popen[bytes]) -> bool:
    """Tell whether a child has ended, and leave it unreaped (but on macOS): until then nobody else gets its pid."""
    if hasattr(os, "waitid"):
        return os.waitid(os.P_PID, program.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
    return program.poll() is not None


def _end(program: subprocess.Popen[bytes], mark: str, started: int) -> tuple[str, ...]:
    """End what is left of a command and reap it; return the names of what is still there."""
    ended = _has_ended(program)
    orphans = _keeper.orphans()
    if ended and not orphans:
        program.wait()
        _keeper.ended(program.pid, started)
        return ()
    found: dict[int, processes.Seen] = {}

    def left() -> list[processes.Seen]:
        alive = processes.below(program.pid, mark)
        found.update((seen.pid, seen) for seen in alive)
        return alive

    survivors = processes.end(left, GRACE_S)
    _kill_group_without_proc(program.pid)
    if all(seen.pid != program.pid for seen in survivors):
        program.wait()
        _keeper.ended(program.pid, started)
    strangers = _keeper.reap_orphans(program.pid, found, started)
    return tuple(str(seen) for seen in (*survivors, *(() if ended else strangers)))


def _kill_group_without_proc(leader: int) -> None:
    """Where there is no /proc the group is all that can be found."""
    if processes.see(os.getpid()) is None:
        with contextlib.suppress(OSError):
            os.killpg(leader, signal.SIGKILL)


class _Keeper:
    """What all commands of this process share: their marks, the adoption of orphans, the watchdog."""

    def __init__(self) -> None:
        self.running: dict[int, int] = {}  # pid of a command, or of the watchdog: when it started
        self._mark = f"{os.getpid()}-{secrets.token_hex(8)}"
        self._count = itertools.count(1)
        self._lock = threading.Lock()
        self._zombies: dict[tuple[int, int], float] = {}  # ended orphans by pid and start: since when they wait
        self._watchdog: subprocess.Popen[bytes] | None = None
        self._tried = False

    def next_mark(self) -> str:
        """Return a mark for one command; the first one starts the watchdog."""
        with self._lock:
            if not self._tried:
                self._tried = True
                processes.adopt()
                self._start_watchdog()
        return f"{self._mark}.{next(self._count)}"

    def _start_watchdog(self) -> None:
        script = Path(processes.__file__)
        if not sys.executable or not script.is_file():
            return
        self._watchdog = subprocess.Popen(  # noqa: S603 - our own file
            [sys.executable, "-I", "-S", str(script), self._mark + "."],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={},
            cwd="/",
            start_new_session=True,
        )
        self.running[self._watchdog.pid] = 0
        atexit.register(self.close)

    def began(self, pid: int) -> int:
        """Note that a command runs; return when it started, in clock ticks."""
        seen = processes.see(pid)
        started = seen.started if seen else 0
        self.running[pid] = started
        self._tell(f"+ {pid} {started}\n")
        return started

    def ended(self, pid: int, started: int) -> None:
        """Note that a command has ended and is reaped."""
        self._tell(f"- {pid} {started}\n")
        self.running.pop(pid, None)

    def _tell(self, line: str) -> None:
        watchdog = self._watchdog
        if watchdog is None or watchdog.stdin is None:
            return
        with self._lock, contextlib.suppress(OSError, ValueError):  # it was killed: the commands run all the same
            watchdog.stdin.write(line.encode())
            watchdog.stdin.flush()

    def orphans(self) -> set[int]:
        """Return the pids of children that are no command of ours: an ended command left them to us."""
        return processes.children(os.getpid()) - self.running.keys()

    def reap_orphans(self, leader: int, found: Mapping[int, processes.Seen], started: int) -> list[processes.Seen]:
        """Reap ended orphans; return those that live on and hide whose they are.

        One that is not known to be of this command may be a child that somebody else in this process waits for: it is
        reaped when nobody has done so for a while.
        """
        strangers = []
        own_session = os.getsid(0)
        for pid in self.orphans():
            seen = processes.see(pid)
            if seen is None or seen.session == own_session:
                continue
            known = found.get(pid)
            if seen.state in "ZX":
                since = self._zombies.setdefault((pid, seen.started), time.monotonic())
                ours = leader == seen.session or (known is not None and known.started == seen.started)
                if ours or time.monotonic() - since > _ZOMBIE_S:
                    self._zombies.pop((pid, seen.started), None)
                    with contextlib.suppress(OSError):
                        os.waitpid(pid, os.WNOHANG)
            elif seen.started >= started and not processes.marked(pid, self._mark.encode()):
                strangers.append(seen)
        return strangers

    def close(self) -> None:
        """Let the watchdog go; it looks once more whether anything is left."""
        watchdog, self._watchdog = self._watchdog, None
        if watchdog is None or watchdog.stdin is None:
            return
        with contextlib.suppress(OSError):
            watchdog.stdin.close()
        try:
            watchdog.wait(timeout=2)
        except subprocess.TimeoutExpired:
            watchdog.kill()
            watchdog.wait()
        self.running.pop(watchdog.pid, None)


_keeper = _Keeper()
