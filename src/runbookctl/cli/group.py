"""The command tree: which commands there are, where they live, the options that every command takes, the help.

Must not import a command: `Root` does so when one is called, one module per command.
"""

from __future__ import annotations

import importlib
import itertools
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import click

from runbookctl.errors import ExitStatus, InputError

if TYPE_CHECKING:
    from runbookctl.cli.steps import Steps
    from runbookctl.cli.terminal import Layout, Terminal

COMMANDS = {
    "run": "run", "analyze": "analyze", "explain": "explain", "list": "listing", "show": "show", "status": "status",
    "postmortem": "postmortem", "new": "new", "lint": "lint", "test": "runbook_test", "read": "read",
    "bundle": "bundle", "journal": "journal", "doctor": "doctor", "demo": "demo", "completion": "completion",
}  # fmt: skip
"""Command -> module of this package; the module's `command` is the click command."""

HELP = """\
Usage: runbookctl COMMAND [ARGS]
Find out. Reads, never changes anything.
  run         diagnose step by step      runbookctl run gpu/xid-ecc --on gpu007
  analyze     judge what you have        dmesg | runbookctl analyze -
  explain     a code in plain words      runbookctl explain xid 79
  list, show  runbooks; a run, its evidence
Record.
  status postmortem journal
Write and operate.
  new lint test read bundle doctor demo completion
Everywhere: --output text|json  --lang en|zh  --quiet  --help
Exit: 0 nothing wrong  1 causes found  2 wrong input  3 unknown
      4 not approved  5 a change failed  130 interrupted
"""


class Session:
    """What holds for one call: the words typed, the output, the language, and the two streams when they are needed."""

    def __init__(self, typed: Sequence[str]) -> None:
        self.typed = list(typed)
        self.output = "json" if _asks_json(typed) else "text"
        self.lang = "en"
        self.quiet = False
        self.watched: Steps | None = None  # the steps of the run that is being watched, or was
        self._terminals: tuple[Terminal, Terminal] | None = None

    @property
    def again(self) -> str:
        """Return the command as it was typed."""
        import shlex

        return shlex.join(["runbookctl", *self.typed])

    @property
    def json(self) -> bool:
        """Tell whether the result is wanted as JSON."""
        return self.output == "json"

    @property
    def out(self) -> Terminal:
        """Return standard output."""
        return self._streams()[0]

    @property
    def err(self) -> Terminal:
        """Return standard error."""
        return self._streams()[1]

    def _streams(self) -> tuple[Terminal, Terminal]:
        if self._terminals is None:
            from runbookctl.cli.terminal import streams

            self._terminals = streams()
        return self._terminals

    @property
    def layout(self) -> Layout:
        """Return the layout of the result."""
        return self.out.layout(self.lang)


def _asks_json(typed: Sequence[str]) -> bool:
    """Tell whether JSON was asked for, also when the rest of the line is wrong and is never parsed."""
    pairs = itertools.pairwise(typed)
    return "--output=json" in typed or ("--output", "json") in pairs


def session() -> Session:
    """Return the session of the command that runs."""
    found = click.get_current_context().find_root().obj
    assert isinstance(found, Session)
    return found


# --- options that every command takes ----------------------------------------------------------------------------


def _keep(context: click.Context, parameter: click.Parameter, value: Any) -> None:
    ours = context.find_root().obj
    if isinstance(ours, Session) and parameter.name and value not in (None, False):
        setattr(ours, parameter.name, value)


def _everywhere(*, variables: bool) -> list[click.Parameter]:
    """Return --output, --lang and --quiet; the environment is read once, by the root."""
    lang = "RUNBOOKCTL_LANG" if variables else None
    return [
        click.Option(["--output"], type=click.Choice(["text", "json"]), callback=_keep, expose_value=False),
        click.Option(["--lang"], type=click.Choice(["en", "zh"]), callback=_keep, expose_value=False, envvar=lang),
        click.Option(["--quiet"], is_flag=True, callback=_keep, expose_value=False),
    ]


_SETTINGS = {"help_option_names": ["-h", "--help"]}


class Command(click.Command):
    """A command whose help is its own text, and which takes the options of every command."""

    def __init__(self, *args: Any, **attributes: Any) -> None:
        attributes.setdefault("context_settings", _SETTINGS)
        super().__init__(*args, **attributes)
        self.params.extend(_everywhere(variables=False))

    def get_help(self, ctx: click.Context) -> str:  # noqa: ARG002 - the signature of click
        """Return the text as it was written."""
        return (self.help or "").rstrip("\n")


class Group(click.Group):
    """A command with commands of its own; a wrong name is told with the nearest right one."""

    def __init__(self, *args: Any, variables: bool = False, **attributes: Any) -> None:
        attributes |= {"context_settings": _SETTINGS, "invoke_without_command": True, "callback": self._bare}
        super().__init__(*args, **attributes)
        self.params.extend(_everywhere(variables=variables))

    def _bare(self) -> int | None:
        context = click.get_current_context()
        if context.invoked_subcommand is not None:
            return None
        click.echo(self.get_help(context))
        return int(ExitStatus.WRONG_INPUT)

    def get_help(self, ctx: click.Context) -> str:  # noqa: ARG002 - the signature of click
        """Return the text as it was written."""
        return (self.help or "").rstrip("\n")

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that `args` begins with; InputError names the nearest one."""
        if not ctx.resilient_parsing and self.get_command(ctx, args[0]) is None:
            raise InputError(
                f'no command "{args[0]}"{nearest(args[0], self.list_commands(ctx))}',
                commands=[f"{ctx.command_path} --help"],
            )
        return super().resolve_command(ctx, args)


class Root(Group):
    """`runbookctl` itself: the commands of `COMMANDS`, each loaded when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - the signature of click
        """Return the names in the order of the help."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - the same
        """Import the module of a command and return the command."""
        if cmd_name not in COMMANDS:
            return None
        found = importlib.import_module(f"runbookctl.cli.{COMMANDS[cmd_name]}").command
        assert isinstance(found, click.Command)
        return found


def nearest(word: str, names: Sequence[str]) -> str:
    """Return `; did you mean X?` for the name that `word` looks like, else nothing."""
    from difflib import get_close_matches

    close = get_close_matches(word, names, n=1)
    return f"; did you mean {close[0]}?" if close else ""


def define(help_text: str) -> Callable[[Callable[..., int]], Command]:
    """Make a function a command that prints `help_text` for --help and returns its exit status."""
    return click.command(cls=Command, help=help_text)


def _version(context: click.Context, parameter: click.Parameter, value: bool) -> None:  # noqa: ARG001 - click's own
    if value:
        from runbookctl import __version__

        sys.stdout.write(f"runbookctl {__version__}\n")
        context.exit(0)


root = Root(
    name="runbookctl",
    help=HELP,
    variables=True,
    params=[click.Option(["--version"], is_flag=True, is_eager=True, expose_value=False, callback=_version)],
)
