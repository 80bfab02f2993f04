"""What waiting and termination messages of a container mean.

Pure. A waiting message is the kubelet's; a termination message is written by the program itself, by the runtime that
could not start it, or is the end of its log (terminationMessagePolicy: FallbackToLogsOnError).
"""

from __future__ import annotations

from collections.abc import Iterator

from runbookctl.catalog import signatures
from runbookctl.catalog import waiting as reasons
from runbookctl.forms.pod_log import lines_of
from runbookctl.model import Time
from runbookctl.probes.k8s._container import Message
from runbookctl.probes.k8s._words import notable, unescaped

KUBELET = ("gpu", "kubelet")
"""Families of texts that the kubelet and the runtime below it write."""
_CAP = 4096
_RUNTIME = frozenset({
    "StartError", "ContainerCannotRun", "ContainerStatusUnknown", "RunContainerError", "CreateContainerError",
})  # fmt: skip
"""Reasons with which the runtime or the kubelet wrote the message, because no program ran."""


def waiting(reason: str | None, message: str | None) -> Iterator[Message]:
    """Yield what a container waits for; a reason of the image path proves its cause without a message."""
    text = (message or "")[:_CAP]
    found = signatures.match(unescaped(text), families=KUBELET) if text else None
    means = found.means if found else None
    sign = found.sign if found else None
    by_reason = reasons.means(reason)
    if means is None and by_reason:
        sign, means = sign or "waiting_reason", by_reason
    if text or means:
        yield Message(sign=sign, means=means, text=text or reason or "")


def termination(message: str, reason: object, time: Time | None) -> Iterator[Message]:
    """Yield what a termination message says: the runtime's one line, else the words of a log, at least the last."""
    text = message[: 2 * _CAP].strip()
    if reason in _RUNTIME:
        found = signatures.match(unescaped(text), families=KUBELET)
        yield Message(
            sign=found.sign if found else None, means=found.means if found else None, text=text[:_CAP], time=time
        )
        return
    words = [word for word in notable(lines_of(text)) if word.means is not None or word.sign == "uncaught_error"]
    for word in words:
        yield Message(sign=word.sign, means=word.means, text=word.text, time=time, writer="program")
    if text and not words:
        yield Message(text=text.rpartition("\n")[2][:_CAP], time=time, writer="program")
