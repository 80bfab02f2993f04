"""Every recording is taken for what it is, alone and all together."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from runbookctl.intake import pieces

FORMS = {
    "deployment.json": ("kubernetes_objects", "Deployment"),
    "describe-deployment.txt": ("kubectl_describe_workload", None),
    "describe-gpu-overask.txt": ("kubectl_describe_pod", "kubectl describe pod"),
    "describe-node.txt": ("kubectl_describe_node", "kubectl describe node"),
    "describe-trainer-56798c6f7b-9mlfq.txt": ("kubectl_describe_pod", "kubectl describe pod"),
    "dmesg-memcg-oom.txt": ("kernel_log", "kernel log"),
    "dmesg-segfault.txt": ("kernel_log", "kernel log"),
    "events.list.json": ("kubernetes_objects", "Event list"),
    "events.txt": ("kubectl_events", None),
    "get-nodes.txt": ("kubectl_get_table", None),
    "get-trainer-56798c6f7b-9mlfq.txt": ("kubectl_get_table", None),
    "logs-error.txt": ("kubectl_error", "kubectl error"),
    "logs-exit-127-app.previous.err": ("kubectl_error", "kubectl error"),
    "logs-trainer-56798c6f7b-9mlfq-trainer.txt": ("pod_log", None),
    "node-events.list.json": ("kubernetes_objects", "Event list"),
    "node-lease.json": ("kubernetes_objects", "Lease"),
    "node.json": ("kubernetes_objects", "Node"),
    "nodes-200.list.json.gz": ("kubernetes_objects", "Node list"),
    "pod-trainer-56798c6f7b-9mlfq.json": ("kubernetes_objects", "Pod"),
    "pods.list.json": ("kubernetes_objects", "Pod list"),
    "query-up.json": ("prometheus", None),
    "replicasets.list.json": ("kubernetes_objects", "ReplicaSet list"),
}


def test_every_recording_is_in_the_table(recordings: Path) -> None:
    """A recording that nobody expects anything of proves nothing."""
    assert {path.name for path in recordings.iterdir()} - {"README.md"} == set(FORMS)


@pytest.mark.parametrize("name", FORMS)
def test_a_recording_is_one_piece_of_its_form(recordings: Path, name: str) -> None:
    """One output is one piece, whole, from its first line on."""
    (piece,) = pieces([str(recordings / name)], None)
    form, label = FORMS[name]
    assert (piece.form, piece.cut, piece.error, piece.first_line) == (form, False, None, 1)
    assert label in (None, piece.label)


def test_a_folder_of_recordings_is_read_as_its_files(recordings: Path) -> None:
    """A collected folder needs no list of its files; its README is a stranger."""
    found = {Path(piece.source).name: piece.form for piece in pieces([str(recordings)], None)}
    assert found.pop("README.md") == "unrecognised"
    assert found == {name: form for name, (form, _) in FORMS.items()}


def test_the_text_recordings_in_one_stream_are_told_apart(recordings: Path, tmp_path: Path) -> None:
    """The same files, one after the other in one paste, give the same forms in the same order."""
    names = [
        name
        for name in sorted(FORMS)
        if name.startswith(("describe", "get", "events.txt", "node", "pods")) and name[-2:] != "gz"
    ]
    paste = tmp_path / "paste"
    paste.write_text("".join(f"$ kubectl {name}\n" + (recordings / name).read_text() for name in names))
    assert [piece.form for piece in pieces([str(paste)], None)] == [FORMS[name][0] for name in names]


PAIRS = [
    "describe-gpu-overask.txt",
    "dmesg-segfault.txt",
    "events.txt",
    "get-nodes.txt",
    "logs-error.txt",
    "query-up.json",
]


@pytest.mark.parametrize("separator", ["", "$ some-command --flag\n"], ids=["nothing", "prompt"])
@pytest.mark.parametrize("first", PAIRS)
def test_any_two_outputs_are_told_apart(recordings: Path, first: str, separator: str) -> None:
    """Whatever was pasted under whatever, both are found, with nothing or something between them."""
    for second in PAIRS:
        if FORMS[first] == FORMS[second]:
            continue
        paste = "\n".join(
            ((recordings / first).read_text().rstrip("\n"), separator + (recordings / second).read_text())
        )
        found = [piece.form for piece in pieces([], io.BytesIO(paste.encode()))]
        assert found == [FORMS[first][0], FORMS[second][0]], (first, second)
