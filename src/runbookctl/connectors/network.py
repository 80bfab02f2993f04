"""Say in a few words why a server could not be reached. Pure."""

from __future__ import annotations

import errno
import socket
import ssl

_ERRNO = {
    errno.ECONNREFUSED: "connection refused",
    errno.ECONNRESET: "connection reset",
    errno.EPIPE: "connection reset",
    errno.EHOSTUNREACH: "no route to host",
    errno.ENETUNREACH: "network is unreachable",
    errno.ETIMEDOUT: "no answer",
}


def reason(error: BaseException) -> str:
    """Return the phrase for an error of a client library; the innermost error that is known counts."""
    for inner in reversed(_chain(error)):
        if isinstance(inner, ssl.SSLCertVerificationError):
            return f"certificate not accepted: {inner.verify_message}"
        if isinstance(inner, ssl.SSLError):
            return f"TLS failed: {(inner.reason or 'unknown').replace('_', ' ').lower()}"
        if isinstance(inner, socket.gaierror):
            return "no such host name"
        if isinstance(inner, TimeoutError):
            return "no answer"
        if isinstance(inner, OSError) and inner.errno in _ERRNO:
            return _ERRNO[inner.errno]
        if type(inner).__name__ in ("RemoteDisconnected", "IncompleteRead", "ProtocolError"):
            return "connection closed in the middle of the answer"
        if "Timeout" in type(inner).__name__:
            return "no answer"
    return f"{type(error).__name__}: {error}"[:200]


def _chain(error: BaseException) -> list[BaseException]:
    """Return the error and everything it wraps, outermost first."""
    found: list[BaseException] = []
    open_: list[BaseException] = [error]
    while open_ and len(found) < 20:
        current = open_.pop(0)
        if current in found:
            continue
        found.append(current)
        wrapped = [current.__cause__, current.__context__, getattr(current, "reason", None), *current.args]
        open_ += [inner for inner in wrapped if isinstance(inner, BaseException)]
    return found
