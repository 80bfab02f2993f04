"""Running the program as a person does, with a state folder of the test's own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest


class Done(NamedTuple):
    """What a command printed."""

    code: int
    out: str
    err: str


Command = Callable[..., Done]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Return the state folder of the test."""
    return tmp_path / "state"


@pytest.fixture
def runbookctl(tmp_path: Path, home: Path) -> Command:
    """Run `runbookctl ARGS` in a folder of the test and return what it printed."""

    def run(*arguments: str, given: bytes = b"", cwd: Path | None = None, **environment: str) -> Done:
        kept = {
            key: value
            for key, value in os.environ.items()
            if key in ("PATH", "LANG", "PYTHONPATH", "COVERAGE_PROCESS_START")
        }
        env = {**kept, "HOME": str(tmp_path), "RUNBOOKCTL_HOME": str(home), "PYTHONUTF8": "1", **environment}
        done = subprocess.run(
            [sys.executable, "-P", "-c", "import sys; from runbookctl.cli import main; sys.exit(main())", *arguments],
            input=given, capture_output=True, check=False, env=env, cwd=cwd or tmp_path, timeout=120,
        )  # fmt: skip
        return Done(done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace"))

    return run
