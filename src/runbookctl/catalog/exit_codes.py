"""What the exit code of a container means, what can have caused it, and what tells the causes apart.

Pure. Source: wait(2), bash(1) EXIT STATUS, docker and containerd runtime codes, kubernetes pkg/kubelet; signals by
their Linux numbers (signal(7), x86 and Arm).
"""

from __future__ import annotations

from msgspec import Struct

SIGNALS = {
    1: "SIGHUP", 2: "SIGINT", 3: "SIGQUIT", 4: "SIGILL", 5: "SIGTRAP", 6: "SIGABRT", 7: "SIGBUS", 8: "SIGFPE",
    9: "SIGKILL", 10: "SIGUSR1", 11: "SIGSEGV", 12: "SIGUSR2", 13: "SIGPIPE", 14: "SIGALRM", 15: "SIGTERM",
    16: "SIGSTKFLT", 17: "SIGCHLD", 18: "SIGCONT", 19: "SIGSTOP", 20: "SIGTSTP", 21: "SIGTTIN", 22: "SIGTTOU",
    23: "SIGURG", 24: "SIGXCPU", 25: "SIGXFSZ", 26: "SIGVTALRM", 27: "SIGPROF", 28: "SIGWINCH", 29: "SIGIO",
    30: "SIGPWR", 31: "SIGSYS",
}  # fmt: skip


class ExitCode(Struct, frozen=True, kw_only=True):
    """One exit code: `causes` are codes that it can be a sign of, `tells` what decides between them."""

    code: int
    signal: str | None = None
    title: str
    about: str = ""
    causes: tuple[str, ...] = ()
    tells: tuple[str, ...] = ()


_KNOWN = (
    ExitCode(
        code=0,
        title="The program ended by itself and says that all is well",
        about="In a pod that is always restarted this still makes a crash loop: nothing keeps the program running. "
        "A program that handles SIGTERM ends with 0 after a liveness kill too.",
        causes=("bad_command", "liveness_probe_failure", "container_oom_killed"),
        tells=(
            "reason OOMKilled with 0: a child was killed for memory, the main process ended normally",
            "an event Killing, failed liveness probe, just before: the kubelet asked it to end",
            "neither: the main process has nothing to wait for",
        ),
    ),
    ExitCode(
        code=1,
        title="The program ended by itself with an error",
        about="The commonest code of all: only the log of the instance that ended tells more.",
        causes=(
            "application_error",
            "dependency_unreachable",
            "dns_or_network_failure",
            "missing_config_or_secret",
            "permission_denied",
            "port_in_use",
            "cuda_out_of_memory",
            "container_oom_killed",
        ),
        tells=(
            "kubectl logs --previous: the last traceback or error line",
            "reason OOMKilled with 1: a child was killed for memory and the main process noticed",
        ),
    ),
    ExitCode(
        code=2,
        title="Wrong arguments, a misused shell builtin, or a Go panic",
        causes=("bad_command", "application_error"),
        tells=("usage: or unrecognized arguments in the log", "goroutine 1 [running] in the log: a panic"),
    ),
    ExitCode(
        code=125,
        title="The container runtime itself failed (docker run)",
        about="docker could not create or start the container; the program never ran.",
        causes=("container_toolkit_missing", "nvidia_runtime_not_configured", "image_pull_failure"),
        tells=("the message of the runtime",),
    ),
    ExitCode(
        code=126,
        title="The command was found and cannot be executed",
        causes=("permission_denied", "wrong_architecture", "bad_command"),
        tells=("Permission denied: no execute permission, or a volume mounted noexec", "exec format error: wrong CPU"),
    ),
    ExitCode(
        code=127,
        title="The command was not found",
        causes=("bad_command",),
        tells=("`: not found` in the log names it", "compare command and image with the revision before"),
    ),
    ExitCode(
        code=128,
        title="The runtime could not start the program (StartError), or exit was given a wrong argument",
        about="containerd reports 128 with a start in 1970 when the command does not exist outside of a shell.",
        causes=(
            "bad_command",
            "permission_denied",
            "wrong_architecture",
            "driver_library_mismatch",
            "cdi_spec_missing",
        ),
        tells=("the termination message of the container",),
    ),
    ExitCode(
        code=129,
        signal="SIGHUP",
        title="Hung up",
        causes=("application_error",),
        tells=("a terminal or supervisor in the container went away",),
    ),
    ExitCode(
        code=130,
        signal="SIGINT",
        title="Interrupted",
        causes=("application_error",),
        tells=("a STOPSIGNAL of the image, or a person",),
    ),
    ExitCode(
        code=132,
        signal="SIGILL",
        title="An instruction that this processor does not have",
        causes=("wrong_architecture", "application_error"),
        tells=("healthy replicas run on another node pool", "AVX in the log", "kernel: trap invalid opcode"),
    ),
    ExitCode(
        code=134,
        signal="SIGABRT",
        title="The program aborted itself",
        about="abort() of glibc, of an uncaught C++ exception, or of a watchdog (NCCL, CUDA).",
        causes=("application_error", "app_gpu_memory_fault", "nccl_network_failure"),
        tells=(
            "terminate called, free(): invalid pointer, Watchdog caught collective operation timeout in the log",
            "a Xid of the node in the same minute: the GPU first",
        ),
    ),
    ExitCode(
        code=135,
        signal="SIGBUS",
        title="A memory mapping that its file cannot hold",
        about="In a container nearly always /dev/shm, which has 64 MiB when nothing larger is mounted.",
        causes=("shm_exhausted",),
        tells=("an emptyDir with medium Memory at /dev/shm, or none", "insufficient shared memory in the log"),
    ),
    ExitCode(
        code=136,
        signal="SIGFPE",
        title="An arithmetic error",
        causes=("application_error",),
        tells=("kernel: trap divide error",),
    ),
    ExitCode(
        code=137,
        signal="SIGKILL",
        title="Killed; the code does not tell by whom",
        about="137 is not out of memory. Ten things send SIGKILL: the container's limit, the pod's, all pods together, "
        "the node, a probe whose grace time is over, an eviction, a deletion, a userspace memory daemon, a person.",
        causes=(
            "container_oom_killed",
            "node_oom",
            "liveness_probe_failure",
            "pod_evicted",
            "node_not_ready",
            "killed_not_oom",
        ),
        tells=(
            "reason OOMKilled and a limit: the container's memory",
            "kernel log: oom_memcg says whose memory ran out; /kubepods means all pods together, not this limit",
            "event Killing, failed liveness probe; status.reason Evicted; deletionTimestamp",
            "reason ContainerStatusUnknown: the kubelet filled 137 in, the true code is not known",
        ),
    ),
    ExitCode(
        code=139,
        signal="SIGSEGV",
        title="A memory access that is not allowed: the program crashed in native code",
        causes=("segfault", "app_gpu_memory_fault"),
        tells=(
            "kernel: segfault at ... in LIBRARY tells program (its own file), driver (libcuda) or NCCL",
            "a Xid of the node in the same minute: the GPU first",
            "the same image is well on other nodes: this node's memory or driver",
        ),
    ),
    ExitCode(
        code=141,
        signal="SIGPIPE",
        title="Wrote to a pipe that nobody reads",
        causes=("application_error",),
        tells=("a log shipper or sidecar that ended before",),
    ),
    ExitCode(
        code=143,
        signal="SIGTERM",
        title="Asked to end, and ended",
        about="Expected when a pod is deleted, drained, scaled down or preempted. With reason OOMKilled it contradicts "
        "itself: the label alone is no reason for more memory.",
        causes=("liveness_probe_failure", "spot_preempted", "pod_evicted"),
        tells=(
            "deletionTimestamp, DisruptionTarget, a ReplicaSet scaled to 0: expected",
            "restarted in place without any of these: a probe, a changed definition, or a supervisor inside",
        ),
    ),
    ExitCode(
        code=255,
        title="Not known, or exit(-1)",
        about="With reason Unknown the runtime lost the container: the node or the runtime was restarted.",
        causes=("node_not_ready", "application_error"),
        tells=("event Rebooted of the node", "several pods of the node end in the same second"),
    ),
)
_BY_CODE = {one.code: one for one in _KNOWN}


def codes() -> tuple[ExitCode, ...]:
    """Return every code that has a meaning of its own, in order."""
    return _KNOWN


def lookup(code: int) -> ExitCode | None:
    """Return what an exit code means (128 plus a signal by the signal); None for a number that is no exit code."""
    if not 0 <= code <= 255:
        return None
    if code in _BY_CODE:
        return _BY_CODE[code]
    signal = SIGNALS.get(code - 128)
    if signal is not None:
        return ExitCode(code=code, signal=signal, title=f"Ended by {signal}", causes=("application_error",))
    return ExitCode(
        code=code, title="The program ended by itself with an error of its own",
        about="Its documentation says what this number means.", causes=("application_error",),
        tells=("kubectl logs --previous: the last error line",),
    )  # fmt: skip
