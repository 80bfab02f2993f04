"""The step list: what a run has told so far, and its lines for a terminal.

Pure but for the monotonic clock that tells how long a step has been running. A tick says "read", never "healthy".
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from runbookctl.cli.fold import natural, node_of, tails
from runbookctl.cli.foreign import cells, cut, shown
from runbookctl.cli.line import Line, Style
from runbookctl.cli.rows import COMMAND
from runbookctl.cli.terminal import Layout, Symbols
from runbookctl.cli.texts import duration, number, say
from runbookctl.engine.watch import RunStarted, StepEvent, StepState
from runbookctl.model import Evidence

_TITLE_GAP, _PIECE_GAP, _GAP = 4, 3, 3
_LEAST_TITLE, _FORM, _TOOK = 12, 26, 9  # cells that the title keeps, that a form may need, that a duration takes
_NO_TIME = 0.005  # seconds that print as 0.00s
_FEW = 3  # askings of one step whose answers are told; more are counted
_LEAST_TEXT = 8  # fewer cells than these say nothing
_LEAST_SUMMARY = 20  # cells that the summary keeps; the title, then the form, is cut for it
ENDED = (StepState.READ, StepState.CUT, StepState.MISSING)
_STRANGE = {"unrecognised": "not_recognised", "empty": "empty"}


@dataclass
class Row:
    """One step, or one piece of `analyze`."""

    title: str
    event: StepEvent | None = None
    since: float | None = None  # monotonic time at which it was first seen running
    cut: bool = False  # one of its askings was cut short
    told: dict[str, Evidence] = field(default_factory=dict)  # what its askings got, by id

    @property
    def state(self) -> StepState:
        """Return where it stands: with many askings it runs until the last, and is missing when all are."""
        event = self.event
        if event is None:
            return StepState.WAITING
        if event.total < 2 or event.state not in ENDED:
            return event.state
        if event.items < event.total:
            return StepState.RUNNING
        if event.missing == event.total:
            return StepState.MISSING
        return StepState.CUT if self.cut else StepState.READ


@dataclass
class Steps:
    """All steps of a run in the runbook's order; pieces in the order in which they come."""

    lang: str = "en"
    on: int = 0  # how many nodes the run is about
    clock: Callable[[], float] = time.monotonic
    run: RunStarted | None = None
    rows: dict[str, Row] = field(default_factory=dict)

    def started(self, run: RunStarted) -> None:
        """Begin a list; a second run (`demo`) begins a new one."""
        self.run = run
        self.rows = {step: Row(title) for step, title in run.steps}

    def step(self, event: StepEvent) -> Row:
        """Keep the latest of a step."""
        row = self.rows.setdefault(event.step, Row(event.title))
        if event.state is StepState.RUNNING and row.since is None:
            row.since = self.clock()
        row.event = event
        row.cut = row.cut or event.state is StepState.CUT
        if event.evidence is not None and len(row.told) <= _FEW:
            row.told[event.evidence.id] = event.evidence
        return row

    @property
    def pieces(self) -> bool:
        """Tell whether this is `analyze`: pieces instead of steps."""
        return self.run is None or not self.run.runbook

    @property
    def ended(self) -> int:
        """Count the steps that have an answer, or a reason why there is none."""
        return sum(row.state in ENDED for row in self.rows.values())

    @property
    def open(self) -> list[str]:
        """Return the titles of the steps that are being asked now."""
        return [row.title for row in self.rows.values() if row.state is StepState.RUNNING]

    # --- lines ---------------------------------------------------------------------------------------------------

    def head(self, layout: Layout) -> list[Line]:
        """Return the line above the list: the runbook, its title or its nodes, the run at the right."""
        if self.run is None or self.pieces:
            return []
        line = Line(self.run.runbook)
        if self.on > 1:
            line.add(f" {say(self.lang, 'on_nodes', n=number(self.on))}")
        else:
            room = layout.width - line.width - cells(self.run.run) - 3
            line.add("  ").add(cut(shown(self.run.title), max(room, 10)))
        if layout.stacked:
            return [line, Line(f"  {self.run.run}", Style.DIM)]
        return [line.right(self.run.run, layout.width, Style.DIM)]

    def lines(self, layout: Layout, symbols: Symbols, frame: int = 0, *, last: int = 0) -> list[Line]:
        """Return one line per step; below 60 columns the details stand under it. `last`: only so many, the latest."""
        rows = self._named()[-last:]
        columns = self._columns(rows, layout)
        return [line for row in rows for line in self._line(row, columns, layout, symbols, frame)]

    def _named(self) -> list[Row]:
        """Return the rows; pieces by the end of their path that tells them apart."""
        rows = list(self.rows.values())
        if not self.pieces:
            return rows
        names = tails([row.title for row in rows])
        return [replace(row, title=names[row.title]) for row in rows]

    def line(self, row: Row, layout: Layout, symbols: Symbols) -> list[Line]:
        """Return the lines of one step, aligned with those that are known so far."""
        return self._line(row, self._columns(list(self.rows.values()), layout), layout, symbols, 0)

    def _columns(self, rows: Sequence[Row], layout: Layout) -> tuple[int, int, int]:
        """Return the widths of title, id and form, each with the gap after it; the name of a piece goes before all."""
        title = max((cells(shown(row.title)) for row in rows), default=0)
        title += _PIECE_GAP if self.pieces else _TITLE_GAP
        ids = max([2, *(len(_ids(row)) for row in rows if self._told(row))]) + _GAP
        forms = (cells(shown(_form(row.event))) + _GAP for row in rows if row.event)
        form = max(forms, default=0) if self.pieces else 0
        if self.pieces:
            title = min(title, max(layout.width - 4 - ids - min(form, _FORM), _LEAST_TITLE))
            return title, ids, min(form, max(layout.width - 4 - title - ids, 0))
        return min(title, max(layout.width - 4 - ids - _TOOK - _LEAST_SUMMARY, _LEAST_TITLE)), ids, 0

    def _line(
        self, row: Row, columns: tuple[int, int, int], layout: Layout, symbols: Symbols, frame: int
    ) -> list[Line]:
        title, ids, form = columns
        mark, style = self._mark(row, symbols, frame)
        name = cut(shown(row.title), layout.width - 4 if layout.stacked else title - 1)
        line = Line("  ").add(mark, style).add(" " + name)
        event = row.event
        evidence = event.evidence if event and event.evidence and self._told(row) else None
        took, text = self._took(row), self._text(row)
        if layout.stacked:
            parts = [_ids(row) if evidence else "", _form(event) if self.pieces else "", text, took]
            second = Line(" " * COMMAND + cut(shown("  ".join(part for part in parts if part)), layout.width - COMMAND))
            return [line, second] if second.text else [line]
        line.to(4 + title)
        if self._told(row):
            line.add(_ids(row) if evidence else "", Style.DIM).to(4 + title + ids)
        if form and not _strange(event):
            line.add(cut(shown(_form(event)), form - 1)).to(4 + title + ids + form)
        room = layout.width - line.width - cells(took) - (1 if took else 0)
        line.add(cut(shown(text), room) if room >= _LEAST_TEXT else "")
        if layout.wide and evidence:
            _add_origin(line, evidence.source, evidence.sha256, layout.width - cells(took) - 2, pieces=self.pieces)
        return [line.right(took, layout.width, Style.DIM) if took else line]

    def _mark(self, row: Row, symbols: Symbols, frame: int) -> tuple[str, Style]:
        match row.state:
            case StepState.WAITING:
                return " ", Style.PLAIN
            case StepState.RUNNING:
                return symbols.spinner[frame % len(symbols.spinner)], Style.PLAIN
            case StepState.READ if not _strange(row.event):
                return symbols.read, Style.PLAIN
            case StepState.CUT:
                return symbols.cut, Style.YELLOW
        return symbols.missing, Style.YELLOW

    def _took(self, row: Row) -> str:
        event, state = row.event, row.state
        if event is None or (state is StepState.MISSING and event.total < 2):
            return ""
        if state is StepState.RUNNING and row.since is not None:
            return duration(self.clock() - row.since, digits=1)
        return duration(event.took) if state in ENDED and event.took >= _NO_TIME else ""

    def _text(self, row: Row) -> str:
        event = row.event
        if event is None:
            return ""
        if not self._told(row):
            return self._counts(row, event)
        if event.total > 1:
            return self._several(row)
        if event.state is StepState.MISSING and event.evidence and event.evidence.missing:
            return event.evidence.missing.why
        if event.evidence is None or event.state not in ENDED:
            return event.detail
        parts = [event.evidence.summary or event.detail]
        if self.pieces:
            subject = str(event.evidence.subject)
            parts.insert(0, "" if subject.startswith("pasted/") else subject)
            if _strange(event):
                parts[0] = say(self.lang, _STRANGE[event.evidence.form])
        if event.state is StepState.CUT:
            parts.append(say(self.lang, "cut_short"))
        return say(self.lang, "parts").join(part for part in parts if part)

    def _told(self, row: Row) -> bool:
        """Tell whether the answers of a step are told each: there are few, and they are not about several nodes."""
        event = row.event
        return event is None or event.total < 2 or (event.total <= _FEW and self.on < 2 and row.state in ENDED)

    def _several(self, row: Row) -> str:
        """Return what the few askings of a step got, each once."""
        parts = [each.missing.why if each.missing else each.summary for each in row.told.values()]
        parts.append(say(self.lang, "cut_short") if row.cut else "")
        return say(self.lang, "parts").join(part for part in dict.fromkeys(parts) if part)

    def _counts(self, row: Row, event: StepEvent) -> str:
        """Return how many of many askings are answered."""
        answered = event.items - event.missing
        if row.state not in ENDED:
            text = say(self.lang, "items_running", n=number(event.items), all=number(event.total))
        elif self.on > 1 or (event.evidence and node_of(str(event.evidence.subject)) and self.on):
            text = say(self.lang, "nodes_read", n=number(answered))
        else:
            text = say(self.lang, "items_read", n=number(answered), all=number(event.total))
        missing = say(self.lang, "missing_count", n=number(event.missing)) if event.missing else ""
        return say(self.lang, "parts").join(part for part in (text, missing) if part)


def _ids(row: Row) -> str:
    return ",".join(sorted(row.told, key=natural))


def _form(event: StepEvent | None) -> str:
    if event is None or event.evidence is None or _strange(event):
        return ""
    from runbookctl.forms import label

    return label(event.evidence.form)


def _strange(event: StepEvent | None) -> bool:
    """Tell whether a piece was read and nobody knows what it is."""
    return event is not None and event.evidence is not None and event.evidence.form in _STRANGE


def _add_origin(line: Line, source: str, sha256: str, end: int, *, pieces: bool) -> None:
    """Write at the right side of a wide screen where it was read, if there is room."""
    parts = ("" if pieces else source, f"sha256 {sha256[:12]}" if sha256 else "")
    text = ", ".join(part for part in parts if part)
    if text and line.width + cells(shown(text)) + 2 <= end:
        line.right(text, end, Style.DIM)
