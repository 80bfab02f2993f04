"""Secrets that have a name: `password=x`, `"token": "x"`, `--api-key x`, `client-key-data: x`.

Pure. One linear pass finds names; redact_words judges each with what stands around it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import re2

from runbookctl.journal.redact_span import Span, Spend, named
from runbookctl.journal.redact_words import NOTHING, REFUSALS, Pair, is_secret

_LATIN = re2.Options()
_LATIN.encoding = re2.Options.Encoding.LATIN1

_NAMES = (
    rb"password|passwd|passphrase|passcode|passwort|pwd|pass|secret|token"
    rb"|(?:api|access|secret|private|signing|encryption|account|shared[_-]?access|storage|master|auth|session|ssh"
    rb"|license|hmac|jwt|client|shared|consumer|subscription)[_-]?key"
    rb"|key[_-]?data|dockerconfigjson|dockercfg|credentials?|auth|pin|otp|(?-i:KEY)"
)

# DB_PASSWORD=hunter2       "password": "hunter2"      \"api_key\":\"x\"      token: eyJ      client-key-data: LS0t
# secret_key => 'x'         password%3Dhunter2         <password>x</password> api_key=['x']
_NAMED = re2.compile(
    rb"(?i)(" + _NAMES + rb")[0-9]{0,2}((?:\\{0,4}[\"']\]?|%22|&quot;)?)"
    rb"([ \t]*(?:=>|:=|==?|:|%3d|%3a)[ \t]*|>)[^\s{|>]",
    _LATIN,
)
# How a value opens: \"   '   ["   b'   %22
_OPENS = re2.compile(rb"\[?[bBrRuU]?((?:\\{0,4}[\"'])|%22|&quot;)|\[", _LATIN)
# --password hunter2     --api-key "x"     -token x     "--password", "hunter2"
_FLAG = re2.compile(
    rb"(?i)(?:^|[\s\"',\[])--?[a-z0-9-]*?(password|passwd|token|secret|api-?key|access-?key)"
    rb"(?:[ \t]+([\"']?)|\\{0,4}[\"'],\s*(\\{0,4}[\"']))",
    _LATIN,
)
# machine github.com login u password hunter2
_NETRC = re2.compile(rb"(?i)\blogin[ \t]+\S+[ \t]+password[ \t]+(\S+)", _LATIN)
# "name": "DB_PASSWORD", "value": "hunter2"          - name: DB_PASSWORD\n  value: hunter2
_ENTRY = re2.compile(
    rb"(?i)name\\{0,4}[\"']?:[ \t]*\\{0,4}[\"']?[a-z0-9_.-]*?"
    rb"(?:password|passwd|passphrase|secret|token|key|pass|pwd|auth|dsn)"
    rb"\\{0,4}[\"']?(?:,\s*|[ \t]*\r?\n[ \t]*)\\{0,4}[\"']?value\\{0,4}[\"']?:[ \t]*(\\{0,4}[\"']?)",
    _LATIN,
)
_IDENTIFIER = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-"
# hunter2      p4ss)word      a\\b         not: quotes, blanks, separators, an escaped quote or line end
_BARE = re2.compile(rb"(?:[^\s\"'\\,;&<>]|\\[^nrt\"'])+", _LATIN)
# DB_PASSWORD=x && run      password: x  # a comment
_MORE = re2.compile(rb"&&|[|;]| #", _LATIN)
_LINE = 4096  # bytes of a line that are looked at after a name
_BEFORE = 200  # and before it
_LEADING = b" \t-\"'>+$#*,{"
_MAY_OPEN = frozenset(bytes((byte,)) for byte in b"\\\"'[bBrRuU%&")
_EXPORT = (b"export", b"env", b"declare -x", b"set", b"- name:", b"setenv")
_SHORT = frozenset((b"pass", b"pwd", b"key", b"auth", b"pin", b"otp", b"credential", b"credentials"))
_KIND = {
    b"passwd": b"password", b"passphrase": b"password", b"passcode": b"password", b"passwort": b"password",
    b"pwd": b"password", b"pass": b"password", b"key_data": b"private-key", b"private_key": b"private-key",
    b"apikey": b"api-key", b"api_key": b"api-key", b"accountkey": b"azure-key", b"secretkey": b"secret-key",
    b"accesskey": b"access-key", b"privatekey": b"private-key", b"dockerconfigjson": b"docker-auth",
    b"dockercfg": b"docker-auth", b"auth": b"docker-auth",
}  # fmt: skip


def spans(body: bytes, low: bytes, spend: Spend) -> Iterator[Span]:
    """Yield what named values must go."""
    for match in _NAMED.finditer(body):
        spend.one(match.start())
        found = _named(body, match)
        if found is not None:
            yield found
    if b"--" in body or b" -" in body:
        yield from _flags(body, spend)
    if b"login" in low:
        for match in _NETRC.finditer(body):
            spend.one(match.start())
            yield Span(match.start(1), match.end(1), named(b"password"))
    if b"value" in low and b"name" in low:
        for match in _ENTRY.finditer(body):
            spend.one(match.start())
            start, end, _ = _value(body, match.end(), match[1], to_line_end=True)
            if end > start and not body.startswith((b"[redacted:", b"$", b"{"), start):
                yield Span(start, end, named(b"env"))


def _named(body: bytes, match: Any) -> Span | None:
    at, word_end = match.span(1)
    text = body[at:word_end]
    word = text.lower().replace(b"-", b"_")
    separator = match[3].strip()
    after = match.end() - 1
    line = body.rfind(b"\n", max(0, at - _BEFORE), at) + 1 or max(0, at - _BEFORE)
    head = body[line:at]
    left = head.rstrip(_IDENTIFIER)
    own = head[len(left) :]
    if word in _SHORT and not _stands_alone(own, text):
        return None
    if separator == b">":
        return _element(body, after, left, word)
    name_quote = match[2]
    begins = not left.strip(_LEADING) or left.strip().lower() in _EXPORT
    upper = text.isupper() and own == own.upper()
    assigned = b"=" in separator or separator.lower() == b"%3d"
    quote = b""
    if body[after : after + 1] in _MAY_OPEN and (opening := _OPENS.match(body, after, after + 8)):
        quote, after = opening[1] or b"", opening.end()
    whole_line = begins and not quote and not name_quote and (assigned if upper else word.startswith(b"pass"))
    start, end, rest = _value(body, after, quote, to_line_end=whole_line)
    if end <= start or body[start] in b"{[|>":
        return None
    pair = Pair(
        (own + text).lower().lstrip(b".-"), word, body[start:end], bool(quote), bool(name_quote), assigned, begins,
        upper, rest, left[-64:],
    )  # fmt: skip
    if not is_secret(pair):
        return None
    bare_json = name_quote if name_quote.endswith(b'"') and not quote and not assigned else b""
    return Span(start, end, named(_KIND.get(word, word.replace(b"_", b"-")), bare_json))


def _stands_alone(own: bytes, word: bytes) -> bool:
    """Say whether a short word is a word of its own: DB_PASS, db-pass, dbPass; not bypass, monkey, spin."""
    return not own or own[-1:] in b"_-." or (word[:1].isupper() and own[-1:].islower())


def _element(body: bytes, start: int, left: bytes, word: bytes) -> Span | None:
    """Return the content of an XML element: <password>x</password>."""
    end = body.find(b"<", start, start + _LINE)
    if not left.endswith(b"<") or end <= start or b"\n" in body[start:end]:
        return None
    return Span(start, end, named(_KIND.get(word, word)))


def _value(body: bytes, start: int, quote: bytes, *, to_line_end: bool) -> tuple[int, int, bytes]:
    """Return where a value stands, and what follows it on its line."""
    stop = body.find(b"\n", start, start + _LINE)
    if stop < 0:
        stop = min(len(body), start + _LINE)
    if stop > start and body[stop - 1] == 13:  # \r
        stop -= 1
    if quote:
        end = _closing(body, start, stop, quote)
    elif to_line_end and not _MORE.search(body, start, stop):
        end = stop
    else:
        bare = _BARE.match(body, start, stop)
        end = bare.end() if bare else start
        end -= len(body[start:end]) - len(body[start:end].rstrip(b")]}."))
    return start, end, body[end : min(stop, end + 160)]


def _closing(body: bytes, start: int, stop: int, quote: bytes) -> int:
    """Return where a quoted value ends; an escaped quote inside it does not end it."""
    at = start
    while True:
        end = body.find(quote, at, stop)
        if end < 0:
            return stop
        slashes = len(body[start:end]) - len(body[start:end].rstrip(b"\\"))
        if slashes % 2 == 0:
            return end
        at = end + 1


def _flags(body: bytes, spend: Spend) -> Iterator[Span]:
    for match in _FLAG.finditer(body):
        spend.one(match.start())
        quote = match[2] or match[3] or b""
        start, end, rest = _value(body, match.end(), quote, to_line_end=False)
        value = body[start:end]
        word = value.rstrip(b".,:").lower()
        if value and not value.startswith((b"-", b"<", b"$", b"{", b"[")) and word not in NOTHING | REFUSALS:
            is_prose = not quote and value.isalpha() and value.islower() and len(rest.split()) > 1
            if not is_prose:
                yield Span(start, end, named(_KIND.get(match[1].lower(), match[1].lower())))
