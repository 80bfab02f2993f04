"""How the API server is reached and who we are there: kubeconfig, exec plugin, token, certificate, or the pod's own.

The `kubernetes` package does the work; it is imported here and nowhere else. A kubeconfig can run a program (threat
model S24), so none is opened before the first live request.
"""

from __future__ import annotations

import contextlib
import logging
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from runbookctl.connectors.answer import Settings, first_line

POOL = 16
_SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
_MAX_KUBECONFIG = 4 << 20


class NoCluster(Exception):  # noqa: N818 - a state, said in the words of the user
    """Nothing says where an API server is; `details` say where was looked."""

    def __init__(self, *details: str) -> None:
        super().__init__("no cluster is configured")
        self.details = details


class NoAccess(Exception):  # noqa: N818 - a state, said in the words of the user
    """A cluster is configured and its configuration cannot be used; the message says why."""


class Access(NamedTuple):
    """A connection pool, where to, as whom. `source` names it for people: `kubernetes prod`."""

    pool: Any
    host: str
    configuration: Any
    source: str
    namespace: str

    def headers(self) -> dict[str, str]:
        """Return the authentication header; an expired token is renewed first."""
        settings = self.configuration.auth_settings().get("BearerToken")
        return {"authorization": settings["value"]} if settings and settings["value"] else {}


class Kubeconfig(NamedTuple):
    """The parts of a kubeconfig that decide how it is used."""

    files: str
    context: str
    namespace: str
    server: str
    runs: str  # program of an exec plugin or auth provider, "" when none
    insecure: bool
    proxy: str


def connect(settings: Settings) -> Access:
    """Return the access that settings, KUBECONFIG, ~/.kube/config or the pod give; raises NoCluster or NoAccess."""
    files = kubeconfig_files(settings)
    if files is None:
        return _in_cluster()
    found = inspect(files, settings.context)
    refused = unsafe(found) if settings.broker else []
    if refused:
        raise NoAccess(f"the kubeconfig {refused[0]}; a service does not use it")
    from kubernetes import config
    from kubernetes.client import Configuration

    load: Callable[..., None] = config.load_kube_config
    configuration = Configuration()
    with _overheard() as said:
        try:
            load(files, found.context, configuration, persist_config=False)
        except Exception as error:  # the package raises its own, KeyError, OSError, binascii.Error ... for a bad file
            raise NoAccess(f"the kubeconfig cannot be used: {first_line(str(error))}") from error
    if said and not configuration.api_key and not configuration.cert_file:
        raise NoAccess(f"the credential plugin {found.runs} failed: {first_line(said[-1])}")
    return _access(configuration, f"kubernetes {found.context}", settings.namespace or found.namespace)


def kubeconfig_files(settings: Settings) -> str | None:
    """Return the kubeconfig files in use (joined as in KUBECONFIG), None for those of a pod; raises NoCluster."""
    if settings.kubeconfig:
        return settings.kubeconfig
    named = os.environ.get("KUBECONFIG", "")
    if named:
        return named
    home = Path("~/.kube/config").expanduser()
    if home.is_file():
        return str(home)
    if "KUBERNETES_SERVICE_HOST" in os.environ and (_SERVICE_ACCOUNT / "token").is_file():
        return None
    raise NoCluster("KUBECONFIG is not set, ~/.kube/config is not there, and this is not a pod.")


def inspect(files: str, context: str | None) -> Kubeconfig:
    """Read what a kubeconfig would do, without doing it; raises NoCluster or NoAccess."""
    merged: dict[str, Any] = {}
    present = [Path(name) for name in files.split(os.pathsep) if name and Path(name).is_file()]
    if not present:
        raise NoCluster(f"The kubeconfig {files} is not there.")
    for path in present:
        for key, value in _yaml(path).items():
            if isinstance(value, list):
                merged.setdefault(key, []).extend(value)
            elif value:
                merged.setdefault(key, value)
    name = context or str(merged.get("current-context") or "")
    if not name:
        raise NoCluster(f"The kubeconfig {files} names no current context.")
    chosen = _named(merged, "contexts", name).get("context")
    if not isinstance(chosen, dict):
        raise NoAccess(f"the kubeconfig has no context {name!r}")
    cluster = _named(merged, "clusters", str(chosen.get("cluster"))).get("cluster") or {}
    user = _named(merged, "users", str(chosen.get("user"))).get("user") or {}
    plugin = user.get("exec") or {}
    provider = (user.get("auth-provider") or {}).get("config") or {}
    return Kubeconfig(
        files=files,
        context=name,
        namespace=str(chosen.get("namespace") or ""),
        server=str(cluster.get("server") or ""),
        runs=str(plugin.get("command") or provider.get("cmd-path") or ""),
        insecure=bool(cluster.get("insecure-skip-tls-verify")) or str(cluster.get("server")).startswith("http:"),
        proxy=str(cluster.get("proxy-url") or ""),
    )


def unsafe(found: Kubeconfig) -> list[str]:
    """Return what a person should know about a kubeconfig, and what a service refuses (S24, S46)."""
    said = [f"runs {found.runs}"] if found.runs else []
    said += ["does not verify the server's certificate"] if found.insecure else []
    said += [f"goes through the proxy {found.proxy}"] if found.proxy else []
    return said


def _yaml(path: Path) -> dict[str, Any]:
    import yaml

    try:
        with path.open("rb") as file:
            text = file.read(_MAX_KUBECONFIG + 1)
        document = yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - both are safe loaders
    except (OSError, yaml.YAMLError, ValueError, RecursionError) as error:
        raise NoAccess(f"the kubeconfig {path} cannot be read: {first_line(str(error))}") from error
    if not isinstance(document, dict) or len(text) > _MAX_KUBECONFIG:
        raise NoAccess(f"{path} is not a kubeconfig")
    return document


def _named(document: dict[str, Any], key: str, name: str) -> dict[str, Any]:
    rows = document.get(key)
    found = [row for row in rows if isinstance(row, dict) and row.get("name") == name] if isinstance(rows, list) else []
    return found[0] if found else {}


def _in_cluster() -> Access:
    from kubernetes import config
    from kubernetes.client import Configuration

    load: Callable[..., None] = config.load_incluster_config
    configuration = Configuration()
    try:
        load(client_configuration=configuration)
    except Exception as error:  # ConfigException, OSError
        raise NoAccess(f"the pod's own account cannot be used: {first_line(str(error))}") from error
    namespace = ""
    with contextlib.suppress(OSError):
        namespace = (_SERVICE_ACCOUNT / "namespace").read_text().strip()
    return _access(configuration, "kubernetes in-cluster", namespace)


def _access(configuration: Any, source: str, namespace: str) -> Access:
    from kubernetes.client import ApiClient

    configuration.connection_pool_maxsize = POOL
    configuration.retries = False
    client = ApiClient(configuration)
    return Access(client.rest_client.pool_manager, configuration.host.rstrip("/"), configuration, source, namespace)


class _Overheard(logging.Filter):
    """Takes what this thread logs: the kubernetes package logs why a plugin failed and goes on without credentials."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []
        self._thread = threading.get_ident()

    def filter(self, record: logging.LogRecord) -> bool:
        """Keep the message, and let nothing of this thread pass."""
        if record.thread != self._thread:
            return True
        self.said.append(record.getMessage())
        return False


@contextlib.contextmanager
def _overheard() -> Iterator[list[str]]:
    root = logging.getLogger()
    listener, sink = _Overheard(), logging.NullHandler()
    root.addFilter(listener)
    root.addHandler(sink)  # or the first logging.error() would install one that writes to stderr
    try:
        yield listener.said
    finally:
        root.removeHandler(sink)
        root.removeFilter(listener)
