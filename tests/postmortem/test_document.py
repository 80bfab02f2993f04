"""The document: all sections, both languages, the same bytes, nothing unknown hidden."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from msgspec import structs

from runbookctl.errors import InputError
from runbookctl.model import Diagnosis, Evidence, Origin, Subject, Verdict, Writer
from runbookctl.postmortem import words
from runbookctl.postmortem.record import Record, StepEvent
from runbookctl.postmortem.render import render, shipped, state_of
from runbookctl.postmortem.sections import SECTIONS, fill_of

PARSER = MarkdownIt("gfm-like")


def headings(text: str, level: str = "h2") -> list[str]:
    """Return the headings of a level."""
    tokens = PARSER.parse(text)
    return [after.content for token, after in pairwise(tokens) if token.type == "heading_open" and token.tag == level]


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("which", ["full", "empty"])
def test_every_section_is_there_in_order_with_its_mark(lang: str, which: str, request: pytest.FixtureRequest) -> None:
    """An empty record and a full one have the same nineteen sections, each between its two comments."""
    record: Record = request.getfixturevalue(which)
    made = render(record, lang)
    assert headings(made) == [f"{section.number}. {section.zh if lang == 'zh' else section.en}" for section in SECTIONS]
    lines = made.split("\n")
    for section in SECTIONS:
        start, end = lines.index(f"<!-- section: {section.id} -->"), lines.index(f"<!-- /section: {section.id} -->")
        marks = {
            "filled": ("Filled by", "由程序根据记录填写"),
            "drafted": ("to confirm", "待确认"),
            "person": ("For a person", "需由人填写"),
        }
        assert marks[section.fill][lang == "zh"] in "\n".join(lines[start:end])
        body = [line for line in lines[start + 4 : end] if line and not line.startswith("<!--")]
        assert body, f"section {section.number} is empty"


def test_the_numbers_are_those_that_the_command_line_prints(full: Record) -> None:
    """Filled, drafted and for a person: together all of them."""
    assert fill_of(full) == {
        "filled": (0, 2, 7, 8, 17, 18),
        "drafted": (1, 3, 4, 5, 6, 11, 12, 14, 16),
        "person": (9, 10, 13, 15),
    }


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_same_record_gives_the_same_bytes(full: Record, lang: str) -> None:
    """Rendering twice, and in another process with another hash seed, changes nothing."""
    made = render(full, lang)
    assert render(full, lang) == made
    conftest = Path(__file__).with_name("conftest.py")
    script = (
        "import importlib.util, sys\n"
        f"spec = importlib.util.spec_from_file_location('records', {str(conftest)!r})\n"
        "records = importlib.util.module_from_spec(spec); spec.loader.exec_module(records)\n"
        "from runbookctl.postmortem.render import render\n"
        f"sys.stdout.buffer.write(render(records.full_record(), {lang!r}).encode())\n"
    )
    again = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        check=True,
        env={"PYTHONHASHSEED": "7", "TZ": "Asia/Shanghai"},
        timeout=60,
    )
    assert again.stdout.decode() == made


def test_both_languages_say_the_same(full: Record) -> None:
    """Times, codes, hashes and commands are the same in both; the sentences are not English in Chinese."""
    english, chinese = render(full, "en"), render(full, "zh")
    for text in (
        "container_oom_killed", "2026-11-22 02:47:35Z", "93e0de7ee298" + "0" * 52,
        "kubectl -n ml set resources deployment/trainer -c trainer --limits=memory=64Mi", "e3:3 | allocated 24 MiB",
    ):  # fmt: skip
        assert english.count(text) == chinese.count(text) > 0
    for text in ("no data", "Filled by", "Drafted", "unknown", "measured", "read only", "missing"):
        assert text not in chinese
    for text in (
        "容器达到自身内存上限",
        "影响开始",
        "止损",
        "复盘负责人",
        "行动项",
        "待确认",
        "无数据：",
        "促成因素",
        "演练",
    ):
        assert text in chinese


def test_both_languages_have_the_same_keys_and_the_same_holes() -> None:
    """A sentence of one language exists in the other, with the same values in it."""
    assert words.keys("en") == words.keys("zh")
    for key in words.keys("en"):
        english, chinese = (set(_holes(words.say(lang, key))) for lang in ("en", "zh"))
        assert english == chinese, key


def _holes(text: str) -> list[str]:
    return [part.partition("}")[0] for part in text.split("{")[1:]]


def test_both_templates_have_the_same_parts() -> None:
    """The templates differ in words only: the same statements in the same order, the same values."""

    def parts(lang: str) -> tuple[list[str], set[str]]:
        text = shipped("zh" if lang == "zh" else "en")
        statements = [part.partition("%}")[0].strip() for part in text.split("{%")[1:]]
        values = {part.partition("}}")[0].strip() for part in text.split("{{")[1:]}
        return statements, values

    english, chinese = parts("en"), parts("zh")
    assert english[0] == chinese[0]
    assert chinese[1] - english[1] == {"row.name"} - english[1]
    assert english[1] <= chinese[1]


def test_unknowns_are_printed_with_their_why(empty: Record) -> None:
    """A run that read nothing says so everywhere; nothing reads as if it were fine."""
    made = render(empty, "en")
    assert made.count("no data: ") > 40
    for text in (
        "What was read does not decide what is wrong.", "no data: the record holds no alert and no report",
        "| impact_start | unknown | unknown | no data: no cause was found |", "no data: the run has no recorded end",
        "has no recorded end", "no data: the run found no cause", "The evidence that was read holds nothing with a time before the run began.",
    ):  # fmt: skip
        assert text in made, text
    for text in ("healthy", "resolved by", "00:00:00Z"):
        assert text not in made


def test_a_clear_run_claims_only_what_it_read(empty: Record) -> None:
    """CLEAR is about what was read."""
    clear = structs.replace(
        empty, diagnosis=Diagnosis(run="r-0", verdict=Verdict.CLEAR), ended=empty.started + dt.timedelta(seconds=1)
    )
    assert "Nothing wrong was found in what was read." in render(clear, "en")
    assert "在已读取的内容中未见异常" in render(clear, "zh")


def test_who_acted_is_asserted_and_said_so(full: Record) -> None:
    """The mode and the strength of a name stand in the header (threat model S1)."""
    made = render(full, "en")
    assert "| Mode | personal: the actor's own credentials |" in made
    assert "req (the name is asserted, not verified)" in made
    broker = structs.replace(full, mode="broker", strength="signed")
    assert "| Mode | broker: the service's credentials |" in render(broker, "en")


def test_the_chain_claims_only_what_it_proves(full: Record) -> None:
    """An unanchored chain is called that (threat model S40)."""
    assert "head ab12cd34, unanchored" in render(full, "en")
    assert "链头 ab12cd34，未锚定" in render(full, "zh")


def test_a_run_that_was_not_stored_says_so(full: Record) -> None:
    """The header names what cannot be repeated."""
    lost = structs.replace(full, diagnosis=structs.replace(full.diagnosis, stored=False))
    assert "not stored: this document cannot be rendered again" in render(lost, "en")


def test_a_drill_is_marked_before_title_and_id(full: Record) -> None:
    """A drill is called one in the first heading; a real run is not."""
    assert headings(render(full, "en"), "h1") == ["DRILL r-4kx9: A container is killed (draft)"]
    assert headings(render(full, "zh"), "h1") == ["演练 r-4kx9 A container is killed（草稿）"]
    assert headings(render(structs.replace(full, drill=False), "en"), "h1") == ["r-4kx9: A container is killed (draft)"]


def test_action_items_have_no_invented_owner(full: Record) -> None:
    """Owner, due date and verifier stay open; done-when is the runbook's proof."""
    made = render(full, "en")
    row = next(line for line in made.split("\n") if line.startswith("| r-4kx9.1 |"))
    assert "no data: nobody is named" in row
    assert "not failing, within 15m" in row
    assert "| r-4kx9.2 | Close a gap in the evidence: Read its memory: Prometheus is not configured | detect |" in made


def test_evidence_that_was_cut_or_is_missing_says_so(full: Record) -> None:
    """Size, cut, redactions and the missing one's why stand in the appendix."""
    made = render(full, "en")
    assert (
        "96.5 KiB and 1234 lines of 102.4 KiB left out, of which no reader reads any; keyed hash of the whole abc"
        in made
    )
    assert "2 redacted" in made
    assert "missing: Prometheus is not configured" in made
    assert "| e6 |  | `runbookctl doctor prometheus` |" in made


def test_a_fleet_is_bounded_and_what_is_left_out_is_counted(full: Record) -> None:
    """Thousands of steps and pieces do not make an endless document."""
    step = full.steps[0]
    piece = Evidence(
        id="e1", origin=Origin.LIVE, writer=Writer.KERNEL, form="kernel_log", subject=Subject(node="n"), at=full.started
    )
    many = structs.replace(
        full,
        steps=tuple(structs.replace(step, item=f"node/n{number}") for number in range(3000)),
        diagnosis=structs.replace(
            full.diagnosis, evidence=tuple(structs.replace(piece, id=f"e{number}") for number in range(3000))
        ),
    )
    made = render(many, "en")
    assert len(made) < 600_000
    for text in (
        "2800 more steps are in the record.",
        "more rows are in the record and not printed here.",
        "2500 more pieces are in the record.",
    ):
        assert text in made


def test_the_stamp_tells_whether_a_person_changed_the_text(full: Record) -> None:
    """One changed letter, one more line or another stamp: no rendering of ours any more."""
    made = render(full, "en")
    assert state_of(made) == "ours"
    assert state_of(made.replace("draft", "final", 1)) == "changed"
    assert state_of(made + "\n") == "changed"
    assert state_of("# notes\n") == "foreign"
    assert state_of("") == "foreign"


def test_another_language_is_refused(full: Record) -> None:
    """A document is written in English or Chinese."""
    with pytest.raises(InputError, match="en or zh"):
        render(full, "../../etc/passwd")


def test_half_a_surrogate_does_not_stop_a_document(poison: Callable[[str], Record]) -> None:
    """Text that is no UTF-8 is shown, and the record still has its hash."""
    made = render(poison("\ud800"), "zh")
    assert "\\ud800" in made
    assert "sha256 " in made


def test_a_step_without_words_is_still_a_row(full: Record) -> None:
    """A step that says nothing prints its state."""
    step = StepEvent(id="x", title="Look", at=full.started, state="read")
    assert "Look: read" in render(structs.replace(full, steps=(step,)), "en")
