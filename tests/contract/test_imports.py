"""What starting costs: after importing the command line no heavy package is loaded."""

from __future__ import annotations

import json
import subprocess
import sys

HEAVY = (
    "kubernetes", "slack_sdk", "pydantic", "jinja2", "yaml", "msgspec", "asyncio", "importlib.metadata", "rich", "re2",
    "pynvml", "sqlite3",
)  # fmt: skip


def loaded_after(statement: str) -> set[str]:
    """Return the heavy modules that a fresh interpreter has loaded after a statement."""
    code = f"import json, sys\n{statement}\nprint(json.dumps([m for m in {HEAVY!r} if m in sys.modules]))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_importing_the_command_line_loads_nothing_heavy() -> None:
    """`import runbookctl.cli` loads click and the errors, nothing else of weight."""
    assert loaded_after("import runbookctl.cli") == set()


def test_slack_and_kubernetes_stay_away_from_an_analysis() -> None:
    """Listing and loading runbooks never imports a client."""
    loaded = loaded_after("from runbookctl import app; app.list_runbooks(); app.lint([])")
    assert loaded & {"kubernetes", "slack_sdk", "pynvml", "jinja2", "rich"} == set()
