"""Set or remove a label of a pod or a node."""

from __future__ import annotations

from msgspec import Struct

from runbookctl.changes import _holes
from runbookctl.changes import _kubernetes as cluster
from runbookctl.changes._mutation import MERGE, ApiCall, Mutation, Read, same_object
from runbookctl.errors import InputError
from runbookctl.model import Subject

INVERSE = "k8s.label"
LEVEL = "pod"


class Params(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Either `pod` or `node`. `label`: its key. `value`: what it shall be; `remove` takes the label away."""

    label: str
    pod: str | None = None
    node: str | None = None
    value: str | None = None
    remove: bool = False
    namespace: str = ""


def plan(params: Params) -> Mutation:
    """Patch one label. A pod that no longer fits a selector gets no traffic, and its owner makes another one."""
    key = _holes.label_key(params.label)
    if params.remove == (params.value is not None):
        raise InputError("k8s.label needs a value, or `remove: true` and no value")
    value = None if params.value is None else _holes.label_value(params.value)
    subject, read, segments, words, namespace = _target(params)
    call = ApiCall(
        method="PATCH",
        segments=segments,
        body={"metadata": {"labels": {key: value}}},
        content_type=MERGE,
        query=cluster.FIELD_MANAGER,
        fills=(same_object(read.id),),
    )
    setting = (f"{key}-",) if value is None else (f"{key}={value}", "--overwrite")
    return Mutation(
        subjects=(subject,),
        calls=(call,),
        commands=(cluster.kubectl("label", *words, *setting, namespace=namespace),),
        says=f"label {key} of {subject}: {'none' if value is None else value or 'empty'}",
        reads=(read,),
    )


def _target(params: Params) -> tuple[Subject, Read, tuple[str, ...], tuple[str, ...], str | None]:
    """Return what is labelled: subject, read, API path, words for kubectl, namespace."""
    keep = ("metadata", "labels", params.label)
    if (params.pod is None) == (params.node is None):
        raise InputError("k8s.label needs either a pod or a node")
    if params.node is not None:
        name = _holes.node(params.node)
        return Subject(node=name), cluster.read_node(name, keep), cluster.node_segments(name), ("node", name), None
    pod = cluster.pod(params.pod or "", params.namespace)
    return pod.subject(), pod.read(keep), pod.segments(), ("pod", pod.name), pod.namespace
