"""The texts of a diagnosis in other languages: what the runbook beside its translation says. Pure but for that file.

The diagnosis itself, codes and commands stay as they are; a text is looked up by its English words.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from runbookctl.engine import rendering
from runbookctl.language.templates import template
from runbookctl.language.translations import LANGUAGES, translated

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from runbookctl.engine.conclude import Concluded
    from runbookctl.engine.judge import Held
    from runbookctl.language.model import Runbook


def texts_of(runbooks: Sequence[Runbook], causes: Sequence[Concluded]) -> dict[str, dict[str, str]]:
    """Return for each language the texts that it has for titles, summaries and remediations of a diagnosis."""
    found: dict[str, dict[str, str]] = {}
    for lang in LANGUAGES:
        texts: dict[str, str] = {}
        for runbook in runbooks:
            other = translated(runbook, lang)
            if other is not runbook:
                texts.update(_of_runbook(runbook, other, causes))
        if texts:
            found[lang] = texts
    return found


def _of_runbook(runbook: Runbook, other: Runbook, causes: Iterable[Concluded]) -> Iterator[tuple[str, str]]:
    yield runbook.title, other.title
    for step, theirs in zip(runbook.steps, other.steps, strict=True):
        yield step.title, theirs.title
    for cause in causes:
        for held in cause.held:
            if held.cause in runbook.causes:
                yield from _of_cause(held, runbook, other)


def _of_cause(held: Held, runbook: Runbook, other: Runbook) -> Iterator[tuple[str, str]]:
    scope = held.item.scope
    theirs = next(one for one in other.causes if one.id == held.cause.id)
    yield rendering.text(held.cause.summary, scope), rendering.text(theirs.summary, scope)
    for ours, again in zip(runbook.remediations, other.remediations, strict=True):
        if ours.id in held.cause.remediate:
            yield (
                rendering.text(template(ours.title, ours.place), scope),
                rendering.text(template(again.title, again.place), scope),
            )
