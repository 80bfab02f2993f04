"""Writes the reference pages that are lists: probes, changes, causes, commands. `python docs/generate.py`.

tests/contract/test_documents.py checks that they are current.
"""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path

from runbookctl import changes, probes
from runbookctl.catalog.causes import all_causes
from runbookctl.language.types import fields_of

DOCS = Path(__file__).parent


def first_line(text: str | None) -> str:
    """Return the first line of a docstring."""
    return (text or "").strip().splitlines()[0]


def probe_page() -> str:
    """List every probe with its parameters and fields."""
    out = [
        "# Probes",
        "",
        "Generated from the modules. `runbookctl read PROBE FILE` shows what one reads from a saved answer.",
        "",
    ]
    for name in probes.ids():
        module = probes.load(name)
        assert module is not None
        kind = "one reading" if module.ONE else "events" if module.KIND == "event" else "one reading per subject"
        levels = ", ".join(dict.fromkeys(module.SUBJECT)) or "nothing of its own"
        out += [f"## {name}", "", first_line(module.__doc__), "", f"* answers with: {kind}; names: {levels}"]
        out += [f"* asked with: {', '.join(f'`{field}`' for field in module.Params.__struct_fields__) or 'nothing'}"]
        out += [f"* reads: {', '.join(f'`{form}`' for form in module.FORMS)}", "", "| field | type |", "|---|---|"]
        out += [f"| `{field}` | {type_} |" for field, type_ in fields_of(module.Reading).items()]
        out += [""]
    return "\n".join(out)


def change_page() -> str:
    """List every change with its parameters and its inverse."""
    out = [
        "# Changes",
        "",
        "Generated from the modules. A change plans and prints; nothing in this release applies one.",
        "",
    ]
    out += ["| change | what it does | parameters | undone by |", "|---|---|---|---|"]
    for name in changes.ids():
        module = changes.load(name)
        assert module is not None
        fields = ", ".join(f"`{field}`" for field in module.Params.__struct_fields__)
        out += [f"| `{name}` | {first_line(module.__doc__)} | {fields} | {module.INVERSE or 'nothing built in'} |"]
    return "\n".join([*out, ""])


def cause_page() -> str:
    """List every cause code with when it holds."""
    out = [
        "# Cause codes",
        "",
        "Generated from the catalogue. A cause is a code of this list. Codes are stable: they are keys under `causes:`",
        "in runbooks, the `code` of machine output, and what `runbookctl explain cause CODE` prints. Nothing wrong is",
        "no code: it is verdict `clear`.",
    ]
    family = ""
    for entry in all_causes().values():
        if entry.family != family:
            family = entry.family
            out += ["", f"## {family}", "", "| code | holds when |", "|---|---|"]
        out += [f'| <a id="{entry.code}"></a>`{entry.code}` | {entry.holds} |']
    return "\n".join([*out, ""])


def command_page() -> str:
    """Show the help of every command."""
    out = ["# Commands", "", "Generated from the program: the help of every command.", "", "```", help_of(), "```", ""]
    for name in commands():
        out += [f"## {name}", "", "```", help_of(name), "```", ""]
    return "\n".join(out)


def commands() -> list[str]:
    """Return the names of all commands, as the program's own help groups them."""
    from runbookctl.cli.group import COMMANDS

    return sorted(COMMANDS)


def help_of(*words: str) -> str:
    """Return what `runbookctl WORDS --help` prints."""
    from runbookctl.cli import main

    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.suppress(SystemExit):
        main([*words, "--help"])
    return re.sub(r"[ \t]+\n", "\n", said.getvalue()).rstrip()


PAGES = {"probes.md": probe_page, "changes.md": change_page, "causes.md": cause_page, "commands.md": command_page}

if __name__ == "__main__":
    for page, write in PAGES.items():
        (DOCS / page).write_text(write(), encoding="utf-8")
