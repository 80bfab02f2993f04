"""Events of a namespace and its nodes: what the kubelet, the scheduler and the controllers told.

Pure: reads Event objects, event tables and the Events section of every `kubectl describe`. Events expire after an hour
(kube-apiserver --event-ttl), so that none is no proof of absence: a Cut says so.
"""

from __future__ import annotations

import datetime as dt
import shlex
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Annotated

import re2
from msgspec import UNSET, Meta, Struct, UnsetType

from runbookctl import model
from runbookctl.catalog import signatures
from runbookctl.forms import kubectl_describe_node, kubectl_describe_pod, kubectl_describe_workload, kubernetes_objects
from runbookctl.model import Cut, KubernetesGet, Raw, Request, Skipped, Subject, Time
from runbookctl.probes.k8s import _from_events
from runbookctl.probes.k8s._from_events import Happened
from runbookctl.probes.k8s._messages import KUBELET
from runbookctl.probes.k8s._words import unescaped

FORMS = (
    "kubernetes_objects", "kubectl_events", "kubectl_describe_pod", "kubectl_describe_node",
    "kubectl_describe_workload",
)  # fmt: skip
SUBJECT = {
    "namespace": "namespace", "pod": "pod", "pod_uid": "pod_uid", "container": "container", "node": "node",
    "workload": "workload",
}  # fmt: skip
KIND = "event"
ONE = False

TTL = dt.timedelta(hours=1)
"""Default of kube-apiserver --event-ttl."""

_PAGE = "500"
_MOST_NODES = 10
# worker-gpu-01
_NODE_NAME = re2.compile(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?")
_UNTIL_STARTED = frozenset({
    "image_pull_failure", "missing_config_or_secret", "bad_command", "permission_denied", "wrong_architecture",
    "dns_or_network_failure", "node_pressure", "driver_library_mismatch", "cuda_driver_too_old", "cdi_spec_missing",
    "container_toolkit_missing", "nvidia_runtime_not_configured", "container_oom_killed",
})  # fmt: skip
"""What kept a container from starting is over once it was started."""

_Text = str | UnsetType | None


class Params(Struct, frozen=True, forbid_unknown_fields=True):
    """Which namespace, and the nodes whose own events belong to it."""

    namespace: str
    nodes: tuple[str, ...] = ()


class Reading(model.Reading, frozen=True, kw_only=True):
    """One event; `text` is its message, `time` its last occurrence, `count` how often it happened."""

    reason: Annotated[str, Meta(description="in one word, as its source names it: Killing, BackOff, Unhealthy")]
    time: Annotated[Time | None, Meta(description="last occurrence; absent when the text does not tell")] = None
    first: Annotated[Time | None, Meta(description="first occurrence")] = None
    count: int = 1
    type: Annotated[_Text, Meta(description="Normal or Warning; a kill is Normal")] = UNSET
    kind: Annotated[str | UnsetType, Meta(description="of the object, in lower case: pod, node, deployment")] = UNSET
    object: Annotated[str | UnsetType, Meta(description="name of the object")] = UNSET
    namespace: _Text = UNSET
    pod: _Text = UNSET
    pod_uid: _Text = UNSET
    container: _Text = UNSET
    node: _Text = UNSET
    workload: Annotated[_Text, Meta(description="kind/name of any other object")] = UNSET
    source: Annotated[_Text, Meta(description="who told: kubelet, default-scheduler")] = UNSET
    sign: Annotated[str | None, Meta(description="id of the signature that the message matched")] = None
    means: Annotated[str | None, Meta(description="cause code that it proves now; absent when it proves none")] = None
    over: Annotated[bool, Meta(description="the container was started after it")] = False


def request(params: Params) -> tuple[Request, ...]:
    """Ask for the events of the namespace, and for those of each node, which stand in namespace default."""
    own = KubernetesGet(
        form="kubernetes_objects", segments=("api", "v1", "namespaces", params.namespace, "events"),
        query=(("limit", _PAGE),),
    )  # fmt: skip
    nodes = [node for node in dict.fromkeys(params.nodes) if _NODE_NAME.fullmatch(node)]
    if not nodes:
        return (own,)
    fields = [f"involvedObject.kind=Node,involvedObject.name={node}" for node in nodes]
    if len(fields) > _MOST_NODES:
        fields = ["involvedObject.kind=Node"]
    return (
        own,
        *(
            KubernetesGet(
                form="kubernetes_objects", segments=("api", "v1", "namespaces", "default", "events"),
                query=(("fieldSelector", field), ("limit", _PAGE)),
            )
            for field in fields
        ),
    )  # fmt: skip


def obtain(subject: Subject) -> str:
    """Return the command that prints the subject's events."""
    if subject.pod and subject.namespace:
        field = shlex.quote(f"involvedObject.name={subject.pod}")
        return f"kubectl -n {shlex.quote(subject.namespace)} get events --field-selector {field} -o json"
    if subject.node and not subject.namespace:
        field = shlex.quote(f"involvedObject.kind=Node,involvedObject.name={subject.node}")
        return f"kubectl get events --field-selector {field} -o json"
    where = f"-n {shlex.quote(subject.namespace)}" if subject.namespace else "-A"
    return f"kubectl get events {where} -o json"


def read(raw: Raw) -> Iterator[Reading | Cut | Skipped]:
    """Read the events that a text holds, and say that older ones have expired."""
    told, whole = _found(raw)
    found = [one for one in told if isinstance(one, Happened)]
    yield from (one for one in told if isinstance(one, Skipped))
    starts = _from_events.latest_starts(found)
    for event in found:
        yield _reading(event, over=_from_events.started_after(event, starts))
    if raw.form == "kubernetes_objects" and (why := kubernetes_objects.cut(raw)):
        yield Cut(why=why)
    if not whole:
        yield Cut(why="the events are not all there") if found else Cut(why="no events in it", nothing=True)
    elif raw.request is None and told and not any(event.pod for event in found):
        yield Cut(why="no events of pods in it", nothing=True)  # those of a node or a workload say nothing of its pods'
    if whole or found:
        yield Cut(before=raw.at - TTL, why="events older than one hour are normally gone")


def _found(raw: Raw) -> tuple[Sequence[Happened | Skipped], bool]:
    """Return the events of a text, and whether these are all that were printed."""
    match raw.form:
        case "kubernetes_objects":
            objects = list(_from_events.objects(raw))
            return objects, bool(objects) or _from_events.is_list(raw)
        case "kubectl_events":
            return list(_from_events.tabled(raw)), not any(not gap.harmless for gap in _from_events.gaps(raw))
        case "kubectl_describe_pod":
            return _of_pods(raw)
        case "kubectl_describe_node":
            nodes = list(kubectl_describe_node.described_nodes(raw))
            found = [
                event
                for node in nodes
                for event in _from_events.described(
                    node.events or (), kubectl_describe_node.taken(node) or raw.at, kind="node", name=node.name,
                    namespace=None,
                )
            ]  # fmt: skip
            return found, all(node.events is not None for node in nodes)
        case _:
            workloads = list(kubectl_describe_workload.described_workloads(raw))
            found = [
                event
                for one in workloads
                for event in _from_events.described(
                    one.events or (), raw.at, kind=one.kind, name=one.name, namespace=one.namespace
                )
            ]
            return found, all(one.events is not None for one in workloads)


def _of_pods(raw: Raw) -> tuple[list[Happened], bool]:
    pods = list(kubectl_describe_pod.described_pods(raw))
    found = [
        event
        for pod in pods
        for event in _from_events.described(
            pod.events or (), kubectl_describe_pod.printed_at(pod) or raw.at, kind="pod", name=pod.value("Name"),
            namespace=pod.value("Namespace"),
        )
    ]  # fmt: skip
    return found, all(pod.events is not None and not pod.gap for pod in pods)


def _reading(event: Happened, *, over: bool) -> Reading:
    sign, means = _meaning(event.message)
    past = over and means in _UNTIL_STARTED
    return Reading(
        line=event.line if event.line is not None else UNSET, text=event.message, reason=event.reason,
        time=event.time, first=event.first, count=event.count, type=event.type or UNSET, kind=event.kind or UNSET,
        object=event.name or UNSET, source=event.source or UNSET, sign=sign,
        means=None if past else means, over=past, **_subject(event),
    )  # fmt: skip


@lru_cache(maxsize=4096)
def _meaning(message: str) -> tuple[str | None, str | None]:
    found = signatures.match(unescaped(message), families=KUBELET) if message else None
    return (found.sign, found.means) if found else (None, None)


def _subject(event: Happened) -> dict[str, str]:
    """Return the names of what the event is about; a node's event stands in namespace default and is not of it."""
    if event.kind == "node":
        return {"node": event.name} if event.name else {}
    fields = {"namespace": event.namespace, "pod": event.pod, "container": event.container}
    if event.kind == "pod":
        fields["pod_uid"] = event.uid
    elif event.kind and event.name:
        fields["workload"] = f"{event.kind}/{event.name}"
    return {key: value for key, value in fields.items() if value}
