"""What holds for every shipped runbook: it lints, plans, is translated, and its recorded tests pass."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from runbookctl.engine import testing
from runbookctl.engine.plan import plan
from runbookctl.engine.replay import values_of
from runbookctl.language import lint, loader, recorded, translations
from runbookctl.language.model import Runbook
from runbookctl.model import Verdict

from .conftest import RUNBOOKS, Analyze, codes

FILES = sorted(
    path
    for path in RUNBOOKS.glob("*/*.yaml")
    if not path.name.endswith((recorded.SUFFIX, *(f".{lang}.yaml" for lang in translations.LANGUAGES)))
)
DUMMIES = {
    "text": "x", "integer": "1", "number": "1.5", "boolean": "true", "duration": "5m", "bytes": "1Gi", "node": "gpu007",
    "k8s-name": "chat",
}  # fmt: skip
NOW = dt.datetime(2026, 11, 22, 2, 48, tzinfo=dt.UTC)

every_runbook = pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")


def loaded(path: Path) -> Runbook:
    """Return a shipped runbook."""
    return loader.load(path, RUNBOOKS)


def test_the_four_of_the_first_release_are_there() -> None:
    """The runbooks that the documents speak of are shipped."""
    names = {f"{path.parent.name}/{path.stem}" for path in FILES}
    assert {"gpu/xid-ecc", "gpu/driver-mismatch", "k8s/oom-crashloop", "serving/latency-spike"} <= names


@every_runbook
def test_it_has_no_mistake(path: Path) -> None:
    """Runbook, recorded tests and translations lint."""
    runbook, mistakes = lint.of_file(path, RUNBOOKS)
    assert runbook is not None
    assert mistakes == ()


def test_causes_explain_each_other_in_no_circle() -> None:
    """Over all shipped runbooks together, no cause explains itself through others, and no id is there twice."""
    assert lint.across([loaded(path) for path in FILES]) == ()


@every_runbook
def test_it_plans(path: Path) -> None:
    """With any input of the right type a run says for each step what it would ask, and sends nothing."""
    runbook = loaded(path)
    inputs = {one.name: [one.choices[0] if one.choices else DUMMIES[one.type]] for one in runbook.inputs}
    made = plan(runbook, values_of(runbook, inputs), NOW)
    assert [line.step for line in made.lines] == [step.id for step in runbook.steps]
    assert all(line.commands for line in made.lines)


@every_runbook
def test_its_recorded_tests_pass(path: Path) -> None:
    """Recorded evidence leads to what was written beside it, and less evidence to nothing else."""
    results = testing.run(path, RUNBOOKS)
    assert results
    assert {result.case: result.failures for result in results if not result.passed} == {}


@every_runbook
def test_each_of_its_causes_is_concluded_in_a_recording(path: Path) -> None:
    """A cause that no recording leads to may never be concluded at all."""
    runbook = loaded(path)
    cases = recorded.load(recorded.path_of(path), runbook).cases
    expected = {cause.code for case in cases for cause in case.expect.causes or ()}
    assert {cause.code for cause in runbook.causes} - expected == set()


@every_runbook
def test_its_recordings_hold_health_and_doubt(path: Path) -> None:
    """Among its recordings is one of a healthy thing, and one from which nothing can be concluded."""
    verdicts = {case.expect.verdict for case in recorded.load(recorded.path_of(path), loaded(path)).cases}
    assert {Verdict.CLEAR, Verdict.UNKNOWN} <= verdicts


@every_runbook
def test_it_is_told_in_chinese(path: Path) -> None:
    """The Chinese file has the title, the question, every step, cause and remediation."""
    runbook = loaded(path)
    place = translations.path_of(runbook, "zh")
    texts, mistakes = translations.read(place.read_bytes(), str(place), runbook, "zh")
    assert mistakes == ()
    assert texts.title
    assert texts.about
    assert {step.id for step in runbook.steps} - set(texts.steps) == set()
    assert {cause.id for cause in runbook.causes} - set(texts.causes) == set()
    assert {one.id for one in runbook.remediations} - set(texts.remediations) == set()


JOURNAL = """\
Nov 22 01:00:00 gpu007 kernel: Linux version 6.8.0-45-generic (buildd@lcy02) #45-Ubuntu SMP PREEMPT_DYNAMIC
Nov 22 01:00:09 gpu007 kernel: nvidia: module verification failed: signature and/or required key missing - tainting kernel
Nov 22 01:00:10 gpu007 kernel: NVRM: loading NVIDIA UNIX x86_64 Kernel Module  550.144.03  Mon Dec 30 17:44:08 UTC 2024
Nov 22 02:10:00 gpu007 kernel: NVRM: Xid (PCI:0000:1b:00): 45, pid=4121, name=python3, Ch 00000010
"""
SMI = """\
Sun Nov 22 02:47:12 2026
+-----------------------------------------------------------------------------------------+
| NVIDIA-SMI 550.144.03             Driver Version: 550.144.03     CUDA Version: 12.4     |
|-----------------------------------------+------------------------+----------------------+
|   0  NVIDIA H100 80GB HBM3          On  |   00000000:1B:00.0 Off |                    0 |
| N/A   33C    P0             71W /  700W |       1MiB /  81559MiB |      0%      Default |
+-----------------------------------------------------------------------------------------+
"""
POD = """\
{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "serve-0", "namespace": "ml", "uid": "56ffb81d-1da1-42de-ae6c-46fee01f6b0a"},
 "spec": {"nodeName": "gpu007", "containers": [{"name": "serve", "image": "nvcr.io/nvidia/cuda:12.4.1-runtime-ubuntu22.04",
  "resources": {"limits": {"nvidia.com/gpu": "1"}}}]},
 "status": {"phase": "Running", "containerStatuses": [{"name": "serve", "ready": true, "restartCount": 0,
  "state": {"running": {"startedAt": "2026-11-22T01:10:00Z"}}}]}}
"""


def test_a_healthy_node_is_clear(analyze: Analyze) -> None:
    """Journal, nvidia-smi and pods of one healthy node are clear together, though only some of them name the node."""
    found = analyze(JOURNAL, SMI, POD, at=NOW)
    assert (codes(found), found.verdict) == ([], Verdict.CLEAR)


def test_one_xid_among_them_is_the_only_cause(analyze: Analyze) -> None:
    """One fault in the journal of that node is told once, about its GPU, and nothing else is blamed."""
    fault = (
        "Nov 22 02:40:00 gpu007 kernel: NVRM: Xid (PCI:0000:1b:00): 119, pid=1, name=a, Timeout after 6s of waiting\n"
    )
    found = analyze(JOURNAL + fault, SMI, POD, at=NOW)
    assert [(cause.code, cause.subject) for cause in found.causes] == [
        ("gsp_firmware_failure", "gpu/gpu007/0000:1b:00")
    ]
