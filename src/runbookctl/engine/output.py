"""Machine output `runbookctl/diagnosis/v1`: stable, versioned by its name, documented in docs/json-output.md. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runbookctl.model import to_json

if TYPE_CHECKING:
    from runbookctl.model import Cause, Diagnosis


def machine(diagnosis: Diagnosis) -> bytes:
    """Return the JSON of a diagnosis; keys, order and meaning are a promise."""
    return to_json(
        {
            "schema": diagnosis.schema,
            "run": diagnosis.run,
            "verdict": diagnosis.verdict,
            "causes": [_cause(cause) for cause in diagnosis.causes],
            "findings": [
                {"id": one.id, "runbook": one.runbook, "subject": one.subject, "value": one.value, "why": one.why}
                for one in diagnosis.findings
            ],
            "unknown": [
                {
                    "what": one.what, "subject": one.subject, "why": one.why, "decides": one.decides,
                    "obtain": one.obtain,
                }
                for one in diagnosis.unknown
            ],
        }
    )  # fmt: skip


def _cause(cause: Cause) -> dict[str, Any]:
    return {
        "code": cause.code,
        "root": cause.root,
        "rank": cause.rank,
        "runbook": cause.runbook,
        "subject": cause.subject,
        "summary": cause.summary,
        "because": cause.because,
        "evidence": [{"id": one.id, "sha256": one.sha256, "lines": one.lines} for one in cause.evidence],
        "remediations": [{"id": one.id, "risk": one.risk, "commands": one.commands} for one in cause.remediations],
        "subjects": cause.subjects,
        "not_ruled_out": [{"what": one.what, "obtain": one.obtain} for one in cause.not_ruled_out],
    }
