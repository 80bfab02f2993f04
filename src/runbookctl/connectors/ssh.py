r"""Commands and files of another node through OpenSSH: no prompt, no forwarding, nothing that outlives the command.

SSH has no argv: the client joins its words and the login shell of the node parses them (threat model S12). So the whole
command is one line, quoted for POSIX sh, that a csh or fish refuses before it runs anything:

    case x in x) exec sh -c 'echo runbookctl-begin; ...; exec "$@"' sh dmesg -x ;; esac

Without `ssh_config` the person's own ~/.ssh/config applies (personal mode), and our options stand before it.
Source: ssh(1), ssh_config(5) of OpenSSH 9.2; curve25519 saves 55 ms of CPU per connection (measured).
"""

from __future__ import annotations

import ipaddress
import os
import shlex
import socket
import threading
from functools import lru_cache
from pathlib import Path
from typing import Literal

from runbookctl.connectors import commands, local
from runbookctl.connectors.answer import Answer, Settings, first_line, no_answer, now
from runbookctl.connectors.bounded import Capture
from runbookctl.model import Missing, NodeCommand, ReadFile

BEGIN = b"runbookctl-begin\n"
_CONNECT_S = 10
_GREETING = 1 << 20
_FAILED = 255  # exit code of ssh itself

_OPTIONS = (
    "BatchMode=yes", "StrictHostKeyChecking=yes", "UpdateHostKeys=no", "NumberOfPasswordPrompts=0",
    "PasswordAuthentication=no", "KbdInteractiveAuthentication=no", "ForwardAgent=no", "ForwardX11=no",
    "ClearAllForwardings=yes", "Tunnel=no", "PermitLocalCommand=no", "ControlMaster=no", "ControlPersist=no",
    "GSSAPIDelegateCredentials=no", "RequestTTY=no", "EscapeChar=none", "ConnectionAttempts=1", "LogLevel=ERROR",
    "ServerAliveInterval=5", "ServerAliveCountMax=2",
    # newer than some clients: unknown there, and not needed there
    "IgnoreUnknown=ForkAfterAuthentication,SessionType,RemoteCommand", "ForkAfterAuthentication=no",
    "SessionType=default", "RemoteCommand=none",
)  # fmt: skip

# What ssh prints (in lower case) -> what we say. The first that is found counts.
_FAILURES = (
    # @    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @
    ("remote host identification has changed", "host key changed; not accepted", "ssh-keygen -F {node}"),
    # No ED25519 host key is known for gpu400 and you have requested strict checking.
    ("host key is known for", "host key is not known; not accepted", "ssh-keygen -F {node}"),
    ("host key verification failed", "host key verification failed", "ssh-keygen -F {node}"),
    # req@gpu007: Permission denied (publickey).
    ("permission denied", "permission denied", "ssh -o BatchMode=yes {node} true"),
    ("too many authentication failures", "permission denied: too many keys were tried", "ssh-add -l"),
    # ssh: connect to host gpu007 port 22: Connection refused
    ("connection refused", "connection refused", ""),
    ("connection timed out", "no answer in {seconds}", ""),
    ("operation timed out", "no answer in {seconds}", ""),
    # Timeout, server gpu007 not responding.
    ("not responding", "the connection was lost", ""),
    ("no route to host", "no route to host", ""),
    ("network is unreachable", "network is unreachable", ""),
    # ssh: Could not resolve hostname gpu007: Name or service not known
    ("could not resolve hostname", "no such host name", "getent hosts {node}"),
    ("bad owner or permissions", "the ssh configuration has the wrong owner or mode", "ls -l ~/.ssh/config"),
    ("connection reset", "connection reset", ""),
    ("connection closed", "connection closed", ""),
    ("broken pipe", "the connection was lost", ""),
)


def node_refusal(node: str, nodes: frozenset[str] | None = None) -> str | None:
    """Return why a node is not asked (threat model S11, S13); None when it may be.

    A node is a plain host name or IPv4 address in lower case: no user, port, option, metadata or link-local address,
    in any spelling that a resolver takes for one (`2852039166`, `0xa9fea9fe`).
    """
    labels = node.split(".")
    plain = all(0 < len(label) <= 63 and label[0] != "-" and label[-1] != "-" for label in labels)
    if not plain or len(node) > 253 or not set(node) <= set("abcdefghijklmnopqrstuvwxyz0123456789-."):
        return "not a host name"
    if nodes is not None and node not in nodes:
        return "not a node of the inventory"
    if labels[0] in ("metadata", "instance-data"):
        return "a metadata address"
    try:
        address = ipaddress.IPv4Address(socket.inet_aton(node))
    except OSError:
        return None
    if address.is_link_local or address.is_multicast or address.is_unspecified or str(address) in _METADATA:
        return "a metadata or link-local address"
    return None if str(address) == node else "not a host name"


_METADATA = ("100.100.100.200", "192.0.0.192", "168.63.129.16")  # Alibaba, Oracle, Azure; the others are link-local


def ask(
    request: NodeCommand | ReadFile,
    settings: Settings,
    timeout: float,
    cancel: threading.Event,
    anchors: tuple[bytes, ...] = (),
) -> Answer | Missing:
    """Run the command on the node that the request names."""
    assert request.node is not None
    obtain = request.printed()
    refused = node_refusal(request.node, settings.nodes)
    if refused:
        return Missing(why=f"ssh: {refused}: {first_line(request.node, 80)}", kind="refused")
    argv, accept = local.as_command(request)
    return local.refusal(argv, obtain) or _ask(request, argv, accept, settings, timeout, cancel, anchors)


def _ask(
    request: NodeCommand | ReadFile,
    argv: tuple[str, ...],
    accept: tuple[int, ...],
    settings: Settings,
    timeout: float,
    cancel: threading.Event,
    anchors: tuple[bytes, ...],
) -> Answer | Missing:
    node = request.node or ""
    at = now()
    capture = _AfterBegin(settings.limit, anchors, settings.hash_key)
    ended = commands.run(
        client_argv(node, argv, settings, timeout),
        timeout=timeout,
        cancel=cancel,
        capture=capture,
        environment={name: os.environ[name] for name in ("SSH_AUTH_SOCK",) if name in os.environ},
    )
    missing = _unanswered(ended, capture, node, argv, accept, timeout, request.printed())
    if missing:
        return missing
    return Answer(body=ended.body, form=request.form, source=f"ssh {node}", shortened=ended.shortening, at=at)


def client_argv(node: str, argv: tuple[str, ...], settings: Settings, timeout: float) -> list[str]:
    """Return the whole ssh command; the remote one is its last word."""
    options = [*_OPTIONS, f"ConnectTimeout={max(1, min(_CONNECT_S, int(timeout)))}"]
    if _prefers_sntrup():
        options.append("KexAlgorithms=^curve25519-sha256")
    config = ["-F", str(Path(settings.ssh_config).absolute())] if settings.ssh_config else []
    return [
        "ssh", *config, "-T", "-x", "-a", *(word for option in options for word in ("-o", option)),
        "--", node, remote_line(argv, timeout),
    ]  # fmt: skip


def remote_line(argv: tuple[str, ...], timeout: float) -> str:
    """Return the line for the login shell. It says when the command begins, and ends it when nobody waits any more."""
    limit = int(timeout) + 1
    script = (
        "LC_ALL=C.UTF-8 TZ=UTC PATH=$PATH:/usr/sbin:/sbin; export LC_ALL TZ PATH; echo runbookctl-begin; "
        f'timeout -k 2 5 true 2>/dev/null && exec timeout -k 2 {limit} "$@" </dev/null; exec "$@" </dev/null'
    )
    line = f"case x in x) exec sh -c {shlex.quote(script)} sh {' '.join(_quote(word) for word in argv)} ;; esac"
    # One line, whatever is in it: a csh that meets an error in a line goes on with the next one.
    return rf"n=$(printf '\n.'); n=${{n%.}}; {line}" if any("\n" in word for word in argv) else line


def _quote(word: str) -> str:
    if "\n" not in word:
        return shlex.quote(word)
    return '"$n"'.join(shlex.quote(part) if part else "" for part in word.split("\n"))


@lru_cache(maxsize=1)
def version() -> tuple[int, int] | None:
    """Return the version of the ssh client, None without one. `OpenSSH_9.2p1 Debian-2+deb12u6, OpenSSL 3.0.15`."""
    ended = commands.run(["ssh", "-V"], timeout=5, cancel=threading.Event())
    _, found, rest = first_line(ended.errors).partition("OpenSSH_")
    major, _, minor = rest.partition(" ")[0].partition("p")[0].partition(".")
    return (int(major), int(minor)) if found and major.isdigit() and minor.isdigit() else None


def _prefers_sntrup() -> bool:
    """Tell whether the client would choose sntrup761 (65 ms of CPU) and can be asked for curve25519 (10 ms)."""
    found = version()
    return found is not None and found >= (9, 0)


class _AfterBegin(Capture):
    """Keep only what the command itself wrote: a login shell may greet before."""

    begun = False
    greeting = b""

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes; everything up to the line that says "begin" is no answer."""
        if self.begun:
            super().feed(chunk)
            return
        self.greeting = (self.greeting + chunk)[-_GREETING:]
        at = self.greeting.find(BEGIN)
        if at >= 0:
            self.begun = True
            super().feed(self.greeting[at + len(BEGIN) :])


def _unanswered(
    ended: commands.Ended,
    capture: _AfterBegin,
    node: str,
    argv: tuple[str, ...],
    accept: tuple[int, ...],
    timeout: float,
    obtain: str,
) -> Missing | None:
    program = argv[0].rpartition("/")[2]
    if ended.reason == "not installed":
        return Missing(why="ssh is not installed", obtain="apt-get install openssh-client")
    if ended.reason == "timeout":
        return no_answer("ssh: ", timeout, obtain)
    if ended.reason != "exit":
        return local.unanswered(ended, ("ssh",), (), timeout, obtain)
    if ended.status == _FAILED and (not capture.begun or _FAILED not in accept):
        return _connection_failure(ended, node, timeout, obtain)
    if not capture.begun:
        said = first_line(ended.errors) or first_line(capture.greeting)
        why = f"the login shell of {node} is not a POSIX shell; nothing was run" + (f": {said}" if said else "")
        return Missing(why=f"ssh: {why}", obtain=f"getent passwd on {node}", kind="refused")
    if ended.status in (126, 127) and ended.status not in accept:
        return Missing(why=f"{program} is not installed on {node}", obtain=obtain)
    if ended.status in accept:
        return None
    return Missing(why=local.failure(program, ended), obtain=obtain)


def _connection_failure(ended: commands.Ended, node: str, timeout: float, obtain: str) -> Missing:
    said = ended.errors.decode("utf-8", "replace").lower()
    waited = f"{max(1, min(_CONNECT_S, int(timeout)))}s"
    for printed, why, command in _FAILURES:
        if printed in said:
            kind: Literal["timeout", "failed"] = "timeout" if "{seconds}" in why else "failed"
            return Missing(
                why=f"ssh: {why.format(seconds=waited)}", obtain=command.format(node=node) or obtain, kind=kind
            )
    return Missing(why=f"ssh: {first_line(ended.errors) or 'the connection ended'}", obtain=obtain)
