"""Which form a text has: every form is asked, the surest wins.

Pure. A form that is added is found by its file; there is no list to edit.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import cache
from types import ModuleType
from typing import NamedTuple

from runbookctl import forms
from runbookctl.forms import Normal
from runbookctl.forms import keys as known
from runbookctl.model import Raw, Writer

UNRECOGNISED = "unrecognised"
EMPTY = "empty"
CAP = 8 << 20
"""Bytes that are kept of one text, unless its form says otherwise."""
SURE = 75
"""From here on a form is taken although something else was expected."""


class Match(NamedTuple):
    """A form and how sure it is, 0 to 100."""

    form: str
    score: int


@cache
def recognisers() -> tuple[tuple[str, ModuleType], ...]:
    """Return the forms that can recognise a text, by name."""
    loaded = ((key, forms.load(key)) for key in known())
    return tuple((key, module) for key, module in loaded if hasattr(module, "recognise"))


def recognise(head: str, name: str) -> Match:
    """Return the form that is surest of a text that begins with `head`; ties go to the first by name.

    `name` is the name of the file, or the command that was typed above the text.
    """
    best = Match(UNRECOGNISED, 0)
    for key, module in recognisers():
        score = int(module.recognise(head, name))
        if score > best.score:
            best = Match(key, score)
    return best


def anchors(form: str) -> tuple[bytes, ...]:
    """Return the literals of a form without one of which a line tells nothing; () when every line may tell something.

    A text that nothing recognised may still hold lines of line-wise forms further on: the anchors of all of those.
    """
    if form != UNRECOGNISED:
        return tuple(forms.load(form).ANCHORS)
    wanted = (module.ANCHORS for _, module in recognisers() if hasattr(module, "belongs"))
    return tuple(sorted({anchor for some in wanted for anchor in some}))


def writer(form: str) -> Writer:
    """Return who can write a text of a form."""
    return Writer(forms.load(form).WRITER)


@cache
def is_whole(form: str) -> bool:
    """Tell a document (JSON, XML) of which no line may be shortened and that takes no marker lines."""
    return bool(getattr(forms.load(form), "WHOLE", False))


@cache
def line_hooks(hook: str) -> dict[str, Callable[[str], bool]]:
    """Return the optional hook on one line (`starts`, `belongs`, `continues`) of each form that has it."""
    return {key: getattr(module, hook) for key, module in recognisers() if hasattr(module, hook)}


@cache
def first_lines() -> tuple[tuple[str, Callable[[str], bool]], ...]:
    """Return the hook `starts` of each form that has no `belongs`: forms that know each line need no first one."""
    return tuple((key, starts) for key, starts in line_hooks("starts").items() if key not in line_hooks("belongs"))


def cap(form: str) -> int:
    """Return how many bytes of a text of a form are kept."""
    return int(getattr(forms.load(form), "CAP", CAP))


def has_normal_form(form: str) -> bool:
    """Tell a form that can say whether a text is all its own."""
    return hasattr(forms.load(form), "normal")


def normal(form: str, body: bytes) -> Normal:
    """Return a body in the form in which it is stored; UnreadableError (a ValueError) when it is none of its form."""
    module = forms.load(form)
    if hasattr(module, "normal"):
        result: Normal = module.normal(body)
        return result
    return Normal(module.store(body) if hasattr(module, "store") else body)


def label(form: str, body: bytes) -> str:
    """Return what a body is, for people: by its content where the form can tell more than its own name."""
    module = forms.load(form)
    if not hasattr(module, "label_of"):
        return str(module.LABEL)
    return str(module.label_of(Raw(body=body, form=form, at=dt.datetime.now(dt.UTC))))
