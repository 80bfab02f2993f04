"""One new thing is one new file: every probe, change, form and runbook keeps its promises without a list to edit."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest

from runbookctl import changes, forms, probes
from runbookctl.language.types import fields_of
from runbookctl.model import Raw, Reading, Subject, Writer

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", probes.ids())
def test_a_probe_has_all_its_parts(name: str) -> None:
    """Forms, subject, kind, parameters, readings of typed fields, both halves, and the command that gets it."""
    module = probes.load(name)
    assert module is not None
    assert module.__doc__
    assert module.KIND in ("event", "state")
    assert isinstance(module.ONE, bool)
    assert set(module.SUBJECT) <= set(Subject.__struct_fields__)
    fields = fields_of(module.Reading)
    assert set(module.SUBJECT.values()) <= set(fields)
    assert issubclass(module.Reading, Reading)
    if module.KIND == "event":
        assert "time" in fields or name == "k8s.logs", "events have a time"
    for form in module.FORMS:
        assert forms.is_form(form), form
    assert callable(module.request)
    assert inspect.isgeneratorfunction(module.read)
    assert isinstance(module.obtain(Subject()), str)
    assert module.obtain(Subject(node="n1", namespace="ml", pod="p", container="c", service="s"))


@pytest.mark.parametrize("name", probes.ids())
def test_every_reader_takes_hostile_bytes(name: str) -> None:
    """Empty, binary, truncated and deeply nested text ends in readings, cuts or a ValueError that the engine takes."""
    import datetime as dt

    module = probes.load(name)
    assert module is not None
    hostile = (
        b"",
        b"\x00\xff\xfe" * 50,
        b"{",
        b'{"kind":"List","items":[1,null,{"kind":"Pod"}]}',
        b"[" * 5000,
        "\u202e".encode() * 9,
    )
    for form in module.FORMS:
        for body in hostile:
            raw = Raw(body=body, form=form, at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
            try:
                found = list(module.read(raw))
            except (ValueError, RecursionError):
                continue
            assert len(found) < 100


@pytest.mark.parametrize("name", changes.ids())
def test_a_change_plans_and_names_its_inverse(name: str) -> None:
    """A change has parameters, a plan, and an inverse that exists (or none)."""
    module = changes.load(name)
    assert module is not None
    assert module.__doc__
    assert callable(module.plan)
    assert module.INVERSE is None or module.INVERSE in changes.ids()


@pytest.mark.parametrize("name", forms.keys())
def test_a_form_recognises_without_an_error(name: str) -> None:
    """A form has a label and a writer, and never fails on text that is not its own."""
    module = forms.load(name)
    assert module.LABEL
    assert isinstance(module.WRITER, Writer)
    for text in ("", "\x00", "hello\nworld\n", "{" * 2000, "NVRM: Xid", "Name:  x\n"):
        assert 0 <= module.recognise(text, "x") <= 100


def test_every_probe_is_tried_in_a_test() -> None:
    """The id or the module of each probe stands in a test or a recording."""
    texts = [path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("*.py")]
    texts += [path.read_text(encoding="utf-8") for path in (ROOT / "runbooks").rglob("*.yaml")]
    everything = "\n".join(texts)
    for name in probes.ids():
        assert name in everything or name.replace(".", "/") in everything, name
