"""OOM kills and native faults from the kernel log of a node.

Pure. An OOM kill is about its victim (`task_memcg`); its `scope` is the group that was out of memory (`oom_memcg`). A
fault names a process of the node and no container: it proves nothing about one.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Annotated, Literal, TypeVar

from msgspec import UNSET, Meta, Struct, UnsetType

from runbookctl import model
from runbookctl.catalog.cgroup import group
from runbookctl.forms import kernel_log
from runbookctl.forms.kernel_log import KernelLine
from runbookctl.model import Bytes, Cut, Duration, Raw, Request, Subject, Time
from runbookctl.probes.node._faults import FAULT_ANCHORS, Fault, fault
from runbookctl.probes.node._oom import ANCHORS, Killed, Report, Reports

FORMS = ("kernel_log",)
SUBJECT = {"node": "node", "pod_uid": "pod_uid", "container_id": "container_id"}
KIND = "event"
ONE = False

_Size = Bytes | UnsetType | None
_Text = str | UnsetType | None
_Number = int | UnsetType | None
_Scope = Literal["container", "pod", "kubepods", "slice", "numa", "node"]
_T = TypeVar("_T")


class Params(Struct, frozen=True, forbid_unknown_fields=True):
    """Which node, and how far back."""

    node: str
    since: Duration = dt.timedelta(hours=2)


class Reading(model.Reading, frozen=True, kw_only=True):
    """One thing that the kernel did to a process."""

    kind: Annotated[
        Literal["oom_kill", "oom_report", "segfault", "illegal_instruction", "arithmetic_fault", "other_fault"],
        Meta(description="oom_report: a report without its end, which proves nothing"),
    ]
    time: Annotated[Time | None, Meta(description="wall clock; absent when the log has only seconds since boot")] = None
    node: _Text = UNSET
    pod_uid: Annotated[_Text, Meta(description="pod of the victim", extra={"path": "task_memcg"})] = UNSET
    container_id: Annotated[_Text, Meta(description="container of the victim, 64 hex digits")] = UNSET
    container_known: Annotated[bool, Meta(description="the line itself names the pod or the container")] = False
    scope: Annotated[
        _Scope | UnsetType | None,
        Meta(
            description="what was out of memory: the container's limit, the pod's, all pods together (or a QoS class), "
            "another group, the memory nodes that it may use, the node",
            extra={"path": "oom_memcg"},
        ),
    ] = UNSET
    process: Annotated[_Text, Meta(description="name of the victim, 15 characters of the program's choice")] = UNSET
    pid: Annotated[_Number, Meta(description="process id on the node")] = UNSET
    usage: Annotated[_Size, Meta(description="memory of the group when it ran out")] = UNSET
    limit: Annotated[_Size, Meta(description="the limit that was hit; absent when the group has none")] = UNSET
    anon_rss: Annotated[_Size, Meta(description="anonymous memory of the victim")] = UNSET
    shmem_rss: Annotated[_Size, Meta(description="shared memory of the victim (tmpfs, /dev/shm)")] = UNSET
    killed: Annotated[int | UnsetType, Meta(description="processes killed in this one incident")] = UNSET
    group: Annotated[bool | UnsetType, Meta(description="memory.oom.group: the whole container was killed")] = UNSET
    culprit: Annotated[_Text, Meta(description="of the killed processes, the one with most anonymous memory")] = UNSET
    culprit_rss: Annotated[_Size, Meta(description="its anonymous memory")] = UNSET
    oom_score_adj: _Number = UNSET
    library: Annotated[_Text, Meta(description="file in which a fault happened: libcuda.so.550.54.14")] = UNSET


def request(params: Params) -> Request:
    """Ask the node's journal for the kernel's lines."""
    return kernel_log.request(params.node, params.since)


def obtain(subject: Subject) -> str:
    """Return the command that prints the kernel log of the subject's node."""
    return kernel_log.obtain(subject)


def read(raw: Raw) -> Iterator[Reading | Cut]:
    """Read `memhog invoked oom-killer: ...` with what follows it, and `segv[21311]: segfault at 0 ip ...`."""
    reports, seen = Reports(), _Seen()
    for line in kernel_log.events(raw, (*ANCHORS, *FAULT_ANCHORS)):
        if isinstance(line, Cut):
            yield line
            continue
        if found := fault(line.text):
            yield _of_fault(raw, line, found)
            continue
        for report in reports.take(line):
            yield from _of_report(raw, report, seen)
    for report in reports.end():
        yield from _of_report(raw, report, seen)


class _Seen:
    """Remembers kills, so that a log given twice in one text tells each once."""

    def __init__(self) -> None:
        self._kills: set[tuple[object, ...]] = set()

    def add(self, report: Report, killed: Killed) -> bool:
        """Return whether this kill is new: same pid and name within the same second of the same clock is not."""
        line = report.line or report.first
        clock = line.time.replace(microsecond=0) if line.time else line.seconds and int(line.seconds)
        key = (killed.pid, killed.process, report.task_memcg, clock)
        new = clock is None or key not in self._kills
        self._kills.add(key)
        return new


def _of_report(raw: Raw, report: Report, seen: _Seen) -> Iterator[Reading | Cut]:
    if not report.complete:
        yield _incomplete(raw, report)
        if not report.none_left:
            yield Cut(why="an OOM report lacks the line that says who was killed")
        return
    victim = _victim(report)
    if not seen.add(report, victim):
        return
    culprit = max(report.killed, key=lambda one: one.anon_rss or 0, default=victim)
    line = report.line or report.first
    where = group(report.task_memcg) if report.task_memcg else None
    if where is None and report.oom_memcg:
        where = group(report.oom_memcg)  # the victim is at or below it
    yield Reading(
        kind="oom_kill", line=line.number, text=line.text, time=line.time, node=_node(raw, line),
        pod_uid=where.pod_uid if where else UNSET,
        container_id=where.container_id or UNSET if where else UNSET,
        container_known=bool(where and (where.pod_uid or where.container_id)),
        scope=_scope(report), process=victim.process, pid=victim.pid,
        usage=_told(report.usage), limit=None if report.unlimited else _told(report.limit),
        anon_rss=_told(victim.anon_rss), shmem_rss=_told(victim.shmem_rss),
        killed=len(report.killed) or UNSET, group=report.group or (UNSET if not report.killed else False),
        culprit=culprit.process, culprit_rss=_told(culprit.anon_rss), oom_score_adj=_told(victim.oom_score_adj),
    )  # fmt: skip


def _incomplete(raw: Raw, report: Report) -> Reading:
    line = report.first
    where = group(report.oom_memcg) if report.oom_memcg else None
    return Reading(
        kind="oom_report", line=line.number, text=line.text, time=line.time, node=_node(raw, line),
        pod_uid=where.pod_uid or UNSET if where else UNSET, container_known=bool(where and where.pod_uid),
        usage=_told(report.usage), limit=None if report.unlimited else _told(report.limit),
    )  # fmt: skip


def _victim(report: Report) -> Killed:
    """Return the process that the kernel chose, with the sizes of its Killed line where there is one."""
    if report.victim is None:
        return report.killed[0]
    pid, name = report.victim
    return next((one for one in report.killed if one.pid == pid), None) or (
        report.killed[0] if report.killed and not report.group else Killed(pid=pid, process=name)
    )


def _scope(report: Report) -> _Scope | UnsetType:
    if report.constraint in ("CPUSET", "MEMORY_POLICY"):
        return "numa"
    if report.whole_node:
        return "node"
    if report.oom_memcg:
        return group(report.oom_memcg).scope
    return UNSET


def _of_fault(raw: Raw, line: KernelLine, found: Fault) -> Reading:
    return Reading(
        kind=found.kind, line=line.number, text=line.text, time=line.time, node=_node(raw, line),
        process=found.process, pid=found.pid, library=found.library,
    )  # fmt: skip


def _node(raw: Raw, line: KernelLine) -> str | UnsetType:
    """Return the node that was asked; only a text that was asked of nobody names its host itself (S10)."""
    return raw.subject.node or (line.host if raw.request is None and line.host else UNSET)


def _told(value: _T | None) -> _T | UnsetType:
    return UNSET if value is None else value
