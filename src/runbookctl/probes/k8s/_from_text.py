"""Readings of containers from what kubectl prints: describe, the pod table, events, errors.

Pure. Each text sets what it prints and leaves the rest unset.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from typing import Any

import re2
from msgspec import UNSET, Struct, UnsetType

from runbookctl.catalog import waiting as reasons
from runbookctl.catalog.kubernetes_values import age, long_moment, quantity
from runbookctl.forms.kubectl_describe_pod import DescribedContainer, DescribedPod, DescribedState
from runbookctl.forms.kubectl_error import KubectlError
from runbookctl.forms.kubectl_get_table import TableRow
from runbookctl.model import Raw, Time
from runbookctl.probes.k8s._container import Exit, Message, Reading, Role, State
from runbookctl.probes.k8s._messages import termination, waiting
from runbookctl.probes.k8s._owners import described_owner

_STATES: dict[str, State] = {"waiting": "waiting", "running": "running", "terminated": "terminated"}
_UNKNOWN_END = "ContainerStatusUnknown"
_SILENT = reasons.STARTING | {"CrashLoopBackOff"}
"""Reasons whose message tells no cause."""


# --- kubectl describe pod -------------------------------------------------------------------------------------------


def described(pod: DescribedPod) -> Iterator[Reading]:
    """Yield one reading per container of a described pod."""
    shared = _described_pod(pod)
    started = any(one.state and one.state.kind == "running" for one in pod.containers if one.section == "main")
    for container in pod.containers:
        yield _described_container(container, shared, started=started)


def _described_pod(pod: DescribedPod) -> dict[str, Any]:
    status = pod.value("Status") or ""
    name = pod.value("Name")
    fields: dict[str, Any] = {
        "namespace": pod.value("Namespace") or UNSET, "pod": name or UNSET,
        "deleting": status.startswith("Terminating") if status else UNSET,
        "pod_reason": pod.value("Reason"), "pod_message": pod.value("Message"),
        "owner": described_owner(pod.value("Controlled By"), pod.labels) if name else UNSET,
    }  # fmt: skip
    if status and not status.startswith("Terminating"):
        fields["phase"] = status
    if "Node" in pod.fields:
        node = (pod.value("Node") or "").partition("/")[0]
        fields["node"], fields["scheduled"] = node or None, bool(node)
    if pod.conditions:
        fields["disruption"] = "DisruptionTarget" if pod.conditions.get("DisruptionTarget") == "True" else None
    return fields


def _described_container(container: DescribedContainer, shared: dict[str, Any], *, started: bool) -> Reading:
    state, last = container.state, container.last
    ended = [_described_exit(one, current=one is state) for one in (last, state) if one and one.kind == "terminated"]
    role = _described_role(container, started=started)
    if role == "sidecar" and shared.get("phase") in ("Succeeded", "Failed"):
        ended = [one for one in ended if not one.current]
    # a container of which the kubelet has said nothing yet has no State line
    known = state is not None or shared.get("scheduled") is False
    return Reading(
        **shared, name=container.name, role=role, line=_line(container),
        container_id=_bare(container), image=_text(container, "Image"),
        state=_STATES.get(state.kind, UNSET) if state else (None if known else UNSET),
        waiting=_waiting(state) if known else UNSET,
        ready=_truth(container, "Ready") if state else (False if known else UNSET),
        running_since=(_moment(state, "Started") if state and state.kind == "running" else None) if known else UNSET,
        restarted=last is not None and (state is None or state.kind != "terminated") if known else UNSET,
        restarts=_count(container) if state else (0 if known else UNSET),
        exits=tuple(ended) if known else UNSET, messages=_described_messages(state, ended),
        memory_limit=quantity(container.limits.get("memory")),
        memory_request=quantity(container.requests.get("memory")),
    )  # fmt: skip


def _described_role(container: DescribedContainer, *, started: bool) -> Role:
    """Return the role; an init container that has probes or runs beside a running main container is a sidecar."""
    if container.section == "ephemeral":
        return "ephemeral"
    if container.section == "main":
        return "main"
    probed = not {"Liveness", "Readiness", "Startup"}.isdisjoint(container.fields)
    beside = started and container.state is not None and container.state.kind != "terminated"
    return "sidecar" if probed or beside else "init"


def _described_exit(state: DescribedState, *, current: bool) -> Exit:
    code = state.fields["Exit Code"].text if "Exit Code" in state.fields else ""
    signal = state.fields["Signal"].text if "Signal" in state.fields else ""
    reason = state.fields["Reason"].text if "Reason" in state.fields else None
    message = state.fields["Message"].text if "Message" in state.fields else None
    started, finished = _moment(state, "Started"), _moment(state, "Finished")
    ran = max(finished - started, dt.timedelta()) if started and finished else UNSET
    return Exit(
        code=int(code) if code.lstrip("-").isdecimal() and len(code) < 12 and reason != _UNKNOWN_END else UNSET,
        reason=reason, time=finished or UNSET, started=started or UNSET, ran=ran,
        signal=int(signal) if signal.isdecimal() and len(signal) < 12 else None, message=message, current=current,
    )  # fmt: skip


def _described_messages(state: DescribedState | None, ended: Iterable[Exit]) -> tuple[Message, ...] | UnsetType:
    """Return the messages that are printed; unset where the kubelet has one of a waiting container that is not."""
    reason = _waiting(state)
    by_reason = tuple(waiting(reason, None))
    if reason and not by_reason and reason not in _SILENT:
        return UNSET
    said = (
        message
        for end in ended
        if isinstance(end.message, str)
        for message in termination(end.message, end.reason, end.time if end.time is not UNSET else None)
    )
    return (*by_reason, *said)


def _line(container: DescribedContainer) -> int:
    return container.state.line if container.state else container.line


def _waiting(state: DescribedState | None) -> str | None:
    if state is None or state.kind != "waiting":
        return None
    return state.fields["Reason"].text if "Reason" in state.fields else None


def _moment(state: DescribedState | None, key: str) -> Time | None:
    return long_moment(state.fields[key].text) if state and key in state.fields else None


def _text(container: DescribedContainer, key: str) -> str | UnsetType:
    return container.fields[key].text or UNSET if key in container.fields else UNSET


def _bare(container: DescribedContainer) -> str | UnsetType | None:
    if "Container ID" not in container.fields:
        return UNSET
    return container.fields["Container ID"].text.rpartition("//")[2] or None


def _truth(container: DescribedContainer, key: str) -> bool | UnsetType:
    text = container.fields[key].text if key in container.fields else ""
    return {"True": True, "False": False}.get(text, UNSET)


def _count(container: DescribedContainer) -> int | UnsetType:
    text = container.fields["Restart Count"].text if "Restart Count" in container.fields else ""
    return int(text) if text.isdecimal() and len(text) < 10 else UNSET


# --- kubectl get pods -----------------------------------------------------------------------------------------------

# 0/1
_READY = re2.compile(r"(\d{1,4})/(\d{1,4})")
# 5 (2m13s ago)
_RESTARTS = re2.compile(r"(\d{1,9})(?: \((\S{1,16}) ago\))?")
# Two of three init containers are done: `Init:2/3`.
_INIT = re2.compile(r"Init:(\d{1,4})/(\d{1,4})")
# Signal:9   ExitCode:3
_NUMBERED = re2.compile(r"(Signal|ExitCode):(\d{1,6})")

_RUNNING, _WAITS = frozenset({"Running", "NotReady"}), frozenset({"Pending", "SchedulingGated"})
_POD_REASONS = frozenset({
    "Evicted", "Preempting", "NodeLost", "NodeAffinity", "NodeShutdown", "Terminated", "DeadlineExceeded", "Shutdown",
    "UnexpectedAdmissionError", "OutOfcpu", "OutOfmemory", "OutOfpods", "OutOfnvidia.com/gpu", "TopologyAffinityError",
    "AdmissionError", "NodePorts",
})  # fmt: skip
_ENDED = frozenset({"Completed", "Error", "OOMKilled", "ContainerCannotRun", "DeadlineExceeded", "StartError",
                    "ContainerStatusUnknown", "Unknown"})  # fmt: skip


class _Status(Struct, kw_only=True):
    """What one STATUS word tells; the rest stays unset."""

    role: Role | UnsetType = UNSET
    state: State | UnsetType | None = UNSET
    waiting: str | UnsetType | None = UNSET
    phase: str | UnsetType = UNSET
    pod_reason: str | UnsetType | None = UNSET
    deleting: bool | UnsetType = False
    ended: Exit | None = None


def tabled(row: TableRow, raw: Raw) -> Reading | None:
    """Return what one row of a pod table tells; None for a row that is of no pod."""
    if row.kind != "pod" or "STATUS" not in row.cells:
        return None
    status = _status(row.cells["STATUS"])
    restarts, exits = _restarts(row.cells.get("RESTARTS", ""), status, raw.at)
    ready = _READY.fullmatch(row.cells.get("READY", ""))
    node = row.cells.get("NODE")
    by_reason = tuple(waiting(status.waiting, None)) if isinstance(status.waiting, str) else ()
    return Reading(
        line=row.line, namespace=row.namespace or raw.subject.namespace or UNSET, pod=row.name,
        node=node or (None if "IP" in row.cells or "NODE" in row.cells else UNSET),
        role=status.role, state=status.state, waiting=status.waiting,
        ready=ready[1] == ready[2] if ready else UNSET, restarts=restarts, exits=exits,
        messages=by_reason or UNSET,
        phase=status.phase, pod_reason=status.pod_reason, deleting=status.deleting,
        scheduled=True if node else UNSET,
    )  # fmt: skip


def _status(word: str) -> _Status:
    """Take the STATUS word apart. Source: pkg/printers/internalversion/printers.go, printPod."""
    role: Role | UnsetType = UNSET
    if word.startswith("Init:"):
        if _INIT.fullmatch(word):
            return _Status(role="init", waiting=None, phase="Pending", pod_reason=None)
        role, word = "init", word.removeprefix("Init:")
    numbered = _NUMBERED.fullmatch(word)
    if numbered:
        number = int(numbered[2])
        end = Exit(signal=number, current=True) if numbered[1] == "Signal" else Exit(code=number, current=True)
        return _Status(role=role, state="terminated", waiting=None, ended=end)
    if word in _RUNNING:
        return _Status(state="running", waiting=None, phase="Running", pod_reason=None)
    if word in _WAITS:
        return _Status(state=None, waiting=None, phase="Pending", pod_reason=None)
    if word == "Terminating":
        return _Status(deleting=True)
    if word in _POD_REASONS:
        return _Status(pod_reason=word, phase="Failed")
    if word in _ENDED:
        end = Exit(code=0 if word == "Completed" else UNSET, reason=word, current=True)
        why = None if word == "Completed" else UNSET  # a pod that has done its work was not taken away
        return _Status(role=role, state="terminated", waiting=None, pod_reason=why, ended=end)
    if word in ("Succeeded", "Failed"):
        return _Status(phase=word)
    return _Status(role=role, state="waiting", waiting=word)


def _restarts(cell: str, status: _Status, now: Time) -> tuple[int | UnsetType, tuple[Exit, ...] | UnsetType]:
    """Return the restarts, and the exits that the row tells of: when the last one was, not with which code."""
    match = _RESTARTS.fullmatch(cell)
    if not match:
        return UNSET, (status.ended,) if status.ended else UNSET
    count = int(match[1])
    ended = (status.ended,) if status.ended else ()
    if count == 0:
        known = status.state in ("running", "terminated") or isinstance(status.waiting, str) or status.state is None
        return 0, ended if known else UNSET
    ago = age(match[2]) if match[2] else None
    if ago is None and not ended:
        return count, UNSET
    earlier = (Exit(time=now - ago, current=False),) if ago is not None else (Exit(current=False),)
    return count, (*earlier, *ended)


# --- errors and events ----------------------------------------------------------------------------------------------

_CANNOT_PULL = {"image can't be pulled": "ErrImagePull", "trying and failing to pull image": "ImagePullBackOff"}


def failed(error: KubectlError, raw: Raw) -> Reading | None:
    """Return what `kubectl logs` says of a container that has no log; None when it says nothing of one."""
    if not error.container or not error.pod or not error.waiting or error.waiting in reasons.STARTING:
        return None
    shared: dict[str, Any] = {
        "line": error.line, "text": error.message, "namespace": raw.subject.namespace or UNSET, "pod": error.pod,
        "name": error.container,
    }  # fmt: skip
    reason = _CANNOT_PULL.get(error.waiting, error.waiting)
    if " " in reason or not reason:
        return Reading(**shared, state="waiting")
    by_reason = tuple(waiting(reason, None))
    return Reading(**shared, state="waiting", waiting=reason, ready=False, messages=by_reason or UNSET)
