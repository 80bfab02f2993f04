"""What a person names is found, or said to be wrong all at once."""

from __future__ import annotations

import io
import os
import threading
from pathlib import Path

import pytest

from runbookctl.errors import InputError
from runbookctl.intake import pieces
from runbookctl.intake.sources import find_sources


def names(folder: Path) -> list[str]:
    """Return the names below a folder that are read."""
    return [str(Path(source.name).relative_to(folder)) for source in find_sources([str(folder)], None)]


def test_all_wrong_paths_are_listed_at_once_with_the_nearest_name(tmp_path: Path) -> None:
    """A typing error is answered with the name that was meant."""
    (tmp_path / "dmesg.txt").write_text("x")
    with pytest.raises(InputError) as caught:
        list(pieces([f"{tmp_path}/dmseg.txt", f"{tmp_path}/nothing-like-it", f"{tmp_path}/dmesg.txt"], None))
    assert caught.value.what == "cannot read 2 of 3 files"
    assert caught.value.details == (
        f"{tmp_path}/dmseg.txt: no such file; did you mean {tmp_path}/dmesg.txt?",
        f"{tmp_path}/nothing-like-it: no such file",
    )


def test_one_wrong_path_is_one_sentence(tmp_path: Path) -> None:
    """A single mistake needs no list."""
    with pytest.raises(InputError, match=r"cannot read .*/x: no such file"):
        list(pieces([f"{tmp_path}/x"], None))


@pytest.mark.parametrize("path", ["/dev/zero", "/dev/null", "/dev/kmsg\x00", "/dev/full"])
def test_devices_are_never_opened(path: str) -> None:
    """Reading a device may never end."""
    with pytest.raises(InputError, match=r"device|null"):
        list(pieces([path], None))


def test_a_folder_is_read_in_order_without_what_is_hidden_or_leads_out(tmp_path: Path) -> None:
    """Files by name, sub-folders too; hidden ones and links to the outside stay unread."""
    inside = tmp_path / "bundle"
    for name in ("b/2.txt", "a.txt", ".env", ".git/config", "c/3.txt"):
        (inside / name).parent.mkdir(parents=True, exist_ok=True)
        (inside / name).write_text("x")
    (tmp_path / "secret").write_text("x")
    (inside / "out").symlink_to(tmp_path / "secret")
    (inside / "in").symlink_to(inside / "a.txt")
    (inside / "loop").symlink_to(inside)
    assert names(inside) == ["a.txt", "b/2.txt", "c/3.txt", "in"]


def test_a_folder_without_files_is_wrong(tmp_path: Path) -> None:
    """An empty folder is a mistake, not evidence."""
    with pytest.raises(InputError, match="no files in it"):
        list(pieces([str(tmp_path)], None))


def test_a_huge_folder_is_read_in_part_and_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the limit one piece says that the others were not read."""
    monkeypatch.setattr("runbookctl.intake.sources.MOST_FILES", 5)
    for number in range(7):
        (tmp_path / f"{number:05}").touch()
    found = find_sources([str(tmp_path)], None)
    assert len(found) == 6
    assert found[-1].problem == "a folder of more than 5 files; the others were not read"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_of_a_folder_that_may_not_be_read_is_an_unreadable_piece(tmp_path: Path) -> None:
    """One closed file does not hide the others."""
    (tmp_path / "a").write_text("x")
    (tmp_path / "a").chmod(0)
    (tmp_path / "b").write_text("x")
    assert [bool(piece.error) for piece in pieces([str(tmp_path)], None)] == [True, False]


def test_a_pipe_is_a_file(tmp_path: Path) -> None:
    """`analyze <(command)` gives the path of a pipe."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = threading.Thread(target=path.write_text, args=("[    1.000000] NVRM: Xid (PCI:0000:3b:00): 79, gone\n",))
    writer.start()
    (piece,) = pieces([str(path)], None)
    writer.join()
    assert piece.form == "kernel_log"


def test_a_dash_is_standard_input_and_so_is_nothing() -> None:
    """`-` and no path at all read standard input, once."""
    assert [piece.source for piece in pieces(["-", "-"], io.BytesIO(b"x"))] == ["stdin"]
    assert [piece.source for piece in pieces([], io.BytesIO(b"x"))] == ["stdin"]
    with pytest.raises(InputError, match="nothing to read"):
        list(pieces([], None))


def test_a_name_with_control_characters_is_shown_without_them(tmp_path: Path) -> None:
    """A file name is foreign text too."""
    path = tmp_path / "a\x1b[31m\n.txt"
    path.write_text("x")
    (piece,) = pieces([str(path)], None)
    assert piece.source.endswith("a\ufffd[31m\ufffd.txt")
