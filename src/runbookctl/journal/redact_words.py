"""Is this `name = value` a secret? The judgement behind the keyed patterns: names, then values.

Pure. Written so that what programs print about secrets (names, refusals, counts of tokens) stays readable.
"""

from __future__ import annotations

from typing import NamedTuple

import re2

_LATIN = re2.Options()
_LATIN.encoding = re2.Options.Encoding.LATIN1

TOKEN_WORDS = frozenset(
    b"eos bos pad unk sep cls mask stop next max min per first last output input prompt end begin start special image "
    b"audio video decoder draft new old each one single generated completion think bad forced num total avg mean "
    b"tokens cached unexpected invalid".split()
)
"""Words before `token` that make it a piece of text, not a credential: `eos_token`, `time per output token`."""

NAMING_WORDS = frozenset(b"existing pull imagepull tls image ref kube kubernetes k8s name".split())
"""Words before `secret` that make it the name of a Secret object: `existingSecret: db`."""

NOTHING = frozenset(
    b"none null nil true false yes no empty undefined unset redacted hidden masked required optional missing "
    b"not n/a <nil> <none> <unset> <hidden> <redacted> <unknown> ok enabled disabled default".split()
)
"""Values that are no secret, in lower case."""

REFUSALS = frozenset(
    b"authentication authorization failed failure must required invalid incorrect expired is not missing mismatch "
    b"denied cannot for error unauthorized forbidden eof timeout unable unknown wrong rejected refused revoked found "
    b"request unexpected was has does and or with from to in on at the a an".split()
)
"""First words of what is said about a secret: `password: authentication failed`."""

_PATHS = (
    b"/etc/", b"/var/", b"/run/", b"/usr/", b"/home/", b"/root/", b"/opt/", b"/mnt/", b"/tmp/", b"/secrets/", b"/work",
    b"/data/", b"/app/", b"/srv/", b"/dev/", b"/proc/", b"/sys/",
)  # fmt: skip

# os.environ["KEY"]   get_token(   self.token
_CODE = re2.compile(rb"^(?:[A-Za-z_][\w.]*[(\[]|[a-z_]+(?:\.[a-z_]+)+$)", _LATIN)
# ${DB_PASSWORD}   $(cat /run/token)   {{ .Values.password }}   $PGPASSWORD   %s   ****   xxxx
_PLACEHOLDER = re2.compile(
    rb"^(?:\$\{.*|\$\(.*|\{\{.*|\$[A-Z_][A-Z0-9_]*|%[a-z]|%\([a-z_]+\)s|<[a-z][^>]*>|\*{3,}|[xX]{4,}|\.{3,}"
    rb"|\[redacted:.*)$",
    _LATIN,
)
_PLACEHOLDS = frozenset(bytes((byte,)) for byte in b"${%<*x.[")
# kubelet: <set to the key 'password' in secret 'db'>  Optional: false
_REFERENCE = b"<set to the key"
# regcred   ml/regcred   db-credentials-2
_OBJECT_NAME = re2.compile(rb"^[a-z0-9](?:[a-z0-9./-]*[a-z0-9])?$", _LATIN)


class Pair(NamedTuple):
    """A name with a value as found in text."""

    name: bytes  # the whole identifier, lower case: b"db_password"
    word: bytes  # what matched, lower case: b"password"
    value: bytes
    quoted: bool  # the value stands in quotes
    quoted_name: bool  # the name stands in quotes: "password": ...
    assigned: bool  # "=" in some form, not a colon
    begins: bool  # the name begins its line
    upper: bool  # the name is in upper case, as variables of the environment are
    rest: bytes  # what follows on the line
    before: bytes  # up to 64 bytes of the line before the name


def is_secret(pair: Pair) -> bool:
    """Say whether the value must not be stored."""
    low = pair.value.strip().rstrip(b".,").lower()
    if not low or low in NOTHING or pair.value.startswith(_REFERENCE):
        return False
    if low[:1] in _PLACEHOLDS and _PLACEHOLDER.match(pair.value):
        return False
    if not pair.quoted and not low.isalnum() and _CODE.match(pair.value) and not _looks_random(pair.value):
        return False
    if not pair.quoted and low == pair.name and pair.rest[:1] in (b",", b")"):
        return False  # connect(password=password, ...)
    match pair.word:
        case b"token":
            return _token(pair)
        case b"secret":
            return _secret(pair)
        case b"pwd":
            return not pair.value.startswith(b"/") and _said(pair)
        case b"pass" | b"key" | b"auth" | b"credential" | b"credentials" | b"pin" | b"otp":
            return _weak(pair)
        case _:
            return _said(pair)


def _token(pair: Pair) -> bool:
    words = _words(pair)
    if words and words[-1] in TOKEN_WORDS:
        return False
    if pair.value.isdigit() and (len(pair.value) <= 3 or not (pair.assigned or pair.quoted_name or pair.begins)):
        return False  # "token: 401 Unauthorized", "last token: 512"
    return not _is_path(pair.value) and _said(pair)


def _secret(pair: Pair) -> bool:
    words = _words(pair)
    if words and (words[-1] in NAMING_WORDS or words[-1].endswith((b"pull", b"existing"))):
        return False
    if pair.name == b"secret" and _OBJECT_NAME.match(pair.value):
        # kubelet: "Unable to retrieve pull secret" pod="ml/x" secret="regcred" err="..."
        if pair.quoted and (b'pod="' in pair.before or b'err="' in pair.rest or b'="' in pair.before):
            return False
        if not pair.assigned and not pair.begins and pair.rest.strip():
            return False
    return not _is_path(pair.value) and _said(pair)


def _weak(pair: Pair) -> bool:
    """Judge names that are often harmless (`pass: 12`, `cache_key=x`) by their value."""
    if _is_path(pair.value):
        return False
    match pair.word:
        case b"pin" | b"otp":
            return pair.value.isdigit() and 4 <= len(pair.value) <= 8
        case b"key" | b"credential" | b"credentials":
            return pair.upper and pair.assigned and len(pair.value) >= 8 and _looks_random(pair.value)
        case b"auth":
            encoded = len(pair.value) >= 8 and not pair.value.strip(_BASE64)
            return encoded and (pair.quoted_name or pair.upper or pair.name.startswith(b"_"))
        case _:
            bare = pair.name == b"pass" and not pair.quoted_name and not pair.upper
            return _looks_random(pair.value) if bare else _said(pair)


_BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=_-"


def _words(pair: Pair) -> list[bytes]:
    """Return the words before the matched one: b"eos_token" gives [b"eos"], `per output token` gives its words."""
    own = pair.name[: len(pair.name) - len(pair.word)] if pair.name.endswith(pair.word) else pair.name
    words = own.replace(b"-", b"_").replace(b".", b"_").split(b"_")
    found = [word for word in words if word]
    return found or pair.before.lower().replace(b"-", b" ").split()[-2:]


def _said(pair: Pair) -> bool:
    """Say whether name and value are an assignment, not a sentence about a secret."""
    if pair.assigned or pair.quoted_name:
        return True
    first, _, more = (pair.value + pair.rest).partition(b" ")
    word = first.rstrip(b".:!?").lower()
    if word in REFUSALS or first.endswith(b":"):
        return False  # password: x509: certificate ...
    if pair.begins and pair.word.startswith(b"pass"):
        # password: correct horse battery staple
        return REFUSALS.isdisjoint(part.strip(b".,:;!?\"'").lower() for part in (pair.value + pair.rest).split())
    if pair.quoted:
        # invalid token: "<" at position 3      secret: "db" not found
        return pair.begins or not more.strip() or more.strip()[:1] in (b",", b"}", b")")
    if first.isalpha() and more.strip():
        # failed to fetch anonymous token: unexpected status from GET request
        return pair.rest[:1] in (b",", b";") and not _is_sentence(pair.rest)
    return True


def _is_sentence(rest: bytes) -> bool:
    words = rest.split()
    return len(words) > 3 and all(word.strip(b".,;:").isalpha() for word in words[:4])


def _is_path(value: bytes) -> bool:
    return value.startswith(_PATHS)


def _looks_random(value: bytes) -> bool:
    digits = sum(48 <= byte <= 57 for byte in value[:64])
    letters = sum(byte > 64 for byte in value[:64])
    mixed = value[1:] != value[1:].lower() and value != value.upper()
    return (digits > 0 and letters > 0) or (mixed and len(value) >= 12) or len(value) >= 32
