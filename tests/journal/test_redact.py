"""What must go before storage, what must stay, and what it costs."""

from __future__ import annotations

import base64
import json
import random
import string
import sys
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runbookctl.journal.redact import clean, redact

from .samples import CANARY, HARMLESS, SECRETS

MIB = 1 << 20


@pytest.mark.parametrize("text", SECRETS)
@pytest.mark.parametrize("form", ["pod_log", "kubernetes_objects"])
def test_s8_a_secret_goes_and_the_lines_stay(text: str, form: str) -> None:
    """Every known way to write a secret, alone and between other lines."""
    for body in (text, f"2026-11-22T02:47:35Z before\n{text}\nafter\n", text.replace("\n", "\r\n")):
        found = redact(body.encode(), form)
        assert CANARY not in found.body.decode()
        assert b"[redacted:" in found.body
        assert found.count > 0
        assert found.body.count(b"\n") == body.count("\n")
        again = redact(found.body, form)
        assert (again.body, again.count) == (found.body, 0)


@pytest.mark.parametrize("text", HARMLESS)
def test_s8_what_diagnosis_needs_stays(text: str) -> None:
    """Names of secrets, refusals, counts of tokens, digests, ids and kernel lines are not touched, in any form."""
    for form in ("pod_log", "kernel_log", "kubectl_describe_pod", "kubernetes_objects", "unrecognised"):
        body = f"first line\n{text}\nlast line\n".encode()
        assert redact(body, form).body == body


@pytest.mark.parametrize(
    "secret",
    ["password=Zq7hunter2", '{"auths":{"r.io":{"username":"u","password":"Zq7hunter2"}}}', "token: Zq7hunter2xyz",
     "ghp_Zq7a1b2c3d4e5f6g7h8i9j0k1l2m3n4o5p6", "Authorization: Bearer Zq7a1b2c3d4e5f6"],
)  # fmt: skip
@pytest.mark.parametrize("shift", [0, 1, 2])
def test_s8_an_encoded_secret_goes(secret: str, shift: int) -> None:
    """A secret of known shape in base64 at any alignment, or URL-encoded."""
    encoded = base64.b64encode(("x" * shift + " " + secret).encode()).decode()
    for text in (encoded, f"blob={encoded} end", f'{{"blob": "{encoded}"}}'):
        found = redact(text.encode(), "pod_log").body.decode()
        assert encoded[4:-4] not in found
        assert "[redacted:base64]" in found
    assert CANARY not in redact(f"GET /x?q={quote(secret, safe='')}".encode(), "pod_log").body.decode()


def test_s8_a_key_in_base64_goes_with_all_its_lines() -> None:
    """A PEM key that was encoded and wrapped, as `base64` prints it; an encoded certificate stays."""
    pem = "-----BEGIN PRIVATE KEY-----\n" + "MIIE" * 64 + "\n-----END PRIVATE KEY-----\n"
    encoded = base64.encodebytes(pem.encode())
    found = redact(b"key:\n" + encoded + b"after\n", "pod_log").body
    assert found.count(b"\n") == encoded.count(b"\n") + 2
    assert set(found.split()) == {b"key:", b"[redacted:base64]", b"after"}
    certificate = base64.b64encode(pem.replace("PRIVATE KEY", "CERTIFICATE").encode())
    assert redact(certificate, "pod_log").count == 0


# --- Kubernetes objects -----------------------------------------------------------------------------------------------


def _pod() -> dict[str, object]:
    return {
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {
            "name": "trainer-0", "uid": "56ffb81d-2b1f-4c9e-9a43-0b7f6a8e2d11",
            "annotations": {"kubectl.kubernetes.io/last-applied-configuration": '{"env":[{"name":"A","value":"Zq7"}]}\n'},
            "managedFields": [{"manager": "kubectl", "time": "2026-11-22T02:00:00Z",
                               "fieldsV1": {"f:spec": {'k:{"name":"Zq7"}': {".": {}}}}}],
        },
        "spec": {"containers": [{
            "name": "app", "image": "app@sha256:" + "0a" * 32,
            "args": ["--password", "Zq7x", "--model=/m", "--api-key=Zq7x"],
            "env": [
                {"name": "PLAIN", "value": "Zq7x"}, {"name": "QUOTED", "value": 'Zq7"x\\'},
                {"name": "REF", "valueFrom": {"secretKeyRef": {"name": "db", "key": "password"}}},
                {"name": "NCCL_DEBUG", "value": "INFO"}, {"name": "CUDA_VISIBLE_DEVICES", "value": "0,1"},
            ],
        }]},
    }  # fmt: skip


@pytest.mark.parametrize("indent", [None, 2, 4])
@pytest.mark.parametrize("listed", [False, True])
def test_s8_fields_of_objects_go_by_their_place(indent: int | None, *, listed: bool) -> None:
    """Values of variables, applied configurations, field sets, arguments; the rest of the object stays what it was."""
    value: object = {"kind": "PodList", "apiVersion": "v1", "items": [_pod(), _pod()]} if listed else _pod()
    body = json.dumps(value, indent=indent).encode()
    found = redact(body, "kubernetes_objects")
    assert b"Zq7" not in found.body
    assert found.body.count(b"\n") == body.count(b"\n")
    read = json.loads(found.body)
    pod = read["items"][1] if listed else read
    container = pod["spec"]["containers"][0]
    assert [item.get("value") for item in container["env"]] == [
        "[redacted:env]", "[redacted:env]", None, "INFO", "0,1",
    ]  # fmt: skip
    assert container["env"][2]["valueFrom"]["secretKeyRef"] == {"name": "db", "key": "password"}
    assert container["image"] == "app@sha256:" + "0a" * 32
    assert pod["metadata"]["managedFields"][0] == {
        "manager": "kubectl", "time": "2026-11-22T02:00:00Z", "fieldsV1": {},
    }  # fmt: skip


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("kind_first", [False, True])
def test_s8_values_of_secret_objects_go_and_their_keys_stay(indent: int | None, *, kind_first: bool) -> None:
    """Data and stringData of a Secret, wherever its kind stands; a ConfigMap's data stay."""
    kind, data = {"kind": "Secret"}, {"data": {"tls.key": "WnE3", "x": "WnE3"}, "stringData": {"p": "Zq7"}}
    secret = {**kind, **data} if kind_first else {**data, **kind}
    config = {"kind": "ConfigMap", "data": {"mode": "fast"}}
    for value in (secret, {"kind": "List", "items": [config, secret, config]}):
        read = json.loads(redact(json.dumps(value, indent=indent).encode(), "kubernetes_objects").body)
        found = read["items"][1] if "items" in read else read
        assert found["data"] == {"tls.key": "[redacted:secret-data]", "x": "[redacted:secret-data]"}
        assert found["stringData"] == {"p": "[redacted:secret-data]"}
        assert "items" not in read or read["items"][0]["data"] == {"mode": "fast"}
    listed = {"kind": "SecretList", "items": [{"metadata": {"name": "a"}, "data": {"k": "WnE3"}}]}
    assert b"WnE3" not in redact(json.dumps(listed, indent=indent).encode(), "kubernetes_objects").body


def test_s8_an_object_that_is_cut_anywhere_gives_nothing_away() -> None:
    """At whatever byte a document ends, no value is left of a Secret, a variable or a kubeconfig's user."""
    users = {"users": [{"name": "admin", "user": {"token": "Zq7t", "client-key-data": "Zq7k", "x": "Zq7"}}]}
    for value in ({"data": {"k": "Zq7d"}, "kind": "Secret"}, {"kind": "Secret", "data": {"k": "Zq7d"}}, _pod(), users):
        body = json.dumps(value, indent=2).encode()
        for end in range(len(body)):
            if b'"kind": "Secret"' in body and b'"kind": "Secret"' not in body[:end]:
                continue  # until its kind is told, nothing says that this is a Secret
            assert b"Zq7" not in redact(body[:end], "kubernetes_objects").body, body[:end][-80:]


def test_s8_variables_in_describe_go_and_references_stay() -> None:
    """`kubectl describe` prints values of variables in plain."""
    text = """\
    Environment:
      DB_HOST:      Zq7db
      MULTI:        Zq7 first
                    Zq7 second
      DB_PASSWORD:  <set to the key 'password' in secret 'db'>  Optional: false
      NODE:          (v1:spec.nodeName)
      NCCL_DEBUG:   INFO
      EMPTY:{blank}
    Mounts:
      /var/run from x (ro)
    Environment:    <none>
    Environment Variables from:
      cfg         ConfigMap  Optional: false
"""
    text = text.replace("{blank}", "        ")
    found = redact(text.encode(), "kubectl_describe_pod").body.decode()
    assert "Zq7" not in found
    expected = text.replace("Zq7db", "[redacted:env]").replace("Zq7 first", "[redacted:env]")
    assert found == expected.replace("Zq7 second", "[redacted:env]")


def test_s8_an_applied_configuration_in_yaml_goes() -> None:
    """On the annotation's own line, and as a block on the next."""
    for text in (
        'annotations:\n  kubectl.kubernetes.io/last-applied-configuration: |\n    {"a":"Zq7"}\nname: x\n',
        'Annotations:  kubectl.kubernetes.io/last-applied-configuration: {"a":"Zq7"}\nname: x\n',
        'kubectl.kubernetes.io/last-applied-configuration=\n    {"a":"Zq7"}\n',
    ):
        found = redact(text.encode(), "unrecognised").body.decode()
        assert "Zq7" not in found
        assert found.count("\n") == text.count("\n")


# --- robustness -------------------------------------------------------------------------------------------------------

_WORDS = st.sampled_from(
    ["password", "token", "=", ": ", '"', "'", "\\", "\n", "\r\n", "-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----",
     '"env":[', '{"name":"A","value":"', '"kind":"Secret"', '"data":{', "}", "]", ",", "AAAABBBBCCCCDDDD", "bearer ", "://a:b@",
     "--token ", "cGFzc3dvcmQ9", "Environment:", "    ", "kubectl.kubernetes.io/last-applied-configuration", "\x00", "é", "\ud7ff",
     '"fieldsV1":{', "cookie: a=b", "%3D", "<password>", "name: PASSWORD\n  value: x"],
)  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(st.lists(_WORDS, max_size=40), st.sampled_from(["pod_log", "kubernetes_objects", "kubectl_describe_pod"]))
def test_any_text_is_redacted_without_a_crash_and_keeps_its_lines(words: list[str], form: str) -> None:
    """Whatever is put together from telling pieces, the lines stay and a second pass changes little."""
    body = "".join(words).encode("utf-8", "surrogatepass")
    found = redact(body, form)
    assert found.body.count(b"\n") == body.count(b"\n")


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_redacted_without_a_crash(body: bytes) -> None:
    """Binary is text like any other."""
    assert redact(body, "unrecognised").body.count(b"\n") == body.count(b"\n")


@settings(max_examples=100, deadline=None)
@given(st.recursive(st.text(max_size=8) | st.integers() | st.none(), lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["env", "data", "kind", "password", "name", "value", "users", "user", "token"]), inner, max_size=4), max_leaves=20), st.sampled_from([None, 1]))  # fmt: skip
def test_json_stays_json(value: object, indent: int | None) -> None:
    """A document that could be decoded can be decoded afterwards, with the same keys."""
    found = json.loads(redact(json.dumps(value, indent=indent).encode(), "kubernetes_objects").body)
    assert _keys(found) == _keys(value)


def _keys(value: object) -> object:
    if isinstance(value, dict):
        return {key: _keys(item) for key, item in value.items()}
    return [_keys(item) for item in value] if isinstance(value, list) else None


ADVERSARIAL = {
    "named": b"password=x1\n", "refused": b"token: not\n", "begins": b"-----BEGIN PRIVATE KEY-----", "quotes": b'"a":"b",',
    "escapes": b'"env":["\\"\\"', "variables": b'"env":[{"name":"A","value":"b"},', "nested": b'"env":[{',
    "fields": b'"fieldsV1":{', "secrets": b'"kind":"Secret","data":{"a":"b"},', "urls": b"://a:b@", "bearers": b"Bearer a1b2c3d4e5 ",
    "base64": b"cGFzc3dvcmQ9aHVudGVyMg== ", "blank": b" ", "flags": b"--token x ", "described": b"    Environment:\n      A:  b\n",
    "jwt": b"eyJaaaaaaaa.eyJaaaaaaaa.", "keys": b"A" * 64 + b"\n-----END PRIVATE KEY-----\n", "curl": b"curl -", "open": b'password="',
}  # fmt: skip


def _calls(body: bytes) -> int:
    """Return how many calls it takes to redact a text: the work, whatever the machine's load."""
    calls = 0

    def count(_frame: object, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        redact(body, "kubernetes_objects")
    finally:
        sys.setprofile(None)
    return calls


@pytest.mark.parametrize("name", ADVERSARIAL)
def test_s6_four_times_the_text_takes_about_four_times_the_work(name: str) -> None:
    """No shape of text costs more than in proportion to its length; every pattern is RE2, linear by construction."""
    piece = ADVERSARIAL[name]
    few, many = (_calls(piece * (size // len(piece))) for size in (MIB // 32, MIB // 8))
    assert many < 5 * few + 1000


def test_a_body_of_nothing_but_secrets_is_left_out_from_some_line_on() -> None:
    """What has too many secrets is no evidence: the rest is left out, and that is said."""
    lines = [b"password=x%d\n" % number for number in range(50_000)]
    found = redact(b"".join(lines), "pod_log")
    left = b"[runbookctl: 10000 lines (%d bytes) left out]\n" % sum(map(len, lines[40_000:]))
    assert found.body == b"password=[redacted:password]\n" * 40_000 + left
    assert (found.count, found.cut_at) == (40_000, sum(map(len, lines[:40_000])))


def test_s8_a_random_secret_under_a_telling_name_always_goes() -> None:
    """A hundred random values under each of many names and separators."""
    chance = random.Random(7)
    alphabet = string.ascii_letters + string.digits + "-_!@#%^*+.~"
    for name in ("password", "DB_PASSWORD", "api_key", "clientSecret", "auth_token", "aws_secret_access_key", "Pwd"):
        for pattern in ("{}={}", "{}: {}", '"{}": "{}"', "{} = '{}'", "--{}={}", "x {}={} y"):
            for _ in range(10):
                value = "Zq7" + "".join(chance.choice(alphabet) for _ in range(chance.randint(5, 24)))
                text = pattern.format(name, value)
                assert "Zq7" not in redact(text.encode(), "pod_log").body.decode(), text


def test_values_are_cleaned_by_key_and_by_text() -> None:
    """JSON values lose secrets in their texts and under telling keys; everything else keeps its type."""
    value = {"note": "use password=hunter2", "token": "abc1", "pin": 4711, "deep": [{"api_key": "k1x"}, 5, None, True]}
    assert clean(value) == {
        "note": "use password=[redacted:password]", "token": "[redacted:token]", "pin": "[redacted:pin]",
        "deep": [{"api_key": "[redacted:api-key]"}, 5, None, True],
    }  # fmt: skip
    kept = {"plan": "5be1" * 16, "max_tokens": 4096, "subject": {"node": "gpu7"}}
    assert clean(kept) is kept
