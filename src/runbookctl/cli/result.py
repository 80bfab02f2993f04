"""The text of a diagnosis: the answer in the first line, one command to paste in the last.

Pure: the same diagnosis and layout give the same text, on a terminal and in a pipe. Sections come in one order, and an
empty one is left out: Proof, Explains, Not known could change, Not known cannot change, Suggested, Run, Next. A single
cause fits a 24-line screen: what takes most room and says least is shortened first, and `--all` prints everything.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from runbookctl.cli import blocks, fold
from runbookctl.cli.blocks import Gap, View
from runbookctl.cli.foreign import cells, cut, shown, wrap
from runbookctl.cli.line import Line, Style
from runbookctl.cli.rows import ENTRY, SECTION, flow, prose, reference_column, section
from runbookctl.cli.terminal import Layout
from runbookctl.cli.texts import duration, joined, number, stamp
from runbookctl.model import Cause, Diagnosis, Evidence, Verdict

SCREEN = 23  # a 24-line terminal less the prompt
_SHORTEST = 4
_SUMMARY_LINES = 3  # of a summary when lines are short
_NO_FORM = ("unrecognised", "empty")
_FEW = 2  # pieces that are named in a sentence; more are counted
_COLOUR = {Verdict.CAUSES: Style.RED, Verdict.CLEAR: Style.GREEN, Verdict.UNKNOWN: Style.YELLOW}


def render(
    diagnosis: Diagnosis, layout: Layout, *, everything: bool = False, again: str = "", roomy: bool = False
) -> list[Line]:
    """Lay a diagnosis out.

    `again` is the command that repeats the run, for one that was not stored; `roomy` shortens nothing to fit a screen.
    """
    lines: list[Line] = []
    for short in range(_SHORTEST + 1):
        view = View(diagnosis=diagnosis, layout=layout, everything=everything, short=short)
        lines = _lines(view, again)
        if everything or roomy or len(lines) <= SCREEN:
            break
    return lines


def _lines(view: View, again: str) -> list[Line]:
    body: Callable[[View], list[Line]]
    match view.diagnosis.verdict:
        case Verdict.CAUSES:
            body = _one_cause if len(view.roots) == 1 and not view.nodes else _causes
        case Verdict.CLEAR:
            body = _clear
        case Verdict.UNKNOWN:
            body = _unknown
    return [*body(view), *_run(view), *_next(view, again)]


def _headline(view: View, *texts: str) -> list[Line]:
    """Return the verdict word and what follows it; what does not fit goes under it, uncut."""
    word = view.say(view.diagnosis.verdict.value)
    first = Line(word, _COLOUR[view.diagnosis.verdict]).add("  ")
    return flow(first, [(text, Style.PLAIN) for text in texts], cells(word) + 2, view.layout)


def _sentence(view: View, text: str) -> list[Line]:
    """Return a headline that is a sentence: wrapped under itself."""
    word = view.say(view.diagnosis.verdict.value)
    start = cells(word) + 2
    parts = wrap(shown(text), max(view.layout.width - start, 20))
    first = Line(word, _COLOUR[view.diagnosis.verdict]).add(f"  {parts[0]}")
    return [first, *(Line(" " * start + part) for part in parts[1:])]


def _indent(view: View) -> int:
    return cells(view.say(view.diagnosis.verdict.value)) + 2


# --- CAUSE -------------------------------------------------------------------------------------------------------


def _one_cause(view: View) -> list[Line]:
    cause = view.roots[0]
    lines = _headline(view, cause.code, cause.subject)
    for sentence in _summary(cause, view):
        lines += _shortened(sentence, view)
    proof = blocks.proof(blocks.proof_rows([cause], view), view)
    lines += [section(view.say("proof")), *proof] if proof else []
    lines += blocks.findings(view)
    lines += blocks.symptoms(blocks.explained([cause], view), view)
    lines += _not_known(view)
    found = blocks.advices([cause])
    if found:
        lines.append(section(view.say("suggested")))
        lines += blocks.suggested(found, view, column=blocks.advice_column(found, 23))
    return lines


def _summary(cause: Cause, view: View) -> list[str]:
    """Return the runbook's sentence, else the catalogue's; in Chinese both where the runbook is not translated."""
    general = _general(cause.code, view)
    summary = view.text(cause.summary)
    if view.lang == "zh" and not _chinese(summary):
        return [text for text in (general, summary) if text]
    return [summary or general] if summary or general else []


def _shortened(sentence: str, view: View) -> list[Line]:
    """Wrap a summary; one that quotes long evidence is cut on a terminal, where the screen has no room for it."""
    room = _SUMMARY_LINES * (view.layout.width - _indent(view) - 8)
    text = cut(shown(sentence), room) if view.layout.cuts and view.short else sentence
    return prose(text, _indent(view), view.layout)


def _chinese(text: str) -> bool:
    return cells(shown(text)) > len(shown(text))


def _general(code: str, view: View) -> str:
    """Return the catalogue's sentence for a code; nothing when the catalogue does not have it."""
    from runbookctl.catalog.causes import title

    found = title(code, "zh" if view.lang == "zh" else "en")
    return "" if found == code else found


def _causes(view: View) -> list[Line]:
    """Return several root causes, or one of many nodes: folded by code, each with its proof."""
    groups: dict[str, list[Cause]] = {}
    for cause in view.roots:
        groups.setdefault(cause.code, []).append(cause)
    lines = _sentence(view, _count(view, groups))
    column = SECTION + max(len(code) for code in groups) + 3
    proofs = [blocks.proof_rows(group, view) for group in groups.values()]
    references = reference_column(row for rows in proofs for row in rows)
    found = [blocks.advices(group) for group in groups.values()]
    advice_column = blocks.advice_column((each for some in found for each in some), 0)
    first = 1
    for (code, group), rows, advices in zip(groups.items(), proofs, found, strict=True):
        lines += _folded_head(view, code, group, column)
        lines += blocks.proof(rows, view, references)
        for symptom, subject in blocks.explained(group, view):
            lines += prose(view.say("explains_one", code=symptom, subject=subject), ENTRY, view.layout)
        lines += blocks.suggested(advices, view, first=first, column=advice_column, gap=4)
        first += len(advices)
    return [*lines, *(blocks.findings(view) if view.everything or not view.short else []), *_not_known(view)]


def _folded_head(view: View, code: str, group: Sequence[Cause], column: int) -> list[Line]:
    subjects = [cause.subject for cause in group]
    nodes = [fold.node_of(subject) for subject in subjects]
    by_node = bool(view.nodes) and all(nodes)
    folded = [f"node/{name}" for name in fold.names(nodes)] if by_node else fold.subjects(subjects)
    start = ENTRY if view.layout.stacked else column
    lines = flow(
        Line(" " * SECTION + code) if view.layout.stacked else Line(" " * SECTION + code).to(column),
        [(subject, Style.PLAIN) for subject in folded], start, view.layout,
    )  # fmt: skip
    names = nodes if by_node else subjects
    told = [(name, view.text(cause.summary)) for name, cause in zip(names, group, strict=True) if cause.summary]
    general = _general(code, view)
    untranslated = view.lang == "zh" and not any(_chinese(text) for _, text in told)
    sentences = [general] if general and (untranslated or not told) else []
    sentences += fold.sentences(told) if told else []
    return lines + [line for text in sentences for line in prose(text, _indent(view), view.layout)]


def _count(view: View, groups: dict[str, list[Cause]]) -> str:
    causes = view.say("one_cause") if len(groups) == 1 else view.say("many_causes", n=len(groups))
    if not view.nodes:
        return view.say("headline", causes=causes.strip(), codes=joined(view.lang, list(groups)))
    hit = {fold.node_of(cause.subject) for cause in view.roots}
    unknown = {fold.node_of(each.subject) for each in view.counting} - hit - {""}
    clear = len(set(view.nodes) - hit - unknown)
    return view.say(
        "headline_nodes", causes=causes, hit=number(len(hit)), n=number(len(view.nodes)), clear=number(clear),
        unknown=number(len(unknown)),
    )  # fmt: skip


def _open(view: View) -> list[Gap]:
    """Return what could change the verdict: what was not read, and what could still speak against a cause.

    What speaks about a root cause comes first, so that it is the next thing to read.
    """
    near = [each for each in view.counting if blocks.near(each, view)]
    others = [each for each in view.counting if not blocks.near(each, view) and not blocks.aside(each, view)]
    return [*blocks.gaps(near, view), *blocks.not_ruled_out(view.roots, view), *blocks.gaps(others, view)]


def _not_known(view: View) -> list[Line]:
    title = view.say("could")
    if view.nodes:
        missing = {fold.node_of(each.subject) for each in view.counting} - {""}
        key = "node_counted" if len(missing) == 1 else "nodes_counted"
        title += view.say(key, n=number(len(missing))) if missing else ""
    cannot = blocks.gaps([each for each in view.diagnosis.unknown if not each.could_change], view)
    lines = blocks.unknowns(title, _open(view), view, extra=[*_aside(view), *_not_judged(view)])
    name = view.say("cannot")
    return lines + (blocks.only_named if view.short else blocks.unknowns)(name, cannot, view)


def _aside(view: View) -> list[str]:
    names = list(dict.fromkeys(each.what for each in view.counting if blocks.aside(each, view)))
    return [view.say("aside", names=joined(view.lang, names))] if names else []


def _not_judged(view: View) -> list[str]:
    names = view.diagnosis.not_judged
    if not names or not view.pasted:
        return []
    if view.everything:
        return [view.say("not_judged_all", names=joined(view.lang, names))]
    return [view.say("not_judged_one") if len(names) == 1 else view.say("not_judged", n=len(names))]


# --- CLEAR, UNKNOWN ----------------------------------------------------------------------------------------------


def _clear(view: View) -> list[Line]:
    diagnosis = view.diagnosis
    runbooks = joined(view.lang, diagnosis.runbooks)
    if not view.pasted:
        lines = _sentence(view, view.say("clear_run", runbook=runbooks, what=_about(view)))
        return [*lines, *(blocks.findings(view) if view.everything else []), *_not_known(view)]
    lines = _sentence(view, view.say("clear_given", what=_about(view)))
    if diagnosis.findings:
        key = "judged_one" if len(diagnosis.findings) == 1 else "judged"
        text = view.say(key, n=number(len(diagnosis.findings)), runbooks=runbooks)
        lines += prose(text, _indent(view), view.layout)
    lines += blocks.findings(view) if view.everything else []
    open_rows = blocks.gaps(view.counting, view)
    title = view.say("not_given")
    if view.everything or len(open_rows) < 2:
        return lines + blocks.unknowns(title, open_rows, view)
    others = view.say("also_cannot", names=joined(view.lang, [row.key for row in open_rows[1:]]))
    return lines + blocks.unknowns(title, open_rows[:1], view, extra=[others])


def _unknown(view: View) -> list[Line]:
    missing = any(each.missing for each in view.diagnosis.evidence)
    if view.pasted:
        key = "not_enough" if view.diagnosis.runbooks or view.diagnosis.unknown else "none_judged"
        if not any(each.missing is None and each.form not in _NO_FORM for each in view.pieces):
            key = "none_recognised"
    else:
        key = "unreadable" if missing else "undecided"
    lines = _sentence(view, view.say(key, what=_about(view)))
    return [*lines, *(blocks.findings(view) if view.everything else []), *_not_known(view)]


def _about(view: View) -> str:
    """Return what the diagnosis is about: the subjects of its evidence, folded; for a paste what it is."""
    diagnosis = view.diagnosis
    if not view.pasted:
        subjects = {str(each.subject) for each in diagnosis.evidence} or {each.subject for each in diagnosis.unknown}
        return joined(view.lang, fold.subjects(_widest(subjects))) or joined(view.lang, diagnosis.runbooks)
    named = [each for each in view.pieces if each.missing is None]
    if 0 < len(named) <= _FEW:
        return joined(view.lang, [_piece(each, view) for each in named])
    return view.say("pieces", n=number(len(named))) if named else view.say("what_was_given")


def _widest(subjects: set[str]) -> set[str]:
    """Leave out a subject that lies inside another one: a container of a pod that is named itself."""
    inside = {each.partition("/")[2] for each in subjects}
    return {each for each in subjects if not any(each.partition("/")[2].startswith(f"{other}/") for other in inside)}


def _piece(evidence: Evidence, view: View) -> str:
    from runbookctl.forms import label

    form = label(evidence.form)
    subject = str(evidence.subject)
    if subject.startswith("pasted/"):
        return view.say("the", form=form)
    return view.say("of", form=form, subject=subject.removeprefix("node/"))


# --- the last two lines ------------------------------------------------------------------------------------------


def _labelled(view: View, key: str) -> Line:
    column = max(cells(view.say("run")), cells(view.say("next"))) + 2
    return Line(view.say(key)).to(column)


def _run(view: View) -> list[Line]:
    diagnosis = view.diagnosis
    first = _labelled(view, "run")
    stored = "" if diagnosis.stored else view.say("parts") + view.say("not_stored")
    parts = [
        (diagnosis.run + stored, Style.DIM), (stamp(diagnosis.at) if diagnosis.at else "", Style.PLAIN),
        (_read(view), Style.PLAIN), (duration(diagnosis.took, digits=1), Style.DIM),
    ]  # fmt: skip
    return flow(first, [part for part in parts if part[0]], first.width, view.layout)


def _read(view: View) -> str:
    if view.pasted:
        count = len(view.pieces)
        return view.say("piece") if count == 1 else view.say("pieces", n=number(count))
    askings: dict[tuple[str, str], list[Evidence]] = {}
    for each in view.diagnosis.evidence:
        for step in each.steps:
            askings.setdefault((step, str(each.item or each.subject.node or "")), []).append(each)
    read = [group for group in askings.values() if not any(each.missing for each in group)]
    cut = [group for group in read if any(each.shortened and not each.shortened.harmless for each in group)]
    text = view.say("steps_read", read=number(len(read)), all=number(len(askings)))
    return text + (view.say("steps_cut", n=number(len(cut))) if cut else "")


def _next(view: View, again: str) -> list[Line]:
    text = _next_command(view, again)
    return [_labelled(view, "next").add(text, Style.BOLD)] if text else []


def _next_command(view: View, again: str) -> str:
    """Return the one command to type next; nothing when nothing is wrong.

    A run that was not stored is repeated; what could change the answer is read; a known cause is written down.
    """
    diagnosis = view.diagnosis
    if diagnosis.verdict is Verdict.CLEAR:
        return ""
    if not diagnosis.stored:
        return again
    obtainable = [gap.obtain for gap in _open(view) if gap.obtain]
    if obtainable:
        return obtainable[0]
    return f"runbookctl postmortem {diagnosis.run}" if diagnosis.verdict is Verdict.CAUSES else "runbookctl list"
