"""The ten guarantees of a journal, for every store. The number in a name is the guarantee's."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

import msgspec
import pytest

from runbookctl.errors import JournalError
from runbookctl.journal.interface import (
    MARGIN,
    Actor,
    Approvals,
    Conflict,
    Cursor,
    Decision,
    Ended,
    Event,
    Events,
    EvidenceMeta,
    Held,
    Hold,
    Locks,
    Lost,
    Outcome,
    Proof,
    Purged,
    Reason,
    Refused,
    Runs,
    Strength,
    Ticket,
)
from runbookctl.model import Subject

from .conftest import ME, Bench, an_owner, limit, note

Found = TypeVar("Found")
STEP = Event(kind="step.intent", data={"step": "xids"})


def _approve(bench: Bench, name: str, *people: str) -> None:
    for person in people:
        bench.store.decide(name, Decision(person=person, answer="approve"), Proof())


def test_g1_what_was_written_is_there_for_every_other_handle(bench: Bench) -> None:
    """A call that returned is durable and seen by others."""
    run = bench.run()
    hold = bench.hold(run)
    assert bench.store.append(hold, "s1", STEP) == 2
    rows = bench.again().read(Events(run=run)).rows
    assert [(row.seq, row.kind, row.key) for row in rows] == [(1, "run.opened", "run.opened"), (2, "step.intent", "s1")]
    assert rows[1].data == {"step": "xids"}


def test_g1_the_same_key_is_one_event_and_other_content_a_conflict(bench: Bench) -> None:
    """A call may be sent again; its key makes it one."""
    run = bench.run()
    assert bench.run() == run
    hold = bench.hold(run)
    assert bench.store.append(hold, "s1", STEP) == bench.store.append(hold, "s1", STEP) == 2
    with pytest.raises(Conflict):
        bench.store.append(hold, "s1", Event(kind="step.intent", data={"step": "gpus"}))
    with pytest.raises(Conflict):
        bench.store.open_run(None, key="k", snapshot="", subject=Subject(node="gpu8"), by=ME)
    with pytest.raises(Conflict):
        bench.store.open_run(run, key="other", snapshot="", subject=Subject(node="gpu7"), by=ME)
    assert len(bench.store.read(Events(run=run)).rows) == 2


def test_g2_a_lost_hold_writes_nothing(bench: Bench) -> None:
    """Append, renew and begin_change check fence and lease; the old owner's words are not taken."""
    run = bench.run()
    old = bench.hold(run, lease=30)
    bench.clock.pass_(31)
    assert isinstance(bench.store.append(old, "late", STEP), Lost)
    new = bench.hold(run)
    assert new.fence == old.fence + 1
    assert isinstance(bench.store.append(old, "late", STEP), Lost)
    assert isinstance(bench.store.renew(old), Lost)
    refused = bench.store.begin_change(old, "c1", bench.intent())
    assert isinstance(refused, Refused)
    assert refused.reason is Reason.LOST
    assert len(bench.store.read(Events(run=run)).rows) == 1


def test_g2_append_extends_the_lease(bench: Bench) -> None:
    """A process that writes keeps its run."""
    hold = bench.hold(bench.run(), lease=30)
    for number in range(4):
        bench.clock.pass_(25)
        assert bench.store.append(hold, f"s{number}", STEP) == number + 2
    assert isinstance(bench.store.renew(hold), Hold)


def test_g2_without_a_hold_only_words_are_taken(bench: Bench) -> None:
    """Notes, requests and decisions need no hold; steps and approvals do."""
    run = bench.run()
    assert bench.store.append(None, "n1", note(), run=run) == 2
    assert bench.store.append(None, "r1", Event(kind="request", data={"what": "look"}), run=run) == 3
    for event in (STEP, Event(kind="run.ended"), Event(kind="request", data={"approval": {"id": "a-1"}})):
        with pytest.raises(JournalError):
            bench.store.append(None, "x", event, run=run)
    with pytest.raises(JournalError, match="no run"):
        bench.store.append(None, "n1", note(), run="r-none")


def test_g3_a_change_begins_only_with_a_granted_approval_of_this_plan_and_run(bench: Bench) -> None:
    """Open, rejected, expired, used and foreign approvals refuse, each with its reason."""
    hold = bench.hold(bench.run())
    name = bench.approve(hold)

    def reason(key: str, **more: object) -> Reason | None:
        found = bench.store.begin_change(hold, key, bench.intent(approval=name, **more))
        return found.reason if isinstance(found, Refused) else None

    assert reason("c1") is Reason.UNAPPROVED
    _approve(bench, name, "ap1", "ap2")
    assert reason("c1", plan="0" * 64) is Reason.OTHER_PLAN
    other = bench.hold(bench.run("other"))
    found = bench.store.begin_change(other, "c1", bench.intent(approval=name))
    assert isinstance(found, Refused)
    assert found.reason is Reason.OTHER_PLAN
    assert bench.store.begin_change(hold, "c0", bench.intent(approval="a-none")).reason is Reason.UNAPPROVED  # type: ignore[union-attr]
    assert len(bench.store.read(Events(run=hold.run, kinds=("change.intent",))).rows) == 0
    assert reason("c1") is None
    bench.approve(hold, "a-2")
    bench.store.decide("a-2", Decision(person="ap1", answer="reject"), Proof())
    refused = bench.store.begin_change(hold, "c9", bench.intent("node/x", approval="a-2", position="9"))
    assert isinstance(refused, Refused)
    assert refused.reason is Reason.REJECTED


def test_g3_an_approval_that_ran_out_refuses(bench: Bench) -> None:
    """Granted in time and not used in time is expired."""
    hold = bench.hold(bench.run(), lease=10_000)
    name = bench.approve(hold)
    _approve(bench, name, "ap1", "ap2")
    bench.clock.pass_(1801)
    found = bench.store.begin_change(hold, "c1", bench.intent(approval=name))
    assert isinstance(found, Refused)
    assert found.reason is Reason.EXPIRED


def test_s30_one_approval_is_one_application(bench: Bench) -> None:
    """A second fix with the same plan and approval is refused; the further changes of the first are not."""
    hold = bench.hold(bench.run())
    name = bench.approve(hold)
    _approve(bench, name, "ap1", "ap2")
    ticket = bench.store.begin_change(hold, "c1", bench.intent(approval=name))
    assert isinstance(ticket, Ticket)
    bench.store.end_change(ticket, Outcome(state="done"))
    assert isinstance(bench.store.begin_change(hold, "c2", bench.intent(approval=name, position="2")), Ticket)
    again = bench.store.begin_change(hold, "again", bench.intent("node/gpu8", approval=name, position="1"))
    assert isinstance(again, Refused)
    assert again.reason is Reason.USED
    assert bench.store.read(Approvals(state="used")).rows[0].used_by == hold.run


def test_g3_a_call_sent_again_gives_the_same_ticket(bench: Bench) -> None:
    """Begin and end are one, however often they are sent."""
    hold = bench.hold(bench.run())
    intent = bench.intent()
    ticket = bench.store.begin_change(hold, "c1", intent)
    assert bench.store.begin_change(hold, "c1", intent) == ticket
    with pytest.raises(Conflict):
        bench.store.begin_change(hold, "c1", bench.intent("node/gpu9"))
    assert isinstance(ticket, Ticket)
    ended = bench.store.end_change(ticket, Outcome(state="done"))
    assert bench.store.end_change(ticket, Outcome(state="done")) == ended
    with pytest.raises(Conflict):
        bench.store.end_change(ticket, Outcome(state="failed"))
    used = bench.store.begin_change(hold, "c1", intent)
    assert isinstance(used, Refused)


def test_g3_subjects_are_locked_until_the_run_gives_them_back(bench: Bench) -> None:
    """One change at a time per subject over all runs, whatever its spelling, and no gap between two changes of a plan."""
    first, second = bench.hold(bench.run("a")), bench.hold(bench.run("b"))
    ticket = bench.store.begin_change(first, "c1", bench.intent("node/gpu7", "pod/ml/x"))
    assert isinstance(ticket, Ticket)
    for _ in range(2):
        found = bench.store.begin_change(second, "c1", bench.intent("Node/ GPU7 "))
        assert isinstance(found, Refused)
        assert (found.reason, found.run, found.owner) == (Reason.LOCKED, first.run, first.owner)
        bench.store.end_change(ticket, Outcome(state="done"))
    assert [(lock.subject, lock.open) for lock in bench.store.read(Locks()).rows] == [
        ("node/gpu7", False), ("pod/ml/x", False),
    ]  # fmt: skip
    bench.store.append(first, "end", Event(kind="run.ended", data={"verdict": "causes"}))
    assert isinstance(bench.store.begin_change(second, "c1", bench.intent("Node/ GPU7 ")), Ticket)
    bench.store.release(second)
    assert [lock.subject for lock in bench.store.read(Locks()).rows] == ["node/gpu7"]  # its change has no recorded end


def test_b4_the_lock_of_a_dead_owner_is_free_after_lease_and_deadline_not_before(bench: Bench) -> None:
    """A lock outlives its owner by lease and not_after, and its successor's lock survives the late owner."""
    dead = bench.hold(bench.run("dead"), lease=30)
    ticket = bench.store.begin_change(dead, "c1", bench.intent(not_after=bench.clock().after(100)))
    assert isinstance(ticket, Ticket)
    for passed, reason in ((0, Reason.LOCKED), (31, Reason.LOCKED), (100 + MARGIN - 32, Reason.LOCKED)):
        bench.clock.pass_(passed)
        successor = bench.hold(bench.run(f"s{passed}"))
        found = bench.store.begin_change(successor, "c1", bench.intent())
        assert isinstance(found, Refused)
        assert found.reason is reason
    bench.clock.pass_(1)
    assert isinstance(bench.store.begin_change(successor, "c1", bench.intent()), Ticket)
    bench.store.end_change(ticket, Outcome(state="done"))
    bench.store.release(dead)
    assert bench.store.read(Locks()).rows[0].run == successor.run


def test_g3_limits_count_over_all_runs(bench: Bench) -> None:
    """`1 node at a time` refuses the second node and names the run; the same node is no second one."""
    first, second = bench.hold(bench.run("a")), bench.hold(bench.run("b"))
    assert isinstance(bench.store.begin_change(first, "c1", bench.intent("x/1", limits=(limit(1),))), Ticket)
    refused = bench.store.begin_change(second, "c1", bench.intent("x/2", limits=(limit(1, "node/gpu8"),)))
    assert isinstance(refused, Refused)
    assert (refused.reason, refused.run) == (Reason.LIMIT, first.run)
    assert isinstance(bench.store.begin_change(second, "c2", bench.intent("x/3", limits=(limit(1),))), Ticket)


def test_b7_an_at_a_time_limit_counts_a_crashed_run_until_it_ends(bench: Bench) -> None:
    """A node that a killed run left half changed still counts; ending that run frees the place."""
    crashed = bench.hold(bench.run("a"), lease=10)
    ticket = bench.store.begin_change(crashed, "c1", bench.intent("x/1", limits=(limit(1),)))
    assert isinstance(ticket, Ticket)
    bench.clock.pass_(10_000)
    other = bench.hold(bench.run("b"))
    wanted = bench.intent("x/2", limits=(limit(1, "node/gpu8"),))
    assert bench.store.begin_change(other, "c1", wanted).reason is Reason.LIMIT  # type: ignore[union-attr]
    heir = bench.hold(crashed.run)
    bench.store.end_change(heir.open[0].ticket, Outcome(state="not done"))
    bench.store.release(heir)
    assert isinstance(bench.store.begin_change(other, "c1", wanted), Ticket)


def test_b7_a_limit_per_time_frees_itself(bench: Bench) -> None:
    """`2 nodes per 1h` allows a third after the hour; undoing never counts."""
    hold = bench.hold(bench.run(), lease=10_000)

    def begin(number: int, **more: object) -> object:
        rule = limit(2, f"node/gpu{number}", per=3600.0)
        wanted = bench.intent(f"x/{number}", position=str(number), limits=(rule,), **more)
        return bench.store.begin_change(hold, f"c{number}", wanted)

    assert isinstance(begin(1), Ticket)
    assert isinstance(begin(2), Ticket)
    assert isinstance(begin(3), Refused)
    assert isinstance(begin(4, reverses=True), Ticket)
    bench.clock.pass_(3601)
    assert isinstance(begin(5), Ticket)


def test_s34_a_change_whose_time_is_over_does_not_begin(bench: Bench) -> None:
    """`not_after` is checked by the store's clock."""
    hold = bench.hold(bench.run(), lease=1000)
    intent = bench.intent()
    bench.clock.pass_(61)
    found = bench.store.begin_change(hold, "c1", intent)
    assert isinstance(found, Refused)
    assert found.reason is Reason.TOO_LATE


def test_g4_a_successor_sees_the_open_change_and_waits(bench: Bench) -> None:
    """Neither a verdict on it nor another change before not_after and margin."""
    old = bench.hold(bench.run(), lease=10)
    bench.store.begin_change(old, "c1", bench.intent(not_after=bench.clock().after(60), params={"node": "gpu7"}))
    bench.clock.pass_(11)
    heir = bench.hold(old.run, lease=1000)
    (change,) = heir.open
    assert (change.intent.change, change.intent.params) == ("k8s.cordon", {"node": "gpu7"})
    early = bench.store.end_change(change.ticket, Outcome(state="done"))
    assert isinstance(early, Refused)
    assert (early.reason, early.until) == (Reason.TOO_EARLY, change.wait)
    repeat = bench.store.begin_change(heir, "c1 again", bench.intent())
    assert isinstance(repeat, Refused)
    assert repeat.reason is Reason.TOO_EARLY
    bench.clock.pass_(60 + MARGIN)
    repeat = bench.store.begin_change(heir, "c1 again", bench.intent())
    assert isinstance(repeat, Refused)
    assert repeat.reason is Reason.UNKNOWN  # it must be verified first
    assert isinstance(bench.store.end_change(change.ticket, Outcome(state="not done")), Ended)
    assert isinstance(bench.store.begin_change(heir, "c1 again", bench.intent()), Ticket)


def test_a6_an_outcome_unknown_leaves_the_change_open(bench: Bench) -> None:
    """What could not be verified stays unknown, for whoever comes next, with what was said about it."""
    hold = bench.hold(bench.run(), lease=10)
    ticket = bench.store.begin_change(hold, "c1", bench.intent())
    assert isinstance(ticket, Ticket)
    bench.store.end_change(ticket, Outcome(state="unknown", data={"why": "no answer"}))
    bench.store.release(hold)
    heir = bench.hold(hold.run)
    assert heir.open[0].reports[0]["result"] == {"why": "no answer"}


def test_g5_the_old_owner_reports_late_and_moves_nothing(bench: Bench) -> None:
    """A late report is kept and shown; the change stays unknown until its holder says otherwise."""
    old = bench.hold(bench.run(), lease=10)
    ticket = bench.store.begin_change(old, "c1", bench.intent())
    assert isinstance(ticket, Ticket)
    bench.clock.pass_(11)
    bench.hold(old.run, lease=10)
    late = bench.store.end_change(ticket, Outcome(state="done", data={"exit": 0}))
    assert isinstance(late, Ended)
    assert late.late
    bench.clock.pass_(100)
    heir = bench.hold(old.run)
    assert heir.open[0].reports[0]["late"] is True
    assert bench.store.read(Locks()).rows[0].open


def test_g6_numbers_are_dense_per_run_and_heads_name_the_last(bench: Bench) -> None:
    """Each run counts 1, 2, 3; its chain verifies; heads() has one entry per run."""
    runs = [bench.run(f"k{number}") for number in range(3)]
    holds = [bench.hold(run) for run in runs]
    for number in range(5):
        for hold in holds:
            assert bench.store.append(hold, f"s{number}", STEP) == number + 2
    for run in runs:
        assert [row.seq for row in bench.store.read(Events(run=run)).rows] == [1, 2, 3, 4, 5, 6]
        assert bench.store.verify(run).problems == ()
    assert [(head.run, head.seq) for head in bench.store.heads()] == [(run, 6) for run in sorted(runs)]


def test_g7_of_many_answers_exactly_one_grants(bench: Bench) -> None:
    """Twenty people race for the last place: one transition."""
    hold = bench.hold(bench.run())
    name = bench.approve(hold, people=(), need=1)
    won = _race(20, lambda n: bench.again().decide(name, Decision(person=f"p{n}", answer="approve"), Proof()).won)
    assert sum(won) == 1
    assert bench.store.read(Approvals(state="granted")).rows[0].id == name


def test_g7_once_has_one_winner_until_it_is_over(bench: Bench) -> None:
    """An alert's fingerprint counts once, and again after its time."""
    until = bench.clock().after(300)
    won = _race(16, lambda _: bench.again().once("alert", "f1", until=until))
    assert sum(won) == 1
    assert bench.store.once("slack", "f1", until=until)
    bench.clock.pass_(301)
    assert bench.store.once("alert", "f1", until=bench.clock().after(300))


def test_b5_a_hundred_racers_for_one_run_one_owner(bench: Bench) -> None:
    """Exactly one take succeeds; the others learn who has it."""
    run = bench.run()
    found = _race(100, lambda _: bench.store.take(run, owner=an_owner(), lease=30))
    holds = [item for item in found if isinstance(item, Hold)]
    assert len(holds) == 1
    assert {item.owner for item in found if isinstance(item, Held)} == {holds[0].owner}


def test_g8_reading_sees_all_pages(bench: Bench) -> None:
    """Pages follow one another without a gap, and the cursor of the last waits for the next event."""
    run = bench.run()
    hold = bench.hold(run)
    for number in range(10):
        bench.store.append(hold, f"s{number}", STEP)
    seen: list[int] = []
    cursor: Cursor | None = None
    more = True
    while more:
        page = bench.store.read(Events(run=run), cursor, limit=4)
        seen += [row.seq for row in page.rows]
        cursor, more = page.cursor, page.more
    assert seen == list(range(1, 12))
    assert cursor is not None
    bench.store.wait(cursor, 0.01)
    bench.store.append(hold, "more", STEP)
    bench.store.wait(cursor, 60)
    assert [row.key for row in bench.store.read(Events(run=run), cursor).rows] == ["more"]


def test_g8_runs_are_newest_first_and_found_by_beginning_key_and_person(bench: Bench) -> None:
    """The list of runs can be narrowed and paged."""
    runs = [bench.run(f"k{number}") for number in range(5)]
    first = bench.store.read(Runs(), limit=2)
    assert [row.run for row in first.rows] == [runs[4], runs[3]]
    assert [row.run for row in bench.store.read(Runs(), first.cursor).rows] == runs[2::-1]
    assert bench.store.read(Runs(prefix=runs[1])).rows[0].key == "k1"
    assert bench.store.read(Runs(key="k3")).rows[0].run == runs[3]
    assert bench.store.read(Runs(by="nobody")).rows == ()
    assert bench.store.read(Runs(state="ended")).rows == ()


def test_g9_jumps_of_the_wall_clock_change_no_lease_and_no_deadline(bench: Bench) -> None:
    """An hour forth and back: nothing runs out, nothing is given away."""
    hold = bench.hold(bench.run(), lease=30)
    name = bench.approve(hold)
    for jump in (3600, -7200):
        bench.clock.jump(jump)
        assert isinstance(bench.store.renew(hold), Hold)
        assert isinstance(bench.store.take(hold.run, owner=an_owner(), lease=30), Held)
        assert bench.store.read(Approvals()).rows[0].state == "open"
    _approve(bench, name, "ap1", "ap2")
    assert isinstance(bench.store.begin_change(hold, "c1", bench.intent(approval=name)), Ticket)


def test_g9_a_reboot_ends_leases_and_approvals_and_makes_the_heir_wait(bench: Bench) -> None:
    """After a reboot nobody holds anything; a change begun before is waited for from the new boot on."""
    hold = bench.hold(bench.run(), lease=100_000)
    bench.approve(hold, "a-2", until=bench.clock().after(100_000))
    bench.store.begin_change(hold, "c1", bench.intent(not_after=bench.clock().after(60)))
    bench.clock.reboot(seconds=10)
    assert isinstance(bench.store.renew(hold), Lost)
    assert bench.store.read(Approvals()).rows[0].state == "expired"
    heir = bench.hold(hold.run, lease=1000)
    early = bench.store.end_change(heir.open[0].ticket, Outcome(state="done"))
    assert isinstance(early, Refused)
    bench.clock.pass_(60 + MARGIN)
    assert isinstance(bench.store.end_change(heir.open[0].ticket, Outcome(state="done")), Ended)


def test_g10_after_an_epoch_change_holds_are_lost_and_changes_wait_for_a_person(bench: Bench) -> None:
    """A restored copy takes diagnoses at once, changes only after somebody accepted it."""
    hold = bench.hold(bench.run(), lease=1000)
    before = bench.store.epoch()
    store = bench.store = bench.restored()
    assert isinstance(store.append(hold, "s1", STEP), Lost)
    assert store.epoch() != before
    heir = store.take(hold.run, owner=an_owner(), lease=1000)
    if isinstance(heir, Held):
        bench.clock.pass_(1001)
        heir = store.take(hold.run, owner=an_owner(), lease=1000)
    assert isinstance(heir, Hold)
    assert store.append(heir, "s1", STEP) == 2
    refused = store.begin_change(heir, "c1", bench.intent())
    assert isinstance(refused, Refused)
    assert refused.reason is Reason.EPOCH
    store.accept_epoch(ME)
    assert isinstance(store.begin_change(heir, "c1", bench.intent()), Ticket)


# --- approvals --------------------------------------------------------------------------------------------------------


def test_c3_to_c5_who_counts(bench: Bench) -> None:
    """The same person counts once, the requester and strangers never, and a rejection beats approvals."""
    hold = bench.hold(bench.run())
    name = bench.approve(hold, need=2)

    def answer(person: str, word: str = "approve") -> tuple[bool, str, int]:
        moved = bench.store.decide(name, Decision(person=person, answer=word), Proof())  # type: ignore[arg-type]
        return moved.counted, moved.after, moved.given

    assert answer("req") == (False, "open", 0)
    assert answer("stranger") == (False, "open", 0)
    assert answer("ap1") == (True, "open", 1)
    assert answer("ap1") == (False, "open", 1)
    assert answer("ap2", "reject") == (True, "rejected", 1)
    assert answer("ap3") == (False, "rejected", 1)
    given = bench.store.read(Approvals(run=hold.run)).rows[0].given
    assert [(one.person, one.counted) for one in given] == [
        ("req", False), ("stranger", False), ("ap1", True), ("ap2", True), ("ap3", False),
    ]  # fmt: skip
    assert [row.kind for row in bench.store.read(Events(run=hold.run, kinds=("decision",))).rows] == ["decision"] * 5
    assert bench.store.verify(hold.run).problems == ()


def test_c1_c2_no_answer_in_time_is_no(bench: Bench) -> None:
    """An approval that nobody answered is expired, also for those who answer then."""
    hold = bench.hold(bench.run())
    name = bench.approve(hold)
    bench.clock.pass_(1801)
    assert bench.store.read(Approvals()).rows[0].state == "expired"
    assert bench.store.read(Approvals(state="open")).rows == ()
    moved = bench.store.decide(name, Decision(person="ap1", answer="approve"), Proof())
    assert (moved.counted, moved.after, moved.won) == (False, "expired", False)


def test_s1_a_weak_answer_does_not_count_where_a_strong_one_is_asked_for(bench: Bench) -> None:
    """`signed` is not met by `asserted`; mode, strength and account are kept with each answer."""
    hold = bench.hold(bench.run())
    name = bench.approve(hold, need=1, strength=Strength.SIGNED)
    assert not bench.store.decide(name, Decision(person="ap1", answer="approve"), Proof()).counted
    strong = Proof(strength=Strength.SIGNED, signature="sig")
    assert bench.store.decide(name, Decision(person="ap1", answer="approve"), strong).won
    first, second = bench.store.read(Approvals()).rows[0].given
    assert (first.proof.strength, second.proof.strength) == (Strength.ASSERTED, Strength.SIGNED)
    assert first.account


# --- bodies -----------------------------------------------------------------------------------------------------------


def test_a_body_is_stored_redacted_once_and_given_back_in_pieces(bench: Bench) -> None:
    """The digest is over what is stored; a secret split over pieces does not get through."""
    text = b"line one\npassword=hun" + b"ter2\nline three\n" * 1
    kept = bench.store.put([text[:15], text[15:22], text[22:]], EvidenceMeta(form="pod_log"))
    found = bench.again().get(kept.digest)
    assert not isinstance(found, Purged)
    assert b"".join(found) == b"line one\npassword=[redacted:password]\nline three\n"
    assert kept.redactions == 1
    assert bench.store.put([text], EvidenceMeta(form="pod_log")).digest == kept.digest
    with pytest.raises(JournalError, match="no evidence"):
        bench.store.get("0" * 64)


def test_an_event_names_its_bodies_and_only_stored_ones(bench: Bench) -> None:
    """What stands under `sha256` and is stored belongs to the event; an explicit body must be stored."""
    kept = bench.store.put([b"x"], EvidenceMeta(form="pod_log"))
    hold = bench.hold(bench.run())
    data = {"evidence": {"id": "e1", "sha256": kept.digest}, "other": {"sha256": "0" * 64}}
    bench.store.append(hold, "e1", Event(kind="step.result", data=data))
    assert bench.store.read(Events(run=hold.run)).rows[-1].bodies == (kept.digest,)
    with pytest.raises(JournalError, match="not stored"):
        bench.store.append(hold, "e2", Event(kind="step.result", bodies=("0" * 64,)))


def test_s52_a_purged_body_leaves_a_chain_that_verifies(bench: Bench) -> None:
    """A leaked text is gone for good, also when it is collected again; the record says so and still holds."""
    kept = bench.store.put([b"canary"], EvidenceMeta(form="pod_log"))
    hold = bench.hold(bench.run())
    bench.store.append(hold, "e1", Event(kind="step.result", data={"sha256": kept.digest}))
    assert bench.store.purge(kept.digest, "a secret")
    assert not bench.store.purge(kept.digest, "again")
    assert bench.store.get(kept.digest) == Purged(digest=kept.digest, why="a secret")
    verified = bench.store.verify(hold.run)
    assert (verified.problems, [gone.why for gone in verified.purged]) == ((), ["a secret"])
    assert bench.store.put([b"canary"], EvidenceMeta(form="pod_log")).dropped == "a secret"
    assert isinstance(bench.store.get(kept.digest), Purged)


def test_s52_the_intent_of_an_open_change_is_not_purged(bench: Bench) -> None:
    """Who comes after must learn what began; its text can go when its end is recorded."""
    hold = bench.hold(bench.run())
    ticket = bench.store.begin_change(hold, "c1", bench.intent())
    assert isinstance(ticket, Ticket)
    (intent,) = bench.store.read(Events(run=hold.run, kinds=("change.intent",))).rows
    with pytest.raises(JournalError, match="no recorded end"):
        bench.store.purge(intent.digest, "a secret")
    bench.store.end_change(ticket, Outcome(state="done"))
    assert bench.store.purge(intent.digest, "a secret")


def test_s52_the_text_of_an_event_can_be_purged_too(bench: Bench) -> None:
    """A note with a secret goes; its digest tells nothing, because the stored text is salted."""
    run = bench.run()
    bench.store.append(None, "n1", note("PIN 482913"), run=run)
    bench.store.append(None, "n2", note("PIN 482913"), run=run)
    rows = bench.store.read(Events(run=run, kinds=("note",))).rows
    assert rows[0].digest != rows[1].digest
    bench.store.purge(rows[0].digest, "a secret")
    rows = bench.store.read(Events(run=run, kinds=("note",))).rows
    assert (rows[0].data, rows[0].purged) == (None, "a secret")
    assert bench.store.verify(run).problems == ()


def test_events_are_redacted_but_for_what_a_change_does(bench: Bench) -> None:
    """No secret reaches the journal through a note; the parameters of a change stay what was done."""
    run = bench.run()
    bench.store.append(None, "n1", note("try password=hunter2"), run=run)
    bench.store.append(None, "n2", Event(kind="note", data={"token": "hunter2", "n": 1}), run=run)
    first, second = bench.store.read(Events(run=run, kinds=("note",))).rows
    assert first.data == {"text": "try password=[redacted:password]"}
    assert second.data == {"token": "[redacted:token]", "n": 1}
    hold = bench.hold(run)
    bench.store.begin_change(hold, "c1", bench.intent(params={"argv": ["x", "--token=abc1"]}))
    (intent,) = bench.store.read(Events(run=run, kinds=("change.intent",))).rows
    assert intent.data is not None
    assert intent.data["params"] == {"argv": ["x", "--token=abc1"]}


# --- runs -------------------------------------------------------------------------------------------------------------


def test_ends_and_goes_on(bench: Bench) -> None:
    """An ended run keeps its verdict, can be taken for a fix, and only a lease means somebody runs it."""
    run = bench.run()
    hold = bench.hold(run)
    bench.store.append(hold, "d", Event(kind="diagnosis", data={"verdict": "causes"}))
    bench.store.append(hold, "end", Event(kind="run.ended"))
    (row,) = bench.store.read(Runs()).rows
    assert (row.state, row.verdict, row.owner, row.events) == ("ended", "causes", hold.owner, 3)
    bench.store.release(hold)
    assert bench.store.read(Runs()).rows[0].owner is None
    bench.store.append(bench.hold(run), "s", STEP)
    assert bench.store.read(Runs()).rows[0].state == "open"


def test_facts_and_names(bench: Bench) -> None:
    """What a run was opened with is read back; a name that could be a path is refused."""
    run = bench.store.open_run("INC-12", key="i", snapshot="", subject=Subject(), by=Actor(name="x"), facts={"a": [1]})
    assert run == "INC-12"
    row = bench.store.read(Runs(prefix="INC")).rows[0]
    assert (row.facts, row.by.name, row.origin) == ({"a": [1]}, "x", "own")
    for name in ("../x", "", "a b", "x" * 65):
        if name:
            with pytest.raises(JournalError):
                bench.store.open_run(name, key=f"k{name}", snapshot="", subject=Subject(), by=ME)
    with pytest.raises(JournalError, match="no run"):
        bench.store.take("r-none", owner=an_owner(), lease=1)


def test_a_hold_survives_being_sent_over_json(bench: Bench) -> None:
    """Tickets and holds are plain values: a worker can hand them to its child."""
    hold = bench.hold(bench.run())
    ticket = bench.store.begin_change(hold, "c1", bench.intent())
    assert isinstance(ticket, Ticket)
    copied = msgspec.json.decode(msgspec.json.encode(ticket), type=Ticket)
    assert isinstance(bench.store.end_change(copied, Outcome(state="done")), Ended)
    assert msgspec.json.decode(msgspec.json.encode(hold), type=Hold) == hold


def _race(count: int, call: Callable[[int], Found]) -> list[Found]:
    """Call `count` times at once, each from its own thread, and return all answers."""
    found: list[Found] = []
    gate = threading.Barrier(count)

    def one(number: int) -> None:
        gate.wait()
        found.append(call(number))

    threads = [threading.Thread(target=one, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == count
    return found
