"""Version and state of NVIDIA's fabric manager on a node.

Pure. A machine without NVSwitch has none, and that is well: state `absent` or `not_needed`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from runbookctl import model
from runbookctl.forms import fabric_manager
from runbookctl.forms.fabric_manager import UNIT, State
from runbookctl.model import Cut, NodeCommand, Raw, Request, Subject, Version

FORMS = ("fabric_manager",)
SUBJECT = {"node": "node"}
KIND = "state"
ONE = True

_STATUS_CODES = (0, 3, 4)  # running, not running, no such unit: systemctl(1), EXIT STATUS


class Params(Struct, frozen=True, forbid_unknown_fields=True):
    """Which node; this machine when none is named."""

    node: str | None = None


class Reading(model.Reading, frozen=True, kw_only=True):
    """The fabric manager of one node."""

    node: str | UnsetType = UNSET
    version: Annotated[Version | UnsetType | None, Meta(description="its version; absent when it is not installed")] = (
        UNSET
    )
    state: Annotated[
        State | UnsetType, Meta(description="not_needed: it ended, there is no NVSwitch", extra={"path": "Active"})
    ] = UNSET
    driver: Annotated[Version | UnsetType, Meta(description="version of the driver that it found and refused")] = UNSET


def request(params: Params) -> tuple[Request, ...]:
    """Ask systemd for the unit, and the program for its version."""
    status = ("systemctl", "status", "--no-pager", "-n", "30", UNIT)
    return (
        NodeCommand(form="fabric_manager", node=params.node, argv=status, accept=_STATUS_CODES),
        NodeCommand(form="fabric_manager", node=params.node, argv=("nv-fabricmanager", "--version")),
    )


def obtain(subject: Subject) -> str:
    """Return the command that prints the unit's status on the subject's node."""
    return NodeCommand(form="fabric_manager", node=subject.node, argv=("systemctl", "status", UNIT)).printed()


def read(raw: Raw) -> Iterator[Reading | Cut]:
    """Read `Active: failed (Result: exit-code)` and `Fabric Manager version is : 550.127.05`."""
    told, cut = fabric_manager.parse(raw)
    if told is not None:
        yield Reading(
            line=told.line or UNSET,
            text=told.text or UNSET,
            node=raw.subject.node or UNSET,
            version=told.version,
            state=told.state,
            driver=told.driver,
        )
    else:
        yield Cut(nothing=True, why="it does not tell about the fabric manager")
    if cut:
        yield Cut(why="the text was cut short")
