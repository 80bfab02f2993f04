"""Recorded tests, translations and what holds between runbooks."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest
from small_probes import GOOD, PROBES, load, marked, place_of

from runbookctl.errors import InputError, RunbookError
from runbookctl.language import lint, modules, recorded, translations
from runbookctl.model import Verdict

if TYPE_CHECKING:
    from pathlib import Path

    from runbookctl.language.model import Runbook

CASES = """\
- name: one line of Xid 79
  given: [xid79.txt]
  inputs: {nodes: [gpu-7], since: 1h}
  at: 2026-11-22T03:00:00Z
  expect:
    verdict: causes
    causes:
      - gpu_fell_off_bus
      - {code: gpu_hang, root: false, subject: node/gpu-7, not_ruled_out: [logs]}
    unknown: [gpus]
    remediations: [take_out]
- name: nothing wrong
  mode: run
  given:
    - text: |
        [    1.0]\tLinux version 6.8
      name: dmesg.txt
  expect: {verdict: clear, causes: []}
"""


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Runbook:
    """Return the small runbook as a file with a recording beside it."""
    monkeypatch.setattr(modules, "probe_module", PROBES.get)
    monkeypatch.setattr(modules, "probe_ids", lambda: tuple(PROBES))
    (tmp_path / "xid79.txt").write_text("NVRM: Xid (PCI:0000:3b:00): 79, GPU has fallen off the bus.")
    (tmp_path / "small.yaml").write_text(GOOD)
    return load(GOOD, str(tmp_path / "small.yaml"))


def test_cases_hold_what_is_written(small: Runbook, tmp_path: Path) -> None:
    """Files and inline text, inputs, time, mode and every expectation."""
    file = recorded.path_of(small.file)
    assert file == tmp_path / "small.test.yaml"
    file.write_text(CASES)
    first, second = recorded.load(file, small).cases
    assert first.given[0].body().startswith(b"NVRM: Xid")
    assert first.given[0].name == "xid79.txt"
    assert first.inputs == {"nodes": ("gpu-7",), "since": ("1h",)}
    assert first.at == dt.datetime(2026, 11, 22, 3, tzinfo=dt.UTC)
    assert first.mode == "analyze"
    assert first.expect.verdict is Verdict.CAUSES
    assert first.expect.causes is not None
    plain, full = first.expect.causes
    assert (plain.code, plain.root, plain.subject, plain.not_ruled_out) == ("gpu_fell_off_bus", None, None, None)
    assert (full.root, full.subject, full.not_ruled_out) == (False, "node/gpu-7", ("logs",))
    assert (first.expect.unknown, first.expect.remediations) == (("gpus",), ("take_out",))
    assert (second.mode, second.given[0].name) == ("run", "dmesg.txt")
    assert second.given[0].body() == b"[    1.0]\tLinux version 6.8\n"
    assert (second.expect.causes, second.expect.remediations) == ((), None)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[xid79.txt]", "[«xid78.txt»]", 'no such file; did you mean "xid79.txt"?'),
        ("[xid79.txt]", "[«/etc/passwd»]", "a file of a recording is named from the test file on, not from the root"),
        ("[xid79.txt]", "[«{»file: xid79.txt, text: x}]", 'a piece has either "file" or "text"'),
        ("nodes: [gpu-7]", "«node»: [gpu-7]", 'the runbook has no such input; did you mean "nodes"?'),
        ("2026-11-22T03:00:00Z", "«2026-11-22T03:00:00»",
         '"2026-11-22T03:00:00" has no zone; write 2026-11-22T02:47:35Z'),
        ("verdict: causes", "verdict: «cause»", 'no such verdict; did you mean "causes"?'),
        ("- gpu_fell_off_bus", "- «gpu_fell_of_bus»", 'no such cause; did you mean "gpu_fell_off_bus"?'),
        ("code: gpu_hang", "code: «gpu_hung»", 'no such cause; did you mean "gpu_hang"?'),
        ("[take_out]", "[«take_off»]", 'the runbook has no such remediation; did you mean "take_out"?'),
        ("mode: run", "mode: «live»", "no such mode"),
        ("name: nothing wrong", "«n»ame: one line of Xid 79", 'a second case named "one line of Xid 79"'),
        ("{verdict: clear, causes: []}", "«{»}", "an expectation that expects nothing passes always"),
        ("causes: []}", "causes: [], «absent»: [gpu_hang]}", '"causes" lists all of them, so "absent" says nothing more'),
        ("  mode: run\n", "  «mod»: run\n", 'unknown key "mod"; did you mean "mode"?'),
    ],
)  # fmt: skip
def test_a_mistake_in_a_case_is_told_at_its_place(small: Runbook, old: str, new: str, message: str) -> None:
    """Each mistake is told once, at its place."""
    assert CASES.count(old) == 1
    text, place = marked(CASES.replace(old, new))
    _, found = recorded.checked(text.encode(), str(recorded.path_of(small.file)), small)
    assert [(each.message, place_of(each)) for each in found] == [(message, place)]


@pytest.mark.parametrize(
    "text", ["", "a: b", "- x", "[]", "- [", "- {name: a, given: [''], expect: {}}", "- name: \x00"]
)
def test_a_file_that_is_no_list_of_cases_is_refused(small: Runbook, tmp_path: Path, text: str) -> None:
    """Anything else is a mistake, never a traceback."""
    (tmp_path / "small.test.yaml").write_text(text)
    with pytest.raises(RunbookError):
        recorded.load(tmp_path / "small.test.yaml", small)


def test_evidence_that_vanished_is_an_input_error(small: Runbook, tmp_path: Path) -> None:
    """A recording deleted after loading is named."""
    (tmp_path / "small.test.yaml").write_text(CASES)
    cases = recorded.load(tmp_path / "small.test.yaml", small).cases
    (tmp_path / "xid79.txt").unlink()
    with pytest.raises(InputError, match=r"xid79\.txt cannot be read"):
        cases[0].given[0].body()


CHINESE = """\
title: Xid 错误
about: 是板卡故障吗？
inputs:
  nodes: 节点
steps:
  gpus: 读取每块 GPU 的健康状态
causes:
  gpu_fell_off_bus: GPU ${gpu.pci} 已失联
remediations:
  take_out: 下线 ${gpu.node}
"""


def test_a_translation_replaces_what_it_has_and_leaves_the_rest(small: Runbook, tmp_path: Path) -> None:
    """Titles and summaries are Chinese where the file has them; ids, codes and expressions stay."""
    assert translations.translated(small, "zh") is small
    (tmp_path / "small.zh.yaml").write_text(CHINESE)
    assert not translations.translation_mistakes(small)
    chinese = translations.translated(small, "zh")
    assert (chinese.title, chinese.about, chinese.inputs[0].about) == ("Xid 错误", "是板卡故障吗？", "节点")
    assert [step.title for step in chinese.steps] == ["读取每块 GPU 的健康状态", "Xid events", "Log lines"]
    summary = chinese.causes[0].summary
    assert summary is not None
    assert summary.parts[0] == "GPU "
    assert chinese.causes[1].summary is small.causes[1].summary
    assert [each.title for each in chinese.remediations] == ["下线 ${gpu.node}", "Tell the owner"]
    assert chinese.types == small.types
    assert translations.translated(small, "en") is small


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("  gpus:", "  «gpu»:", 'the runbook has no such step; did you mean "gpus"?'),
        ("gpu_fell_off_bus:", "«gpu_fell»:", 'the runbook has no such cause; did you mean "gpu_fell_off_bus"?'),
        ("${gpu.pci}", "${gpu.«pcii»}", 'gpu has no "pcii"; did you mean "pci"?'),
        ("读取每块 GPU", "«${gpu} GPU 的健康状态»\n  xids: x", "a step's title is plain text; nothing is known yet when it is shown"),
        ("title: Xid 错误", "«titel»: Xid 错误", 'unknown key "titel"; did you mean "title"?'),
    ],
)  # fmt: skip
def test_a_mistake_in_a_translation_is_told_and_its_entry_left_out(
    small: Runbook, tmp_path: Path, old: str, new: str, message: str
) -> None:
    """Lint tells it at its place; showing takes the rest."""
    text, place = marked(CHINESE.replace(old, new).replace(" 的健康状态»", "»").replace("x 的健康状态", "x"))
    (tmp_path / "small.zh.yaml").write_text(text)
    found = translations.translation_mistakes(small)
    assert [each.message for each in found if each.message == message], found
    told = next(each for each in found if each.message == message)
    assert place_of(told) == (place[0], place[1], place[2].removesuffix(" 的健康状态"))
    assert translations.translated(small, "zh").about == "是板卡故障吗？"


def test_a_translation_that_cannot_be_read_is_not_shown(small: Runbook, tmp_path: Path) -> None:
    """Broken YAML leaves everything English, and lint tells it."""
    (tmp_path / "small.zh.yaml").write_text("title: [")
    assert translations.translated(small, "zh") == small
    assert len(translations.translation_mistakes(small)) == 1


def test_lint_of_a_file_includes_its_companions(small: Runbook, tmp_path: Path) -> None:
    """Mistakes in the runbook, its translation and its recorded tests come together, each with its file."""
    (tmp_path / "small.zh.yaml").write_text("x: y")
    (tmp_path / "small.test.yaml").write_text("x: y")
    runbook, found = lint.of_file(small.file)
    assert runbook == small
    assert [each.place.file.rpartition("/")[2] for each in found] == ["small.zh.yaml", "small.test.yaml"]


def test_causes_of_two_runbooks_that_explain_each_other_are_told(small: Runbook) -> None:
    """A circle over all runbooks together is a mistake at the cause that closes it; without one there is none."""
    assert not lint.across([small])
    other = load(GOOD.replace("gpu/small", "gpu/other").replace("  own_name:\n    code: gpu_hang\n",
                 "  gpu_hang:\n    explains: [segfault, gpu_fell_off_bus]\n"), "other.yaml")  # fmt: skip
    found = lint.across([small, other])
    assert [each.message for each in found] == [
        "causes explain each other in a circle: gpu_fell_off_bus -> gpu_hang -> gpu_fell_off_bus"
    ]
    assert place_of(found[0])[2] == "gpu_hang"
    assert found[0].place.file == "other.yaml"


def test_two_runbooks_with_one_id_are_told(small: Runbook) -> None:
    """An id belongs to one file."""
    twin = load(GOOD, "twin.yaml")
    assert [each.message for each in lint.across([small, twin])] == [f"gpu/small is also the id of {small.file}"]
