"""`runbookctl read`: what one probe reads from a saved answer, as JSON."""

from __future__ import annotations

import click

from runbookctl.cli import outcome, parameters
from runbookctl.cli.group import define, session

HELP = """\
Usage: runbookctl read PROBE FILE
What one probe reads from a saved answer (- is standard input), as JSON:
{"probe", "readings", "skipped"}. For writing probes and runbooks.
  --at TIME               what "now" means: 2026-11-22T02:47:35Z
  dmesg | runbookctl read gpu.xid -
  runbookctl list probes
"""


@define(HELP)
@click.argument("probe", shell_complete=parameters.probes)
@click.argument("path", type=click.Path(allow_dash=True))
@click.option("--at")
def command(probe: str, path: str, at: str | None) -> int:
    """Read a file with one probe."""
    import msgspec

    from runbookctl import app

    outcome.raw(msgspec.json.format(app.read_probe(probe, path, at), indent=2), session())
    return 0
