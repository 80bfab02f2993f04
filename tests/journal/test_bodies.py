"""Bodies on their way into the store: bounded, said what was cut, hashed so that the hash tells nothing."""

from __future__ import annotations

import hashlib
import hmac
import tracemalloc
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runbookctl.forms.lines import Gap, Line, numbered
from runbookctl.journal.bodies import Prepared, prepare
from runbookctl.journal.interface import EvidenceMeta, Purged
from runbookctl.journal.redact import redact

from .conftest import Bench

KEY = b"k" * 32


def _prepare(body: bytes, cap: int, *, verbatim: bool = False, step: int = 1000) -> Prepared:
    chunks = (body[at : at + step] for at in range(0, len(body), step))
    return prepare(chunks, EvidenceMeta(form="pod_log", cap=cap, verbatim=verbatim), KEY)


def test_e5_a_secret_split_over_chunks_goes() -> None:
    """Redaction sees the whole body, wherever the answer was torn."""
    body = b"a\ntoken=Zq7hunter2\n-----BEGIN PRIVATE KEY-----\nMIIEZq7AAAABBBBCCCC\n-----END PRIVATE KEY-----\nb\n"
    for step in range(1, len(body)):
        found = _prepare(body, 1 << 20, step=step)
        assert b"Zq7" not in found.body
        assert found.redactions == 2
        assert found.shortened is None


def test_e1_a_long_answer_keeps_head_and_tail_and_says_what_is_missing() -> None:
    """The lines that are left keep their numbers, and a reader learns that some are missing."""
    lines = [b"line %06d\n" % number for number in range(1, 5001)]
    body = b"".join(lines)
    found = _prepare(body, 10_000)
    assert found.shortened is not None
    assert len(found.body) < 10_100
    assert (found.shortened.whole_bytes, found.shortened.harmless) == (len(body), False)
    read = list(numbered(found.body))
    gap = next(item for item in read if isinstance(item, Gap))
    assert (gap.lines, gap.harmless) == (found.shortened.lines, False)
    assert all(item.text == f"line {item.number:06d}" for item in read if isinstance(item, Line))
    assert isinstance(read[-1], Line)
    assert read[-1].number == 5000
    assert found.shortened.bytes + sum(len(item.text) + 1 for item in read if isinstance(item, Line)) == len(body)


def test_e1_one_endless_line_is_cut_within_itself() -> None:
    """Without any line end the middle of the line goes, and the line says so."""
    found = _prepare(b"begin " + b"x " * 50_000 + b" end", 10_000)
    assert found.body.startswith(b"begin x x")
    assert found.body.endswith(b"x  end")
    assert b"[runbookctl: line shortened by " in found.body
    assert b"\n" not in found.body


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.sampled_from([b"short\n", b"\n", b"y" * 300, b"word " * 40, b"z" * 70 + b"\n"]), max_size=60),
    st.integers(2, 900), st.integers(1, 500),
)  # fmt: skip
def test_whatever_is_cut_the_last_line_keeps_its_number(parts: list[bytes], cap: int, step: int) -> None:
    """Any mix of short, long and empty lines: numbers after the gap are those of the whole text."""
    body = b"".join(parts)
    found = _prepare(body, cap, verbatim=True, step=step)
    if found.shortened is None:
        assert found.body == body
        return
    assert found.shortened.whole_bytes == len(body)
    number = sum(item.lines if isinstance(item, Gap) else 1 for item in numbered(found.body))
    whole = sum(1 for _ in numbered(body))
    assert number in (whole, whole - (not body.endswith(b"\n")), whole + 1)


def test_a_secret_that_the_cut_runs_through_leaves_no_half() -> None:
    """Wherever the cut falls, neither half of a token, nor of a key, is stored."""
    filler = b"log line with nothing in it\n" * 40
    for secret in (
        b"ghp_Zq7a1b2c3d4e5f6g7h8i9j0Zq7l2m3n4o5p6",
        b"-----BEGIN PRIVATE KEY-----\n" + b"MIIEZq7AAAABBBBCCCCDDDDZq7\n" * 30 + b"-----END PRIVATE KEY-----",
    ):
        body = filler + b"x " + secret + b" y\n" + filler
        for cap in range(200, len(body), 13):
            assert b"Zq7" not in _prepare(body, cap).body


def test_s9_the_hash_of_what_was_cut_is_keyed() -> None:
    """A plain hash of a text with a short secret gives the secret away; a keyed one tells nothing to others."""
    body = b"pin=482913\n" * 5000
    found = _prepare(body, 1000)
    assert found.shortened is not None
    assert found.shortened.whole_sha256 == hmac.digest(KEY, body, "sha256").hex()
    assert found.shortened.whole_sha256 != hashlib.sha256(body).hexdigest()
    other = prepare([body], EvidenceMeta(form="pod_log", cap=1000), b"o" * 32)
    assert other.shortened is not None
    assert other.shortened.whole_sha256 != found.shortened.whole_sha256


def test_s9_a_planted_pin_cannot_be_searched_for(bench: Bench) -> None:
    """No digest of the store equals a hash of the text with any PIN in place of the redaction."""
    kept = bench.store.put([b"user=app\npin=482913\n"], EvidenceMeta(form="pod_log"))
    found = bench.store.get(kept.digest)
    assert not isinstance(found, Purged)
    stored = b"".join(found)
    assert stored == b"user=app\npin=[redacted:pin]\n"
    guesses = (hashlib.sha256(b"user=app\npin=%06d\n" % pin).hexdigest() for pin in range(482_900, 482_920))
    assert kept.digest not in set(guesses)
    assert kept.digest == hashlib.sha256(stored).hexdigest()


def test_e1_memory_is_bounded_by_the_cap_not_by_the_answer() -> None:
    """The answer streams: head and tail are kept, everything else is counted and forgotten."""

    def chunks() -> Iterator[bytes]:
        piece = b"one line of an endless answer\n" * 1000
        for _ in range(2000):
            yield piece

    tracemalloc.start()
    found = prepare(chunks(), EvidenceMeta(form="pod_log", cap=1 << 20), KEY)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 16 << 20
    assert found.shortened is not None
    assert found.shortened.whole_bytes == 60_000_000


def test_a_snapshot_of_ours_is_stored_to_the_letter(bench: Bench) -> None:
    """`verbatim` is for our own files: a runbook that names a password stays what was loaded."""
    text = b"with: {password: x1y2, token: abc}\n"
    kept = bench.store.put([text], EvidenceMeta(form="runbook", verbatim=True))
    found = bench.store.get(kept.digest)
    assert not isinstance(found, Purged)
    assert (b"".join(found), kept.redactions) == (text, 0)


@pytest.mark.parametrize("body", [b"", b"\n", b"\xff\xfe\x00binary\x00", b"no end", b"\r\n\r\n"])
def test_e2_any_bytes_are_stored_as_they_are(bench: Bench, body: bytes) -> None:
    """What holds no secret is stored byte for byte."""
    kept = bench.store.put([body], EvidenceMeta(form="unrecognised"))
    found = bench.store.get(kept.digest)
    assert not isinstance(found, Purged)
    assert b"".join(found) == body == redact(body, "unrecognised").body
