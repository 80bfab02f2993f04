"""Real servers on loopback: sshd, Prometheus, etcd with kube-apiserver. Started once, stopped with the test session.

A server that is not installed skips its tests; with RUNBOOKCTL_SERVICES=1 (make test-services) it fails them.
`.ci/services.sh` installs and builds what is missing.
"""

from __future__ import annotations

import contextlib
import json
import os
import pwd
import shutil
import socket
import ssl
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
CSH_ACCOUNT = "runbookctl-csh"
TOKENS = {"admin": "admin-0", "viewer": "viewer-0", "nobody": "nobody-0"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder needs a service."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.services)


def program(name: str, *folders: Path) -> str:
    """Return the path of a server's program, or skip (fail where servers are demanded)."""
    path = os.pathsep.join([*map(str, folders), os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])
    found = shutil.which(name, path=path)
    if found:
        return found
    why = f"{name} is not here: .ci/services.sh installs it"
    if os.environ.get("RUNBOOKCTL_SERVICES") == "1":
        pytest.fail(why)
    pytest.skip(why)


def free_port() -> int:
    """Return a port of loopback that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextlib.contextmanager
def running(argv: Sequence[str], log: Path, ready: Callable[[], bool], within: float = 90) -> Iterator[None]:
    """Start a server, wait until it is ready, end it afterwards."""
    with log.open("wb") as output:
        server = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True)
    try:
        until = time.monotonic() + within
        while not ready():
            if server.poll() is not None or time.monotonic() > until:
                pytest.fail(f"{argv[0]} did not start:\n{log.read_text(errors='replace')[-3000:]}")
            time.sleep(0.1)
        yield
    finally:
        server.terminate()
        try:
            server.wait(timeout=10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def answers(url: str, tls: ssl.SSLContext | None = None) -> bytes | None:
    """Return the body of a GET that succeeds, None for anything else."""
    try:
        with urllib.request.urlopen(url, timeout=2, context=tls) as response:
            return bytes(response.read())
    except OSError:
        return None


# --- sshd


@pytest.fixture(scope="session")
def ssh_config() -> Iterator[Path]:
    """Yield a client configuration with nodes on a real sshd.

    gpu-7 is well; new-7 has a host key that nobody knows; forged-7 another one than it had; dead-7 refuses connections;
    silent-7 never answers; csh-7 is an account with a C shell (only where this process may make accounts).
    """
    sshd = program("sshd")
    with tempfile.TemporaryDirectory(prefix="runbookctl-sshd-") as name, socket.create_server(("127.0.0.1", 0)) as mute:
        folder = Path(name)
        folder.chmod(0o755)  # sshd reads the authorized keys as the account that logs in
        port = free_port()
        for key in ("host", "other", "client"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / key)], check=True)
        (folder / "authorized_keys").write_bytes((folder / "client.pub").read_bytes())
        for known, key in (("known", "host"), ("forged", "other")):
            kind, public = (folder / f"{key}.pub").read_text().split()[:2]
            (folder / known).write_text(f"gpu-7 {kind} {public}\n")
        (folder / "nothing").touch()
        account = pwd.getpwuid(os.geteuid()).pw_name
        config = folder / "config"
        config.write_text(_client_config(folder, account, port, mute.getsockname()[1]))
        server = folder / "sshd_config"
        server.write_text(
            f"Port {port}\nListenAddress 127.0.0.1\nHostKey {folder}/host\nPidFile none\nUsePAM no\nStrictModes no\n"
            f"AuthorizedKeysFile {folder}/authorized_keys\nPasswordAuthentication no\nPermitRootLogin prohibit-password\n"
            "KbdInteractiveAuthentication no\nLogLevel ERROR\n"
        )
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(exist_ok=True)

        def listens() -> bool:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                return True
            return False

        with running([sshd, "-D", "-e", "-f", str(server)], folder / "log", listens):
            yield config


def _client_config(folder: Path, account: str, port: int, mute: int) -> str:
    return (
        f"Host csh-7\n  User {CSH_ACCOUNT}\n"
        f"Host new-7\n  UserKnownHostsFile {folder}/nothing\n"
        f"Host forged-7\n  UserKnownHostsFile {folder}/forged\n"
        f"Host dead-7\n  Port {free_port()}\n"
        f"Host silent-7\n  Port {mute}\n"
        f"Host *\n  HostName 127.0.0.1\n  Port {port}\n  User {account}\n  HostKeyAlias gpu-7\n"
        f"  IdentityFile {folder}/client\n  IdentitiesOnly yes\n  UserKnownHostsFile {folder}/known\n"
        # what a person may have and must not matter:
        "  GlobalKnownHostsFile /dev/null\n  ForwardAgent yes\n  StrictHostKeyChecking no\n  ControlMaster auto\n"
        f"  ControlPath {folder}/%h.sock\n  ControlPersist 60\n  RequestTTY yes\n"
        f"  PermitLocalCommand yes\n  LocalCommand touch {folder}/local-command-ran\n"
    )


@pytest.fixture
def csh_node(ssh_config: Path) -> Iterator[str]:
    """Yield a node whose account has a C shell; the account is made and removed here."""
    assert ssh_config
    shell = program("csh")
    if os.geteuid() != 0:
        pytest.skip("only root can make an account")
    subprocess.run(["useradd", "--no-create-home", "--home-dir", "/", "--shell", shell, CSH_ACCOUNT], check=True)
    try:
        subprocess.run(["usermod", "--password", "*", CSH_ACCOUNT], check=True)
        yield "csh-7"
    finally:
        subprocess.run(["userdel", CSH_ACCOUNT], check=True, capture_output=True)


# --- Prometheus


class _Exposition(BaseHTTPRequestHandler):
    """Serves a page of metrics to be scraped."""

    TEXT = b"""# HELP requests_total Requests.
# TYPE requests_total counter
requests_total{pod="web-0",code="200"} 41
requests_total{pod="web-1",code="500"} 1
# TYPE memory_bytes gauge
memory_bytes{pod="web-0"} NaN
memory_bytes{pod="a\\"} or vector(1) #"} 7
"""

    def do_GET(self) -> None:
        """Send the page."""
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.end_headers()
        self.wfile.write(self.TEXT)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="session")
def prometheus_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Yield the address of a real Prometheus that has scraped a page of metrics."""
    prometheus = program("prometheus")
    folder = tmp_path_factory.mktemp("prometheus")
    target = ThreadingHTTPServer(("127.0.0.1", 0), _Exposition)
    threading.Thread(target=target.serve_forever, daemon=True).start()
    config = {
        "global": {"scrape_interval": "1s"},
        "scrape_configs": [
            {"job_name": "web", "static_configs": [{"targets": [f"127.0.0.1:{target.server_address[1]}"]}]}
        ],
    }
    (folder / "prometheus.yml").write_text(json.dumps(config))
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    argv = [
        prometheus, f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data",
        f"--web.listen-address=127.0.0.1:{port}",
    ]  # fmt: skip

    def scraped() -> bool:
        return b"web-0" in (answers(f"{url}/api/v1/query?query=requests_total") or b"")

    with running(argv, folder / "log", scraped):
        yield url
    target.shutdown()
    target.server_close()


# --- etcd and kube-apiserver


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Yield a folder with kubeconfigs of admin, viewer and nobody for a real API server with RBAC."""
    etcd = program("etcd", *_assets())
    apiserver = program("kube-apiserver", *_assets())
    folder = tmp_path_factory.mktemp("cluster")
    client, peer, port = free_port(), free_port(), free_port()
    store = f"http://127.0.0.1:{client}"
    etcd_argv = [
        etcd, "--data-dir", str(folder / "etcd"), "--listen-client-urls", store, "--advertise-client-urls", store,
        "--listen-peer-urls", f"http://127.0.0.1:{peer}", "--log-level", "error",
    ]  # fmt: skip
    key = folder / "account.key"
    subprocess.run(["ssh-keygen", "-q", "-t", "rsa", "-m", "PEM", "-N", "", "-f", str(key)], check=True)
    (folder / "tokens.csv").write_text(
        f"{TOKENS['admin']},admin,1,system:masters\n{TOKENS['viewer']},oncall-viewer,2\n{TOKENS['nobody']},nobody,3\n"
    )
    server_argv = [
        apiserver, f"--etcd-servers={store}", "--bind-address=127.0.0.1", f"--secure-port={port}",
        f"--cert-dir={folder}", "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-account-key-file={key}", f"--service-account-signing-key-file={key}",
        "--service-cluster-ip-range=10.0.0.0/24", f"--token-auth-file={folder}/tokens.csv",
        "--authorization-mode=RBAC", "--disable-admission-plugins=ServiceAccount",
    ]  # fmt: skip
    url = f"https://127.0.0.1:{port}"
    for name, token in TOKENS.items():
        (folder / f"{name}.kubeconfig").write_text(_kubeconfig(url, folder / "apiserver.crt", name, token))

    def is_ready() -> bool:
        if not (folder / "apiserver.crt").is_file():
            return False
        return answers(f"{url}/readyz", _tls(folder)) == b"ok"

    with (
        running(etcd_argv, folder / "etcd.log", lambda: answers(f"{store}/health") is not None),
        running(server_argv, folder / "apiserver.log", is_ready),
    ):
        yield folder


def _assets() -> list[Path]:
    named = os.environ.get("KUBEBUILDER_ASSETS")
    return [*([Path(named)] if named else []), *sorted((ROOT / ".services").glob("kubernetes-v*"), reverse=True)]


def _tls(folder: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(folder / "apiserver.crt"))


def _kubeconfig(url: str, ca: Path, user: str, token: str) -> str:
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "loopback",
            "contexts": [{"name": "loopback", "context": {"cluster": "loopback", "user": user, "namespace": "ml"}}],
            "clusters": [{"name": "loopback", "cluster": {"server": url, "certificate-authority": str(ca)}}],
            "users": [{"name": user, "user": {"token": token}}],
        }
    )


@pytest.fixture(scope="session")
def admin(cluster: Path) -> Callable[..., dict[str, Any]]:
    """Send one request as the administrator: (method, path, document) -> document."""
    url = json.loads((cluster / "admin.kubeconfig").read_text())["clusters"][0]["cluster"]["server"]
    tls = _tls(cluster)

    def send(method: str, path: str, document: Any = None) -> dict[str, Any]:
        kind = "application/merge-patch+json" if method == "PATCH" else "application/json"
        body = json.dumps(document).encode() if document is not None else None
        request = urllib.request.Request(url + path, data=body, method=method)
        request.add_header("Content-Type", kind)
        request.add_header("Authorization", f"Bearer {TOKENS['admin']}")
        try:
            with urllib.request.urlopen(request, timeout=20, context=tls) as response:
                found: dict[str, Any] = json.load(response)
        except urllib.error.HTTPError as error:
            with error:
                pytest.fail(f"{method} {path}: {error.code} {error.read().decode(errors='replace')[:500]}")
        return found

    return send
