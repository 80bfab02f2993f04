"""What is known of one container: the reading of `k8s.containers` and its parts.

Pure: values only.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from runbookctl import model
from runbookctl.model import Bytes, Duration, Time

Role = Literal["init", "sidecar", "main", "ephemeral"]
State = Literal["waiting", "running", "terminated"]

_Text = str | UnsetType | None
_Truth = bool | UnsetType | None
_Time = Time | UnsetType | None


class Exit(Struct, frozen=True, kw_only=True):
    """One end of a container instance, from `state.terminated` or `lastState.terminated`."""

    code: Annotated[
        int | UnsetType | None,
        Meta(
            description="exit code of process 1; not told where the kubelet filled it in (ContainerStatusUnknown)",
            extra={"path": "terminated.exitCode"},
        ),
    ] = UNSET
    reason: Annotated[
        _Text, Meta(description="set by the runtime, whichever process ended", extra={"path": "terminated.reason"})
    ] = UNSET
    time: Annotated[_Time, Meta(description="when it ended", extra={"path": "terminated.finishedAt"})] = UNSET
    started: Annotated[_Time, Meta(description="when it began", extra={"path": "terminated.startedAt"})] = UNSET
    ran: Annotated[Duration | UnsetType | None, Meta(description="how long it ran; not told if it never began")] = UNSET
    signal: Annotated[int | UnsetType | None, Meta(description="signal number, where the runtime tells it")] = UNSET
    message: Annotated[_Text, Meta(description="termination log", extra={"path": "terminated.message"})] = UNSET
    container_id: Annotated[_Text, Meta(description="64 hex digits of this instance")] = UNSET
    current: Annotated[_Truth, Meta(description="the instance that ended has not been replaced")] = UNSET


class Message(Struct, frozen=True, kw_only=True):
    """A waiting or termination message, as the catalogue of signatures reads it."""

    sign: Annotated[str | None, Meta(description="id of the signature that matched")] = None
    means: Annotated[str | None, Meta(description="cause code that it proves; absent when it proves none")] = None
    text: str = ""
    time: Annotated[Time | None, Meta(description="when the instance ended; absent for a waiting message")] = None
    writer: Annotated[Literal["kubelet", "program"], Meta(description="who chose the words")] = "kubelet"


class Reading(model.Reading, frozen=True, kw_only=True):
    """One container. A source that lists pods but not containers gives one reading without `name`."""

    namespace: _Text = UNSET
    pod: _Text = UNSET
    pod_uid: _Text = UNSET
    name: Annotated[_Text, Meta(description="container", extra={"path": "name"})] = UNSET
    container_id: Annotated[_Text, Meta(description="64 hex digits of the instance that is or was last")] = UNSET
    node: Annotated[_Text, Meta(extra={"path": "spec.nodeName"})] = UNSET
    role: Role | UnsetType | None = UNSET
    state: State | UnsetType | None = UNSET
    waiting: Annotated[
        _Text, Meta(description="why it waits; absent when it does not", extra={"path": "state.waiting.reason"})
    ] = UNSET
    ready: Annotated[_Truth, Meta(extra={"path": "ready"})] = UNSET
    started: Annotated[_Truth, Meta(description="its startup probe has passed, or it has none")] = UNSET
    running_since: Annotated[_Time, Meta(extra={"path": "state.running.startedAt"})] = UNSET
    unready_since: Annotated[_Time, Meta(description="since when not all containers of the pod are ready")] = UNSET
    restarted: Annotated[_Truth, Meta(description="the instance that ended last is not the current one")] = UNSET
    restarts: Annotated[int | UnsetType | None, Meta(extra={"path": "restartCount"})] = UNSET
    exits: Annotated[tuple[Exit, ...] | UnsetType, Meta(description="ends that are remembered, oldest first")] = UNSET
    messages: Annotated[tuple[Message, ...] | UnsetType, Meta(description="waiting and termination messages")] = UNSET
    image: Annotated[_Text, Meta(extra={"path": "image"})] = UNSET
    memory_limit: Annotated[
        Bytes | UnsetType | None,
        Meta(description="limit in force, its own or the pod's", extra={"path": "resources.limits.memory"}),
    ] = UNSET
    memory_request: Annotated[Bytes | UnsetType | None, Meta(extra={"path": "resources.requests.memory"})] = UNSET
    phase: Annotated[_Text, Meta(description="of the pod", extra={"path": "status.phase"})] = UNSET
    pod_reason: Annotated[_Text, Meta(description="Evicted, NodeLost ...", extra={"path": "status.reason"})] = UNSET
    pod_message: Annotated[_Text, Meta(extra={"path": "status.message"})] = UNSET
    scheduled: Annotated[_Truth, Meta(description="the pod has a node")] = UNSET
    deleting: Annotated[_Truth, Meta(description="the pod is being deleted")] = UNSET
    disruption: Annotated[
        _Text, Meta(description="why the platform ends the pod", extra={"path": "conditions[DisruptionTarget].reason"})
    ] = UNSET
    created: Annotated[_Time, Meta(extra={"path": "metadata.creationTimestamp"})] = UNSET
    owner: Annotated[_Text, Meta(description="workload that makes the pod: deployment/trainer")] = UNSET
    previous_revision: Annotated[
        str | UnsetType | None, Meta(description="revision of the workload before this one; absent when there is none")
    ] = UNSET
    job: Annotated[_Text, Meta(description="job that the pod works for")] = UNSET
