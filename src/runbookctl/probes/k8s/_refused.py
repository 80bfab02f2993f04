"""Why a pod was refused at its creation: what an admission message means, and whose pod it was.

Pure. Source: kubernetes pkg/controller (reason FailedCreate), staging/src/k8s.io/apiserver admission plugins.
"""

from __future__ import annotations

from collections.abc import Iterable

import re2

from runbookctl.catalog import signatures
from runbookctl.probes.k8s._messages import KUBELET

# pods "web-x" is forbidden: failed quota: compute: must specify limits.cpu for: app; limits.memory for: app
_MUST_SPECIFY = re2.compile(r"is forbidden: (?:\[)?failed quota: \S+?: must specify ")
# Scaled up replica set web-cbd8b9bf7 to 3      Scaled down replica set web-6d79548849 to 0 from 1
_SCALED = re2.compile(r"Scaled (?:up|down) replica set ([a-z0-9.-]{1,253}) ")


def means(message: str) -> tuple[str | None, str | None]:
    """Return the sign and the cause code of a message; a quota that wants limits to be set refuses, too."""
    text = " ".join(message[:8192].split())
    if "failed quota: " in text and _MUST_SPECIFY.search(text):
        return "quota_wants_limits", "resource_quota_exceeded"
    found = signatures.match(text, families=KUBELET) if text else None
    return (found.sign, found.means) if found else (None, None)


def cause_in(message: str) -> str:
    """Return what the API server names as its reason: the message without the pod that it refused."""
    text = " ".join(message[:8192].split())
    _, forbidden, reason = text.partition(" is forbidden: ")
    return reason if forbidden else text


def owners(messages: Iterable[tuple[str | None, str, str]]) -> dict[tuple[str | None, str], str]:
    """Return which Deployment makes a ReplicaSet, from (namespace, Deployment, message) of ScalingReplicaSet events."""
    found = {}
    for namespace, deployment, message in messages:
        match = _SCALED.match(message)
        if match:
            found[namespace, match[1]] = f"deployment/{deployment}"
    return found
