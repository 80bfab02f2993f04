"""Logs of programs: what ended them, and what did not."""

from __future__ import annotations

import pytest
from k8s_reading import AT, RECORDINGS, cuts, raw, readings
from program_logs import LOGS


@pytest.mark.parametrize("name", LOGS)
def test_a_log_tells_what_ended_its_program(name: str) -> None:
    """The text beside each log says what is true of it."""
    _, text, expected = LOGS[name]
    assert [(one.line, one.sign, one.means) for one in readings("k8s.logs", raw(text, "pod_log"))] == expected


@pytest.mark.parametrize("name", LOGS)
def test_stamps_of_the_runtime_change_nothing(name: str) -> None:
    """Kubectl logs --timestamps, CRI files and kubectl's prefix say the same, and when."""
    _, text, expected = LOGS[name]
    for stamp in ("2026-11-22T02:47:35.477379502Z ", "2026-11-22T02:47:35.477379502Z stderr F ", "[pod/api-1/app] "):
        stamped = "".join(f"{stamp}{line}\n" for line in text.split("\n"))
        found = readings("k8s.logs", raw(stamped, "pod_log"))
        assert [(one.line, one.sign, one.means) for one in found] == expected
        assert all(one.time is not None for one in found) or stamp.startswith("[")


def test_a_log_names_nobody() -> None:
    """Whose log it is comes from who asked for it."""
    from runbookctl.probes.k8s import logs

    assert logs.SUBJECT == {}


def test_lines_left_out_are_a_cut_unless_nothing_was_in_them() -> None:
    """What stood in the middle may have told a cause."""
    text = "starting\n[runbookctl: 5 lines (99 bytes) left out]\nValueError\n"
    assert [cut.why for cut in cuts("k8s.logs", raw(text, "pod_log"))] == ["5 lines left out"]
    harmless = text.replace("out]", "out, nothing of interest in them]")
    assert cuts("k8s.logs", raw(harmless, "pod_log")) == []


def test_gpu_memory_is_told_wherever_it_stands() -> None:
    """It cannot be taken back, so that a long log after it hides nothing."""
    text = "RuntimeError: CUDA out of memory. Tried to allocate 2.00 GiB\n" + "INFO step 1\n" * 3000
    assert [(one.line, one.means) for one in readings("k8s.logs", raw(text, "pod_log"))] == [(1, "cuda_out_of_memory")]


def test_a_healthy_log_of_a_server_tells_nothing() -> None:
    """Access lines, retries that worked, and words like error in what went well."""
    text = (RECORDINGS / "healthy" / "logs-good-c84c5d4c7-bxhnz-app.txt").read_text()
    assert readings("k8s.logs", raw(text, "pod_log", at=AT)) == []


def test_hostile_lines_do_not_hold_the_reader() -> None:
    """Patterns are linear: a megabyte made to make them slow is read, and tells nothing but what it says."""
    text = "\n".join(
        ["a" * 16000 + "!", " " * 16000, "Traceback (most recent call last):" * 400, "{" * 16000, '{"a":' * 3000] * 14
    )
    assert len(readings("k8s.logs", raw(text, "pod_log"))) <= 1
