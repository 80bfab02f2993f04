"""Documents tell what is: generated pages are current, every exit status and key is documented, README's commands exist."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

from runbookctl.errors import ExitStatus

ROOT = Path(__file__).parents[2]


def generator() -> ModuleType:
    """Load docs/generate.py."""
    spec = importlib.util.spec_from_file_location("docs_generate", ROOT / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("page", ["probes.md", "changes.md", "causes.md", "commands.md"])
def test_generated_pages_are_current(page: str) -> None:
    """A page that is a list says what the program says: run `python docs/generate.py`."""
    written = (ROOT / "docs" / page).read_text(encoding="utf-8")
    assert written == generator().PAGES[page]()


def test_every_exit_status_is_documented() -> None:
    """docs/exit-codes.md has a row for each exit status."""
    text = (ROOT / "docs" / "exit-codes.md").read_text(encoding="utf-8")
    for status in ExitStatus:
        assert f"| {int(status)} |" in text, status


def test_every_command_in_the_readme_exists() -> None:
    """README names no command that the program does not have."""
    from runbookctl.cli.group import COMMANDS

    text = (ROOT / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"runbookctl ([a-z][a-z-]+)", text))
    assert named <= {*COMMANDS, "demo"}, named - {*COMMANDS}


def test_links_between_documents_lead_somewhere() -> None:
    """A relative link of a document names a file that is there."""
    for page in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_no_machine_path_or_secret_stands_in_the_project() -> None:
    """No path of the machine that it was written on stands in a file of the project."""
    import subprocess

    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("no git checkout: a source distribution has no list of files")
    for name in listed.stdout.splitlines():
        path = ROOT / name
        if path.is_file() and path.stat().st_size < 1 << 20:
            text = path.read_bytes()
            assert str(ROOT).encode() + b"/" not in text, name


CONSOLE = re.compile(r"^```console\n\$ (runbookctl [^\n|]*)\n(.+?)\n```$", re.MULTILINE | re.DOTALL)
CHANGING = re.compile(r"r-[a-z0-9]{4}\b|\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ|\d+\.\d+s\b")


def test_the_transcripts_of_the_readme_are_what_the_program_prints(tmp_path: Path) -> None:
    """Every transcript in README is run; run names, times and durations may differ."""
    import os
    import subprocess
    import sys

    found = CONSOLE.findall((ROOT / "README.md").read_text(encoding="utf-8"))
    assert len(found) >= 3
    for command, printed in found:
        words = command.split()[1:]
        done = subprocess.run(
            [sys.executable, "-m", "runbookctl", *words], cwd=ROOT, capture_output=True, text=True, check=False,
            env={**os.environ, "RUNBOOKCTL_HOME": str(tmp_path / "state"), "LC_ALL": "C.UTF-8"},
        )  # fmt: skip
        assert CHANGING.sub("*", done.stdout.rstrip("\n")) == CHANGING.sub("*", printed), command


def test_what_the_readme_says_to_run_on_a_cluster_can_be_planned(tmp_path: Path) -> None:
    """A `runbookctl run` in a sentence of README is taken: planned, since no cluster is here."""
    import os
    import subprocess
    import sys

    found = re.findall(r"`runbookctl (run [^`]+)`", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert found
    for command in found:
        done = subprocess.run(
            [sys.executable, "-m", "runbookctl", *command.split(), "--plan"], cwd=ROOT, capture_output=True, text=True,
            env={**os.environ, "RUNBOOKCTL_HOME": str(tmp_path / "state")}, check=False,
        )  # fmt: skip
        assert done.returncode == 0, (command, done.stderr)
