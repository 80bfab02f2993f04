"""Lines of a container's log that say why it ended.

Pure: reads the log of one instance. A line counts when the program ended with it (`_words` has the rules); the many
lines that talk of errors on the way do not. Who printed it comes from the request; a pasted log names nobody.
"""

from __future__ import annotations

import shlex
from collections import deque
from collections.abc import Iterator
from typing import Annotated

from msgspec import Meta, Struct

from runbookctl import model
from runbookctl.forms.lines import Gap, Line, numbered
from runbookctl.forms.pod_log import LogLine, log_line
from runbookctl.model import Cut, KubernetesLog, Raw, Request, Subject, Time
from runbookctl.probes.k8s._words import TAIL, may_last, notable

FORMS = ("pod_log",)
SUBJECT: dict[str, str] = {}
KIND = "event"
ONE = False


class Params(Struct, frozen=True, forbid_unknown_fields=True):
    """Which container, and whether of the instance before the current one."""

    namespace: str
    pod: str
    container: str
    previous: bool = False


class Reading(model.Reading, frozen=True, kw_only=True):
    """One kind of words, at the last line that says it; `text` is that line without its stamps."""

    sign: Annotated[
        str,
        Meta(
            description="id of the signature; `uncaught_error`: the exception or panic that ended the program; "
            "`logged_error`: one that the program wrote down; `last_error`: its last line of level error"
        ),
    ]
    means: Annotated[str | None, Meta(description="cause code that the line proves; absent when it proves none")] = None
    time: Annotated[Time | None, Meta(description="absent when the line has none")] = None
    count: Annotated[int, Meta(description="lines that say the same")] = 1


def request(params: Params) -> Request:
    """Ask for the last lines of the log."""
    return KubernetesLog(
        form="pod_log", namespace=params.namespace, pod=params.pod, container=params.container,
        previous=params.previous,
    )  # fmt: skip


def obtain(subject: Subject) -> str:
    """Return the commands that print the subject's log: of the instance before, or of the only one."""
    where = f" -n {shlex.quote(subject.namespace)}" if subject.namespace else ""
    which = f" -c {shlex.quote(subject.container)}" if subject.container else " --all-containers"
    pod = shlex.quote(subject.pod) if subject.pod else "POD"
    command = f"kubectl logs{where} {pod}{which}"
    return f"{command} --previous || {command}"


def read(raw: Raw) -> Iterator[Reading | Cut]:
    """Read `2026-11-22T02:47:35.477379502Z FATAL: could not connect to database db:5432: connection refused`."""
    before: list[LogLine] = []  # of a long log: lines before the end that can hold a lasting cause
    end: deque[Line] = deque()
    for line in numbered(raw.body):
        if isinstance(line, Gap):
            if not line.harmless:
                yield Cut(why=f"{line.lines} lines left out")
        elif line.text.strip():
            end.append(line)
            if len(end) > TAIL and may_last((earlier := end.popleft()).text):
                before.append(log_line(earlier))
    for word in notable([*before, *map(log_line, end)]):
        yield Reading(
            line=word.line, text=word.text, time=word.time, sign=word.sign, means=word.means, count=word.count
        )
