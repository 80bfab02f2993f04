"""The circuit breaker of a remediation: `1 node at a time`, `5% of nodes per 1h`, `3 nodes per 1h`. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runbookctl.language.model import Limit
from runbookctl.language.source import shortened
from runbookctl.language.suggest import did_you_mean
from runbookctl.language.units import parse_duration
from runbookctl.model import LEVELS

if TYPE_CHECKING:
    from datetime import timedelta

    from runbookctl.language.model import Place

WORDS = {**{level: level for level in LEVELS if level != "piece"}, "replica": "pod"}
ADVICE = "write 1 node at a time, 3 nodes per 1h, 5% of nodes at a time or 5% of nodes per 1h"
MOST = 100_000


def limit_of(text: str, place: Place) -> Limit:
    """Read a limit; raise ValueError with what is wrong in it."""
    words = text.split()
    amount, rest = (words[0], words[1:]) if words else ("", [])
    share = amount.endswith("%")
    if rest[:1] == ["of"]:
        rest = rest[1:]
    if not rest:
        raise ValueError(f'"{shortened(text)}" is no limit')
    level, per = _level(rest[0]), _per(rest[1:], text)
    return Limit(source=text, count=_count(amount, share=share), share=share, level=level, per=per, place=place)


def _count(amount: str, *, share: bool) -> float:
    digits = amount.removesuffix("%")
    if not (digits.isascii() and digits.isdigit() and 0 < len(digits) <= len(str(MOST))):
        raise ValueError(f'"{shortened(amount)}" is no number of subjects and no percentage')
    number = int(digits)
    if not 0 < number <= (100 if share else MOST):
        raise ValueError(f"{amount} is not between 1 and {'100%' if share else MOST}")
    return number / 100 if share else number


def _level(word: str) -> str:
    """Return the level that a word or its plural names."""
    singular = word.removesuffix("s") if word.removesuffix("s") in WORDS else word
    if singular not in WORDS:
        raise ValueError(f'"{shortened(word)}" is nothing that can be counted{did_you_mean(word, WORDS)}')
    return WORDS[singular]


def _per(words: list[str], text: str) -> timedelta | None:
    if words == ["at", "a", "time"]:
        return None
    if len(words) == 2 and words[0] == "per":  # per 1h
        return parse_duration(words[1])
    raise ValueError(f'"{shortened(text)}" is no limit')
