"""The kernel log: dmesg in all its formats, journalctl -k, syslog files, /dev/kmsg, and lines copied out of them.

Pure: bytes in, lines without their prefix out. S3: a line that user space wrote is never a kernel line. What stands on
a line of its own without any prefix belongs to the last line before it that has one, whoever wrote that.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator
from typing import NamedTuple

import re2

from runbookctl.forms import Named, _kernel_json
from runbookctl.forms._kernel_prefix import Prefix, parse
from runbookctl.forms._kernel_scan import Piece, pieces
from runbookctl.forms.lines import Gap
from runbookctl.model import Cut, Duration, NodeCommand, Raw, Subject, Time, Writer

LABEL = "kernel log"
WRITER = Writer.KERNEL
ANCHORS: tuple[bytes, ...] = (
    b"NVRM", b"Xid", b"nvidia", b"nouveau", b"nova", b"Linux version", b"Lockdown", b"odule",  # module, Module
    b"oom", b"ut of memory", b"emory cgroup", b"Killed process", b"limit", b"segfault", b"traps:",
    b"general protection", b"blocked for more than", b"soft lockup", b"rcu", b"I/O error", b"EXT4-fs", b"XFS (",
    b"AER:", b"pcieport",
    b"Hardware Error", b"EDAC", b"mlx5", b"link down", b"not responding", b"panic", b"fd_install", b"conntrack",
    b"Link is Down", b"No space left", b"dropped",
)  # fmt: skip

_EDGE = 64  # lines looked at on each end
_MARGIN = 300  # seconds asked for beyond `since`, so that the start of the answer lies safely before it
_BACK = 64  # lines looked back for the owner of a line without prefix
_LONGEST = 16 * 1024  # of one line
_ANY_TIME = dt.datetime(2100, 1, 1, tzinfo=dt.UTC)  # where the year of a stamp does not matter
_MARKER = b"[runbookctl: "
# [ 2756.136005]         six digits, as printk writes them: `[1.25] step` of a program is no kernel line
_PRINTK = re2.compile(r"\[ *\d+\.\d{6}[ \]]")


class KernelLine(NamedTuple):
    """One kernel line; `text` has no prefix. `time` is None without a wall clock, `seconds` are since boot."""

    number: int
    time: Time | None
    seconds: float | None
    host: str | None
    text: str


class Span(NamedTuple):
    """What a log covers. `begins_at_boot`: the kernel's first message is in it."""

    first: Time | None
    last: Time | None
    begins_at_boot: bool
    host: str | None  # None when none is named, or several
    lines: int


def request(node: str | None, since: Duration | None) -> NodeCommand:
    """Return the question for the kernel log of `node`: this boot and, with `since`, the end of the one before it.

    The journal is asked, not dmesg: it names the writer of each line (S3), keeps more than the ring buffer, and has
    wall-clock times. Every kernel reader asks this, so that the log is read once.
    """
    argv = ["journalctl", "--no-pager", "-o", "short-iso"]
    if since is None:
        return NodeCommand(form="kernel_log", node=node, argv=(*argv, "-k", "-b"))
    seconds = max(0, int(since.total_seconds())) + _MARGIN
    return NodeCommand(form="kernel_log", node=node, argv=(*argv, f"--since=-{seconds}s", "_TRANSPORT=kernel"))


def obtain(subject: Subject) -> str:
    """Return the command that prints the kernel log of the subject's node."""
    return request(subject.node, None).printed()


def kernel_lines(raw: Raw, anchors: tuple[bytes, ...], wanted: tuple[bytes, ...] = ()) -> Iterator[KernelLine | Gap]:
    """Yield the kernel's own lines that hold one of `anchors` (all when empty), and the gaps, in order.

    A line with escaped newlines (`#012`) is several kernel lines with one number. Continuation lines (indented, or
    without a prefix) have the time and host of the line they continue. Anchors are best chosen narrow: a line that
    holds none costs nothing, and a failing GPU logs a quarter of a million driver lines in seconds. With one or two
    anchors, `wanted` thins such lines out further: each must hold one of these at or after the anchor.
    """
    if (read := _as_json(raw, anchors)) is not None:
        yield from (piece for piece in pieces(raw.body, (_MARKER,)) if isinstance(piece, Gap))
        for number, prefix in read:
            if prefix.kernel and (not anchors or any(anchor.decode() in prefix.text for anchor in anchors)):
                yield from _split(number, prefix)
        return
    owners = _Owners(raw)
    for piece in pieces(raw.body, anchors, wanted):
        if isinstance(piece, Gap):
            yield piece
            continue
        prefix = owners.prefix(piece)
        if prefix.kernel:
            yield from _split(piece.number, prefix)


def events(raw: Raw, anchors: tuple[bytes, ...], wanted: tuple[bytes, ...] = ()) -> Iterator[KernelLine | Cut]:
    """Yield the kernel lines that hold one of `anchors`, and a Cut for whatever else there was.

    That is: lines left out that nobody looked at, and the time before the log begins.
    """
    for line in kernel_lines(raw, anchors, wanted):
        if not isinstance(line, Gap):
            yield line
        elif not line.harmless:
            yield Cut(why=f"{line.lines} lines left out")
    if (start := _start(raw)) is not None:
        yield start


def _start(raw: Raw) -> Cut | None:
    asked = raw.request.argv if isinstance(raw.request, NodeCommand) else ()
    for word in asked:
        if word.startswith("--since=-") and word[9:-1].isdigit():  # all of that time was asked for
            before = raw.at - dt.timedelta(seconds=int(word[9:-1]))
            return Cut(before=before, ring=True, why="asked from then on")
    head = _head(raw)
    if any(_is_first(line) for line in head):
        return None
    return Cut(before=_earliest(head), ring=True, why="begins after the boot")


def span(raw: Raw) -> Span:
    """Return the times of the first and last kernel lines, whether the log begins at boot, the host, and the lines."""
    lines = raw.body.count(b"\n") + (0 if raw.body.endswith(b"\n") or not raw.body else 1)
    lines += sum(piece.lines - 1 for piece in pieces(raw.body, (_MARKER,)) if isinstance(piece, Gap))
    head = _head(raw)
    end = raw.body[-_EDGE * 1024 :]
    whole = len(end) == len(raw.body)
    tail = list(_edge(raw, end if whole else end.partition(b"\n")[2]))[-_EDGE:]
    times = [line.time for line in (*head, *tail) if line.time is not None]
    hosts = {line.host for line in (*head, *tail) if line.host}
    return Span(
        first=_earliest(head),
        last=max(times, default=None),
        begins_at_boot=any(_is_first(line) for line in head),
        host=hosts.pop() if len(hosts) == 1 else None,
        lines=lines,
    )


def _head(raw: Raw) -> list[KernelLine]:
    return list(itertools.islice(_edge(raw, raw.body[: _EDGE * 1024]), _EDGE))


def _earliest(lines: list[KernelLine]) -> Time | None:
    return min((line.time for line in lines if line.time is not None), default=None)


def _edge(raw: Raw, part: bytes) -> Iterator[KernelLine]:
    piece = Raw(body=part, form=raw.form, at=raw.at, subject=raw.subject)
    yield from (line for line in kernel_lines(piece, ()) if isinstance(line, KernelLine))


def _is_first(line: KernelLine) -> bool:
    return line.seconds == 0.0 or line.text.startswith(("Linux version ", "Booting Linux on physical CPU"))


def recognise(head: str, name: str) -> int:
    """Tell a kernel log by how many of its first lines have a kernel prefix."""
    if _kernel_json.is_dmesg(head[:256].encode("utf-8", "replace")):
        return 95
    if head.lstrip().startswith("{"):
        return 92 if _is_journal(head) else 0
    lines = [text for line in head.split("\n", 400)[:400] if (text := line.rstrip("\r")).strip()]
    kernel = sum(map(belongs, lines))
    if not kernel:
        return 30 if lines and name.rpartition("/")[2].startswith(("dmesg", "kern.log", "kernel")) else 0
    return 92 if kernel * 2 >= len(lines) else 70 if kernel * 10 >= len(lines) else 40


def _is_journal(head: str) -> bool:
    piece = Raw(body=head.encode("utf-8", "replace"), form="kernel_log", at=_ANY_TIME)
    read = _as_json(piece, ())
    return read is not None and any(prefix.kernel for _, prefix in read)


# Lines that people paste without their prefix, by the words with which the kernel begins them (mm/oom_kill.c).
_BARE = (
    "NVRM: ", "nvidia-nvswitch", "oom-kill:constraint=", "Memory cgroup out of memory: Kill", "Out of memory: Kill",
    "oom_reaper: reaped process ", "Memory cgroup stats for ",
)  # fmt: skip


def belongs(line: str) -> bool:
    """Tell a line that certainly is the kernel's: a prefix of the kernel's own, or the NVIDIA driver's mark."""
    if line.startswith(_BARE) or (" invoked oom-killer: gfp_mask=" in line and not line.startswith("[")):
        return True
    if line.startswith("[") and not _PRINTK.match(line) and line[1:2].strip().isdigit():
        return False
    prefix = parse(line, _ANY_TIME)
    if prefix.kernel is None:
        return prefix.time is not None and prefix.text.startswith("NVRM: ")
    return prefix.kernel and bool(prefix.text) and not prefix.text.startswith("[")


def starts(line: str) -> bool:
    """Tell a line that can begin a kernel log inside a mixed paste."""
    return belongs(line)


def names(raw: Raw) -> Named:
    """Name the host when there is one, the latest time, and count the lines."""
    found = span(raw)
    plural = "" if found.lines == 1 else "s"
    return Named(subject=Subject(node=found.host), now=found.last, summary=f"{found.lines:,} line{plural}")


def _as_json(raw: Raw, anchors: tuple[bytes, ...]) -> Iterator[tuple[int, Prefix]] | None:
    """Return the entries of a JSON log, None for any other text."""
    head = raw.body[:4096].lstrip()
    if not head.startswith(b"{"):
        return None
    if _kernel_json.is_dmesg(head):
        return _kernel_json.dmesg(_numbered(raw.body, ()), raw.at)
    if b'"MESSAGE"' not in raw.body:
        return None
    pretty = head.startswith((b"{\n", b"{\r\n"))
    lines = _kernel_json.records(_numbered(raw.body, ())) if pretty else _numbered(raw.body, anchors)
    found = ((number, _kernel_json.journal(line)) for number, line in lines)
    return ((number, prefix) for number, prefix in found if prefix is not None)


def _numbered(body: bytes, literals: tuple[bytes, ...]) -> Iterator[tuple[int, str]]:
    for piece in pieces(body, literals):
        if isinstance(piece, Piece):
            yield piece.number, _text(body, piece)


def _text(body: bytes, piece: Piece) -> str:
    return body[piece.begin : min(piece.end, piece.begin + _LONGEST)].decode("utf-8", "replace").rstrip("\r\n")


def _split(number: int, prefix: Prefix) -> Iterator[KernelLine]:
    text = prefix.text
    if "#012" not in text and "\n" not in text:
        yield KernelLine(number, prefix.time, prefix.seconds, prefix.host, text)
        return
    for part in text.replace("#012", "\n").split("\n"):
        if part.strip():
            yield KernelLine(number, prefix.time, prefix.seconds, prefix.host, part.strip())


class _Owners:
    """Says who wrote each line, with the owner of lines that have no prefix. Walks forward only."""

    def __init__(self, raw: Raw) -> None:
        self._raw = raw
        self._end = -1  # the last line whose owner is known ends here
        self._owner = Prefix(None, None, None, None, "")

    def prefix(self, piece: Piece) -> Prefix:
        """Return the parts of a line; one without a prefix has those of its owner."""
        own = parse(_text(self._raw.body, piece), self._raw.at)
        if own.kernel is None and own.time is None:
            owner = self._before(piece.begin)
            own = owner._replace(kernel=owner.kernel is not False, text=own.text)
            self._owner = owner
        else:
            own = own._replace(kernel=own.kernel is not False)
            self._owner = own
        self._end = piece.end
        return own

    def _before(self, begin: int) -> Prefix:
        """Return the parts of the nearest line before `begin` that has a prefix."""
        body, end = self._raw.body, begin - 1
        for _ in range(_BACK):
            if end <= 0:
                break
            if end <= self._end:
                return self._owner
            start = body.rfind(b"\n", 0, end) + 1
            found = parse(_text(body, Piece(0, start, end)), self._raw.at)
            if found.kernel is not None or found.time is not None:
                return found
            end = start - 1
        return Prefix(None, None, None, None, "")
