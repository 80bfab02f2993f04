"""Whom an object of the Kubernetes API is about, when it was last written, and its kind in words.

Pure. Only the few fields that name an object are decoded: 5,000 pods are named in 0.1 s.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
import re2
from msgspec import Struct

from runbookctl.model import Time


class _Reference(Struct):
    """What names an object."""

    name: Any = None
    namespace: Any = None
    uid: Any = None
    kind: Any = None


class _Spec(Struct):
    nodeName: Any = None  # noqa: N815 - the API's name
    containers: tuple[msgspec.Raw, ...] | None = None


class _Light(Struct):
    """The few fields of an object that name it; the others are passed over undecoded."""

    kind: Any = None
    metadata: _Reference | None = None
    spec: _Spec | None = None
    involvedObject: _Reference | None = None  # noqa: N815 - the API's name
    regarding: _Reference | None = None


def light(item: bytes | msgspec.Raw) -> dict[str, Any] | None:
    """Return the naming fields of an undecoded object as the API nests them; None when they have other types."""
    try:
        value = msgspec.structs.asdict(msgspec.json.decode(item, type=_Light))
    except (ValueError, RecursionError):
        return None
    nested = ("metadata", "spec", "involvedObject", "regarding")
    return value | {key: msgspec.structs.asdict(value[key]) for key in nested if value[key] is not None}


# Keys with the time at which the API server, a kubelet or a controller wrote: "renewTime": "2026-11-22T02:21:49Z"
_WRITTEN = tuple(
    f'"{key}":'.encode()
    for key in (
        "lastTimestamp", "firstTimestamp", "eventTime", "lastObservedTime", "lastTransitionTime", "lastProbeTime",
        "lastHeartbeatTime", "lastUpdateTime", "startedAt", "finishedAt", "startTime", "completionTime",
        "creationTimestamp", "renewTime", "acquireTime", "lastScheduleTime", "lastSuccessfulTime", "time",
    )
)  # fmt: skip

# 2026-11-22T02:21:49Z      2026-11-22T02:21:49.714798Z
_STAMP = re2.compile(rb"(20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?)\d{0,3}Z\"")


def latest(body: bytes) -> Time | None:
    """Return the latest of the written times of a body, None when there is none.

    A list of 5,000 pods has 100,000 of them, so few are looked at closely.
    """
    best = b""
    before, *values = body.split(b'"20')
    for value in values:
        if b"20" + value[:24] > best and before[-32:].rstrip().endswith(_WRITTEN):
            match = _STAMP.match(b"20" + value[:32])
            best = max(best, match[1]) if match else best
        before = value
    try:
        return Time.fromisoformat(best.decode() + "+00:00") if best else None
    except ValueError:
        return None


_WORKLOADS = frozenset(
    {"Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "Job", "CronJob", "ReplicationController"}
)


def levels(item: dict[str, Any]) -> dict[str, str]:
    """Return the subject's levels that an object names; an event names what it is about."""
    kind = item["kind"]
    about = _first(item, "involvedObject", "regarding") if kind == "Event" else None
    if about is not None:
        return _object_levels(_str(about, "kind"), about, _str(about, "uid"))
    metadata = _first(item, "metadata") or {}
    levels = _object_levels(kind, metadata, _str(metadata, "uid"))
    if kind == "Pod":
        levels["node"] = _str(item, "spec", "nodeName")
    return levels


def _object_levels(kind: str, named: dict[str, Any], uid: str) -> dict[str, str]:
    name, namespace = _str(named, "name"), _str(named, "namespace")
    match kind:
        case "Pod":
            return {"namespace": namespace, "pod": name, "pod_uid": uid}
        case "Node":
            return {"node": name}
        case "Lease" if namespace == "kube-node-lease":
            return {"node": name}
        case "Namespace":
            return {"namespace": name}
        case "Service":
            return {"namespace": namespace, "service": name}
        case _ if kind in _WORKLOADS:
            return {"namespace": namespace, "workload": f"{kind.lower()}/{name}"}
    return {"namespace": namespace}


def _first(item: dict[str, Any], *keys: str) -> dict[str, Any] | None:
    return next((item[key] for key in keys if isinstance(item.get(key), dict)), None)


def at(item: Any, path: Iterable[str]) -> Any:
    """Return the value at a path of keys, None when it is not there."""
    for key in path:
        item = item.get(key) if isinstance(item, dict) else None
    return item


def _str(item: Any, *path: str) -> str:
    value = at(item, path)
    return value if isinstance(value, str) else ""


# ReplicaSet -> replica set
_CAPITAL = re2.compile(r"([a-z])([A-Z])")


def words(kind: str, number: int) -> str:
    """Return a kind in words, plural unless `number` is 1: `replica sets`."""
    text = str(_CAPITAL.sub(r"\1 \2", kind[:100])).lower()
    if number == 1 or text.endswith("endpoints"):
        return text
    if text.endswith("y") and text[-2:-1] not in "aeiou":
        return text[:-1] + "ies"
    return text + ("es" if text.endswith(("s", "x", "ch")) else "s")
