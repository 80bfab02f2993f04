"""Writes a run into the journal as it happens, and reads it back: what was shown was stored first.

The only writer of run events; judges nothing.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import msgspec

from runbookctl.engine.pool import Pool
from runbookctl.errors import JournalError
from runbookctl.journal.interface import Event, Events, EvidenceMeta, Held, Lost, Purged
from runbookctl.model import Diagnosis, Evidence

if TYPE_CHECKING:
    from collections.abc import Iterable

    from runbookctl.journal.interface import Actor, Hold, Kept, Owner, Recorded, Store
    from runbookctl.language.model import Runbook
    from runbookctl.model import AnyRequest, Subject

LEASE = 60.0  # seconds; every append extends it


class Snapshot(msgspec.Struct, frozen=True):
    """A runbook as it was loaded: its id, and the digest of its file's bytes in the journal."""

    id: str
    sha256: str


class Opened(msgspec.Struct, frozen=True, kw_only=True):
    """What `run.opened` keeps: everything that a verdict depends on beside the evidence."""

    mode: str  # "run" or "analyze"
    runbooks: tuple[Snapshot, ...] = ()
    inputs: dict[str, list[str]]  # as given, as text
    at: dt.datetime
    at_given: dt.datetime | None = None
    version: str = ""
    title: str = ""


class Recorder:
    """One run being written."""

    def __init__(self, store: Store, hold: Hold, *, stored: bool) -> None:
        """Write under a hold; `stored` False: the store is memory, and the run ends with the process."""
        self.store = store
        self.hold = hold
        self.stored = stored
        self.run = hold.run
        self.pool = Pool(self.body)

    @classmethod
    def open(
        cls, store: Store, *, stored: bool, key: str, owner: Owner, by: Actor, subject: Subject, facts: Opened,
        snapshots: Iterable[Runbook],
    ) -> Recorder:  # fmt: skip
        """Open a run with its runbooks as loaded: an edit of a file does not change a run that has begun."""
        kept = tuple(Snapshot(one.id, _put(store, one.source, "runbook").digest) for one in snapshots)
        facts = msgspec.structs.replace(facts, runbooks=kept)
        snapshot = kept[0].sha256 if facts.mode == "run" and kept else ""
        run = store.open_run(None, key=key, snapshot=snapshot, subject=subject, by=by, facts=msgspec.to_builtins(facts))
        hold = store.take(run, owner=owner, lease=LEASE)
        if isinstance(hold, Held):
            raise JournalError(f"{run} is held by {hold.owner}")
        return cls(store, hold, stored=stored)

    def append(self, key: str, kind: str, data: dict[str, Any], bodies: tuple[str, ...] = ()) -> None:
        """Write one event; a run that was lost to another process stops here."""
        if isinstance(self.store.append(self.hold, key, Event(kind=kind, data=data, bodies=bodies)), Lost):
            raise JournalError(f"{self.run} was taken over by another process", details=("Nothing more was written.",))

    def intend(self, number: int, steps: tuple[str, ...], request: AnyRequest) -> None:
        """Write what is about to be asked."""
        asked = {"steps": list(steps), "request": msgspec.to_builtins(request), "printed": request.printed()}
        self.append(f"intent e{number}", "step.intent", asked)

    def put(self, body: bytes, form: str) -> Kept:
        """Store a body: redacted, bounded, hashed."""
        return self.store.put([body], EvidenceMeta(form=form))

    def result(self, evidence: Evidence) -> None:
        """Write what came of it, and let readers see it."""
        bodies = (evidence.sha256,) if evidence.sha256 else ()
        self.append(f"result {evidence.id}", "step.result", {"evidence": msgspec.to_builtins(evidence)}, bodies)
        self.pool.add(evidence)

    def share(self, evidence: Evidence, step: str) -> Evidence:
        """Mark evidence as the answer of one more step."""
        if step in evidence.steps:
            return evidence
        shared = msgspec.structs.replace(evidence, steps=(*evidence.steps, step))
        self.append(f"share {evidence.id} {step}", "step.result", {"evidence": msgspec.to_builtins(shared)})
        self.pool.add(shared)
        return shared

    def body(self, evidence: Evidence) -> bytes:
        """Return the stored bytes of an evidence."""
        return body_of(self.store, evidence.sha256)

    def diagnosis(self, diagnosis: Diagnosis) -> None:
        """Write the verdict before it is shown."""
        self.append(
            "diagnosis", "diagnosis", {"diagnosis": msgspec.to_builtins(diagnosis), "verdict": diagnosis.verdict}
        )

    def end(self, state: str, took: float) -> None:
        """End the run and give it back."""
        self.append("end", "run.ended", {"state": state, "took": took})
        self.store.release(self.hold)


def _put(store: Store, body: bytes, form: str) -> Kept:
    return store.put([body], EvidenceMeta(form=form, verbatim=True))


def body_of(store: Store, digest: str) -> bytes:
    """Return a stored body; what was purged is a gap of the record, said as such."""
    if not digest:
        return b""
    found = store.get(digest)
    if isinstance(found, Purged):
        raise JournalError(f"the body of {digest[:12]} was removed: {found.why}")
    return b"".join(found)


class Story(msgspec.Struct, frozen=True, kw_only=True):
    """A run read back: how it was opened, its evidence, its verdict and its events."""

    run: str
    opened: Opened
    events: tuple[Recorded, ...]
    evidence: tuple[Evidence, ...]
    diagnosis: Diagnosis | None
    ended: str
    took: float


def story(store: Store, run: str) -> Story:
    """Read a run back from the journal alone."""
    events: list[Recorded] = []
    cursor = None
    while True:
        page = store.read(Events(run=run), cursor)
        events.extend(page.rows)
        cursor = page.cursor
        if not page.more:
            break
    if not events:
        raise JournalError(f"the journal has no run {run}", commands=("runbookctl status",))
    evidence: dict[str, Evidence] = {}
    diagnosis: Diagnosis | None = None
    opened: Opened | None = None
    ended, took = "", 0.0
    for event in events:
        data = event.data or {}
        match event.kind:
            case "run.opened":
                opened = msgspec.convert(data.get("facts", data), Opened, strict=False)
            case "step.result" if "evidence" in data:
                one = msgspec.convert(data["evidence"], Evidence, strict=False)
                evidence[one.id] = one
            case "diagnosis":
                diagnosis = msgspec.convert(data["diagnosis"], Diagnosis, strict=False)
            case "run.ended":
                ended, took = str(data.get("state", "")), float(data.get("took", 0.0))
    assert opened is not None, run  # open_run writes it first
    return Story(
        run=run, opened=opened, events=tuple(events), evidence=tuple(evidence.values()), diagnosis=diagnosis,
        ended=ended, took=took,
    )  # fmt: skip
