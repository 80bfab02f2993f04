"""Wait for a blocking call no longer than its time, and not at all once the run is stopped.

Name look-up, TLS and a server that sends one byte a second know no time limit; a thread that is left behind ends with
its socket's own time limit or with the process.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Literal, TypeVar

T = TypeVar("T")

_POLL_S = 0.05


def within(call: Callable[[], T], timeout: float, cancel: threading.Event) -> T | Literal["timeout", "cancelled"]:
    """Return what `call` returns or raise what it raises; say so when it took longer than `timeout` seconds."""
    results: list[T] = []
    errors: list[BaseException] = []
    done = threading.Event()

    def work() -> None:
        try:
            results.append(call())
        except BaseException as error:  # noqa: BLE001 - raised again in the thread that waits
            errors.append(error)
        finally:
            done.set()

    if cancel.is_set():
        return "cancelled"
    threading.Thread(target=work, name="runbookctl-wait", daemon=True).start()
    until = time.monotonic() + timeout
    while not done.wait(min(_POLL_S, max(until - time.monotonic(), 0.001))):
        if cancel.is_set():
            return "cancelled"
        if time.monotonic() >= until:
            return "timeout"
    if errors:
        raise errors[0]
    return results[0]
