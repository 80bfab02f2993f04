"""Which workload makes a pod, and which revision came before.

Pure. A ReplicaSet's own objects tell; without them a pod tells enough when it carries the label `pod-template-hash`,
which only the Deployment controller sets, and its ReplicaSet's name ends in that hash.
Source: kubernetes pkg/controller/deployment/sync.go (name = deployment + "-" + hash; annotation
deployment.kubernetes.io/revision).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from msgspec import UNSET, UnsetType

from runbookctl.probes.k8s._pod import Metadata, OwnerReference, ReplicaSet

_REVISION = "deployment.kubernetes.io/revision"
_HASH = "pod-template-hash"
_JOB_LABELS = (
    "training.kubeflow.org/job-name", "jobset.sigs.k8s.io/jobset-name", "ray.io/cluster",
    "batch.kubernetes.io/job-name", "job-name",
)  # fmt: skip


class Owner(NamedTuple):
    """A workload (`deployment/trainer`; None: there is none) and the revision before the one asked about."""

    workload: str | None
    previous: str | UnsetType | None


def controller(metadata: Metadata) -> OwnerReference | None:
    """Return the owner that controls an object."""
    references = metadata.owner_references or ()
    return next((one for one in references if one.controller and one.kind and one.name), None)


def job_of(metadata: Metadata) -> str | None:
    """Return the job that a pod works for: the outermost one that its labels or its owner name."""
    labels = metadata.labels or {}
    named = next((labels[label] for label in _JOB_LABELS if labels.get(label)), None)
    owner = controller(metadata)
    if named is None and owner and owner.kind and owner.kind.endswith("Job"):
        return owner.name
    return named


def described_owner(controlled_by: str | None, labels: dict[str, str]) -> str | None:
    """Return the workload from what `kubectl describe` prints: `Controlled By:  ReplicaSet/api-7555bdb846`."""
    kind, _, name = (controlled_by or "").partition("/")
    return _workload(kind, name, labels.get(_HASH)) if kind and name else None


def _workload(kind: str, name: str, template_hash: str | None) -> str | None:
    if kind == "Node":  # a static pod's mirror
        return None
    if kind == "ReplicaSet" and template_hash and name.endswith(f"-{template_hash}"):
        return f"deployment/{name[: -len(template_hash) - 1]}"
    return f"{kind.lower()}/{name}"


class Owners:
    """The ReplicaSets of one answer."""

    def __init__(self, sets: Iterable[ReplicaSet]) -> None:
        """Keep who controls each and which revision it is."""
        self._sets: dict[tuple[str, str], tuple[str | None, int | None]] = {}
        self._revisions: dict[tuple[str, str], set[int]] = {}
        for one in sets:
            metadata = one.metadata
            if metadata and metadata.name:
                self._add(metadata, metadata.namespace or "", metadata.name)

    def _add(self, metadata: Metadata, namespace: str, name: str) -> None:
        owner = controller(metadata)
        workload = f"{owner.kind.lower()}/{owner.name}" if owner and owner.kind else None
        text = (metadata.annotations or {}).get(_REVISION) or ""
        revision = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
        self._sets[namespace, name] = (workload, revision)
        if workload and revision is not None:
            self._revisions.setdefault((namespace, workload), set()).add(revision)

    def of(self, metadata: Metadata) -> Owner:
        """Return the owner of a pod."""
        reference = controller(metadata)
        if reference is None or not reference.kind or not reference.name:
            return Owner(None, None)
        if reference.kind != "ReplicaSet":
            return Owner(_workload(reference.kind, reference.name, None), UNSET)
        known = self._sets.get((metadata.namespace or "", reference.name))
        if known is None:
            return Owner(_workload("ReplicaSet", reference.name, (metadata.labels or {}).get(_HASH)), UNSET)
        workload, revision = known
        if workload is None:
            return Owner(f"replicaset/{reference.name}", None)
        return Owner(workload, self._before(metadata.namespace or "", workload, revision))

    def workloads(self) -> Iterable[tuple[str, str, str | UnsetType | None]]:
        """Yield namespace, workload and the revision before its newest."""
        for (namespace, workload), revisions in self._revisions.items():
            yield namespace, workload, self._before(namespace, workload, max(revisions))

    def _before(self, namespace: str, workload: str, revision: int | None) -> str | UnsetType | None:
        if revision is None:
            return UNSET
        earlier = [one for one in self._revisions.get((namespace, workload), ()) if one < revision]
        return str(max(earlier)) if earlier else None
