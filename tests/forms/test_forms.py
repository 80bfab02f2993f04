"""Every form keeps what its module promises, whatever it is shown."""

from __future__ import annotations

import contextlib
import datetime as dt
from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runbookctl import forms
from runbookctl.model import Raw, Writer

KEYS = forms.keys()
NOW = dt.datetime(2026, 11, 22, 3, tzinfo=dt.UTC)
HOSTILE = [
    "",
    "\x00",
    "\ufeff",
    "{" * 5000,
    "[" * 5000,
    "<a>" * 5000,
    "\n" * 5000,
    "Name:  " * 500,
    "Name:  x\n" * 500,
    "\ud7ff\u202e\x1b[31m",
    "| " * 5000,
    "=" * 5000,
    "9" * 5000,
    "[ " * 5000,
    ": " * 5000,
    "apiVersion: v1\nkind: " + "A" * 5000,
    '{"apiVersion": "v1", "kind": "Pod"',
    "NAME" + " " * 5000 + "READY",
    "LAST SEEN" + " " * 5000 + "TYPE",
    "2026-11-22T02:47:34.944285729Z " * 200,
    "[runbookctl: 5 lines (5 bytes) left out]\n",
    "[runbookctl: 999999999999999 lines (5 bytes) left out]\nNVRM: Xid",
]


def module(key: str) -> ModuleType:
    """Return the form's module."""
    return forms.load(key)


@pytest.mark.parametrize("key", KEYS)
def test_a_form_says_what_it_is(key: str) -> None:
    """Docstring, label, writer, anchors, `recognise` and `names` are there and of the right type."""
    form = module(key)
    assert (form.__doc__ or "").splitlines()[0].endswith((".", ":"))
    assert form.LABEL
    assert isinstance(form.LABEL, str)
    assert isinstance(form.WRITER, Writer)
    assert all(isinstance(anchor, bytes) and len(anchor) > 2 for anchor in form.ANCHORS)
    assert callable(form.recognise)
    assert callable(form.names)
    assert forms.label(key) == form.LABEL


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_a_form_survives_hostile_text(key: str, text: str) -> None:
    """Scores stay between 0 and 100, hooks tell truth values, names are values or said to be unreadable."""
    form = module(key)
    assert 0 <= form.recognise(text, "file.txt") <= 100
    for hook in ("starts", "belongs", "continues"):
        if hasattr(form, hook):
            assert isinstance(getattr(form, hook)(text.replace("\n", " ")), bool)
    body = text.encode("utf-8", "replace")
    with contextlib.suppress(ValueError, RecursionError):  # said to a person as "cannot be read"
        assert isinstance(form.names(Raw(body=body, form=key, at=NOW)), forms.Named)


@settings(max_examples=30, deadline=None)
@given(st.text(max_size=200), st.text(max_size=30))
def test_recognising_is_total(text: str, name: str) -> None:
    """Any text with any file name gets a score from every form."""
    assert all(0 <= module(key).recognise(text, name) <= 100 for key in KEYS)


def test_keys_are_the_modules_of_the_room() -> None:
    """Modules that are no forms have no key, and an unknown key is a KeyError."""
    assert {"kernel_log", "kubernetes_objects", "unrecognised", "empty"} <= set(KEYS)
    assert not {"lines", "documents"} & set(KEYS)
    with pytest.raises(KeyError):
        forms.load("no_such_form")
    assert forms.label("no_such_form") == "no such form"
