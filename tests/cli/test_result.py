"""The text of a diagnosis: the answer first, a command last, everything provable, nothing cut that can be typed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec import structs

from runbookctl.cli.foreign import cells
from runbookctl.cli.line import plain
from runbookctl.cli.result import SCREEN, render
from runbookctl.cli.terminal import Layout
from runbookctl.model import (
    Cause,
    Diagnosis,
    Evidence,
    Finding,
    Missing,
    NotRuledOut,
    Origin,
    Proof,
    Shown,
    Subject,
    Suggestion,
    Unknown,
    Verdict,
    Writer,
)  # fmt: skip

RECORDINGS = Path(__file__).resolve().parents[1] / "recordings" / "cli"
NAMES = sorted(path.stem for path in RECORDINGS.glob("*.json"))
HOSTILE = "\x1b]52;c;aGk=\x07\x9b2J\u202e\u200b\r\x00\U000e0041"
Recorded = Callable[[str], Diagnosis]


def text(
    diagnosis: Diagnosis, width: int = 80, *, cuts: bool = True, lang: str = "en", everything: bool = False
) -> str:
    """Return the text of a diagnosis at a width."""
    return plain(render(diagnosis, Layout(width=width, cuts=cuts, lang=lang), everything=everything))


def commands(diagnosis: Diagnosis) -> set[str]:
    """Return every command a diagnosis proposes for a cause, or names for what is not known."""
    found = {each.obtain for each in diagnosis.unknown if each.obtain}
    return found | {line for cause in diagnosis.causes for each in cause.remediations for line in each.commands}


@pytest.mark.parametrize("name", NAMES)
def test_the_text_at_80_columns_is_the_recorded_one(name: str, recorded: Recorded) -> None:
    """The transcripts of the user guide hold, character by character."""
    assert text(recorded(name)) == (RECORDINGS / f"{name}.80.txt").read_text(encoding="utf-8")


def test_the_chinese_text_is_the_recorded_one(recorded: Recorded) -> None:
    """Labels are Chinese; codes, fields, evidence and commands stay as they are."""
    assert text(recorded("oom"), lang="zh") == (RECORDINGS / "oom.zh.80.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("width", [60, 72, 80, 100, 120])
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_no_line_but_a_command_or_an_id_is_wider_than_the_screen(
    name: str, width: int, lang: str, recorded: Recorded
) -> None:
    """From 60 to 120 columns everything fits; only commands and lines that are one id run over."""
    diagnosis = recorded(name)
    unbroken = commands(diagnosis)
    for line in text(diagnosis, width, lang=lang).splitlines():
        bare = line.strip()
        is_command = any(command in bare for command in unbroken) or bare.startswith(
            "runbookctl run gpu/xid-ecc --on '"
        )
        assert cells(line) <= width or is_command or line.startswith(("Next", "下一步")) or " " not in bare, line


@pytest.mark.parametrize("width", [40, 60, 80, 120])
@pytest.mark.parametrize("name", NAMES)
def test_ids_subjects_and_commands_are_never_cut(name: str, width: int, recorded: Recorded) -> None:
    """At any width the code, the subject and each printed command stand unbroken."""
    diagnosis = recorded(name)
    lines = [line.strip() for line in text(diagnosis, width).splitlines()]
    if len(diagnosis.causes) == 1:
        cause = diagnosis.causes[0]
        assert any(cause.subject in line for line in lines)
        assert any(cause.code in line for line in lines)
        assert {line for each in cause.remediations[:1] for line in each.commands} <= set(lines)
    assert {each.obtain for each in diagnosis.unknown if each.could_change and len(diagnosis.unknown) < 5} <= set(lines)


@pytest.mark.parametrize("name", NAMES)
def test_a_pipe_cuts_nothing(name: str, recorded: Recorded) -> None:
    """In a pipe every quoted evidence is whole, and otherwise the text is that of a terminal."""
    diagnosis = recorded(name)
    piped = text(diagnosis, cuts=False)
    for cause in diagnosis.causes:
        for row in cause.proof:
            assert row.value.strip() in piped
    kept = [line for line in text(diagnosis).splitlines() if " ... " not in line]
    assert set(kept) <= set(piped.splitlines())


@pytest.mark.parametrize("name", [name for name in NAMES if name != "fleet"])
@pytest.mark.parametrize("width", [80, 120])
def test_one_cause_fits_a_24_line_screen(name: str, width: int, recorded: Recorded) -> None:
    """The verdict and the next command are on the same screen."""
    assert len(text(recorded(name), width).splitlines()) <= SCREEN


def test_512_nodes_fit_one_screen(recorded: Recorded) -> None:
    """What is equal is folded, so a fleet is one screen too, and says how many nodes are unknown."""
    found = text(recorded("fleet")).splitlines()
    assert len(found) <= SCREEN
    assert found[0] == "CAUSE  2 causes on 3 of 512 nodes; 505 clear; 4 unknown"


@pytest.mark.parametrize("name", NAMES)
def test_the_english_text_is_ascii(name: str, recorded: Recorded) -> None:
    """Nothing but evidence needs more than ASCII."""
    assert text(recorded(name)).isascii()


@pytest.mark.parametrize("name", NAMES)
def test_the_first_word_is_the_verdict_and_no_line_is_empty(name: str, recorded: Recorded) -> None:
    """Programs find the verdict at the beginning of the first line; there are no blank lines inside."""
    diagnosis = recorded(name)
    lines = text(diagnosis).splitlines()
    words = {Verdict.CAUSES: "CAUSE", Verdict.CLEAR: "CLEAR", Verdict.UNKNOWN: "UNKNOWN"}
    assert lines[0].split("  ")[0] == words[diagnosis.verdict]
    assert all(lines)


@pytest.mark.parametrize("name", NAMES)
def test_the_last_line_is_one_command_unless_nothing_is_wrong(name: str, recorded: Recorded) -> None:
    """A tired reader pastes the last line; CLEAR asks for nothing."""
    diagnosis = recorded(name)
    last = text(diagnosis).splitlines()[-1]
    assert last.startswith("Run   " if diagnosis.verdict is Verdict.CLEAR else "Next  ")


# --- built diagnoses ----------------------------------------------------------------------------------------------


def cause(code: str, subject: str, **more: object) -> Cause:
    """Return a root cause with little in it."""
    fields = {
        "code": code, "root": True, "rank": 1, "runbook": "a/b", "subject": subject, "summary": "", "because": (),
        "evidence": (), "remediations": (), "subjects": (subject,), "not_ruled_out": (),
    }  # fmt: skip
    return Cause(**(fields | more))  # type: ignore[arg-type]


def evidence(name: str = "e1", **more: object) -> Evidence:
    """Return a pasted evidence."""
    import datetime as dt

    fields = {
        "id": name, "origin": Origin.PASTED, "writer": Writer.NODE, "form": "unrecognised", "subject": Subject(),
        "at": dt.datetime(2026, 11, 22, tzinfo=dt.UTC),
    }  # fmt: skip
    return Evidence(**(fields | more))  # type: ignore[arg-type]


def test_foreign_text_is_harmless_in_every_field() -> None:
    """A canary of control, bidirectional and invisible characters in every text never reaches the terminal."""
    bad = HOSTILE
    diagnosis = Diagnosis(
        run=f"r-1{bad}", verdict=Verdict.CAUSES, runbooks=(f"a/b{bad}",), not_judged=(f"c/d{bad}",),
        causes=(
            cause(
                f"code{bad}", f"pod/{bad}", summary=bad, proof=(Shown(id=f"e1{bad}", line=3, value=bad), Shown(id="e2", field=bad, value=bad)),
                remediations=(Suggestion(id=f"fix{bad}", risk="low", commands=(f"kubectl {bad}",), touches=bad), Suggestion(id="b", risk="none", commands=(), title=bad)),
                not_ruled_out=(NotRuledOut(what=f"step: {bad}", obtain=f"cat {bad}"),),
            ),
            cause(f"symptom{bad}", f"pod/{bad}", root=False, explained_by=(f"code{bad}",)),
        ),
        findings=(Finding(id=f"f{bad}", runbook="a/b", subject=bad, value=True, why=bad),),
        unknown=(Unknown(what=bad, subject=bad, why=bad, decides=(bad,), obtain=bad), Unknown(what=bad, subject=bad, why=bad, decides=(), obtain=bad, could_change=False)),
        evidence=(evidence(source=bad, subject=Subject(pod=bad), summary=bad),),
    )  # fmt: skip
    for verdict in Verdict:
        for width in (40, 80, 120):
            for everything in (False, True):
                found = text(structs.replace(diagnosis, verdict=verdict), width, everything=everything)
                assert not [char for char in found if not char.isprintable() and char != "\n"]


def test_symptoms_stand_under_what_explains_them() -> None:
    """A true cause that another one explains is listed with its subject, also when it is a symptom of a symptom."""
    diagnosis = Diagnosis(
        run="r-1", verdict=Verdict.CAUSES,
        causes=(
            cause("gpu_fell_off_bus", "gpu/n1/0000:3b:00"),
            cause("nccl_network_failure", "job/train", root=False, rank=2, explained_by=("gpu_fell_off_bus",)),
            cause("application_error", "container/ml/p/c", root=False, rank=3, explained_by=("nccl_network_failure",)),
        ),
    )  # fmt: skip
    found = text(diagnosis).splitlines()
    at = found.index("  Explains")
    assert found[at + 1 : at + 3] == [
        "    nccl_network_failure   job/train",
        "    application_error      container/ml/p/c",
    ]


def test_what_is_not_ruled_out_is_said_once_with_its_command() -> None:
    """A doubt about a cause is an open question; the same one among the unknowns is not repeated."""
    doubt = NotRuledOut(what="kernel: not given", obtain="ssh n1 dmesg")
    one = cause("container_oom_killed", "container/ml/p/c", not_ruled_out=(doubt,))
    lines = text(Diagnosis(run="r-1", verdict=Verdict.CAUSES, causes=(one,))).splitlines()
    assert "    kernel           not given. Could rule out container_oom_killed." in lines
    assert lines[-1] == "Next  ssh n1 dmesg"
    row = Unknown(
        what="kernel", subject="container/ml/p/c", why="not given", decides=("container_oom_killed",), obtain="ssh n1 dmesg",
        given=False, title="Read the kernel log of its node",
    )  # fmt: skip
    again = text(Diagnosis(run="r-1", verdict=Verdict.CAUSES, causes=(one,), unknown=(row,)))
    assert again.count("      ssh n1 dmesg") == 1
    assert "Read the kernel log of its node: not given. Could rule out" in again


def test_a_run_that_was_not_stored_says_so_and_repeats_itself() -> None:
    """Nothing can be made of a run that is in no journal, so the next command is the same again."""
    diagnosis = Diagnosis(run="r-1", verdict=Verdict.CAUSES, stored=False, causes=(cause("segfault", "pod/a/b"),))
    lines = plain(render(diagnosis, Layout(), again="runbookctl run k8s/x -i pod=b")).splitlines()
    assert "r-1, not stored" in lines[-2]
    assert lines[-1] == "Next  runbookctl run k8s/x -i pod=b"


def test_many_unknowns_keep_their_names_on_one_screen() -> None:
    """What cannot change the verdict shrinks to its names before anything that can."""
    rows = [
        Unknown(what=f"step{at}", subject="pod/a/b", why="nothing", decides=(), obtain=f"get {at}", could_change=False)
        for at in range(30)
    ]
    found = text(
        Diagnosis(run="r-1", verdict=Verdict.CAUSES, causes=(cause("segfault", "pod/a/b"),), unknown=tuple(rows))
    )
    assert len(found.splitlines()) <= SCREEN
    assert all(f"step{at}" in found for at in range(30))
    everything = text(
        Diagnosis(run="r-1", verdict=Verdict.CAUSES, causes=(cause("segfault", "pod/a/b"),), unknown=tuple(rows)),
        everything=True,
    )
    assert all(f"get {at}" in everything for at in range(30))


def test_all_lists_every_finding_by_name() -> None:
    """`--all` names what is true, unknown and false."""
    values = {"oom": True, "near": None, "late": False}
    found = tuple(
        Finding(id=name, runbook="a/b", subject="pod/a/b", value=value, why="") for name, value in values.items()
    )
    lines = text(
        Diagnosis(run="r-1", verdict=Verdict.CAUSES, causes=(cause("segfault", "pod/a/b"),), findings=found),
        everything=True,
    ).splitlines()
    assert {"    true: oom", "    unknown: near", "    false: late"} <= set(lines)


def test_two_causes_that_are_not_about_nodes_are_both_in_the_first_line() -> None:
    """The first line answers, whatever was asked."""
    two = (cause("container_oom_killed", "container/ml/a/c"), cause("gpu_fell_off_bus", "gpu/n1/0000:3b:00", rank=2))
    first = text(Diagnosis(run="r-1", verdict=Verdict.CAUSES, causes=two)).splitlines()[0]
    assert first == "CAUSE  2 causes: container_oom_killed, gpu_fell_off_bus"


def test_a_piece_that_nobody_knows_is_unknown_and_named() -> None:
    """A stranger among the pieces is told with its name and keeps the verdict open."""
    row = Unknown(
        what="notes.txt",
        subject="pasted/notes.txt",
        why="not recognised",
        decides=(),
        obtain="runbookctl analyze --help",
    )
    found = text(
        Diagnosis(run="r-1", verdict=Verdict.UNKNOWN, unknown=(row,), evidence=(evidence(source="notes.txt"),))
    )
    assert found.startswith("UNKNOWN  Nothing in what was given was recognised")
    assert "    notes.txt        not recognised." in found


def test_missing_evidence_is_not_counted_as_read() -> None:
    """Refused evidence counts among the steps, not among those that were read."""
    live = {"origin": Origin.LIVE, "form": "kubernetes_objects"}
    rows = (evidence("e1", steps=("a",), **live), evidence("e2", steps=("b",), missing=Missing(why="403"), **live))
    found = text(Diagnosis(run="r-1", verdict=Verdict.UNKNOWN, evidence=rows, runbooks=("k8s/node",)))
    assert "1 of 2 steps read" in found


def test_proof_without_shown_lines_is_the_evidence_itself() -> None:
    """A cause always names its evidence, even when nothing was made readable of it."""
    proven = cause("segfault", "pod/a/b", evidence=(Proof(id="e1", sha256="", lines=(7, 9)),))
    found = text(Diagnosis(run="r-1", verdict=Verdict.CAUSES, causes=(proven,)))
    assert "e1:7" in found
    assert "e1:9" in found
