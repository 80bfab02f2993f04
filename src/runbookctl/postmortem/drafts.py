"""What the program drafts for a person to confirm: summary, detection, response, action items, lessons.

Pure. Nothing is invented: owner, due date and verifier of an action item stay open, a section without material says so.
"""

from __future__ import annotations

from msgspec import Struct

from runbookctl.catalog import causes
from runbookctl.model import Cause, Finding, Suggestion, Verdict
from runbookctl.postmortem.durations import earliest, onset
from runbookctl.postmortem.impact import effects
from runbookctl.postmortem.markdown import shortened
from runbookctl.postmortem.record import Record
from runbookctl.postmortem.sections import Language
from runbookctl.postmortem.units import span, stamp
from runbookctl.postmortem.words import listed, no_data, say

MOST_ITEMS = 10  # action items: more are not worked off. Source: design notes, rule PM067


class Item(Struct, frozen=True, kw_only=True):
    """A drafted action item. `answers` is the cause or the missing evidence that it answers."""

    id: str
    title: str
    kind: str
    answers: str
    done_when: str
    commands: tuple[str, ...] = ()


def roots(record: Record) -> list[Cause]:
    """Return the root causes in the order of their rank."""
    return sorted((cause for cause in record.diagnosis.causes if cause.root), key=lambda cause: cause.rank)


def summary(record: Record, lang: Language) -> list[str]:
    """Return at most five sentences: what, when, how much, what is not known, how it ended."""
    return [
        _what(record, lang),
        _when(record, lang),
        _how_much(record, lang),
        _not_known(record, lang),
        say(lang, "s_end"),
    ]


def _what(record: Record, lang: Language) -> str:
    verdict = record.diagnosis.verdict
    found = roots(record)
    if verdict is not Verdict.CAUSES or not found:
        return say(lang, "s_clear" if verdict is Verdict.CLEAR else "s_unknown")
    told: list[str] = []
    for cause in found:
        title = causes.title(cause.code, lang)
        one = say(lang, "s_one", title=title, code=cause.code, subject=cause.subject)
        says = shortened(cause.summary.strip().rstrip(".。"), 240)
        told.append(say(lang, "s_says", one=one, says=says) if says and says != title else one)
    joined = say(lang, "semi").join(told[:3])
    if len(told) > 3:
        joined += say(lang, "semi") + say(lang, "and_more", n=len(told) - 3)
    return say(lang, "s_cause" if len(told) == 1 else "s_causes", n=len(told), list=joined)


def _when(record: Record, lang: Language) -> str:
    started = stamp(record.started)
    if record.ended is None:
        return say(lang, "s_no_end", started=started)
    first = onset(record)
    if first is None:
        return say(lang, "s_no_time", started=started, ended=stamp(record.ended))
    return say(lang, "s_time", began=stamp(first[0]), started=started, ended=stamp(record.ended))


def _how_much(record: Record, lang: Language) -> str:
    known = [effect for effect in effects(record, lang) if effect.value is not None]
    counted = [say(lang, "i_one", what=effect.what, value=effect.value) for effect in known]
    if not counted:
        return say(lang, "s_no_impact")
    return say(lang, "s_impact", list=listed(lang, counted, 8))


def _not_known(record: Record, lang: Language) -> str:
    unknown = record.diagnosis.unknown
    if not unknown:
        return say(lang, "s_whole")
    return say(lang, "s_missing", n=len(unknown), could=sum(each.could_change for each in unknown))


def detection(record: Record, lang: Language) -> list[tuple[str, str]]:
    """Return questions and answers about how it was found."""
    first = earliest(record)
    actor = record.actor or say(lang, "nobody")
    gap = span(record.started - first[0]) if first is not None else no_data(lang, "why_first")
    sign = say(lang, "at_ref", time=stamp(first[0]), ref=first[1]) if first is not None else no_data(lang, "why_first")
    return [
        (say(lang, "q_how"), no_data(lang, "why_detected")),
        (say(lang, "q_first"), sign),
        (say(lang, "q_run"), say(lang, "run_by", time=stamp(record.started), run=record.run, actor=actor)),
        (say(lang, "q_gap"), gap),
        (say(lang, "q_ignored"), no_data(lang, "why_ignored")),
        (say(lang, "q_sooner"), no_data(lang, "why_sooner")),
    ]


def response(record: Record, lang: Language) -> list[tuple[str, str]]:
    """Return questions and answers about who did what; what was judged is in `hypotheses`."""
    notes = say(lang, "notes_counted", n=len(record.notes)) if record.notes else no_data(lang, "why_notes")
    return [
        (say(lang, "q_roles"), no_data(lang, "why_roles")),
        (say(lang, "q_approvals"), no_data(lang, "no_approval")),
        (say(lang, "q_escalation"), no_data(lang, "why_escalation")),
        (say(lang, "q_communication"), no_data(lang, "why_communication")),
        (say(lang, "q_surprises"), no_data(lang, "why_surprises")),
        (say(lang, "q_notes"), notes),
    ]


def hypotheses(record: Record, lang: Language) -> list[dict[str, str]]:
    """Return what was judged, also what turned out false: per finding on how many it is true, unknown, false."""
    grouped: dict[tuple[str, str], list[Finding]] = {}
    for finding in record.diagnosis.findings:
        grouped.setdefault((finding.runbook, finding.id), []).append(finding)
    made: list[dict[str, str]] = []
    for (runbook, name), group in grouped.items():
        true = [finding.subject for finding in group if finding.value is True]
        whys = [finding.why for finding in group if finding.value is None and finding.why]
        remark = say(lang, "on", subjects=listed(lang, true)) if true else listed(lang, list(dict.fromkeys(whys)), 2)
        counts = {value: sum(finding.value is value for finding in group) for value in (True, None, False)}
        made.append({
            "name": name, "runbook": runbook, "true": str(counts[True]), "unknown": str(counts[None]),
            "false": str(counts[False]), "remark": remark,
        })  # fmt: skip
    return sorted(made, key=lambda row: (row["true"] == "0", row["unknown"] == "0"))


def items(record: Record, lang: Language) -> list[Item]:
    """Return action items: what the root causes suggest, then what would make missing evidence readable."""
    made: list[Item] = []
    seen: set[Suggestion] = set()
    for cause in roots(record):
        for suggestion in cause.remediations:
            if suggestion in seen:
                continue
            seen.add(suggestion)
            made.append(
                Item(
                    id=f"{record.run}.{len(made) + 1}", title=suggestion.title or suggestion.id, answers=cause.code,
                    kind=say(lang, "k_mitigate"), done_when=suggestion.verify or no_data(lang, "why_done"),
                    commands=suggestion.commands,
                )
            )  # fmt: skip
    for unknown in record.diagnosis.unknown:
        if not unknown.could_change:
            continue
        title = say(lang, "a_close", what=unknown.title or unknown.what, why=unknown.why)
        made.append(
            Item(
                id=f"{record.run}.{len(made) + 1}", title=title, answers=unknown.what, kind=say(lang, "k_detect"),
                done_when=say(lang, "a_answers"), commands=(unknown.obtain,) if unknown.obtain else (),
            )
        )  # fmt: skip
    return made
