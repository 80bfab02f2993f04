"""Asks the steps of a runbook: side by side where they do not need each other, each answer stored before it is read.

The only stage that sends. Steps that `when` reads come first; the others are asked for items whose `when` is not false.
"""

from __future__ import annotations

import datetime as dt
import threading
import time
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from runbookctl import forms
from runbookctl.connectors import Answer
from runbookctl.engine import asking
from runbookctl.engine.answers import Only
from runbookctl.engine.asking import MOST_ITEMS, Asking
from runbookctl.engine.diagnose import Case, names_of
from runbookctl.engine.judge import ItemScope, RunbookScope, judge, steps_of
from runbookctl.engine.watch import StepEvent, StepState
from runbookctl.errors import Interrupted
from runbookctl.model import (
    AnyRequest,
    Ask,
    Compute,
    Evidence,
    Missing,
    Origin,
    Raw,
    RunRunbook,
    Subject,
    Writer,
    to_json,
)  # fmt: skip

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Protocol

    from runbookctl.engine.record import Recorder
    from runbookctl.engine.watch import Watch
    from runbookctl.language.model import Runbook, Step

    Nested = Callable[[RunRunbook], Answer | Missing]

    class Sender(Protocol):
        """What answers requests: the connectors, or a replay of recordings."""

        def send(
            self, request: AnyRequest, timeout: float, cancel: threading.Event, anchors: tuple[bytes, ...]
        ) -> Answer | Missing:
            """Answer one request within `timeout` seconds; of a long answer lines with an anchor are kept."""


_Running = dict["Future[tuple[Answer | Missing, float]]", "tuple[Step, int, Asking]"]

WIDTH = 8  # questions under way at once


class Settings(Struct, frozen=True, kw_only=True):
    """How a run asks."""

    timeout: float = 30.0  # seconds per question, unless the step says so
    confirm: bool = False  # ask the person before each step
    origin: Origin = Origin.LIVE


class Collector:
    """Collects the evidence of one run."""

    def __init__(
        self, recorder: Recorder, runbook: Runbook, inputs: Mapping[str, Any], sender: Sender, watch: Watch,
        settings: Settings, now: dt.datetime, nested: Nested | None = None,
    ) -> None:  # fmt: skip
        """Ask `runbook` with `inputs` through `sender`; `nested` runs the runbook of a step that asks one."""
        self.nested = nested
        self._person = threading.Lock()
        self.recorder = recorder
        self.runbook = runbook
        self.inputs = inputs
        self.sender = sender
        self.watch = watch
        self.settings = settings
        self.now = now
        self.cancel = threading.Event()
        self._count = 0
        self._asked: dict[bytes, Evidence] = {}
        self._counts: dict[str, list[int]] = {}
        self._began: dict[str, float] = {}
        self._quit = False

    def collect(self) -> None:
        """Ask everything there is to ask. Ctrl-C stores what was read and raises Interrupted."""
        try:
            with ThreadPoolExecutor(WIDTH, thread_name_prefix="step") as pool:
                self._phases(pool)
        except KeyboardInterrupt:
            self.cancel.set()
            stored = len({step for one in self.recorder.pool.evidence if not one.missing for step in one.steps})
            raise Interrupted(
                f"Stopped. {stored} of {len(self.runbook.steps)} steps are stored; nothing of ours still runs.",
                commands=(f"runbookctl show {self.recorder.run}",),
            ) from None

    def _phases(self, pool: ThreadPoolExecutor) -> None:
        wanted = {step.id: asking.needs(self.runbook, step) for step in self.runbook.steps}
        first = set(steps_of(self.runbook, self.runbook.when)) if self.runbook.when else set(wanted)
        while more := {need for step in first for need in wanted[step][0]} - first:
            first |= more
        done: set[str] = set()
        self._waves(pool, wanted, first, done)
        rest = set(wanted) - done
        if rest and self._symptom():
            self._waves(pool, wanted, rest, done)

    def _symptom(self) -> bool:
        return any(item.symptom is not False for item in self._judgement().items)

    def _waves(
        self,
        pool: ThreadPoolExecutor,
        wanted: Mapping[str, tuple[frozenset[str], bool]],
        allowed: set[str],
        done: set[str],
    ) -> None:
        pending = [step for step in self.runbook.steps if step.id in allowed and step.id not in done]
        while pending:
            ready = [step for step in pending if not (wanted[step.id][0] - done)]
            if not ready:  # the loader refuses circles, so only a `when` that needs an item's step comes here
                ready = pending
            self._wave(pool, ready, wanted)
            done.update(step.id for step in ready)
            pending = [step for step in pending if step not in ready]

    def _wave(
        self, pool: ThreadPoolExecutor, steps: list[Step], wanted: Mapping[str, tuple[frozenset[str], bool]]
    ) -> None:
        running: _Running = {}
        shared: list[tuple[Step, bytes]] = []
        for step in steps:
            askings = list(self._askings(step, per_item=wanted[step.id][1]))
            skipped = self._skipped(step) if askings else None
            self._counts[step.id] = [0, len(askings), 0]
            self._began[step.id] = time.monotonic()
            self._tell(step, StepState.RUNNING)
            for one in askings:
                if skipped is not None:
                    one = Asking(one.step, one.subject, missing=skipped, item=one.item)  # noqa: PLW2901 - replaced
                self._begin(pool, step, one, running, shared)
        try:
            self._finish(running)
        except KeyboardInterrupt:
            self._interrupted(running)
            raise
        for step, key in shared:
            evidence = self.recorder.share(self._asked[key], step.id)
            self._asked[key] = evidence
            self._told(step, evidence)

    def _askings(self, step: Step, *, per_item: bool) -> Iterable[Asking]:
        if not per_item:
            scope = ItemScope(self._shared(), Subject(), None, Only(()))
            yield from asking.askings(step, scope, None)
            return
        items = [item for item in self._judgement().items if item.symptom is not False and item.proper]
        for item in items[:MOST_ITEMS]:
            yield from asking.askings(step, item.scope, item.subject)
        for item in items[MOST_ITEMS:]:
            limit = Missing(why=f"not asked, limit {MOST_ITEMS}", kind="not asked")
            yield Asking(step.id, item.subject, missing=limit, item=item.subject)

    def _skipped(self, step: Step) -> Missing | None:
        if self._quit:
            return Missing(why="not asked", kind="not asked")
        if not self.settings.confirm:
            return None
        answer = self.watch.confirm(step.title)
        self._quit = answer == "quit"
        return None if answer == "yes" else Missing(why="not asked", kind="not asked")

    def _begin(
        self, pool: ThreadPoolExecutor, step: Step, one: Asking, running: _Running, shared: list[tuple[Step, bytes]],
    ) -> None:  # fmt: skip
        if one.missing is not None or one.request is None:
            self._store(step, self._next(), one, one.missing or Missing(why="not asked", kind="not asked"), 0.0)
            return
        key = to_json((one.request, one.subject))
        if key in self._asked or any(
            to_json((known[2].request, known[2].subject)) == key for known in running.values()
        ):
            shared.append((step, key))
            return
        number = self._next()
        self.recorder.intend(number, (step.id,), one.request)
        running[pool.submit(self._send, one.request, step)] = (step, number, one)

    def _next(self) -> int:
        self._count += 1
        return self._count

    def _send(self, request: AnyRequest, step: Step) -> tuple[Answer | Missing, float]:
        began = time.monotonic()
        timeout = step.timeout.total_seconds() if step.timeout else self.settings.timeout
        match request:
            case Compute():
                answer: Answer | Missing = Answer(
                    body=to_json(request.values), form=request.form, source="computed", shortened=None, at=self.now
                )
            case Ask():
                answer = self._ask(request)
            case RunRunbook():
                answer = self.nested(request) if self.nested else Missing(why="no runbook runs here", kind="not asked")
            case _:
                answer = self.sender.send(request, timeout, self.cancel, anchors_of(request.form))
        return answer, time.monotonic() - began

    def _ask(self, request: Ask) -> Answer | Missing:
        with self._person:  # one question at a time
            said = self.watch.ask(request.question, request.choices)
        if said is None:
            return Missing(why="nobody answered", kind="not asked", obtain=request.printed())
        return Answer(body=said.encode(), form=request.form, source="a person", shortened=None, at=self.now)

    def _finish(self, running: _Running) -> None:
        while running:
            finished, _ = wait(running, return_when=FIRST_COMPLETED, timeout=0.5)
            for future in finished:
                step, number, one = running.pop(future)
                answer, took = future.result()
                self._store(step, number, one, answer, took)

    def _interrupted(self, running: _Running) -> None:
        self.cancel.set()
        for future, (step, number, one) in running.items():
            future.cancel()
            self._store(step, number, one, Missing(why="interrupted", kind="not asked"), 0.0)

    def _store(self, step: Step, number: int, one: Asking, answer: Answer | Missing, took: float) -> None:
        """Store an answer before anything reads it, then tell."""
        form = answer.form if isinstance(answer, Answer) else one.request.form if one.request else ""
        evidence = Evidence(
            id=f"e{number}", origin=self.settings.origin, writer=writer_of(form), form=form, subject=one.subject,
            at=self.now, steps=(step.id,), item=one.item, request=one.request, took=round(took, 3),
            missing=answer if isinstance(answer, Missing) else None,
        )  # fmt: skip
        if isinstance(answer, Answer):
            evidence = stored(self.recorder, evidence, answer)
        self.recorder.result(evidence)
        if one.request is not None:
            self._asked[to_json((one.request, one.subject))] = evidence
        self._told(step, evidence)

    def _told(self, step: Step, evidence: Evidence) -> None:
        counts = self._counts[step.id]
        counts[0] += 1
        counts[2] += evidence.missing is not None
        state = StepState.MISSING if evidence.missing else StepState.READ
        if evidence.missing is None and self._cut(step, evidence):
            state = StepState.CUT
        self._tell(step, state, evidence)

    def _cut(self, step: Step, evidence: Evidence) -> bool:
        if evidence.shortened is not None and not evidence.shortened.harmless:
            return True
        gaps = self.recorder.pool.answer(evidence, step.probe).gaps
        return any(gap.cut.before is None and not gap.cut.ring for gap in gaps)

    def _tell(self, step: Step, state: StepState, evidence: Evidence | None = None) -> None:
        done, total, missing = self._counts[step.id]
        took = time.monotonic() - self._began[step.id]
        self.watch.step(
            StepEvent(
                run=self.recorder.run, step=step.id, title=step.title, state=state, evidence=evidence, items=done,
                total=total, missing=missing, took=took,
            )
        )  # fmt: skip

    def _shared(self) -> RunbookScope:
        asked = self.recorder.pool.of_run(self.runbook)
        case = Case(self.runbook, asked, self.inputs)
        return RunbookScope(self.runbook, asked, names_of([case]), inputs=self.inputs, now=self.now, drop_older=True)

    def _judgement(self) -> Any:
        return judge(self._shared(), pasted=False)


def stored(recorder: Recorder, evidence: Evidence, answer: Answer) -> Evidence:
    """Return the evidence with its body in the journal: redacted, bounded, hashed over what was kept."""
    from msgspec import structs

    kept = recorder.put(answer.body, answer.form)
    body = b"" if kept.dropped else recorder.body(structs.replace(evidence, sha256=kept.digest))
    raw = Raw(body=body, form=answer.form, at=evidence.at, subject=evidence.subject, request=evidence.request)
    return structs.replace(
        evidence, source=answer.source, sha256=kept.digest, size=kept.size, redactions=kept.redactions,
        shortened=kept.shortened or answer.shortened, summary=summary_of(raw), at=answer.at or evidence.at,
    )  # fmt: skip


def writer_of(form: str) -> Writer:
    """Return who can write evidence of a form; what is not known is the workload's word."""
    return forms.load(form).WRITER if forms.is_form(form) else Writer.WORKLOAD


def anchors_of(form: str) -> tuple[bytes, ...]:
    """Return the literals without which a line of this form tells no reader anything."""
    return tuple(forms.load(form).ANCHORS) if forms.is_form(form) else ()


def summary_of(raw: Raw) -> str:
    """Return in a few words what a body holds; nothing when its form cannot say."""
    if not forms.is_form(raw.form):
        return ""
    try:
        return str(forms.load(raw.form).names(raw).summary)
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError):
        return ""
