r"""What a program in a container wrote: `kubectl logs`, container log files, termination messages.

Pure: reads the text it is given. A line may come with the runtime's time (`kubectl logs --timestamps`), in the CRI
file format (`2026-11-22T02:47:34.471353791Z stderr F text`), in docker's json-file (`{"log":"text\n","time":"..."}`)
or with kubectl's prefix (`[pod/api-1/app] text`); what is left is text, logfmt or JSON of the program. It names nothing
but what kubectl's prefix names.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import msgspec
import re2

from runbookctl.catalog import signatures
from runbookctl.catalog.kubernetes_values import moment
from runbookctl.forms import Named
from runbookctl.forms.lines import Gap, Line, numbered
from runbookctl.model import Raw, Subject, Time, Writer

LABEL = "container log"
WRITER = Writer.WORKLOAD
ANCHORS: tuple[bytes, ...] = ()

Level = Literal["fatal", "error", "warn", "info"]

# 2026-11-22T02:47:34.471353791Z   or   2026-11-22T02:47:34.471353791+08:00
_STAMP = re2.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6,9}(?:Z|[+-]\d\d:\d\d)) (?:(?:stdout|stderr) ([FP]) )?")
# [pod/api-7555bdb846-2ddg2/app] FATAL: could not connect
_PREFIX = re2.compile(r"\[pod/([a-z0-9][a-z0-9.-]{0,252})/([a-z0-9][a-z0-9-]{0,62})\] ")
# ESC[31m
_COLOUR = re2.compile(r"\x1b\[[0-9;]{0,20}[A-Za-z]")
# E0612 10:00:00.123456    1 main.go:42] text
_KLOG = re2.compile(r"([IWEF])\d{4} \d\d:\d\d:\d\d")
# time="..." level=error msg="..."        {"severity": "ERROR"}        lvl=eror
_LOGFMT = re2.compile(r'\b(?:level|lvl|severity|levelname|loglevel)"?\s*[=:]\s*"?([A-Za-z]{3,9})\b')
# 2026-11-22 02:47:35,477 ERROR [main] text        FATAL: text        [error] text        12:00AM ERR text
_WORD = re2.compile(
    r"(?:^|[\s\[(|<:])(TRACE|DEBUG|DBG|INFO|INF|NOTICE|LOG|WARN|WARNING|WRN|ERROR|ERR|CRITICAL|CRIT|FATAL|FTL|PANIC"
    r"|SEVERE|EMERG|ALERT)(?:[\s\])|>:!,]|$)"
)
# error: text        fatal: text        [emerg] 1#1: text        panic: text        fail: Microsoft.Hosting[0]
_LOWER = re2.compile(
    r"(?:^|\[)(trace|debug|dbug|info|notice|warn|warning|error|err|fail|crit|critical|fatal|panic|emerg|alert)"
    r"(?:\[\d+\])?(?:\]|:)"
)
_LAST_WORDS = 40  # lines in which the last words of a program stand
_HEAD = 160  # characters of a line in which its level stands
_TEXT_CAP = 8192
_LEVELS: dict[str, Level] = {
    **dict.fromkeys(("trace", "debug", "dbg", "dbug", "info", "inf", "notice", "log", "i", "10", "20", "30"), "info"),
    **dict.fromkeys(("warn", "warning", "wrn", "w", "40"), "warn"),
    **dict.fromkeys(("error", "err", "eror", "fail", "severe", "e", "50"), "error"),
    **dict.fromkeys(
        ("critical", "crit", "fatal", "ftl", "panic", "emerg", "emergency", "alert", "dpanic", "f", "60"), "fatal"
    ),
}  # fmt: skip
_LEVEL_KEYS = (
    "level", "severity", "lvl", "levelname", "log.level", "@level", "log_level", "loglevel", "LogLevel", "@l",
)  # fmt: skip
_DOCKER_KEYS = {"log", "stream", "time", "attrs"}
_MESSAGE_KEYS = ("msg", "message", "@message", "@m", "event", "log", "short_message", "textPayload", "Message", "@mt")
_ERROR_KEYS = (
    "error", "err", "exception", "exc_info", "stack", "stack_trace", "stacktrace", "error.message", "error.stack_trace",
    "exc", "full_message", "traceback", "Exception", "@x",
)  # fmt: skip
_TIME_KEYS = ("time", "timestamp", "ts", "@timestamp", "asctime", "Timestamp", "@t")


class LogLine(NamedTuple):
    """One line: `text` without times and colours of the outside; of a JSON line its message, error and stack."""

    number: int
    time: Time | None
    level: Level | None
    text: str


def lines_of(text: str) -> list[LogLine]:
    """Return the lines of a termination message."""
    return [log_line(Line(number, line)) for number, line in enumerate(text.split("\n"), 1) if line.strip()]


def log_line(line: Line) -> LogLine:
    """Take a line apart."""
    text = _COLOUR.sub("", line.text[:_TEXT_CAP]) if "\x1b" in line.text else line.text[:_TEXT_CAP]
    time, text = _outside(text)
    if text.startswith("{") and text.rstrip().endswith("}"):
        found = _json(text)
        if found:
            return LogLine(line.number, time or found[0], found[1], found[2][:_TEXT_CAP])
    return LogLine(line.number, time, _level(text), text.rstrip())


def _outside(text: str) -> tuple[Time | None, str]:
    if text.startswith("[pod/") and (prefix := _PREFIX.match(text)):
        text = text[prefix.end() :]
    time = None
    if text[:2] == "20" and (stamp := _STAMP.match(text)):
        time, text = moment(stamp[1]), text[stamp.end() :]
    if text.startswith('{"log":') and text.rstrip().endswith("}"):  # docker's json-file
        try:
            outer = msgspec.json.decode(text)
        except (ValueError, RecursionError):
            return time, text
        if isinstance(outer, dict) and isinstance(outer.get("log"), str) and outer.keys() <= _DOCKER_KEYS:
            return moment(outer.get("time")), outer["log"].rstrip("\n")
    return time, text


def _json(text: str) -> tuple[Time | None, Level | None, str] | None:
    try:
        value = msgspec.json.decode(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict):
        return None
    level = next((_level_of(value[key]) for key in _LEVEL_KEYS if key in value), None)
    parts = [_plain(value[key]) for key in (*_MESSAGE_KEYS, *_ERROR_KEYS) if value.get(key)]
    time = next((moment(value[key]) for key in _TIME_KEYS if isinstance(value.get(key), str)), None)
    return time, level, "\n".join(dict.fromkeys(part for part in parts if part))


def _plain(value: Any) -> str:
    """Return text of an error field: itself, or message and stack of an error object."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        found = (value.get(key) for key in ("type", "name", "code", "message", "msg", "stack", "stack_trace"))
        return ": ".join(part for part in found if isinstance(part, str))
    return ""


def _level_of(value: Any) -> Level | None:
    return _LEVELS.get(str(value).lower()[:12]) if isinstance(value, (str, int)) else None


def _level(text: str) -> Level | None:
    head = text[:_HEAD]
    klog = _KLOG.match(head)
    if klog:
        return _LEVELS[klog[1].lower()]
    if "l" in head and (found := _LOGFMT.search(head)) and (level := _LEVELS.get(found[1].lower())):
        return level
    word = _WORD.search(head)
    lower = _LOWER.search(head)
    first = min((found for found in (word, lower) if found), key=lambda found: found.start(), default=None)
    return _LEVELS.get(first[1].lower()) if first else None


_MARKS = (
    "Traceback (most recent call last):", 'Exception in thread "', "goroutine 1 [", "panicked at ", "panic: ",
    "npm ERR!", "terminate called after", "Unhandled exception. ", "UnhandledPromiseRejection", "CUDA out of memory",
)  # fmt: skip


def recognise(head: str, name: str) -> int:
    """Tell a log by the runtime's times, by levels, by marks of a crash, by its last words, or by its file's name."""
    lines = [line for line in head.split("\n", 300)[:300] if line.strip()]
    if not lines:
        return 0
    stamped = sum(bool(_STAMP.match(line) or _PREFIX.match(line) or line.startswith('{"log":"')) for line in lines)
    if stamped * 10 >= len(lines) * 6:
        return 75
    levels = sum(log_line(Line(1, line)).level is not None for line in lines)
    named = "log" in name.rpartition("/")[2].lower()
    if any(mark in head for mark in _MARKS):
        return 60
    if levels * 3 >= len(lines) or (named and levels):
        return 50
    if any(signatures.match(log_line(Line(1, line)).text, ("workload",)) for line in lines[-_LAST_WORDS:]):
        return 45
    return 40 if named else 0


def belongs(line: str) -> bool:
    """Tell a line that certainly is of a container's log: the runtime's or kubectl's own prefix."""
    return bool(_PREFIX.match(line)) or bool((stamp := _STAMP.match(line)) and stamp[2])


def names(raw: Raw) -> Named:
    """Name the container when kubectl's prefix does; the latest time of the runtime; how many lines."""
    containers: set[tuple[str, str]] = set()
    unnamed = False
    count = 0
    latest: Time | None = None
    for line in numbered(raw.body):
        count += line.lines if isinstance(line, Gap) else 1
        if isinstance(line, Gap) or not line.text.strip():
            continue
        prefix = _PREFIX.match(line.text) if line.text.startswith("[pod/") else None
        if prefix and len(containers) < 2:
            containers.add((prefix[1], prefix[2]))
        unnamed = unnamed or prefix is None
        time = _outside(line.text[:_TEXT_CAP])[0] if "T" in line.text[:64] else None
        latest = max(latest, time) if latest and time else latest or time
    subject = Subject()
    if len(containers) == 1 and not unnamed:
        pod, container = containers.pop()
        subject = Subject(pod=pod, container=container)
    return Named(subject=subject, now=latest, summary=f"{count:,} line{'' if count == 1 else 's'}")
