"""Where a journal lies: its folder and file, who may touch them, and on what kind of file system.

Touches only the state folder. Says what is wrong, where, and the command that puts it right.
"""

from __future__ import annotations

import os
import pwd
import stat
from collections.abc import Callable, Mapping
from pathlib import Path

from runbookctl.errors import JournalError

FILE = "journal.db"
_OTHERS_MAY_WRITE = stat.S_IWGRP | stat.S_IWOTH
_OTHERS = stat.S_IRWXG | stat.S_IRWXO

NETWORK = frozenset({
    "nfs", "nfs4", "cifs", "smb3", "smbfs", "smb2", "lustre", "gpfs", "mmfs", "ceph", "9p", "virtiofs", "beegfs", "afs",
    "openafs", "orangefs", "pvfs2", "wekafs", "panfs", "glusterfs", "ocfs2", "gfs", "gfs2", "vboxsf", "ncpfs", "coda",
})  # fmt: skip
"""File system types on which several machines write, or whose locks are another machine's word.

Source: names as the kernel prints them in /proc/self/mountinfo (third field after the dash).
"""


def folder(home: Path | None, environ: Mapping[str, str]) -> Path:
    """Return the state folder: `home`, RUNBOOKCTL_HOME, or runbookctl under XDG_STATE_HOME."""
    if home is not None:
        return home
    if named := environ.get("RUNBOOKCTL_HOME"):
        return Path(named).expanduser()
    state = environ.get("XDG_STATE_HOME", "")
    # The XDG rules say that a relative path is ignored.
    base = Path(state) if state.startswith("/") else _user_home(environ) / ".local" / "state"
    return base / "runbookctl"


def _user_home(environ: Mapping[str, str]) -> Path:
    try:
        return Path(environ.get("HOME") or pwd.getpwuid(os.geteuid()).pw_dir)
    except KeyError:
        what = "there is no home folder to keep the journal in"
        raise JournalError(what, details=["HOME is not set and this account is unknown."],
                           commands=["export RUNBOOKCTL_HOME=/path/to/a/folder"]) from None  # fmt: skip


def account() -> str:
    """Return the account of this process as the system knows it (never LOGNAME or SUDO_USER, which anybody sets)."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return f"uid {os.geteuid()}"


def make_folder(path: Path) -> None:
    """Create the state folder with mode 0700 if it is missing, and check it."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise _unusable(path, error) from None
    check_folder(path)


def check_folder(path: Path) -> None:
    """Raise JournalError unless the folder is ours and nobody else may write in it.

    The checks are made on the open folder, so that it cannot be exchanged in between (threat model S26).
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise _unusable(path, error) from None
    try:
        _check(path, os.fstat(descriptor), mode="700")
    finally:
        os.close(descriptor)


def make_file(path: Path) -> bool:
    """Create an empty journal file with mode 0600 whatever the umask; say whether it was new. Check it."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        check_file(path)
        return False
    except OSError as error:
        raise _unusable(path, error) from None
    try:
        os.fchmod(descriptor, 0o600)  # a umask such as 0777 would have left nothing
    finally:
        os.close(descriptor)
    _keep_entry(path.parent)
    return True


def _keep_entry(folder_: Path) -> None:
    """Write the folder to disk, so that a power loss does not take the new file's name."""
    descriptor = os.open(folder_, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def check_file(path: Path) -> None:
    """Raise JournalError unless the journal is a plain file of ours that nobody else may write.

    One that others could only read is closed to them.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        raise _unusable(path, error) from None
    try:
        seen = os.fstat(descriptor)
        if not stat.S_ISREG(seen.st_mode):
            raise JournalError("the journal is not a plain file", details=[str(path)], commands=[f"ls -l {path}"])
        _check(path, seen, mode="600")
        if seen.st_mode & _OTHERS:
            os.fchmod(descriptor, 0o600)
    finally:
        os.close(descriptor)


def _check(path: Path, seen: os.stat_result, *, mode: str) -> None:
    if seen.st_uid != os.geteuid():
        raise JournalError(
            "the journal belongs to somebody else",
            details=[f"{path} is owned by {_name(seen.st_uid)}, you are {account()}."],
            commands=["export RUNBOOKCTL_HOME=/path/to/a/folder/of/yours"],
        )
    if seen.st_mode & _OTHERS_MAY_WRITE:
        raise JournalError(
            "others may write the journal, so it proves nothing",
            details=[f"{path} has mode {stat.S_IMODE(seen.st_mode):04o}."],
            commands=[f"chmod {mode} {path}"],
        )


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"


def _unusable(path: Path, error: OSError) -> JournalError:
    return JournalError(
        "the journal cannot be opened",
        details=[f"{path}: {error.strerror or error}."],
        commands=[f"ls -ld {path.parent} {path}", "export RUNBOOKCTL_HOME=/path/to/a/folder/of/yours"],
    )


# --- file systems -----------------------------------------------------------------------------------------------------


def file_system(path: Path) -> str:
    """Return the file system type that holds `path` (or its nearest existing parent), "" when it cannot be told."""
    try:
        mounts = Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return ""
    where = Path(os.path.realpath(path))
    return kind_of_mount(mounts, str(where))


def kind_of_mount(mounts: str, where: str) -> str:
    r"""Return the type of the innermost mount above `where`; spaces in mount points are written `\040`.

    36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue
    Source: proc(5), /proc/pid/mountinfo.
    """
    best, found = -1, ""
    for line in mounts.splitlines():
        left, dash, right = line.partition(" - ")
        fields = left.split()
        if not dash or len(fields) < 5 or not right:
            continue
        point = fields[4].replace("\\040", " ").replace("\\011", "\t").replace("\\012", "\n").replace("\\134", "\\")
        inside = where == point or where.startswith(point.rstrip("/") + "/")
        # A later mount on the same point hides an earlier one.
        if inside and len(point) >= best:
            best, found = len(point), right.split()[0]
    return found


def is_network(kind: str) -> bool:
    """Say whether files of this type may be written by another machine, or are served by a program (fuse.sshfs)."""
    return kind.lower() in NETWORK or kind.startswith("fuse.")


def local_folder(environ: Mapping[str, str], network: Callable[[Path], bool]) -> Path:
    """Return a folder on local disk for a journal whose home lies on a network file system.

    Raises JournalError when there is none: then nothing is stored.
    """
    runtime = environ.get("XDG_RUNTIME_DIR", "")
    for base in (environ.get("RUNBOOKCTL_LOCAL", ""), "/var/tmp", runtime, "/tmp"):  # noqa: S108 - its own folder is 0700
        path = Path(base)
        if base.startswith("/") and path.is_dir() and os.access(path, os.W_OK | os.X_OK) and not network(path):
            return path / f"runbookctl-{os.geteuid()}"
    raise JournalError(
        "there is no local disk to keep the journal on",
        details=["Neither /var/tmp nor /tmp is local and writable."],
        commands=["export RUNBOOKCTL_HOME=/path/to/a/folder/on/local/disk"],
    )
