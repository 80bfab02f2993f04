"""The Kubernetes connector against a real kube-apiserver with RBAC."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from runbookctl.connectors import Answer, Connectors, Settings, checks, cluster_roles
from runbookctl.connectors.kubernetes import Cluster
from runbookctl.model import KubernetesGet, KubernetesLog, Missing

Admin = Callable[..., dict[str, Any]]
SERVICE_PODS = 7
RBAC = "/apis/rbac.authorization.k8s.io/v1"
DEPLOY = Path(__file__).parents[2] / "deploy"


def pod(name: str) -> dict[str, Any]:
    """Return a manifest with everything that may not be kept."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}"}},
        "spec": {"containers": [{"name": "app", "image": "trainer:1", "resources": {"limits": {"memory": "32Mi"}}}]},
    }


KILLED = {
    "phase": "Running",
    "containerStatuses": [
        {
            "name": "app",
            "image": "trainer:1",
            "imageID": "",
            "ready": False,
            "restartCount": 2,
            "state": {"waiting": {"reason": "CrashLoopBackOff"}},
            "lastState": {"terminated": {"reason": "OOMKilled", "exitCode": 137}},
        }
    ],
}


@pytest.fixture(scope="session")
def seeded(cluster: Path, admin: Admin) -> Path:
    """Make a namespace with pods, an event, a node, a Secret, and the roles of deploy/."""
    admin("POST", "/api/v1/namespaces", {"metadata": {"name": "ml"}})
    for number in range(SERVICE_PODS):
        admin("POST", "/api/v1/namespaces/ml/pods", pod(f"trainer-{number}"))
    admin("PATCH", "/api/v1/namespaces/ml/pods/trainer-0/status", {"status": KILLED})
    admin("POST", "/api/v1/nodes", {"metadata": {"name": "worker-gpu-01"}})
    ready = {"type": "Ready", "status": "False", "reason": "KubeletNotReady"}
    admin("PATCH", "/api/v1/nodes/worker-gpu-01/status", {"status": {"conditions": [ready]}})
    about = {"kind": "Pod", "namespace": "ml", "name": "trainer-0"}
    event = {"metadata": {"name": "trainer-0.1", "namespace": "ml"}, "involvedObject": about, "reason": "BackOff"}
    admin("POST", "/api/v1/namespaces/ml/events", event)
    secret = {"metadata": {"name": "token"}, "stringData": {"password": "canary-7413"}}
    admin("POST", "/api/v1/namespaces/ml/secrets", secret)
    for role in cluster_roles.documents():
        admin("POST", f"{RBAC}/clusterroles", role)
    subjects = [{"kind": "User", "name": "oncall-viewer", "apiGroup": "rbac.authorization.k8s.io"}]
    for name in (cluster_roles.READER, cluster_roles.LOGS):
        reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": name}
        binding = {"metadata": {"name": name}, "roleRef": reference, "subjects": subjects}
        kind = f"{RBAC}/clusterrolebindings" if name == cluster_roles.READER else f"{RBAC}/namespaces/ml/rolebindings"
        admin("POST", kind, binding)
    return cluster


def connect(folder: Path, user: str = "viewer") -> Cluster:
    """Return a client with a user's own kubeconfig."""
    return Cluster(Settings(kubeconfig=str(folder / f"{user}.kubeconfig")))


def get(client: Cluster, *segments: str, metadata_only: bool = False, **query: str) -> Answer | Missing:
    """GET a path."""
    request = KubernetesGet(
        form="kubernetes_objects", segments=segments, query=tuple(query.items()), metadata_only=metadata_only
    )
    return client.ask(request, 20, threading.Event())


def document(answer: Answer | Missing) -> Any:
    """Return the JSON of an answer."""
    assert isinstance(answer, Answer), answer
    return json.loads(answer.body)


def test_one_object_is_read_as_it_is(seeded: Path) -> None:
    """Status as the kubelet wrote it; managedFields and the last-applied annotation are dropped."""
    found = document(get(connect(seeded), "api", "v1", "namespaces", "ml", "pods", "trainer-0"))
    assert found["status"]["containerStatuses"][0]["lastState"]["terminated"]["reason"] == "OOMKilled"
    assert "managedFields" not in found["metadata"]
    assert found["metadata"]["annotations"] == {}


def test_a_list_is_read_page_by_page_into_one_document(seeded: Path) -> None:
    """Every item has its kind; the number of calls is the number of pages."""
    client = connect(seeded)
    client.page = 3
    found = document(get(client, "api", "v1", "namespaces", "ml", "pods"))
    assert [item["metadata"]["name"] for item in found["items"]] == [f"trainer-{n}" for n in range(SERVICE_PODS)]
    assert {(item["apiVersion"], item["kind"]) for item in found["items"]} == {("v1", "Pod")}
    assert found["kind"] == "List"
    assert "continue" not in found["metadata"]
    assert client.calls == 3


def test_a_list_that_is_not_whole_says_so(seeded: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After the last page that is read, the document and the answer say how many more there were."""
    monkeypatch.setattr("runbookctl.connectors.kubernetes.MOST_PAGES", 2)
    answer = get(connect(seeded), "api", "v1", "namespaces", "ml", "pods", limit="2")
    found = document(answer)
    assert len(found["items"]) == 4
    assert found["metadata"]["continue"]
    assert found["metadata"]["remainingItemCount"] == SERVICE_PODS - 4
    assert isinstance(answer, Answer)
    assert answer.shortened is not None
    assert (answer.shortened.lines, answer.shortened.harmless) == (SERVICE_PODS - 4, False)


def test_selectors_reach_the_server(seeded: Path) -> None:
    """A field selector that fits nothing is an empty list: known not to be, unlike a 404."""
    client = connect(seeded)
    path = ("api", "v1", "namespaces", "ml", "events")
    assert len(document(get(client, *path, fieldSelector="involvedObject.name=trainer-0"))["items"]) == 1
    assert document(get(client, *path, fieldSelector="involvedObject.name=other"))["items"] == []


def test_nodes_and_their_conditions_are_read(seeded: Path) -> None:
    """What is in no namespace is read as well."""
    found = document(get(connect(seeded), "api", "v1", "nodes"))
    assert found["items"][0]["status"]["conditions"][0]["reason"] == "KubeletNotReady"


def test_values_of_a_secret_never_travel(seeded: Path) -> None:
    """Metadata only: name and labels, no data; the full object is refused before anything is sent."""
    client = connect(seeded, "admin")
    path = ("api", "v1", "namespaces", "ml", "secrets")
    answer = get(client, *path, metadata_only=True)
    assert document(answer)["items"][0]["metadata"]["name"] == "token"
    assert b"canary" not in answer.body if isinstance(answer, Answer) else False
    sent = client.calls
    refused = get(client, *path, "token")
    assert isinstance(refused, Missing)
    assert refused.why == "not allowed: values of secrets are never fetched"
    assert client.calls == sent


def test_a_refusal_names_the_rule_that_is_missing(seeded: Path) -> None:
    """403: who, which verb, which resource, where; and the command that tells the same."""
    answer = get(connect(seeded, "nobody"), "api", "v1", "nodes", "worker-gpu-01")
    assert isinstance(answer, Missing)
    assert answer.why == '403: User "nobody" cannot get resource "nodes" in API group "" at the cluster scope'
    assert answer.obtain == "kubectl auth can-i get nodes --as nobody"
    other = get(connect(seeded, "nobody"), "apis", "apps", "v1", "namespaces", "ml", "deployments")
    assert isinstance(other, Missing)
    assert other.why == (
        '403: User "nobody" cannot list resource "deployments" in API group "apps" in the namespace "ml"'
    )
    assert other.obtain == "kubectl auth can-i list deployments.apps -n ml --as nobody"


def test_the_reader_may_not_read_secrets_nor_logs_elsewhere(seeded: Path) -> None:
    """S43: the shipped role has no Secrets, and logs only where it was bound."""
    client = connect(seeded)
    secrets = get(client, "api", "v1", "namespaces", "ml", "secrets", metadata_only=True)
    assert isinstance(secrets, Missing)
    assert secrets.why.startswith('403: User "oncall-viewer" cannot list resource "secrets"')
    elsewhere = KubernetesLog(form="pod_log", namespace="default", pod="x", container="app", previous=False)
    log = client.ask(elsewhere, 10, threading.Event())
    assert isinstance(log, Missing)
    assert 'cannot get resource "pods/log"' in log.why
    assert log.obtain == "kubectl auth can-i get pods --subresource=log -n default --as oncall-viewer"


def test_unknown_credentials_are_not_accepted(seeded: Path, tmp_path: Path) -> None:
    """401 is said without the token."""
    config = (seeded / "viewer.kubeconfig").read_text().replace("viewer-0", "canary-2205")
    (tmp_path / "viewer.kubeconfig").write_text(config)
    answer = get(connect(tmp_path), "api", "v1", "nodes")
    assert isinstance(answer, Missing)
    assert answer.why == "401: the API server does not accept these credentials"


def test_what_does_not_exist_is_said_by_name(seeded: Path) -> None:
    """404 of an object, of its log, and of a kind that this cluster does not have."""
    client = connect(seeded)
    gone = get(client, "api", "v1", "namespaces", "ml", "pods", "gone")
    assert isinstance(gone, Missing)
    assert gone.why == 'pod "gone" not found in namespace "ml"'
    request = KubernetesLog(form="pod_log", namespace="ml", pod="gone", container="app", previous=False)
    log = client.ask(request, 10, threading.Event())
    assert isinstance(log, Missing)
    assert log.why == 'pod "gone" not found in namespace "ml"'
    kind = get(client, "apis", "nvidia.com", "v1", "clusterpolicies")
    assert isinstance(kind, Missing)
    assert kind.why == "the cluster has no clusterpolicies (nvidia.com)"


@pytest.mark.parametrize("name", ["..", ".", "%2e%2e", "a/b", "a?x", "a#b", "../../kube-system/secrets/x", "", "A"])
def test_s15_a_path_is_never_folded(seeded: Path, name: str) -> None:
    """S15: a name that is none never reaches the server, and no Secret is read by way of a pod."""
    client = connect(seeded, "admin")
    answer = get(client, "api", "v1", "namespaces", "ml", "pods", name)
    log = KubernetesLog(form="pod_log", namespace="ml", pod=name, container="app", previous=False)
    for missing in (answer, client.ask(log, 10, threading.Event())):
        assert isinstance(missing, Missing)
        assert missing.kind == "refused"
    assert client.calls == 0


def test_the_server_says_how_it_is(seeded: Path) -> None:
    """Paths of the server itself are text, not objects."""
    answer = get(connect(seeded), "readyz", verbose="")
    assert isinstance(answer, Answer)
    assert b"[+]etcd ok" in answer.body


def test_a_certificate_that_nobody_signed_is_not_accepted(seeded: Path, tmp_path: Path) -> None:
    """S46: TLS is verified."""
    config = json.loads((seeded / "viewer.kubeconfig").read_text())
    del config["clusters"][0]["cluster"]["certificate-authority"]
    (tmp_path / "viewer.kubeconfig").write_text(json.dumps(config))
    answer = get(connect(tmp_path), "api", "v1", "nodes")
    assert isinstance(answer, Missing)
    assert answer.why.startswith("API server: certificate not accepted: ")


def test_the_doctor_says_who_we_are_and_what_is_missing(seeded: Path) -> None:
    """A viewer reads all that is needed, but not all logs; nobody is told each right and what it costs."""
    viewer = Connectors(Settings(kubeconfig=str(seeded / "viewer.kubeconfig")))
    found = checks.check(viewer, ("kubernetes",))
    assert "as oncall-viewer" in found[0].text
    assert [check.state for check in found] == [checks.State.OK, checks.State.OK]
    nobody = checks.check(Connectors(Settings(kubeconfig=str(seeded / "nobody.kubeconfig"))), ("kubernetes",))
    assert len(nobody) == 1 + len(checks.NEEDS)
    assert nobody[1].text == "may not list pods; unknown without it: pods and everything about them"
    assert nobody[1].commands == ("kubectl auth can-i list pods",)


def test_the_shipped_roles_are_those_of_the_program(seeded: Path) -> None:
    """The API server takes them, and deploy/ holds their text."""
    assert seeded
    assert (DEPLOY / "cluster-role-read.yaml").read_text() == cluster_roles.reading()
    assert (DEPLOY / "cluster-role-change.yaml").read_text() == cluster_roles.changing()
