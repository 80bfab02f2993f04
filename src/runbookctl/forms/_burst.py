"""Fold lines of a log that are identical but for their time, when they come in one burst.

Pure, streaming: memory is bounded by the number of different lines within one burst. A burst is short on purpose, so
that a folded reading's first time is never far from its last (a reset may lie between two bursts).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Generic, TypeVar

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from runbookctl.forms.kernel_log import KernelLine
from runbookctl.model import Cut, Reading, Skipped, Time

SECONDS = 10.0
_MOST = 512  # different lines kept open


_E = TypeVar("_E", bound=Reading)
Found = tuple[KernelLine, _E, object]
"""A line, its reading, and what it supersedes: a later one of the same kind ends the folding of an earlier."""


class _Open(Generic[_E]):
    __slots__ = ("count", "folded", "kind", "last", "reading", "start")

    def __init__(self, reading: _E, start: float | None, kind: object) -> None:
        self.reading, self.start, self.kind, self.count = reading, start, kind, 0
        self.last: Time | UnsetType = UNSET
        self.folded = False


def folded(found: Iterable[Found[_E] | Cut | Skipped], weight: Callable[[_E], int]) -> Iterator[_E | Cut | Skipped]:
    """Yield one reading per burst of identical lines, in the order of their first lines.

    `count` adds up `weight`; `last` is the time of the last line. A reading whose kind is not None is folded only with
    the one right before it of that kind.
    """
    held: dict[tuple[str | None, str], _Open[_E]] = {}
    for one in found:
        if isinstance(one, (Cut, Skipped)):
            yield one
            continue
        line, reading, kind = one
        stamp = line.time.timestamp() if line.time else line.seconds
        yield from _expired(held, stamp)
        key = (line.host, line.text)
        if kind is not None:
            for other in [key_ for key_, open_ in held.items() if open_.kind == kind and key_ != key]:
                yield _closed(held.pop(other))
        mine = held.get(key)
        if mine is None:
            mine = held[key] = _Open(reading, stamp, kind)
        mine.folded = mine.count > 0
        mine.count += weight(reading)
        mine.last = line.time or UNSET
    for open_ in held.values():
        yield _closed(open_)


def _expired(held: dict[tuple[str | None, str], _Open[_E]], stamp: float | None) -> Iterator[_E]:
    while held:
        key, first = next(iter(held.items()))
        over = stamp is not None and first.start is not None and abs(stamp - first.start) > SECONDS
        if not over and len(held) < _MOST:
            return
        del held[key]
        yield _closed(first)


def _closed(one: _Open[_E]) -> _E:
    if getattr(one.reading, "count", None) == one.count and not one.folded:
        return one.reading
    return replace(one.reading, count=one.count, last=one.last)
