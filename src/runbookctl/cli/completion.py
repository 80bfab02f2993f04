"""`runbookctl completion`: the script that lets a shell complete commands, options, runbooks, runs and probes."""

from __future__ import annotations

import click
from click.shell_completion import ShellComplete, get_completion_class

from runbookctl.cli.group import define, session

HELP = """\
Usage: runbookctl completion bash|zsh|fish
Print the script that completes commands, options, runbooks, runs and probes.
  source <(runbookctl completion bash)
  runbookctl completion zsh > ~/.zfunc/_runbookctl
  runbookctl completion fish > ~/.config/fish/completions/runbookctl.fish
"""


@define(HELP)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> int:
    """Print the script of a shell."""
    ours = session()
    found = get_completion_class(shell)
    assert found is not None
    complete = found(click.get_current_context().find_root().command, {}, "runbookctl", "_RUNBOOKCTL_COMPLETE")
    # The base class fills the template; the subclass of bash would first start a bash to ask for its version.
    ours.out.write(ShellComplete.source(complete))
    return 0
