"""The parts of a Pod and of a ReplicaSet that are read, and how an object becomes them.

Pure: values in, values out. Fields are those of the API (v1 Pod, apps/v1 ReplicaSet); all may be missing or null.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

_NAMES = {
    "container_id": "containerID", "exit_code": "exitCode", "started_at": "startedAt", "finished_at": "finishedAt",
    "last_state": "lastState", "restart_count": "restartCount",
}  # fmt: skip
"""Names in the API that are not the camel case of ours."""


class OwnerReference(Struct, frozen=True):
    """Who controls an object."""

    kind: str | None = None
    name: str | None = None
    uid: str | None = None
    controller: bool | None = None


class Metadata(Struct, frozen=True, rename="camel"):
    """Name, owner and life of an object."""

    name: str | None = None
    namespace: str | None = None
    uid: str | None = None
    labels: dict[str, str | None] | None = None
    annotations: dict[str, str | None] | None = None
    owner_references: list[OwnerReference] | None = None
    creation_timestamp: str | None = None
    deletion_timestamp: str | None = None


class Resources(Struct, frozen=True):
    """Limits and requests, by resource name; quantities as written."""

    limits: dict[str, Any] | None = None
    requests: dict[str, Any] | None = None


class ContainerSpec(Struct, frozen=True, rename="camel"):
    """What a container should be."""

    name: str | None = None
    image: str | None = None
    restart_policy: str | None = None
    resources: Resources | None = None


class Waiting(Struct, frozen=True):
    """state.waiting."""

    reason: str | None = None
    message: str | None = None


class Running(Struct, frozen=True, rename="camel"):
    """state.running."""

    started_at: str | None = None


class Terminated(Struct, frozen=True, rename=_NAMES):
    """state.terminated and lastState.terminated."""

    exit_code: int | None = None
    signal: int | None = None
    reason: str | None = None
    message: str | None = None
    started_at: str | None = None
    finished_at: str | None = None
    container_id: str | None = None


class ContainerState(Struct, frozen=True):
    """One of three; none of them means waiting."""

    waiting: Waiting | None = None
    running: Running | None = None
    terminated: Terminated | None = None


class ContainerStatus(Struct, frozen=True, rename=_NAMES):
    """What a container is."""

    name: str | None = None
    state: ContainerState | None = None
    last_state: ContainerState | None = None
    ready: bool | None = None
    started: bool | None = None
    restart_count: int | None = None
    image: str | None = None
    container_id: str | None = None
    resources: Resources | None = None


class Condition(Struct, frozen=True, rename="camel"):
    """One condition of a pod."""

    type: str | None = None
    status: str | None = None
    reason: str | None = None
    message: str | None = None
    last_transition_time: str | None = None


class PodSpec(Struct, frozen=True, rename="camel"):
    """What a pod should be."""

    node_name: str | None = None
    restart_policy: str | None = None
    resources: Resources | None = None
    init_containers: list[ContainerSpec] | None = None
    containers: list[ContainerSpec] | None = None
    ephemeral_containers: list[ContainerSpec] | None = None


class PodStatus(Struct, frozen=True, rename="camel"):
    """What a pod is."""

    phase: str | None = None
    reason: str | None = None
    message: str | None = None
    conditions: list[Condition] | None = None
    init_container_statuses: list[ContainerStatus] | None = None
    container_statuses: list[ContainerStatus] | None = None
    ephemeral_container_statuses: list[ContainerStatus] | None = None


class Pod(Struct, frozen=True):
    """A Pod; a part that the text does not have is None."""

    metadata: Metadata | None = None
    spec: PodSpec | None = None
    status: PodStatus | None = None


class ReplicaSet(Struct, frozen=True):
    """A ReplicaSet: whose it is and which revision."""

    metadata: Metadata | None = None


def pod(value: dict[str, Any]) -> Pod:
    """Return the parts of a Pod object; raises msgspec.ValidationError (a ValueError) when one is of another type."""
    return msgspec.convert(value, Pod)


def replica_set(value: dict[str, Any]) -> ReplicaSet:
    """Return the parts of a ReplicaSet object; raises msgspec.ValidationError like `pod`."""
    return msgspec.convert(value, ReplicaSet)
