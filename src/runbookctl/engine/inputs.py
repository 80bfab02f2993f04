"""The inputs of a run as they were given: `-i`, `--on`, `-n`; checked against what the runbook takes. Pure."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from msgspec import Struct

from runbookctl.engine import replay
from runbookctl.engine.noderanges import expand
from runbookctl.errors import InputError
from runbookctl.language.suggest import did_you_mean
from runbookctl.language.units import parse_time

if TYPE_CHECKING:
    from runbookctl.language.model import Runbook


class RunOptions(Struct, frozen=True, kw_only=True):
    """How to run a runbook. `inputs` are texts as given; `on` are node names or ranges; `timeout` is in seconds."""

    runbook: str
    inputs: dict[str, list[str]] = {}
    on: tuple[str, ...] = ()
    from_: str | None = None
    timeout: float = 30.0
    step: bool = False
    context: str | None = None
    namespace: str | None = None
    at: str | None = None
    prometheus: str | None = None
    kubeconfig: str | None = None


class AnalyzeOptions(Struct, frozen=True, kw_only=True):
    """What to analyze: files, folders or "-"; `at` is what `now` means; `runbooks` restricts who judges."""

    paths: tuple[str, ...]
    at: str | None = None
    runbooks: tuple[str, ...] = ()
    inputs: dict[str, list[str]] = {}


def given_for(runbook: Runbook, options: RunOptions, *, required: bool) -> dict[str, list[str]]:
    """Return the texts given for inputs, `--on` and `-n` among them; raise InputError for what does not fit."""
    given = {name: list(texts) for name, texts in options.inputs.items()}
    known = {one.name: one for one in runbook.inputs}
    for name in given:
        if name not in known:
            raise InputError(f'{runbook.id} has no input "{name}"{did_you_mean(name, known)}',
                             details=(f"It has: {', '.join(known) or 'none'}.",),
                             commands=(f"runbookctl show {runbook.id}",))  # fmt: skip
    nodes = next((one for one in runbook.inputs if one.type == "node"), None)
    if options.on:
        if nodes is None:
            raise InputError(f"{runbook.id} takes no nodes, so --on does not fit",
                             commands=(f"runbookctl show {runbook.id}",))  # fmt: skip
        given.setdefault(nodes.name, []).extend(expand(options.on))
    if options.namespace is not None and "namespace" in known:
        given.setdefault("namespace", [options.namespace])
    for name, texts in given.items():
        if known[name].many:
            given[name] = [part for text in texts for part in _listed(text)]
    missing = [one.name for one in runbook.inputs if one.required and one.name not in given]
    if required and missing:
        example = " ".join(f"-i {name}=..." for name in missing)
        raise InputError(
            f"{runbook.id} needs {', '.join(missing)}", commands=(f"runbookctl run {runbook.id} {example}",)
        )
    replay.values_of(runbook, given)
    return given


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def parse_at(text: str | None) -> dt.datetime | None:
    """Return the time of `--at`; raise InputError when it is none."""
    if text is None:
        return None
    try:
        return parse_time(text)
    except ValueError as error:
        raise InputError(f"--at: {error}") from None


def now_of(text: str | None) -> dt.datetime:
    """Return the time of `--at`, else the time now, to the second."""
    return parse_at(text) or dt.datetime.now(dt.UTC).replace(microsecond=0)
