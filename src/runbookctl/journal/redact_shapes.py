"""Secrets that are known by their shape, wherever they stand: tokens with a prefix, headers, URLs, hashes.

Pure. Each pattern has a sample above it; each family is looked for only when one of its literals is there.
Source: the issuers' own pages on token formats (GitHub, GitLab, Slack, AWS IAM, Stripe, NVIDIA NGC, PyPI, npm).
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterator
from typing import Any

import re2
from msgspec import Struct

from runbookctl.journal.redact_span import Span, Spend, named

_LATIN = re2.Options()
_LATIN.encoding = re2.Options.Encoding.LATIN1


class Family(Struct, frozen=True, kw_only=True):
    """Patterns that share literals. `group` is what goes; `accept` has the last word on a match."""

    literals: tuple[bytes, ...]  # lower case
    pattern: Any
    kind: bytes | Callable[[bytes], bytes]
    group: int = 0
    accept: Callable[[bytes, Any], bool] | None = None


def families(body: bytes, low: bytes, spend: Callable[[], Spend]) -> Iterator[Iterator[Span]]:
    """Yield, for each family of which a literal is there, what must go; each has its own allowance of places."""
    rare = _ANY_RARE.search(low) is not None
    for family in FAMILIES:
        if (rare or family.literals in _COMMON) and any(literal in low for literal in family.literals):
            yield _of(family, body, spend())


def _of(family: Family, body: bytes, spend: Spend) -> Iterator[Span]:
    for match in family.pattern.finditer(body):
        spend.one(match.start())
        if family.accept is None or family.accept(body, match):
            value = match[family.group]
            kind = family.kind if isinstance(family.kind, bytes) else family.kind(value)
            yield Span(match.start(family.group), match.end(family.group), named(kind))


# --- tokens with a prefix ---------------------------------------------------------------------------------------------

_PREFIXES: tuple[tuple[bytes, bytes], ...] = (
    (b"gh", b"github-token"), (b"gl", b"gitlab-token"), (b"xox", b"slack-token"), (b"xapp", b"slack-token"),
    (b"nvapi", b"nvidia-key"), (b"npm_", b"npm-token"), (b"pypi", b"pypi-token"), (b"AIza", b"google-key"),
    (b"ya29", b"google-token"), (b"hvs", b"vault-token"), (b"hvb", b"vault-token"), (b"dckr", b"docker-token"),
    (b"SG.", b"sendgrid-key"), (b"hf_", b"huggingface-token"), (b"AGE-", b"age-key"), (b"glsa", b"grafana-token"),
    (b"dop_", b"digitalocean-token"), (b"dapi", b"databricks-token"), (b"tskey", b"tailscale-key"),
)  # fmt: skip


def _issuer(value: bytes) -> bytes:
    return next((kind for prefix, kind in _PREFIXES if value.startswith(prefix)), b"token")


# ghp_16C7e42F292c6912E7710c838347Ae178B4a       github_pat_11ABCDEFG0abcdefghijkl_...     glpat-AbCdEfGhIjKlMnOpQrSt
# xoxb-123456789012-1234567890123-AbCdEf        xapp-1-A0123-4567-abcdef                  nvapi-AbCdEf...
# npm_AbCd...  pypi-AgEIcHlwaS5vcmc...  AIzaSyA...  ya29.a0Af...  hvs.CAES...  dckr_pat_...  SG.x.y  hf_AbCd...
_PREFIXED = re2.compile(
    rb"gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}"
    rb"|gl(?:pat|dt|rt|rtr|cbt|ptt|ft|imt|agent|soat|oas|ffct|wt|sa)[-_][A-Za-z0-9_=.-]{16,}"
    rb"|xox[a-z](?:\.xox[a-z])?-[A-Za-z0-9-]{8,}|xapp-[A-Za-z0-9-]{10,}|nvapi-[A-Za-z0-9_-]{20,}"
    rb"|npm_[A-Za-z0-9]{30,}|pypi-[A-Za-z0-9_-]{40,}|AIza[A-Za-z0-9_-]{30,}|ya29\.[A-Za-z0-9_-]{20,}"
    rb"|hv[sb]\.[A-Za-z0-9_-]{20,}|dckr_(?:pat|oat)_[A-Za-z0-9_-]{20,}|SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}"
    rb"|hf_[A-Za-z0-9]{30,}|AGE-SECRET-KEY-1[A-Z0-9]{50,}|dop_v1_[a-f0-9]{40,}|dapi[a-f0-9]{32}"
    rb"|tskey-[A-Za-z0-9-]{16,}",
    _LATIN,
)


def _at_edge(body: bytes, match: Any) -> bool:
    """Say whether a short prefix begins a word (or follows a percent escape), so that `task-` is no `sk-`."""
    start = match.start()
    before = body[max(0, start - 3) : start]
    return not before[-1:].isalnum() or (before[:1] == b"%" and len(before) == 3)


# sk-proj-AbCd...  sk-ant-api03-...  sk-AbCdEf...(48)      sk_live_51H...  rk_test_...
_SK = re2.compile(
    rb"sk-(?:proj|ant|svcacct|admin|or|lf|None)-[A-Za-z0-9_-]{16,}|sk-[A-Za-z0-9]{32,}"
    rb"|[srp]k_(?:live|test)_[A-Za-z0-9]{10,}|whsec_[A-Za-z0-9+/=]{20,}",
    _LATIN,
)
# AKIAIOSFODNN7EXAMPLE           LTAI5tAbCdEfGhIjKlMnOpQr (Alibaba)       AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE (Tencent)
_CLOUD = re2.compile(rb"(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}|LTAI[A-Za-z0-9]{12,}|AKID[A-Za-z0-9]{13,}", _LATIN)
# AKIAIOSFODNN7EXAMPLE,wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY
_CLOUD_SECRET = re2.compile(rb"(?:AKIA|ASIA)[A-Z0-9]{16}[\s\"',:;|]{1,8}([A-Za-z0-9/+]{40})", _LATIN)
# eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl
_JWT = re2.compile(rb"eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)*", _LATIN)

# --- headers ----------------------------------------------------------------------------------------------------------

# Authorization: Bearer abc     "authorization": ["Basic dTpw"]     Authorization=AWS4-HMAC-SHA256 Credential=...
_AUTHORIZATION = re2.compile(
    rb"(?i)authorization[\"'\\]{0,4}[ \t]*(?:[:=]|%3a|%3d)(?:[ \t+]|%20)*[\[\"'\\]{0,6}"
    rb"(?:bearer|basic|digest|token|apikey|api-key|negotiate|ntlm|oauth|hawk|splunk|ssws|aws4-hmac-sha256|googlelogin)"
    rb"(?:[ \t+]|%20)+([^\r\n\"']+)",
    _LATIN,
)
# curl prints: > Authorization: ghs4Kf9aB2
_AUTHORIZATION_BARE = re2.compile(rb"(?i)authorization[\"']?[ \t]*:[ \t]*[\"']?([^\s\"',;]{8,})", _LATIN)
# Bearer abc123def456        bearer%20abc
_BEARER = re2.compile(rb"(?i)(?:\b|%20)(?:bearer|negotiate)(?:[ \t+]|%20){1,4}([A-Za-z0-9._~+/=-]{8,})", _LATIN)
# Basic dXNlcjpwYXNz
_BASIC = re2.compile(rb"(?i)(?:\b|%20)basic(?:[ \t+]|%20){1,4}([A-Za-z0-9+/_-]{8,}={0,2})", _LATIN)
# Set-Cookie: session=abc; Path=/         Cookie: a=b; c=d        "cookie": "a=b"
_COOKIE = re2.compile(
    rb"(?i)\b(?:set-)?cookie2?[\"'\\]{0,4}[ \t]*[:=][ \t]*[\[\"'\\]{0,6}"
    rb"([A-Za-z0-9_.$%!#-]+=[^\r\n\"'\\]+)",
    _LATIN,
)


def _random(value: bytes) -> bool:
    has_digit = any(48 <= byte <= 57 for byte in value[:256])
    return (has_digit and len(value) >= 8) or (len(value) >= 20 and value != value.lower())


def _bare_header(_: bytes, match: Any) -> bool:
    return _random(match[1]) and not match[1].endswith(b":") and not match[1].startswith(b"[redacted")


def _bearer(_: bytes, match: Any) -> bool:
    return _random(match[1]) and not match[1].startswith(b"realm=")


def _basic(_: bytes, match: Any) -> bool:
    try:
        return b":" in base64.b64decode(match[1] + b"=" * (-len(match[1]) % 4), validate=True)
    except binascii.Error:
        return False


# --- addresses --------------------------------------------------------------------------------------------------------

# postgres://user:pass@db/app       https://x-access-token:abc@github.com       amqp://:secret@mq
_USERINFO = re2.compile(rb"://[^\s/:@\"'<>]*:([^\s/\"'<>]+)@", _LATIN)
# https://0123456789abcdef0123456789abcdef@sentry.io/1
_USER_TOKEN = re2.compile(rb"://([A-Za-z0-9_%-]{20,})@", _LATIN)
# root:hunter2@tcp(db:3306)/app
_GO_DSN = re2.compile(rb"[A-Za-z0-9_.-]+:([^\s@\"'/]+)@(?:tcp|unix)\(", _LATIN)
# ?access_token=abc   &sig=abc%3D    &X-Amz-Signature=abc
_QUERY = re2.compile(
    rb"(?i)(?:[?&;]|%3f|%26|&amp;|\\u0026)(access_token|id_token|refresh_token|auth_token|token|api_?key|key|sig|signature"
    rb"|auth|secret|password|passwd|pwd|code|client_secret|x-amz-signature|x-amz-credential|x-amz-security-token"
    rb"|x-goog-signature|x-goog-credential|session|sessionid|session_id|sid|jwt|assertion)(?:=|%3d)([^&\s\"'<>#;\\]+)",
    _LATIN,
)
_WEAK_QUERY = frozenset((b"key", b"auth", b"code", b"session", b"sid", b"sig", b"signature", b"token"))
# AccountKey=abc==;     SharedAccessKey=abc=      Password=x;     Pwd=x;
_ACCOUNT_KEY = re2.compile(rb"(?i)(?:AccountKey|SharedAccessKey|SharedAccessSignature)=([^;\s\"'\\]{8,})", _LATIN)
# https://hooks.slack.com/services/T000/B000/XXXX     discord.com/api/webhooks/1/abc     /open-apis/bot/v2/hook/abc
_HOOK = re2.compile(
    rb"hooks\.slack\.com/(?:services|workflows|triggers)/([A-Za-z0-9_/-]{6,})"
    rb"|discord(?:app)?\.com/api/webhooks/([A-Za-z0-9_/-]{6,})|/open-apis/bot/v2/hook/([A-Za-z0-9-]{8,})"
    rb"|api\.telegram\.org/bot([0-9]{6,12}:[A-Za-z0-9_-]{30,})|\.webhook\.office\.com/([A-Za-z0-9@/_-]{20,})",
    _LATIN,
)


def _no_digest(body: bytes, match: Any) -> bool:
    # docker-pullable://nginx:1.25@sha256:0a1b... names an image
    return not body.startswith((b"sha256:", b"sha512:"), match.end()) and match[1] not in (b"***", b"xxxxx", b"****")


def _query(_: bytes, match: Any) -> bool:
    weak = match[1].lower() in _WEAK_QUERY
    return not match[2].startswith(b"[redacted") and (not weak or (len(match[2]) >= 8 and _random(match[2])))


def _user_token(body: bytes, match: Any) -> bool:
    return _no_digest(body, match) and _random(match[1])


# --- commands and files -----------------------------------------------------------------------------------------------

# curl -u user:pass https://x      curl --user user:pass
_CURL = re2.compile(rb"\bcurl\b[^\n]*?[ \t](?:-u|--user|--proxy-user)[ \t=]*[\"']?[^\s:\"']+:([^\s\"']+)", _LATIN)
# sshpass -p hunter2      redis-cli -a hunter2      ipmitool -U admin -P calvin      mysql -uroot -phunter2
_OPTION = re2.compile(
    rb"\b(?:sshpass[ \t]+-p|redis-cli[^\n]*?[ \t]-a|ipmitool[^\n]*?[ \t]-P|mysql(?:dump|admin)?[^\n]*?[ \t]-p)"
    rb"[ \t]*[\"']?([^\s\"'-][^\s\"']{2,})",
    _LATIN,
)
# root:$6$saltsalt$9jk...:19000:0:99999:7:::
_CRYPT = re2.compile(rb"\$(?:1|2[abxy]?|5|6|7|y|gy|argon2id?|apr1)\$[A-Za-z0-9./$=,+-]{8,}", _LATIN)

FAMILIES: tuple[Family, ...] = (
    Family(literals=(b"_", b"-", b".", b"aiza", b"dapi"), pattern=_PREFIXED, kind=_issuer),
    Family(literals=(b"sk-", b"k_live_", b"k_test_", b"whsec_"), pattern=_SK, kind=b"api-key", accept=_at_edge),
    Family(literals=(b"akia", b"asia", b"abia", b"acca", b"ltai", b"akid"), pattern=_CLOUD, kind=b"cloud-access-key",
           accept=_at_edge),
    Family(literals=(b"akia", b"asia"), pattern=_CLOUD_SECRET, kind=b"cloud-secret-key", group=1),
    Family(literals=(b"eyj",), pattern=_JWT, kind=b"jwt"),
    Family(literals=(b"authorization",), pattern=_AUTHORIZATION, kind=b"authorization", group=1),
    Family(literals=(b"authorization",), pattern=_AUTHORIZATION_BARE, kind=b"authorization", group=1,
           accept=_bare_header),
    Family(literals=(b"bearer", b"negotiate"), pattern=_BEARER, kind=b"bearer-token", group=1, accept=_bearer),
    Family(literals=(b"basic",), pattern=_BASIC, kind=b"basic-auth", group=1, accept=_basic),
    Family(literals=(b"cookie",), pattern=_COOKIE, kind=b"cookie", group=1),
    Family(literals=(b"://",), pattern=_USERINFO, kind=b"url-password", group=1, accept=_no_digest),
    Family(literals=(b"://",), pattern=_USER_TOKEN, kind=b"url-token", group=1, accept=_user_token),
    Family(literals=(b"@tcp(", b"@unix("), pattern=_GO_DSN, kind=b"url-password", group=1),
    Family(literals=(b"=", b"%3d"), pattern=_QUERY, kind=b"query-token", group=2, accept=_query),
    Family(literals=(b"accountkey", b"sharedaccess"), pattern=_ACCOUNT_KEY, kind=b"azure-key", group=1),
    Family(literals=(b"curl",), pattern=_CURL, kind=b"password", group=1),
    Family(literals=(b"sshpass", b"redis-cli", b"ipmitool", b"mysql"), pattern=_OPTION, kind=b"password", group=1),
    Family(literals=(b"$1$", b"$2", b"$5$", b"$6$", b"$7$", b"$y$", b"$gy$", b"$argon2", b"$apr1$"), pattern=_CRYPT,
           kind=b"password-hash"),
)  # fmt: skip

_COMMON = ((b"_", b"-", b".", b"aiza", b"dapi"), (b"://",), (b"=", b"%3d"))
_ANY_RARE = re2.compile(
    b"|".join(re2.escape(word) for family in FAMILIES if family.literals not in _COMMON for word in family.literals),
    _LATIN,
)


def hooks(body: bytes, low: bytes, spend: Spend) -> Iterator[Span]:
    """Yield the secret part of webhook addresses."""
    if not any(word in low for word in (b"hooks.slack", b"webhook", b"/hook/", b"telegram")):
        return
    for match in _HOOK.finditer(body):
        spend.one(match.start())
        group = next(number for number in range(1, 6) if match[number] is not None)
        yield Span(match.start(group), match.end(group), named(b"webhook"))
