"""Judging 1,000 containers, 50 of them failing, against reading the same pods once (one reference, one run).

Prints CPU seconds of both and their ratio. The promise is that judging stays under 0.3 s; the ratio travels, seconds
do not.
"""

from __future__ import annotations

import datetime as dt
import json
import sys
import time
from pathlib import Path

from runbookctl.engine.answers import Asked
from runbookctl.engine.diagnose import Case, Circumstances, diagnose, names_of
from runbookctl.engine.pool import Pool
from runbookctl.engine.replay import values_of
from runbookctl.language import loader
from runbookctl.model import Evidence, KubernetesGet, Origin, Subject, Writer

ROOT = Path(__file__).parents[1]
AT = dt.datetime(2026, 11, 22, 2, 48, tzinfo=dt.UTC)


def pod(number: int, *, failing: bool) -> dict[str, object]:
    """Return a pod with one container."""
    last = {
        "exitCode": 137,
        "reason": "OOMKilled",
        "finishedAt": "2026-11-22T02:47:35Z",
        "startedAt": "2026-11-22T02:40:00Z",
    }
    status = {
        "name": "app", "ready": not failing, "restartCount": int(failing), "image": "app:1", "imageID": "app@sha256:1",
        "state": {"waiting": {"reason": "CrashLoopBackOff"}} if failing else {"running": {}},
        **({"lastState": {"terminated": last}} if failing else {}),
    }  # fmt: skip
    container = {"name": "app", "image": "app:1", "resources": {"limits": {"memory": "32Mi"}}}
    return {
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": f"app-{number}", "namespace": "shop", "uid": f"uid-{number}"},
        "spec": {"nodeName": f"node-{number % 50}", "containers": [container]},
        "status": {"phase": "Running", "containerStatuses": [status]},
    }  # fmt: skip


def main(count: int = 1000, failing: int = 50) -> None:
    """Measure and print."""
    items = [pod(number, failing=number < failing) for number in range(count)]
    body = json.dumps({"kind": "List", "apiVersion": "v1", "items": items}).encode()
    book = loader.load(ROOT / "runbooks/k8s/oom-crashloop.yaml", ROOT / "runbooks")
    request = KubernetesGet(form="kubernetes_objects", segments=("api", "v1", "namespaces", "shop", "pods"))
    evidence = Evidence(
        id="e1", origin=Origin.LIVE, writer=Writer.API, form="kubernetes_objects", subject=Subject(namespace="shop"),
        at=AT, steps=("containers",), request=request,
    )  # fmt: skip
    pool = Pool(lambda _: body)
    pool.add(evidence)
    began = time.process_time()
    pool.answer(evidence, "k8s.containers")
    read = time.process_time() - began
    best = float("inf")
    for _ in range(3):
        began = time.process_time()
        asked: dict[str, Asked] = pool.of_run(book)
        case = Case(book, asked, values_of(book, {"namespace": ["shop"]}))
        names_of([case])
        found = diagnose([case], Circumstances(run="r-bench", evidence=pool.evidence, now=AT, pasted=False, at=AT))
        best = min(best, time.process_time() - began)
    print(f"{count:,} containers, {failing} failing: {len(found.causes)} causes")
    print(f"read once    {read:.3f} s")
    print(f"judge all    {best:.3f} s    {best / read:.2f} times reading")


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
