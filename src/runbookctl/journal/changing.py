"""Beginning and ending a change, answering an approval, saying something once: each is one transaction's worth.

Touches only the tables it is given.
"""

from __future__ import annotations

import msgspec

from runbookctl.errors import JournalError
from runbookctl.journal import holding, rules
from runbookctl.journal.acting import (
    Approval,
    Decision,
    Ended,
    Given,
    Hold,
    Intent,
    OpenChange,
    Outcome,
    Proof,
    Reason,
    Refused,
    Ticket,
    Transition,
)
from runbookctl.journal.tables import Change, Locked, RunRecord, Use, approval_of, unique
from runbookctl.journal.values import JSON, ApprovalId, Conflict, Event, Instant, Seq
from runbookctl.journal.writing import Transaction, must_be_there, wall


def begin_change(at: Transaction, hold: Hold, key: str, intent: Intent, *, room: bool) -> Ticket | Refused:
    """Check everything, lock, count, and write the intent; or write nothing."""
    data = msgspec.to_builtins(intent)
    same = at.mac(["change.intent", data])
    record = at.tables.run(hold.run)
    if (seq := at.before(hold.run, key, same)) is not None:
        return _begun_before(at, hold, record, seq)
    if refused := _refused(at, hold, record, intent, room=room):
        return refused
    written = at.write(hold.run, key, Event(kind="change.intent", data=data), same=same, fence=hold.fence)
    at.tables.save_change(
        Change(run=hold.run, seq=written.seq, key=key, approval=intent.approval, position=intent.position,
               fence=hold.fence, state="open", began=at.now, not_after=intent.not_after)
    )  # fmt: skip
    for subject in unique(rules.canonical(subject) for subject in intent.subjects):
        lock = Locked(
            subject=subject, run=hold.run, seq=written.seq, fence=hold.fence, open=True, not_after=intent.not_after
        )
        at.tables.save_lock(lock)
    for limit in intent.limits:
        subject = rules.canonical(limit.subject)
        at.tables.save_use(Use(rule=limit.rule, subject=subject, run=hold.run, at=at.now, active=True))
    _use_approval(at, hold, intent)
    holding.extend(at, msgspec.structs.replace(must_be_there(record, hold.run), state="open"), hold)
    return _ticket(at, hold.run, written.seq, key, hold.fence, intent.not_after)


def _ticket(at: Transaction, run: str, seq: Seq, key: str, fence: int, not_after: Instant) -> Ticket:
    return Ticket(run=run, seq=seq, key=key, fence=fence, epoch=at.epoch, not_after=not_after)


def _begun_before(at: Transaction, hold: Hold, record: RunRecord | None, seq: Seq) -> Ticket | Refused:
    """Answer a call that was sent again: the same ticket to the same hold, to nobody else."""
    change = at.tables.change(hold.run, seq)
    if change is None:
        raise Conflict(f"event {seq} of {hold.run} is no change")
    if gone := rules.lost(record, hold, at.epoch, at.now):
        return Refused(reason=Reason.LOST, why=gone.why, owner=gone.owner)
    if change.state != "open" or change.fence != hold.fence:
        why = f"change {change.position} began before, under this very key"
        return Refused(reason=Reason.UNKNOWN if change.state == "open" else Reason.USED, why=why, run=hold.run)
    return _ticket(at, hold.run, seq, change.key, change.fence, change.not_after)


def _refused(at: Transaction, hold: Hold, record: RunRecord | None, intent: Intent, *, room: bool) -> Refused | None:
    if gone := rules.lost(record, hold, at.epoch, at.now):
        return Refused(reason=Reason.LOST, why=gone.why, owner=gone.owner)
    if not at.identity.accepted:
        why = "this journal was copied or restored, and nobody has accepted that yet"
        return Refused(reason=Reason.EPOCH, why=why)
    if intent.not_after.over(at.now):
        return Refused(reason=Reason.TOO_LATE, why="the time in which this change may be done is over")
    if not room:
        return Refused(reason=Reason.NO_ROOM, why="the journal has no room for this change and its result")
    return (
        rules.unknown_first(hold, intent, _opened(at, hold), at.now)
        or _approval_refusal(at, hold, intent)
        or rules.locked_by_other(hold, _locks(at, intent), at.now)
        or _limit_refusal(at, intent)
    )


def _opened(at: Transaction, hold: Hold) -> list[OpenChange]:
    changes = at.tables.changes(hold.run)
    return [holding.open_change(at, change, change.fence) for change in changes]


def _locks(at: Transaction, intent: Intent) -> list[tuple[Locked, RunRecord]]:
    found = (at.tables.lock(subject) for subject in unique(map(rules.canonical, intent.subjects)))
    return [(lock, must_be_there(at.tables.run(lock.run), lock.run)) for lock in found if lock is not None]


def _limit_refusal(at: Transaction, intent: Intent) -> Refused | None:
    if intent.reverses:
        return None
    for limit in sorted(intent.limits, key=lambda limit: (limit.rule, limit.subject)):
        if refused := rules.over_limit(limit, at.tables.uses(limit.rule), at.now):
            return refused
    return None


def _approval_refusal(at: Transaction, hold: Hold, intent: Intent) -> Refused | None:
    if intent.approval is None:
        return None
    stored = at.tables.approval(intent.approval)
    approval = _approval(at, intent.approval) if stored else None
    refused = rules.unapproved(approval, intent, hold, stored.used_fence if stored else 0, at.now)
    return refused or rules.used_up(intent, hold, at.tables.changes_under(intent.approval))


def _use_approval(at: Transaction, hold: Hold, intent: Intent) -> None:
    stored = at.tables.approval(intent.approval) if intent.approval else None
    if stored is not None:
        used = msgspec.structs.replace(stored, state="used", used_by=hold.run, used_fence=hold.fence)
        at.tables.save_approval(used)


def end_change(at: Transaction, ticket: Ticket, outcome: Outcome) -> Ended | Refused:
    """Write how a change ended; from an owner that was replaced it is a late report."""
    change = at.tables.change(ticket.run, ticket.seq)
    if change is None:
        raise JournalError(f"event {ticket.seq} of {ticket.run} is no change")
    record = must_be_there(at.tables.run(ticket.run), ticket.run)
    data: dict[str, JSON] = {"intent": ticket.seq, "state": outcome.state, "result": outcome.data}
    same = at.mac(["change.result", data, outcome.bodies])
    key = f"change.result {ticket.seq} {ticket.fence} {outcome.state}"
    for name, late in ((key, False), (f"{key} late", True)):
        if (seq := at.before(ticket.run, name, same)) is not None:
            return Ended(seq=seq, late=late)
    late = ticket.epoch != at.epoch or ticket.fence != record.fence
    if not late and change.state != "open":
        raise Conflict(f"the change of event {ticket.seq} is recorded as {change.state} already")
    if not late and ticket.fence != change.fence:
        wait = rules.successor_waits(change.not_after)
        if not rules.waited(change.began, wait, at.now):
            return Refused(reason=Reason.TOO_EARLY, why="the earlier owner's command may still be running", until=wait)
    event = Event(kind="change.result", data={**data, "late": late}, bodies=outcome.bodies)
    written = at.write(ticket.run, f"{key} late" if late else key, event, same=same, fence=ticket.fence)
    if not late and outcome.state != "unknown":
        at.tables.save_change(msgspec.structs.replace(change, state=outcome.state))
        for subject in _subjects(at, change):
            lock = at.tables.lock(subject)
            if lock is not None and (lock.run, lock.seq) == (change.run, change.seq):
                at.tables.save_lock(msgspec.structs.replace(lock, open=False))
    return Ended(seq=written.seq, late=late)


def _subjects(at: Transaction, change: Change) -> tuple[str, ...]:
    intent = holding.open_change(at, change, change.fence).intent
    return unique(map(rules.canonical, intent.subjects))


# --- approvals, once --------------------------------------------------------------------------------------------------


def decide(at: Transaction, name: ApprovalId, decision: Decision, proof: Proof) -> Transition:
    """Record an answer and move the approval as the rules say."""
    stored = at.tables.approval(name)
    if stored is None:
        raise JournalError(f'no approval "{name}" in this journal', commands=["runbookctl status"])
    judged = rules.judge(_approval(at, name), decision, proof, at.now)
    if judged.record:
        given = Given(
            approval=name, person=decision.person, answer=decision.answer, at=at.now.wall, counted=judged.counted,
            proof=proof, account=at.actor, why=decision.why or judged.transition.why,
        )  # fmt: skip
        data = {"approval": name, "after": judged.state, **msgspec.to_builtins(given)}
        number = len(at.tables.answers(name)) + 1
        at.tables.add_answer(given)
        at.write(stored.run, f"decision {name} {number}", Event(kind="decision", data=data), same=at.mac(data))
    if judged.state != stored.state:
        at.tables.save_approval(msgspec.structs.replace(stored, state=judged.state))
    return judged.transition


def _approval(at: Transaction, name: ApprovalId) -> Approval:
    stored = at.tables.approval(name)
    if stored is None:
        raise JournalError(f'no approval "{name}" in this journal')
    approval = approval_of(at.tables, stored, wall)
    return msgspec.structs.replace(approval, state=rules.current(approval, at.now))


def once(at: Transaction, scope: str, key: str, until: Instant) -> bool:
    """Note a key; False while an earlier note of it counts."""
    known = at.tables.seen(scope, key)
    if known is not None and not known.reached(at.now):
        return False
    at.tables.save_seen(scope, key, until)
    return True
