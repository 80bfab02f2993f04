"""A web server on loopback that answers as a test tells it: right, wrong, late, cut or not at all."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

Answerer = Callable[[BaseHTTPRequestHandler], None]


class Web:
    """The address, what was asked (`paths`, `headers`), and `answer`, which the test replaces."""

    def __init__(self) -> None:
        self.paths: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.bodies: list[bytes] = []
        self.answer: Answerer = lambda request: self.send(request, {})
        web = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                """Note the question, and let the test answer it."""
                web.paths.append(self.path)
                web.headers.append({name.lower(): value for name, value in self.headers.items()})
                web.bodies.append(self.rfile.read(int(self.headers.get("content-length") or 0)))
                web.answer(self)

            def do_POST(self) -> None:
                """Do the same."""
                self.do_GET()

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def send(self, request: BaseHTTPRequestHandler, body: Any, status: int = 200, **headers: str) -> None:
        """Send a whole answer; a document becomes JSON."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        request.send_response(status)
        for name, value in headers.items():
            request.send_header(name.replace("_", "-"), value)
        request.send_header("Content-Length", str(len(content)))
        request.end_headers()
        request.wfile.write(content)


@pytest.fixture
def web() -> Iterator[Web]:
    """Yield a server that runs."""
    found = Web()
    thread = threading.Thread(target=found.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield found
    found.server.shutdown()
    found.server.server_close()


@pytest.fixture
def kubeconfig(web: Web, tmp_path: Path) -> Path:
    """Write a kubeconfig that leads to the server."""
    path = tmp_path / "config"
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "loopback",
        "contexts": [{"name": "loopback", "context": {"cluster": "c", "user": "u", "namespace": "ml"}}],
        "clusters": [{"name": "c", "cluster": {"server": web.url}}],
        "users": [{"name": "u", "user": {"token": "canary-token"}}],
    }
    path.write_text(json.dumps(document))
    return path
