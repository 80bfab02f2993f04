"""The probes, changes and forms there are, each with its first line: read from the files, nothing is imported."""

from __future__ import annotations

import importlib.util
import pkgutil
import tokenize
from pathlib import Path


def probe_lines() -> list[tuple[str, str]]:
    """Return (id, first line) of every probe: `gpu.xid` is probes/gpu/xid.py."""
    return _lines("runbookctl.probes")


def change_lines() -> list[tuple[str, str]]:
    """Return (id, first line) of every change."""
    return _lines("runbookctl.changes")


def _lines(package: str) -> list[tuple[str, str]]:
    spec = importlib.util.find_spec(package)
    folders = list(spec.submodule_search_locations or ()) if spec else []
    found = []
    for family in pkgutil.iter_modules(folders):
        if not family.ispkg:
            continue
        for folder in folders:
            inside = Path(folder) / family.name
            names = [each.name for each in pkgutil.iter_modules([str(inside)]) if not each.ispkg]
            public = [name for name in names if not name.startswith("_")]
            found += [(f"{family.name}.{name}", _first_line(inside / f"{name}.py")) for name in public]
    return sorted(found)


def _first_line(path: Path) -> str:
    """Return the first line of a module's docstring, nothing when it has none."""
    try:
        with tokenize.open(path) as file:
            first = file.readline().strip()
    except (OSError, SyntaxError, UnicodeDecodeError):
        return ""
    if not first.startswith(('"""', 'r"""')):
        return ""
    return first.removeprefix("r").strip('"').strip()
