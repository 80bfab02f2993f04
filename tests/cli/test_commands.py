"""The command tree: what is offered, how it helps, what it costs to start, how mistakes of the caller are told."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from runbookctl.cli import group

Run = Callable[..., "subprocess.CompletedProcess[str]"]
NOT_YET = [
    "fix",
    "approve",
    "reject",
    "resume",
    "cancel",
    "incident",
    "timeline",
    "action-item",
    "similar",
    "drill",
    "serve",
    "slack",
    "worker",
]
HEAVY = [
    "kubernetes",
    "slack_sdk",
    "pydantic",
    "jinja2",
    "yaml",
    "msgspec",
    "asyncio",
    "importlib.metadata",
    "rich",
    "subprocess",
]

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


def leaves() -> list[tuple[str, click.Command]]:
    """Return every command that does something, with the words that call it."""
    context = click.Context(group.root)
    found = []
    for name in group.COMMANDS:
        command = group.root.get_command(context, name)
        assert command is not None
        inner = command.commands.items() if isinstance(command, click.Group) else ()
        found += [(f"{name} {each}", sub) for each, sub in inner] or [(name, command)]
    return found


LEAVES = leaves()


def test_the_help_is_the_documented_one(run: Run) -> None:
    """`--help` prints the text of the user guide, with the commands there are, and exits 0."""
    shown = run("--help")
    assert (shown.returncode, shown.stdout, shown.stderr) == (0, HELP, "")
    assert run("-h").stdout == HELP


def test_bare_runbookctl_helps_and_is_wrong_input(run: Run) -> None:
    """Without a command the help is printed and the exit status is 2."""
    shown = run()
    assert (shown.returncode, shown.stdout) == (2, HELP)


def test_bare_run_lists_the_runbooks_and_starts_none(run: Run) -> None:
    """`run` without a runbook says which there are, and exits 2."""
    shown = run("run")
    assert shown.returncode == 2
    assert shown.stdout == run("list").stdout
    assert "gpu/xid-ecc" in shown.stdout


def test_every_command_is_in_the_help_and_nothing_else() -> None:
    """The help names each command there is, and none that does not exist."""
    words = set(HELP.replace(",", " ").split())
    assert set(group.COMMANDS) <= words
    assert not words & set(NOT_YET)
    assert not set(group.COMMANDS) & set(NOT_YET)


@pytest.mark.parametrize(("name", "command"), LEAVES, ids=[name for name, _ in LEAVES])
def test_each_help_fits_80_columns_and_names_every_option(name: str, command: click.Command) -> None:
    """A command's help says how it is used and names all its options; those of every command are in the main help."""
    text = command.help or ""
    assert text.startswith(f"Usage: runbookctl {name}")
    assert all(len(line) < 80 for line in text.splitlines())
    everywhere = {"--output", "--lang", "--quiet"}
    options = [each for each in command.params if isinstance(each, click.Option)]
    named = [opt for each in options for opt in each.opts if opt.startswith("--")]
    assert not [opt for opt in named if opt not in text and opt not in everywhere]


@pytest.mark.parametrize(("name", "command"), LEAVES, ids=[name for name, _ in LEAVES])
def test_output_lang_and_quiet_are_taken_everywhere(name: str, command: click.Command) -> None:
    """Each command takes --output, --lang and --quiet, so that they may stand before or after it."""
    opts = {opt for each in command.params for opt in each.opts}
    assert opts >= {"--output", "--lang", "--quiet"}, name


def test_importing_the_command_line_loads_nothing_heavy() -> None:
    """After `import runbookctl.cli` none of the heavy packages is loaded."""
    code = f"import sys, runbookctl.cli; print([name for name in {HEAVY!r} if name in sys.modules])"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout == "[]\n"


def test_help_loads_nothing_heavy() -> None:
    """`--help` of the program and of a command stays light too."""
    code = (
        "import sys; from runbookctl.cli import main; main(['--help']); main(['run', '--help']);"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    ("typed", "what", "command"),
    [
        (["rnu"], 'no command "rnu"; did you mean run?', "runbookctl --help"),
        (["bundle", "exprt"], 'no command "exprt"; did you mean export?', "runbookctl bundle --help"),
        (["run", "--plna"], "no option --plna; did you mean --plan?", "runbookctl run --help"),
        (["--outptu", "json"], "no option --outptu; did you mean --output?", "runbookctl --help"),
        (["list", "--output", "xml"], "--output: 'xml' is not one of 'text', 'json'", "runbookctl list --help"),
        (["read", "gpu.xid"], "PATH is missing", "runbookctl read --help"),
        (["show"], "WHAT is missing", "runbookctl show --help"),
        (["run", "x", "--timeout", "soon"], '--timeout: "soon" is no duration; write 90s, 15m, 2h or 1h30m', "runbookctl run --help"),
        (["run", "x", "--timeout", "0"], "--timeout: 0 is no time to wait; write 30s", "runbookctl run --help"),
        (["run", "gpu/xid-ecc", "-i", "node"], '-i "node" is no KEY=VALUE', "runbookctl run --help"),
        (["run", "gpu/xid-ec"], 'no runbook "gpu/xid-ec"; did you mean gpu/xid-ecc?', "runbookctl list"),
        (["explain"], "name what to explain", "runbookctl explain xid 79"),
        (["explain", "xdi", "79"], 'explain knows no "xdi"; did you mean xid?', "runbookctl explain --help"),
        (["explain", "xid"], "explain xid needs a value", "runbookctl explain --help"),
        (["explain", "79"], "is 79 an Xid or an exit code?", "runbookctl explain exit 79"),
        (["show", "last", "e1:x"], '"e1:x" names no evidence; write e3 or e3:26', "runbookctl show --help"),
        (["show", "gpu/xid-ecc", "e1"], "gpu/xid-ecc is no run, so it has no e1", "runbookctl status"),
        (["run", "gpu/xid-ecc", "--step", "--on", "gpu007"],
         "--step asks before each step, and nobody is at a terminal", "runbookctl run gpu/xid-ecc --on gpu007"),
    ],
)  # fmt: skip
def test_a_mistake_of_the_caller_is_told_with_what_to_do(run: Run, typed: list[str], what: str, command: str) -> None:
    """Each error says what, its last line is a command, the exit status is 2, and there is never a traceback."""
    shown = run(*typed)
    assert shown.returncode == 2
    lines = shown.stderr.splitlines()
    assert lines[0] == f"error: {what}"
    assert lines[-1] == f"  {command}"
    assert shown.stdout == ""


def test_an_error_as_json_is_on_standard_output_too(run: Run) -> None:
    """With --output json, wherever it stands, an error is also an object of what, details and commands."""
    for typed in (["--output", "json", "rnu"], ["rnu", "--output=json"], ["run", "--plna", "--output", "json"]):
        shown = run(*typed)
        error = json.loads(shown.stdout)["error"]
        assert set(error) == {"what", "details", "commands"}
        assert shown.stderr.splitlines()[0] == f"error: {error['what']}"
        assert shown.returncode == 2


def test_foreign_text_in_an_argument_is_harmless_in_the_error(run: Run) -> None:
    """What was typed or pasted comes back visible, as text and as JSON."""
    bad = "\x1b]52;c;aGk=\x07\u202e"
    for extra in ([], ["--output", "json"]):
        shown = run("run", f"x/{bad}", *extra)
        for text in (shown.stdout, shown.stderr):
            assert not [char for char in text if not char.isprintable() and char != "\n"]


def test_the_version(run: Run) -> None:
    """--version prints name and number."""
    from runbookctl import __version__

    assert run("--version").stdout == f"runbookctl {__version__}\n"


def test_the_language_of_the_environment_must_be_one_of_ours(run: Run) -> None:
    """RUNBOOKCTL_LANG is read; a wrong one is an error; the locale is never asked."""
    assert "--lang" in run("list", RUNBOOKCTL_LANG="fr").stderr
    assert run("list", LANG="zh_CN.UTF-8").stdout == run("list").stdout


def test_nothing_given_to_analyze_reads_the_pipe(run: Run) -> None:
    """Without FILE a pipe is read; an unknown runbook is still an error."""
    assert run("analyze", "--runbook", "no/such", stdin="hello\n").returncode == 2


def test_list_as_json_has_id_title_about_and_file(run: Run) -> None:
    """Programs get the runbooks as objects."""
    rows = json.loads(run("list", "--output", "json").stdout)["runbooks"]
    assert rows
    assert all(set(row) == {"id", "title", "about", "file"} for row in rows)
    assert [row["id"] for row in rows] == sorted(row["id"] for row in rows)


def test_list_in_a_pipe_is_one_line_per_runbook(run: Run) -> None:
    """Each line begins with the id; nothing is cut or wrapped in a pipe."""
    rows = json.loads(run("list", "--output", "json").stdout)["runbooks"]
    lines = run("list").stdout.splitlines()
    assert [line.split()[0] for line in lines] == [row["id"] for row in rows]
    assert all(row["about"] in line for row, line in zip(rows, lines, strict=True))


@pytest.mark.parametrize("kind", ["probes", "changes", "causes"])
def test_list_of_other_things_has_a_line_for_each(run: Run, kind: str) -> None:
    """Probes, changes and causes are listed with what they are, without importing a probe or a change."""
    rows = json.loads(run("list", kind, "--output", "json").stdout)[kind]
    assert rows
    assert all(row["id"] and row["about"] for row in rows)
    assert len(run("list", kind).stdout.splitlines()) == len(rows)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_completion_script_of_each_shell(run: Run, shell: str) -> None:
    """The script asks the program itself."""
    shown = run("completion", shell)
    assert shown.returncode == 0
    assert "_RUNBOOKCTL_COMPLETE" in shown.stdout
    assert shown.stderr == ""


@pytest.mark.parametrize(
    ("words", "at", "found"),
    [
        ("runbookctl ru", 1, "run"),
        ("runbookctl run gpu/x", 2, "gpu/xid-ecc"),
        ("runbookctl run --pl", 2, "--plan"),
        ("runbookctl read gpu.x", 2, "gpu.xid"),
        ("runbookctl show la", 2, "last"),
        ("runbookctl bundle ex", 2, "export"),
    ],
)
def test_the_shell_completes_commands_options_and_ids(run: Run, words: str, at: int, found: str) -> None:
    """Runbooks, probes and runs are completed by what there is."""
    shown = run(_RUNBOOKCTL_COMPLETE="bash_complete", COMP_WORDS=words, COMP_CWORD=str(at))
    assert f"plain,{found}" in shown.stdout.splitlines()


def test_a_reader_that_goes_away_is_no_error(environment: dict[str, str], tmp_path: Path) -> None:
    """`runbookctl list causes | head -1` ends quietly, without a traceback of a broken pipe."""
    code = "import sys; from runbookctl.cli import main; sys.exit(main())"
    with subprocess.Popen(
        [sys.executable, "-c", code, "list", "causes"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, cwd=tmp_path
    ) as child:  # fmt: skip
        assert child.stdout
        child.stdout.close()
        assert child.stderr
        assert child.stderr.read() == b""
    assert child.returncode == 0
