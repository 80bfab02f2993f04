"""Read the Kubernetes API as raw JSON: GET only, page by page, refusals said in the words of RBAC.

A list becomes one JSON document of kind List whose items carry their kind; `managedFields` and the last-applied
annotation are dropped while it is read. A list that is not whole keeps `metadata.continue`, as the API itself says it.
A GET of one object that does not exist is missing evidence; to know that there is none, list it by
`fieldSelector=metadata.name=...` and get an empty list.
"""

from __future__ import annotations

import threading
import time
from typing import Any

import msgspec

from runbookctl import __version__
from runbookctl.connectors import kubernetes_answers as answers
from runbookctl.connectors import network
from runbookctl.connectors.answer import Answer, Settings, no_answer, now, stopped
from runbookctl.connectors.kubernetes_access import Access, NoAccess, NoCluster, connect
from runbookctl.connectors.kubernetes_answers import MOST_BYTES, Reply, failed
from runbookctl.connectors.kubernetes_paths import RefusedError, Target, log_target, target, with_query
from runbookctl.connectors.waiting import within
from runbookctl.errors import NotPossibleHere
from runbookctl.model import KubernetesGet, KubernetesLog, Missing, Shortening

PAGE = 500
MOST_PAGES = 20  # 10,000 objects; what is beyond is said to be missing
_CHUNK = 64 * 1024
_CONNECT_S = 10.0
_BACKOFF_S = 0.25
_TRIES = {429: 4, 503: 4, 504: 2, 500: 2, 502: 2}
_REVIEWS = ("/apis/authorization.k8s.io/v1/selfsubject", "/apis/authentication.k8s.io/v1/selfsubject")
_DOCTOR = "runbookctl doctor kubernetes"
_PARTIAL = "application/json;as=PartialObjectMetadata{};g=meta.k8s.io;v=v1,application/json"


class Cluster:
    """One API server. Safe for several threads."""

    def __init__(self, settings: Settings) -> None:
        """Open nothing: the kubeconfig is read with the first request."""
        self.settings = settings
        self.calls = 0
        self.page = PAGE
        self._lock = threading.Lock()
        self._connecting = threading.Lock()
        self._access: Access | None = None

    def require(self) -> None:
        """Raise `NotPossibleHere` when no cluster is configured."""
        try:
            self.access()
        except NoCluster as error:
            raise NotPossibleHere(str(error), details=error.details, commands=(_DOCTOR,)) from error
        except NoAccess as error:
            raise NotPossibleHere(str(error), commands=(_DOCTOR,)) from error

    def access(self) -> Access:
        """Return the connection, made once; raises NoCluster or NoAccess."""
        with self._connecting:
            if self._access is None:
                self._access = connect(self.settings)
            return self._access

    def ask(self, request: KubernetesGet | KubernetesLog, timeout: float, cancel: threading.Event) -> Answer | Missing:
        """Answer one request within `timeout` seconds."""
        obtain = request.printed()
        exchange = Exchange(self, time.monotonic() + timeout, cancel)
        try:
            answer = within(lambda: exchange.answer(request), timeout, cancel)
        except RefusedError as error:
            return Missing(why=f"not allowed: {error}", obtain=obtain, kind="refused")
        except ValueError as error:  # msgspec: a proxy or a cut connection gave something else
            return Missing(why=f"API server: the answer is not readable: {error}", obtain=obtain, kind="unreadable")
        except NoCluster as error:
            return Missing(why=str(error), obtain=_DOCTOR)
        except NoAccess as error:
            return Missing(why=f"API server: {error}", obtain=_DOCTOR)
        except Exception as error:  # noqa: BLE001 - urllib3, ssl, socket: whatever the network does is no bug of ours
            return Missing(why=f"API server: {network.reason(error)}", obtain="kubectl cluster-info")
        finally:
            exchange.abandoned = True
        if answer == "timeout":
            return no_answer("API server: ", timeout, obtain)
        return stopped(obtain) if answer == "cancelled" else answer

    def close(self) -> None:
        """Let the connections go."""
        access, self._access = self._access, None
        if access is not None:
            access.pool.clear()

    def count(self) -> None:
        """Count one request to the server."""
        with self._lock:
            self.calls += 1


class Exchange:
    """The HTTP requests of one question, until its deadline. `abandoned`: nobody waits for it any more."""

    def __init__(self, cluster: Cluster, until: float, cancel: threading.Event) -> None:
        self.cluster = cluster
        self.until = until
        self.cancel = cancel
        self.abandoned = False

    def answer(self, request: KubernetesGet | KubernetesLog) -> Answer | Missing:
        """Return the answer or why there is none; raises what the network raises, Refused, NoCluster, NoAccess."""
        if isinstance(request, KubernetesLog):
            return self._log(request)
        what = target(request)
        at = now()
        if not what.kind:
            reply = self.get(what.path, request.query, "*/*")
            return self._answer(request, reply.body, at) if reply.status == 200 else failed(reply, what, request)
        accept = _PARTIAL.format("" if what.verb == "get" else "List") if request.metadata_only else "application/json"
        if what.verb == "list":
            return self._list(request, what, accept)
        reply = self.get(what.path, request.query, accept)
        if reply.status != 200 or reply.cut:
            return failed(reply, what, request)
        return self._answer(request, answers.tidied(reply.body), at)

    def _answer(
        self, request: KubernetesGet | KubernetesLog, body: bytes, at: Any, shortened: Shortening | None = None
    ) -> Answer:
        source = self.cluster.access().source
        return Answer(body=body, form=request.form, source=source, shortened=shortened, at=at)

    # --- lists

    def _list(self, request: KubernetesGet, what: Target, accept: str) -> Answer | Missing:
        at = now()
        paged = any(key == "limit" for key, _ in request.query)  # a probe may choose the size of its pages
        query = request.query if paged else (*request.query, ("limit", str(self.cluster.page)))
        items: list[bytes] = []
        size, token, restarted = 0, "", False
        for _ in range(MOST_PAGES):
            reply = self.get(what.path, (*query, ("continue", token)) if token else query, accept)
            if reply.status == 410 and token and not restarted:  # the list was too old to go on: once from the start
                items, size, token, restarted = [], 0, "", True
                continue
            if reply.status != 200 or reply.cut:
                if not items:
                    return failed(reply, what, request)
                break
            page = answers.page_of(reply.body)
            rows = [answers.item(row, page, what) for row in page.items or []]
            items += rows
            size += sum(map(len, rows))
            token = page.metadata.next
            if not token or size > MOST_BYTES:
                break
        body = answers.merged(items, token, page.metadata)
        left = page.metadata.remainingItemCount or 0
        cut = Shortening(bytes=0, lines=left, whole_bytes=len(body), whole_sha256="", harmless=False) if token else None
        return self._answer(request, body, at, cut)

    # --- logs

    def _log(self, request: KubernetesLog) -> Answer | Missing:
        """Read the end of a log: `limitBytes` counts from its beginning, so a cut one is asked for again, shorter."""
        what = log_target(request)
        at = now()
        lines = request.tail_lines
        for _ in range(4):
            query = (
                ("container", request.container),
                ("previous", str(request.previous).lower()),
                ("tailLines", str(lines)),
                ("limitBytes", str(request.limit_bytes)),
                ("timestamps", "true"),
            )
            reply = self.get(what.path, query, "*/*", most=request.limit_bytes + _CHUNK)
            if reply.status != 200:
                return failed(reply, what, request)
            got = reply.body.count(b"\n")
            if len(reply.body) < request.limit_bytes or lines <= 1:
                break
            lines = max(1, got // 2)
        cut = len(reply.body) >= request.limit_bytes
        shortened = Shortening(bytes=0, lines=0, whole_bytes=len(reply.body), whole_sha256="", harmless=False)
        return self._answer(request, reply.body, at, shortened if cut else None)

    # --- one HTTP request

    def get(self, path: str, query: tuple[tuple[str, str], ...], accept: str, most: int = MOST_BYTES) -> Reply:
        """GET, and again where the server says "later" and there is time for it."""
        import urllib3.exceptions

        tries, lost = 0, False
        while True:
            try:
                reply = self._once("GET", with_query(path, query), accept, most)
            except urllib3.exceptions.ProtocolError:
                if lost:
                    raise
                lost = True  # an idle connection that the server has closed, or a reset: once more
                continue
            tries += 1
            wait = _wait_s(reply, tries)
            if tries >= _TRIES.get(reply.status, 1) or time.monotonic() + wait >= self.until:
                return reply
            if self.cancel.wait(wait) or self.abandoned:
                return reply

    def post(self, path: str, document: Any) -> Reply:
        """Ask a review about ourselves (`SelfSubjectAccessReview`): a POST that stores and changes nothing."""
        assert path.startswith(_REVIEWS)
        return self._once("POST", path, "application/json", _CHUNK * 16, msgspec.json.encode(document))

    def _once(self, method: str, url: str, accept: str, most: int, body: bytes | None = None) -> Reply:
        import urllib3

        access = self.cluster.access()
        left = max(self.until - time.monotonic(), 0.05)
        headers = {"accept": accept, "accept-encoding": "gzip", "user-agent": f"runbookctl/{__version__}"}
        headers |= access.headers()
        headers |= {"content-type": "application/json"} if body else {}
        self.cluster.count()
        response = access.pool.request(
            method,
            access.host + url,
            headers=headers,
            body=body,
            preload_content=False,
            redirect=False,  # a token never follows a redirect
            retries=False,
            timeout=urllib3.Timeout(connect=min(left, _CONNECT_S), read=left),
        )
        try:
            content, cut = self._read(response, most)
        except BaseException:
            response.close()
            raise
        response.close() if cut else response.release_conn()
        return Reply(response.status, content, response.headers.get("retry-after", ""), cut)

    def _read(self, response: Any, most: int) -> tuple[bytes, bool]:
        """Read the body up to `most` bytes (after decompression: a small answer may be a bomb)."""
        parts: list[bytes] = []
        size = 0
        for chunk in response.stream(_CHUNK, decode_content=True):
            parts.append(chunk)
            size += len(chunk)
            if size > most or self.abandoned or self.cancel.is_set():
                return b"".join(parts)[:most], True
        return b"".join(parts), False


def _wait_s(reply: Reply, tries: int) -> float:
    if reply.retry_after.isdigit():
        return float(reply.retry_after)
    return _BACKOFF_S * float(2 ** (tries - 1))
