"""The nouns of the program: subjects, requests, evidence, readings, the diagnosis. Values only.

Pure: imports nothing of this package and touches nothing outside it.
"""

from __future__ import annotations

import datetime as dt
import shlex
from enum import StrEnum
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

Time = dt.datetime  # always aware, always UTC
Duration = dt.timedelta
Bytes = Annotated[int, Meta(extra={"type": "bytes"})]
Version = Annotated[str, Meta(extra={"type": "version"})]

LEVELS = ("cluster", "node", "gpu", "mig", "namespace", "workload", "pod", "container", "service", "job", "piece")
"""What a subject may name, from wide to narrow. `piece` names evidence that names nothing itself (a pasted log)."""

ALTERNATES = {"gpu": "gpu_uuid", "pod": "pod_uid", "container": "container_id"}
"""A second name of the same level; the engine joins the two when one reading gives both."""


class Subject(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What a reading, a finding or a cause is about: names by level.

    `pod` and `container` are names without their namespace (`trainer-0`, `app`); `gpu` is the PCI address as the
    driver prints it, lower case with a four-digit domain (`0000:3b:00`); `mig` is `GI` or `GI/CI` in decimal;
    `workload` is `kind/name` in lower case (`deployment/trainer`).
    """

    cluster: str | None = None
    node: str | None = None
    gpu: str | None = None
    gpu_uuid: str | None = None
    mig: str | None = None
    namespace: str | None = None
    workload: str | None = None
    pod: str | None = None
    pod_uid: str | None = None
    container: str | None = None
    container_id: str | None = None
    service: str | None = None
    job: str | None = None
    piece: str | None = None

    def __str__(self) -> str:
        """Print the deepest level and what is needed to find it, e.g. `container/ml/trainer-0/app`."""
        pod, gpu = self.pod or self.pod_uid, self.gpu or self.gpu_uuid
        kind, _, workload = (self.workload or "").partition("/")
        for level, name, parents in (
            ("container", self.container, (self.namespace, pod)),
            ("pod", pod, (self.namespace,)),
            (kind, workload, (self.namespace,)),
            ("service", self.service, (self.namespace,)),
            ("job", self.job, (self.namespace,)),
            ("namespace", self.namespace, ()),
            ("mig", self.mig if gpu else None, (self.node, gpu)),
            ("gpu", gpu, (self.node,)),
            ("node", self.node, ()),
            ("cluster", self.cluster, ()),
        ):
            if name:
                return _path(level, *parents, name)
        return _path("pasted", (self.piece or "evidence").lstrip("/"))


def _path(level: str, *names: str | None) -> str:
    return "/".join([level, *(name for name in names if name)])


# --- requests: the question as data -----------------------------------------------------------------------------


class Request(Struct, frozen=True, kw_only=True):
    """A question to one source. `form` is the form (`runbookctl.forms`) that its answer has when it is well."""

    form: str

    def printed(self) -> str:
        """Return the command that a person would type for the same answer."""
        raise NotImplementedError


class NodeCommand(Request, frozen=True, kw_only=True, tag="node.command"):
    """Run `argv` on `node` (this machine when None) and read its standard output. No shell, no input."""

    node: str | None
    argv: tuple[str, ...]
    accept: tuple[int, ...] = (0,)  # exit codes whose output is an answer

    def printed(self) -> str:
        """Return the command line, through ssh when a node is named."""
        command = shlex.join(self.argv)
        return f"ssh {shlex.quote(self.node)} {shlex.quote(command)}" if self.node else command


class ReadFile(Request, frozen=True, kw_only=True, tag="node.file"):
    """Read the file at the absolute `path` on `node` (this machine when None)."""

    node: str | None
    path: str

    def printed(self) -> str:
        """Return the `cat` command."""
        command = f"cat {shlex.quote(self.path)}"
        return f"ssh {shlex.quote(self.node)} {shlex.quote(command)}" if self.node else command


class KubernetesGet(Request, frozen=True, kw_only=True, tag="kubernetes.get"):
    """GET an API path built from `segments`, each quoted on its own; lists are read page by page.

    `metadata_only` asks for PartialObjectMetadata, so that values (Secrets) never travel.
    """

    segments: tuple[str, ...]  # ("api", "v1", "namespaces", "ml", "pods")
    query: tuple[tuple[str, str], ...] = ()
    metadata_only: bool = False

    def printed(self) -> str:
        """Return `kubectl get --raw`."""
        from urllib.parse import quote, urlencode

        path = "/" + "/".join(quote(segment, safe="") for segment in self.segments)
        query = "?" + urlencode(self.query) if self.query else ""
        return f"kubectl get --raw {shlex.quote(path + query)}"


class KubernetesLog(Request, frozen=True, kw_only=True, tag="kubernetes.log"):
    """Read the last lines of a container's log; `previous` is the instance before the current one."""

    namespace: str
    pod: str
    container: str
    previous: bool
    tail_lines: int = 500
    limit_bytes: int = 1 << 20

    def printed(self) -> str:
        """Return `kubectl logs`."""
        previous = " --previous" if self.previous else ""
        namespace, pod, container = (shlex.quote(name) for name in (self.namespace, self.pod, self.container))
        return f"kubectl -n {namespace} logs {pod} -c {container}{previous} --tail={self.tail_lines}"


class PromQuery(Request, frozen=True, kw_only=True, tag="prometheus.query"):
    """An instant query, or a range query when `step` is set. `promql` is built by the probe, inputs escaped."""

    promql: str
    start: Time | None = None
    end: Time | None = None
    step: Duration | None = None

    def printed(self) -> str:
        """Return `promtool query`."""
        return f"promtool query instant $PROMETHEUS_URL {shlex.quote(self.promql)}"


class NvmlRead(Request, frozen=True, kw_only=True, tag="nvml"):
    """Read every GPU through NVML on `node` (this machine when None)."""

    node: str | None

    def printed(self) -> str:
        """Return the nvidia-smi command that shows the same."""
        return f"ssh {shlex.quote(self.node)} nvidia-smi -q" if self.node else "nvidia-smi -q"


class Ask(Request, frozen=True, kw_only=True, tag="ask"):
    """Ask a person; the typed answer is the evidence."""

    question: str
    choices: tuple[str, ...] = ()

    def printed(self) -> str:
        """Return the question."""
        return f"answer: {self.question}"


class Compute(Request, frozen=True, kw_only=True, tag="compute"):
    """Ask nothing outside: `values` are readings of other steps as plain JSON values."""

    values: dict[str, Any]

    def printed(self) -> str:
        """Return what it is computed from."""
        return f"computed from {', '.join(sorted(self.values))}"


class RunRunbook(Request, frozen=True, kw_only=True, tag="runbook"):
    """Run another runbook, as a run of its own; its diagnosis is the evidence."""

    runbook: str
    inputs: dict[str, list[str]]

    def printed(self) -> str:
        """Return the command line."""
        given = [f"-i {name}={shlex.quote(','.join(values))}" for name, values in self.inputs.items()]
        return " ".join(["runbookctl run", self.runbook, *given])


AnyRequest = NodeCommand | ReadFile | KubernetesGet | KubernetesLog | PromQuery | NvmlRead | Ask | Compute | RunRunbook


# --- evidence: the raw answer ------------------------------------------------------------------------------------


class Origin(StrEnum):
    """Where evidence comes from."""

    LIVE = "live"
    BUNDLE = "bundle"
    PASTED = "pasted"
    RECORDING = "recording"


class Writer(StrEnum):
    """Who can write what the evidence says (threat model S3)."""

    KERNEL = "kernel"
    NODE = "node"
    API = "api"
    WORKLOAD = "workload"
    PERSON = "person"


class Missing(Struct, frozen=True, kw_only=True):
    """No answer: `why` in one phrase (`403: User "x" cannot list "pods"`), `obtain` the command that would get it."""

    why: str
    obtain: str = ""
    kind: Literal["failed", "refused", "timeout", "not asked", "not given", "unreadable"] = "failed"


class Shortening(Struct, frozen=True, kw_only=True):
    """What was left out of a stored body, said with its size."""

    bytes: int  # bytes left out
    lines: int  # lines left out
    whole_bytes: int  # size before
    whole_sha256: str  # keyed hash of the whole (threat model S9), empty when unknown
    harmless: bool  # left-out lines hold nothing that any reader reads (a form's anchors were looked for)


class Evidence(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One raw answer as it was stored: redacted, bounded, hashed; or `missing` and why."""

    id: str  # e1, e2, ... within the run
    origin: Origin
    writer: Writer
    form: str
    subject: Subject  # what was asked about (live) or what the text names (pasted); never taken from an answer
    at: Time  # when it was asked
    steps: tuple[str, ...] = ()  # step ids of the runbook that share it (empty in analyze)
    item: Subject | None = None  # asked for this item of `each` only
    request: AnyRequest | None = None
    source: str = ""  # file name, or where it was read: "ssh gpu007", "stdin"
    sha256: str = ""  # over the stored bytes
    size: int = 0  # stored bytes
    took: float = 0.0  # seconds
    summary: str = ""  # what it holds, for people: "1 pod, 1 container"
    shortened: Shortening | None = None
    redactions: int = 0
    missing: Missing | None = None
    now: Time | None = None  # the latest time that a pasted piece itself names


class Raw(Struct, frozen=True, kw_only=True):
    """What a reader gets: the stored bytes and how to take them. Nothing else reaches a reader."""

    body: bytes
    form: str
    at: Time  # now, for texts that print ages or need a year
    subject: Subject = Subject()
    request: AnyRequest | None = None


class Cut(Struct, frozen=True, kw_only=True):
    """A reader says: more was there than this text tells.

    `before` bounds the time of what is unknown (None: any time). `ring` marks a log that merely begins later than the
    boot: pasted text is taken as whole all the same (language 1.9), a live log is not. `nothing` says that the text
    holds nothing of the probe's kind (pods, where events were looked for): pasted, it was not supplied.
    """

    before: Time | None = None
    ring: bool = False
    nothing: bool = False
    why: str = "cut short"
    subject: Subject = Subject()


class Skipped(Struct, frozen=True, kw_only=True):
    """A reader says: this line looks like mine and could not be read."""

    line: int
    text: str
    why: str


class Reading(Struct, frozen=True, kw_only=True):
    """Base of what `read` yields. A field is set, absent (None: known not to be) or unset (this source does not tell).

    Fields of a subclass default to UNSET, so that a text form leaves out what it does not print.
    """

    line: int | UnsetType = UNSET  # 1-based line of the evidence
    text: str | UnsetType = UNSET  # the line or message that says so


# --- the diagnosis: machine output `runbookctl/diagnosis/v1` -------------------------------------------------------


class Verdict(StrEnum):
    """The answer of a run."""

    CAUSES = "causes"
    CLEAR = "clear"
    UNKNOWN = "unknown"


class Proof(Struct, frozen=True, kw_only=True):
    """Evidence lines that make something true."""

    id: str
    sha256: str
    lines: tuple[int, ...] = ()


class Suggestion(Struct, frozen=True, kw_only=True):
    """A remediation that was proposed, rendered."""

    id: str
    risk: Literal["none", "low", "medium", "high"]
    commands: tuple[str, ...]
    title: str = ""
    runbook: str = ""
    touches: str | None = None
    limit: str | None = None
    approvals: int = 0
    verify: str = ""


class NotRuledOut(Struct, frozen=True, kw_only=True):
    """What could still rule a cause out, and the command that would tell."""

    what: str
    obtain: str


class Shown(Struct, frozen=True, kw_only=True):
    """One line of proof for people: a line of text (`line`), or a field with its value."""

    id: str  # evidence
    line: int | None = None
    field: str = ""
    value: str = ""


class Cause(Struct, frozen=True, kw_only=True):
    """A cause that holds. `explained_by` names the codes of the true causes that explain it (empty: a root)."""

    code: str
    root: bool
    rank: int
    runbook: str
    subject: str
    summary: str
    because: tuple[str, ...]
    evidence: tuple[Proof, ...]
    remediations: tuple[Suggestion, ...]
    subjects: tuple[str, ...]
    not_ruled_out: tuple[NotRuledOut, ...]
    id: str = ""
    explained_by: tuple[str, ...] = ()
    began: Time | None = None
    proof: tuple[Shown, ...] = ()


class Finding(Struct, frozen=True, kw_only=True):
    """A named expression for one item."""

    id: str
    runbook: str
    subject: str
    value: bool | None
    why: str


class Unknown(Struct, frozen=True, kw_only=True):
    """Evidence that is missing, what it would decide and how to get it."""

    what: str
    subject: str
    why: str
    decides: tuple[str, ...]
    obtain: str
    could_change: bool = True
    given: bool = True  # False: analyze was simply not given it
    runbook: str = ""
    title: str = ""


class Diagnosis(Struct, frozen=True, kw_only=True):
    """What one run found; `schema` names its stable JSON form."""

    schema: str = "runbookctl/diagnosis/v1"
    run: str
    verdict: Verdict
    causes: tuple[Cause, ...] = ()
    findings: tuple[Finding, ...] = ()
    unknown: tuple[Unknown, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    runbooks: tuple[str, ...] = ()  # those that counted
    not_judged: tuple[str, ...] = ()  # runbooks that found nothing of theirs in the evidence
    inputs: dict[str, Any] = {}
    at: Time | None = None
    took: float = 0.0
    stored: bool = True
    version: str = ""
    texts: dict[str, dict[str, str]] = {}  # language -> text of a runbook as above -> the same in that language


def to_json(value: Any) -> bytes:
    """Return JSON (UTF-8, fields and keys in the order they were written): the bytes that are hashed and shown."""
    return msgspec.json.encode(value)
