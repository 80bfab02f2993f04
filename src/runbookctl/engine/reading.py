"""From stored evidence to readings: calls a probe's `read` and says whom each reading is about. Pure.

Readers see the stored, redacted bytes (threat model S8). The subject of a live answer comes from the request, never
from the answer (S10).
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from msgspec import UNSET, Struct

from runbookctl import probes
from runbookctl.engine import subjects
from runbookctl.model import Cut, Evidence, Origin, Raw, Reading, Skipped, Subject

if TYPE_CHECKING:
    from types import ModuleType

MOST_READINGS = 250_000
COMPUTED = "computed"  # the form of what a step computes from other steps, asking nothing outside


class Told(Struct, frozen=True):
    """One reading of one evidence, and whom it is about."""

    reading: Reading
    subject: Subject


class Gap(Struct, frozen=True):
    """Something of the evidence is not known: it was cut, or could not be read."""

    cut: Cut
    subject: Subject


class Answer(Struct, frozen=True):
    """What one probe makes of one evidence."""

    evidence: Evidence
    told: tuple[Told, ...] = ()
    gaps: tuple[Gap, ...] = ()
    skipped: tuple[Skipped, ...] = ()

    @property
    def nothing(self) -> bool:
        """Tell whether the text holds nothing of the probe's kind: objects of other kinds, for one."""
        if self.told or self.skipped:
            return False
        if not self.gaps:
            return self.evidence.form == "kubernetes_objects"
        return any(gap.cut.nothing for gap in self.gaps)


def read(probe: str, evidence: Evidence, body: bytes, now: dt.datetime | None = None) -> Answer:
    """Read one evidence with one probe; `now` is for pasted texts that name no time themselves.

    A reader that fails is a gap, never an error of the run.
    """
    module = probes.load(probe)
    assert module is not None, probe  # the loader knows every probe
    raw = Raw(
        body=body,
        form=evidence.form,
        at=evidence.now or now or evidence.at,
        subject=evidence.subject,
        request=evidence.request,
    )
    told: list[Told] = []
    gaps: list[Gap] = []
    skipped: list[Skipped] = []
    try:
        for one in module.read(raw):
            match one:
                case Cut():
                    gaps.append(Gap(one, _gap_subject(one.subject, evidence)))
                case Skipped():
                    skipped.append(one)
                case Reading():
                    told.append(Told(one, subject_of(module, one, evidence)))
            if len(told) >= MOST_READINGS:
                gaps.append(Gap(Cut(why=f"only the first {MOST_READINGS:,} readings were taken"), evidence.subject))
                break
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError) as error:
        # A text that our own reader stumbles over is not known; what it read before that stands.
        gaps.append(Gap(Cut(why=f"{probe} could not read on ({type(error).__name__})"), evidence.subject))
    return Answer(evidence, tuple(told), tuple(gaps), tuple(skipped))


def subject_of(module: ModuleType, reading: Reading, evidence: Evidence) -> Subject:
    """Return whom a reading is about: its own names, under what was asked about."""
    own: dict[str, str] = {}
    for key, field in module.SUBJECT.items():
        value = getattr(reading, field, UNSET)
        if isinstance(value, str) and value:
            own[key] = value
    asked = subjects.keys(evidence.subject)
    if not own:
        unnamed_machine = machine_level(module) and subjects.unnamed(evidence.subject)
        return Subject() if unnamed_machine else evidence.subject
    if evidence.origin in (Origin.LIVE, Origin.BUNDLE) and evidence.request is not None:
        own.update({key: asked[key] for key in ("cluster", "node") if key in asked})
    elif subjects.deepest(evidence.subject) in ("node", "cluster"):
        own.setdefault("node", asked["node"]) if "node" in asked else None
    return Subject(**own)


def machine_level(module: ModuleType) -> bool:
    """Tell whether a probe reads a whole machine: pasted without a name, its texts are all of one machine."""
    return "node" in module.SUBJECT and not {"pod", "container"} & set(module.SUBJECT)


def _gap_subject(named: Subject, evidence: Evidence) -> Subject:
    return named if subjects.keys(named) else evidence.subject
