"""Commands and files of this machine. Only commands of the read allow-list are run."""

from __future__ import annotations

import socket
import threading

from runbookctl.connectors import commands, read_commands
from runbookctl.connectors.answer import Answer, Settings, first_line, no_answer, now, stopped
from runbookctl.connectors.bounded import Capture
from runbookctl.model import Missing, NodeCommand, ReadFile

SOURCE = "this machine"


def is_here(node: str | None) -> bool:
    """Tell whether a node is the machine this process runs on."""
    if node is None:
        return True
    host = socket.gethostname().lower()
    return node in (host, host.partition(".")[0])


def as_command(request: NodeCommand | ReadFile) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """Return the argv that answers a request, and the exit codes whose output is an answer."""
    if isinstance(request, ReadFile):  # through cat: a read that hangs (dead NFS, a broken driver) can be ended
        return ("cat", "--", request.path), (0,)
    return request.argv, request.accept


def refusal(argv: tuple[str, ...], obtain: str) -> Missing | None:
    """Return why a command is not run, None when it only reads."""
    why = read_commands.allowed(argv)
    return Missing(why=f"not allowed: {why}", obtain=obtain, kind="refused") if why else None


def ask(
    request: NodeCommand | ReadFile,
    settings: Settings,
    timeout: float,
    cancel: threading.Event,
    anchors: tuple[bytes, ...] = (),
) -> Answer | Missing:
    """Run the command here."""
    obtain = request.printed()
    argv, accept = as_command(request)
    refused = refusal(argv, obtain)
    if refused:
        return refused
    at = now()
    capture = Capture(settings.limit, anchors, settings.hash_key)
    ended = commands.run(argv, timeout=timeout, cancel=cancel, capture=capture)
    missing = unanswered(ended, argv, accept, timeout, obtain)
    if missing:
        return missing
    return Answer(body=ended.body, form=request.form, source=SOURCE, shortened=ended.shortening, at=at)


def unanswered(
    ended: commands.Ended, argv: tuple[str, ...], accept: tuple[int, ...], timeout: float, obtain: str
) -> Missing | None:
    """Return why the way a command ended is no answer; None when it is one."""
    program = argv[0].rpartition("/")[2]
    if ended.reason in ("timeout", "cancelled"):
        missing = no_answer("", timeout, obtain) if ended.reason == "timeout" else stopped(obtain)
        left = f"; still running: {', '.join(ended.survivors)}" if ended.survivors else ""
        return Missing(why=missing.why + left, obtain=obtain, kind=missing.kind)
    if ended.reason == "not installed":
        return Missing(why=f"{program} is not installed", obtain=obtain)
    if ended.reason == "not permitted":
        return Missing(why=f"{program} could not be started: {first_line(ended.errors)}", obtain=obtain)
    if ended.status in accept:
        return None
    return Missing(why=failure(program, ended), obtain=obtain)


def failure(program: str, ended: commands.Ended) -> str:
    """Return what an ended command says of its failure: `dmesg: read kernel buffer failed: Operation not permitted`."""
    said = first_line(ended.errors) or first_line(ended.body[:4096])
    status = ended.status or 0
    how = f"exit {status}" if status >= 0 else f"killed by signal {-status}"
    if said.startswith((f"{program}:", f"/bin/{program}:", f"/usr/bin/{program}:")):
        return f"{said} ({how})"
    return f"{program}: {said} ({how})" if said else f"{program}: {how}"
