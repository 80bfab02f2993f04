"""The words of a log that say why its program ended.

Pure. A program that goes on after a line was not ended by it: a cause is given to a line only when the log ends with it
(its last stretch, in which nothing shows that work went on), when it was fatal by its own level, or when the thing it
tells cannot be taken back (GPU memory, driver, shared memory). A line of level info never tells an error, one of level
warn only when it was repeated to the end; a retry is no end, three of them with no success after them are.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import re2
from msgspec import Struct, structs

from runbookctl.catalog import signatures
from runbookctl.catalog.signatures import Signature
from runbookctl.forms.pod_log import LogLine
from runbookctl.model import Time

NOT_OF_PROGRAMS = frozenset({"driver", "kernel", "kubelet"})
"""Families of texts that programs in containers do not write."""

TAIL = 400
"""Lines of the end that are looked at one by one."""
_NEUTRAL = 20  # lines without a meaning that the last stretch may hold
_REPEATED = 3
_BLOCK_CAP = 16 * 1024
_MESSAGE_LINES = 6  # lines below an exception that may belong to its message

LASTING = frozenset({
    "cuda_out_of_memory", "driver_library_mismatch", "cuda_driver_too_old", "cuda_compat_library_conflict",
    "shm_exhausted", "container_lost_gpu_cgroup", "fabric_manager_not_running", "gpu_fell_off_bus",
})  # fmt: skip
"""Causes that hold wherever in the log they are told."""

_REPEATING = frozenset({"dependency_unreachable", "dns_or_network_failure"})

_TRACEBACK = "Traceback (most recent call last):"
# [rank0]: text        (EngineCore_0 pid=123) text        ERROR 06-12 10:00:00 [core.py:390] text        ERROR:    text
_PREFIX = re2.compile(
    r"(?:\[rank\d+\]: ?|\([A-Za-z_]\w{0,40}(?:[ _]\w+)* pid=\d+\) ?|ERROR: {4}"
    r"|(?:ERROR|CRITICAL) \d\d-\d\d \d\d:\d\d:\d\d (?:\[[^\]]{1,80}\] ?)?)+"
)
# ValueError: bad        app.errors.Broken        KeyError: 'DATABASE_URL'
_EXCEPTION = re2.compile(r"(?:[A-Za-z_]\w*\.)*[A-Z]\w*(?:: .*)?")
# Error: connect ECONNREFUSED 10.0.0.5:5432        java.lang.IllegalStateException: bad        TypeError [ERR_X]: bad
_HEAD = re2.compile(
    r"(?:Caused by: |Uncaught )?(?:[a-zA-Z_][\w$]*\.)*[A-Z]?[\w$]*(?:Error|Exception|Throwable|Fault)\b"
    r"(?: \[\w+\])?(?:: .*)?"
)
# Of a stack, indented: `at Object.<anonymous> (/app/x.js:1:1)`, `at com.x.Main.main(Main.java:3)`, `... 12 more`.
_FRAME = re2.compile(r"\s+(?:at \S|\.\.\. \d+ (?:more|common frames))")
# retrying in 5s        attempt 2/5        reconnecting        falling back to disk        using default
_RETRY = re2.compile(
    r"(?i)\b(?:retry|retries|retrying|retried|reconnect\w*|attempt \d+|back(?:ing)?[- ]?off|will try again|trying again"
    r"|falling back|using default\w*|ignor(?:ed|ing)|skipp(?:ed|ing))\b"
)
# giving up after 5 attempts        max retries exceeded        aborting
_GIVEN_UP = re2.compile(
    r"(?i)\b(?:giv(?:ing|en) up|gave up|max(?:imum)? (?:number of )?retries|exhausted|too many (?:retries|attempts)"
    r"|aborting|exiting)\b"
)
# connected to db        listening on :8080        Application startup complete.        "GET / HTTP/1.1" 200
_WORK = re2.compile(
    r"(?i)(?:\b(?:re)?connected to\b|\bconnection established\b|\bsuccess(?:ful|fully)?\b|\blistening (?:on|at)\b"
    r"|\bserving\b|\bserver (?:started|is (?:running|ready))\b|\bstartup complete\b|\bready to accept\b|\bnow ready\b"
    r"|\b(?:epoch|step|iteration)[ =:]\d|HTTP/[12](?:\.[01])?\" [23]\d\d\b)"
)
# Is the server running on that host?        Identify and stop the process that's listening on port 8080
_HINT = re2.compile(
    r"(?i)\b(?:is the server running|(?:that's|process|already) listening|not (?:listening|connected))\b"
)
# shutting down        exiting        Stopped server        Finished server process [1]
_END = re2.compile(
    r"(?i)\b(?:shut(?:ting)?[ -]?down|exit(?:ing|ed)?|terminat(?:ed|ing)|stopp(?:ed|ing)|stop|finished server process"
    r"|closing|closed|abort(?:ed|ing)?|cleaning up|killed|fail(?:ed|ure))\b"
)


class Word(Struct, frozen=True, kw_only=True):
    """A line that says something; `means` is the cause that it proves, None when it proves none."""

    line: int
    text: str
    time: Time | None
    sign: str
    means: str | None
    count: int = 1


class _Seen(Struct):
    line: LogLine
    text: str  # without the prefix of a rank
    sign: Signature | None
    work: bool  # the program goes on


def notable(lines: Sequence[LogLine]) -> list[Word]:
    """Return what the lines of a log (oldest first) say, in their order."""
    head, tail = lines[:-TAIL], [_seen(line) for line in lines[-TAIL:]]
    words = [word for line in head if may_last(line.text) and (word := _lasting(_seen(line)))]
    start = _last_stretch(tail)
    for index, seen in enumerate(tail[:start]):
        word = _lasting(seen) or _fatal(seen, tail, index)
        if word:
            words.append(word)
    words.extend(_final(tail, start))
    return _folded(words)


def families() -> tuple[str, ...]:
    """Return the families of signatures that programs in containers write, the general one last."""
    others = tuple(name for name in signatures.all_families() if name not in NOT_OF_PROGRAMS and name != "workload")
    return (*others, "workload")


def may_last(text: str) -> bool:
    """Tell whether a line can hold a lasting cause: the cheap test of lines before the end."""
    return bool(_lasting_literals().search(text))


@cache
def _lasting_literals() -> re2._Regexp:
    """Return one pattern that finds every literal of a lasting cause."""
    wanted = (one for family in families() for one in signatures.signatures(family) if one.means in LASTING)
    literals = {literal for one in wanted for literal in signatures.literals_of(one)}
    return re2.compile("|".join(re2.escape(literal) for literal in sorted(literals)))


def _seen(line: LogLine) -> _Seen:
    text = line.text
    if text[:1] in "[(EC" and (prefix := _PREFIX.match(text)):
        text = text[prefix.end() :]
    sign = signatures.match(unescaped(text), families())
    return _Seen(line, text, sign, _goes_on(line, text, sign))


def unescaped(text: str) -> str:
    r"""Return text that stands in quotes (`err="... User \"x\" ..."`) as the program printed it at first."""
    return text.replace('\\"', '"') if '\\"' in text else text


def _goes_on(line: LogLine, text: str, sign: Signature | None) -> bool:
    if sign is not None or line.level in ("error", "fatal"):
        return False
    if line.level == "info" and not _END.search(text):
        return True
    return line.level != "warn" and _is_work(text)


def _is_work(text: str) -> bool:
    return bool(_WORK.search(text)) and not _HINT.search(text)


def _last_stretch(tail: Sequence[_Seen]) -> int:
    """Return where the end begins after which no line shows that the program went on."""
    neutral = 0
    for index in range(len(tail) - 1, -1, -1):
        seen = tail[index]
        if seen.work:
            return index + 1
        if seen.sign is None and seen.line.level is None and not seen.text[:1].isspace() and not _END.search(seen.text):
            neutral += 1
            if neutral > _NEUTRAL:
                return index + 1
    return 0


def _word(seen: _Seen, sign: str, means: str | None) -> Word:
    text = ": ".join(line.strip() for line in seen.text.strip().split("\n")[:2])  # of a JSON line: message and error
    return Word(line=seen.line.number, text=text[:4096], time=seen.line.time, sign=sign, means=means)


def _lasting(seen: _Seen) -> Word | None:
    sign = seen.sign
    if sign is None or sign.means not in LASTING or seen.line.level == "info" or _is_retry(seen.text):
        return None
    return _word(seen, sign.id, sign.means)


def _fatal(seen: _Seen, tail: Sequence[_Seen], index: int) -> Word | None:
    """Take a line that calls itself fatal, unless a line after it shows that the program went on."""
    if seen.line.level != "fatal" or seen.sign is None or any(after.work for after in tail[index + 1 :]):
        return None
    return _word(seen, seen.sign.id, seen.sign.means)


def _is_retry(text: str) -> bool:
    return bool(_RETRY.search(text)) and not _GIVEN_UP.search(text)


def _final(tail: Sequence[_Seen], start: int) -> list[Word]:
    last = tail[start:]
    words: list[Word] = []
    inside: set[int] = set()
    for begin, end in _tracebacks(last):
        inside.update(range(begin, end))
        words.append(_of_traceback(last, begin, end))
    for index, seen in enumerate(last):
        if index not in inside and (word := _of_line(seen, tail, last, index)):
            words.append(word)
    if not any(word.means or word.sign == "uncaught_error" for word in words):
        words.extend(_last_error(last))
    return sorted(words, key=lambda word: word.line)


def _of_line(seen: _Seen, tail: Sequence[_Seen], last: Sequence[_Seen], index: int) -> Word | None:
    sign, level = seen.sign, seen.line.level
    if sign is None:
        return _word(seen, "uncaught_error", None) if _is_uncaught_head(last, index) else None
    if level == "info" and sign.id != "uncaught_error":
        return None
    weak = level == "warn" or _is_retry(seen.text)
    if weak and not (sign.means in _REPEATING and _times(sign.id, tail) >= _REPEATED):
        return _word(seen, sign.id, None)
    word = _word(seen, sign.id, sign.means)
    return _with_message(word, last, index) if sign.id == "uncaught_error" else word


def _with_message(word: Word, last: Sequence[_Seen], index: int) -> Word:
    """Add the line below that holds the message: `what():` of C++, the text of a Rust panic."""
    below = last[index + 1].text.strip() if index + 1 < len(last) else ""
    if not below.startswith("what():") and not (word.text.startswith("thread '") and word.text.endswith(":")):
        return word
    return structs.replace(word, text=f"{word.text} {below}"[:4096])


def _is_uncaught_head(last: Sequence[_Seen], index: int) -> bool:
    """Tell the first line of an exception with its stack that no logger wrote: `Error: bad`, then `    at ...`."""
    seen = last[index]
    following = last[index + 1].text if index + 1 < len(last) else ""
    if seen.line.level is not None or not _FRAME.match(following) or not _HEAD.fullmatch(seen.text.strip()):
        return False
    return not _is_logged(last, index)


def _is_logged(last: Sequence[_Seen], index: int) -> bool:
    """Tell an error that a logger wrote (an error line stands above it) and after which nothing speaks of an end."""
    above = last[index - 1].line.level if index else None
    own = last[index].line.level
    if "error" not in (above, own) and "fatal" not in (above, own):
        return False
    return not any(_END.search(seen.text) for seen in last[index:] if not seen.text[:1].isspace())


def _times(sign: str, tail: Sequence[_Seen]) -> int:
    """Return how often a signature matched since the last line that shows success."""
    count = 0
    for seen in reversed(tail):
        if seen.sign is None and _is_work(seen.text):
            break
        count += seen.sign is not None and seen.sign.id == sign
    return count


def _tracebacks(last: Sequence[_Seen]) -> list[tuple[int, int]]:
    """Return the blocks of Python tracebacks, chained ones as one: from the first head to behind the last exception."""
    blocks: list[tuple[int, int]] = []
    index = 0
    while index < len(last):
        if _TRACEBACK not in last[index].text:
            index += 1
            continue
        end = _behind(last, index)
        if blocks and all(_links(seen.text) for seen in last[blocks[-1][1] : index]):
            blocks[-1] = (blocks[-1][0], end)
        else:
            blocks.append((index, end))
        index = end
    return blocks


def _behind(last: Sequence[_Seen], begin: int) -> int:
    """Return the index behind the exception that ends a traceback (of a JSON line: behind the line)."""
    if "\n" in last[begin].text:
        return begin + 1
    for index in range(begin + 1, len(last)):
        text = last[index].text
        if text[:1] not in (" ", "\t", "") and not text.startswith(("+", "|")):
            return index + 1
    return len(last)


def _links(text: str) -> bool:
    return not text.strip() or text.startswith(("During handling of the above", "The above exception was"))


def _of_traceback(last: Sequence[_Seen], begin: int, end: int) -> Word:
    """Return the cause that a traceback tells: by its last exception, an earlier one of the chain, or all of it."""
    block = last[begin:end]
    heads = [seen for seen in block if seen.text[:1] not in (" ", "\t") and _TRACEBACK not in seen.text] or [block[-1]]
    shown = next((seen for seen in reversed(heads) if _EXCEPTION.fullmatch(seen.text.strip())), heads[-1])
    named = next((seen for seen in reversed(heads) if seen.sign is not None and seen.sign.means is not None), None)
    sign = named.sign if named else None
    if sign is None:
        whole = "\n".join(seen.text for seen in (*block, *last[end : end + _MESSAGE_LINES]))
        sign = signatures.match(whole[-_BLOCK_CAP:], families())
    logged = _is_logged(last, begin)
    if sign is not None and sign.means is not None and (not logged or sign.means in LASTING | _REPEATING):
        return _word(named or shown, sign.id, sign.means)
    return _word(shown, "logged_error" if logged else "uncaught_error", None)


def _last_error(last: Sequence[_Seen]) -> list[Word]:
    """Return the last line of level error or fatal: what a person would quote."""
    found = next((seen for seen in reversed(last) if seen.line.level in ("error", "fatal") and _quotable(seen)), None)
    return [_word(found, "last_error", None)] if found and found.sign is None else []


def _quotable(seen: _Seen) -> bool:
    return not seen.text.startswith("npm ")


def _folded(words: Sequence[Word]) -> list[Word]:
    """Fold words of one sign and meaning into the last of them, uncaught errors into the first, with their count."""
    kept: dict[tuple[str, str | None], Word] = {}
    count: dict[tuple[str, str | None], int] = {}
    for word in words:
        key = (word.sign, word.means)
        if word.sign != "uncaught_error" or key not in kept:
            kept[key] = word
        count[key] = count.get(key, 0) + 1
    folded = (
        Word(line=word.line, text=word.text, time=word.time, sign=word.sign, means=word.means, count=count[key])
        for key, word in kept.items()
    )
    return sorted(folded, key=lambda word: word.line)
