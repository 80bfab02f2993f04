"""Where runbooks lie: your folder, what is shipped, and a file that you name. Nothing is looked for elsewhere.

The current folder is never searched (threat model S25): a file in it is taken only when its path is written out. What
is taken must belong to you or to root and must not be writable by others, as OpenSSH demands of its files.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from runbookctl.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

VARIABLE = "RUNBOOKCTL_RUNBOOKS"
SUFFIX = ".yaml"
DEEPEST = 4  # folders below a library
MOST = 2000  # files of one library
BEGINNING = 1 << 16  # bytes of a file in which its heading is looked for

Kind = Literal["runbooks", "templates", "examples"]


class Library(NamedTuple):
    """A folder of runbooks; `yours` is checked for who may write it, the shipped one is as safe as the program."""

    folder: Path
    yours: bool


class Found(NamedTuple):
    """A runbook file of a library."""

    id: str
    file: Path
    library: Library | None  # None: a path that was written out


class Heading(NamedTuple):
    """The first lines of a runbook, for `list`."""

    id: str
    title: str
    about: str
    file: Path


def shipped(kind: Kind = "runbooks") -> Path:
    """Return the folder of what comes with the program: inside the wheel, or beside src/ in a checkout."""
    package = Path(__file__).parent
    inside = package / "shipped" / kind
    return inside if inside.is_dir() else package.parents[1] / kind


def libraries() -> tuple[Library, ...]:
    """Return the folders that are searched, yours first; raise InputError for one that is not an absolute path."""
    named = os.environ.get(VARIABLE)
    if named is None:
        base = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
        yours = [str(Path(base) / "runbookctl" / "runbooks")] if Path(base).is_absolute() else []
    else:
        yours = [part for part in named.split(os.pathsep) if part]
    for folder in yours:
        if not Path(folder).is_absolute():
            raise InputError(
                f"{VARIABLE} names {folder}, which depends on the current folder",
                details=("Nothing is picked up from where you happen to stand; write the whole path.",),
            )
    return (*(Library(Path(folder), yours=True) for folder in yours), Library(shipped(), yours=False))


def every() -> tuple[Found, ...]:
    """Return the runbooks of all libraries, sorted by id; of two with the same id yours counts."""
    found: dict[str, Found] = {}
    for library in libraries():
        for file in _files(library.folder):
            id_ = "/".join(file.relative_to(library.folder).with_suffix("").parts)
            found.setdefault(id_, Found(id_, file, library))
    return tuple(found[id_] for id_ in sorted(found))


def _files(folder: Path, depth: int = 0) -> Iterator[Path]:
    """Yield the runbooks below a folder; `x.test.yaml` and `x.zh.yaml` belong to `x.yaml`. No link is followed down."""
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)[:MOST]
    except OSError:
        return
    for entry in entries:
        if entry.name.startswith("."):
            continue
        if entry.is_dir(follow_symlinks=False):
            if depth < DEEPEST:
                yield from _files(Path(entry.path), depth + 1)
        elif entry.name.endswith(SUFFIX) and "." not in entry.name.removesuffix(SUFFIX) and entry.is_file():
            yield Path(entry.path)


def find(name: str, *, only_read: bool = False) -> Found:
    """Return the file of a runbook, by id or by a path that is written out.

    `only_read` is for lint and show: the file is not run, so it does not matter who may write it. Raises InputError: no
    such runbook (with the one that was probably meant), or a file that others may write.
    """
    if is_path(name):
        file = Path(name).expanduser()
        if not file.is_file():
            raise InputError(f"{name} is no file", commands=("runbookctl list",))
        if not only_read:
            check_trust(file)
        return Found(file.stem, file, None)
    known = {found.id: found for found in every()}
    if name not in known:
        from runbookctl.language.suggest import nearest

        near = nearest(name, known)
        hint = f"; did you mean {near}?" if near else ""
        raise InputError(f'no runbook "{_said(name)}"{hint}', commands=("runbookctl list",))
    found = known[name]
    if found.library is not None and found.library.yours and not only_read:
        check_trust(found.file, found.library.folder)
    return found


def is_path(name: str) -> bool:
    """Tell whether a name is a path: it ends in .yaml or .yml, or begins with `/`, `./`, `../` or `~`."""
    return name.endswith((SUFFIX, ".yml")) or name.startswith(("/", "./", "../", "~"))


def check_trust(file: Path, folder: Path | None = None) -> None:
    """Raise InputError unless you or root own the file, and nobody else may write it.

    With `folder`, the library of the file, the same holds for the folders from there, or from your home, down to it.
    """
    checked = [file.absolute()]
    if folder is not None:
        above = list(file.absolute().parents)
        last = Path.home() if Path.home() in folder.absolute().parents else folder.absolute()
        checked += above[: above.index(last) + 1] if last in above else above[:1]
    for path in checked:
        try:
            status = path.stat()
        except OSError as error:
            raise InputError(f"{path} cannot be read: {error.strerror}") from None
        problem = _problem(status)
        if problem:
            mode = "chmod go-w" if "written" in problem else "chown $USER"
            raise InputError(
                f"{path} is not taken: {problem}",
                details=("A runbook acts with your permissions, so only you or root may be able to change it.",),
                commands=(f"{mode} {path}",),
            )


def _problem(status: os.stat_result) -> str:
    me = os.getuid()
    if status.st_uid not in (me, 0):
        return f"it belongs to user {status.st_uid}, neither to you nor to root"
    sticky_folder = stat.S_ISDIR(status.st_mode) and status.st_mode & stat.S_ISVTX
    if status.st_mode & stat.S_IWOTH and not sticky_folder:
        return "it can be written by everyone"
    if status.st_mode & stat.S_IWGRP and not _own_group(status.st_gid):
        return "it can be written by its group"
    return ""


def _own_group(gid: int) -> bool:
    """Tell whether a group is yours alone, as most Linux systems make one for each user."""
    import grp
    import pwd

    try:
        user, group = pwd.getpwuid(os.getuid()), grp.getgrgid(gid)
    except KeyError:
        return False
    return group.gr_gid == user.pw_gid and group.gr_name == user.pw_name and set(group.gr_mem) <= {user.pw_name}


def headings() -> tuple[Heading, ...]:
    """Return id, title and question of every runbook, without checking one."""
    return tuple(heading(found.file, found.id) for found in every())


def heading(file: Path, id_: str = "") -> Heading:
    """Return the heading of one file; reading ends where the three lines have been seen."""
    try:
        with file.open("rb") as opened:
            text = opened.read(BEGINNING).decode("utf-8", "replace")
    except OSError:
        text = ""
    lines = _top_texts(text, ("runbook", "title", "about"))
    return Heading(id_ or lines.get("runbook", file.stem), lines.get("title", ""), lines.get("about", ""), file)


def _top_texts(text: str, keys: tuple[str, ...]) -> dict[str, str]:
    """Return the texts under top-level keys of a YAML mapping, as far as it can be read."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    found: dict[str, str] = {}
    depth, key = 0, None
    try:
        for event in yaml.parse(text, Loader=loader):
            kind = type(event).__name__
            depth += kind.endswith("StartEvent") - kind.endswith("EndEvent")
            if depth != IN_ROOT or not isinstance(event, yaml.ScalarEvent):
                key = None
            elif key is None:
                key = event.value
            else:
                if key in keys:
                    found[key] = " ".join(event.value.split())
                key = None
            if len(found) == len(keys):
                break
    except (yaml.YAMLError, ValueError):
        pass
    return found


IN_ROOT = 3  # stream, document, root mapping


def _said(name: str) -> str:
    """Return a name as a message may show it: at most 60 characters, all of them visible."""
    shown = name if len(name) <= 60 else f"{name[:57]}..."
    return shown if shown.isprintable() else ascii(shown)[1:-1]
