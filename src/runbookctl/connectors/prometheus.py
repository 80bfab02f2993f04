"""Ask Prometheus instant and range queries over its HTTP API; the JSON as it came is the answer, warnings included.

The address is configuration, never an input; a token is read from a file for each query and follows no redirect.
Source: Prometheus HTTP API (querying/api), versions 2.42 to 3.
"""

from __future__ import annotations

import base64
import ssl
import threading
import time
import urllib.error
import urllib.request
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import msgspec
from msgspec import Struct

from runbookctl import __version__
from runbookctl.connectors import network
from runbookctl.connectors.answer import Answer, Settings, first_line, no_answer, now, stopped
from runbookctl.connectors.waiting import within
from runbookctl.model import Missing, PromQuery

MOST_SERIES = 10_000
MOST_BYTES = 32 << 20
_CHUNK = 64 * 1024
_DOCTOR = "runbookctl doctor prometheus"


class _Document(Struct):
    status: str = ""
    data: Any = None
    errorType: str = ""  # noqa: N815 - the name in the API
    error: str = ""


class _Reply(Struct):
    status: int
    body: bytes
    cut: bool


class Prometheus:
    """One Prometheus server, or anything that speaks its API. Safe for several threads."""

    def __init__(self, settings: Settings) -> None:
        """Open nothing."""
        self.settings = settings
        self.calls = 0
        self._lock = threading.Lock()
        self._names: frozenset[str] | None = None

    def ask(self, request: PromQuery, timeout: float, cancel: threading.Event) -> Answer | Missing:
        """Answer one query; a range query where the request has a step."""
        at = now()
        form = {"query": request.promql, "limit": str(MOST_SERIES + 1), "timeout": f"{max(int(timeout * 1000), 100)}ms"}
        if request.step is not None:
            start, end = request.start or at, request.end or at
            form |= {"start": f"{start.timestamp():.3f}", "end": f"{end.timestamp():.3f}"}
            form |= {"step": f"{request.step.total_seconds():g}"}
        elif request.end is not None:
            form |= {"time": f"{request.end.timestamp():.3f}"}
        path = "/api/v1/query_range" if request.step is not None else "/api/v1/query"
        reply = self._exchange(path, form, timeout, cancel, request.printed())
        if isinstance(reply, Missing):
            return reply
        document = _decoded(reply, request.printed())
        if isinstance(document, Missing):
            return document
        series = document.data.get("result") if isinstance(document.data, dict) else None
        if isinstance(series, list) and len(series) > MOST_SERIES:
            why = f"Prometheus: more than {MOST_SERIES:,} series; the query is too wide"
            return Missing(why=why, obtain=request.printed(), kind="refused")
        return Answer(body=reply.body, form=request.form, source=f"Prometheus {self._server()}", at=at)

    def metric_names(self, timeout: float, cancel: threading.Event) -> frozenset[str] | Missing:
        """Return the names of all metrics, asked once: a name that is not there needs no query."""
        if self._names is not None:
            return self._names
        obtain = "curl -s $PROMETHEUS_URL/api/v1/label/__name__/values"
        reply = self._exchange("/api/v1/label/__name__/values", {}, timeout, cancel, obtain)
        document = reply if isinstance(reply, Missing) else _decoded(reply, obtain)
        if isinstance(document, Missing):
            return document
        names = document.data if isinstance(document.data, list) else []
        self._names = frozenset(name for name in names if isinstance(name, str))
        return self._names

    def ready(self, timeout: float, cancel: threading.Event) -> Missing | None:
        """Return why no query can be answered, None when one can."""
        reply = self._exchange("/api/v1/query", {"query": "vector(1)"}, timeout, cancel, _DOCTOR)
        document = reply if isinstance(reply, Missing) else _decoded(reply, _DOCTOR)
        return document if isinstance(document, Missing) else None

    def close(self) -> None:
        """Nothing stays open between queries."""

    def _server(self) -> str:
        return urlsplit(self.settings.prometheus or "").netloc.rpartition("@")[2]

    def _exchange(
        self, path: str, form: dict[str, str], timeout: float, cancel: threading.Event, obtain: str
    ) -> _Reply | Missing:
        if not self.settings.prometheus:
            return Missing(why="Prometheus is not configured", obtain=_DOCTOR)
        parts = urlsplit(self.settings.prometheus)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
            return Missing(why="Prometheus: its address must be http://HOST or https://HOST", obtain=_DOCTOR)
        try:
            request = self._request(path, form)
            with self._lock:
                self.calls += 1
            reply = within(lambda: self._once(request, timeout, cancel), timeout, cancel)
        except (OSError, HTTPException, ValueError) as error:
            return Missing(why=f"Prometheus: {network.reason(error)}", obtain=self._look())
        if reply == "timeout":
            return no_answer("Prometheus: ", timeout, obtain)
        return stopped(obtain) if reply == "cancelled" else reply

    def _request(self, path: str, form: dict[str, str]) -> urllib.request.Request:
        """Return a POST with a form (a GET without one): a long query does not fit into a URL."""
        url = (self.settings.prometheus or "").rstrip("/") + path
        request = urllib.request.Request(url, data=urlencode(form).encode() if form else None)  # noqa: S310 - checked
        request.add_header("User-Agent", f"runbookctl/{__version__}")
        request.add_header("Accept", "application/json")
        settings = self.settings
        if settings.prometheus_token_file:
            token = Path(settings.prometheus_token_file).read_text(encoding="utf-8").strip()
            request.add_unredirected_header("Authorization", f"Bearer {token}")
        elif settings.prometheus_user and settings.prometheus_password_file:
            password = Path(settings.prometheus_password_file).read_text(encoding="utf-8").strip()
            pair = base64.b64encode(f"{settings.prometheus_user}:{password}".encode()).decode()
            request.add_unredirected_header("Authorization", f"Basic {pair}")
        return request

    def _once(self, request: urllib.request.Request, timeout: float, cancel: threading.Event) -> _Reply:
        tls = ssl.create_default_context(cafile=self.settings.prometheus_ca) if request.type == "https" else None
        opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=tls), _NoRedirect)
        until = time.monotonic() + timeout
        try:
            response: HTTPResponse = opener.open(request, timeout=timeout)
        except urllib.error.HTTPError as error:  # 4xx and 5xx have a body that says why
            with error:
                return _Reply(error.code, error.read(_CHUNK), cut=False)
        with response:
            parts: list[bytes] = []
            size = 0
            while size <= MOST_BYTES and time.monotonic() < until and not cancel.is_set():
                chunk = response.read1(_CHUNK)
                if not chunk:
                    return _Reply(response.status, b"".join(parts), cut=False)
                parts.append(chunk)
                size += len(chunk)
            return _Reply(response.status, b"", cut=True)

    def _look(self) -> str:
        """Return the command that shows whether the server is there: `prometheus.monitoring:9090` is a Service."""
        host = urlsplit(self.settings.prometheus or "").hostname or ""
        labels = host.split(".")
        if len(labels) == 2 or labels[2:3] == ["svc"]:
            return f"kubectl -n {labels[1]} get pods -l app.kubernetes.io/name=prometheus"
        return "curl -s $PROMETHEUS_URL/-/ready"


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:
        """Follow none: the answer is the redirect itself."""


def _decoded(reply: _Reply, obtain: str) -> _Document | Missing:
    """Return the document of an answer, or what the server says instead of one."""
    if reply.cut:
        why = f"Prometheus: the answer is larger than {MOST_BYTES >> 20} MiB or took too long"
        return Missing(why=why, obtain=obtain, kind="refused")
    try:
        document = msgspec.json.decode(reply.body, type=_Document)
    except ValueError:
        document = _Document()
    if reply.status == 200 and document.status == "success":
        return document
    match reply.status:
        case 200:
            return Missing(why="Prometheus: the answer is not its JSON", obtain=obtain, kind="unreadable")
        case 401 | 403:
            why = f"Prometheus: {reply.status}: these credentials are not accepted"
            return Missing(why=why, obtain=_DOCTOR, kind="refused")
        case _ if document.error:
            why = f"Prometheus: {document.errorType}: {first_line(document.error)}"
            return Missing(why=why, obtain=obtain, kind="timeout" if document.errorType == "timeout" else "failed")
        case _:
            said = first_line(reply.body) or "no reason given"
            return Missing(why=f"Prometheus: {reply.status}: {said}", obtain=obtain)
