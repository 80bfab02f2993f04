"""Every recorded output is recognised as its form and read as recorded beside it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from gpu_reading import FOLDER, plain, raw, read

from runbookctl import forms, probes

EXPECTED = sorted(FOLDER.glob("*.expected.json"))


def _cases() -> list[Any]:
    return [
        pytest.param(path, probe, id=f"{path.name.removesuffix('.expected.json')}-{probe}")
        for path in EXPECTED
        for probe in json.loads(path.read_text())["readings"]
    ]


@pytest.mark.parametrize(("path", "probe"), _cases())
def test_a_recording_is_read_as_recorded(path: Path, probe: str) -> None:
    """A reader gives for a recorded output exactly the readings that were checked by hand."""
    expected = json.loads(path.read_text())
    body = (FOLDER / path.name.removesuffix(".expected.json")).read_bytes()
    assert list(plain(read(probe, body, expected["form"]))) == expected["readings"][probe]


@pytest.mark.parametrize("path", EXPECTED, ids=lambda path: path.name.removesuffix(".expected.json"))
def test_a_recording_is_recognised(path: Path) -> None:
    """The form of a recording is the one that recognises it best, whatever the file is called."""
    expected = json.loads(path.read_text())
    text = (FOLDER / path.name.removesuffix(".expected.json")).read_text("utf-8", "replace")
    scores = {key: forms.load(key).recognise(text[:65536], "x") for key in forms.keys()}  # noqa: SIM118 - a function
    best = max(scores, key=lambda key: scores[key])
    assert best == expected["form"], scores
    assert forms.load(best).names(raw(text, best)).summary


def test_every_recording_has_its_readings() -> None:
    """No recording lies about unread, and every GPU probe has one."""
    outputs = {path.name for path in FOLDER.iterdir() if not path.name.endswith((".expected.json", ".md"))}
    assert outputs == {path.name.removesuffix(".expected.json") for path in EXPECTED}
    read_by = {probe for path in EXPECTED for probe in json.loads(path.read_text())["readings"]}
    ours = {"gpu.xid", "gpu.sxid", "gpu.driver_log", "gpu.memory_health", "gpu.driver_versions", "gpu.refusals"}
    assert {*ours, "node.fabric_manager"} <= read_by
    assert all(probes.load(probe) for probe in read_by)
