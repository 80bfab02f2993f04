"""Secrets that span lines: PEM keys, base64 of secrets, applied configurations, the environment in `kubectl describe`.

Pure. The number of lines stays.
"""

from __future__ import annotations

import base64
import binascii
from bisect import bisect_left
from collections.abc import Callable, Iterator
from typing import Any

import re2

from runbookctl.journal.redact_objects import harmless_setting
from runbookctl.journal.redact_span import Span, Spend, named

_LATIN = re2.Options()
_LATIN.encoding = re2.Options.Encoding.LATIN1

_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_"

# --- PEM --------------------------------------------------------------------------------------------------------------

# -----BEGIN RSA PRIVATE KEY-----        -----BEGIN PGP PRIVATE KEY BLOCK-----
_BEGIN = re2.compile(rb"-----BEGIN (?:[A-Z0-9]{1,16} ){0,5}PRIVATE KEY(?: BLOCK)?-----", _LATIN)
_END = re2.compile(rb"-----END (?:[A-Z0-9]{1,16} ){0,5}PRIVATE KEY(?: BLOCK)?-----", _LATIN)
# MIIEpAIBAAKCAQEA...       Proc-Type: 4,ENCRYPTED        2026-11-22T02:47:35Z MIIEpAIB...
_KEY_LINE = re2.compile(
    rb"^(?:[^\n]*[\s|>])?[\s\"',]*"
    rb"(?:[A-Za-z0-9+/]{16,}={0,2}|(?:Proc-Type|DEK-Info|Version|Comment): [^\n]*)[\s\"',\\n]{0,16}$",
    _LATIN,
)
_KEY_END = re2.compile(rb"^[\s>|]*[A-Za-z0-9+/]+={0,2}\s{0,8}$", _LATIN)
_FARTHEST = 64 << 10  # bytes of one key
_PRIVATE = named(b"private-key")


def pem(body: bytes, low: bytes, spend: Spend) -> Iterator[Span]:
    """Yield what stands between the markers of private keys, and of keys whose other marker is cut off."""
    if b"private key" not in low:
        return
    begins = [match.span() for match in _bounded(_BEGIN, body, spend)]
    ends = [match.span() for match in _bounded(_END, body, spend)]
    starts = [begin for begin, _ in begins]
    closers = [end for end, _ in ends]
    used: set[int] = set()
    for number, (_, after) in enumerate(begins):
        following = starts[number + 1] if number + 1 < len(starts) else len(body)
        place = bisect_left(closers, after)
        if place < len(closers) and closers[place] <= following and closers[place] - after <= _FARTHEST:
            used.add(place)
            first = after + 1 if body[after : after + 1] == b"\n" else after
            yield Span(first, closers[place], _PRIVATE, each_line=True)
        else:
            yield from _open_key(body, after, min(following, after + _FARTHEST))
    for place, (start, _) in enumerate(ends):
        if place not in used:
            yield from _headless_key(body, start)


def _bounded(pattern: Any, body: bytes, spend: Spend) -> Iterator[Any]:
    for match in pattern.finditer(body):
        spend.one(match.start())
        yield match


def _open_key(body: bytes, after: int, stop: int) -> Iterator[Span]:
    """Yield the key after a BEGIN without END: the rest of its line, and lines that look like one."""
    line_end = body.find(b"\n", after, stop)
    line_end = stop if line_end < 0 else line_end
    quotes = (body.find(b'"', after, line_end), body.find(b"'", after, line_end))
    quote = min((at for at in quotes if at >= 0), default=line_end)
    if body[after:quote].strip(b"\\nr \r"):
        yield Span(after, quote, _PRIVATE)
    at = line_end + 1
    while at < stop:
        end = body.find(b"\n", at, stop)
        end = stop if end < 0 else end
        line = body[at:end]
        if line.strip() and not _KEY_LINE.match(line) and not _KEY_END.match(line):
            return
        if line.strip():
            yield Span(at, end, _PRIVATE, each_line=True)
            if _KEY_END.match(line) and not _KEY_LINE.match(line):
                return
        at = end + 1


def _headless_key(body: bytes, end: int) -> Iterator[Span]:
    """Yield the lines before an END without BEGIN that look like a key."""
    floor = max(0, end - _FARTHEST // 4)
    start = max(floor, body.rfind(b"\n", floor, end) + 1)
    before = body[start:end]
    key = before[len(before.rstrip(_ALPHABET + b"=\\")) :]
    if key.strip(b"\\n"):
        yield Span(end - len(key), end, _PRIVATE)
    stop, first = start, True
    while stop > floor:
        begin = body.rfind(b"\n", floor, stop - 1) + 1
        line = body[begin : stop - 1]
        if not (_KEY_LINE.match(line) or (first and _KEY_END.match(line))):
            return
        yield Span(begin, stop - 1, _PRIVATE, each_line=True)
        stop, first = begin, False


# --- base64 -----------------------------------------------------------------------------------------------------------

_TELLING = (
    b"-----BEGIN", b"password", b"Password", b"PASSWORD", b"passwd", b"secret", b"SECRET", b"token", b"TOKEN",
    b"api_key", b"API_KEY", b"apikey", b"apiKey", b"access_key", b"private_key", b"github_pat_", b"Bearer ",
    b"Authorization", b"ghp_", b"gho_", b"AKIA", b"ASIA", b"xoxb-", b"xoxp-", b"glpat-", b"nvapi-",
    b"sk-ant-", b"sk-proj", b"eyJhbG",
)  # fmt: skip
_DECODED = 3000  # runs that are decoded; further ones are taken for secrets unseen
_RUN = re2.compile(rb"[A-Za-z0-9+/_-]*={0,2}", _LATIN)
_LONGEST = 64 << 10  # bytes of an encoded run before the place that tells


def _encodings() -> dict[bytes, int]:
    """Return what telling words look like inside base64, each with how far into its group of four it begins."""
    found: dict[bytes, int] = {}
    for word in _TELLING:
        for shift, lost in ((0, 0), (1, 2), (2, 3)):
            text = base64.b64encode(bytes(shift) + word)
            found[text[lost : (8 * (shift + len(word))) // 6]] = lost
    return found


_ENCODED = _encodings()
_ENCODED_ANY = re2.compile(b"|".join(re2.escape(word) for word in sorted(_ENCODED)), _LATIN)


def encoded(body: bytes, count: Callable[[bytes], int], spend: Spend) -> Iterator[Span]:
    """Yield runs of base64 that hold a secret by the word of `count`; beyond the allowance without asking it."""
    done = asked = 0
    while match := _ENCODED_ANY.search(body, done):
        at = match.start()
        start = _run_start(body, done, at)
        end = _RUN.match(body, at).end()
        done = end
        spend.one(at)
        asked += 1
        begin = start + (at - _ENCODED[match[0]] - start) % 4
        plain = _decoded(body[begin:end]) if asked <= _DECODED else b""
        if asked <= _DECODED and not (plain and count(plain)):
            continue
        yield Span(start, end, named(b"base64"))
        if plain.startswith(b"-----BEGIN"):
            yield from _wrapped(body, end, end - start)


def _run_start(body: bytes, floor: int, at: int) -> int:
    """Return where the run of base64 that `at` lies in begins."""
    size = 256
    while True:
        piece = body[max(floor, at - size) : at]
        kept = len(piece.rstrip(_ALPHABET))
        if kept or len(piece) < size or size >= _LONGEST:
            return at - len(piece) + kept
        size *= 4


def _decoded(run: bytes) -> bytes:
    run = run.replace(b"-", b"+").replace(b"_", b"/")
    try:
        return base64.b64decode(run[: len(run) // 4 * 4] + _padded(run[len(run) // 4 * 4 :]))
    except binascii.Error:
        return b""


def _padded(rest: bytes) -> bytes:
    return rest + b"=" * (4 - len(rest)) if len(rest) > 1 else b""


def _wrapped(body: bytes, end: int, width: int) -> Iterator[Span]:
    """Yield the further lines of an encoded key that was wrapped at `width`; the first shorter one is the last."""
    at = end
    while body[at : at + 1] == b"\n" or body[at : at + 2] == b"\r\n":
        start = at + (2 if body[at : at + 1] == b"\r" else 1)
        line = body[start : _line_end(body, start)].rstrip(b"\r")
        if len(line) < 4 or len(line) > width or line.rstrip(b"=").strip(_ALPHABET):
            return
        at = start + len(line)
        yield Span(start, at, named(b"base64"))
        if len(line) < width:
            return


# --- kubectl ----------------------------------------------------------------------------------------------------------

APPLIED = b"kubectl.kubernetes.io/last-applied-configuration"


def applied(body: bytes, spend: Spend) -> Iterator[Span]:
    """Yield applied configurations in text: on the line of the annotation, or as JSON on the next."""
    at = body.find(APPLIED)
    while at >= 0:
        spend.one(at)
        after = at + len(APPLIED)
        line_end = _line_end(body, after)
        rest = body[after:line_end]
        value = rest.lstrip(b"\"': \t=")
        if rest[:1] == b'"':
            pass  # a key of JSON, found by its place
        elif b"{" in value:
            yield Span(line_end - len(value), line_end, named(b"last-applied"))
        elif not value.strip(b"|>-+ \t\r"):
            following = _line_end(body, line_end + 1)
            line = body[line_end + 1 : following]
            if line.lstrip().startswith(b"{"):
                yield Span(following - len(line.lstrip()), following, named(b"last-applied"))
        at = body.find(APPLIED, after)


def described(body: bytes, spend: Spend) -> Iterator[Span]:
    """Yield the values of variables in `kubectl describe`.

    Environment:
      DB_PASSWORD:  hunter2
      FROM_REF:     <set to the key 'password' in secret 'db'>  Optional: false
      NODE:          (v1:spec.nodeName)
    """
    head = b"Environment:"
    at = body.find(head)
    while at >= 0:
        line = body.rfind(b"\n", 0, at) + 1 if at < 512 else body.rfind(b"\n", at - 512, at) + 1
        depth = at - line
        if not body[line:at].strip(b" ") and depth:
            yield from _variables(body, _line_end(body, at) + 1, depth, spend)
        at = body.find(head, at + len(head))


def _variables(body: bytes, at: int, depth: int, spend: Spend) -> Iterator[Span]:
    while at < len(body):
        spend.one(at)
        end = _line_end(body, at)
        line = body[at:end].rstrip(b"\r")
        if len(line) - len(line.lstrip(b" \t")) <= depth:
            return
        name, colon, value = line.partition(b":")
        bare = value.strip() if colon and b" " not in name.strip() else line.strip()
        kept = (b"<set to the key", b"(v1:", b"(limits.", b"(requests.")
        reference = bare.startswith(kept) or (bare.endswith(b")") and bare.startswith(b"0 ("))
        if bare and not reference and not harmless_setting(name.strip(), bare):
            stop = at + len(line.rstrip())
            yield Span(stop - len(bare), stop, named(b"env"))
        at = end + 1


def _line_end(body: bytes, at: int) -> int:
    end = body.find(b"\n", at)
    return len(body) if end < 0 else end
