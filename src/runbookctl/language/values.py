"""Values of expressions: what is known, what is absent, what is unknown and why.

A value is one of: bool, int, float, str, datetime, timedelta; `None` (absent: known not to be); `Unknown`;
`Interval` (a number, time or duration of which only bounds are known); `Row` (one reading); `Listing` (readings);
`Values` (one field of a list). Pure.
"""

from __future__ import annotations

import datetime as dt
import typing
from typing import TYPE_CHECKING, Any, NamedTuple

from msgspec import UNSET, Struct

from runbookctl.language import units
from runbookctl.language.types import Kind, fields_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from runbookctl.model import Subject

MOST_WHYS = 12


class Why(NamedTuple):
    """One reason for not knowing: the step that would tell, about whom, why it does not, what would get it."""

    step: str
    subject: str
    why: str
    obtain: str
    given: bool = True  # False: analyze was simply not given it


class Unknown:
    """Not known; never equal to anything, never true, never false."""

    __slots__ = ("whys",)

    def __init__(self, whys: Iterable[Why]) -> None:
        """Keep the reasons, each once, at most `MOST_WHYS`."""
        self.whys = tuple(dict.fromkeys(whys))[:MOST_WHYS]

    def __repr__(self) -> str:
        return f"Unknown({'; '.join(why.why for why in self.whys)})"

    def __bool__(self) -> bool:
        msg = "an unknown value was taken for a truth value"
        raise TypeError(msg)


class Interval(NamedTuple):
    """An ordered value known to lie between `lo` and `hi`; None is no bound."""

    lo: Any
    hi: Any
    whys: tuple[Why, ...]


class Ref(NamedTuple):
    """Where something is shown: a line of evidence, or a field of it with its value."""

    evidence: str
    line: int | None
    field: str
    value: str


class Row:
    """One reading as expressions see it, with the evidence it came from.

    `sources` says for fields of a merged reading which evidence gave them. A row without a reading (`reading` None)
    stands for what is not known: each field is unknown, but for `time`, which is before `before` when that is set.
    """

    __slots__ = ("before", "evidence", "named", "older_than", "path", "reading", "sources", "step", "subject", "why")

    def __init__(  # noqa: PLR0913 - a row is this many facts
        self,
        reading: Struct | None,
        *,
        step: str,
        evidence: str,
        subject: Subject | None = None,
        path: str = "",
        sources: Mapping[str, tuple[str, int | None]] | None = None,
        whys: tuple[Why, ...] | Callable[[], tuple[Why, ...]] = (),
        before: dt.datetime | None = None,
        older_than: str = "",
        named: Mapping[str, str] | None = None,
    ) -> None:
        """Keep the parts.

        `older_than` names evidence whose readings are all later than this unknown one. `named` are fields that the
        subject itself tells (its node, its PCI address), for sources that leave them out.
        """
        self.named = named
        self.reading = reading
        self.step = step
        self.evidence = evidence
        self.subject = subject
        self.path = path
        self.sources = sources
        self.why = whys
        self.before = before
        self.older_than = older_than

    @property
    def whys(self) -> tuple[Why, ...]:
        """Why what is not told is not known; worked out when somebody asks."""
        if callable(self.why):
            self.why = self.why()
        return self.why

    def get(self, field: str) -> Any:
        """Return a field's value: absent is None, not told is Unknown, a nested record is a Row, a tuple a Listing."""
        if self.reading is None:
            if self.named and field in self.named:
                return self.named[field]
            if field == "time" and self.before is not None:
                return Interval(None, self.before, self.whys)
            return Unknown(self.whys)
        value = getattr(self.reading, field, UNSET)
        if value is UNSET:
            if self.named and field in self.named:
                return self.named[field]
            return Unknown(self.whys or (Why(self.step, str(self.subject or ""), f"{field} is not told", ""),))
        if isinstance(value, Struct):
            return self._part(value, field)
        if isinstance(value, tuple):
            if any(isinstance(part, Struct) for part in value):
                return Listing(tuple(self._part(part, f"{field}[{number}]") for number, part in enumerate(value)))
            if not value and _holds_records(type(self.reading), field):
                return Listing(())
            return Values(value)
        return value

    def _part(self, part: Struct, name: str) -> Row:
        evidence, _ = self.source(name.partition("[")[0])
        path = f"{self.path}.{name}" if self.path else name
        return Row(part, step=self.step, evidence=evidence, subject=self.subject, path=path, whys=self.why)

    def source(self, field: str) -> tuple[str, int | None]:
        """Return the evidence (and line, where the form has lines) that a field came from."""
        if self.sources and field in self.sources:
            return self.sources[field]
        return self.evidence, self.line

    @property
    def line(self) -> int | None:
        """The 1-based line of the evidence that this reading was made of, if it was made of one."""
        line = getattr(self.reading, "line", UNSET)
        return line if isinstance(line, int) else None

    @property
    def time(self) -> dt.datetime | None:
        """When it happened, if that is known."""
        time = getattr(self.reading, "time", None)
        return time if isinstance(time, dt.datetime) else None

    def ref(self, field: str = "") -> Ref:
        """Point at this reading, or at one field of it."""
        if not field:
            text = getattr(self.reading, "text", UNSET)
            return Ref(self.evidence, self.line, self.path, text if isinstance(text, str) else "")
        evidence, line = self.source(field)
        label = source_path(type(self.reading), field) or field
        path = f"{self.path}.{label}" if self.path and "." not in label else label
        declared = fields_of(type(self.reading)).get(field) if self.reading is not None else None
        value = getattr(self.reading, field, UNSET)
        return Ref(evidence, line, path, shown(value, declared.kind if declared else None))


class Listing(NamedTuple):
    """Readings: those that are in it for certain, and those that only may be."""

    sure: tuple[Row, ...]
    perhaps: tuple[Row, ...] = ()

    def truth(self) -> bool | Unknown:
        """Return true if a reading is in it for certain, unknown if some only may be, else false."""
        if self.sure:
            return True
        if self.perhaps:
            return Unknown(why for row in self.perhaps for why in row.whys)
        return False


class Values(NamedTuple):
    """One field of a list: the values of certain readings; `unknown` when more may belong to it."""

    sure: tuple[Any, ...]
    unknown: Unknown | None = None


def truth(value: Any) -> bool | Unknown:
    """Take a value as a condition: absent is false, a list is true when a reading is in it for certain."""
    if value is True or value is False:
        return value
    if value is None:
        return False
    if isinstance(value, Listing):
        return value.truth()
    if isinstance(value, Unknown):
        return value
    if isinstance(value, Row):
        return Unknown(value.whys) if value.reading is None else True
    msg = f"{value!r} is no condition"
    raise TypeError(msg)


def whys_of(value: Any) -> tuple[Why, ...]:
    """Return why a value is not fully known."""
    if isinstance(value, (Unknown, Interval)):
        return value.whys
    if isinstance(value, Listing):
        return tuple(why for row in value.perhaps for why in row.whys)
    if isinstance(value, Values):
        return value.unknown.whys if value.unknown is not None else ()
    if isinstance(value, Row) and value.reading is None:
        return value.whys
    return ()


def shown(value: Any, kind: Kind | None = None) -> str:
    """Write a value for people; absent and unknown are `-`. `kind` tells bytes from other numbers."""
    if value is None or value is UNSET or isinstance(value, (Unknown, Interval)):
        return "-"
    if kind is Kind.BYTES and isinstance(value, (int, float)) and not isinstance(value, bool):
        return units.format_bytes(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.4g}" if value % 1 else f"{value:.0f}"
    if isinstance(value, dt.datetime):
        return units.format_time(value)
    if isinstance(value, dt.timedelta):
        return units.format_duration(value)
    if isinstance(value, (tuple, Values)):
        parts = value.sure if isinstance(value, Values) else value
        return ", ".join(dict.fromkeys(shown(part, kind) for part in parts)) or "-"
    if isinstance(value, Listing):
        return ", ".join(dict.fromkeys(str(row.subject or row.evidence) for row in value.sure)) or "-"
    if isinstance(value, Row):
        return str(value.subject or "-")
    return str(value)


def source_path(record: type, field: str) -> str:
    """Return the documented path of a field in its source (`lastState.terminated.exitCode`), or nothing."""
    return _paths(record).get(field, "")


def _paths(record: type) -> dict[str, str]:
    cached = _PATHS.get(record)
    if cached is None:
        cached = {}
        for name, hint in typing.get_type_hints(record, include_extras=True).items():
            for extra in _metas(hint):
                if extra and "path" in extra:
                    cached[name] = str(extra["path"])
        _PATHS[record] = cached
    return cached


_PATHS: dict[type, dict[str, str]] = {}


def _metas(hint: Any) -> Iterable[dict[str, Any] | None]:
    if typing.get_origin(hint) is typing.Annotated:
        for extra in typing.get_args(hint)[1:]:
            yield getattr(extra, "extra", None)
    for arm in typing.get_args(hint):
        if arm is not hint and typing.get_origin(arm) is not None:
            yield from _metas(arm)


def _holds_records(record: type[Struct], field: str) -> bool:
    declared = fields_of(record).get(field)
    return declared is not None and declared.kind is Kind.RECORD
