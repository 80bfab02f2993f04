"""How much CPU the start of the command line takes, as ratios to `import click` measured in the same run.

    python bench/startup.py [ROUNDS]

Prints ratios and never fails a build. CPU is user and system time of the child, the median of the rounds.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
from pathlib import Path

ROUNDS = 15
START = "from runbookctl.cli import main; import sys; sys.exit(main(sys.argv[1:]))"
MEASURED = {
    "python -c pass": [sys.executable, "-c", "pass"],
    "import click": [sys.executable, "-c", "import click"],
    "--help": [sys.executable, "-c", START, "--help"],
    "list": [sys.executable, "-c", START, "list"],
}


def cpu_seconds(command: list[str]) -> float:
    """Run a command and return the CPU seconds it took."""
    before = os.times()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def main() -> None:
    """Measure all commands in turn, so that a busy machine disturbs all alike."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    os.chdir(Path(__file__).parent)
    seconds: dict[str, list[float]] = {name: [] for name in MEASURED}
    for _ in range(rounds):
        for name, command in MEASURED.items():
            seconds[name].append(cpu_seconds(command))
    reference = statistics.median(seconds["import click"])
    for name, taken in seconds.items():
        median = statistics.median(taken)
        print(f"{name:<16} {median * 1000:6.1f} ms  {median / reference:5.2f} x import click")


if __name__ == "__main__":
    main()
