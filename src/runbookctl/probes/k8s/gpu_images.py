"""Images of the containers that use a GPU, and what their names and pod specs say of the CUDA they need.

Pure: reads Pod objects. An image's own environment (NVIDIA_REQUIRE_CUDA) and the compatibility library that it may
bring are not in the Kubernetes API: they are told only where the pod's spec sets them, else they stay unknown.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import suppress
from typing import Annotated, Any

import re2
from msgspec import UNSET, Meta, Struct, UnsetType

from runbookctl import model
from runbookctl.errors import InputError
from runbookctl.forms import kubernetes_objects
from runbookctl.model import Cut, KubernetesGet, Raw, Request, Skipped, Subject, Version
from runbookctl.probes.k8s._owners import Owners
from runbookctl.probes.k8s._pod import ContainerSpec, Pod, ReplicaSet, pod, replica_set

FORMS = ("kubernetes_objects",)
SUBJECT = {
    "namespace": "namespace", "pod": "pod", "pod_uid": "pod_uid", "container": "container", "node": "node",
    "workload": "owner",
}  # fmt: skip
PARTIAL = FORMS  # what an image itself holds is not in the API
KIND = "state"
ONE = False

_Text = str | UnsetType | None
_GPU = ("nvidia.com/gpu", "nvidia.com/mig-")
_FINISHED = ("Succeeded", "Failed")
# nvcr.io/nvidia/cuda:12.4.1-runtime-ubuntu22.04
_CUDA_IMAGE = re2.compile(r"(?:^|/)cuda(?:-[a-z]+)?:(\d{1,2}\.\d{1,2}(?:\.\d{1,3})?)(?:-|$)")
# docker.io/pytorch/pytorch:2.3.0-cuda12.1-cudnn8-runtime
_CUDA_TAG = re2.compile(r":[^/@]*\bcuda[-_]?(\d{1,2}\.\d{1,2}(?:\.\d{1,3})?)\b")
# ghcr.io/acme/serve:1.2-cu124
_CU_TAG = re2.compile(r":[^/@]*\bcu(1[0-9])(\d)\b")
# cuda>=12.4 brand=tesla,driver>=470,driver<471
_REQUIRE = re2.compile(r"(?:[a-z]+[<>=!]{1,2}[\w.]+[ ,]?){1,200}")
# 12.4.1
_VERSION = re2.compile(r"\d{1,2}\.\d{1,2}(?:\.\d{1,3})?")


# worker-gpu-01
_NODE_NAME = re2.compile(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?")


class Params(Struct, frozen=True, forbid_unknown_fields=True):
    """Which node's pods."""

    node: str


class Reading(model.Reading, frozen=True, kw_only=True):
    """One container that asks for a GPU."""

    namespace: _Text = UNSET
    pod: _Text = UNSET
    pod_uid: _Text = UNSET
    container: _Text = UNSET
    node: Annotated[_Text, Meta(extra={"path": "spec.nodeName"})] = UNSET
    owner: Annotated[_Text, Meta(description="workload that makes the pod: deployment/trainer")] = UNSET
    image: Annotated[_Text, Meta(extra={"path": "image"})] = UNSET
    gpus: Annotated[int | UnsetType, Meta(description="GPUs or MIG devices asked for")] = UNSET
    cuda: Annotated[
        Version | UnsetType | None, Meta(description="CUDA version that the spec or the image's tag names")
    ] = UNSET
    require: Annotated[_Text, Meta(description="NVIDIA_REQUIRE_CUDA, where the pod's spec sets it")] = UNSET
    compat_library: Annotated[
        Version | UnsetType | None, Meta(description="driver version of a compatibility libcuda; the API tells none")
    ] = UNSET


def request(params: Params) -> Request:
    """Ask for the pods of the node, in all namespaces; raises InputError for what is no node name (S11, S15)."""
    if not _NODE_NAME.fullmatch(params.node):
        raise InputError(f"{params.node!r} is no name of a node")
    return KubernetesGet(
        form="kubernetes_objects", segments=("api", "v1", "pods"),
        query=(("fieldSelector", f"spec.nodeName={params.node}"),),
    )  # fmt: skip


def obtain(subject: Subject) -> str:
    """Return the command that prints the pods of the subject's node."""
    if subject.node:
        return f"kubectl get pods -A --field-selector {shlex.quote(f'spec.nodeName={subject.node}')} -o json"
    where = f"-n {shlex.quote(subject.namespace)}" if subject.namespace else "-A"
    return f"kubectl get pods {where} -o json"


def read(raw: Raw) -> Iterator[Reading | Cut | Skipped]:
    """Read the containers that ask for `nvidia.com/gpu` or a MIG device, of pods that are not finished."""
    owners = Owners(_sets(raw))
    none = True
    for value in kubernetes_objects.objects(raw, ("Pod",)):
        none = False
        try:
            one = pod(value)
        except ValueError as error:
            yield Skipped(line=1, text="Pod", why=str(error)[:200])
            continue
        if one.status is None or one.status.phase not in _FINISHED:
            yield from _of_pod(one, value, owners)
    if why := kubernetes_objects.cut(raw):
        yield Cut(why=why)
    elif none and raw.request is None:
        yield Cut(why="no pods in it", nothing=True)


def _sets(raw: Raw) -> Iterator[ReplicaSet]:
    for value in kubernetes_objects.objects(raw, ("ReplicaSet",)):
        with suppress(ValueError):  # without it the owner is told from the pod itself
            yield replica_set(value)


def _of_pod(one: Pod, value: dict[str, Any], owners: Owners) -> Iterator[Reading]:
    spec, metadata = one.spec, one.metadata
    if spec is None or metadata is None:
        return
    environments = _environments(value)
    for container in (*(spec.init_containers or ()), *(spec.containers or ())):
        gpus = _gpus(container)
        if not gpus:
            continue
        variables = environments.get(container.name or "", {})
        yield Reading(
            namespace=metadata.namespace, pod=metadata.name, pod_uid=metadata.uid, container=container.name,
            node=spec.node_name or None, owner=owners.of(metadata).workload, image=container.image, gpus=gpus,
            cuda=_cuda(container.image or "", variables), require=_require(variables),
        )  # fmt: skip


def _gpus(container: ContainerSpec) -> int:
    limits = (container.resources.limits if container.resources else None) or {}
    counts = (str(count) for name, count in limits.items() if name.startswith(_GPU))
    return sum(int(count) for count in counts if count.isascii() and count.isdigit() and len(count) < 6)


def _environments(value: dict[str, Any]) -> dict[str, dict[str, str]]:
    """Return the literal variables of each container by its name; values may have been redacted."""
    spec = value.get("spec")
    found: dict[str, dict[str, str]] = {}
    for key in ("initContainers", "containers"):
        containers = spec.get(key) if isinstance(spec, dict) else None
        for container in containers if isinstance(containers, list) else ():
            variables = container.get("env") if isinstance(container, dict) else None
            pairs = [one for one in variables if isinstance(one, dict)] if isinstance(variables, list) else []
            found[str(container.get("name"))] = {str(one.get("name")): str(one.get("value", "")) for one in pairs}
    return found


def _cuda(image: str, variables: dict[str, str]) -> str | UnsetType:
    named = variables.get("CUDA_VERSION", "")
    if _VERSION.fullmatch(named):
        return named
    if found := _CUDA_IMAGE.search(image) or _CUDA_TAG.search(image):
        return str(found[1])
    short = _CU_TAG.search(image)
    return f"{short[1]}.{short[2]}" if short else UNSET


def _require(variables: dict[str, str]) -> str | UnsetType | None:
    value = variables.get("NVIDIA_REQUIRE_CUDA")
    return value.strip() if value and _REQUIRE.fullmatch(value.strip()) else UNSET
