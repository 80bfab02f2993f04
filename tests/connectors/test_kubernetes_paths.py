"""Paths of the API: known shapes, each segment by itself. The real server is in tests/services."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from runbookctl.connectors import cluster_roles
from runbookctl.connectors.kubernetes_paths import (
    RefusedError,
    Target,
    is_name,
    is_version,
    log_target,
    resources,
    target,
    with_query,
)
from runbookctl.model import KubernetesGet, KubernetesLog


def get(*segments: str, metadata_only: bool = False, **query: str) -> Target:
    """Return what is read."""
    request = KubernetesGet(form="x", segments=segments, query=tuple(query.items()), metadata_only=metadata_only)
    return target(request)


def test_known_shapes_are_read() -> None:
    """In the words of RBAC: verb, group, resource, namespace, name."""
    assert get("api", "v1", "pods") == Target("/api/v1/pods", "list", "", "pods", "Pod")
    assert get("api", "v1", "namespaces", "ml") == Target(
        "/api/v1/namespaces/ml", "get", "", "namespaces", "Namespace", name="ml"
    )
    assert get("api", "v1", "namespaces", "ml", "pods").namespace == "ml"
    assert get("apis", "apps", "v1", "namespaces", "ml", "deployments", "web", "scale").path == (
        "/apis/apps/v1/namespaces/ml/deployments/web/scale"
    )
    assert get("api", "v1", "namespaces", "ml", "secrets", "token", metadata_only=True).name == "token"
    assert get("apis", "metrics.k8s.io", "v1beta1", "nodes").kind == "NodeMetrics"
    assert get("readyz", verbose="").path == "/readyz"


@pytest.mark.parametrize(
    "segments",
    [
        (), ("",), ("api",) * 9, ("api", "v1"), ("api", "v1", ""), ("api", "v2", "pods"),
        ("api", "v1", "namespaces", "ml", "pods", "a", "exec"),
        ("api", "v1", "namespaces", "ml", "pods", "a", "proxy"),
        ("api", "v1", "namespaces", "ml", "pods", "a", "log"),
        ("api", "v1", "nodes", "n", "proxy", "metrics"),
        ("api", "v1", "nodes", "n", "proxy"),
        ("api", "v1", "pods", "a"),
        ("api", "v1", "namespaces", "ml", "nodes"),
        ("api", "v1", "namespaces", "ml", "secrets"),
        ("api", "v1", "secrets"),
        ("api", "v1", "namespaces", "..", "pods"),
        ("api", "v1", "namespaces", "ml", "pods", "..", "..", "secrets"),
        ("apis", "rbac.authorization.k8s.io", "v1", "clusterroles"),
        ("apis", "apps", "..", "deployments"), ("apis", "apps", "v1/x", "deployments"),
        ("apis", "..", "v1", "pods"), ("metrics", "x"), ("openapi", "v3"), ("logs",), ("version?x",),
    ],
)  # fmt: skip
def test_s15_other_shapes_are_refused(segments: tuple[str, ...]) -> None:
    """S15, S43: no exec, no proxy, no values of Secrets, nothing outside the table."""
    with pytest.raises(RefusedError):
        get(*segments)


@pytest.mark.parametrize("key", ["watch", "follow", "dryRun", "pretty", "continue", "command", "as"])
def test_other_queries_are_refused(key: str) -> None:
    """A read is a read: nothing that waits for ever, nothing that speaks for another."""
    with pytest.raises(RefusedError):
        target(KubernetesGet(form="x", segments=("api", "v1", "pods"), query=((key, "true"),)))


@given(st.text(max_size=20), st.text(max_size=20))
def test_a_path_has_no_surprise_in_it(namespace: str, name: str) -> None:
    """Whatever names are given, the path has the segments that were meant, or nothing is sent."""
    try:
        found = get("api", "v1", "namespaces", namespace, "pods", name)
    except RefusedError:
        assert not (is_name(namespace) and is_name(name))
        return
    assert found.path == f"/api/v1/namespaces/{namespace}/pods/{name}"
    assert not set(found.path) & set("?#%\\ \n")
    assert not {"", ".", ".."} & set(found.path.split("/")[1:])


@pytest.mark.parametrize("part", ["namespace", "pod", "container"])
@pytest.mark.parametrize("name", ["..", "a/b", "a?x", "a&follow=true", "", "A", "-a", "a.", "x" * 254])
def test_a_log_is_that_of_one_container(part: str, name: str) -> None:
    """Every name of it is a name."""
    log = KubernetesLog(form="pod_log", namespace="ml", pod="a", container="app", previous=False)
    with pytest.raises(RefusedError):
        log_target(structs.replace(log, **{part: name}))


def test_a_query_is_quoted() -> None:
    """A selector is one value, whatever it holds."""
    query = (("labelSelector", "a=b,c in (d)&watch=true"),)
    assert with_query("/api/v1/pods", query) == "/api/v1/pods?labelSelector=a%3Db%2Cc%20in%20%28d%29%26watch%3Dtrue"


@pytest.mark.parametrize(("text", "fits"), [("v1", True), ("v2beta1", True), ("v1alpha3", True), ("v", False),
                                           ("v1b", False), ("1", False), ("v1beta", False), ("v1x", False)])  # fmt: skip
def test_a_version_looks_like_one(text: str, fits: bool) -> None:
    """v1, v1beta1, v2alpha3."""
    assert is_version(text) is fits


def test_the_reading_role_grants_what_is_read_and_no_more() -> None:
    """S43: every resource of the table but Secrets, get and list; no wildcard, no exec, no proxy; logs apart."""
    reader, logs, changer = cluster_roles.documents()
    rules = [rule for rule in reader["rules"] if "resources" in rule]
    granted = {(rule["apiGroups"][0], name) for rule in rules for name in rule["resources"]}
    assert granted == {key for key, row in resources().items() if not row.metadata_only}
    assert {verb for rule in rules for verb in rule["verbs"]} == {"get", "list"}
    assert logs["rules"] == [{"apiGroups": [""], "resources": ["pods/log"], "verbs": ["get"]}]
    everything = [*reader["rules"], *logs["rules"], *changer["rules"]]
    words = {word for rule in everything for values in rule.values() for word in values}
    assert not words & {"*", "secrets", "pods/exec", "nodes/proxy", "pods/proxy", "services/proxy"}
