"""No bytes make the intake crash, hang or lose its measure."""

from __future__ import annotations

import gzip
import io
import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runbookctl.forms.lines import Line, numbered
from runbookctl.intake import Piece, pieces

Take = Callable[[bytes | str], list[Piece]]
FRAGMENTS = [
    b"$ kubectl get pods\n", b"root@h:~# dmesg\n", b"{", b"}", b"[", b"\n", b"\n\n", b"---\n", b"apiVersion: v1\n", b"kind: Pod\n",
    b'{"apiVersion": "v1", "kind": "Pod", "metadata": {}}\n', b"Name:         x\n", b"Events:\n", b"```\n", b"=== a ===\n", b"\x00",
    b"NAME   READY   STATUS    RESTARTS   AGE\n", b"LAST SEEN   TYPE   REASON   OBJECT   MESSAGE\n", b"\xff\xfe", b"\x1b[31m",
    b"[    1.000000] NVRM: Xid (PCI:0000:3b:00): 79\n", b"==============NVSMI LOG==============\n", b"Error from server: x\n",
    b"2026-11-22T02:47:34.944285729Z stdout F x\n", b"[runbookctl: 5 lines (7 bytes) left out]\n", b"\r\n", b"  indented\n", b"hello: \n",
    b'<?xml version="1.0" ?>\n<nvidia_smi_log>\n',
]  # fmt: skip


def total(found: list[Piece]) -> None:
    """Check what every piece promises."""
    for piece in found:
        assert piece.error is not None or piece.form
        assert piece.body.decode("utf-8") is not None
        assert len(piece.body) < 70 << 20
        assert piece.first_line >= 1


@settings(max_examples=30, deadline=None)
@given(st.lists(st.sampled_from(FRAGMENTS), max_size=25))
def test_any_mixture_of_what_is_known_is_cut_somehow(parts: list[bytes]) -> None:
    """Boundaries in any order are survived."""
    total(list(pieces([], io.BytesIO(b"".join(parts)))))


@settings(max_examples=30, deadline=None)
@given(st.binary(max_size=2000), st.booleans())
def test_any_bytes_are_pieces(body: bytes, packed: bool) -> None:
    """Random bytes, packed or not, give pieces and no error."""
    total(list(pieces([], io.BytesIO(gzip.compress(body) if packed else body))))


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.sampled_from([b"plain words", b"", b"[    1.000000] NVRM: Xid (PCI:0000:3b:00): 79", b"foo"]), min_size=1
    )
)
def test_the_lines_of_all_pieces_are_lines_of_the_file(rows: list[bytes]) -> None:
    """Whatever is cut out, a line number leads to that line."""
    body = b"\n".join(rows) + b"\n"
    for piece in pieces([], io.BytesIO(body)):
        for line in numbered(piece.body):
            assert not isinstance(line, Line) or rows[line.number - 1].decode() == line.text


SLOW = [b"{\n", b'{"apiVersion":"v1","kind":"Pod"\n', b"$ kubectl get pods\nfoo\n", b"=== x ===\n", b"Name:  x\n"]


@pytest.mark.parametrize("line", SLOW, ids=repr)
def test_a_line_repeated_for_ever_takes_no_time_that_grows_with_its_square(take: Take, line: bytes) -> None:
    """A file of any boundary is done in a moment."""
    begun = time.process_time()
    total(take(line * ((30 << 10) // len(line))))
    assert time.process_time() - begun < 10
