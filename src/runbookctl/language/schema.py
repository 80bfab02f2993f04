"""JSON Schemas of the language for editors, generated from the table of keys.

An editor's YAML server sees typed scalars (`550.10` as a number, `NO` as false), so wherever the language takes text
the schema takes numbers and booleans too. `python -m runbookctl.language.schema` writes the files beside this one.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from runbookctl.catalog import causes as catalog
from runbookctl.language.keys import INPUT_TYPES, MODES, RISKS, SECTIONS, SHORTHAND, Holds, Key, Shape
from runbookctl.language.modules import DEPTH
from runbookctl.model import Verdict

DRAFT = "https://json-schema.org/draft/2020-12/schema"
FILES = {
    "runbook.schema.json": ("runbook", "A runbook of runbookctl"),
    "runbook_test.schema.json": ("case", "Recorded tests of a runbook (NAME.test.yaml)"),
    "runbook_translation.schema.json": ("translation", "A runbook in another language (NAME.zh.yaml)"),
}

_SCALAR: dict[str, Any] = {"type": ["string", "number", "boolean"]}
_DURATION = r"^(\d+(\.\d+)?(ms|s|m|h|d|w))+$"


def schema(section: str, title: str) -> dict[str, Any]:
    """Return the schema of a file whose root is a section (of a test file: a list of it)."""
    needed = _reached(section)
    root: dict[str, Any] = {"$ref": f"#/$defs/{_slug(section)}"}
    if section == "case":
        root = {"type": "array", "items": root, "minItems": 1}
    return {"$schema": DRAFT, "title": title, **root, "$defs": {_slug(name): _section(name) for name in needed}}


def _reached(section: str) -> list[str]:
    """Return a section and those inside it, each once."""
    found = [section]
    for name in found:
        for key in SECTIONS[name].values():
            inside = "change" if key.shape is Shape.UNDO else key.shape
            if inside in SECTIONS and not isinstance(inside, Shape) and inside not in found:
                found.append(inside)
    return found


def _slug(section: str) -> str:
    return section.replace(" ", "_")


def _section(name: str) -> dict[str, Any]:
    keys = SECTIONS[name]
    made: dict[str, Any] = {
        "type": "object",
        "additionalProperties": False,
        "properties": {key: {"description": each.about, **_held(each)} for key, each in keys.items()},
    }
    required = [key for key, each in keys.items() if each.required]
    if required:
        made["required"] = required
    if name == "piece":
        made["oneOf"] = [{"required": ["file"]}, {"required": ["text"]}]
    return {"anyOf": [_shape(SHORTHAND[name]), made]} if name in SHORTHAND else made


def _held(key: Key) -> dict[str, Any]:
    one = _shape(key.shape) if isinstance(key.shape, Shape) else {"$ref": f"#/$defs/{_slug(key.shape)}"}
    match key.holds:
        case Holds.MANY:
            return {"type": "array", "items": one}
        case Holds.BY_NAME:
            return {"type": "object", "additionalProperties": one}
        case _:
            return one


def _shape(shape: Shape) -> dict[str, Any]:
    """Return the schema of a single value."""
    enums: dict[Shape, list[Any]] = {
        Shape.FLAG: [True, False, "true", "false"], Shape.CODE: list(catalog.all_causes()), Shape.LEVEL: list(DEPTH),
        Shape.RISK: list(RISKS), Shape.INPUT_TYPE: list(INPUT_TYPES), Shape.MODE: list(MODES),
        Shape.VERDICT: [str(verdict) for verdict in Verdict],
    }  # fmt: skip
    patterns = {
        Shape.DURATION: _DURATION, Shape.RUNBOOK: r"^[a-z0-9][a-z0-9_-]*(/[a-z0-9][a-z0-9_-]*){0,3}$",
        Shape.EACH: r"^\s*\S+\s+in\s+\S+\s*$", Shape.LABEL: r"^(labels|annotations)\.\w+$",
        Shape.LIMIT: r"^\s*\d+%?\s+(of\s+)?\w+\s+(at\s+a\s+time|per\s+\S+)\s*$",
    }  # fmt: skip
    if shape in enums:
        return {"enum": enums[shape]}
    if shape in patterns:
        return {"type": "string", "pattern": patterns[shape]}
    if shape is Shape.ANY:
        return {"anyOf": [_SCALAR, {"type": "array", "items": _SCALAR}]}
    if shape is Shape.VALUE:
        return {"type": ["string", "number", "boolean", "array", "object"]}
    if shape is Shape.UNDO:
        return {"anyOf": [{"enum": ["keep", "impossible"]}, {"type": "array", "items": {"$ref": "#/$defs/change"}}]}
    return {"type": "string"} if shape is Shape.TIME else dict(_SCALAR)


def text(file: str) -> str:
    """Return the text of a schema file as it is shipped."""
    section, title = FILES[file]
    return json.dumps(schema(section, title), indent=2, ensure_ascii=False) + "\n"


def write() -> None:
    """Write every schema file beside this module."""
    for file in FILES:
        Path(__file__).with_name(file).write_text(text(file), encoding="utf-8")


if __name__ == "__main__":
    write()
