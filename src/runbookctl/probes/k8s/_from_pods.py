"""Readings of containers from Pod objects.

Pure. The API tells everything, so what it leaves out is absent and not unknown; two things it does not tell although it
prints a value: the exit code of a container that the kubelet could not find (ContainerStatusUnknown: 137 is filled in),
and the start of one that never ran (StartError: 1970).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import UNSET, Struct, UnsetType

from runbookctl.catalog.kubernetes_values import moment, quantity
from runbookctl.model import Duration, Time
from runbookctl.probes.k8s._container import Exit, Message, Reading, Role, State
from runbookctl.probes.k8s._messages import termination, waiting
from runbookctl.probes.k8s._owners import Owners, job_of
from runbookctl.probes.k8s._pod import (
    ContainerSpec,
    ContainerStatus,
    Metadata,
    Pod,
    PodSpec,
    PodStatus,
    Resources,
    Terminated,
)

_NO_SPEC, _NO_STATUS, _NO_METADATA = ContainerSpec(), ContainerStatus(), Metadata()
_UNKNOWN_END = "ContainerStatusUnknown"
_SUCCEEDED = ("Succeeded", "Failed")
_STATIC_HASH = "kubernetes.io/config.hash"


class _Part(Struct, frozen=True):
    """One container with its role; spec and status may each be missing."""

    name: str
    role: Role
    spec: ContainerSpec
    status: ContainerStatus


def readings(pod: Pod, owners: Owners) -> Iterator[Reading]:
    """Yield one reading per container of a pod: init containers first, as they run."""
    shared = _shared(pod, owners)
    ended = _over(pod)
    for part in _parts(pod):
        yield _reading(pod, part, shared, ended)


def _parts(pod: Pod) -> Iterator[_Part]:
    spec, status = pod.spec or PodSpec(), pod.status or PodStatus()
    for role, specs, statuses in (
        ("init", spec.init_containers, status.init_container_statuses),
        ("main", spec.containers, status.container_statuses),
        ("ephemeral", spec.ephemeral_containers, status.ephemeral_container_statuses),
    ):
        wanted = {one.name: one for one in specs or () if one.name}
        found = {one.name: one for one in statuses or () if one.name}
        for name in {**wanted, **found}:
            own = wanted.get(name, _NO_SPEC)
            sidecar = role == "init" and own.restart_policy == "Always"
            yield _Part(name, "sidecar" if sidecar else role, own, found.get(name, _NO_STATUS))  # type: ignore[arg-type]


def _shared(pod: Pod, owners: Owners) -> dict[str, Any]:
    """Return the fields that all containers of a pod have in common."""
    metadata, spec, status = pod.metadata or _NO_METADATA, pod.spec, pod.status
    owner = owners.of(metadata)
    fields: dict[str, Any] = {
        "namespace": metadata.namespace, "pod": metadata.name,
        # the kubelet names a static pod's cgroup and events by this hash, not by its mirror's uid
        "pod_uid": (metadata.annotations or {}).get(_STATIC_HASH) or metadata.uid,
        "created": moment(metadata.creation_timestamp), "deleting": metadata.deletion_timestamp is not None,
        "owner": owner.workload, "previous_revision": owner.previous, "job": job_of(metadata),
    }  # fmt: skip
    if spec is not None:
        fields["node"] = spec.node_name or None
    if status is not None:
        fields |= _of_status(status)
        fields["scheduled"] = bool(spec and spec.node_name) or fields["scheduled"]
    return fields


def _of_status(status: PodStatus) -> dict[str, Any]:
    conditions = {one.type: one for one in status.conditions or ()}
    scheduled, ready = conditions.get("PodScheduled"), conditions.get("ContainersReady")
    disruption = conditions.get("DisruptionTarget")
    unready = ready is not None and ready.status != "True"
    disrupted = disruption is not None and disruption.status == "True"
    return {
        "phase": status.phase or None, "pod_reason": status.reason or None, "pod_message": status.message or None,
        "scheduled": scheduled is not None and scheduled.status == "True",
        "unready_since": moment(ready.last_transition_time) if unready and ready else None,
        "disruption": (disruption.reason or "DisruptionTarget") if disrupted and disruption else None,
    }  # fmt: skip


def _reading(pod: Pod, part: _Part, shared: dict[str, Any], ended: bool) -> Reading:
    status = part.status
    known = pod.status is not None
    now, last = status.state, status.last_state
    terminated = now.terminated if now else None
    lasted = last.terminated if last else None
    exits = tuple(_exit(one, current=one is terminated) for one in (lasted, terminated) if one is not None)
    if ended and part.role == "sidecar":
        exits = tuple(one for one in exits if not one.current)  # the kubelet ends it after the last main container
    limit, request = _memory(pod.spec, part)
    return Reading(
        **shared, name=part.name, role=part.role,
        container_id=_bare(status.container_id) if known else UNSET,
        image=part.spec.image or status.image or UNSET,
        state=_state(status) if known else UNSET,
        waiting=((now.waiting.reason or None) if now and now.waiting else None) if known else UNSET,
        ready=bool(status.ready) if known else UNSET, started=status.started if known else UNSET,
        running_since=(moment(now.running.started_at) if now and now.running else None) if known else UNSET,
        restarts=(status.restart_count or 0) if known else UNSET,
        restarted=(lasted is not None and terminated is None) if known else UNSET,
        exits=exits if known else UNSET, messages=_messages(status, exits) if known else UNSET,
        memory_limit=limit, memory_request=request,
    )  # fmt: skip


def _state(status: ContainerStatus) -> State | None:
    state = status.state
    if state is None:
        return None  # the kubelet has said nothing of it yet
    if state.running is not None:
        return "running"
    return "terminated" if state.terminated is not None else "waiting"


def _exit(end: Terminated, *, current: bool) -> Exit:
    started, finished = moment(end.started_at), moment(end.finished_at)
    unknown = end.reason == _UNKNOWN_END
    return Exit(
        code=UNSET if unknown or end.exit_code is None else end.exit_code,
        reason=end.reason or None, time=finished or UNSET, started=started or UNSET, ran=_ran(started, finished),
        signal=end.signal or None, message=end.message or None, container_id=_bare(end.container_id), current=current,
    )  # fmt: skip


def _ran(started: Time | None, finished: Time | None) -> Duration | UnsetType:
    return max(finished - started, Duration()) if started and finished else UNSET


def _over(pod: Pod) -> bool:
    return pod.status is not None and pod.status.phase in _SUCCEEDED


def _messages(status: ContainerStatus, exits: tuple[Exit, ...]) -> tuple[Message, ...]:
    found: list[Message] = []
    state = status.state
    if state and state.waiting and (state.waiting.reason or state.waiting.message):
        found.extend(waiting(state.waiting.reason, state.waiting.message))
    for end in exits:
        if isinstance(end.message, str):
            found.extend(termination(end.message, end.reason, end.time if end.time is not UNSET else None))
    return tuple(found)


def _memory(spec: PodSpec | None, part: _Part) -> tuple[int | UnsetType | None, int | UnsetType | None]:
    """Return limit and request in force: as resized in place, else as wanted, else the pod's own limit."""
    actual, wanted = part.status.resources, part.spec.resources
    if spec is None and actual is None:
        return UNSET, UNSET
    limit = _amount(actual, "limits") or _amount(wanted, "limits")
    request = _amount(actual, "requests") or _amount(wanted, "requests")
    if limit is None and spec is not None:
        limit = _amount(spec.resources, "limits")
    return limit, request


def _amount(resources: Resources | None, which: str) -> int | None:
    amounts = getattr(resources, which, None)
    return quantity(amounts.get("memory")) if amounts else None


def _bare(container_id: str | None) -> str | None:
    """Return `90fc146c...` of `containerd://90fc146c...`."""
    return container_id.rpartition("//")[2] or None if container_id else None
