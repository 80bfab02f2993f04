"""Packed, damaged, foreign and endless streams."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from runbookctl.intake import BUNDLE, Piece, pieces
from runbookctl.intake.stream import Notes, read

Take = Callable[[bytes | str], list[Piece]]
LINE = b"[  123.456789] NVRM: Xid (PCI:0000:3b:00): 79, pid=1, name=x, GPU has fallen off the bus.\n"


@pytest.mark.parametrize(
    "pack", [gzip.compress, bz2.compress, lzma.compress, lambda body: gzip.compress(gzip.compress(body))]
)
def test_a_packed_file_is_read_whatever_its_name(take: Take, pack: Callable[[bytes], bytes]) -> None:
    """Rotated logs are recognised by their first bytes."""
    (piece,) = take(pack(LINE))
    assert (piece.form, piece.body, piece.cut) == ("kernel_log", LINE, False)


def test_members_of_a_gzip_file_follow_each_other(take: Take) -> None:
    """`cat a.gz b.gz` is a gzip file."""
    (piece,) = take(gzip.compress(LINE) + gzip.compress(LINE) + b"\x00" * 512)
    assert piece.body == LINE * 2


def test_what_is_readable_of_a_gzip_file_that_ends_early_is_kept_and_marked(take: Take) -> None:
    """A copy that broke off tells what it tells, and that there was more."""
    numbered = b"".join(b"[  123.%06d] usb 1-1: device %d\n" % (n, n * 7919 % 10007) for n in range(20_000))
    packed = gzip.compress(LINE + numbered)
    (piece,) = take(packed[: len(packed) // 2])
    assert piece.cut
    assert piece.why == "the packed file ends early"
    assert piece.body.startswith(LINE)
    assert piece.body.endswith(b"\n[runbookctl: 0 lines (0 bytes) left out]\n")


def test_damage_in_the_middle_is_said(take: Take) -> None:
    """Bytes that were overwritten end what can be read."""
    packed = bytearray(gzip.compress(LINE * 50_000, mtime=0))
    packed[-2000:-1900] = b"\xff" * 100
    (piece,) = take(bytes(packed))
    assert piece.cut or piece.error


def test_a_bomb_is_stopped() -> None:
    """A file that unpacks to a thousand times its size is not unpacked to its end."""
    zeros = gzip.compress(b" " * (16 << 20), 9) * 40
    notes = Notes()
    assert sum(map(len, read(io.BytesIO(zeros), notes))) < 160 << 20
    assert "not read further" in notes.cut


def test_three_layers_are_not_unpacked(take: Take) -> None:
    """Packing within packing has an end."""
    (piece,) = take(gzip.compress(gzip.compress(gzip.compress(LINE))))
    assert piece.error is not None
    assert piece.error.why == "packed more than twice"


UNREADABLE = [
    (b"\x7fELF\x02\x01\x01" + b"\x00" * 100, "core dump"),
    (b"PK\x03\x04" + b"\x00" * 100, "unzip"),
    (b"\x28\xb5\x2f\xfd" + b"abc", "zstd -dc"),
    (b"LPKSHHRH" + b"\x00" * 100, "journalctl --file"),
    (b"\x89PNG\r\n\x1a\n", "image"),
    (b"\x00" * 5000, "nothing but NUL bytes"),
    (bytes(range(256)) * 20, "binary, not text"),
]


@pytest.mark.parametrize(("body", "why"), UNREADABLE)
def test_what_is_no_text_is_an_unreadable_piece_with_a_reason(take: Take, body: bytes, why: str) -> None:
    """Binary files are named for what they are, with what to do; nothing of them is kept."""
    (piece,) = take(body)
    assert piece.error is not None
    assert why in piece.error.why
    assert piece.error.kind == "unreadable"
    assert piece.body == b""


def archive(name: str, content: bytes) -> bytes:
    """Return a packed tar with one file."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        entry = tarfile.TarInfo(name)
        entry.size = len(content)
        tar.addfile(entry, io.BytesIO(content))
    return out.getvalue()


def test_a_bundle_is_told_by_its_manifest_and_left_to_the_app(tmp_path: Path) -> None:
    """A run's bundle is not unpacked here."""
    path = tmp_path / "r-1.tar.gz"
    path.write_bytes(archive("manifest.json", b'{"schema": "runbookctl/bundle/v1"}'))
    (piece,) = pieces([str(path)], None)
    assert (piece.form, piece.source, piece.body) == (BUNDLE, str(path), b"")


@pytest.mark.parametrize(("name", "content"), [("x.txt", LINE), ("manifest.json", b'{"schema": "other"}')])
def test_any_other_archive_is_refused_with_what_to_do(take: Take, name: str, content: bytes) -> None:
    """Archives of strangers are not unpacked."""
    (piece,) = take(archive(name, content))
    assert piece.error is not None
    assert piece.error.why == "a tar archive: unpack it and give the folder"


def test_a_hash_of_the_whole_needs_a_key() -> None:
    """Without the journal's key there is no hash that could be guessed backwards."""
    body = b"[  123.456789] usb 1-1: new high-speed USB device number 2 using xhci_hcd\n" * 120_000
    (plain,) = pieces([], io.BytesIO(body))
    (keyed,) = pieces([], io.BytesIO(body), key=b"k")
    (other,) = pieces([], io.BytesIO(body), key=b"l")
    assert plain.shortened is not None
    assert keyed.shortened is not None
    assert other.shortened is not None
    assert plain.shortened.whole_sha256 == ""
    assert len(keyed.shortened.whole_sha256) == 64
    assert keyed.shortened.whole_sha256 != other.shortened.whole_sha256
