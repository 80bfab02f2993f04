"""Opening a run, acting for it, and writing its events: each function is one transaction's worth.

Touches only the tables it is given.
"""

from __future__ import annotations

import msgspec

from runbookctl.errors import JournalError
from runbookctl.journal import chain, ids, rules
from runbookctl.journal.acting import ApprovalRequest, Held, Hold, Intent, Lost, OpenChange, Ticket
from runbookctl.journal.rows import Locks
from runbookctl.journal.tables import ApprovalRecord, Change, RunRecord
from runbookctl.journal.values import JSON, Actor, Conflict, Digest, Event, Owner, RunId, Seconds, Seq
from runbookctl.journal.writing import Transaction, check_name, must_be_there
from runbookctl.model import Subject

OPENED = "run.opened"  # the key of a run's first event


def open_run(
    at: Transaction, run: RunId | None, key: str, snapshot: Digest, subject: Subject, by: Actor, facts: dict[str, JSON]
) -> RunId:
    """Open a run, or find the one this key opened."""
    data: dict[str, JSON] = {
        "subject": msgspec.to_builtins(subject), "by": msgspec.to_builtins(by), "snapshot": snapshot, "facts": facts,
    }  # fmt: skip
    same = at.mac([key, data])
    found = at.tables.run_by_key(key)
    if found is not None:
        if found.same != same:
            raise Conflict(f"the key of {found.run} was used to open another run", commands=["runbookctl status"])
        return found.run
    name = run or ids.fresh("r", lambda name: _taken(at, name))
    check_name(name)
    if run and _taken(at, run):
        raise Conflict(f"there is a run {run} already", commands=[f"runbookctl show {run}"])
    at.tables.add_run(
        RunRecord(run=name, key=key, same=same, state="open", origin="own", subject=subject, snapshot=snapshot, by=by,
                  opened=chain.stamp(at.now.wall))
    )  # fmt: skip
    at.write(name, OPENED, Event(kind="run.opened", data=data), same=same)
    return name


def _taken(at: Transaction, name: str) -> bool:
    return at.tables.run(name) is not None or at.tables.head(name) is not None


def take(at: Transaction, run: RunId, owner: Owner, lease: Seconds) -> Hold | Held:
    """Give the run to `owner` unless somebody else's lease is running."""
    record = must_be_there(at.tables.run(run), run)
    if record.origin == "bundle":
        raise JournalError(
            f"{run} was imported from a bundle: it can be read, not continued",
            details=["Its approvals and locks are another journal's."], commands=[f"runbookctl show {run}"],
        )  # fmt: skip
    if held := rules.others(record, owner, at.now):
        return held
    again = record.owner == owner and record.held(at.now)
    fence = record.fence if again else record.fence + 1
    until = at.now.after(lease)
    at.tables.hold_run(msgspec.structs.replace(record, fence=fence, owner=owner, until=until))
    unknown = tuple(change for change in open_changes(at, run, fence) if at_earlier_fence(at, change, fence))
    return Hold(run=run, owner=owner, fence=fence, epoch=at.epoch, lease=lease, until=until, open=unknown)


def at_earlier_fence(at: Transaction, change: OpenChange, fence: int) -> bool:
    """Say whether a change began under an earlier hold."""
    stored = at.tables.change(change.ticket.run, change.ticket.seq)
    return stored is not None and stored.fence != fence


def open_changes(at: Transaction, run: RunId, fence: int) -> list[OpenChange]:
    """Return the changes of a run without a recorded end, with tickets for `fence`."""
    return [open_change(at, change, fence) for change in at.tables.changes(run)]


def open_change(at: Transaction, change: Change, fence: int) -> OpenChange:
    """Return one open change with its intent and a ticket for `fence`."""
    events = at.tables.records(change.run, change.seq - 1, 1)
    body = events[0].body if events else None
    if body is None:
        raise JournalError(f"the intent of change {change.position} of {change.run} was removed")
    ticket = Ticket(
        run=change.run, seq=change.seq, key=change.key, fence=fence, epoch=at.epoch, not_after=change.not_after
    )
    return OpenChange(
        ticket=ticket, intent=msgspec.convert(chain.event_data(body.encode()), Intent), began=change.began,
        wait=rules.successor_waits(change.not_after), reports=_reports(at, change),
    )  # fmt: skip


def _reports(at: Transaction, change: Change) -> tuple[dict[str, JSON], ...]:
    said = []
    for record in at.tables.records(change.run, change.seq, 10_000):
        if record.kind == "change.result" and record.body is not None:
            data = chain.event_data(record.body.encode())
            if data.get("intent") == change.seq:
                said.append(data)
    return tuple(said)


def renew(at: Transaction, hold: Hold) -> Hold | Lost:
    """Extend the lease."""
    record = at.tables.run(hold.run)
    if gone := rules.lost(record, hold, at.epoch, at.now):
        return gone
    return msgspec.structs.replace(hold, until=extend(at, must_be_there(record, hold.run), hold).until)


def extend(at: Transaction, record: RunRecord, hold: Hold) -> RunRecord:
    """Write a lease that begins now, with whatever else of the record has changed."""
    record = msgspec.structs.replace(record, until=at.now.after(hold.lease))
    at.tables.hold_run(record)
    return record


def release(at: Transaction, hold: Hold) -> None:
    """Give the run back, and its subjects."""
    record = at.tables.run(hold.run)
    if record is None or rules.lost(record, hold, at.epoch, at.now):
        return
    free_subjects(at, hold.run)
    at.tables.hold_run(msgspec.structs.replace(record, owner=None, until=None))


def free_subjects(at: Transaction, run: RunId) -> None:
    """Unlock what the run has changed, but for changes without a recorded end."""
    for lock in at.tables.locks(Locks(run=run)):
        if not lock.open:
            at.tables.drop_lock(lock.subject)
    if not at.tables.changes(run):
        at.tables.end_uses(run)


def append(at: Transaction, hold: Hold | None, run: RunId, key: str, event: Event, same: str) -> Seq | Lost:
    """Write one event; `same` is the keyed hash of it as it was given."""
    record = at.tables.run(run)
    if (seq := at.before(run, key, same)) is not None:
        return seq
    asked = event.data.get("approval") if event.kind == "request" else None
    if hold is None:
        if rules.needs_hold(event.kind) or asked is not None:
            raise JournalError(f"an event {event.kind!r} is only taken from the process that holds the run")
        must_be_there(record, run)
        return at.write(run, key, event, same=same).seq
    if gone := rules.lost(record, hold, at.epoch, at.now):
        return gone
    record = must_be_there(record, run)
    written = at.write(run, key, event, same=same, fence=hold.fence)
    if asked is not None:
        _ask(at, run, msgspec.convert(asked, ApprovalRequest))
    if "verdict" in event.data and event.kind in ("diagnosis", "run.ended"):
        record = msgspec.structs.replace(record, verdict=str(event.data["verdict"]))
    if event.kind == "run.ended":
        record = msgspec.structs.replace(record, state="ended")
        free_subjects(at, run)
    elif event.kind in rules.WORK:
        record = msgspec.structs.replace(record, state="open")
    extend(at, record, hold)
    return written.seq


def _ask(at: Transaction, run: RunId, asked: ApprovalRequest) -> None:
    if at.tables.approval(asked.id) is not None:
        raise Conflict(f"there is an approval {asked.id} already", commands=["runbookctl status"])
    at.tables.save_approval(ApprovalRecord(run=run, asked=asked, state="open", at=chain.stamp(at.now.wall)))
