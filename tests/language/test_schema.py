"""The JSON Schemas are those of the language, and what loads is valid by them."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from small_probes import GOOD

from runbookctl.language import schema
from runbookctl.language.keys import ARTICLES, MISPLACED, SECTIONS, SHORTHAND, Shape
from runbookctl.language.skeleton import skeleton

ROOT = Path(__file__).parents[2]
RUNBOOKS = sorted(file for file in (ROOT / "runbooks").rglob("*.yaml") if "." not in file.stem)
TESTS = sorted((ROOT / "runbooks").rglob("*.test.yaml"))
CHINESE = sorted((ROOT / "runbooks").rglob("*.zh.yaml"))


def validator(file: str) -> Any:
    """Return the validator of a schema, itself checked."""
    made = schema.schema(*schema.FILES[file])
    jsonschema.Draft202012Validator.check_schema(made)
    return jsonschema.Draft202012Validator(made)


def as_editors_see(text: str) -> Any:
    """Read YAML with typed scalars, times as text: what a YAML language server checks."""

    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            return {str(key): plain(inside) for key, inside in value.items()}
        if isinstance(value, list):
            return [plain(inside) for inside in value]
        return value.isoformat() if isinstance(value, dt.date) else value

    return plain(yaml.safe_load(text))


@pytest.mark.parametrize("file", schema.FILES)
def test_the_shipped_schema_is_current(file: str) -> None:
    """If this fails: python -m runbookctl.language.schema."""
    shipped = Path(schema.__file__).with_name(file).read_text(encoding="utf-8")
    assert shipped == schema.text(file)


@pytest.mark.parametrize("file", RUNBOOKS, ids=str)
def test_a_shipped_runbook_is_valid_typed_and_as_text(file: Path) -> None:
    """Both what editors see and the texts that the loader sees are valid."""
    check = validator("runbook.schema.json")
    check.validate(as_editors_see(file.read_text()))
    check.validate(yaml.load(file.read_text(), Loader=yaml.BaseLoader))


@pytest.mark.parametrize("file", [*TESTS, *CHINESE], ids=str)
def test_a_shipped_companion_is_valid(file: Path) -> None:
    """Recorded tests and translations are valid by their schemas."""
    name = "runbook_test.schema.json" if file in TESTS else "runbook_translation.schema.json"
    validator(name).validate(as_editors_see(file.read_text()))


@pytest.mark.parametrize(
    "text", [GOOD, skeleton("a/b"), GOOD.replace("Xid errors", "550.10").replace("Is it", "NO")[:-1]]
)
def test_scalars_that_look_like_numbers_or_truths_are_valid(text: str) -> None:
    """A title `550.10` is a number for an editor and text here; the schema takes it."""
    validator("runbook.schema.json").validate(as_editors_see(text))


@pytest.mark.parametrize(
    ("old", "new"),
    [("about:", "abuot:"), ("title: Xid errors\n", ""), ("risk: high", "risk: hi"), ("undo: impossible", "undo: never"),
     ("explains: [gpu_hang]", "explains: [gpu_hung]"), ("2h}", "2x, many: maybe}"), ("gpu in gpus", "gpus"),
     ("labels.node", "label.node"), ("1 node at a time", "sometimes"), ("within: 10m", "within: 10")],
)  # fmt: skip
def test_what_the_loader_refuses_by_shape_is_invalid(old: str, new: str) -> None:
    """Editors tell unknown keys, missing keys and wrong words as the loader does."""
    with pytest.raises(jsonschema.ValidationError):
        validator("runbook.schema.json").validate(as_editors_see(GOOD.replace(old, new)))


def test_test_files_are_valid_in_both_ways_of_writing() -> None:
    """A file name or a piece, a code or more about it."""
    check = validator("runbook_test.schema.json")
    check.validate([{"name": "a", "given": ["x", {"text": "y", "name": "z"}], "at": "2026-11-22T03:00:00Z",
                     "expect": {"causes": ["gpu_hang", {"code": "segfault", "root": True}]}}])  # fmt: skip
    wrongs: list[Any] = [[], {}, [{"name": "a"}], [{"name": "a", "given": [{"name": "x"}], "expect": {}}]]
    for wrong in wrongs:
        with pytest.raises(jsonschema.ValidationError):
            check.validate(wrong)


def test_every_key_is_described_and_every_section_exists() -> None:
    """Editors show a sentence for each key; what a key names is a shape or a section."""
    for name, keys in SECTIONS.items():
        for key in keys.values():
            assert key.about.endswith(".")
            assert isinstance(key.shape, Shape) or key.shape in SECTIONS, name
    assert {*SHORTHAND, *ARTICLES, *(section for section, _ in MISPLACED)} <= set(SECTIONS)
    assert not [pair for pair in MISPLACED if pair[1] in SECTIONS[pair[0]]]
