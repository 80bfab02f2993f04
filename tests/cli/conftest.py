"""Fixtures of the command line's tests: recorded diagnoses, a state folder of their own, running the real program."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from runbookctl.model import Diagnosis

ROOT = Path(__file__).resolve().parents[2]
RECORDINGS = ROOT / "tests" / "recordings" / "cli"
START = "import sys; from runbookctl.cli import main; sys.exit(main())"


@pytest.fixture
def recorded() -> Callable[[str], Diagnosis]:
    """Return a function that reads a recorded diagnosis by name."""
    return lambda name: msgspec.json.decode((RECORDINGS / f"{name}.json").read_bytes(), type=Diagnosis)


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Return an environment with a state folder of its own, without the settings of who runs the tests."""
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "LANG", "PYTHONPATH", "HOME"}}
    return kept | {
        "RUNBOOKCTL_HOME": str(tmp_path / "home"), "XDG_CONFIG_HOME": str(tmp_path / "config"), "PYTHONUTF8": "1",
        "TERM": "xterm-256color",
    }  # fmt: skip


Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def run(environment: dict[str, str], tmp_path: Path) -> Run:
    """Return a function that runs the program in an empty folder, its output in pipes."""

    def call(*arguments: str, stdin: str = "", **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", START, *arguments], input=stdin, capture_output=True, text=True, check=False,
            env=environment | variables, cwd=tmp_path, timeout=120, encoding="utf-8",
        )  # fmt: skip

    return call
