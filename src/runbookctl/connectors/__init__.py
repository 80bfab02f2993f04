"""All that touches the world: programs, ssh, the Kubernetes API, Prometheus, NVML. Requests in, raw answers out.

A connector judges nothing and reads nothing into an answer. Trouble is a value: `model.Missing` says why in one phrase
and which command would show or get the same.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from runbookctl.connectors.answer import Answer, Settings
from runbookctl.model import (
    AnyRequest,
    KubernetesGet,
    KubernetesLog,
    Missing,
    NodeCommand,
    NvmlRead,
    PromQuery,
    ReadFile,
)

if TYPE_CHECKING:
    from runbookctl.connectors.kubernetes import Cluster
    from runbookctl.connectors.prometheus import Prometheus

__all__ = ["Answer", "Connectors", "Settings"]


class Connectors:
    """Sends requests. Safe for several threads; each client is made once, when it is first needed."""

    def __init__(self, settings: Settings | None = None) -> None:
        """Connect to nothing yet; without settings the environment gives them."""
        import os

        self.settings = settings or Settings.of(os.environ)
        self._lock = threading.Lock()
        self._clients: dict[str, Any] = {}

    def send(
        self,
        request: AnyRequest,
        timeout: float,
        cancel: threading.Event | None = None,
        anchors: tuple[bytes, ...] = (),
    ) -> Answer | Missing:
        """Ask one question, for `timeout` seconds at most, until `cancel` is set.

        `anchors` are those of the answer's form: of a log too long to keep, lines that hold one are kept.
        Raises TypeError for `Ask` and `Compute`, which are no questions to the outside.
        """
        cancel = cancel or threading.Event()
        match request:
            case NodeCommand() | ReadFile():
                from runbookctl.connectors import local, ssh

                if local.is_here(request.node):
                    return local.ask(request, self.settings, timeout, cancel, anchors)
                return ssh.ask(request, self.settings, timeout, cancel, anchors)
            case KubernetesGet() | KubernetesLog():
                return self.cluster.ask(request, timeout, cancel)
            case PromQuery():
                return self.prometheus.ask(request, timeout, cancel)
            case NvmlRead():
                from runbookctl.connectors import nvml

                return nvml.ask(request, self.settings, timeout, cancel)
            case _:
                raise TypeError(f"{type(request).__name__} asks nothing outside")

    @property
    def cluster(self) -> Cluster:
        """The Kubernetes client; nothing is loaded or sent before its first request."""

        def make() -> Cluster:
            from runbookctl.connectors.kubernetes import Cluster

            return Cluster(self.settings)

        client: Cluster = self._once("kubernetes", make)
        return client

    @property
    def prometheus(self) -> Prometheus:
        """The Prometheus client."""

        def make() -> Prometheus:
            from runbookctl.connectors.prometheus import Prometheus

            return Prometheus(self.settings)

        client: Prometheus = self._once("prometheus", make)
        return client

    @property
    def calls(self) -> int:
        """How many requests the API server was sent."""
        return self.cluster.calls

    @property
    def queries(self) -> int:
        """How many queries Prometheus was sent."""
        return self.prometheus.calls

    def close(self) -> None:
        """Let all connections go; commands have ended by themselves."""
        with self._lock:
            for client in self._clients.values():
                client.close()
            self._clients.clear()

    def _once(self, name: str, make: Callable[[], Any]) -> Any:
        with self._lock:
            if name not in self._clients:
                self._clients[name] = make()
            return self._clients[name]
