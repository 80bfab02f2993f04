"""The text of a plan: what a run would ask, in which order, after what. Nothing is sent to print it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runbookctl.cli import fold, outcome
from runbookctl.cli.foreign import cells, shown
from runbookctl.cli.group import Session
from runbookctl.cli.line import Line, Style
from runbookctl.cli.rows import COMMAND, prose
from runbookctl.cli.texts import joined, number, say

if TYPE_CHECKING:
    from runbookctl.engine.plan import Plan, PlanLine

_SHOWN = 3  # commands of one step; more of the same are counted, and all are in --output json


def show_plan(plan: Plan, ours: Session) -> int:
    """Print a plan; return the exit status."""
    if ours.json:
        outcome.document({"plan": plan}, ours)
        return 0
    outcome.lines(lines(plan, ours), ours)
    return 0


def lines(plan: Plan, ours: Session) -> list[Line]:
    """Lay a plan out: each step with its probe, what it waits for and the commands that ask the same."""
    layout = ours.layout
    found = [Line("PLAN", Style.BOLD).add(f"  {plan.runbook}  ").add(say(ours.lang, "plan_nothing"))]
    titles = max((cells(shown(line.title)) for line in plan.lines), default=0) + 4
    ids = max((len(line.step) for line in plan.lines), default=0) + 2
    for at, line in enumerate(plan.lines, 1):
        head = Line(f"  {at} {line.step}")
        if layout.stacked:
            found += [head, Line(f"    {line.title}"), Line(f"    {line.probe}")]
        else:
            found.append(head.to(4 + ids).add(line.title).to(4 + ids + titles, gap=2).add(line.probe, Style.DIM))
        found += _details(line, ours)
    return found


def _details(line: PlanLine, ours: Session) -> list[Line]:
    found: list[Line] = []
    if line.waits_for:
        found += prose(say(ours.lang, "plan_waits", steps=joined(ours.lang, line.waits_for)), COMMAND, ours.layout)
    if line.per_item:
        found.append(Line(" " * COMMAND + say(ours.lang, "plan_per_item")))
    found += [Line(" " * COMMAND + text) for text in line.commands[:_SHOWN]]
    rest = len(line.commands) - _SHOWN
    if rest > 0:
        text = say(ours.lang, "plan_more", n=number(rest), on=_nodes(line.commands[_SHOWN:]))
        found.append(Line(" " * COMMAND + text))
    return found


def _nodes(commands: tuple[str, ...]) -> str:
    """Return the nodes of `ssh NODE ...` commands, folded."""
    words = [text.split(" ", 2) for text in commands]
    nodes = [each[1] for each in words if len(each) == 3 and each[0] == "ssh"]
    return f": {', '.join(fold.names(nodes))}" if nodes else ""
