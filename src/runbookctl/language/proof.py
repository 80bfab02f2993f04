"""What a cause rests on: the steps behind its proof, and who can write what they read (threat model S5). Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runbookctl.language import modules, templates
from runbookctl.language.model import Template
from runbookctl.model import Writer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from runbookctl.language.model import Cause, Finding, Runbook, Step

RISKY = ("medium", "high")


def template_names(value: Any) -> frozenset[str]:
    """Return every name that a parameter uses, however deep its lists and mappings nest."""
    if isinstance(value, Template):
        return templates.names(value)
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, tuple) else ()
    return frozenset().union(*(template_names(each) for each in inside))


def steps_behind(names: frozenset[str], findings: Mapping[str, Finding], sources: Mapping[str, str]) -> frozenset[str]:
    """Return the steps that names rest on; `sources` maps the names of steps and of the item to the step."""
    seen: set[str] = set()
    pending = list(names)
    steps = set()
    while pending:
        name = pending.pop()
        if name in seen:
            continue
        seen.add(name)
        if name in sources:
            steps.add(sources[name])
        elif name in findings:
            pending.extend(findings[name].expression.names)
    return frozenset(steps)


def sources_of(runbook: Runbook) -> dict[str, str]:
    """Map the names of steps, and of the item, to the step that they are read by."""
    sources = {step.id: step.id for step in runbook.steps}
    if runbook.each is not None:
        sources[runbook.each.item] = runbook.each.step
    return sources


def forgeable(runbook: Runbook) -> Iterator[tuple[Cause, str, tuple[str, ...]]]:
    """Yield each cause whose proof the workload could write itself, with its risky remediation and those steps.

    A step whose writers are not known is taken as proof; a cause that rests on no step at all is not.
    """
    findings = {finding.id: finding for finding in runbook.findings}
    risks = {remediation.id: remediation.risk for remediation in runbook.remediations}
    probes = {step.id: step.probe for step in runbook.steps}
    sources = sources_of(runbook)
    for cause in runbook.causes:
        risky = [each for each in cause.remediate if risks.get(each) in RISKY]
        if not risky:
            continue
        steps = sorted(steps_behind(cause.because.names, findings, sources))
        if all(_only_workload(probes.get(step, "")) for step in steps):
            yield cause, risky[0], tuple(steps)


def _only_workload(probe: str) -> bool:
    return modules.writers(probe) == {Writer.WORKLOAD}


def waits_for(
    steps: tuple[Step, ...], findings: tuple[Finding, ...], each: tuple[str, str] | None
) -> dict[str, set[str]]:
    """Return which names each step, each finding and the item need; `each` is (item, step)."""
    graph: dict[str, set[str]] = {step.id: set(template_names(step.with_)) for step in steps}
    graph |= {finding.id: set(finding.expression.names) for finding in findings}
    if each is not None:
        graph[each[0]] = {each[1]}
    return graph
