"""What the steps of one runbook know, joined by subject: rows for one item, and what is not known about it. Pure."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from msgspec import UNSET, Struct, structs

from runbookctl import probes
from runbookctl.engine import subjects
from runbookctl.engine.reading import COMPUTED, machine_level
from runbookctl.engine.subjects import Names, agree
from runbookctl.language.values import Listing, Row, Why
from runbookctl.model import Evidence, Missing, Origin, Subject

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from types import ModuleType

    from runbookctl.engine.reading import Answer
    from runbookctl.language.model import Step

_STRUCTURED = frozenset({"kubernetes_objects", "nvml", "nvidia_smi_xml", "prometheus"})
_LONG_AGO = dt.datetime.min.replace(tzinfo=dt.UTC)


class Asked(Struct, frozen=True):
    """All that one step of one runbook got: answers, evidence that is missing; `given` False: nothing was supplied."""

    step: Step
    answers: tuple[Answer, ...] = ()
    missing: tuple[Evidence, ...] = ()
    given: bool = True


class _Ghost(Struct, frozen=True):
    subject: Subject
    why: str
    obtain: str
    before: dt.datetime | None = None
    older_than: str = ""
    given: bool = True
    everywhere: bool = False  # missing evidence that names nothing is missing for every item


class Only:
    """Decides which item evidence without a name belongs to: the only one there is."""

    def __init__(self, items: Iterable[Subject]) -> None:
        items = tuple(items)
        self._single = items[0] if len(items) == 1 else None
        nodes = {item.node for item in items}
        self._one_machine = len(nodes) == 1

    def holds(self, module: ModuleType, item: Subject) -> bool:
        """Tell whether unnamed evidence of a probe speaks of the item."""
        if self._single is not None:
            return item == self._single
        return self._one_machine and machine_level(module)


class StepRows:
    """The readings of one step with their subjects completed, found by item."""

    def __init__(self, asked: Asked, names: Names, *, since: dt.datetime | None) -> None:
        """Join the step's answers; readings of events older than `since` are dropped."""
        self.asked = asked
        self.id = asked.step.id
        self.computed = COMPUTED in _module(asked.step.probe).FORMS
        self._names = names
        self._since = since
        self.module: ModuleType = _module(asked.step.probe)
        self.rows: tuple[Row, ...] = tuple(self._merged() if self.module.KIND == "state" else self._plain())
        self._ghosts = tuple(self._gaps())
        self._index = _indexed(self.rows)
        self._anywhere = tuple(row for row in self.rows if subjects.unnamed(row.subject or Subject()))

    def _plain(self) -> Iterator[Row]:
        for answer in self.asked.answers:
            for told in answer.told:
                time = getattr(told.reading, "time", None)
                if self._since is not None and isinstance(time, dt.datetime) and time < self._since:
                    continue
                yield self._row(told.reading, answer.evidence, told.subject)

    def _row(self, reading: Struct, evidence: Evidence, subject: Subject) -> Row:
        completed = self._complete(subject, evidence)

        def whys() -> tuple[Why, ...]:
            why = f"{evidence.id} does not tell it"
            partial = self.computed or evidence.form in getattr(self.module, "PARTIAL", ())
            given = not (partial and evidence.origin is Origin.PASTED)
            return (Why(self.id, str(completed), why, self.obtain(completed), given),)

        return Row(
            reading, step=self.id, evidence=evidence.id, subject=completed, whys=whys, named=self.named(completed)
        )

    def _complete(self, subject: Subject, evidence: Evidence) -> Subject:
        """Add what else is known of a subject; a pasted text of a machine without a name is of the only one named."""
        completed = self._names.complete(subject)
        if evidence.origin is Origin.PASTED and machine_level(self.module):
            return self._names.on_the_only_node(completed)
        return completed

    def named(self, subject: Subject) -> Mapping[str, str]:
        """Return the fields of a reading that its subject tells."""
        names = subjects.keys(subject)
        return {field: names[key] for key, field in self.module.SUBJECT.items() if key in names}

    def _merged(self) -> Iterator[Row]:
        """Merge what several sources say of the state of one subject, field by field: set beats unset."""
        order: dict[tuple[Any, ...], list[Row]] = {}
        rank: dict[str, tuple[dt.datetime, bool, bool]] = {}
        partial = getattr(self.module, "PARTIAL", ())
        for answer in self.asked.answers:
            evidence = answer.evidence
            # a pasted text that names no time may be older than any other
            time = evidence.now or (evidence.at if evidence.request is not None else _LONG_AGO)
            rank[evidence.id] = (time, evidence.form in _STRUCTURED, evidence.form not in partial)
        keyed = getattr(self.module, "KEY", ())
        for row in self._plain():
            key = (_identity(row.subject or Subject()), *(getattr(row.reading, field, None) for field in keyed))
            order.setdefault(key, []).append(row)
        merged = [
            rows[0] if len(rows) == 1 else _merge(sorted(rows, key=lambda row: rank[row.evidence]))
            for rows in order.values()
        ]
        yield from _with_workloads(merged)

    def _gaps(self) -> Iterator[_Ghost]:
        for answer in self.asked.answers:
            evidence = answer.evidence
            for gap in answer.gaps:
                cut = gap.cut
                if cut.nothing:
                    continue  # it does not cover its item, which `covers` says
                pasted = evidence.origin not in (Origin.LIVE, Origin.BUNDLE)
                if cut.ring and pasted and cut.before is None:
                    continue  # pasted text is taken as whole unless it was cut, or says itself when it begins
                if self._since is not None and cut.before is not None and cut.before < self._since:
                    continue
                subject = self._complete(gap.subject, evidence)
                older = evidence.id if cut.ring else ""
                given = not (cut.ring and pasted)
                yield _Ghost(subject, f"{evidence.id}: {cut.why}", "", cut.before, older, given=given)
        for evidence in self.asked.missing:
            missing = evidence.missing or Missing(why="not asked", kind="not asked")
            subject = self._names.complete(evidence.item or evidence.subject)
            everywhere = not subjects.keys(subject)
            yield _Ghost(subject, missing.why, missing.obtain, everywhere=everywhere)

    def obtain(self, subject: Subject) -> str:
        """Return the command that would get this step's evidence about a subject."""
        return str(self.module.obtain(subject))

    def for_item(self, item: Subject, only: Only) -> Listing:
        """Return the readings that agree with an item, and what is not known about it."""
        if item.node is None and getattr(self.module, "ALL_NODES", False) and (self.asked.answers or self._ghosts):
            return self.whole()  # what has no node yet is concerned by all of them
        rows = [*self._agreeing(item), *(self._anywhere if only.holds(self.module, item) else ())]
        return Listing(tuple(rows), tuple(self._unknown(item, only)))

    def _agreeing(self, item: Subject) -> Iterator[Row]:
        seen: set[int] = set()
        for key in subjects.keys(item).items():
            for row in self._index.get(key, ()):
                if id(row) not in seen and agree(item, row.subject or Subject()):
                    seen.add(id(row))
                    yield row

    def _unknown(self, item: Subject, only: Only) -> Iterator[Row]:
        subject = str(item)
        for ghost in self._ghosts:
            if self._touches(ghost, item, only):
                why = Why(self.id, subject, ghost.why, ghost.obtain or self.obtain(item), ghost.given)
                yield self._ghost_row(why, ghost)
        if not self.covers(item, only) and not any(self._touches(ghost, item, only) for ghost in self._ghosts):
            yield self._ghost_row(self._not_covered(item), None)

    def _touches(self, ghost: _Ghost, item: Subject, only: Only) -> bool:
        if ghost.everywhere or agree(item, ghost.subject):
            return True
        return subjects.unnamed(ghost.subject) and only.holds(self.module, item)

    def _not_covered(self, item: Subject) -> Why:
        why = "not about it" if self.asked.answers else "not given" if not self.asked.given else "not asked"
        return Why(self.id, str(item), why, self.obtain(item), self.asked.given and not self.computed)

    def _ghost_row(self, why: Why, ghost: _Ghost | None) -> Row:
        return Row(
            None, step=self.id, evidence="", whys=(why,),
            before=ghost.before if ghost else None, older_than=ghost.older_than if ghost else "",
        )  # fmt: skip

    def covers(self, item: Subject, only: Only) -> bool:
        """Tell whether some answer covers the item: asked about it, or pasted and naming it."""
        for answer in self.asked.answers:
            if any(gap.cut.nothing for gap in answer.gaps):
                continue
            named = self._complete(answer.evidence.subject, answer.evidence)
            if subjects.unnamed(named):
                live = answer.evidence.request is not None and answer.evidence.item is None
                if live or only.holds(self.module, item) or agree(item, named):
                    return True
            elif agree(item, named) and (answer.evidence.request is not None or not self._each_named):
                return True
        return any(True for _ in self._agreeing(item)) if self._each_named else False

    @property
    def _each_named(self) -> bool:
        """Pasted lists of states cover the subjects that they name, and no others."""
        return bool(self.module.KIND == "state")

    def whole(self) -> Listing:
        """Return every reading, and what is not known anywhere."""
        ghosts = [
            self._ghost_row(
                Why(self.id, str(ghost.subject), ghost.why, ghost.obtain or self.obtain(ghost.subject)), ghost
            )
            for ghost in self._ghosts
        ]
        if not self.asked.answers and not ghosts:
            ghosts = [self._ghost_row(self._not_covered(Subject()), None)]
        return Listing(self.rows, tuple(ghosts))


def _module(probe: str) -> ModuleType:
    module = probes.load(probe)
    assert module is not None, probe  # the loader knows every probe
    return module


def _identity(subject: Subject) -> Subject:
    """Return what makes two readings of state speak of one thing: the deepest level under its own parents."""
    level = subjects.deepest(subject)
    return (subjects.at_level(subject, level) or subject) if level else subject


def _indexed(rows: Iterable[Row]) -> Mapping[tuple[str, str], list[Row]]:
    index: defaultdict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows:
        subject = row.subject or Subject()
        wide = subjects.deepest(subject) in ("cluster", "namespace")
        for key in subjects.keys(subject).items():
            if wide or key[0] not in ("cluster", "namespace"):
                index[key].append(row)
    return index


def _with_workloads(rows: list[Row]) -> list[Row]:
    """Let a reading about a workload (its previous revision) tell that of each of its pods, where they do not."""
    workloads = [row for row in rows if subjects.deepest(row.subject or Subject()) == "workload"]
    if not workloads:
        return rows
    known = {(row.subject.namespace, row.subject.workload): row for row in workloads if row.subject}
    found = []
    for row in rows:
        subject = row.subject or Subject()
        wide = known.get((subject.namespace, subject.workload)) if subject.workload else None
        found.append(_merge([_fields_beyond(wide, row), row]) if wide is not None and wide is not row else row)
    return found


def _fields_beyond(wide: Row, row: Row) -> Row:
    """Return a workload's reading under the subject of one of its pods."""
    return Row(wide.reading, step=row.step, evidence=wide.evidence, subject=row.subject, sources=wide.sources)


def _unset(value: Any) -> bool:
    """Tell whether a field says nothing: it is unset, or a struct of which every field is."""
    if isinstance(value, Struct) and value.__struct_fields__:
        return all(getattr(value, field) is UNSET for field in value.__struct_fields__)
    return value is UNSET


def _merge(rows: list[Row]) -> Row:
    """Merge readings of one state, the strongest source last."""
    reading = rows[0].reading
    assert reading is not None
    sources: dict[str, tuple[str, int | None]] = {}
    values: dict[str, Any] = {}
    for row in rows:
        for field in type(reading).__struct_fields__:
            value = getattr(row.reading, field, UNSET)
            if not _unset(value):
                values[field] = value
                sources[field] = (row.evidence, row.line)
    last = rows[-1]
    merged = structs.replace(reading, **values)
    subject = last.subject or Subject()
    for row in rows:
        names = subjects.keys(row.subject or Subject())
        subject = structs.replace(
            subject, **{key: value for key, value in names.items() if getattr(subject, key) is None}
        )
    named = {field: value for row in rows for field, value in (row.named or {}).items()}
    return Row(
        merged,
        step=last.step,
        evidence=sources.get("line", (last.evidence, None))[0],  # whose line it is that the merged reading has
        subject=subject,
        sources=sources,
        whys=lambda: tuple(why for row in rows for why in row.whys),
        named=named,
    )
