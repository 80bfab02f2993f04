"""The rules of holding, approving and changing, the same for every store.

Pure: a store fetches what these need, asks, and writes what they say, all in one transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from msgspec import Struct

from runbookctl.journal.acting import (
    Approval,
    Decision,
    Held,
    Hold,
    Intent,
    LimitRule,
    Lost,
    OpenChange,
    Proof,
    Reason,
    Refused,
    Transition,
)
from runbookctl.journal.tables import Change, Locked, RunRecord, Use
from runbookctl.journal.values import MARGIN, STRENGTHS, WITHOUT_HOLD, Instant, Owner

ApprovalState = Literal["open", "granted", "rejected", "expired", "used"]
WORK = ("step.intent", "change.intent")  # kinds that open an ended run again: `fix` follows a diagnosis


def canonical(subject: str) -> str:
    """Return the one spelling of a lock's name: `Node/GPU7 ` and `node/gpu7` are the same thing."""
    return "".join(subject.split()).casefold()


def needs_hold(kind: str) -> bool:
    """Say whether events of this kind are only taken from the run's owner."""
    return not any(kind == free or (free.endswith(".") and kind.startswith(free)) for free in WITHOUT_HOLD)


def others(state: RunRecord, owner: Owner, now: Instant) -> Held | None:
    """Say who holds the run, if it is somebody else."""
    if state.owner is None or state.until is None or state.owner == owner or not state.held(now):
        return None
    return Held(run=state.run, owner=state.owner, until=state.until)


def lost(state: RunRecord | None, hold: Hold, epoch: str, now: Instant) -> Lost | None:
    """Say why a hold is no longer valid."""
    if state is None:
        return Lost(run=hold.run, why="the run is not in this journal")
    if hold.epoch != epoch:
        return Lost(run=hold.run, why="the journal was copied or restored meanwhile")
    if state.fence != hold.fence:
        return Lost(run=hold.run, why="another process has taken the run", owner=state.owner)
    if not state.held(now):
        return Lost(run=hold.run, why="the lease ran out before it was renewed")
    return None


# --- changes ----------------------------------------------------------------------------------------------------------


def successor_waits(not_after: Instant) -> Instant:
    """Return the instant from which a successor may verify what an earlier owner began."""
    return not_after.after(MARGIN)


def waited(began: Instant, wait: Instant, now: Instant) -> bool:
    """Say whether a command that began at `began` with the bound `wait` can no longer run.

    After a reboot the boot clock has begun again: then the whole span must have passed since.
    """
    if wait.boot == now.boot:
        return now.seconds >= wait.seconds
    return now.seconds >= wait.seconds - began.seconds


def unknown_first(hold: Hold, intent: Intent, opened: Sequence[OpenChange], now: Instant) -> Refused | None:
    """Refuse while a change of this run has no recorded end and is an earlier owner's, or of the same subject."""
    wanted = {canonical(subject) for subject in intent.subjects}
    for change in opened:
        mine = change.ticket.fence == hold.fence and change.intent.position != intent.position
        if mine and wanted.isdisjoint(canonical(subject) for subject in change.intent.subjects):
            continue
        reason = Reason.UNKNOWN if waited(change.began, change.wait, now) else Reason.TOO_EARLY
        why = f"{change.intent.change} (change {change.intent.position}) began and its end is not recorded"
        return Refused(reason=reason, why=why, run=hold.run, until=change.wait)
    return None


def unapproved(approval: Approval | None, intent: Intent, hold: Hold, used_fence: int, now: Instant) -> Refused | None:
    """Refuse unless the approval was given for this plan and run, in time."""
    if approval is None:
        return Refused(reason=Reason.UNAPPROVED, why=f"there is no approval {intent.approval}")
    if approval.run != hold.run or approval.asked.plan != intent.plan:
        what = f"run {approval.run}" if approval.run != hold.run else f"plan {approval.asked.plan[:12]}"
        return Refused(reason=Reason.OTHER_PLAN, why=f"{approval.id} was asked for {what}", run=approval.run)
    match approval.state:
        case "open":
            why = f"{approval.id} has {_approvers(approval)} of {approval.asked.need} approvals"
            return Refused(reason=Reason.UNAPPROVED, why=why, until=approval.asked.until)
        case "rejected":
            return Refused(reason=Reason.REJECTED, why=f"{approval.id} was rejected")
        case "expired":
            return Refused(reason=Reason.EXPIRED, why=f"nobody answered {approval.id} in time")
        case "granted" | "used":
            continued = approval.state == "used" and (used_fence == hold.fence or intent.reverses)
            if not continued and approval.asked.until.over(now):
                return Refused(reason=Reason.EXPIRED, why=f"{approval.id} is no longer valid")
    return None


def used_up(intent: Intent, hold: Hold, earlier: Iterable[Change]) -> Refused | None:
    """Refuse a position that this approval has let happen already: one approval, one application."""
    for change in earlier:
        again = change.state == "not done" or (change.state == "failed" and change.fence == hold.fence)
        if change.position == intent.position and not again:
            why = f"{intent.approval} was used for change {intent.position} already"
            return Refused(reason=Reason.USED, why=why, run=hold.run)
    return None


def locked_by_other(hold: Hold, locks: Iterable[tuple[Locked, RunRecord]], now: Instant) -> Refused | None:
    """Refuse while another run changes one of the subjects, or may still be changing it."""
    for lock, state in locks:
        if lock.run == hold.run or lock_is_free(lock, state, now):
            continue
        who = f" by {state.owner}" if state.owner else ""
        why = f"{lock.subject} is being changed in {lock.run}{who}"
        until = state.until if state.held(now) else successor_waits(lock.not_after)
        return Refused(reason=Reason.LOCKED, why=why, run=lock.run, owner=state.owner, until=until)
    return None


def lock_is_free(lock: Locked, state: RunRecord, now: Instant) -> bool:
    """Say whether a lock holds no longer: its run is not held, and no command of it can still run."""
    if state.held(now):
        return False
    return not lock.open or waited(now, successor_waits(lock.not_after), now)


def over_limit(rule: LimitRule, uses: Iterable[Use], now: Instant) -> Refused | None:
    """Refuse when this subject would be one more than the rule allows."""
    mine = canonical(rule.subject)
    counted = {
        use.subject: use.run
        for use in uses
        if use.subject != mine and (use.active if rule.per is None else not use.at.after(rule.per).reached(now))
    }
    if len(counted) + 1 <= rule.count:
        return None
    run = next(iter(counted.values()), None)
    taken = f": {', '.join(sorted(counted))}" if counted else ""
    return Refused(reason=Reason.LIMIT, why=f"limit {rule.rule}{taken}", run=run)


# --- approvals --------------------------------------------------------------------------------------------------------


class Judged(Struct, frozen=True, kw_only=True):
    """What to write after an answer: the approval's state, whether the answer counts, and what the caller learns."""

    state: ApprovalState
    counted: bool
    record: bool  # a repeated answer is not written twice
    transition: Transition


def judge(approval: Approval, decision: Decision, proof: Proof, now: Instant) -> Judged:
    """Say what an answer does: no answer after the end, one vote per person, a rejection beats approvals."""
    before = current(approval, now)
    why = _uncounted(approval, before, decision, proof)
    given = _approvers(approval)
    known = {answer.person: answer for answer in approval.given if answer.counted}
    after: ApprovalState = before
    if why:
        counted = False
    else:
        counted = True
        given += decision.answer == "approve"
        if decision.answer == "reject":
            after = "rejected"
        elif given >= approval.asked.need:
            after = "granted"
        else:
            why = f"{approval.asked.need - given} more of {approval.asked.rule}"
    same = decision.person in known and known[decision.person].answer == decision.answer
    transition = Transition(
        approval=approval.id, before=before, after=after, won=after != before, counted=counted, why=why,
        given=given, need=approval.asked.need,
    )  # fmt: skip
    return Judged(state=after, counted=counted, record=not (same and not counted), transition=transition)


def current(approval: Approval, now: Instant) -> ApprovalState:
    """Return the state of an approval now: an open one that nobody answered in time is expired."""
    return "expired" if approval.state == "open" and approval.asked.until.over(now) else approval.state


def _approvers(approval: Approval) -> int:
    return len({answer.person for answer in approval.given if answer.counted and answer.answer == "approve"})


def _uncounted(approval: Approval, state: ApprovalState, decision: Decision, proof: Proof) -> str:
    asked = approval.asked
    if state in ("rejected", "expired", "used"):
        return f"it is {state}"
    if decision.person in asked.without:
        return "you asked for this change, so you cannot answer" if decision.person == asked.asked_by else "excluded"
    if asked.people and decision.person not in asked.people:
        return f"{decision.person} is not among those who may answer"
    if STRENGTHS.index(proof.strength) < STRENGTHS.index(asked.strength):
        return f"the answer must be {asked.strength}, this one is {proof.strength}"
    if decision.answer == "reject":
        return ""
    if any(given.person == decision.person and given.counted for given in approval.given):
        return f"{decision.person} has answered already"
    return "it is granted" if state == "granted" else ""
