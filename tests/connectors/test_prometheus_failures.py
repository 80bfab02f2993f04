"""A Prometheus that is not there, refuses, redirects, or answers too much. The real one is in tests/services."""

from __future__ import annotations

import json
import socket
import threading
import time
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from runbookctl.connectors import Answer, Connectors, Settings, checks
from runbookctl.connectors.prometheus import MOST_SERIES, Prometheus
from runbookctl.model import Missing, PromQuery

QUERY = PromQuery(form="prometheus", promql='up{job="a"}')
EMPTY = {"status": "success", "data": {"resultType": "vector", "result": []}}


def ask(settings: Settings, timeout: float = 5) -> Answer | Missing:
    """Send the query."""
    return Prometheus(settings).ask(QUERY, timeout, threading.Event())


def test_without_an_address_it_is_not_configured() -> None:
    """In the words of the transcript; the doctor says how to configure it."""
    assert ask(Settings()) == Missing(why="Prometheus is not configured", obtain="runbookctl doctor prometheus")
    found = checks.check(Connectors(Settings()), ("prometheus",))
    assert found[0].text == ("Prometheus is not configured: set RUNBOOKCTL_PROMETHEUS_URL, or give --prometheus URL")


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "ftp://a", "http://", "a:9090", "http://user:canary@a", "javascript:x"]
)
def test_only_http_is_asked(url: str) -> None:
    """The address is a web server without credentials in it."""
    answer = ask(Settings(prometheus=url))
    assert isinstance(answer, Missing)
    assert answer.why == "Prometheus: its address must be http://HOST or https://HOST"


def test_a_refused_connection_is_said() -> None:
    """With a command that looks for the server: a Service name has a namespace."""
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # taken, and nobody listens
        answer = ask(Settings(prometheus=f"http://127.0.0.1:{nobody.getsockname()[1]}"))
    assert isinstance(answer, Missing)
    assert answer.why == "Prometheus: connection refused"
    client = Prometheus(Settings(prometheus="http://prometheus.monitoring.svc:9090"))
    assert client._look() == "kubectl -n monitoring get pods -l app.kubernetes.io/name=prometheus"


@pytest.mark.parametrize(
    ("status", "body", "why"),
    [
        (400, {"status": "error", "errorType": "bad_data", "error": "parse error\nmore"},
         "Prometheus: bad_data: parse error"),
        (503, {"status": "error", "errorType": "timeout", "error": "query timed out"},
         "Prometheus: timeout: query timed out"),
        (503, b"Service Unavailable", "Prometheus: 503: Service Unavailable"),
        (401, b"", "Prometheus: 401: these credentials are not accepted"),
        (302, b"", "Prometheus: 302: no reason given"),
        (200, b"<html>login</html>", "Prometheus: the answer is not its JSON"),
        (200, b'{"status":"success","data":{"result":[', "Prometheus: the answer is not its JSON"),
    ],
)  # fmt: skip
def test_what_is_no_answer_is_said(web: Any, status: int, body: Any, why: str) -> None:
    """Missing evidence with the server's own words; JSON that was cut is not half read (E3)."""
    web.answer = lambda request: web.send(request, body, status, Location=web.url + "/elsewhere")
    answer = ask(Settings(prometheus=web.url))
    assert isinstance(answer, Missing)
    assert answer.why == why
    assert not any("elsewhere" in path for path in web.paths)


def test_the_answer_is_what_came_with_its_warnings(web: Any) -> None:
    """A partial answer keeps the server's warnings for the reader."""
    body = json.dumps(EMPTY | {"warnings": ["store gateway is down"]}).encode()
    web.answer = lambda request: web.send(request, body)
    answer = ask(Settings(prometheus=web.url + "/prom/"))
    assert isinstance(answer, Answer)
    assert answer.body == body
    assert web.paths == ["/prom/api/v1/query"]
    form = parse_qs(web.bodies[0].decode())
    assert form == {"query": [QUERY.promql], "limit": [str(MOST_SERIES + 1)], "timeout": ["5000ms"]}


def test_a_careless_selector_is_refused(web: Any) -> None:
    """Fifty thousand series are no evidence."""
    series = [{"metric": {}, "value": [0, "1"]}] * (MOST_SERIES + 1)
    web.answer = lambda request: web.send(request, {"status": "success", "data": {"result": series}})
    answer = ask(Settings(prometheus=web.url))
    assert isinstance(answer, Missing)
    assert answer.why == "Prometheus: more than 10,000 series; the query is too wide"


def test_an_endless_answer_ends(web: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """S7: bounded, and said."""
    monkeypatch.setattr("runbookctl.connectors.prometheus.MOST_BYTES", 100_000)
    web.answer = lambda request: web.send(request, b" " * 1_000_000)
    answer = ask(Settings(prometheus=web.url))
    assert isinstance(answer, Missing)
    assert answer.kind == "refused"


def test_a_slow_answer_ends_in_time(web: Any) -> None:
    """Timeout per query."""
    web.answer = lambda _: time.sleep(1)
    began = time.monotonic()
    answer = ask(Settings(prometheus=web.url), timeout=0.3)
    assert isinstance(answer, Missing)
    assert (answer.why, answer.kind) == ("Prometheus: no answer in 0.3s", "timeout")
    assert time.monotonic() - began < 0.9


def test_credentials_come_from_a_file_and_are_read_again(web: Any, tmp_path: Path) -> None:
    """A rotated token is used at once; it is in no argument and no answer."""
    web.answer = lambda request: web.send(request, EMPTY)
    token = tmp_path / "token"
    settings = Settings(prometheus=web.url, prometheus_token_file=str(token))
    for value in ("canary-1", "canary-2"):
        token.write_text(value + "\n")
        answer = ask(settings)
        assert isinstance(answer, Answer)
        assert web.headers[-1]["authorization"] == f"Bearer {value}"
    basic = Settings(prometheus=web.url, prometheus_user="u", prometheus_password_file=str(token))
    ask(basic)
    assert web.headers[-1]["authorization"] == "Basic dTpjYW5hcnktMg=="
    token.unlink()
    missing = ask(settings)
    assert isinstance(missing, Missing)
    assert "canary" not in missing.why
