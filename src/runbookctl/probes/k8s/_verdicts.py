"""The last verdict of the scheduler about each pod, from events in one shape.

Pure: values in, values out. A pod that was placed or deleted after its verdict has none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import re2

from runbookctl.catalog import scheduling
from runbookctl.model import Time
from runbookctl.probes.k8s._from_events import Happened

CLOUD = "FailedScaleUp"
REASONS = frozenset({"FailedScheduling", "Scheduled", CLOUD})
"""Reasons of events that tell whether a pod has a node."""

# Deleted pod: web-cbd8b9bf7-c2fb6      delete Pod web-0 in StatefulSet web successful
_DELETED = re2.compile(
    r"(?:Deleted pod: ([a-z0-9.-]{1,253})|delete Pod ([a-z0-9.-]{1,253}) in StatefulSet \S+ successful)"
)


class Verdict(NamedTuple):
    """A message about one pod; `cloud`: it is the autoscaler's, of a scale-up that failed."""

    namespace: str | None
    pod: str | None
    uid: str | None
    message: str
    time: Time | None
    line: int | None
    cloud: bool = False


def last(events: Sequence[Happened]) -> Iterator[Verdict]:
    """Yield the last verdict about each pod that was not placed or deleted after it, and what the cloud said since."""
    settled = _settled(events)
    verdicts: dict[tuple[str | None, str], Happened] = {}
    clouds: dict[tuple[str | None, str], Happened] = {}
    for event in events:
        if event.kind != "pod" or event.reason not in ("FailedScheduling", CLOUD):
            continue
        key = (event.namespace, event.name)
        found = verdicts if event.reason != CLOUD else clouds
        if not _before(event, settled.get(key)) and _outranks(event, found.get(key)):
            found[key] = event
    for kept in (verdicts, clouds):
        for event in kept.values():
            yield Verdict(
                event.namespace, event.name or None, event.uid, event.message, event.time, event.line,
                event.reason == CLOUD,
            )  # fmt: skip


def _outranks(event: Happened, other: Happened | None) -> bool:
    """Tell whether an event is the better verdict: one that counts nodes, else the later, else the further down.

    Karpenter and other controllers tell of the same pod under the same reason in words of their own.
    """
    if other is None:
        return True
    sure, others = _known(event.message), _known(other.message)
    if sure != others:
        return sure
    return event.time is None or other.time is None or event.time > other.time


def _known(message: str) -> bool:
    return any(one.kind != "other" for one in scheduling.reasons(message))


def _settled(events: Iterable[Happened]) -> dict[tuple[str | None, str], Happened]:
    """Return the event by which each pod was placed or deleted, the last one."""
    found: dict[tuple[str | None, str], Happened] = {}
    for event in events:
        over, name = event.kind == "pod" and event.reason in ("Scheduled", "Binding"), event.name
        if event.reason == "SuccessfulDelete" and (match := _DELETED.match(event.message)):
            over, name = True, match[1] or match[2]
        key = (event.namespace, name)
        if over and not _before(event, found.get(key)):
            found[key] = event
    return found


def _before(event: Happened, other: Happened | None) -> bool:
    """Tell whether `other` came after `event`; without times it counts as later: a pod is placed once."""
    if other is None:
        return False
    return event.time is None or other.time is None or event.time <= other.time
