"""What changed in a namespace: rollouts (new ReplicaSets and what differs from the one before), scaling, nodes.

Pure. Source: Kubernetes API apps/v1 ReplicaSet, annotation deployment.kubernetes.io/revision.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from itertools import pairwise
from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from runbookctl import model
from runbookctl.forms import kubernetes_objects
from runbookctl.model import Cut, KubernetesGet, Raw, Subject, Time

FORMS = ("kubernetes_objects",)
SUBJECT = {"namespace": "namespace"}  # a rollout is told to everything in it: what serves may have another name
KIND = "event"
ONE = False

REVISION = "deployment.kubernetes.io/revision"


class Params(Struct, frozen=True, forbid_unknown_fields=True):
    """The namespace, the service, and how far back to look."""

    namespace: str
    service: str
    since: dt.timedelta = dt.timedelta(hours=6)


class Reading(model.Reading, frozen=True, kw_only=True):
    """One change."""

    namespace: str | UnsetType = UNSET
    workload: str | UnsetType = UNSET
    kind: Literal["rollout"] | UnsetType = UNSET
    time: Time | None | UnsetType = UNSET
    revision: str | None | UnsetType = UNSET
    image: Annotated[str, Meta(description="old image -> new image")] | None | UnsetType = UNSET


def request(params: Params) -> KubernetesGet:
    """Ask for the ReplicaSets of the namespace."""
    segments = ("apis", "apps", "v1", "namespaces", params.namespace, "replicasets")
    return KubernetesGet(form="kubernetes_objects", segments=segments)


def read(raw: Raw) -> Iterator[Reading | Cut]:
    """Read one rollout per ReplicaSet that is not the first of its Deployment: of the service's own, if it has one."""
    families: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for one in kubernetes_objects.objects(raw):
        owner = _owner(one)
        if one.get("kind") == "ReplicaSet" and owner:
            families.setdefault((_text(one, "metadata", "namespace"), owner), []).append(one)
    own = {key: members for key, members in families.items() if key[1] == raw.subject.service}
    for (namespace, owner), members in (own or families).items():
        ordered = sorted(members, key=_number)
        for before, after in pairwise(ordered):
            yield _rollout(namespace, owner, before, after)


def _rollout(namespace: str, owner: str, before: dict[str, Any], after: dict[str, Any]) -> Reading:
    old, new = _images(before), _images(after)
    image = f"{', '.join(old)} -> {', '.join(new)}" if old != new else None
    revision = _revision(after) or None
    changed = f"image {image}" if image else "the template changed, the images did not"
    return Reading(
        namespace=namespace or UNSET,
        workload=f"deployment/{owner}",
        kind="rollout",
        time=_time(_text(after, "metadata", "creationTimestamp")),
        revision=revision,
        image=image,
        text=f"Rollout of deployment/{owner} to revision {revision or '-'}: {changed}",
    )


def _part(value: Any, *keys: str) -> Any:
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _text(value: Any, *keys: str) -> str:
    found = _part(value, *keys)
    return found if isinstance(found, str) else ""


def _owner(one: dict[str, Any]) -> str:
    references = _part(one, "metadata", "ownerReferences")
    for reference in references if isinstance(references, list) else ():
        if isinstance(reference, dict) and reference.get("kind") == "Deployment":
            return str(reference.get("name", ""))
    return ""


def _revision(one: dict[str, Any]) -> str:
    return _text(one, "metadata", "annotations", REVISION)


def _number(one: dict[str, Any]) -> tuple[int, str]:
    revision = _revision(one)
    return (
        int(revision) if revision.isdecimal() and len(revision) < 10 else 0,
        _text(one, "metadata", "creationTimestamp"),
    )


def _images(one: dict[str, Any]) -> tuple[str, ...]:
    containers = _part(one, "spec", "template", "spec", "containers")
    found = (
        (container.get("image") for container in containers if isinstance(container, dict))
        if isinstance(containers, list)
        else ()
    )
    return tuple(sorted(image for image in found if isinstance(image, str)))


def _time(text: str) -> dt.datetime | None:
    try:
        time = dt.datetime.fromisoformat(text)
    except ValueError:
        return None
    return time.astimezone(dt.UTC) if time.tzinfo else None


def obtain(subject: Subject) -> str:
    """Return the command that shows the rollouts."""
    return f"kubectl -n {subject.namespace or 'NS'} get replicasets -o json"
