"""What kubectl prints when the API server, the kubelet or the network refuses.

Pure: reads the text it is given. Not the words of a program in a container: `connection refused` here is kubectl's.
Source: kubectl pkg/cmd/util/helpers.go; kubernetes pkg/registry/core/pod/strategy.go, pkg/kubelet/kubelet_pods.go.
"""

from __future__ import annotations

from collections.abc import Iterator

import re2
from msgspec import Struct

from runbookctl.forms import Named
from runbookctl.forms.lines import Gap, numbered
from runbookctl.model import Raw, Subject, Writer

LABEL = "kubectl error"
WRITER = Writer.API
ANCHORS: tuple[bytes, ...] = ()

# Error from server (NotFound): pods "web-0" not found
_SERVER = re2.compile(r"Error from server(?: \((\w{1,64})\))?: (.*)")
_OTHERS = (
    "Unable to connect to the server: ", "The connection to the server ", "error: ", "couldn't get current server API",
    "E1", "Error in configuration: ",
)  # fmt: skip
# container "app" in pod "missing-config" is waiting to start: CreateContainerConfigError
_WAITING = re2.compile(r'container "([^"]{1,63})" in pod "([^"]{1,253})" is waiting to start: (.*)')
# previous terminated container "app" in pod "init-fails" not found
_NO_PREVIOUS = re2.compile(r'previous terminated container "([^"]{1,63})" in pod "([^"]{1,253})" not found')
# pods "web-0" not found
_NOT_FOUND = re2.compile(r'([a-z][a-z.]{1,100}) "([^"]{1,253})" not found')


class KubectlError(Struct, frozen=True, kw_only=True):
    """One error: `reason` as the server names it (NotFound, Forbidden, BadRequest), empty where it names none."""

    line: int
    reason: str
    message: str
    pod: str | None = None
    container: str | None = None
    waiting: str | None = None  # why the container waits, where the message says so
    no_previous: bool = False  # the container has no earlier instance


def errors(raw: Raw) -> Iterator[KubectlError]:
    """Yield the errors of the text."""
    for line in numbered(raw.body):
        if isinstance(line, Gap):
            continue
        text = line.text.strip()[:8192]
        match = _SERVER.fullmatch(text)
        if match:
            yield _taken_apart(line.number, match[1] or "", match[2])
        elif text.startswith(_OTHERS):
            yield KubectlError(line=line.number, reason="", message=text)


def _taken_apart(number: int, reason: str, message: str) -> KubectlError:
    if waiting := _WAITING.fullmatch(message):
        return KubectlError(
            line=number, reason=reason, message=message, container=waiting[1], pod=waiting[2], waiting=waiting[3]
        )
    if previous := _NO_PREVIOUS.fullmatch(message):
        return KubectlError(
            line=number, reason=reason, message=message, container=previous[1], pod=previous[2], no_previous=True
        )
    gone = _NOT_FOUND.fullmatch(message)
    pod = gone[2] if gone and gone[1] == "pods" else None
    return KubectlError(line=number, reason=reason, message=message, pod=pod)


def recognise(head: str, name: str) -> int:
    """Tell it when all lines are errors of kubectl."""
    del name
    lines = [line.strip() for line in head.split("\n", 50)[:50] if line.strip()]
    ours = all(line.startswith(("Error from server", *_OTHERS[:3])) for line in lines)
    return 95 if ours and any(starts(line) for line in lines) else 0


def starts(line: str) -> bool:
    """Tell an error line."""
    return line.startswith(("Error from server", *_OTHERS[:2]))


def belongs(line: str) -> bool:
    """Tell a line that is certainly kubectl's, whatever stands around it."""
    return line.startswith(("Error from server (", "Error from server: ", *_OTHERS[:2]))


def names(raw: Raw) -> Named:
    """Name the container that the errors are about; they tell no time."""
    found = list(errors(raw))
    about = {(one.pod, one.container) for one in found if one.pod}
    subject = Subject()
    if len(about) == 1:
        pod, container = about.pop()
        subject = Subject(pod=pod, container=container)
    return Named(subject=subject, summary=f"{len(found)} error{'' if len(found) == 1 else 's'}")
