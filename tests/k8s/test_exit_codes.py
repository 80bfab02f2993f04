"""What exit codes mean."""

from __future__ import annotations

import pytest

from runbookctl.catalog import causes, exit_codes


def test_every_code_of_a_process_is_known() -> None:
    """0 to 255 have a meaning, nothing else has."""
    assert all(exit_codes.lookup(code) for code in range(256))
    assert exit_codes.lookup(-1) is None
    assert exit_codes.lookup(256) is None


@pytest.mark.parametrize(
    ("code", "signal"),
    [(137, "SIGKILL"), (139, "SIGSEGV"), (143, "SIGTERM"), (135, "SIGBUS"), (152, "SIGXCPU"), (200, None)],
)
def test_a_code_above_128_names_its_signal(code: int, signal: str | None) -> None:
    """128 plus the signal's number."""
    found = exit_codes.lookup(code)
    assert found is not None
    assert found.signal == signal


def test_137_is_not_called_out_of_memory() -> None:
    """It is one of several, and what tells them apart is said."""
    found = exit_codes.lookup(137)
    assert found is not None
    assert "container_oom_killed" in found.causes
    assert "killed_not_oom" in found.causes
    assert "not out of memory" in found.about


def test_the_causes_named_are_causes() -> None:
    """Every code of the catalogue exists."""
    named = {code for one in exit_codes.codes() for code in one.causes}
    assert [code for code in named if causes.find(code) is None] == []
