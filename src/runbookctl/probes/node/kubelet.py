"""Whether a machine answers and what its kubelet and container runtime do, as systemd or a failed call tells.

Pure: reads `systemctl status` and the errors that kubectl prints when the API server cannot reach a kubelet: a refused
connection means that the machine is up and no kubelet listens. Source: Go's net package, errors of connect(2).
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import Annotated, Literal

import re2
from msgspec import UNSET, Meta, Struct, UnsetType

from runbookctl import model
from runbookctl.errors import InputError
from runbookctl.forms import kubectl_error, systemd_unit
from runbookctl.forms.lines import Gap
from runbookctl.forms.systemd_unit import Unit
from runbookctl.model import Cut, NodeCommand, Raw, Request, Subject, Time

FORMS = ("systemd_unit", "kubectl_error")
SUBJECT = {"node": "node"}
KIND = "event"
ONE = False

UNITS = ("kubelet", "containerd", "crio")
_OURS = frozenset(
    {*UNITS, "docker", "cri-docker", "k3s", "k3s-agent", "rke2-agent", "rke2-server", "snap.kubelet.daemon"}
)
_KUBELETS = frozenset({"kubelet", "k3s", "k3s-agent", "rke2-agent", "rke2-server", "snap.kubelet.daemon"})
_STATUS_CODES = (0, 3, 4)  # running, not running, no such unit: systemctl(1), EXIT STATUS
# worker-gpu-01
_NODE_NAME = re2.compile(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?")
# Get "https://10.244.0.1:10250/containerLogs/ml/a/b": dial tcp 10.244.0.1:10250: connect: connection refused
_DIAL = re2.compile(
    r"dial tcp (\[?[0-9a-fA-F.:%]{2,60}\]?):10250: "
    r"(?:connect: )?"
    r"(connection refused|no route to host|network is unreachable|host is down|i/o timeout|operation timed out)"
)

_Text = str | UnsetType | None


class Params(Struct, frozen=True, forbid_unknown_fields=True):
    """Which node."""

    node: str


class Reading(model.Reading, frozen=True, kw_only=True):
    """One unit of the machine, or one attempt to reach its kubelet."""

    node: _Text = UNSET
    unit: Annotated[Literal["kubelet", "runtime"], Meta(description="whose state this is")] = "kubelet"
    state: Annotated[
        Literal["running", "stopped", "failed", "restarting", "absent"] | UnsetType,
        Meta(description="restarting: it ends and systemd starts it again; not told by a failed call"),
    ] = UNSET
    machine: Annotated[
        Literal["answers", "unreachable"],
        Meta(description="whether the machine itself answers; a call that ran into a time-out does not tell why"),
    ] = "answers"
    result: Annotated[_Text, Meta(description="how it ended, as systemd names it: exit-code, oom-kill")] = UNSET
    name: Annotated[_Text, Meta(description="the unit: kubelet, containerd")] = UNSET
    address: Annotated[_Text, Meta(description="address that was called")] = UNSET
    time: Annotated[Time | None, Meta(description="since when; absent where it is not told")] = None


def request(params: Params) -> Request:
    """Ask systemd on the node; raises InputError for what is no name of a node (S11)."""
    if not _NODE_NAME.fullmatch(params.node):
        raise InputError(f"{params.node!r} is no name of a node")
    argv = ("systemctl", "status", "--no-pager", "-n", "20", *UNITS)
    return NodeCommand(form="systemd_unit", node=params.node, argv=argv, accept=_STATUS_CODES)


def obtain(subject: Subject) -> str:
    """Return the command that tells what the kubelet of the subject's node does and says."""
    look = "systemctl status kubelet containerd; journalctl -u kubelet -n 200"
    return f"ssh {shlex.quote(subject.node)} {shlex.quote(look)}" if subject.node else look


def read(raw: Raw) -> Iterator[Reading | Cut]:
    """Read units of the kubelet and of container runtimes, or calls to port 10250 that failed."""
    told = False
    for one in _of_units(raw) if raw.form == "systemd_unit" else _of_errors(raw):
        told = told or isinstance(one, Reading)
        yield one
    if not told and raw.request is None:
        yield Cut(why="nothing of a kubelet in it", nothing=True)


def _of_units(raw: Raw) -> Iterator[Reading | Cut]:
    found = list(systemd_unit.units(raw))
    if any(isinstance(one, Gap) and not one.harmless for one in found):
        yield Cut(why="lines are left out")
    there = {one.name for one in found if isinstance(one, Unit) and one.state != "absent"}
    for one in found:
        if not isinstance(one, Unit) or one.name not in _OURS:
            continue
        kubelet = one.name in _KUBELETS
        if one.state == "absent" and (not kubelet or there & _KUBELETS or raw.request is not None):
            continue  # of several runtimes one is there; some distributions call the kubelet by another name
        yield Reading(
            line=one.line, text=one.text, node=raw.subject.node or UNSET, name=one.name,
            unit="kubelet" if kubelet else "runtime", state=_state(one), result=one.result or None, time=one.since,
        )  # fmt: skip


def _state(unit: Unit) -> Literal["running", "stopped", "failed", "restarting", "absent"] | UnsetType:
    if unit.sub == "auto-restart":
        return "restarting"
    match unit.state:
        case "active" | "reloading":
            return "running"
        case "inactive" | "deactivating":
            return "stopped"
        case "failed" | "maintenance":
            return "failed"
        case "absent":
            return "absent"
    return UNSET  # activating: nobody knows yet


def _of_errors(raw: Raw) -> Iterator[Reading]:
    for error in kubectl_error.errors(raw):
        match = _DIAL.search(error.message) if ":10250" in error.message else None
        if match:
            yield Reading(
                line=error.line, text=error.message, node=raw.subject.node or UNSET, address=match[1],
                machine="answers" if match[2] == "connection refused" else "unreachable",
            )  # fmt: skip
