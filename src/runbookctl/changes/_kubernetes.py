"""Objects of a cluster that changes are about: owners of pods, pods, nodes; their paths, reads and names in kubectl."""

from __future__ import annotations

import shlex
from typing import Any, NamedTuple

from runbookctl.changes import _holes
from runbookctl.changes._mutation import STRATEGIC, ApiCall, Path, Read, same_object
from runbookctl.errors import InputError
from runbookctl.model import KubernetesGet, Subject

FIELD_MANAGER = (("fieldManager", "runbookctl"),)
_ALIASES = {
    "deploy": "deployment", "deployments": "deployment", "sts": "statefulset", "statefulsets": "statefulset",
    "ds": "daemonset", "daemonsets": "daemonset", "rs": "replicaset", "replicasets": "replicaset", "po": "pod",
    "pods": "pod", "jobs": "job", "cj": "cronjob", "cronjobs": "cronjob",
}  # fmt: skip
_GROUPS = {
    "deployment": ("apps", "v1"), "statefulset": ("apps", "v1"), "daemonset": ("apps", "v1"),
    "cronjob": ("batch", "v1"),
}  # fmt: skip
_WHY_NOT = {
    "pod": "it is a bare pod, and nothing makes it again: change its manifest, delete it and create it anew",
    "replicaset": "a ReplicaSet follows its Deployment: name the Deployment",
    "job": "the pod template of a Job cannot be changed: delete the Job and create it anew",
    "node": "it is a static pod of the node: change its manifest in the kubelet's folder",
}


class Owner(NamedTuple):
    """What makes pods: `deployment/trainer` in namespace `ml`."""

    kind: str
    namespace: str
    name: str

    def segments(self) -> tuple[str, ...]:
        """Return the API path of the object."""
        return ("apis", *_GROUPS[self.kind], "namespaces", self.namespace, f"{self.kind}s", self.name)

    def argument(self) -> str:
        """Return `deployment/trainer`, as kubectl takes it."""
        return f"{self.kind}/{self.name}"

    def subject(self) -> Subject:
        """Return the subject that a change of it changes: the workload with its pods."""
        return Subject(namespace=self.namespace, workload=self.argument())

    def pod_spec(self) -> Path:
        """Return where the specification of its pods stands."""
        template = ("spec", "template", "spec")
        return ("spec", "jobTemplate", *template) if self.kind == "cronjob" else template

    def read(self, *keep: Path) -> Read:
        """Return the read of the object; `keep` are the fields recorded before the change."""
        return Read(id="owner", request=KubernetesGet(form="kubernetes_objects", segments=self.segments()), keep=keep)

    def patch(self, body: Any) -> ApiCall:
        """Return a strategic merge patch that applies only to the object that was read."""
        return ApiCall(
            method="PATCH", segments=self.segments(), body=body, content_type=STRATEGIC, query=FIELD_MANAGER,
            fills=(same_object("owner"),),
        )  # fmt: skip

    def __str__(self) -> str:
        """Print `deployment/ml/trainer`."""
        return f"{self.kind}/{self.namespace}/{self.name}"


def owner(text: str, namespace: str, change: str, kinds: tuple[str, ...]) -> Owner:
    """Read `deployment/trainer` or `deployment/ml/trainer`; only `kinds` can be changed by `change`.

    Raises InputError with a sentence for any other kind, a missing namespace or a wrong name.
    """
    parts = text.split("/")
    if len(parts) not in (2, 3):
        raise InputError(f"{_holes.said(text)} is no owner; write deployment/ml/trainer")
    written = parts[0].lower().partition(".")[0]
    kind = _ALIASES.get(written, written)
    inside = namespace_of(parts[1] if len(parts) == 3 else "", namespace, text)
    found = Owner(kind, inside, _holes.name(parts[-1]))
    if kind not in kinds:
        why = _WHY_NOT.get(kind, f"only {', '.join(kinds)} can be: change it where it is defined")
        raise InputError(f"{change} cannot change {_holes.said(str(found))[1:-1]}: {why}")
    return found


def namespace_of(written: str, given: str, text: str) -> str:
    """Return the namespace that `text` itself names, or the given one; both must agree."""
    if written and given and written != given:
        raise InputError(f"{_holes.said(text)} is in namespace {_holes.said(written)}, not {_holes.said(given)}")
    if not written and not given:
        raise InputError(f"the namespace of {_holes.said(text)} is not known")
    return _holes.namespace(written or given)


class Pod(NamedTuple):
    """One pod: `trainer-0` in namespace `ml`."""

    namespace: str
    name: str

    def segments(self) -> tuple[str, ...]:
        """Return the API path of the pod."""
        return ("api", "v1", "namespaces", self.namespace, "pods", self.name)

    def subject(self) -> Subject:
        """Return the pod as a subject."""
        return Subject(namespace=self.namespace, pod=self.name)

    def read(self, *keep: Path) -> Read:
        """Return the read of the pod; `keep` are the fields recorded before the change."""
        return Read(id="pod", request=KubernetesGet(form="kubernetes_objects", segments=self.segments()), keep=keep)


def pod(text: str, namespace: str) -> Pod:
    """Read `trainer-0`, `ml/trainer-0` or `pod/ml/trainer-0`; raise InputError for anything else."""
    parts = text.split("/")
    if parts[0] == "pod" and len(parts) > 1:
        parts = parts[1:]
    if len(parts) > 2:
        raise InputError(f"{_holes.said(text)} is no pod; write ml/trainer-0")
    inside = namespace_of(parts[0] if len(parts) == 2 else "", namespace, text)
    return Pod(inside, _holes.name(parts[-1], "pod name"))


def node_segments(name: str) -> tuple[str, ...]:
    """Return the API path of a node."""
    return ("api", "v1", "nodes", _holes.node(name))


def read_node(name: str, *keep: Path) -> Read:
    """Return the read of a node; `keep` are the fields recorded before the change."""
    request = KubernetesGet(form="kubernetes_objects", segments=node_segments(name))
    return Read(id="node", request=request, keep=keep)


def patch_node(name: str, body: Any) -> ApiCall:
    """Return a strategic merge patch that applies only to the node that was read."""
    return ApiCall(
        method="PATCH", segments=node_segments(name), body=body, content_type=STRATEGIC, query=FIELD_MANAGER,
        fills=(same_object("node"),),
    )  # fmt: skip


def kubectl(*words: str, namespace: str | None = None) -> str:
    """Return a kubectl command line, each word quoted for a POSIX shell."""
    where = ("-n", namespace) if namespace is not None else ()
    return shlex.join(("kubectl", *where, *words))
