"""The wheel and the source distribution: built, installed into an empty environment, and used from somewhere else."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).parents[2]


def ran(*words: str | Path, cwd: Path, home: Path) -> str:
    """Run a command that must end with 0 and return what it printed."""
    environment = {**os.environ, "RUNBOOKCTL_HOME": str(home), "PYTHONPATH": ""}
    done = subprocess.run(
        [str(word) for word in words], cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, (words, done.stdout[-2000:], done.stderr[-2000:])
    return done.stdout


def test_installed_from_the_wheel_and_from_the_source_distribution(tmp_path: Path) -> None:
    """`list`, `lint`, `test` and `demo` work there, with the runbooks, templates and examples that were shipped."""
    built = tmp_path / "dist"
    ran(sys.executable, "-m", "build", "--outdir", built, ROOT, cwd=tmp_path, home=tmp_path / "home")
    for number, pattern in enumerate(("*.whl", "*.tar.gz")):
        (distribution,) = built.glob(pattern)
        elsewhere = tmp_path / f"elsewhere{number}"
        elsewhere.mkdir()
        venv.create(elsewhere / "venv", with_pip=True)
        programs = elsewhere / "venv" / "bin"
        home = elsewhere / "home"
        ran(programs / "python", "-m", "pip", "install", "--quiet", distribution, cwd=elsewhere, home=home)
        assert "k8s/oom-crashloop" in ran(programs / "runbookctl", "list", cwd=elsewhere, home=home)
        assert "no mistakes" in ran(programs / "runbookctl", "lint", cwd=elsewhere, home=home)
        assert "none failed" in ran(programs / "runbookctl", "test", cwd=elsewhere, home=home)
        shown = ran(programs / "runbookctl", "demo", cwd=elsewhere, home=home)
        assert "container_oom_killed" in shown
        assert "gpu_fell_off_bus" in shown
