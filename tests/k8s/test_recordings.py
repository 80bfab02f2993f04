"""Each recording is read as its readings.json says, and no file of it is a stranger."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from k8s_reading import RECORDINGS, form_of, recorded

FOLDERS = sorted(path for path in RECORDINGS.iterdir() if path.is_dir())


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_recording_is_read_as_it_was_looked_at(folder: Path) -> None:
    """What the readers make of real evidence is what a person found right."""
    expected = json.loads((folder / "readings.json").read_text(encoding="utf-8"))
    assert recorded(folder) == expected


EXPECTED_FORMS = {
    "describe-node": "kubectl_describe_node", "describe-deployment": "kubectl_describe_workload",
    "describe-": "kubectl_describe_pod", "get-": "kubectl_get_table", "events.txt": "kubectl_events",
    "logs-error": "kubectl_error", "dmesg": "kernel_log", "query": "prometheus",
}  # fmt: skip


@pytest.mark.parametrize(
    "path", [path for folder in FOLDERS for path in sorted(folder.iterdir()) if path.name != "readings.json"],
    ids=lambda path: f"{path.parent.name}/{path.name}",
)  # fmt: skip
def test_every_file_is_recognised_as_what_printed_it(path: Path) -> None:
    """A describe is a describe, a table a table, an error of kubectl no log."""
    by_name = next((form for start, form in EXPECTED_FORMS.items() if path.name.startswith(start)), None)
    if path.suffix == ".json" and by_name is None:
        by_name = "kubernetes_objects"
    if path.suffix == ".err":
        by_name = "kubectl_error"
    assert form_of(path) == (by_name or "pod_log")
