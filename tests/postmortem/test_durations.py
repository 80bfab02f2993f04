"""Ten milestones, what lies between them, and what is not known."""

from __future__ import annotations

import datetime as dt

from msgspec import structs

from runbookctl.model import Diagnosis, Time, Verdict
from runbookctl.postmortem.durations import disorder, measures, milestones
from runbookctl.postmortem.record import MILESTONES, Mark, Record
from runbookctl.postmortem.units import span, stamp


def at(clock: str) -> Time:
    """Return a time of the day before new year."""
    return dt.datetime.fromisoformat(f"2026-11-22T{clock}+00:00")


def marked(*marks: Mark) -> Record:
    """Return a record with these milestones and nothing else."""
    return Record(
        run="r-1", started=at("03:00:00"), diagnosis=Diagnosis(run="r-1", verdict=Verdict.UNKNOWN), marks=marks
    )


def shown(record: Record) -> dict[str, str]:
    """Return the durations by name, as they are written."""
    found = measures(milestones(record))
    return {each.name: span(each.value, each.precision) if each.value is not None else each.why for each in found}


def test_all_ten_are_there_and_each_unknown_has_a_reason(empty: Record, full: Record) -> None:
    """None vanishes, none is invented."""
    for record in (empty, full):
        found = milestones(record)
        assert tuple(each.name for each in found) == MILESTONES
        assert all((each.at is None) == bool(each.why) for each in found)
        assert all(each.provenance for each in found if each.at is not None)


def test_a_run_tells_when_it_began_and_when_it_was_found_out(full: Record) -> None:
    """The beginning is that of the proof, the diagnosis the end of the run; an earlier sign is named beside it."""
    found = {each.name: each for each in milestones(full)}
    assert found["impact_start"].at == at("02:47:35")
    assert found["impact_start"].candidate == "earlier sign 2026-11-22 02:40:00Z, e1"
    assert found["diagnosed"].at == at("02:47:51")
    assert found["diagnosed"].provenance == "end of run r-4kx9"
    assert found["resolved"].why == "the owner has not answered"
    assert found["acknowledged"].candidate == "not after 2026-11-22 02:47:50Z (start of run r-4kx9)"


def test_a_run_without_a_cause_has_no_diagnosis(empty: Record) -> None:
    """Unknown stays unknown; a cut run says that it was cut."""
    found = {each.name: each for each in milestones(empty)}
    assert found["diagnosed"].why == "the run has no recorded end"
    ended = structs.replace(empty, ended=at("04:00:00"))
    assert {each.name: each for each in milestones(ended)}["diagnosed"].why == "the run did not find a cause"


def test_durations_are_differences_with_their_formula() -> None:
    """TTD, TTA, TTM and TTR as they are defined, the formula with both times beside the number."""
    record = marked(
        Mark(milestone="impact_start", at=at("02:51:18")), Mark(milestone="detected", at=at("02:52:05")),
        Mark(milestone="acknowledged", at=at("02:55:30")), Mark(milestone="diagnosed", at=at("02:58:52")),
        Mark(milestone="mitigated", at=at("03:07:10")), Mark(milestone="resolved", at=at("04:51:18")),
    )  # fmt: skip
    assert shown(record) == {
        "TTD, time to detect": "47s", "TTA, time to acknowledge": "3m25s", "time to diagnose": "3m22s",
        "start of impact to diagnosis": "7m34s", "TTM, time to mitigate": "15m52s", "TTR, time to resolve": "2h",
        "waiting for approval": "no approval was asked for",
    }  # fmt: skip
    assert (
        measures(milestones(record))[0].formula == "detected 2026-11-22 02:52:05Z - impact_start 2026-11-22 02:51:18Z"
    )
    assert (
        measures(milestones(record, "zh"), "zh")[4].formula
        == "止损 2026-11-22 03:07:10Z - 影响开始 2026-11-22 02:51:18Z"
    )
    assert disorder(milestones(record)) == ()


def test_a_negative_duration_is_shown_and_its_order_named() -> None:
    """An alert before the impact: -3m, not 0, and a sentence that a note must explain."""
    record = marked(Mark(milestone="impact_start", at=at("02:10:00")), Mark(milestone="detected", at=at("02:07:00")))
    assert shown(record)["TTD, time to detect"] == "-3m"
    told = disorder(milestones(record))
    assert told == (
        "detected (2026-11-22 02:07:00Z) lies before impact_start (2026-11-22 02:10:00Z); a note must explain it, it is not repaired",
    )


def test_an_open_incident_has_no_time_to_resolve() -> None:
    """TTR needs an end that somebody declared."""
    record = marked(Mark(milestone="impact_start", at=at("02:10:00")))
    assert shown(record)["TTR, time to resolve"] == "not known: resolved"


def test_a_time_to_the_day_shows_no_minutes() -> None:
    """Precision is never made up: neither in a time nor in a difference."""
    record = marked(
        Mark(milestone="impact_start", at=dt.datetime(2026, 11, 20, tzinfo=dt.UTC), precision="day"),
        Mark(milestone="detected", at=at("02:07:31"), precision="minute"),
        Mark(milestone="mitigated", at=at("03:00:00"), precision="unknown", why="only told"),
    )
    assert shown(record)["TTD, time to detect"] == "2d"
    assert stamp(dt.datetime(2026, 11, 20, tzinfo=dt.UTC), "day") == "2026-11-20"
    assert stamp(at("02:07:31"), "minute") == "2026-11-22 02:07Z"
    assert shown(record)["TTM, time to mitigate"] == "not known: mitigated"


def test_times_are_utc_whatever_zone_they_come_in() -> None:
    """A time of another zone is converted, and the date is always there."""
    shanghai = dt.timezone(dt.timedelta(hours=8))
    assert stamp(dt.datetime(2026, 11, 22, 10, 47, 35, tzinfo=shanghai)) == "2026-11-22 02:47:35Z"
    assert stamp(dt.datetime(2026, 1, 1, 1, 0, tzinfo=shanghai), "minute") == "2025-12-31 17:00Z"
