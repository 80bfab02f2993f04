"""The step list and its one-line form: what was read, cut, missing; a tick says "read" and nothing more."""

from __future__ import annotations

import datetime as dt
import io

import pytest

from runbookctl.cli.foreign import cells
from runbookctl.cli.line import plain
from runbookctl.cli.progress import Lines, Listed
from runbookctl.cli.steps import Steps
from runbookctl.cli.terminal import ASCII, UNICODE, Layout, Terminal
from runbookctl.engine.watch import RunStarted, StepEvent, StepState
from runbookctl.model import Evidence, Missing, Origin, Subject, Writer

AT = dt.datetime(2026, 11, 22, 2, 47, 51, tzinfo=dt.UTC)
STEPS = (
    ("pod", "Read the pod"), ("events", "Read its events"), ("last_log", "Read the log before its last exit"),
    ("owner", "Read its owner and siblings"), ("kernel_log", "Read the kernel log of its node"), ("memory", "Read memory use"),
)  # fmt: skip
TITLES = dict(STEPS)
STARTED = RunStarted(
    run="r-4kx9", runbook="k8s/oom-crashloop", title="Why does this pod crash or restart?", steps=STEPS
)


def evidence(
    name: str, summary: str = "", *, form: str = "kubernetes_objects", missing: str = "", **more: object
) -> Evidence:
    """Return one evidence as the engine tells it."""
    fields = {
        "id": name, "origin": Origin.LIVE, "writer": Writer.API, "form": form, "subject": Subject(namespace="ml", pod="trainer-0"),
        "at": AT, "summary": summary, "missing": Missing(why=missing) if missing else None,
    }  # fmt: skip
    return Evidence(**(fields | more))  # type: ignore[arg-type]


def event(step: str, state: StepState, found: Evidence | None = None, **more: object) -> StepEvent:
    """Return one change of a step."""
    fields = {"run": "r-4kx9", "step": step, "title": TITLES.get(step, step), "state": state, "evidence": found}
    return StepEvent(**(fields | more))  # type: ignore[arg-type]


READ = [
    event("pod", StepState.READ, evidence("e1", "1 pod, 1 container"), took=0.08),
    event("events", StepState.READ, evidence("e2", "7 events"), took=0.09),
    event("last_log", StepState.READ, evidence("e3", "3 lines"), took=0.11),
]
ENDED = [
    *READ,
    event("owner", StepState.READ, evidence("e4", "1 deployment, 1 pod"), took=0.21),
    event("kernel_log", StepState.CUT, evidence("e5", "61 lines"), took=0.64),
    event("memory", StepState.MISSING, evidence("e6", missing="Prometheus is not configured")),
]


def steps(events: list[StepEvent], started: RunStarted = STARTED, *, on: int = 0, lang: str = "en") -> Steps:
    """Return the list after these events; the clock stands 0.2 s after the first step began."""
    ticks = iter([0.0] + [0.0, 0.2] * 100)
    found = Steps(on=on, lang=lang, clock=lambda: next(ticks))
    found.started(started)
    for each in events:
        found.step(each)
    return found


def test_the_list_of_a_run_that_ended() -> None:
    """Every step has its mark, its evidence, what it holds and how long it took."""
    found = steps(ENDED)
    assert plain([*found.head(Layout()), *found.lines(Layout(), UNICODE)]) == (
        "k8s/oom-crashloop  Why does this pod crash or restart?                    r-4kx9\n"
        "  ✓ Read the pod                         e1   1 pod, 1 container           0.08s\n"
        "  ✓ Read its events                      e2   7 events                     0.09s\n"
        "  ✓ Read the log before its last exit    e3   3 lines                      0.11s\n"
        "  ✓ Read its owner and siblings          e4   1 deployment, 1 pod          0.21s\n"
        "  ! Read the kernel log of its node      e5   61 lines, cut short          0.64s\n"
        "  ? Read memory use                      e6   Prometheus is not configured\n"
    )


def test_the_list_while_it_runs() -> None:
    """Running steps turn and count the time, waiting ones say what they wait for; every line is in its place."""
    found = steps(READ)
    found.clock = lambda: 1.0
    found.step(event("owner", StepState.RUNNING))
    found.step(event("memory", StepState.WAITING, detail="waiting for: pods"))
    found.clock = lambda: 1.2
    assert plain(found.lines(Layout(), UNICODE, frame=2)).splitlines()[3:] == [
        "  ⠹ Read its owner and siblings                                             0.2s",
        "    Read the kernel log of its node",
        "    Read memory use                           waiting for: pods",
    ]


def test_ascii_marks_for_plain_terminals() -> None:
    """Where UTF-8 cannot be shown the list is pure ASCII."""
    assert plain(steps(ENDED).lines(Layout(), ASCII)).isascii()


FLEET = RunStarted(
    run="r-8m2c",
    runbook="gpu/xid-ecc",
    title="Xid and ECC errors",
    steps=(("xids", "Read Xid events from the kernel log"),),
)


def test_many_nodes_are_one_line_that_counts() -> None:
    """A step of 512 nodes runs until the last has answered, and says how many did not."""
    node = Subject(node="gpu017")
    found = steps([], FLEET, on=512)
    found.clock = lambda: 1.0
    found.step(event("xids", StepState.RUNNING, run="r-8m2c", total=512))
    found.clock = lambda: 7.9
    found.step(
        event(
            "xids",
            StepState.READ,
            evidence("e317", "0 events", subject=node),
            items=317,
            total=512,
            missing=2,
            took=6.9,
        )
    )
    assert plain(found.head(Layout())) == "gpu/xid-ecc on 512 nodes" + " " * 50 + "r-8m2c\n"
    assert plain(found.lines(Layout(), UNICODE, 2)) == (
        "  ⠹ Read Xid events from the kernel log    317 of 512, 2 missing            6.9s\n"
    )
    found.step(
        event(
            "xids",
            StepState.MISSING,
            evidence("e512", missing="ssh", subject=node),
            items=512,
            total=512,
            missing=4,
            took=11.2,
        )
    )
    assert plain(found.lines(Layout(), UNICODE)) == (
        "  ✓ Read Xid events from the kernel log    508 nodes, 4 missing            11.2s\n"
    )


def test_a_step_of_two_questions_tells_both_answers() -> None:
    """A step that asks twice about one thing has both its evidences, and each reason once."""
    first = event("pod", StepState.READ, evidence("e1", "1 pod"), items=1, total=2, took=0.1)
    assert "  ⠋ Read the pod" in plain(steps([first]).lines(Layout(), UNICODE))
    both = [first, event("pod", StepState.READ, evidence("e2", "1 replica set"), items=2, total=2, took=0.2)]
    assert plain(steps(both).lines(Layout(), UNICODE)).splitlines()[0] == (
        "  ✓ Read the pod                         e1,e2   1 pod, 1 replica set      0.20s"
    )
    refused = [
        event("pod", StepState.MISSING, evidence(f"e{at}", missing="403"), items=at, total=2, missing=at)
        for at in (1, 2)
    ]
    assert (
        plain(steps(refused).lines(Layout(), UNICODE)).splitlines()[0]
        == "  ? Read the pod                         e1,e2   403"
    )


PASTE = RunStarted(run="r-7tqe")


def piece(name: str, found: Evidence, state: StepState = StepState.READ, took: float = 0.0) -> StepEvent:
    """Return a piece of `analyze`."""
    return StepEvent(run="r-7tqe", step=found.id, title=name, state=state, evidence=found, items=1, total=1, took=took)


def test_the_list_of_pieces() -> None:
    """A piece is told by its name, its evidence, what printed it and what it names; a stranger is not recognised."""
    node = evidence("e2", "1 node", form="kernel_log", subject=Subject(node="gpu007"), origin=Origin.PASTED)
    strange = evidence("e3", "12 lines", form="unrecognised", subject=Subject(piece="notes.txt"), origin=Origin.PASTED)
    found = steps([piece("kernel.txt", node, took=0.02), piece("notes.txt", strange, StepState.MISSING)], PASTE)
    assert found.head(Layout()) == []
    assert plain(found.lines(Layout(), UNICODE)) == (
        "  ✓ kernel.txt   e2   kernel log   node/gpu007, 1 node                     0.02s\n"
        "  ? notes.txt    e3   not recognised, 12 lines\n"
    )


@pytest.mark.parametrize("width", [40, 59, 60, 80, 120])
def test_the_list_fits_every_width(width: int) -> None:
    """Titles and summaries are cut in the middle, never the id; under 60 columns the details go below."""
    found = steps(ENDED)
    lines = [*found.head(Layout(width=width)), *found.lines(Layout(width=width, cuts=True), UNICODE)]
    assert all(cells(line.text) <= width for line in lines)
    text = plain(lines)
    assert all(f"e{number} " in text for number in range(1, 7))


def test_a_wide_screen_tells_where_it_was_read() -> None:
    """At 120 columns the right side carries the source and the hash."""
    origin = evidence("e5", "61 lines", source="ssh worker-gpu-01", sha256="7e3b58054260" + "0" * 52)
    line = plain(
        steps([event("kernel_log", StepState.CUT, origin, took=0.64)]).lines(Layout(width=120), UNICODE)
    ).splitlines()[4]
    assert line.endswith("ssh worker-gpu-01, sha256 7e3b58054260  0.64s")
    assert len(line) == 120


# --- one line per step -------------------------------------------------------------------------------------------


def log(events: list[StepEvent], started: RunStarted = STARTED) -> list[str]:
    """Return what is written to standard error when that is no terminal, without the time of day."""
    stream = io.StringIO()
    watch = Lines(Steps(), Terminal(stream, {}))
    watch.started(started)
    for each in events:
        watch.step(each)
    watch.close()
    return [line[len("02:47:51Z ") :] for line in stream.getvalue().splitlines()]


def test_one_line_per_step_where_there_is_no_terminal() -> None:
    """Each step is one line that programs can read: run, step, state, evidence, what it holds, how long."""
    assert log(ENDED)[-3:] == [
        'r-4kx9 step owner read e4 "1 deployment, 1 pod" 0.21s',
        'r-4kx9 step kernel_log cut-short e5 "61 lines" 0.64s',
        'r-4kx9 step memory missing e6 "Prometheus is not configured"',
    ]


def test_of_many_nodes_only_those_without_an_answer_have_a_line() -> None:
    """512 nodes do not write 512 lines: the missing ones are named, and one line counts."""
    events = [
        event("xids", StepState.READ, evidence(f"e{at}", "0 events"), run="r-8m2c", items=at, total=3, took=0.5)
        for at in (1, 2)
    ]
    events.append(
        event(
            "xids",
            StepState.MISSING,
            evidence("e3", missing='ssh: "no" answer'),
            run="r-8m2c",
            items=3,
            total=3,
            missing=1,
            took=0.9,
        )
    )
    assert log(events, FLEET) == [
        'r-8m2c step xids missing e3 "ssh: \\"no\\" answer"',
        "r-8m2c step xids read 2 of 3, 1 missing 0.90s",
    ]


def test_hostile_text_stays_on_its_line() -> None:
    """A summary with control characters and line feeds is one harmless line."""
    lines = log([event("pod", StepState.READ, evidence("e1", "a\n02:00:00Z r-1 step pod read\x1b[2J"), took=0.1)])
    assert lines == [r'r-4kx9 step pod read e1 "a\n02:00:00Z r-1 step pod read\x1b[2J" 0.10s']


def test_a_dumb_terminal_gets_each_line_once() -> None:
    """Where nothing can move, a line is written when its step has ended."""
    stream = io.StringIO()
    watch = Listed(Steps(), Terminal(stream, {"TERM": "dumb"}))
    watch.started(STARTED)
    for each in [event("pod", StepState.RUNNING), *ENDED]:
        watch.step(each)
    watch.close()
    lines = stream.getvalue().splitlines()
    assert len(lines) == 8
    assert lines[1].startswith("  + Read the pod")
    assert lines[-1] == ""
