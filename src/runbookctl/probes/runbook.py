"""Run another runbook: its causes are readings.

Pure. It is a run of its own in the journal, with its own evidence.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType

from runbookctl import model
from runbookctl.forms import diagnosis
from runbookctl.model import Cut, Raw, RunRunbook, Subject

FORMS = ("diagnosis",)
SUBJECT = {
    "node": "node", "gpu": "gpu", "namespace": "namespace", "pod": "pod", "container": "container",
    "service": "service",
}  # fmt: skip
KIND = "state"
ONE = False
KEY = ("code",)

# How the subject of a diagnosis is printed: `container/ml/trainer-0/app`, `gpu/gpu-7/0000:3b:00`, `node/gpu-7`.
_LEVELS = {
    "node": ("node",), "gpu": ("node", "gpu"), "namespace": ("namespace",), "pod": ("namespace", "pod"),
    "container": ("namespace", "pod", "container"), "service": ("namespace", "service"),
}  # fmt: skip


class Params(Struct, frozen=True, forbid_unknown_fields=True):
    """Which runbook, with which inputs (text, or a list of texts)."""

    runbook: str
    inputs: dict[str, str | list[str]] = {}


class Reading(model.Reading, frozen=True, kw_only=True):
    """One cause that the other runbook found."""

    code: Annotated[str, Meta(description="cause code")]
    root: bool | UnsetType = UNSET
    summary: str | UnsetType = UNSET
    node: str | UnsetType = UNSET
    gpu: str | UnsetType = UNSET
    namespace: str | UnsetType = UNSET
    pod: str | UnsetType = UNSET
    container: str | UnsetType = UNSET
    service: str | UnsetType = UNSET


def request(params: Params) -> RunRunbook:
    """Ask for a run of the runbook."""
    inputs = {name: [value] if isinstance(value, str) else value for name, value in params.inputs.items()}
    return RunRunbook(form="diagnosis", runbook=params.runbook, inputs=inputs)


def read(raw: Raw) -> Iterator[Reading | Cut]:
    """Read one reading per cause; a verdict `unknown` means that there may be causes that it could not see."""
    document = diagnosis.decode(raw)
    causes = document.get("causes")
    for cause in causes if isinstance(causes, list) else ():
        if isinstance(cause, dict) and isinstance(cause.get("code"), str):
            yield Reading(
                code=cause["code"],
                root=cause["root"] if isinstance(cause.get("root"), bool) else UNSET,
                summary=str(cause.get("summary", "")),
                **_subject(cause.get("subject")),
            )
    if document.get("verdict") == "unknown":
        yield Cut(why="that runbook could not decide")


def _subject(printed: Any) -> dict[str, Any]:
    level, _, rest = printed.partition("/") if isinstance(printed, str) else ("", "", "")
    names = _LEVELS.get(level, ())
    parts = rest.split("/")
    return dict(zip(names, parts, strict=True)) if len(names) == len(parts) else {}


def obtain(subject: Subject) -> str:
    """Return the command that lists the runbooks."""
    return f"runbookctl list  # then run the one that judges {subject}"
