"""The document as a file. What a person wrote is never lost.

The only module of this room that touches the world. A new file is made beside its place with O_EXCL and O_NOFOLLOW,
mode 0600, and moved there; a link is never followed (threat model S26).
"""

from __future__ import annotations

import contextlib
import difflib
import errno
import hashlib
import os
import secrets
import stat
from pathlib import Path

from runbookctl.errors import InputError
from runbookctl.postmortem.markdown import visible
from runbookctl.postmortem.render import state_of

_MODE = 0o600
_LONGEST = 64 << 20  # bytes of a file that is compared
_DIFF_LINES = 20


def write(text: str, path: Path, *, force: bool = False) -> Path:
    """Write `text` to `path` and return it; a file that is the same, or an unchanged older rendering, is replaced.

    Any other file is kept and InputError says so, with the first lines of the difference. With `force` it is moved
    aside to `NAME.kept-HASH` first. Raises InputError also for a folder that is not there or cannot be written.
    """
    body = text.encode("utf-8")
    try:
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as wrong:
        raise InputError(f"{path.parent} cannot be opened: {wrong.strerror}") from None
    try:
        found = _read(folder, path)
        if found == body:
            return path
        kept = None
        if found is not None and state_of(found.decode("utf-8", "replace")) != "ours":
            if not force:
                raise InputError(
                    f"{path} holds what a person wrote, or is no rendering of this program; it was not overwritten",
                    details=_difference(found, text),
                )
            kept = f"{path.name}.kept-{hashlib.sha256(found).hexdigest()[:12]}"
        _put(folder, path.name, body, replaces=found is not None, kept=kept)
    except OSError as wrong:
        raise InputError(f"{path} cannot be written: {wrong.strerror}") from None
    finally:
        os.close(folder)
    return path


def default_path(run: str, lang: str) -> Path:
    """Return `r-4kx9.en.md`, in the current folder; of the run's id only letters, digits and dashes are taken."""
    name = "".join(char for char in run if char.isascii() and (char.isalnum() or char == "-"))[:64]
    return Path(f"{name.lstrip('-') or 'postmortem'}.{lang}.md")


def _read(folder: int, path: Path) -> bytes | None:
    """Return the bytes of the file that is there, None when there is none; a link or a device is refused."""
    try:
        descriptor = os.open(path.name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    except FileNotFoundError:
        return None
    except OSError as wrong:
        raise InputError(f"{path} is no plain file that can be read: {wrong.strerror}") from None
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise InputError(f"{path} is no plain file")
        body = file.read(_LONGEST + 1)
    if len(body) > _LONGEST:
        raise InputError(f"{path} has more than {_LONGEST} bytes and is no postmortem")
    return body


def _put(folder: int, name: str, body: bytes, *, replaces: bool, kept: str | None) -> None:
    """Write `body` beside `name` and move it there; a file that appeared meanwhile is not overwritten."""
    beside = f".{name}.{secrets.token_hex(8)}"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(beside, flags, _MODE, dir_fd=folder)
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(descriptor, _MODE)
            file.write(body)
            file.flush()
            os.fsync(descriptor)
        if kept is not None:
            _move_to_new(folder, name, kept)
        if replaces and kept is None:
            os.replace(beside, name, src_dir_fd=folder, dst_dir_fd=folder)
        else:
            _move_to_new(folder, beside, name)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(beside, dir_fd=folder)


def _move_to_new(folder: int, name: str, to: str) -> None:
    """Move a file to a name that is not taken; raises FileExistsError when it is.

    A hard link is the only move that never overwrites; where the file system has none, the name is looked at first.
    """
    try:
        os.link(name, to, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)
    except OSError as wrong:
        if wrong.errno not in (errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK):
            raise
        with contextlib.suppress(FileNotFoundError):
            os.stat(to, dir_fd=folder, follow_symlinks=False)
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), to) from None
        os.rename(name, to, src_dir_fd=folder, dst_dir_fd=folder)
    else:
        os.unlink(name, dir_fd=folder)


def _difference(found: bytes, text: str) -> list[str]:
    """Return the first lines of what differs, with what cannot be seen made visible."""
    there = found.decode("utf-8", "replace").splitlines()[:1000]
    lines = difflib.unified_diff(there, text.splitlines()[:1000], "there", "new", lineterm="", n=0)
    shown = [visible(line[:200]) for _, line in zip(range(_DIFF_LINES), lines, strict=False)]
    return [*shown, "..."] if len(shown) == _DIFF_LINES else shown
