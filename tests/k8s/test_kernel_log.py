"""OOM reports and faults of the kernel, of all versions, drivers and prefixes, whole and cut."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from k8s_reading import RECORDINGS, cuts, raw, readings
from msgspec import UNSET

from runbookctl.catalog.cgroup import Group, group
from runbookctl.forms import kernel_log
from runbookctl.model import Subject

UID = "56ffb81d-1da1-42de-ae6c-46fee01f6b0a"
CID = "90fc146c3d2178b91779a677fd24955d9dba25b54ca3738a4b388df1814ef7ca"
SLICE = f"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod{UID.replace('-', '_')}.slice"
SYSTEMD = f"{SLICE}/cri-containerd-{CID}.scope"
CGROUPFS = f"/kubepods/burstable/pod{UID}/{CID}"
KILLED = "total-vm:266764kB, anon-rss:32340kB, file-rss:1536kB, shmem-rss:8kB, UID:0 pgtables:104kB oom_score_adj:999"


def kernel(*lines: str, prefix: str = "[{seconds}.000001] ", **fields: Any) -> list[Any]:
    """Read lines with printk stamps."""
    text = "".join(prefix.format(seconds=1000 + number) + line + "\n" for number, line in enumerate(lines))
    return readings("node.kernel_log", raw(text, "kernel_log", **fields))


def report(oom: str, task: str, pid: int = 4711, comm: str = "python3") -> list[str]:
    """Return a report as 5.0 and newer print it."""
    return [
        f"{comm} invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=999",
        "memory: usage 32768kB, limit 32768kB, failcnt 881",
        f"Memory cgroup stats for {oom}:",
        f"oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=cri-x.scope,mems_allowed=0,oom_memcg={oom},task_memcg={task},task={comm},pid={pid},uid=0",
        f"Memory cgroup out of memory: Killed process {pid} ({comm}) {KILLED}",
    ]


@pytest.mark.parametrize(
    "path", [SYSTEMD, CGROUPFS, f"/lxc.payload.x{SYSTEMD}", f"/labkube{CGROUPFS}", f"/kubelet.slice{SYSTEMD}"]
)
def test_a_container_at_its_limit_is_told_whole(path: str) -> None:
    """Both cgroup drivers and any prefix name pod and container."""
    (one,) = kernel(*report(path, path))
    assert (one.kind, one.scope, one.pod_uid, one.container_id) == ("oom_kill", "container", UID, CID)
    assert (one.process, one.pid, one.limit, one.usage, one.anon_rss) == (
        "python3",
        4711,
        32 << 20,
        32 << 20,
        32340 * 1024,
    )
    assert (one.killed, one.group, one.container_known, one.line, one.oom_score_adj) == (1, False, True, 4, 999)


@pytest.mark.parametrize(
    ("oom", "scope"),
    [
        (SLICE, "pod"), (f"/kubepods/burstable/pod{UID}", "pod"),
        ("/kubepods.slice", "kubepods"), ("/kubepods", "kubepods"), ("/kubepods/burstable", "kubepods"),
        ("/kubepods.slice/kubepods-besteffort.slice", "kubepods"),
        ("/docker/" + "a" * 64 + "/kubelet.slice/kubelet-kubepods.slice", "kubepods"),
        ("/system.slice", "slice"), ("/podruntime.slice", "slice"), ("/user.slice/user-1000.slice", "slice"),
    ],
)  # fmt: skip
def test_the_scope_is_the_group_that_ran_out(oom: str, scope: str) -> None:
    """The victim is a container in every case: what was out of memory is another question."""
    (one,) = kernel(*report(oom, SYSTEMD))
    assert (one.scope, one.pod_uid, one.container_id) == (scope, UID, CID)


def test_the_whole_node_out_of_memory_names_its_victim() -> None:
    """A global kill is of scope node, about the pod that it hit."""
    (one,) = kernel(
        f"oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=/,mems_allowed=0,global_oom,task_memcg={SYSTEMD},task=chrome,pid=9,uid=1000",
        f"Out of memory: Killed process 9 (chrome) {KILLED}",
    )
    assert (one.scope, one.pod_uid, one.process, one.limit) == ("node", UID, "chrome", UNSET)


@pytest.mark.parametrize("constraint", ["CPUSET", "MEMORY_POLICY"])
def test_a_numa_node_that_ran_out_is_not_the_whole_node(constraint: str) -> None:
    """The memory that the process may use was full, not the machine's."""
    (one,) = kernel(
        f"oom-kill:constraint=CONSTRAINT_{constraint},nodemask=0,cpuset=x,mems_allowed=0,global_oom,task_memcg=/a,task=x,pid=9,uid=0"
    )
    assert one.scope == "numa"


def test_a_group_kill_is_one_incident_and_names_the_culprit() -> None:
    """memory.oom.group kills all; the first victim is printed twice; the one with most memory was at fault."""
    (one,) = kernel(
        *report(SYSTEMD, SYSTEMD),
        f"Tasks in {SYSTEMD} are going to be killed due to memory.oom.group set",
        f"Memory cgroup out of memory: Killed process 4711 (python3) {KILLED}",
        f"Memory cgroup out of memory: Killed process 4712 (bash) {KILLED.replace('32340', '7100000')}",
        "oom_reaper: reaped process 4712 (bash), now anon-rss:0kB, file-rss:0kB, shmem-rss:0kB",
    )
    assert (one.killed, one.group, one.process, one.culprit, one.culprit_rss) == (
        2,
        True,
        "python3",
        "bash",
        7100000 * 1024,
    )


def test_two_reports_are_two_kills() -> None:
    """Each report begins with its own `invoked oom-killer`."""
    found = kernel(*report(SYSTEMD, SYSTEMD), *report(SYSTEMD, SYSTEMD, pid=4800))
    assert [one.pid for one in found] == [4711, 4800]


def test_a_log_given_twice_tells_each_kill_once() -> None:
    """Dmesg and journalctl of one node in one text: same pid, same second."""
    lines = report(SYSTEMD, SYSTEMD)
    assert len(kernel(*lines, *lines, prefix="[1000.000001] ")) == 1


def test_the_oldest_kernels_are_read() -> None:
    """3.10 to 4.20 print task and limit in words, then two lines for the kill."""
    (one,) = kernel(
        "java invoked oom-killer: gfp_mask=0xd0, order=0, oom_score_adj=984",
        f"Task in {SLICE}/docker-{CID}.scope killed as a result of limit of /kubepods.slice",
        "memory: usage 204800kB, limit 204800kB, failcnt 100",
        "Memory cgroup out of memory: Kill process 12345 (java) score 1970 or sacrifice child",
        "Killed process 12346 (java) total-vm:1kB, anon-rss:2kB, file-rss:3kB",
    )
    assert (one.kind, one.scope, one.pod_uid, one.container_id) == ("oom_kill", "kubepods", UID, CID)
    assert (one.pid, one.anon_rss, one.limit) == (12346, 2048, 200 << 20)


def test_the_last_line_alone_is_a_kill_without_a_scope() -> None:
    """`Memory cgroup` is some group: whose is not told."""
    (one,) = kernel(f"Memory cgroup out of memory: Killed process 28550 (memhog) {KILLED}")
    assert (one.kind, one.scope, one.pod_uid, one.container_known) == ("oom_kill", UNSET, UNSET, False)
    (node,) = kernel(f"Out of memory: Killed process 28550 (memhog) {KILLED}")
    assert node.scope == "node"


def test_the_line_with_the_paths_alone_is_enough() -> None:
    """One pasted line proves kill, scope and victim."""
    (one,) = kernel(report(SYSTEMD, SYSTEMD)[3])
    assert (one.kind, one.scope, one.pod_uid, one.process, one.killed) == (
        "oom_kill",
        "container",
        UID,
        "python3",
        UNSET,
    )


def test_a_report_without_its_end_proves_nothing() -> None:
    """It names the pod whose report it is, and says that something is missing."""
    text = (RECORDINGS / "kernel" / "dmesg-memcg-oom.txt").read_bytes()
    (one,) = readings("node.kernel_log", raw(text, "kernel_log"))
    assert (one.kind, one.pod_uid, one.scope, one.limit) == ("oom_report", UID, UNSET, 32 << 20)
    assert [cut.before for cut in cuts("node.kernel_log", raw(text, "kernel_log")) if not cut.ring] == [None]


def test_a_report_that_lost_its_end_does_not_borrow_the_next_one_s() -> None:
    """The second report's kill is the second's."""
    first, second = kernel(*report("/kubepods/burstable/pod" + UID, SYSTEMD)[:3], *report(SYSTEMD, SYSTEMD, pid=9))
    assert (first.kind, second.kind, second.scope) == ("oom_report", "oom_kill", "container")


def test_nothing_left_to_kill_is_a_whole_report() -> None:
    """The kernel says so itself: nothing is missing."""
    given = raw(
        "[1.000001] x invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0\n[1.000002] Out of memory and no killable processes...\n",
        "kernel_log",
    )
    assert [one.kind for one in readings("node.kernel_log", given)] == ["oom_report"]
    assert all(cut.ring for cut in cuts("node.kernel_log", given))


def test_an_unlimited_group_has_no_limit() -> None:
    """9007199254740988kB is how the kernel writes none."""
    lines = report(SLICE, SYSTEMD)
    (one,) = kernel(*[line.replace("limit 32768kB", "limit 9007199254740988kB") for line in lines])
    assert one.limit is None


@pytest.mark.parametrize(
    "name", ["x,pid=1,uid=0", "oom-kill:", "a) total-vm:1", "Memory cgroup o", "invoked oom-ki"],
)  # fmt: skip
def test_a_name_that_imitates_the_kernel_fools_nobody(name: str) -> None:
    """A program chooses its name of 15 characters: it is read only at its place."""
    (one,) = kernel(*report(SYSTEMD, SYSTEMD, comm=name))
    assert (one.pid, one.kind, one.scope) == (4711, "oom_kill", "container")
    assert (
        kernel(f"{name}[7]: segfault at 0 ip 0000000000401686 sp 00007ffc00ab1190 error 6 in x[1+2]")[0].kind
        == "segfault"
    )


@pytest.mark.parametrize(
    ("line", "kind", "process", "library"),
    [
        (
            "segv[21311]: segfault at 0 ip 0000000000401686 sp 00007ffc00ab1190 error 6 in segv[1686,401000+78000] likely on CPU 0 (core 0, socket 0)",
            "segfault",
            "segv",
            "segv",
        ),
        (
            "python3[7]: segfault at 10 ip 00007f sp 00007f error 4 in libcuda.so.550.54.14[7f00+1b000]",
            "segfault",
            "python3",
            "libcuda.so.550.54.14",
        ),
        ("python3[7]: segfault at 10 ip 00007f sp 00007f error 4", "segfault", "python3", None),
        (
            "traps: python3[7] general protection fault ip:7f sp:7f error:0 in libnccl.so.2[7f+1]",
            "segfault",
            "python3",
            "libnccl.so.2",
        ),
        ("traps: app[7] general protection ip:7f sp:7f error:0 in app[7f+1]", "segfault", "app", "app"),
        ("traps: app[7] trap invalid opcode ip:7f sp:7f error:0 in app[7f+1]", "illegal_instruction", "app", "app"),
        ("traps: app[7] trap divide error ip:7f sp:7f error:0 in app[7f+1]", "arithmetic_fault", "app", "app"),
        ("app[7] trap int3 ip:7f sp:7f error:0", "other_fault", "app", None),
        (
            "app[7]: unhandled exception: DABT (lower EL), ESR 0x0000000092000006, level 2 translation fault in libc.so.6[ffff+1]",
            "segfault",
            "app",
            "libc.so.6",
        ),
        ("app[7]: segfault (11) at 0 nip 10 lr 20 code 1 in app[10000+20]", "segfault", "app", "app"),
    ],
)
def test_faults_name_process_and_library_and_no_container(
    line: str, kind: str, process: str, library: str | None
) -> None:
    """x86, Arm and POWER; whose container it was is not in the line."""
    (one,) = kernel(line)
    assert (one.kind, one.process, one.library) == (kind, process, library)
    assert (one.pod_uid, one.container_known, one.scope) == (UNSET, False, UNSET)


@pytest.mark.parametrize(
    "line",
    [
        "audit: type=1701 audit(1.2:3): segfault at night",
        "Killed process table is empty",
        "oom_reaper: reaped process 4712 (bash), now anon-rss:0kB, file-rss:0kB, shmem-rss:0kB",
        "systemd[1]: oomd.service: Out of memory pressure monitoring",
        "slab_unreclaimable limit 100kB",
    ],
)
def test_other_lines_that_talk_of_memory_are_nothing(line: str) -> None:
    """Only whole sentences of the kernel count."""
    assert kernel(line) == []


def test_what_user_space_writes_is_no_kernel_line() -> None:
    """A line of `logger` in syslog that imitates the kernel gives no reading (S3)."""
    forged = f"Nov 22 02:47:35 n1 root: {report(SYSTEMD, SYSTEMD)[3]}\n"
    real = f"Nov 22 02:47:35 n1 kernel: [ 2756.136005] {report(SYSTEMD, SYSTEMD)[3]}\n"
    assert readings("node.kernel_log", raw(forged, "kernel_log")) == []
    (one,) = readings("node.kernel_log", raw(real, "kernel_log"))
    assert one.time == dt.datetime(2026, 11, 22, 2, 47, 35, tzinfo=dt.UTC)
    assert one.node == "n1"


def test_the_node_is_the_one_that_was_asked() -> None:
    """A host name in an answer does not change whose answer it is (S10)."""
    line = f"Nov 22 02:47:35 other kernel: [ 2756.136005] {report(SYSTEMD, SYSTEMD)[3]}\n"
    asked = kernel_log.request("n1", dt.timedelta(hours=2))
    (one,) = readings("node.kernel_log", raw(line, "kernel_log", subject=Subject(node="n1"), request=asked))
    assert one.node == "n1"


@pytest.mark.parametrize(
    ("path", "found"),
    [
        (SYSTEMD, Group(scope="container", pod_uid=UID, container_id=CID)),
        (f"{SLICE}/crio-{CID}.scope/container", Group(scope="container", pod_uid=UID, container_id=CID)),
        (f"{SLICE}/crio-{CID}", Group(scope="container", pod_uid=UID, container_id=CID)),
        (f"/docker/{CID}", Group(scope="container", container_id=CID)),
        (f"/system.slice/docker-{CID}.scope", Group(scope="container", container_id=CID)),
        ("/kubepods/pod0f8d1b8c6a0f8d1b8c6a0f8d1b8c6a0f", Group(scope="pod", pod_uid="0f8d1b8c6a0f8d1b8c6a0f8d1b8c6a0f")),
        ("/", Group(scope="slice")), ("", Group(scope="slice")), ("/kubepods-not", Group(scope="slice")),
    ],
)  # fmt: skip
def test_cgroup_paths_of_all_runtimes_are_read(path: str, found: Group) -> None:
    """containerd, CRI-O, docker; static pods have 32 hex digits."""
    assert group(path) == found
