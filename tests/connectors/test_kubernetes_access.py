"""Where the API server is and who we are: kubeconfig, credential plugin, pod, nothing. And what is never loaded."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from runbookctl.connectors import Answer, Connectors, Settings, checks, kubernetes_access
from runbookctl.connectors.kubernetes import Cluster
from runbookctl.connectors.kubernetes_access import NoAccess, NoCluster, inspect, kubeconfig_files, unsafe
from runbookctl.errors import NotPossibleHere
from runbookctl.model import KubernetesGet, Missing

NODES = KubernetesGet(form="kubernetes_objects", segments=("api", "v1", "nodes"))
NOWHERE = "KUBECONFIG is not set, ~/.kube/config is not there, and this is not a pod."


@pytest.fixture(autouse=True)
def nothing_configured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Take the configuration of this machine away."""
    for name in ("KUBECONFIG", "KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))


def ask(settings: Settings) -> Answer | Missing:
    """Ask for the nodes."""
    return Cluster(settings).ask(NODES, 5, threading.Event())


def change(kubeconfig: Path, part: str, **more: Any) -> Path:
    """Write another kubeconfig, with more in its `user` or `cluster`."""
    document = json.loads(kubeconfig.read_text())
    document[f"{part}s"][0][part] |= more
    if part == "user":
        document["users"][0]["user"].pop("token", None)
    other = kubeconfig.with_name(f"config-{part}-{'-'.join(more)}")
    other.write_text(json.dumps(document))
    return other


def plugin(folder: Path, script: str) -> dict[str, Any]:
    """Write a credential plugin; return what a kubeconfig says of it."""
    program = folder / "plugin"
    program.write_text(f"#!/bin/sh\ntouch {folder}/plugin-ran\n{script}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return {"apiVersion": "client.authentication.k8s.io/v1", "command": str(program), "interactiveMode": "Never"}


CREDENTIAL = json.dumps(
    {"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": {"token": "from-plugin"}}
)


def test_without_a_configuration_there_is_no_cluster() -> None:
    """One step says so in a phrase; a run that is about a cluster stops with where was looked and what to do."""
    answer = ask(Settings())
    assert answer == Missing(why="no cluster is configured", obtain="runbookctl doctor kubernetes")
    with pytest.raises(NotPossibleHere, match="no cluster is configured") as raised:
        Cluster(Settings()).require()
    assert raised.value.details == (NOWHERE,)
    assert raised.value.commands == ("runbookctl doctor kubernetes",)


def test_the_doctor_says_where_was_looked() -> None:
    """No cluster is not there, and no error."""
    found = checks.check(Connectors(Settings()), ("kubernetes",))
    assert [(check.state.value, check.text) for check in found] == [("missing", f"no cluster is configured: {NOWHERE}")]


def test_the_order_is_flag_variable_home_pod(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """As kubectl has it."""
    with pytest.raises(NoCluster):
        kubeconfig_files(Settings())
    home = tmp_path / "home" / ".kube"
    home.mkdir(parents=True)
    (home / "config").write_text("{}")
    assert kubeconfig_files(Settings()) == str(home / "config")
    monkeypatch.setenv("KUBECONFIG", "/a:/b")
    assert kubeconfig_files(Settings()) == "/a:/b"
    assert kubeconfig_files(Settings(kubeconfig="/c")) == "/c"


def test_a_token_is_sent(web: Any, kubeconfig: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The source of the answer names the context."""
    monkeypatch.setenv("KUBECONFIG", f"/nowhere/config:{kubeconfig}")
    web.answer = lambda request: web.send(request, {"kind": "NodeList", "items": []})
    answer = ask(Settings())
    assert isinstance(answer, Answer)
    assert answer.source == "kubernetes loopback"
    assert web.headers[0]["authorization"] == "Bearer canary-token"


def test_a_pod_uses_its_own_account(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """In a pod the token is read from its file, and the namespace is the pod's."""
    from kubernetes.config import incluster_config

    for name, text in (("token", "canary-1"), ("ca.crt", "a certificate"), ("namespace", "ml")):
        (tmp_path / name).write_text(text)
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "127.0.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "6443")
    monkeypatch.setattr(kubernetes_access, "_SERVICE_ACCOUNT", tmp_path)
    monkeypatch.setattr(kubernetes_access, "_access", lambda *parts: parts)
    monkeypatch.setattr(incluster_config, "SERVICE_TOKEN_FILENAME", str(tmp_path / "token"))
    monkeypatch.setattr(incluster_config, "SERVICE_CERT_FILENAME", str(tmp_path / "ca.crt"))
    configuration, source, namespace = kubernetes_access.connect(Settings())  # type: ignore[misc]
    assert (source, namespace) == ("kubernetes in-cluster", "ml")
    assert configuration.host == "https://127.0.0.1:6443"
    access = kubernetes_access.Access(None, configuration.host, configuration, source, namespace)
    assert access.headers()["authorization"].lower() == "bearer canary-1"


def test_a_context_is_chosen_and_its_namespace_known(kubeconfig: Path) -> None:
    """`--context` decides; a context that is not there is said."""
    assert inspect(str(kubeconfig), None).namespace == "ml"
    answer = ask(Settings(kubeconfig=str(kubeconfig), context="other"))
    assert isinstance(answer, Missing)
    assert answer.why == "API server: the kubeconfig has no context 'other'"


def test_a_credential_plugin_gives_the_token(web: Any, kubeconfig: Path, tmp_path: Path) -> None:
    """Exec plugins work as with kubectl, once for the run."""
    web.answer = lambda request: web.send(request, {"kind": "NodeList", "items": []})
    config = change(kubeconfig, "user", exec=plugin(tmp_path, f"echo '{CREDENTIAL}'; echo x >>{tmp_path}/count"))
    client = Cluster(Settings(kubeconfig=str(config)))
    for _ in range(3):
        assert isinstance(client.ask(NODES, 5, threading.Event()), Answer)
    assert web.headers[-1]["authorization"] == "Bearer from-plugin"
    assert (tmp_path / "count").read_text() == "x\n"


def test_a_plugin_that_fails_is_said_and_nothing_is_asked_without_it(
    web: Any, kubeconfig: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Without credentials we would be "system:anonymous", whose 403 explains nothing."""
    config = change(kubeconfig, "user", exec=plugin(tmp_path, "echo 'sso session expired' >&2; exit 3"))
    answer = ask(Settings(kubeconfig=str(config)))
    assert isinstance(answer, Missing)
    assert answer.why == (
        f"API server: the credential plugin {tmp_path}/plugin failed: exec: process returned 3. sso session expired"
    )
    assert web.paths == []
    assert capfd.readouterr().err == ""


def test_nothing_starts_before_the_first_question(kubeconfig: Path, tmp_path: Path) -> None:
    """S24: to make the connectors, and to look at a kubeconfig, runs no program of it."""
    config = change(kubeconfig, "user", exec=plugin(tmp_path, "exit 1"))
    connectors = Connectors(Settings(kubeconfig=str(config)))
    assert connectors.calls == 0
    connectors.close()
    assert inspect(str(config), None).runs == f"{tmp_path}/plugin"
    assert not (tmp_path / "plugin-ran").exists()


@pytest.mark.parametrize(
    ("part", "more", "said"),
    [
        ("user", {"exec": {"command": "aws"}}, "runs aws"),
        ("user", {"auth-provider": {"config": {"cmd-path": "/x/gcloud"}}}, "runs /x/gcloud"),
        ("cluster", {"insecure-skip-tls-verify": True, "server": "https://127.0.0.1"},
         "does not verify the server's certificate"),
        ("cluster", {"server": "https://127.0.0.1", "proxy-url": "http://evil"}, "goes through the proxy http://evil"),
    ],
)  # fmt: skip
def test_a_service_uses_no_kubeconfig_that_runs_or_weakens(
    kubeconfig: Path, part: str, more: dict[str, Any], said: str
) -> None:
    """S24, S46: refused in broker mode, and in personal mode the doctor says it."""
    config = change(kubeconfig, part, **more)
    assert unsafe(inspect(str(config), None))[0] == said or part == "user"
    answer = ask(Settings(kubeconfig=str(config), broker=True))
    assert isinstance(answer, Missing)
    assert answer.why.startswith("API server: the kubeconfig ")
    assert answer.why.endswith("; a service does not use it")


@pytest.mark.parametrize("text", ["", "[]", "a: [", "\t", "current-context: x", "{}", "current-context: x\nusers: 7\n"])
def test_a_broken_kubeconfig_is_said(tmp_path: Path, text: str) -> None:
    """Whatever the file holds, the answer is a sentence."""
    config = tmp_path / "config"
    config.write_text(text)
    answer = ask(Settings(kubeconfig=str(config)))
    assert isinstance(answer, Missing)
    assert "kubeconfig" in answer.why or answer.why == "no cluster is configured"


def test_a_certificate_that_is_none_is_said(kubeconfig: Path) -> None:
    """Broken base64 in a kubeconfig is no traceback."""
    config = change(kubeconfig, "cluster", **{"server": "https://127.0.0.1:1", "certificate-authority-data": "%%%"})
    answer = ask(Settings(kubeconfig=str(config)))
    assert isinstance(answer, Missing)
    with pytest.raises(NoAccess):
        inspect(str(kubeconfig), "no-such-context")


def test_a_server_that_is_not_there_is_said(kubeconfig: Path, web: Any) -> None:
    """Connection refused, with a command that shows the same."""
    web.server.server_close()
    answer = ask(Settings(kubeconfig=str(kubeconfig)))
    assert answer == Missing(why="API server: connection refused", obtain="kubectl cluster-info")


def test_connectors_load_nothing_heavy() -> None:
    """Importing the room costs no client: kubernetes, urllib3, pynvml, ssl come with the first question."""
    script = (
        "import sys, runbookctl.connectors as c; c.Connectors(c.Settings());"
        "print([name for name in ('kubernetes', 'urllib3', 'pynvml', 'yaml', 'ssl', 'subprocess', 'ctypes', 're2')"
        " if name in sys.modules])"
    )
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"
