"""Which paths of the Kubernetes API are read: shapes of known resources, each segment checked and quoted by itself.

Pure. `..`, `.`, `a/b`, `a?x`, `%2e%2e` in a name never reach a URL: a client folds `..`, so that
`.../pods/../../../namespaces/kube-system/secrets/x` would read a Secret (threat model S15).
The ClusterRole in deploy/ grants exactly these resources; a test compares the two.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple
from urllib.parse import quote, urlencode

from runbookctl.model import KubernetesGet, KubernetesLog

# API group (core is ""), then PLURAL:Kind; * = not in a namespace, ! = metadata only, its values are never fetched.
_RESOURCES = """
core pods:Pod events:Event nodes*:Node namespaces*:Namespace services:Service endpoints:Endpoints configmaps:ConfigMap
  secrets!:Secret persistentvolumeclaims:PersistentVolumeClaim persistentvolumes*:PersistentVolume
  replicationcontrollers:ReplicationController resourcequotas:ResourceQuota limitranges:LimitRange
  serviceaccounts:ServiceAccount
apps deployments:Deployment replicasets:ReplicaSet statefulsets:StatefulSet daemonsets:DaemonSet
  controllerrevisions:ControllerRevision
batch jobs:Job cronjobs:CronJob
autoscaling horizontalpodautoscalers:HorizontalPodAutoscaler
policy poddisruptionbudgets:PodDisruptionBudget
coordination.k8s.io leases:Lease
events.k8s.io events:Event
discovery.k8s.io endpointslices:EndpointSlice
networking.k8s.io ingresses:Ingress networkpolicies:NetworkPolicy ingressclasses*:IngressClass
storage.k8s.io storageclasses*:StorageClass volumeattachments*:VolumeAttachment csinodes*:CSINode csidrivers*:CSIDriver
scheduling.k8s.io priorityclasses*:PriorityClass
node.k8s.io runtimeclasses*:RuntimeClass
metrics.k8s.io pods:PodMetrics nodes*:NodeMetrics
resource.k8s.io resourceclaims:ResourceClaim resourceslices*:ResourceSlice deviceclasses*:DeviceClass
admissionregistration.k8s.io validatingwebhookconfigurations*:ValidatingWebhookConfiguration
  mutatingwebhookconfigurations*:MutatingWebhookConfiguration
apiregistration.k8s.io apiservices*:APIService
apiextensions.k8s.io customresourcedefinitions*:CustomResourceDefinition
nvidia.com clusterpolicies*:ClusterPolicy nvidiadrivers*:NVIDIADriver
gateway.networking.k8s.io gateways:Gateway httproutes:HTTPRoute
serving.kserve.io inferenceservices:InferenceService
leaderworkerset.x-k8s.io leaderworkersets:LeaderWorkerSet
kueue.x-k8s.io workloads:Workload clusterqueues*:ClusterQueue localqueues:LocalQueue
kubeflow.org pytorchjobs:PyTorchJob mpijobs:MPIJob
karpenter.sh nodeclaims*:NodeClaim nodepools*:NodePool
argoproj.io rollouts:Rollout workflows:Workflow
"""
_SERVER = {("version",), ("readyz",), ("livez",), ("healthz",), ("metrics",), ("api",), ("apis",)}
_QUERY = {"labelSelector", "fieldSelector", "limit", "resourceVersion", "resourceVersionMatch", "verbose"}
_SUBRESOURCES = {"status", "scale"}
_LOWER = set("abcdefghijklmnopqrstuvwxyz0123456789")


class Target(NamedTuple):
    """What a path reads, in the words of RBAC. `kind` is empty for a path of the server itself (`/readyz`)."""

    path: str
    verb: str = "get"
    group: str = ""
    resource: str = ""
    kind: str = ""
    namespace: str = ""
    name: str = ""
    subresource: str = ""

    def can_i(self, user: str = "") -> str:
        """Return the kubectl command that tells whether this may be read."""
        import shlex

        what = f"{self.resource}.{self.group}" if self.group else self.resource or self.path
        words = ["kubectl", "auth", "can-i", self.verb, what]
        words += [f"--subresource={self.subresource}"] if self.subresource else []
        words += ["-n", self.namespace] if self.namespace else []
        words += ["--as", user] if user else []
        return shlex.join(words)


class RefusedError(ValueError):
    """The path is not one that is read; the message says why."""


class Resource(NamedTuple):
    """One kind of object."""

    plural: str
    kind: str
    namespaced: bool
    metadata_only: bool


@lru_cache(maxsize=1)
def resources() -> dict[tuple[str, str], Resource]:
    """Return what is read, by API group and plural."""
    table = {}
    for line in _RESOURCES.strip().replace("\n  ", " ").splitlines():
        group, *words = line.split()
        for word in words:
            marked, _, kind = word.partition(":")
            plural = marked.rstrip("*!")
            row = Resource(plural, kind, not marked.endswith("*"), marked.endswith("!"))
            table["" if group == "core" else group, plural] = row
    return table


def target(request: KubernetesGet) -> Target:
    """Return the path of a request; raises `RefusedError`."""
    segments = request.segments
    for key, _ in request.query:
        if key not in _QUERY:
            raise RefusedError(f"query {key!r} is not used for reading")
    if not all(segments):
        raise RefusedError("a segment of the path is empty")
    if segments in _SERVER:
        return Target("/" + segments[0])
    match segments:
        case ("api", "v1", *rest):
            group = ""
        case ("apis", str(group), str(version), *rest) if is_version(version):
            pass
        case _:
            raise RefusedError("not a path of the API")
    prefix, rest = "/".join(segments[: len(segments) - len(rest)]), list(rest)
    namespace = ""
    if len(rest) > 2 and rest[0] == "namespaces":
        namespace, rest = rest[1], rest[2:]
    plural, name, subresource = (*rest, "", "", "")[:3]
    row = resources().get((group, plural))
    if row is None or len(rest) > 3 or not rest:
        raise RefusedError(f"{plural[:80]!r} of API group {group[:80]!r} is not read")
    _check(row, namespace, name, subresource, metadata_only=request.metadata_only)
    place = f"/namespaces/{_segment(namespace)}" if namespace else ""
    tail = "".join(f"/{_segment(part)}" for part in (name, subresource) if part)
    path = f"/{prefix}{place}/{plural}{tail}"
    return Target(path, "get" if name else "list", group, plural, row.kind, namespace, name, subresource)


def _check(row: Resource, namespace: str, name: str, subresource: str, *, metadata_only: bool) -> None:
    if row.metadata_only and not metadata_only:
        raise RefusedError(f"values of {row.plural} are never fetched")
    if namespace and not row.namespaced:
        raise RefusedError(f"{row.plural} are in no namespace")
    if name and row.namespaced and not namespace:
        raise RefusedError(f"one of {row.plural} needs its namespace")
    if subresource and subresource not in _SUBRESOURCES:
        raise RefusedError(f"{row.plural}/{subresource[:80]} is not read")


def log_target(request: KubernetesLog) -> Target:
    """Return the path of a container's log; raises `RefusedError`."""
    if not is_name(request.container):
        raise RefusedError(f"{request.container[:80]!r} is no name of a container")
    path = f"/api/v1/namespaces/{_segment(request.namespace)}/pods/{_segment(request.pod)}/log"
    return Target(path, "get", "", "pods", "Pod", request.namespace, request.pod, "log")


def with_query(path: str, query: tuple[tuple[str, str], ...]) -> str:
    """Return path and query, values quoted."""
    return f"{path}?{urlencode(query, quote_via=quote)}" if query else path


def is_name(text: str) -> bool:
    """Tell whether this can be the name of an object: RFC 1123 labels joined by dots, 253 characters at most."""
    parts = text.split(".")
    return len(text) <= 253 and all(
        part and set(part) <= _LOWER | {"-"} and part[0] in _LOWER and part[-1] in _LOWER for part in parts
    )


def is_version(text: str) -> bool:
    """Tell whether this is a version of an API: `v1`, `v2beta1`."""
    parts = text[1:].replace("alpha", "beta", 1).split("beta")
    return text[:1] == "v" and len(parts) <= 2 and all(part.isdigit() for part in parts) and text.isascii()


def _segment(text: str) -> str:
    if not is_name(text):
        raise RefusedError(f"{text[:80]!r} is no name of an object")
    return quote(text, safe="")
