"""From causes per item to causes of the incident: merged, explained, ranked. Pure.

Source: docs/language.md, "What explains what" and "Order of causes".
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import TYPE_CHECKING

from msgspec import Struct, structs

from runbookctl.engine import rendering, subjects
from runbookctl.model import Subject

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from runbookctl.engine.judge import Held, Judgement
    from runbookctl.language.model import Runbook
    from runbookctl.language.values import Ref, Why

SLACK = dt.timedelta(minutes=1)  # clocks differ: an explanation may seem to begin this much after what it explains
_WHOLES = {"gpu": ("node",), "mig": ("gpu", "node"), "container": ("workload", "pod"), "pod": ("workload",)}


class Concluded(Struct, frozen=True, eq=False):
    """One cause of the incident, with everything that holds it."""

    code: str
    id: str
    subject: Subject
    subjects: tuple[Subject, ...]
    summary: str
    held: tuple[Held, ...]
    runbooks: tuple[Runbook, ...]
    explained_by: tuple[str, ...] = ()
    explains: int = 0

    @property
    def root(self) -> bool:
        """A root is explained by no other true cause."""
        return not self.explained_by

    @property
    def refs(self) -> tuple[Ref, ...]:
        """What proves it, each once."""
        return tuple(dict.fromkeys(ref for held in self.held for ref in held.refs))

    @property
    def not_ruled_out(self) -> tuple[Why, ...]:
        """What could still rule it out; nothing when one item has ruled everything out."""
        if any(not held.not_ruled_out for held in self.held):
            return ()
        return tuple(dict.fromkeys(why for held in self.held for why in held.not_ruled_out))

    @property
    def began(self) -> dt.datetime | None:
        """The earliest time in its proof."""
        times = [held.began for held in self.held if held.began is not None]
        return min(times) if times else None


def conclude(judgements: Sequence[Judgement]) -> tuple[Concluded, ...]:
    """Return the causes of all runbooks together, in their order."""
    merged = _one_of_each(cause for judgement in judgements for cause in _per_subject(judgement))
    explained = _explain(merged)
    order = {id(cause): number for number, cause in enumerate(explained)}
    return tuple(sorted(explained, key=lambda cause: (_rank(cause), order[id(cause)], cause.code, str(cause.subject))))


def _per_subject(judgement: Judgement) -> Iterable[Concluded]:
    """Join items that share the subject of a cause by "or"; tell once about a whole what holds of all its parts."""
    grouped: dict[tuple[str, Subject], list[Held]] = {}
    for held in judgement.held:
        grouped.setdefault((held.cause.id, held.subject), []).append(held)
    causes = [_concluded(judgement.runbook, held) for held in grouped.values()]
    by_id: dict[str, list[Concluded]] = {}
    for cause in causes:
        by_id.setdefault(cause.id, []).append(cause)
    for parts in by_id.values():
        yield from _wholes(judgement, parts)


def _concluded(runbook: Runbook, held: list[Held]) -> Concluded:
    first = held[0]
    summary = rendering.text(first.cause.summary, first.item.scope)
    return Concluded(
        code=first.cause.code,
        id=first.cause.id,
        subject=first.subject,
        subjects=(first.subject,),
        summary=summary,
        held=tuple(held),
        runbooks=(runbook,),
    )


def _wholes(judgement: Judgement, parts: list[Concluded]) -> Iterable[Concluded]:
    """Tell a cause once about a whole when each of its parts has it in the same words."""
    remaining = list(parts)
    level = subjects.deepest(parts[0].subject)
    for wide in _WHOLES.get(level, ()):
        groups: dict[tuple[Subject, str], list[Concluded]] = {}
        for cause in remaining:
            whole = subjects.at_level(cause.subject, wide)
            if whole is not None and subjects.deepest(cause.subject) == level:
                groups.setdefault((whole, cause.summary), []).append(cause)
        if not any(len(group) > 1 for group in groups.values()):
            continue
        everyone = Counter(subjects.at_level(item.subject, wide) for item in judgement.items if item.proper)
        for (whole, _), group in groups.items():
            if len(group) > 1 and len(group) == everyone[whole]:
                joined = structs.replace(
                    group[0],
                    subject=whole,
                    subjects=tuple(cause.subject for cause in group),
                    held=tuple(held for cause in group for held in cause.held),
                )
                first = remaining.index(group[0])
                remaining = [cause for cause in remaining if cause not in group]
                remaining.insert(min(first, len(remaining)), joined)
    return remaining


def _one_of_each(causes: Iterable[Concluded]) -> list[Concluded]:
    """Join what two runbooks say of agreeing subjects under the same code: one cause, with the evidence of both."""
    found: list[Concluded] = []
    for cause in causes:
        for number, other in enumerate(found):
            if _same(other, cause):
                deeper = max(other, cause, key=lambda one: len(subjects.keys(one.subject)))
                found[number] = structs.replace(
                    other,
                    subject=deeper.subject if other.runbooks == cause.runbooks else other.subject,
                    subjects=tuple(dict.fromkeys((*other.subjects, *cause.subjects))),
                    held=(*other.held, *cause.held),
                    runbooks=tuple({one.id: one for one in (*other.runbooks, *cause.runbooks)}.values()),
                    summary=other.summary or cause.summary,
                )
                break
        else:
            found.append(cause)
    return found


def _same(one: Concluded, other: Concluded) -> bool:
    """Tell whether two causes are one: the same code about one thing, from two runbooks or told twice by one.

    Told twice by one: of a pod, where no container is named, and of its container.
    """
    if one.code != other.code or not (one.subject == other.subject or subjects.agree(one.subject, other.subject)):
        return False
    if one.runbooks != other.runbooks:
        return True
    proper = [all(held.item.proper for held in cause.held) for cause in (one, other)]
    return one.id == other.id and not all(proper)


def _explain(causes: list[Concluded]) -> list[Concluded]:
    """Mark symptoms; causes that explain each other in a circle do not explain each other."""
    edges: dict[int, set[int]] = {
        number: {other for other, symptom in enumerate(causes) if other != number and _explains(cause, symptom)}
        for number, cause in enumerate(causes)
    }
    reach = {number: _reached(edges, number) for number in edges}
    explained: list[Concluded] = []
    for number, cause in enumerate(causes):
        by = [other for other in edges if number in edges[other] and other not in reach[number]]
        explains = sum(1 for other in edges[number] if number not in reach[other])
        codes = tuple(dict.fromkeys(causes[other].code for other in by))
        explained.append(structs.replace(cause, explained_by=codes, explains=explains))
    return explained


def _explains(cause: Concluded, symptom: Concluded) -> bool:
    if cause.code == symptom.code or not any(symptom.code in held.cause.explains for held in cause.held):
        return False
    if not any(not subjects.differ(ours, theirs) for ours in _parts(cause) for theirs in _parts(symptom)):
        return False
    if cause.began is None or symptom.began is None:
        return True
    return cause.began <= symptom.began + SLACK


def _parts(cause: Concluded) -> tuple[Subject, ...]:
    """Return the subjects of the proof: a cause about a whole explains what happens to each of its parts."""
    return tuple(dict.fromkeys(subject for held in cause.held for subject in (held.subject, held.item.subject)))


def _reached(edges: dict[int, set[int]], start: int) -> set[int]:
    seen: set[int] = set()
    pending = list(edges[start])
    while pending:
        number = pending.pop()
        if number not in seen:
            seen.add(number)
            pending.extend(edges[number])
    return seen


def _rank(cause: Concluded) -> tuple[bool, bool, int, int, float]:
    began = cause.began.timestamp() if cause.began else float("inf")
    return (not cause.root, bool(cause.not_ruled_out), -cause.explains, -len(cause.subjects), began)
