"""Two answers about the state of one subject are one reading, field by field."""

from __future__ import annotations

from runbookctl.engine.answers import _merge
from runbookctl.language.values import Row
from runbookctl.model import Subject
from runbookctl.probes.serving import latency
from runbookctl.probes.serving._layers import Layers

SERVICE = Subject(namespace="ml", service="chat")


def row(evidence: str, reading: latency.Reading) -> Row:
    """Give a reading its place."""
    return Row(reading, step="latency", evidence=evidence, subject=SERVICE)


def test_an_answer_without_a_baseline_does_not_take_away_the_baseline_of_another() -> None:
    """What the later answer does not say is kept from the earlier one; what both say is the later one's."""
    first = latency.Reading(before=Layers(p99=0.5), p99=0.7)
    second = latency.Reading(p99=1.5)
    merged = _merge([row("e1", first), row("e2", second)]).reading
    assert isinstance(merged, latency.Reading)
    assert (merged.before.p99, merged.p99) == (0.5, 1.5)
