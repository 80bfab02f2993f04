"""The rights that reading and changing need in a cluster, as ClusterRoles. Pure: text from the table of what is read.

Reading has no Secrets, no exec, no node proxy and no wildcard; logs are a role of their own, bound by namespace (threat
model S43). Changing is separate and belongs to another account (S42).
"""

from __future__ import annotations

from typing import Any

from runbookctl.connectors.kubernetes_paths import resources

READER = "runbookctl-reader"
LOGS = "runbookctl-log-reader"
CHANGER = "runbookctl-changer"

# group, resources, verbs, what for
_CHANGES = (
    ("", "nodes", "get list patch", "cordon, uncordon, taint, label"),
    ("", "pods", "get list patch delete", "what a drain would evict; take one replica out by its label, or replace it"),
    ("", "pods/eviction", "create", "drain: a PodDisruptionBudget may refuse"),
    ("apps", "deployments statefulsets daemonsets replicasets controllerrevisions", "get list", "what to go back to"),
    ("apps", "deployments statefulsets daemonsets", "patch", "limits, image, restart, roll back"),
    ("batch", "cronjobs", "get patch", "limits and image of the next job"),
    ("apps", "deployments/scale statefulsets/scale", "get patch", "scale"),
    ("coordination.k8s.io", "leases", "get create update", "one change at a time on one subject"),
)


def reading() -> str:
    """Return the ClusterRoles for reading, as YAML."""
    groups: dict[str, list[str]] = {}
    for (group, plural), row in resources().items():
        if not row.metadata_only:
            groups.setdefault(group, []).append(plural)
    rules = [rule(group, names, ["get", "list"]) for group, names in groups.items()]
    rules.append('  - nonResourceURLs: ["/version", "/readyz", "/livez", "/metrics"]\n    verbs: ["get"]\n')
    logs = rule("", ["pods/log"], ["get"])
    return (
        "# What runbookctl reads. Secrets are left out: RBAC cannot give their names without their values.\n"
        + _role(READER, rules)
        + "---\n"
        + "# Logs may hold anything: bind this role by a RoleBinding in each namespace that may be read.\n"
        + _role(LOGS, [logs])
    )


def changing() -> str:
    """Return the ClusterRole for changes, as YAML."""
    rules = [f"  # {why}\n{rule(group, names.split(), verbs.split())}" for group, names, verbs, why in _CHANGES]
    head = "# What `runbookctl fix` changes. Give it to another account than the one that reads.\n"
    return head + _role(CHANGER, rules)


def documents() -> list[Any]:
    """Return all roles as objects of the API."""
    import yaml

    return [*yaml.safe_load_all(reading()), yaml.safe_load(changing())]


def rule(group: str, names: list[str], verbs: list[str]) -> str:
    """Return one rule of a role, as YAML."""
    return f'  - apiGroups: ["{group}"]\n    resources: {_list(names)}\n    verbs: {_list(verbs)}\n'


def _role(name: str, rules: list[str]) -> str:
    head = f"apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata:\n  name: {name}\nrules:\n"
    return head + "".join(rules)


def _list(names: list[str]) -> str:
    return "[" + ", ".join(f'"{name}"' for name in names) + "]"
