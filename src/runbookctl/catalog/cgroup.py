"""What a cgroup path says: which pod, which container, and how wide the group is.

Pure. Paths may be prefixed (kind, LXC, a group of one's own: `/labkube/kubepods/burstable/pod<uid>`), of either cgroup
driver and of any runtime, so segments are looked for and nothing is anchored at the root.
Source: kubernetes pkg/kubelet/cm (systemd: `kubepods-burstable-pod<uid with _>.slice`, cgroupfs: `kubepods/burstable/
pod<uid>`); containerd, CRI-O and docker scope names.
"""

from __future__ import annotations

from typing import Literal

import re2
from msgspec import Struct

Scope = Literal["container", "pod", "kubepods", "slice"]

# pod56ffb81d-1da1-42de-ae6c-46fee01f6b0a, kubepods-burstable-pod56ffb81d_1da1_42de_ae6c_46fee01f6b0a.slice; a static
# pod has the hash of its manifest, 32 hex digits
_POD = re2.compile(
    r"(?:[a-z0-9.-]{1,100}-)?"
    r"pod([0-9a-f]{8}[-_][0-9a-f]{4}[-_][0-9a-f]{4}[-_][0-9a-f]{4}[-_][0-9a-f]{12}|[0-9a-f]{32})(?:\.slice)?"
)
# cri-containerd-<64 hex>.scope, docker-<64 hex>.scope, crio-<64 hex>, libpod-<64 hex>.scope, <64 hex>
_CONTAINER = re2.compile(r"(?:[a-z][a-z-]{0,40}-)?([0-9a-f]{64})(?:\.scope)?")
# kubepods, kubepods.slice, kubelet-kubepods.slice, kubepods-besteffort.slice
_KUBEPODS = re2.compile(r"(?:[a-z0-9-]{1,60}-)?kubepods(?:-(?:burstable|besteffort))?(?:\.slice)?")


class Group(Struct, frozen=True, kw_only=True):
    """What a path names; `scope` is the deepest of container, pod, kubepods (all pods, or a QoS class), other slice."""

    scope: Scope
    pod_uid: str | None = None
    container_id: str | None = None


def group(path: str) -> Group:
    """Return what `path` names (`/kubepods/burstable/pod56ffb81d-.../90fc146c...`)."""
    pod_uid = container_id = None
    pods = False
    for segment in path[:8192].split("/"):
        if found := _POD.fullmatch(segment):
            pod_uid, container_id = found[1].replace("_", "-"), None
        elif found := _CONTAINER.fullmatch(segment):
            container_id = found[1]
        elif pod_uid and not container_id and segment and _is_scope(segment):
            return Group(scope="container", pod_uid=pod_uid)
        elif _KUBEPODS.fullmatch(segment):
            pods, container_id = True, None  # kind: the node itself is a container
    if container_id:
        return Group(scope="container", pod_uid=pod_uid, container_id=container_id)
    if pod_uid:
        return Group(scope="pod", pod_uid=pod_uid)
    # below kubepods but no pod: a QoS class is all pods of that class
    last = path.rstrip("/").rpartition("/")[2]
    if pods and (_KUBEPODS.fullmatch(last) or last in ("burstable", "besteffort")):
        return Group(scope="kubepods")
    return Group(scope="slice")


def _is_scope(segment: str) -> bool:
    return segment.endswith(".scope")
