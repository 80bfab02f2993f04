"""OOM reports of the kernel, put together from their lines.

Pure. The kernel holds one lock over a report, so that reports never interleave; lines may be lost or cut. Grammar, in
order of appearance (Source: Linux mm/oom_kill.c and mm/memcontrol.c, 3.10 to 6.18):

    memhog invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=999      the allocator, not the victim
    Task in /kubepods/pod1/c1 killed as a result of limit of /kubepods/pod1                to 4.20
    memory: usage 32768kB, limit 32768kB, failcnt 881                                      of a memory cgroup
    Memory cgroup stats for /kubepods/burstable/pod56ffb81d-1da1-42de-ae6c-46fee01f6b0a:   the cgroup at its limit
    oom-kill:constraint=CONSTRAINT_MEMCG,...,oom_memcg=/a,task_memcg=/a/b,task=python3,pid=4711,uid=0   from 5.0
    Memory cgroup out of memory: Kill process 4711 (java) score 1970 or sacrifice child    to 5.2
    Killed process 4711 (java) total-vm:8kB, anon-rss:4kB, file-rss:0kB                    to 5.2
    Memory cgroup out of memory: Killed process 4711 (python3) total-vm:8kB, anon-rss:4kB, file-rss:0kB, shmem-rss:0kB
    Out of memory: Killed process 4711 (python3) total-vm:8kB, anon-rss:4kB                the node itself
    Tasks in /kubepods/pod1/c1 are going to be killed due to memory.oom.group set          more Killed lines follow

A name of a process is chosen by its owner: it is read only at its place in a line that is anchored at its start.
"""

from __future__ import annotations

from collections.abc import Iterator

import re2
from msgspec import Struct, field

from runbookctl.forms.kernel_log import KernelLine

# memhog invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=999
_INVOKED = re2.compile(r"(.{0,15}) invoked oom-killer: gfp_mask=0x")
# memory: usage 32768kB, limit 32768kB, failcnt 881
_USAGE = re2.compile(r"memory: usage (\d{1,20})kB, limit (\d{1,20})kB, failcnt \d+")
# Memory cgroup stats for /labkube/kubepods/burstable/pod56ffb81d-1da1-42de-ae6c-46fee01f6b0a:
_STATS = re2.compile(r"Memory cgroup stats for ([^:\s]+):")
# Task in /kubepods.slice/a killed as a result of limit of /kubepods.slice
_TASK_IN = re2.compile(r"Task in (/\S*) killed as a result of limit of (/\S*)")
# oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=/,mems_allowed=0,global_oom,task_memcg=/a,task=x,pid=1
# followed by ,uid=0
_OOM_KILL = re2.compile(
    r"oom-kill:constraint=CONSTRAINT_([A-Z_]{1,20}),.*?(?:,oom_memcg=(.+?)|,(global_oom))?"
    r"(?:,task_memcg=(.*?))?,task=(.{0,15}),pid=(\d{1,10}),uid=\d{1,10}\s*"
)
# Memory cgroup out of memory: Killed process 28550 (memhog) total-vm:266764kB, anon-rss:32340kB, file-rss:1536kB
_KILLED = re2.compile(
    r"(?:(Memory cgroup )?[Oo]ut of memory(?: \([a-z_ ]+\))?: )?Killed process (\d{1,10}),? (?:UID \d+,? )?"
    r"\((.{0,63}?)\),?(?: total-vm:(\d{1,20})kB)?(?:, anon-rss:(\d{1,20})kB)?(?:, file-rss:(\d{1,20})kB)?"
    r"(?:, shmem-rss:(\d{1,20})kB)?(?:.*?oom_score_adj:(-?\d{1,4}))?.*"
)
# Memory cgroup out of memory: Kill process 12345 (java) score 1970 or sacrifice child
_KILL = re2.compile(
    r"(Memory cgroup )?[Oo]ut of memory: Kill process (\d{1,10}) \((.{0,63}?)\) score -?\d+ or sacrifice child"
)
# Tasks in /kubepods.slice/a are going to be killed due to memory.oom.group set
_GROUP = re2.compile(r"Tasks in (/\S*) are going to be killed due to memory\.oom\.group set")
_NONE_LEFT = "Out of memory and no killable processes"
UNLIMITED = 1 << 50  # kB; a cgroup without a limit prints 9007199254740988kB

ANCHORS = (
    b"oom-kill", b"oom.group", b"ut of memory", b"emory cgroup", b"Killed process", b"memory: usage",
    b"result of limit",
)  # fmt: skip


class Killed(Struct, frozen=True, kw_only=True):
    """One process that was killed; sizes in bytes, None where the line does not say."""

    pid: int
    process: str
    total_vm: int | None = None
    anon_rss: int | None = None
    file_rss: int | None = None
    shmem_rss: int | None = None
    oom_score_adj: int | None = None


class Report(Struct, kw_only=True):
    """One OOM report, as far as its lines are there."""

    first: KernelLine
    line: KernelLine | None = None  # the line that says most: oom-kill, else Task in, else Killed process
    invoked: bool = False
    allocator: str | None = None
    usage: int | None = None  # bytes
    limit: int | None = None  # bytes; None when not told
    unlimited: bool = False
    constraint: str | None = None
    whole_node: bool | None = None  # True: global OOM; False: of a memory cgroup
    oom_memcg: str | None = None
    task_memcg: str | None = None
    victim: tuple[int, str] | None = None  # pid and name that the kernel chose
    killed: list[Killed] = field(default_factory=list)
    group: bool = False
    none_left: bool = False  # the kernel says that it found nothing to kill

    @property
    def complete(self) -> bool:
        """Whether the kernel said whom it killed."""
        return bool(self.killed) or self.victim is not None


class Reports:
    """Takes kernel lines in order and gives each report when it is over."""

    def __init__(self) -> None:
        """Begin without a report."""
        self._now: Report | None = None

    def take(self, line: KernelLine) -> Iterator[Report]:
        """Add a line; yield the report that it ends, if it ends one."""
        text = line.text
        if match := _INVOKED.match(text):
            yield from self.end()
            self._now = Report(first=line, invoked=True, allocator=match[1])
        elif text.startswith("oom-kill:") and (match := _OOM_KILL.fullmatch(text)):
            yield from self._chosen(line, match)
        elif match := _TASK_IN.match(text):
            report = self._open(line)
            report.task_memcg, report.oom_memcg, report.whole_node, report.line = match[1], match[2], False, line
        elif match := _USAGE.match(text):
            _sizes(self._open(line), int(match[1]), int(match[2]))
        elif match := _STATS.match(text):
            report = self._open(line)
            report.oom_memcg, report.whole_node = report.oom_memcg or match[1], False
        elif "Kill" in text:
            yield from self._kills(line)
        elif _GROUP.match(text):
            self._open(line).group = True
        elif text.startswith(_NONE_LEFT):
            self._open(line).none_left = True

    def end(self) -> Iterator[Report]:
        """Yield the report that is open."""
        report, self._now = self._now, None
        if report:
            yield report

    def _open(self, line: KernelLine) -> Report:
        if self._now is None:
            self._now = Report(first=line)
        return self._now

    def _chosen(self, line: KernelLine, match: re2._Match[str]) -> Iterator[Report]:
        if self._now and self._now.complete:
            yield from self.end()
        report = self._open(line)
        report.line, report.constraint = line, match[1]
        report.whole_node = bool(match[3]) if match[2] or match[3] else match[1] != "MEMCG"
        report.oom_memcg = match[2] or report.oom_memcg
        report.task_memcg = match[4] or None
        report.victim = (int(match[6]), match[5])

    def _kills(self, line: KernelLine) -> Iterator[Report]:
        text = line.text
        if match := _KILL.match(text):
            report = self._open(line)
            report.victim = (int(match[2]), match[3])
            report.whole_node = match[1] is None if report.whole_node is None else report.whole_node
            report.line = report.line or line
            return
        match = _KILLED.fullmatch(text)
        if not match:
            return
        if self._now and self._now.killed and not self._now.group:
            yield from self.end()  # the lines before it were lost
        report = self._open(line)
        if report.whole_node is None and "ut of memory" in text:
            report.whole_node = match[1] is None
        report.line = report.line or line
        killed = _killed(match)
        if killed.pid not in {one.pid for one in report.killed}:  # a group kill prints its first victim twice
            report.killed.append(killed)


def _killed(match: re2._Match[str]) -> Killed:
    total, anon, file, shmem = (int(part) * 1024 if part else None for part in match.groups()[3:7])
    return Killed(
        pid=int(match[2]), process=match[3], total_vm=total, anon_rss=anon, file_rss=file, shmem_rss=shmem,
        oom_score_adj=int(match[8]) if match[8] else None,
    )  # fmt: skip


def _sizes(report: Report, usage: int, limit: int) -> None:
    report.usage = usage * 1024
    report.unlimited = limit >= UNLIMITED
    report.limit = None if report.unlimited else limit * 1024
