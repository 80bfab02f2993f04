"""What is known of one node: the reading of `k8s.nodes` and its parts, and how each source fills it.

Pure. Source: core v1 NodeStatus; kubernetes pkg/controller/nodelifecycle, pkg/kubelet/nodestatus (messages of Ready).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType

from runbookctl import model
from runbookctl.catalog.accelerators import has_nvidia, is_gpu, is_nvidia
from runbookctl.catalog.kubernetes_values import quantity
from runbookctl.model import Duration, Time

_Text = str | UnsetType | None
_Truth = bool | UnsetType | None
_Time = Time | UnsetType | None

# [container runtime is down, PLEG is not healthy: pleg was last seen active 3m5.2s ago; threshold is 3m0s]
_RUNTIME = ("container runtime is down", "PLEG is not healthy", "failed to get runtime status")
# container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:Network plugin ...
_NETWORK = (
    "NetworkPluginNotReady",
    "network plugin is not ready",
    "cni plugin not initialized",
    "cni config uninitialized",
)


class Offer(Struct, frozen=True, kw_only=True):
    """A GPU resource of a node. Capacity counts what the device plugin knows, allocatable what it holds for healthy."""

    name: str
    capacity: Annotated[int, Meta(extra={"path": "status.capacity"})] = 0
    allocatable: Annotated[int, Meta(extra={"path": "status.allocatable"})] = 0
    used: Annotated[int | UnsetType, Meta(description="requested by pods on the node; only describe tells")] = UNSET


class Reading(model.Reading, frozen=True, kw_only=True):
    """One node."""

    name: _Text = UNSET
    ready: Annotated[_Truth, Meta(description="condition Ready is True")] = UNSET
    silent: Annotated[_Truth, Meta(description="condition Ready is Unknown: its kubelet reports nothing")] = UNSET
    trouble: Annotated[
        _Text,
        Meta(description="why it is not ready, one sentence; absent when it is", extra={"path": "conditions[Ready]"}),
    ] = UNSET
    runtime_down: Annotated[_Truth, Meta(description="the kubelet says that the container runtime does not answer")] = (
        UNSET
    )
    network_down: Annotated[_Truth, Meta(description="the kubelet says that the pod network is not set up")] = UNSET
    changed: Annotated[
        _Time, Meta(description="since when it is ready or not", extra={"path": "Ready.lastTransitionTime"})
    ] = UNSET
    heartbeat: Annotated[_Time, Meta(description="last report", extra={"path": "Ready.lastHeartbeatTime"})] = UNSET
    lease: Annotated[_Time, Meta(description="last renewal of its lease", extra={"path": "spec.renewTime"})] = UNSET
    created: Annotated[_Time, Meta(extra={"path": "metadata.creationTimestamp"})] = UNSET
    age: Annotated[Duration | UnsetType, Meta(description="how old it was when the text was taken")] = UNSET
    unschedulable: Annotated[_Truth, Meta(description="cordoned", extra={"path": "spec.unschedulable"})] = UNSET
    taints: Annotated[tuple[str, ...] | UnsetType, Meta(description="key:effect or key=value:effect")] = UNSET
    runtime: Annotated[_Text, Meta(description="systemd unit of its container runtime: containerd, crio")] = UNSET
    gpus: Annotated[tuple[Offer, ...] | UnsetType, Meta(description="GPU resources that are or were advertised")] = (
        UNSET
    )
    has_gpus: Annotated[_Truth, Meta(description="labels or capacity say that it has NVIDIA GPUs for containers")] = (
        UNSET
    )
    advertises: Annotated[_Truth, Meta(description="it offers an NVIDIA GPU or MIG device to pods")] = UNSET
    zeroed: Annotated[_Truth, Meta(description="capacity names an NVIDIA resource and holds 0 of all")] = UNSET


def gpus(
    capacity: Mapping[str, Any], allocatable: Mapping[str, Any], used: Mapping[str, Any], labels: Mapping[str, str]
) -> dict[str, Any]:
    """Return the fields about GPUs; quantities as written, `used` empty where the source does not tell it."""
    names = [name for name in dict.fromkeys((*capacity, *allocatable)) if is_gpu(name)]
    offers = tuple(
        Offer(
            name=name, capacity=quantity(capacity.get(name)) or 0, allocatable=quantity(allocatable.get(name)) or 0,
            used=UNSET if name not in used else quantity(used[name]) or 0,
        )
        for name in names
    )  # fmt: skip
    nvidia = [one for one in offers if is_nvidia(one.name)]
    held = any(one.capacity for one in nvidia)
    return {
        "gpus": offers, "has_gpus": held or has_nvidia(labels), "advertises": any(one.allocatable for one in nvidia),
        "zeroed": bool(nvidia) and not held,
    }  # fmt: skip


def readiness(status: str, reason: str, message: str, since: Time | None, heartbeat: Time | None) -> dict[str, Any]:
    """Return the fields that the condition Ready tells; `status` is True, False or Unknown."""
    if status == "True":
        sentence = None
    elif status == "Unknown":
        last = heartbeat or since
        sentence = f"The kubelet is silent{f' since {last:%Y-%m-%d %H:%M:%SZ}' if last else ''}"
    else:
        sentence = f"The kubelet reports: {message or reason or 'not ready'}"
    return {
        "ready": status == "True", "silent": status == "Unknown", "trouble": sentence,
        "runtime_down": status == "False" and any(word in message for word in _RUNTIME),
        "network_down": status == "False" and any(word in message for word in _NETWORK),
        "changed": since, "heartbeat": heartbeat,
    }  # fmt: skip


def runtime_unit(version: str) -> str | None:
    """Return the systemd unit of `containerd://1.6.20`, None for a runtime that is not known."""
    return {"containerd": "containerd", "cri-o": "crio", "docker": "docker"}.get(version.partition("://")[0])
