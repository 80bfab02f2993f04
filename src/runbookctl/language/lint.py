"""Everything that can be said about runbooks without running one: each file with its companions, and all together."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from runbookctl.language import loader, recorded, translations, yaml_text
from runbookctl.language.circles import circles
from runbookctl.language.names import chain
from runbookctl.language.source import Source

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from runbookctl.language.model import Cause, Place, Runbook
    from runbookctl.language.source import Mistake


def of_file(path: str | Path, root: str | Path | None = None) -> tuple[Runbook | None, tuple[Mistake, ...]]:
    """Return the runbook of a file, and every mistake in it, in its translations and in its recorded tests."""
    runbook, mistakes = loader.mistakes_of(path, root)
    if runbook is not None:
        mistakes += translations.translation_mistakes(runbook)
    tests = recorded.path_of(path)
    if tests.is_file():
        mistakes += recorded.checked(loader.body_of(tests), str(tests), runbook)[1]
    return runbook, mistakes


def across(runbooks: Sequence[Runbook]) -> tuple[Mistake, ...]:
    """Return what is wrong between runbooks: an id twice, and causes that explain each other in a circle."""
    mistakes = []
    first: dict[str, Runbook] = {}
    for runbook in runbooks:
        if first.setdefault(runbook.id, runbook) is not runbook:
            message = f"{runbook.id} is also the id of {first[runbook.id].file}"
            mistakes.append(_at(runbook, message))
    graph: dict[str, set[str]] = {}
    for runbook in runbooks:
        for cause in runbook.causes:
            graph.setdefault(cause.code, set()).update(cause.explains)
    for explained in {each for explains in graph.values() for each in explains}:
        graph.setdefault(explained, set())
    mistakes += [_circle(runbooks, circle) for circle in circles(graph)]
    return tuple(mistakes)


def _circle(runbooks: Sequence[Runbook], circle: tuple[str, ...]) -> Mistake:
    """Return the mistake of a circle, at the last cause that closes it."""
    last: tuple[Runbook, Cause] | None = None
    for code, explained in pairwise(circle):
        for runbook in runbooks:
            for cause in runbook.causes:
                if cause.code == code and explained in cause.explains:
                    last = (runbook, cause)
    assert last is not None  # each step of a circle comes from a cause
    return _at(last[0], f"causes explain each other in a circle: {chain(circle)}", last[1].place, len(last[1].id))


def _at(runbook: Runbook, message: str, place: Place | None = None, length: int = 1) -> Mistake:
    source = Source(runbook.file, yaml_text.text_of(runbook.source))
    return source.mistake(source.index(place) if place is not None else 0, message, length=length)
