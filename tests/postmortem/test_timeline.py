"""The timeline and the impact: what happened when, who says so, what was counted."""

from __future__ import annotations

import datetime as dt

import pytest
from msgspec import structs

from runbookctl.model import Subject, Writer
from runbookctl.postmortem.impact import effects, hit
from runbookctl.postmortem.record import Moment, Record
from runbookctl.postmortem.timeline import began_before, confidence_in, rows


def test_rows_are_in_the_order_of_time_and_undated_ones_last(full: Record) -> None:
    """By time, then in the order of the record; what has no time is not dropped."""
    made = rows(full)
    times = [row.at for row in made if row.at is not None]
    assert times == sorted(times)
    assert [row.text for row in made if row.at is None] == ["NVRM: Xid (PCI:0000:3b:00): 79"]
    assert made[-1].at is None
    assert made[-1].precision == "unknown"
    same = [row.text for row in made if row.at == full.started]
    assert same[0] == "run r-4kx9 of k8s/oom-crashloop starts"


def test_each_row_says_where_it_comes_from(full: Record) -> None:
    """Evidence with its line and hash, a run, a note with its author."""
    by_text = {row.text: row for row in rows(full)}
    log = by_text["allocated 24 MiB"]
    assert (log.source.type, log.source.ref, log.source.sha256[:4]) == ("log line", "e3:3", "2ad0")
    assert log.quoted
    note = by_text["train-0 lost, restarted"]
    assert (note.kind, note.source.type, note.actor, note.confidence) == ("note", "human note", "req", "low")
    run = by_text["run r-4kx9 of k8s/oom-crashloop starts"]
    assert (run.kind, run.actor, run.source.ref) == ("action", "req", "r-4kx9")
    step = by_text["Read the kernel log: cut short: 61 lines"]
    assert (step.kind, step.actor, step.source.ref) == ("observation", "runbookctl", "e5")
    proven = by_text["container_oom_killed is proven on container/ml/trainer-56798c6f7b-9mlfq/trainer"]
    assert (proven.at, proven.kind) == (full.ended, "observation")
    assert all(row.source.ref for row in rows(full))


def test_what_was_read_of_the_past_was_added_later(full: Record) -> None:
    """The responders did not know it when it happened; what the run did, they knew."""
    made = rows(full)
    assert {row.text for row in made if row.added_later} == {
        "allocated 24 MiB", "BackOff",
        "container_oom_killed on container/ml/trainer-56798c6f7b-9mlfq/trainer begins, by its evidence",
    }  # fmt: skip


def test_a_beginning_that_a_reading_tells_is_told_once(full: Record) -> None:
    """No second row for the same evidence at the same time."""
    end = Moment(at=dt.datetime(2026, 11, 22, 2, 47, 35, tzinfo=dt.UTC), text="OOMKilled, exit 137", evidence="e1")
    with_end = structs.replace(full, moments=(*full.moments, end))
    assert sum(row.at == end.at for row in rows(with_end)) == 1
    assert sum(row.at == end.at for row in rows(full)) == 1


def test_two_sources_of_one_event_stay_two_rows(full: Record) -> None:
    """The kernel and the kubelet both keep their word."""
    other = structs.replace(full.moments[0], evidence="e5", text="Memory cgroup out of memory")
    made = rows(structs.replace(full, moments=(*full.moments, other)))
    assert sum(row.at == other.at for row in made) == 2


@pytest.mark.parametrize(
    ("writer", "confidence"),
    [
        (Writer.KERNEL, "high"),
        (Writer.API, "high"),
        (Writer.NODE, "medium"),
        (Writer.WORKLOAD, "low"),
        (Writer.PERSON, "low"),
    ],
)
def test_confidence_follows_the_writer(full: Record, writer: Writer, confidence: str) -> None:
    """What a workload can write is believed least (threat model S3)."""
    assert confidence_in(structs.replace(full.diagnosis.evidence[0], writer=writer)) == confidence
    assert confidence_in(None) == "low"


def test_a_timeline_that_begins_with_the_run_says_so(full: Record, empty: Record) -> None:
    """Nothing before the detection is a statement, never silence."""
    assert began_before(full)
    assert not began_before(empty)


def test_impact_counts_what_the_causes_name(full: Record) -> None:
    """A container counts for its pod, a GPU for its node; restarts come from the proof."""
    known = {effect.what: effect for effect in effects(full) if effect.value is not None}
    assert {what: effect.value for what, effect in known.items()} == {
        "pods": 1, "containers": 1, "nodes": 1, "GPUs": 1, "restarts of containers": 2,
    }  # fmt: skip
    assert known["restarts of containers"].source == "e1"
    assert known["restarts of containers"].window == "at 2026-11-22 02:47:51Z"
    assert known["pods"].window == "2026-11-22 02:47:35Z to 2026-11-22 02:47:51Z"
    assert all(effect.unit and effect.window and effect.source and effect.measured for effect in known.values())


def test_what_nothing_measured_is_unknown_with_its_why(empty: Record) -> None:
    """Failed requests, latency, GPU hours, budget and lost data are never left out."""
    made = effects(empty)
    assert all(effect.value is None and effect.why for effect in made)
    assert len(made) == 12


def test_a_fleet_is_counted_against_what_was_asked(full: Record) -> None:
    """3 of 5 nodes: the whole is said with the part."""
    piece = full.diagnosis.evidence[2]
    pieces = tuple(structs.replace(piece, id=f"e{number}", subject=Subject(node=f"gpu{number}")) for number in range(5))
    cause = structs.replace(
        full.diagnosis.causes[1], root=True, subject="node/gpu0", subjects=("node/gpu0", "node/gpu1", "node/gpu2")
    )
    fleet = structs.replace(full, diagnosis=structs.replace(full.diagnosis, evidence=pieces, causes=(cause,)))
    nodes = next(effect for effect in effects(fleet) if effect.what == "nodes")
    assert (nodes.value, nodes.of) == (3, 5)
    assert sorted(hit(fleet)["node"]) == ["gpu0", "gpu1", "gpu2"]
