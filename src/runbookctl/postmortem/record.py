"""The record of one run: what a document may say. Values only; the engine or the journal fills it."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct

from runbookctl.model import Diagnosis, Time

Precision = Literal["second", "minute", "day", "unknown"]
Confidence = Literal["high", "medium", "low"]
Kind = Literal["signal", "decision", "action", "communication", "state change", "observation", "note"]

MILESTONES = (
    "trigger", "impact_start", "detected", "declared", "acknowledged", "diagnosed", "mitigation_started", "mitigated",
    "resolved", "closed",
)  # fmt: skip
"""In the order in which they are defined to happen. Source: design notes, postmortem structure, section 3."""


class StepEvent(Struct, frozen=True, kw_only=True):
    """One step as it was asked. `says` is its summary, or why it is missing; `item` the subject it was asked for."""

    id: str
    title: str
    at: Time
    state: Literal["read", "cut short", "missing", "skipped"]
    took: float = 0.0  # seconds
    evidence: tuple[str, ...] = ()
    says: str = ""
    item: str = ""


class Moment(Struct, frozen=True, kw_only=True):
    """One reading with a time: a kernel line, an event, the end of a container. `text` is what the evidence says."""

    text: str
    evidence: str  # id, "e3"
    at: Time | None = None
    until: Time | None = None
    precision: Precision = "second"
    line: int | None = None
    kind: Kind = "signal"
    subject: str = ""


class Excerpt(Struct, frozen=True, kw_only=True):
    """One stored line of evidence, as it stands there."""

    evidence: str
    line: int
    text: str


class Note(Struct, frozen=True, kw_only=True):
    """What a person wrote down, with the time they gave it."""

    at: Time
    author: str
    text: str
    kind: Kind = "note"


class Mark(Struct, frozen=True, kw_only=True):
    """A milestone that somebody set. `by` says who or what; without `at`, `why` says why it is not known."""

    milestone: str  # one of MILESTONES
    at: Time | None = None
    precision: Precision = "second"
    by: str = ""
    confidence: Confidence = "high"
    why: str = ""


class Record(Struct, frozen=True, kw_only=True):
    """One run, as it was recorded."""

    run: str
    diagnosis: Diagnosis
    started: Time
    ended: Time | None = None  # None: it was cut off
    runbook: str = ""  # empty: analyze
    title: str = ""
    version: str = ""  # of runbookctl
    mode: Literal["personal", "broker"] = "personal"  # whose credentials acted (threat model S1)
    strength: Literal["asserted", "chat-verified", "signed"] = "asserted"  # how sure it is who `actor` is
    actor: str = ""
    inputs: dict[str, Any] = {}
    steps: tuple[StepEvent, ...] = ()
    moments: tuple[Moment, ...] = ()
    excerpts: tuple[Excerpt, ...] = ()
    notes: tuple[Note, ...] = ()
    marks: tuple[Mark, ...] = ()
    severity: str = ""
    owner: str = ""  # of the document
    drill: bool = False
    chain: str = ""  # head of the journal's hash chain
    clock: str = ""  # what is known about the clocks of the machines that were read
