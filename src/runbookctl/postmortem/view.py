"""What a template sees of a record: dictionaries, lists and text in one language. Pure.

Every text here is plain: the sandbox escapes each value where the template prints it.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from typing import Any

import msgspec

from runbookctl.catalog import causes
from runbookctl.model import Cause, Verdict, to_json
from runbookctl.postmortem import appendix, classes, drafts, durations, impact, timeline
from runbookctl.postmortem.record import Record
from runbookctl.postmortem.sections import MARKS, SECTIONS, Language
from runbookctl.postmortem.units import seconds, span, stamp
from runbookctl.postmortem.words import listed, no_data, say

MOST_ROWS = 400  # of the timeline
MOST_STEPS = 200
MOST_CAUSES = 50
MOST_UNKNOWN = 50


def of(record: Record, lang: Language) -> dict[str, Any]:
    """Return the values of a template; templates/postmortem/README.md says what each is."""
    return {
        "document": _document(record, lang),
        "s": {
            section.id: {"number": section.number, "title": section.title(lang), "mark": MARKS[section.fill][lang]}
            for section in SECTIONS
        },
        "header": _header(record, lang),
        "summary": drafts.summary(record, lang),
        **_times(record, lang),
        "impact": _impact(record, lang),
        "timeline": _timeline(record, lang),
        "detection": _pairs(drafts.detection(record, lang)),
        "response": _pairs(drafts.response(record, lang)),
        "hypotheses": drafts.hypotheses(record, lang)[:MOST_ROWS],
        "steps": _steps(record, lang),
        "causes": [_cause(cause, record, lang) for cause in _ranked(record)[:MOST_CAUSES]],
        "actions": _actions(record, lang),
        "lessons": _lessons(record),
        "classes": classes.tables(record, lang),
        "evidence": _evidence(record, lang),
        "history": _history(record, lang),
        "no_data": {name: no_data(lang, f"why_{name}") for name in _WHYS},
    }


_WHYS = (
    "steps", "causes", "written", "recurrence", "actions", "lessons", "evidence", "excerpts", "mitigated", "resolved",
    "due", "owner", "verify", "not_measured", "findings",
)  # fmt: skip


def digest(record: Record) -> str:
    """Return the SHA-256 of the record's canonical JSON."""
    try:
        body = to_json(record)
    except UnicodeEncodeError:  # half a surrogate pair in a text: no UTF-8, but JSON can escape it
        body = json.dumps(msgspec.to_builtins(record), sort_keys=True, ensure_ascii=True).encode()
    return hashlib.sha256(body).hexdigest()


def _document(record: Record, lang: Language) -> dict[str, Any]:
    title = record.title or record.runbook or say(lang, "analyze")
    return {
        "title": say(lang, "drill_title" if record.drill else "title", run=record.run, title=title),
        "drill": record.drill,
        "drill_mark": say(lang, "drill"),
        "drill_says": say(lang, "drill_says"),
    }


def _pairs(rows: list[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in rows]


def _header(record: Record, lang: Language) -> list[dict[str, str]]:
    diagnosis = record.diagnosis
    pieces = diagnosis.evidence
    missing = sum(each.missing is not None for each in pieces)
    cut = sum(each.shortened is not None for each in pieces)
    verdicts = {Verdict.CAUSES: "causes", Verdict.CLEAR: "clear", Verdict.UNKNOWN: "verdict_unknown"}
    actor = say(lang, "actor_says", actor=record.actor, strength=say(lang, record.strength))
    rows = [
        ("h_run", record.run),
        ("h_runbook", record.runbook or listed(lang, list(diagnosis.runbooks), 10) or say(lang, "none")),
        ("h_severity", record.severity or no_data(lang, "why_severity")),
        ("h_class", listed(lang, classes.families(record, lang), 5) or no_data(lang, "why_class")),
        ("h_verdict", say(lang, verdicts[diagnosis.verdict])),
        ("h_state", say(lang, "draft")),
        ("h_owner", record.owner or no_data(lang, "why_owner")),
        ("h_approvers", no_data(lang, "why_approvers")),
        ("h_drill", say(lang, "yes" if record.drill else "no")),
        ("h_actor", actor if record.actor else no_data(lang, "why_actor")),
        ("h_mode", say(lang, f"mode_{record.mode}")),
        ("h_started", stamp(record.started)),
        ("h_ended", stamp(record.ended) if record.ended else no_data(lang, "why_ended")),
        ("h_inputs", _inputs(record.inputs) or say(lang, "none")),
        ("h_evidence", say(lang, "counted", n=len(pieces), cut=cut, missing=missing)),
        ("h_version", f"runbookctl {record.version}".strip()),
        ("h_stored", say(lang, "stored" if diagnosis.stored else "not_stored")),
        ("h_hash", f"sha256 {digest(record)}"),
    ]
    return _pairs([(say(lang, key), value) for key, value in rows])


def _inputs(inputs: dict[str, Any]) -> str:
    """Write inputs as they are typed: `namespace=ml, since=2h`."""
    return ", ".join(f"{name}={_typed(inputs[name])}" for name in sorted(inputs))


def _typed(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return ",".join(_typed(each) for each in value)
    if isinstance(value, dt.timedelta):
        return span(value)
    return stamp(value) if isinstance(value, dt.datetime) else str(value)


def _times(record: Record, lang: Language) -> dict[str, Any]:
    found = durations.milestones(record, lang)
    rows = [
        {
            "id": each.name,
            "name": say(lang, f"m_{each.name}"),
            "at": stamp(each.at, each.precision) if each.at is not None else say(lang, "unknown"),
            "precision": say(lang, each.precision),
            "provenance": each.provenance if each.at is not None else say(lang, "no_data", why=each.why),
            "confidence": say(lang, each.confidence) if each.at is not None else "",
            "candidate": each.candidate,
        }
        for each in found
    ]
    measured = [
        {"name": each.name, "formula": each.formula, "value": _measure(each, lang)}
        for each in durations.measures(found, lang)
    ]
    return {"milestones": rows, "measures": measured, "disorder": list(durations.disorder(found, lang))}


def _measure(each: durations.Measure, lang: Language) -> str:
    if each.value is None:
        return say(lang, "no_data", why=each.why)
    value = span(each.value, each.precision)
    if each.precision == "second":
        return value
    return say(lang, "to_precision", value=value, precision=say(lang, each.precision))


def _impact(record: Record, lang: Language) -> list[dict[str, str]]:
    made: list[dict[str, str]] = []
    for each in impact.effects(record, lang):
        if each.value is None:
            known = {"value": say(lang, "no_data", why=each.why), "unit": "", "window": "", "source": "", "how": ""}
        else:
            value = f"{each.value}" if each.of is None else say(lang, "of_asked", n=each.value, all=each.of)
            how = say(lang, "measured" if each.measured else "estimated")
            known = {"value": value, "unit": each.unit, "window": each.window, "source": each.source, "how": how}
        made.append({"what": each.what, **known})
    return made


def _timeline(record: Record, lang: Language) -> dict[str, Any]:
    rows = timeline.rows(record, lang)
    notes: list[str] = []
    if not timeline.began_before(record):
        notes.append(say(lang, "t_nothing_before"))
    undated = sum(row.at is None for row in rows)
    if undated:
        notes.append(say(lang, "t_undated", n=undated))
    if len(rows) > MOST_ROWS:
        notes.append(say(lang, "t_more", n=len(rows) - MOST_ROWS))
    return {"rows": [_row(row, lang) for row in rows[:MOST_ROWS]], "notes": notes}


def _row(row: timeline.Row, lang: Language) -> dict[str, Any]:
    at = stamp(row.at, row.precision) if row.at is not None else say(lang, "unknown")
    return {
        "at": at,
        "until": stamp(row.until, row.precision) if row.until is not None else "",
        "precision": say(lang, row.precision if row.at is not None else "unknown"),
        "kind": say(lang, row.kind),
        "text": row.text,
        "quoted": row.quoted,
        "actor": row.actor,
        "source": row.source.ref,
        "sha256": row.source.sha256[:12],
        "confidence": say(lang, row.confidence),
        "later": say(lang, "yes" if row.added_later else "no"),
    }


def _steps(record: Record, lang: Language) -> dict[str, Any]:
    evidence = {each.id: each for each in record.diagnosis.evidence}
    rows: list[dict[str, str]] = []
    for step in record.steps[:MOST_STEPS]:
        requests = [evidence[ref] for ref in step.evidence if ref in evidence]
        rows.append({
            "id": step.id, "title": f"{step.title} ({step.item})" if step.item else step.title,
            "command": next((appendix.request_of(each) for each in requests), ""), "mode": say(lang, "step_mode"),
            "result": say(lang, step.state), "says": step.says, "took": seconds(step.took),
            "evidence": ", ".join(step.evidence[:5]),
        })  # fmt: skip
    return {"rows": rows, "left_out": max(0, len(record.steps) - MOST_STEPS)}


def _ranked(record: Record) -> list[Cause]:
    return sorted(record.diagnosis.causes, key=lambda cause: cause.rank)


def _cause(cause: Cause, record: Record, lang: Language) -> dict[str, Any]:
    role = say(lang, "root") if cause.root else say(lang, "symptom", codes=listed(lang, list(cause.explained_by), 5))
    subjects = list(dict.fromkeys([cause.subject, *cause.subjects]))
    return {
        "code": cause.code,
        "title": causes.title(cause.code, lang),
        "role": role,
        "subjects": listed(lang, subjects, 10),
        "summary": cause.summary,
        "runbook": cause.runbook,
        "because": listed(lang, list(cause.because), 20),
        "references": listed(lang, appendix.references(cause), 20),
        "proof": appendix.proof_lines(cause, record),
        "not_ruled_out": [{"what": each.what, "obtain": each.obtain} for each in cause.not_ruled_out[:20]],
    }


def _actions(record: Record, lang: Language) -> dict[str, Any]:
    made = drafts.items(record, lang)
    rows = [
        {
            "id": item.id, "title": item.title, "kind": item.kind, "answers": item.answers,
            "owner": no_data(lang, "why_owner"), "due": no_data(lang, "why_due"), "done_when": item.done_when,
            "verify": no_data(lang, "why_verify"), "state": say(lang, "open"), "commands": list(item.commands[:20]),
        }
        for item in made[: drafts.MOST_ITEMS]
    ]  # fmt: skip
    more = len(made) - len(rows)
    return {"rows": rows, "more": say(lang, "a_more", n=more) if more > 0 else ""}


def _lessons(record: Record) -> list[dict[str, str]]:
    return [
        {"what": each.title or each.what, "subject": each.subject, "why": each.why, "obtain": each.obtain}
        for each in record.diagnosis.unknown[:MOST_UNKNOWN]
    ]


def _evidence(record: Record, lang: Language) -> dict[str, Any]:
    rows = appendix.pieces(record, lang)
    more = len(record.diagnosis.evidence) - len(rows)
    excerpts = [
        {**each, "more": say(lang, "more_lines", n=each["left_out"]) if each["left_out"] else ""}
        for each in appendix.excerpts(record)
    ]
    return {
        "rows": rows,
        "more": say(lang, "more_evidence", n=more) if more else "",
        "excerpts": excerpts,
        "chain": say(lang, "chain", chain=record.chain) if record.chain else no_data(lang, "why_chain"),
        "clock": record.clock or no_data(lang, "why_clock"),
    }


def _history(record: Record, lang: Language) -> list[dict[str, str]]:
    by = say(lang, "by_tool", version=record.version, run=record.run)
    when = stamp(record.ended or record.started)
    waiting = no_data(lang, "why_not_yet")
    rows = [{"state": say(lang, "st_draft"), "by": by, "at": when}]
    later = ("in_review", "reviewed", "closed")
    return rows + [{"state": say(lang, f"st_{key}"), "by": waiting, "at": ""} for key in later]
