"""Fold lines of a log that are identical but for their time, when they come in one burst.

Pure, streaming: memory is bounded by the number of different lines within one burst. A burst is short on purpose, so
that a folded reading's first time is never far from its last (a reset may lie between two bursts).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, TypeVar

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from runbookctl.forms.kernel_log import KernelLine
from runbookctl.model import Reading, Time

SECONDS = 10.0
_MOST = 512  # different lines kept open

_E = TypeVar("_E", bound=Reading)


class _Open(Generic[_E]):
    __slots__ = ("count", "kind", "last", "reading", "start")

    def __init__(self, reading: _E, start: float | None, kind: object, count: int) -> None:
        self.reading, self.start, self.kind, self.count = reading, start, kind, count
        self.last: Time | UnsetType | None = None  # of a line that was folded in


class Bursts(Generic[_E]):
    """Bursts that are going on. A reading has the fields `count` and `last`."""

    def __init__(self) -> None:
        """Begin with none."""
        self._held: dict[tuple[str | None, str], _Open[_E]] = {}

    def again(self, line: KernelLine, times: int = 1) -> bool:
        """Count a line into the burst that it belongs to; False when it begins one."""
        mine = self._held.get((line.host, line.text))
        if mine is None or _over(mine.start, _stamp(line)):
            return False
        mine.count += times
        mine.last = line.time or UNSET
        return True

    def begin(self, line: KernelLine, reading: _E, kind: object = None, times: int = 1) -> Iterator[_E]:
        """Begin a burst, and yield what is over by now, oldest first.

        A new reading of a `kind` that is not None ends the burst of another one of that kind: their order counts.
        """
        stamp = _stamp(line)
        while self._held:
            key, first = next(iter(self._held.items()))
            if not _over(first.start, stamp) and len(self._held) < _MOST:
                break
            del self._held[key]
            yield _closed(first)
        key = (line.host, line.text)
        if kind is not None:
            for other in [name for name, one in self._held.items() if one.kind == kind and name != key]:
                yield _closed(self._held.pop(other))
        if key in self._held:
            yield _closed(self._held.pop(key))
        self._held[key] = _Open(reading, stamp, kind, times)

    def end(self) -> Iterator[_E]:
        """Yield what is still going on."""
        for one in self._held.values():
            yield _closed(one)
        self._held.clear()


def _stamp(line: KernelLine) -> float | None:
    return line.time.timestamp() if line.time else line.seconds


def _over(start: float | None, stamp: float | None) -> bool:
    return stamp is not None and start is not None and abs(stamp - start) > SECONDS


def _closed(one: _Open[_E]) -> _E:
    if one.last is None:
        return one.reading if one.count == 1 else replace(one.reading, count=one.count)
    return replace(one.reading, count=one.count, last=one.last)
