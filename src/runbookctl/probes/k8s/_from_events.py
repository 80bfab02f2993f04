"""Events of the cluster in one shape, whatever printed them.

Pure. Times are those of the last occurrence; a table and a description print ages, which are counted back from when
the text was printed. Source: core v1 Event, events.k8s.io/v1 Event; kubernetes pkg/kubelet/events/event.go.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
import re2
from msgspec import UNSET, Struct

from runbookctl.catalog.kubernetes_values import moment
from runbookctl.forms import kubectl_events, kubernetes_objects
from runbookctl.forms._describe import DescribedEvent, Interval
from runbookctl.forms.lines import Gap
from runbookctl.model import KubernetesGet, Raw, Skipped, Time
from runbookctl.probes.k8s._container import Reading

# spec.containers{app}: Container image "lab.local/api:1.4.0" already present on machine     (kubectl 1.35 and newer)
_FIELD = re2.compile(r"spec\.(?:init|ephemeral)?[cC]ontainers\{([a-z0-9-]{1,63})\}(?:: )?")
# Back-off restarting failed container app in pod api-7555bdb846-2ddg2_shop(45016f92-49a7-4168-86b8-985afd32aa0e)
_BACK_OFF = re2.compile(
    r"[Bb]ack-off (?:\S+ )?restarting failed container(?:[ =](\S{1,63}))?"
    r"(?: (?:in )?pod[ =]([a-z0-9.-]{1,253})_([a-z0-9-]{1,63})\(([0-9a-f-]{32,36})\))?"
)
# Container app failed liveness probe, will be restarted      Started container app      Created container: app
_NAMED = re2.compile(
    r"(?:Container (\S{1,63}) failed (?:liveness|startup) probe.*|(?:Created|Started|Stopping) container:? (\S{1,63}))"
)
_BACK_OFF_PULLING = 'Back-off pulling image "'
_COMBINED = "(combined from similar events): "
_RECENT = dt.timedelta(minutes=10)
"""A back-off is at most five minutes, and the kubelet tells of it again while it lasts."""


_LIST = b"EventList"


class Happened(Struct, frozen=True, kw_only=True):
    """One event; `kind` is in lower case (`pod`), None is not told."""

    kind: str
    name: str
    reason: str
    message: str
    time: Time | None
    first: Time | None
    count: int
    type: str | None = None
    source: str | None = None
    namespace: str | None = None
    uid: str | None = None
    container: str | None = None
    line: int | None = None

    @property
    def pod(self) -> str | None:
        """The pod it is about, None when it is about something else."""
        return self.name if self.kind == "pod" else None


# --- objects --------------------------------------------------------------------------------------------------------


class _About(Struct, frozen=True, rename="camel"):
    kind: str | None = None
    name: str | None = None
    namespace: str | None = None
    uid: str | None = None
    field_path: str | None = None


class _Source(Struct, frozen=True):
    component: str | None = None
    host: str | None = None


class _Series(Struct, frozen=True, rename="camel"):
    count: int | None = None
    last_observed_time: str | None = None


class _Event(Struct, frozen=True, rename="camel"):
    involved_object: _About | None = None
    regarding: _About | None = None
    reason: str | None = None
    message: str | None = None
    note: str | None = None
    type: str | None = None
    count: int | None = None
    deprecated_count: int | None = None
    series: _Series | None = None
    source: _Source | None = None
    reporting_component: str | None = None
    reporting_controller: str | None = None
    first_timestamp: str | None = None
    last_timestamp: str | None = None
    event_time: str | None = None
    deprecated_first_timestamp: str | None = None
    deprecated_last_timestamp: str | None = None


def objects(raw: Raw) -> Iterator[Happened | Skipped]:
    """Yield the events among the objects, and those that are of another shape."""
    for value in kubernetes_objects.objects(raw, ("Event",)):
        try:
            yield _of_object(msgspec.convert(value, _Event))
        except ValueError as error:
            yield Skipped(line=1, text="Event", why=str(error)[:200])


def is_list(raw: Raw) -> bool:
    """Whether the text is an answer to the question for events, even if none was there."""
    if isinstance(raw.request, KubernetesGet):
        return raw.request.segments[-1:] == ("events",)
    return _LIST in raw.body[:4096] and not any(True for _ in kubernetes_objects.objects(raw))


def _of_object(event: _Event) -> Happened:
    about = event.involved_object or event.regarding or _About()
    series = event.series or _Series()
    times = (event.last_timestamp, series.last_observed_time, event.deprecated_last_timestamp, event.event_time)
    firsts = (event.first_timestamp, event.deprecated_first_timestamp, event.event_time)
    message, container = _placed(event.message or event.note or "", about.field_path)
    return Happened(
        kind=(about.kind or "").lower(), name=about.name or "", namespace=about.namespace or None,
        uid=about.uid or None, reason=event.reason or "", message=message, type=event.type,
        time=max((time for time in map(moment, times) if time), default=None),
        first=min((time for time in map(moment, firsts) if time), default=None),
        count=max(event.count or 1, event.deprecated_count or 1, series.count or 1),
        source=(event.source.component if event.source else None)
        or event.reporting_component or event.reporting_controller or None,
        container=container,
    )  # fmt: skip


# --- text -----------------------------------------------------------------------------------------------------------


def tabled(raw: Raw) -> Iterator[Happened]:
    """Yield the events of an event table."""
    for row in kubectl_events.event_rows(raw):
        if isinstance(row, kubectl_events.EventRow):
            message, container = _placed(row.message, row.field)
            time, first = _moments(raw.at, row.when)
            yield Happened(
                kind=row.kind.partition(".")[0], name=row.name, namespace=row.namespace or raw.subject.namespace,
                reason=row.reason, message=message, type=row.type or None, source=row.source, time=time, first=first,
                count=row.when.count, container=container, line=row.line,
            )  # fmt: skip


def described(
    events: Iterable[DescribedEvent], now: Time, *, kind: str, name: str | None, namespace: str | None
) -> Iterator[Happened]:
    """Yield the events below a description; all are about the described object."""
    for event in events:
        message, container = _placed(event.message, None)
        time, first = _moments(now, Interval(event.last, event.first, event.count))
        yield Happened(
            kind=kind, name=name or "", namespace=namespace, reason=event.reason, message=message, type=event.type,
            source=event.source or None, time=time, first=first, count=event.count, container=container,
            line=event.line,
        )  # fmt: skip


def _moments(now: Time, when: Interval) -> tuple[Time | None, Time | None]:
    return _back(now, when.last), _back(now, when.first)


def _back(now: Time, ago: dt.timedelta | None) -> Time | None:
    try:
        return now - ago if ago is not None else None
    except OverflowError:
        return None


def _placed(message: str, field: str | None) -> tuple[str, str | None]:
    """Return the message without the place that newer kubectl prints before it, and the container it is about."""
    message = message.removeprefix(_COMBINED)
    prefix = _FIELD.match(message) if message.startswith("spec.") else None
    if prefix:
        message = message[prefix.end() :]
    place = _FIELD.match(field) if field else prefix
    if place:
        return message, place[1]
    if "ontainer" in message:
        if back_off := _BACK_OFF.match(message):
            return message, back_off[1]
        if named := _NAMED.fullmatch(message):
            return message, named[1] or named[2]
    return message, None


def gaps(raw: Raw) -> Iterator[Gap]:
    """Yield what was left out of an event table."""
    yield from (row for row in kubectl_events.event_rows(raw) if isinstance(row, Gap))


# --- what events tell of containers ---------------------------------------------------------------------------------


def backing_off(events: Iterable[Happened], raw: Raw) -> Iterator[Reading]:
    """Yield the containers that the kubelet is waiting to start (again) or to pull, as the events tell it.

    A container that was started after its last back-off, or of which none was told for ten minutes, is not waiting.
    """
    told = [event for event in events if event.pod]
    starts = latest_starts(told)
    for event in told:
        if event.reason != "BackOff" or _over(event, starts, raw):
            continue
        image = event.message.startswith(_BACK_OFF_PULLING)
        match = _BACK_OFF.match(event.message)
        if image or match:
            namespace, uid = (match[3], match[4]) if match else (None, None)
            yield Reading(
                line=event.line if event.line is not None else UNSET, text=event.message,
                namespace=event.namespace or namespace or UNSET, pod=event.pod, pod_uid=event.uid or uid or UNSET,
                name=event.container or UNSET, state="waiting",
                waiting="ImagePullBackOff" if image else "CrashLoopBackOff",
            )  # fmt: skip


def latest_starts(events: Iterable[Happened]) -> dict[tuple[Any, ...], Time]:
    """Return when each container was last started, by namespace, pod and container (None: any of the pod)."""
    starts: dict[tuple[Any, ...], Time] = {}
    for event in events:
        if event.reason == "Started" and event.time:
            for container in {event.container, None}:
                key = (event.namespace, event.pod, container)
                starts[key] = max(event.time, starts.get(key, event.time))
    return starts


def started_after(event: Happened, starts: dict[tuple[Any, ...], Time]) -> bool:
    """Whether the container was started after what the event tells."""
    start = starts.get((event.namespace, event.pod, event.container))
    return bool(start and event.time and start > event.time)


def _over(event: Happened, starts: dict[tuple[Any, ...], Time], raw: Raw) -> bool:
    return started_after(event, starts) or (event.time is not None and raw.at - event.time > _RECENT)
