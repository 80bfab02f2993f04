"""The sections of a diagnosis: proof, what a cause explains, what is not known, what is suggested.

Pure: reads only the diagnosis. Each function returns laid-out lines; `result` puts them in order.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from runbookctl.cli import fold
from runbookctl.cli.foreign import shown
from runbookctl.cli.line import Line, Style
from runbookctl.cli.rows import (
    COMMAND,
    ENTRY,
    Proof,
    command,
    flow,
    key_column,
    keyed,
    proofs,
    prose,
    reference_column,
    section,
)
from runbookctl.cli.terminal import Layout
from runbookctl.cli.texts import clock, joined, listed, say
from runbookctl.model import Cause, Compute, Diagnosis, Evidence, Finding, Origin, Shown, Suggestion, Unknown, Verdict

_CODES = 4  # causes named in a row when lines are short
_FIRST_ONLY = 3  # from here on only the first remediation is shown with its commands
_PROOF_LINES = 5  # lines of proof when lines are short
_MANY_PROOFS = 8  # lines of proof where a result need not fit a screen


@dataclass(frozen=True)
class View:
    """What is shown and how: `short` grows by one until a single cause fits its screen (0: nothing is shortened)."""

    diagnosis: Diagnosis
    layout: Layout
    everything: bool = False
    short: int = 0

    @property
    def lang(self) -> str:
        """Return the language."""
        return self.layout.lang

    def text(self, english: str) -> str:
        """Return a runbook's text in the language, as it is where it was not translated."""
        return self.diagnosis.texts.get(self.lang, {}).get(english, english)

    def say(self, key: str, **values: object) -> str:
        """Return a text in the language."""
        return say(self.lang, key, **values)

    @cached_property
    def pasted(self) -> bool:
        """Tell whether this is about what was given (`analyze`), not about what was asked."""
        return bool(self.diagnosis.evidence) and all(each.origin is Origin.PASTED for each in self.diagnosis.evidence)

    @property
    def pieces(self) -> list[Evidence]:
        """Return the evidence that came from outside; what was computed from it is not a piece."""
        return [each for each in self.diagnosis.evidence if not isinstance(each.request, Compute)]

    @cached_property
    def roots(self) -> list[Cause]:
        """Return the root causes by rank; should none be marked, all."""
        causes = sorted(self.diagnosis.causes, key=lambda cause: cause.rank)
        return [cause for cause in causes if cause.root] or causes

    @cached_property
    def nodes(self) -> list[str]:
        """Return the nodes that were asked, when the run is about nodes and more than one was asked."""
        if self.pasted or not all(fold.node_of(cause.subject) for cause in self.roots):
            return []
        asked = {each.subject.node for each in self.diagnosis.evidence if each.subject.node}
        return sorted(asked, key=fold.natural) if len(asked) > 1 else []

    @property
    def counting(self) -> list[Unknown]:
        """Return the unknowns that could change the verdict."""
        return [each for each in self.diagnosis.unknown if each.could_change]


def proof_rows(causes: Sequence[Cause], view: View) -> list[Proof]:
    """Return the rows of proof of causes that are shown together, each row once."""
    evidence = {each.id: each for each in view.diagnosis.evidence}
    rows: dict[tuple[str, int | None, str], Proof] = {}
    for row in (row for cause in causes for row in cause.proof or _bare(cause)):
        reference = row.id if row.line is None else f"{row.id}:{row.line}"
        origin = evidence.get(row.id)
        aside = ""
        if origin is not None:
            digest = f"sha256 {origin.sha256[:12]}" if origin.sha256 else ""
            parts = (origin.source, view.say("read_at", time=clock(origin.at)), digest)
            aside = ", ".join(part for part in parts if part)
        quoted = row.line is not None and not row.field
        made = Proof(reference, row.field, row.value, quoted=quoted, aside=aside)
        rows.setdefault((row.id, row.line, row.field), made)
    return list(rows.values())


def proof(found: Sequence[Proof], view: View, column: int = 0) -> list[Line]:
    """Lay the rows of proof out: the first ones, fewer when lines are short, and how many more there are."""
    most = max(_PROOF_LINES - max(view.short - 2, 0), 2) if view.short else _MANY_PROOFS
    keep = len(found) if view.everything else most
    lines = proofs(found[:keep], max(column, reference_column(found)), view.layout)
    if len(found) > keep:
        lines.append(Line(" " * ENTRY + view.say("more_proof", n=len(found) - keep)))
    return lines


def _bare(cause: Cause) -> list[Shown]:
    """Return the evidence ids and lines themselves, for a cause that came without rows to show."""
    return [Shown(id=each.id, line=line) for each in cause.evidence for line in each.lines or (None,)]


def findings(view: View) -> list[Line]:
    """Return one line that counts the findings; with --all each by name. Only for one runbook: its ids are known."""
    concluding = {cause.runbook for cause in view.diagnosis.causes}
    found = [each for each in view.diagnosis.findings if not concluding or each.runbook in concluding]
    if not found or (len({each.runbook for each in found}) > 1 and not view.everything):
        return []
    true, unknown, false = (_ids(found, value) for value in (True, None, False))
    unknown = [name for name in unknown if name not in true]  # told once, by the item that knows most
    false = [name for name in false if name not in true and name not in unknown]
    if not view.everything:
        names = joined(view.lang, true) or view.say("none_true")
        lines = prose(view.say("finding_true", names=names), ENTRY, view.layout)
        counts = [view.say("finding_unknown", names=len(unknown)), view.say("finding_false", names=len(false))]
        counts[-1] += view.say("hint") if false or unknown else ""
        return lines[:-1] + flow(lines[-1], [(text, Style.PLAIN) for text in counts], ENTRY, view.layout, gap=3)
    lines = []
    for key, ids in (("finding_true", true), ("finding_unknown", unknown), ("finding_false", false)):
        if ids:
            lines += prose(view.say(key, names=joined(view.lang, ids)), ENTRY, view.layout)
    return lines


def _ids(found: Iterable[Finding], value: bool | None) -> list[str]:
    return list(dict.fromkeys(each.id for each in found if each.value is value))


def explained(causes: Sequence[Cause], view: View) -> list[tuple[str, str]]:
    """Return (code, subject) of the symptoms of these causes, symptoms of symptoms too, each once, subjects folded."""
    codes = {cause.code for cause in causes}
    symptoms: list[Cause] = []
    left = [cause for cause in view.diagnosis.causes if not cause.root]
    while reached := [cause for cause in left if codes & set(cause.explained_by)]:
        symptoms += reached
        codes |= {cause.code for cause in reached}
        left = [cause for cause in left if cause not in reached]
    by_code: dict[str, list[str]] = {}
    for cause in symptoms:
        by_code.setdefault(cause.code, []).append(cause.subject)
    return [(code, ", ".join(fold.subjects(subjects))) for code, subjects in by_code.items()]


def symptoms(pairs: Sequence[tuple[str, str]], view: View) -> list[Line]:
    """Return the section of the symptoms."""
    if not pairs:
        return []
    column = max(len(code) for code, _ in pairs) + 3
    lines = [section(view.say("explains"))]
    for code, subject in pairs:
        line = Line(" " * ENTRY + code)
        if view.layout.stacked:
            lines += [line, Line(" " * COMMAND + subject)]
        else:
            lines.append(line.to(ENTRY + column).add(subject))
    return lines


# --- what is not known -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Gap:
    """Missing evidence with the same reason and the same way to get it, folded over subjects and names."""

    key: str
    text: str
    obtain: str


def near(unknown: Unknown, view: View) -> bool:
    """Tell whether an unknown speaks about a root cause: about its subject, or by ruling its code out."""
    roots = view.roots if view.diagnosis.causes else []
    return any(unknown.subject in {each.subject, *each.subjects} or each.code in unknown.decides for each in roots)


def aside(unknown: Unknown, view: View) -> bool:
    """Tell whether, beside a cause, an unknown is a mere "not given" of another runbook that decides nothing of it."""
    proven = view.diagnosis.verdict is Verdict.CAUSES and not view.everything
    return proven and not unknown.given and not unknown.decides and not near(unknown, view)


_PLAIN_REASONS = {
    "": "why_not_known", "not given": "why_not_given", "not about it": "why_not_about", "not asked": "why_not_asked",
}  # fmt: skip
"""Reasons that say nothing without the title of the step. Source: engine.answers."""


def gaps(unknown: Sequence[Unknown], view: View) -> list[Gap]:
    """Fold unknowns that say the same; the order stays."""
    groups: dict[tuple[str, str], list[Unknown]] = {}
    for each in unknown:
        node = fold.node_of(each.subject)
        command_form = each.obtain.replace(node, "\0") if node and view.nodes else each.obtain
        groups.setdefault((_reason(each, view), command_form), []).append(each)
    return [_gap(reason, group, view) for (reason, _), group in groups.items()]


def _reason(unknown: Unknown, view: View) -> str:
    """Return why it is not known, as a sentence."""
    why = unknown.why.strip()
    key = _PLAIN_REASONS.get(why)
    if key:
        return view.say("title_why", title=view.text(unknown.title) or unknown.what, why=view.say(key))
    return why if why.endswith((".", "!", "?", "。")) or not why else why + view.say("stop")


def _gap(reason: str, group: Sequence[Unknown], view: View) -> Gap:
    names = list(dict.fromkeys(each.what for each in group))
    subjects = list(dict.fromkeys(each.subject for each in group if each.subject))
    nodes = [node for node in dict.fromkeys(fold.node_of(subject) for subject in subjects) if node]
    if view.nodes and nodes and len(nodes) == len(subjects):
        folded = fold.names(nodes)
        return Gap(", ".join(folded), reason.removesuffix(view.say("stop")), _for_nodes(group[0].obtain, nodes, folded))
    codes = list(dict.fromkeys(code for each in group for code in each.decides))
    sentences = [reason]
    if codes and view.short >= 4 and len(codes) > _CODES + 1:
        codes = [*codes[:_CODES], view.say("other_codes", n=len(codes) - _CODES)]
    if codes:
        held = {cause.code for cause in view.diagnosis.causes}
        key = "could_rule_out" if held.issuperset(codes) else "could_be"
        sentences.append(view.say(key, codes=listed(view.lang, codes)))
    if len(subjects) > 1:
        sentences.append(view.say("for", subjects=listed(view.lang, fold.subjects(subjects))))
    text = "".join(part if part.endswith("。") else f"{part} " for part in sentences).rstrip(" ")
    return Gap(", ".join(names), text, group[0].obtain)


def _for_nodes(obtain: str, nodes: Sequence[str], folded: Sequence[str]) -> str:
    """Return our own command for all nodes at once; another program's for the first, whose ranges we do not know."""
    if len(nodes) == 1 or not obtain.startswith("runbookctl run ") or f"--on {nodes[0]}" not in obtain:
        return obtain
    return obtain.replace(f"--on {nodes[0]}", f"--on '{','.join(folded)}'", 1)


def not_ruled_out(causes: Sequence[Cause], view: View) -> list[Gap]:
    """Return what could still speak against causes, folded by the command that would tell.

    What stands among the unknowns already is left out; `what` begins with the step that was not read.
    """
    told = {text for each in view.diagnosis.unknown for text in (each.what, each.obtain) if text}
    groups: dict[tuple[str, str], list[str]] = {}
    for cause in causes:
        for each in cause.not_ruled_out:
            if each.what.partition(":")[0] not in told and each.obtain not in told:
                groups.setdefault((each.what, each.obtain), []).append(cause.code)
    found = []
    for (what, obtain), codes in groups.items():
        name, _, why = what.partition(": ")
        ruled = view.say("could_rule_out", codes=listed(view.lang, list(dict.fromkeys(codes))))
        found.append(Gap(name, f"{why}{view.say('stop')} {ruled}" if why else ruled, obtain))
    return found


def unknowns(title: str, rows: Sequence[Gap], view: View, *, extra: Sequence[str] = ()) -> list[Line]:
    """Return a section of unknowns: each with its reason, and the command on its own line."""
    if not rows:
        return []
    column = key_column(shown(row.key) for row in rows)
    lines = [section(title)]
    for row in rows:
        lines += keyed(row.key, row.text, column, view.layout)
        if row.obtain:
            lines.append(command(row.obtain))
    for text in extra:
        lines += prose(text, ENTRY, view.layout)
    return lines


def only_named(title: str, rows: Sequence[Gap], view: View) -> list[Line]:
    """Return the same section by names alone."""
    if not rows:
        return []
    names = view.say("also_cannot", names=joined(view.lang, [row.key for row in rows]))
    return [section(title), *prose(names, ENTRY, view.layout)]


# --- what to do --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Advice:
    """A remediation, folded over the causes that propose it."""

    suggestion: Suggestion
    touches: tuple[str, ...]
    commands: tuple[str, ...]


_ABSENT = "-"  # how a hole without a value is printed


def advices(causes: Sequence[Cause]) -> list[Advice]:
    """Fold the remediations of causes by id."""
    groups: dict[str, list[Suggestion]] = {}
    for cause in causes:
        for each in cause.remediations:
            groups.setdefault(each.id, []).append(each)
    return [
        Advice(
            group[0],
            tuple(dict.fromkeys(each.touches for each in group if each.touches and each.touches != _ABSENT)),
            tuple(dict.fromkeys(line for each in group for line in each.commands)),
        )
        for group in groups.values()
    ]


def suggested(found: Sequence[Advice], view: View, *, first: int = 1, column: int = 21, gap: int = 3) -> list[Line]:
    """Return the remediations, numbered from `first`, each with its commands unless many nodes are folded."""
    lines: list[Line] = []
    for number, advice in enumerate(found, first):
        lines += _headed(number, advice, view, column, gap)
        suggestion = advice.suggestion
        with_commands = view.everything or not view.nodes
        if not suggestion.commands:
            lines += (
                prose(view.text(suggestion.title), COMMAND, view.layout) if suggestion.title and with_commands else []
            )
        elif with_commands and (view.short < _FIRST_ONLY or number == first):
            lines += [command(text) for text in advice.commands]
        elif with_commands:
            lines += prose(view.say("more_commands", n=len(advice.commands)), COMMAND, view.layout)
    return lines


def _headed(number: int, advice: Advice, view: View, column: int, gap: int) -> list[Line]:
    suggestion = advice.suggestion
    parts = [view.say("risk", risk=view.say(f"risk_{suggestion.risk}"))]
    if suggestion.approvals:
        parts.append(view.say("approval" if suggestion.approvals == 1 else "approvals", n=suggestion.approvals))
    elif not suggestion.commands:
        parts.append(view.say("by_person"))
    terms = view.say("parts").join(parts)
    touches = fold.subjects(advice.touches) if len(advice.touches) > 2 else advice.touches
    line = Line(f"{' ' * ENTRY}{number} {suggestion.id}")
    if view.layout.stacked:
        return [line, *(Line(" " * COMMAND + text) for text in (terms, ", ".join(touches)) if text)]
    line.to(ENTRY + column, gap=2).add(terms)
    return flow(line, [(", ".join(touches), Style.PLAIN)] if touches else [], COMMAND, view.layout, gap)


def advice_column(found: Iterable[Advice], least: int) -> int:
    """Return where the risk begins, counted from the entry's indent."""
    return max([least, *(len(each.suggestion.id) + 5 for each in found)])


__all__ = [
    "Advice", "Gap", "View", "advice_column", "advices", "explained", "findings", "gaps", "not_ruled_out",
    "only_named", "proof", "proof_rows", "suggested", "symptoms", "unknowns",
]  # fmt: skip
