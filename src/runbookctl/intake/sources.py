"""The files, folders and streams that a person names, each checked before one is read.

Reads only what was named: hidden files of a folder, links that lead out of it and devices are never opened.
"""

from __future__ import annotations

import difflib
import os
import shlex
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from msgspec import Struct

from runbookctl.errors import InputError

MOST_FILES = 2000
DEEPEST = 12
_NEAR_NAMES = 5000  # names of a folder that are compared for a did-you-mean
_OPEN_FLAGS = os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOCTTY", 0)


class Source(Struct, frozen=True, kw_only=True):
    """One stream to read. `path` is None for standard input; `problem` says why it cannot be read."""

    name: str
    path: Path | None = None
    problem: str = ""

    def open(self, stdin: BinaryIO | None) -> BinaryIO:
        """Return the stream; OSError when the file went away or may not be read."""
        if self.path is None:
            assert stdin is not None
            return stdin
        return os.fdopen(os.open(self.path, _OPEN_FLAGS), "rb", buffering=0)


def find_sources(paths: Sequence[str], stdin: BinaryIO | None) -> list[Source]:
    """Return what `paths` name, folders resolved; without paths, standard input.

    Raises InputError that lists every path that does not exist, may not be read, is a device or an empty folder.
    """
    if not paths and stdin is None:
        raise InputError("nothing to read", commands=["runbookctl analyze FILE", "COMMAND | runbookctl analyze -"])
    found: list[Source] = []
    wrong: list[str] = []
    for path in dict.fromkeys(paths or ["-"]):
        try:
            found.extend(_named(path, stdin))
        except (OSError, ValueError) as error:
            wrong.append(f"{_printable(path)}: {_reason(path, error)}")
    if wrong:
        first, *more = wrong
        what = f"cannot read {first}" if not more else f"cannot read {len(wrong)} of {len(set(paths))} files"
        raise InputError(what, details=wrong if more else (), commands=_hints(paths))
    return found


def _named(path: str, stdin: BinaryIO | None) -> Iterator[Source]:
    if path in ("-", "/dev/stdin"):
        if stdin is None:
            raise ValueError("there is no standard input here")
        yield Source(name="stdin")
        return
    mode = Path(path).stat().st_mode
    if stat.S_ISDIR(mode):
        yield from _folder(Path(path))
        return
    if not (stat.S_ISREG(mode) or stat.S_ISFIFO(mode)):
        raise ValueError("a device or socket, not a file")
    if not os.access(path, os.R_OK):
        raise PermissionError
    yield Source(name=_printable(path), path=Path(path))


def _folder(folder: Path) -> Iterator[Source]:
    if not os.access(folder, os.R_OK | os.X_OK):
        raise PermissionError
    count = 0
    root = folder.resolve()
    for path in _walk(folder, 0):
        if not _inside(path, root):
            continue
        count += 1
        if count > MOST_FILES:
            problem = f"a folder of more than {MOST_FILES:,} files; the others were not read"
            yield Source(name=_printable(str(folder)), path=folder, problem=problem)
            return
        readable = os.access(path, os.R_OK)
        problem = "" if readable else "permission denied"
        yield Source(name=_printable(str(path)), path=path, problem=problem)
    if not count:
        raise ValueError("a folder with no files in it (hidden ones are not read)")


def _walk(folder: Path, depth: int) -> Iterator[Path]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        return
    for entry in entries:
        if entry.name.startswith("."):
            continue
        if entry.is_dir(follow_symlinks=False):
            if depth < DEEPEST:
                yield from _walk(folder / entry.name, depth + 1)
        elif entry.is_file():
            yield folder / entry.name


def _inside(path: Path, root: Path) -> bool:
    return not path.is_symlink() or path.resolve().is_relative_to(root)


def _reason(path: str, error: OSError | ValueError) -> str:
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        near = _near(path)
        return "no such file" + (f"; did you mean {shlex.quote(near)}?" if near else "")
    if isinstance(error, PermissionError):
        return "permission denied"
    if isinstance(error, OSError):
        return (error.strerror or "cannot be opened").lower()
    return str(error)


def _near(path: str) -> str:
    try:
        folder, name = os.path.split(path)
        with os.scandir(folder or ".") as entries:
            names = [entry.name for entry, _ in zip(entries, range(_NEAR_NAMES), strict=False)]
        close = difflib.get_close_matches(name[:255], names, n=1, cutoff=0.6)
    except (OSError, ValueError):
        return ""
    return _printable(str(Path(folder, close[0]))) if close else ""


def _hints(paths: Sequence[str]) -> list[str]:
    if any(path.startswith("/dev/kmsg") for path in paths):
        return ["dmesg -x | runbookctl analyze -"]
    return []


def _printable(path: str) -> str:
    """Return a path without bytes that are no UTF-8 and without control characters."""
    text = os.fsencode(path).decode("utf-8", "replace")
    return "".join(char if char.isprintable() else "\ufffd" for char in text)
