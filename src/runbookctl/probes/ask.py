"""Ask a person: what they see is evidence, too.

Pure. The answer is a person's word: a remediation of medium or high risk needs a proof beside it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from runbookctl import model
from runbookctl.model import Ask, Raw, Subject

FORMS = ("answer",)
SUBJECT: dict[str, str] = {}
KIND = "state"
ONE = True

_YES = frozenset({"y", "yes", "true", "j", "ja", "是", "对"})
_NO = frozenset({"n", "no", "false", "nein", "否", "不", "不是"})


class Params(Struct, frozen=True, forbid_unknown_fields=True):
    """The question, and the answers to choose from (any text when empty)."""

    question: str
    choices: tuple[str, ...] = ()


class Reading(model.Reading, frozen=True, kw_only=True):
    """What was answered."""

    answer: Annotated[str, Meta(description="in the person's words")] | UnsetType = UNSET
    yes: Annotated[bool, Meta(description="not told when the answer is neither yes nor no")] | UnsetType = UNSET


def request(params: Params) -> Ask:
    """Ask the question."""
    return Ask(form="answer", question=params.question, choices=params.choices)


def read(raw: Raw) -> Iterator[Reading]:
    """Read the answer; an empty one tells nothing."""
    answer = raw.body.decode("utf-8", "replace").strip()
    if not answer:
        return
    word = answer.casefold()
    yes: bool | UnsetType = True if word in _YES else False if word in _NO else UNSET
    yield Reading(line=1, text=answer, answer=answer, yes=yes)


def obtain(subject: Subject) -> str:
    """Return how to be asked: the run asks on a terminal."""
    return f"# look at {subject} and answer in a run on a terminal"
