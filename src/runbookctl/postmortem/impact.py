"""Who and what was hit, as far as the evidence counts it.

Pure. Each number has its unit, the time it is for, its source, and whether it was measured or estimated; what nothing
measured stays in the table as unknown. Source: design notes, postmortem structure, section 3 of the document.
"""

from __future__ import annotations

from msgspec import Struct

from runbookctl.postmortem.durations import onset
from runbookctl.postmortem.record import Record
from runbookctl.postmortem.sections import Language
from runbookctl.postmortem.units import stamp
from runbookctl.postmortem.words import listed, say

_LEVELS = ("service", "workload", "pod", "container", "node", "gpu")
_WORKLOADS = frozenset({"deployment", "statefulset", "daemonset", "replicaset", "cronjob", "workload"})
_NOT_MEASURED = ("i_requests", "i_latency", "i_gpu_hours", "i_slo", "i_data_loss")


class Effect(Struct, frozen=True, kw_only=True):
    """One number of the impact. Without `value`, `why` says why it is not known."""

    what: str
    value: int | None = None
    unit: str = ""
    of: int | None = None  # how many were asked
    window: str = ""
    source: str = ""
    measured: bool = True
    why: str = ""


def effects(record: Record, lang: Language = "en") -> tuple[Effect, ...]:
    """Return what was counted, then what is not known."""
    counted: list[Effect] = []
    unknown: list[Effect] = []
    for level, names in hit(record).items():
        what = say(lang, f"i_{level}")
        if not names:
            unknown.append(Effect(what=what, why=say(lang, "why_i")))
            continue
        codes = sorted({code for codes in names.values() for code in codes})
        asked = len(_asked_nodes(record)) if level == "node" else 0
        counted.append(
            Effect(
                what=what, value=len(names), unit=say(lang, "u_count"), of=asked if asked > len(names) else None,
                window=_window(record, lang), source=say(lang, "from_causes", codes=listed(lang, codes, 5)),
            )
        )  # fmt: skip
    restarts = _restarts(record)
    what = say(lang, "i_restarts")
    if restarts:
        counted.append(
            Effect(
                what=what, value=sum(restarts.values()), unit=say(lang, "u_times"), window=_reading(record, lang),
                source=listed(lang, sorted({evidence for evidence, _ in restarts}), 5),
            )
        )  # fmt: skip
    else:
        unknown.append(Effect(what=what, why=say(lang, "why_restarts")))
    unknown += [Effect(what=say(lang, key), why=say(lang, "why_not_measured")) for key in _NOT_MEASURED]
    return (*counted, *unknown)


def hit(record: Record) -> dict[str, dict[str, set[str]]]:
    """Return what the causes name: level -> name -> codes. A container counts for its pod, a GPU for its node."""
    found: dict[str, dict[str, set[str]]] = {level: {} for level in _LEVELS}
    for cause in record.diagnosis.causes:
        for subject in {cause.subject, *cause.subjects}:
            for level, name in _parts(subject):
                found[level].setdefault(name, set()).add(cause.code)
    return found


def _parts(subject: str) -> list[tuple[str, str]]:
    """Split `container/ml/trainer-0/app` into the container and its pod, `gpu/gpu305/0000:52:00` into GPU and node."""
    level, _, rest = subject.partition("/")
    names = rest.split("/")
    if level == "container" and len(names) > 1:
        return [("container", rest), ("pod", "/".join(names[:-1]))]
    if level == "mig" and len(names) > 2:
        return [("gpu", "/".join(names[:2])), ("node", names[0])]
    if level == "gpu":
        return [("gpu", rest), ("node", names[0])] if len(names) > 1 else [("gpu", rest)]
    if level in _WORKLOADS:
        return [("workload", subject)]
    return [(level, rest)] if level in _LEVELS and rest else []


def _asked_nodes(record: Record) -> set[str]:
    return {each.subject.node for each in record.diagnosis.evidence if each.subject.node}


def _restarts(record: Record) -> dict[tuple[str, str], int]:
    """Return restarts by evidence and subject, from the field `restartCount` of the proof ("2; last exit ...")."""
    found: dict[tuple[str, str], int] = {}
    for cause in record.diagnosis.causes:
        for shown in cause.proof:
            count = _leading_number(shown.value) if shown.field.endswith("restartCount") else None
            if count is not None:
                found[shown.id, cause.subject] = count
    return found


def _leading_number(text: str) -> int | None:
    digits = ""
    for char in text[:10]:
        if char not in "0123456789":
            break
        digits += char
    return int(digits) if digits else None


def _reading(record: Record, lang: Language) -> str:
    return say(lang, "at_collection", time=stamp(record.ended or record.started))


def _window(record: Record, lang: Language) -> str:
    """Return what time the counts are for: from the earliest sign to the reading, else the reading alone."""
    read = record.ended or record.started
    first = onset(record)
    if first is None or first[0] >= read:
        return _reading(record, lang)
    return say(lang, "from_to", start=stamp(first[0]), end=stamp(read))
