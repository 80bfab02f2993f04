"""What can be reached from here, with which rights, and what is unknown without: the lines of `runbookctl doctor`."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from enum import StrEnum
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct

from runbookctl.connectors import Connectors
from runbookctl.model import Missing, NvmlRead

PARTS = ("kubernetes", "prometheus", "ssh", "nvml")
_SELF = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
_MAY_I = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
_LIBRARY_NOT_FOUND = 12


class State(StrEnum):
    """How it stands: usable; usable with something to know; not there."""

    OK = "ok"
    WARN = "warn"
    MISSING = "missing"


class Check(Struct, frozen=True, kw_only=True):
    """One line of the doctor: what, how it stands, in words, and the commands that show or mend it."""

    name: str
    state: State
    text: str
    commands: tuple[str, ...] = ()


class Need(NamedTuple):
    """A right that reading needs, and what is unknown without it."""

    verb: str
    group: str
    resource: str
    subresource: str
    without: str


NEEDS = (
    Need("list", "", "pods", "", "pods and everything about them"),
    Need("get", "", "pods", "log", "why a container ended, where only its log says so"),
    Need("list", "", "events", "", "scheduling, probes, image pulls, evictions"),
    Need("list", "", "nodes", "", "node conditions, taints, allocatable GPUs"),
    Need("list", "apps", "deployments", "", "owners, rollouts, what changed"),
    Need("list", "apps", "replicasets", "", "owners, rollouts, what changed"),
    Need("list", "", "persistentvolumeclaims", "", "pods that wait for a volume"),
    Need("list", "", "resourcequotas", "", "pods that a quota forbids"),
    Need("list", "", "configmaps", "", "references to what does not exist"),
    Need("list", "autoscaling", "horizontalpodautoscalers", "", "what the autoscaler wanted"),
    Need("list", "coordination.k8s.io", "leases", "", "when a kubelet was last heard"),
)


def check(connectors: Connectors, parts: tuple[str, ...] = PARTS, timeout: float = 10) -> tuple[Check, ...]:
    """Look at each part; nothing is changed anywhere, and a part that does not answer costs `timeout` seconds."""
    found: list[Check] = []
    for part in parts:
        found += _BY_PART[part](connectors, timeout)
    return tuple(found)


def kubernetes(connectors: Connectors, timeout: float) -> Iterator[Check]:
    """Check the configuration, the way to the server, who we are there and what we may read."""
    from runbookctl.connectors.kubernetes import Exchange
    from runbookctl.connectors.kubernetes_access import NoAccess, NoCluster
    from runbookctl.connectors.network import reason
    from runbookctl.connectors.waiting import within

    cancel = threading.Event()
    try:
        yield from _kubeconfig(connectors)
        exchange = Exchange(connectors.cluster, time.monotonic() + timeout, cancel)
        answer = within(lambda: _server(exchange), timeout, cancel)
    except NoCluster as error:
        text = f"{error}: {' '.join(error.details)}"
        yield Check(name="kubernetes", state=State.MISSING, text=text, commands=("kubectl config get-contexts",))
        return
    except NoAccess as error:
        yield Check(name="kubernetes", state=State.MISSING, text=str(error), commands=("kubectl config view",))
        return
    except Exception as error:  # noqa: BLE001 - whatever the network does is said, not raised
        text = f"the API server cannot be reached: {reason(error)}"
        yield Check(name="kubernetes", state=State.MISSING, text=text, commands=("kubectl cluster-info",))
        return
    if isinstance(answer, str):
        text = f"the API server did not answer in {timeout:g}s"
        yield Check(name="kubernetes", state=State.MISSING, text=text, commands=("kubectl cluster-info",))
        return
    yield from answer


def _kubeconfig(connectors: Connectors) -> Iterator[Check]:
    from runbookctl.connectors.kubernetes_access import inspect, kubeconfig_files, unsafe

    files = kubeconfig_files(connectors.settings)
    if files is None:
        return
    for said in unsafe(inspect(files, connectors.settings.context)):
        text = f"the kubeconfig {said}"
        yield Check(name="kubeconfig", state=State.WARN, text=text, commands=("kubectl config view --minify",))


def _server(exchange: Any) -> list[Check]:
    reply = exchange.get("/version", (), "application/json")
    if reply.status != 200:
        text = f"the API server answers {reply.status}"
        return [Check(name="kubernetes", state=State.MISSING, text=text, commands=("kubectl version",))]
    version = msgspec.json.decode(reply.body).get("gitVersion", "of an unknown version")
    access = exchange.cluster.access()
    where = f"{access.source.removeprefix('kubernetes ')}, {version}, as {_who(exchange)}"
    return [Check(name="kubernetes", state=State.OK, text=where), *_rights(exchange, access.namespace)]


def _who(exchange: Any) -> str:
    """Return our name in the cluster; servers before 1.28 do not tell."""
    review = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    reply = exchange.post(_SELF, review)
    if reply.status not in (200, 201):
        return "an account that the server does not name"
    status = msgspec.json.decode(reply.body).get("status") or {}
    return str((status.get("userInfo") or {}).get("username") or "nobody")


def _rights(exchange: Any, namespace: str) -> Iterator[Check]:
    lacking = [need for need in NEEDS if not _may(exchange, need, namespace)]
    for need in lacking:
        what = f"{need.resource}/{need.subresource}" if need.subresource else need.resource
        group = f' in API group "{need.group}"' if need.group else ""
        verb = f"kubectl auth can-i {need.verb} {need.resource}{'.' + need.group if need.group else ''}"
        yield Check(
            name="kubernetes rights",
            state=State.WARN,
            text=f"may not {need.verb} {what}{group}; unknown without it: {need.without}",
            commands=(f"{verb} --subresource={need.subresource}" if need.subresource else verb,),
        )
    if not lacking:
        text = f"may read all of the {len(NEEDS)} kinds that are needed"
        yield Check(name="kubernetes rights", state=State.OK, text=text)


def _may(exchange: Any, need: Need, namespace: str) -> bool:
    """Ask for the whole cluster first, then for the namespace of the context."""
    scopes = ["", namespace] if namespace and need.resource != "nodes" else [""]
    for scope in scopes:
        attributes = {"verb": need.verb, "group": need.group, "resource": need.resource, "namespace": scope}
        attributes |= {"subresource": need.subresource} if need.subresource else {}
        review = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": attributes},
        }
        reply = exchange.post(_MAY_I, review)
        if reply.status in (200, 201) and (msgspec.json.decode(reply.body).get("status") or {}).get("allowed"):
            return True
    return False


def prometheus(connectors: Connectors, timeout: float) -> Iterator[Check]:
    """Check that a query is answered, and that nobody can write the answer on its way."""
    url = connectors.settings.prometheus
    missing = connectors.prometheus.ready(timeout, threading.Event())
    if missing is not None:
        commands = () if missing.obtain.startswith("runbookctl doctor") else (missing.obtain,)
        hint = "" if url else ": set RUNBOOKCTL_PROMETHEUS_URL, or give --prometheus URL"
        yield Check(name="prometheus", state=State.MISSING, text=missing.why + hint, commands=commands)
        return
    yield Check(name="prometheus", state=State.OK, text=f"answers queries at {url}")
    if url and url.startswith("http:"):
        text = "plain http: what it says is not authenticated"
        yield Check(name="prometheus", state=State.WARN, text=text)


def ssh(connectors: Connectors, timeout: float) -> Iterator[Check]:
    """Check that there is a client; no node is asked."""
    del timeout
    from runbookctl.connectors.ssh import version

    found = version()
    if found is None:
        commands = ("apt-get install openssh-client",)
        text = "ssh is not installed: no other node can be read"
        yield Check(name="ssh", state=State.MISSING, text=text, commands=commands)
        return
    config = connectors.settings.ssh_config or "~/.ssh/config"
    yield Check(name="ssh", state=State.OK, text=f"OpenSSH {found[0]}.{found[1]}, configured by {config}")


def nvml(connectors: Connectors, timeout: float) -> Iterator[Check]:
    """Check what NVML says of this machine."""
    answer = connectors.send(NvmlRead(form="nvml", node=None), timeout)
    if isinstance(answer, Missing):
        yield Check(name="nvml", state=State.MISSING, text=answer.why, commands=("nvidia-smi -L",))
        return
    document = msgspec.json.decode(answer.body)
    error = document.get("error")
    if error:
        here = "this machine has no NVIDIA driver" if error.get("code") == _LIBRARY_NOT_FOUND else error.get("name")
        yield Check(name="nvml", state=State.MISSING, text=str(here), commands=("nvidia-smi -L",))
        return
    count = len(document.get("gpus") or [])
    text = f"{count} GPU{'' if count == 1 else 's'}, driver {document.get('driver_version')}"
    yield Check(name="nvml", state=State.OK, text=text)


_BY_PART = {"kubernetes": kubernetes, "prometheus": prometheus, "ssh": ssh, "nvml": nvml}
