"""An API server that is overloaded, broken, slow or far away (K1). The real one is in tests/services."""

from __future__ import annotations

import gzip
import json
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from runbookctl.connectors import Answer, Connectors, Settings
from runbookctl.connectors.kubernetes import Cluster
from runbookctl.model import KubernetesGet, KubernetesLog, Missing

PODS = KubernetesGet(form="kubernetes_objects", segments=("api", "v1", "namespaces", "ml", "pods"))


def ask(
    kubeconfig: Path, request: KubernetesGet | KubernetesLog = PODS, timeout: float = 5
) -> tuple[Answer | Missing, int]:
    """Ask once; return the answer and the number of calls it took."""
    client = Cluster(Settings(kubeconfig=str(kubeconfig)))
    answer = client.ask(request, timeout, threading.Event())
    client.close()
    return answer, client.calls


def status(code: int, message: str = "", **more: Any) -> dict[str, Any]:
    """Return a Status as the API server sends it."""
    return {"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": message, "code": code, **more}


def pods(*names: str, token: str = "") -> dict[str, Any]:
    """Return one page of pods."""
    items = [{"metadata": {"name": name, "managedFields": [{}]}} for name in names]
    return {"kind": "PodList", "apiVersion": "v1", "metadata": {"continue": token}, "items": items}


def names(answer: Answer | Missing) -> list[str]:
    """Return the names in a list."""
    assert isinstance(answer, Answer), answer
    return [item["metadata"]["name"] for item in json.loads(answer.body)["items"]]


def test_too_many_requests_are_repeated_when_the_server_says(web: Any, kubeconfig: Path) -> None:
    """429 with Retry-After: later, and the answer is as if nothing had been."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        if len(web.paths) < 3:
            web.send(request, status(429, "too many requests"), 429, Retry_After="0")
        else:
            web.send(request, pods("a"))

    web.answer = answer
    found, calls = ask(kubeconfig)
    assert names(found) == ["a"]
    assert calls == 3


def test_a_wait_that_is_longer_than_the_time_is_not_waited(web: Any, kubeconfig: Path) -> None:
    """Retry-After beyond the step's own time ends it at once."""
    web.answer = lambda request: web.send(request, status(429, "too many requests"), 429, Retry_After="30")
    began = time.monotonic()
    found, _ = ask(kubeconfig)
    assert isinstance(found, Missing)
    assert found.why == "429: the API server is overloaded: too many requests"
    assert time.monotonic() - began < 3


@pytest.mark.parametrize(
    ("code", "body", "why"),
    [
        (500, status(500, "etcdserver: leader changed"), "500: etcdserver: leader changed"),
        (502, b"<html>Bad Gateway</html>", "502: <html>Bad Gateway</html>"),
        (504, b"", "504: no reason given"),
        (302, b"", "302: no reason given"),
        (403, status(403, "no"), '403: cannot list resource "pods" in API group "" in the namespace "ml": no'),
        (403, b"\xff\xfe", '403: cannot list resource "pods" in API group "" in the namespace "ml"'),
        (401, b"Unauthorized", "401: the API server does not accept these credentials"),
    ],
)
def test_what_is_no_answer_is_said(web: Any, kubeconfig: Path, code: int, body: Any, why: str) -> None:
    """K1: missing evidence with the server's own words, never a crash."""
    web.answer = lambda request: web.send(request, body, code, Location="http://127.0.0.1:9/elsewhere")
    found, _ = ask(kubeconfig, timeout=3)
    assert isinstance(found, Missing)
    assert found.why == why


@pytest.mark.parametrize("body", [b"", b"<html>login</html>", b'{"items": [', b'{"items": 7}', b"\xff" * 100, b"[]"])
def test_an_answer_that_is_no_list_is_unreadable(web: Any, kubeconfig: Path, body: bytes) -> None:
    """A login page of a proxy, or JSON that was cut (E3), is never half read."""
    web.answer = lambda request: web.send(request, body)
    found, _ = ask(kubeconfig)
    assert isinstance(found, Missing)
    assert found.kind == "unreadable"
    assert found.why.startswith("API server: the answer is not readable: ")


def test_a_reset_is_tried_once_more(web: Any, kubeconfig: Path) -> None:
    """A connection that breaks is repeated once; twice is missing evidence."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        if len(web.paths) == 1:
            request.connection.close()
            request.close_connection = True
        else:
            web.send(request, pods("a"))

    web.answer = answer
    assert names(ask(kubeconfig)[0]) == ["a"]
    web.paths.clear()

    def never(request: BaseHTTPRequestHandler) -> None:
        request.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")
        request.close_connection = True

    web.answer = never
    found, calls = ask(kubeconfig)
    assert isinstance(found, Missing)
    assert found.why.startswith("API server: connection")
    assert calls == 2


def test_one_byte_a_second_ends_in_time(web: Any, kubeconfig: Path) -> None:
    """Slow bytes do not hold the step: its time is the whole time."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        request.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        for _ in range(30):
            request.wfile.write(b" ")
            request.wfile.flush()
            time.sleep(0.1)

    web.answer = lambda request: _quietly(answer, request)
    began = time.monotonic()
    found, _ = ask(kubeconfig, timeout=0.5)
    assert isinstance(found, Missing)
    assert (found.why, found.kind) == ("API server: no answer in 0.5s", "timeout")
    assert time.monotonic() - began < 1.5


def _quietly(answer: Callable[[BaseHTTPRequestHandler], None], request: BaseHTTPRequestHandler) -> None:
    try:
        answer(request)
    except OSError:
        request.close_connection = True


def test_a_stopped_run_does_not_wait(web: Any, kubeconfig: Path) -> None:
    """Cancel ends a question that is under way."""
    web.answer = lambda request: _quietly(lambda _: time.sleep(2), request)
    client = Cluster(Settings(kubeconfig=str(kubeconfig)))
    cancel = threading.Event()
    threading.Timer(0.2, cancel.set).start()
    began = time.monotonic()
    found = client.ask(PODS, 30, cancel)
    assert isinstance(found, Missing)
    assert found.why == "stopped before it answered"
    assert time.monotonic() - began < 1.5


def test_a_list_that_grew_old_is_read_again_once(web: Any, kubeconfig: Path) -> None:
    """410 in the middle: once from the start; a second time the rest is said to be missing."""
    answers = [
        (200, pods("a", token="t1")), (410, status(410, "expired")), (200, pods("a", token="t2")), (200, pods("b")),
    ]  # fmt: skip
    web.answer = lambda request: web.send(request, answers[len(web.paths) - 1][1], answers[len(web.paths) - 1][0])
    found, _ = ask(kubeconfig)
    assert names(found) == ["a", "b"]
    assert "continue=t1" in web.paths[1]
    assert "continue" not in web.paths[2]

    web.paths.clear()
    answers[3] = (410, status(410, "expired"))
    cut, _ = ask(kubeconfig)
    assert names(cut) == ["a"]
    assert isinstance(cut, Answer)
    assert cut.shortened is not None
    assert json.loads(cut.body)["metadata"]["continue"] == "t2"


def test_a_list_without_end_ends(web: Any, kubeconfig: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """S7: a server that always has one more page is cut, and that is said."""
    monkeypatch.setattr("runbookctl.connectors.kubernetes.MOST_PAGES", 5)
    web.answer = lambda request: web.send(request, pods("a", token="more"))
    found, calls = ask(kubeconfig)
    assert names(found) == ["a"] * 5
    assert calls == 5
    assert json.loads(found.body)["metadata"]["continue"] == "more" if isinstance(found, Answer) else False


def test_a_small_answer_that_becomes_large_is_refused(
    web: Any, kubeconfig: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A compressed answer is bounded by what it holds."""
    monkeypatch.setattr("runbookctl.connectors.kubernetes.Exchange.get.__defaults__", (1 << 20,))
    bomb = gzip.compress(b" " * (20 << 20))
    web.answer = lambda request: web.send(request, bomb, Content_Encoding="gzip")
    found, _ = ask(kubeconfig)
    assert isinstance(found, Missing)
    assert found.kind == "unreadable"
    assert "larger than" in found.why


def test_compressed_answers_are_read(web: Any, kubeconfig: Path) -> None:
    """We ask for gzip, and an object comes out tidy."""
    document = {"kind": "Pod", "metadata": {"name": "a", "managedFields": [{}]}}
    web.answer = lambda request: web.send(
        request, gzip.compress(json.dumps(document).encode()), Content_Encoding="gzip"
    )
    request = KubernetesGet(form="kubernetes_objects", segments=(*PODS.segments, "a"))
    found, _ = ask(kubeconfig, request)
    assert isinstance(found, Answer)
    assert json.loads(found.body) == {"kind": "Pod", "metadata": {"name": "a"}}
    assert web.headers[0]["accept-encoding"] == "gzip"
    assert web.headers[0]["authorization"] == "Bearer canary-token"
    assert web.headers[0]["user-agent"].startswith("runbookctl/")


def test_a_token_follows_no_redirect(web: Any, kubeconfig: Path) -> None:
    """S46: another host is never shown our credentials."""
    web.answer = lambda request: web.send(request, b"", 307, Location=web.url + "/elsewhere")
    found, calls = ask(kubeconfig)
    assert isinstance(found, Missing)
    assert calls == 1
    assert not any("elsewhere" in path for path in web.paths)


LOG = KubernetesLog(form="pod_log", namespace="ml", pod="a", container="app", previous=True, limit_bytes=1000)


def test_the_end_of_a_log_is_what_counts(web: Any, kubeconfig: Path) -> None:
    """`limitBytes` cuts the end off, so a log of long lines is asked for again with fewer lines."""
    rows = [b"%03d %s\n" % (number, b"x" * 95) for number in range(40)]

    def answer(request: BaseHTTPRequestHandler) -> None:
        asked = int(web.paths[-1].partition("tailLines=")[2].partition("&")[0])
        web.send(request, b"".join(rows[-asked:])[:1000])

    web.answer = answer
    found, calls = ask(kubeconfig, LOG)
    assert isinstance(found, Answer)
    assert found.body.endswith(rows[-1])
    assert found.shortened is None
    assert calls == 2
    assert "container=app&previous=true&tailLines=500&limitBytes=1000&timestamps=true" in web.paths[0]


def test_one_endless_line_of_a_log_is_cut(web: Any, kubeconfig: Path) -> None:
    """A line that alone is longer than the limit is said to be cut."""
    web.answer = lambda request: web.send(request, b"x" * 1000)
    found, calls = ask(kubeconfig, LOG)
    assert isinstance(found, Answer)
    assert found.shortened is not None
    assert calls <= 4


@pytest.mark.parametrize(
    ("message", "why"),
    [
        ('previous terminated container "app" in pod "a" not found',
         'container "app" has no previous instance whose log is kept'),
        ('container "app" in pod "a" is waiting to start: CreateContainerConfigError',
         '400: container "app" in pod "a" is waiting to start: CreateContainerConfigError'),
    ],
)  # fmt: skip
def test_a_log_that_is_not_there_says_why(web: Any, kubeconfig: Path, message: str, why: str) -> None:
    """400 of the kubelet is a reason, not a fault of ours."""
    web.answer = lambda request: web.send(request, status(400, message), 400)
    found, _ = ask(kubeconfig, LOG)
    assert isinstance(found, Missing)
    assert found.why == why


def test_calls_are_counted_over_all_questions(web: Any, kubeconfig: Path) -> None:
    """One number for the whole run, whichever thread asked."""
    web.answer = lambda request: web.send(request, pods("a"))
    connectors = Connectors(Settings(kubeconfig=str(kubeconfig)))
    threads = [threading.Thread(target=connectors.send, args=(PODS, 5)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert connectors.calls == 6
    connectors.close()
