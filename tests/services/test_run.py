"""A whole run against real servers: the API server answers, the verdict is that of the same evidence pasted."""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from runbookctl import probes
from runbookctl.connectors import Answer, Connectors, Settings
from runbookctl.engine.params import build
from runbookctl.model import PromQuery

Admin = Callable[..., dict[str, Any]]
API = "/api/v1/namespaces"


@pytest.fixture(scope="module")
def shop(cluster: Path, admin: Admin) -> Path:
    """Make a namespace with one container that was just killed at its limit and one healthy one."""
    ended = (dt.datetime.now(dt.UTC) - dt.timedelta(seconds=40)).strftime("%Y-%m-%dT%H:%M:%SZ")
    admin("POST", API, {"metadata": {"name": "shop"}})
    for name in ("killed", "fine"):
        container = {"name": "app", "image": "app:1", "resources": {"limits": {"memory": "32Mi"}}}
        spec = {"containers": [container], "nodeName": "n1"}
        admin("POST", f"{API}/shop/pods", {"metadata": {"name": name}, "spec": spec})
    last = {
        "exitCode": 137,
        "reason": "OOMKilled",
        "finishedAt": ended,
        "startedAt": ended,
        "containerID": "containerd://a",
    }
    states = {
        "killed": {
            "state": {"waiting": {"reason": "CrashLoopBackOff"}},
            "lastState": {"terminated": last},
            "ready": False,
        },
        "fine": {"state": {"running": {"startedAt": ended}}, "ready": True},
    }
    for name, state in states.items():
        status = {"name": "app", "image": "app:1", "imageID": "x", "restartCount": int(name == "killed"), **state}
        document = {"status": {"phase": "Running", "containerStatuses": [status]}}
        admin("PATCH", f"{API}/shop/pods/{name}/status", document)
    return cluster


def run(cluster: Path, who: str, home: Path, *arguments: str) -> tuple[int, dict[str, Any]]:
    """Run the command line as a person with a kubeconfig would; return exit code and JSON."""
    environment = {
        **{key: value for key, value in os.environ.items() if key in ("PATH", "HOME")},
        "KUBECONFIG": str(cluster / f"{who}.kubeconfig"),
        "RUNBOOKCTL_HOME": str(home),
    }
    code = "import sys; from runbookctl.cli import main; sys.exit(main())"
    done = subprocess.run(
        [sys.executable, "-P", "-c", code, *arguments, "--output", "json"],
        env=environment, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, json.loads(done.stdout)


def test_a_live_run_names_the_cause(shop: Path, tmp_path: Path) -> None:
    """The container killed at its limit is the only cause; the log that no kubelet serves is no reason to fail."""
    code, found = run(shop, "admin", tmp_path, "run", "k8s/oom-crashloop", "-i", "namespace=shop", "--timeout", "10")
    assert code == 1, found
    assert [cause["code"] for cause in found["causes"]] == ["container_oom_killed"]
    assert found["causes"][0]["subject"] == "container/shop/killed/app"
    assert any("kernel" in one["what"] for one in found["causes"][0]["not_ruled_out"])


def test_the_same_objects_pasted_give_the_same_cause(shop: Path, admin: Admin, tmp_path: Path) -> None:
    """What `kubectl get pods -o json` prints is judged as the live answer is."""
    pods = admin("GET", f"{API}/shop/pods")
    (tmp_path / "pods.json").write_text(json.dumps(pods))
    code, found = run(shop, "admin", tmp_path / "home", "analyze", str(tmp_path / "pods.json"))
    assert code == 1
    assert [(cause["code"], cause["subject"]) for cause in found["causes"]] == [
        ("container_oom_killed", "container/shop/killed/app")
    ]


def test_without_rights_everything_is_unknown_and_says_which_right(shop: Path, tmp_path: Path) -> None:
    """403 is unknown, exit 3, with the rule that is missing."""
    code, found = run(shop, "nobody", tmp_path, "run", "k8s/oom-crashloop", "-i", "namespace=shop", "--timeout", "10")
    assert (code, found["verdict"], found["causes"]) == (3, "unknown", [])
    assert any('cannot list resource "pods"' in one["why"] for one in found["unknown"]), found["unknown"]


@pytest.mark.parametrize(
    ("probe", "given"),
    [
        ("serving.latency", {"namespace": 'n"} or vector(1) #', "service": "s\\"}),
        ("serving.replicas", {"namespace": "n", "service": "s"}),
        ("serving.backends", {"namespace": "n", "service": "s"}),
        ("gpu.clocks", {"node": "n1"}),
        ("metrics.memory", {"namespace": "n", "pod": "p", "container": "c"}),
    ],
)
def test_every_query_is_understood_by_prometheus(prometheus_url: str, probe: str, given: dict[str, Any]) -> None:
    """The PromQL of each probe is valid, also with hostile inputs, and an empty answer reads as nothing."""
    module = probes.load(probe)
    assert module is not None
    asked = module.request(build(module.Params, given))
    connectors = Connectors(Settings(prometheus=prometheus_url))
    for request in asked if isinstance(asked, tuple) else (asked,):
        assert isinstance(request, PromQuery)
        answer = connectors.send(request, 20, threading.Event())
        assert isinstance(answer, Answer), answer
