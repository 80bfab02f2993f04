"""The file: made safely, and what a person wrote is never lost."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from msgspec import structs

from runbookctl.errors import InputError
from runbookctl.postmortem.record import Record
from runbookctl.postmortem.render import render
from runbookctl.postmortem.written import default_path, write


def test_a_new_file_is_private_and_whole(tmp_path: Path, full: Record) -> None:
    """Mode 0600 whatever the umask, the exact bytes, nothing left beside it."""
    text = render(full, "zh")
    old = os.umask(0)
    try:
        path = write(text, tmp_path / "r-4kx9.zh.md")
    finally:
        os.umask(old)
    assert path.read_text(encoding="utf-8") == text
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.stat().st_nlink == 1
    assert list(tmp_path.iterdir()) == [path]


def test_the_same_text_is_not_written_again(tmp_path: Path, full: Record) -> None:
    """An identical file stays the same file."""
    path = write(render(full, "en"), tmp_path / "a.md")
    before = path.stat().st_ino
    assert write(render(full, "en"), path) == path
    assert path.stat().st_ino == before


def test_an_unchanged_older_rendering_is_replaced(tmp_path: Path, full: Record) -> None:
    """What nobody touched follows its record."""
    path = write(render(full, "en"), tmp_path / "a.md")
    newer = render(structs.replace(full, severity="SEV-1"), "en")
    write(newer, path)
    assert path.read_text(encoding="utf-8") == newer
    assert list(tmp_path.iterdir()) == [path]


def test_a_person_s_text_is_not_overwritten(tmp_path: Path, full: Record) -> None:
    """A changed file is kept, the refusal shows what differs; with force it is moved aside, never lost."""
    path = write(render(full, "en"), tmp_path / "a.md")
    theirs = path.read_text(encoding="utf-8").replace(
        "nobody has written this section yet", "The limit was \x1b[2J too low.", 1
    )
    path.write_text(theirs, encoding="utf-8")
    newer = render(structs.replace(full, severity="SEV-1"), "en")
    with pytest.raises(InputError, match="was not overwritten") as refused:
        write(newer, path)
    assert path.read_text(encoding="utf-8") == theirs
    assert any("The limit was \\x1b[2J too low." in line for line in refused.value.details)
    write(newer, path, force=True)
    assert path.read_text(encoding="utf-8") == newer
    kept = [each for each in tmp_path.iterdir() if each != path]
    assert len(kept) == 1
    assert kept[0].name.startswith("a.md.kept-")
    assert kept[0].read_text(encoding="utf-8") == theirs


@pytest.mark.parametrize(
    "body", [b"", b"# my notes\n", b"\xff\xfe\x00", b"<!-- runbookctl postmortem/v1 en sha256 -->\n"]
)
def test_a_file_of_something_else_is_not_overwritten(tmp_path: Path, full: Record, body: bytes) -> None:
    """Neither notes, nor an empty file, nor bytes that are no text."""
    path = tmp_path / "a.md"
    path.write_bytes(body)
    with pytest.raises(InputError):
        write(render(full, "en"), path)
    assert path.read_bytes() == body


def test_a_link_is_never_followed(tmp_path: Path, full: Record) -> None:
    """A link planted at the path, also one that leads nowhere, is refused and its target untouched."""
    target = tmp_path / "secret"
    for there in (True, False):
        if there:
            target.write_text("secret")
        link = tmp_path / f"link-{there}.md"
        link.symlink_to(target if there else tmp_path / "nowhere")
        for force in (False, True):
            with pytest.raises(InputError):
                write(render(full, "en"), link, force=force)
        assert link.is_symlink()
    assert target.read_text() == "secret"
    assert not (tmp_path / "nowhere").exists()


def test_what_is_no_file_is_refused(tmp_path: Path, full: Record) -> None:
    """A folder, a pipe and a missing folder give a sentence."""
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    for name in ("folder", "pipe", "nowhere/a.md"):
        with pytest.raises(InputError):
            write(render(full, "en"), tmp_path / name)


def test_the_default_name_is_made_of_the_run_alone() -> None:
    """The run's id cannot leave the folder or be taken for an option."""
    assert default_path("r-4kx9", "en") == Path("r-4kx9.en.md")
    for run in ("../../etc/passwd", "-rf", "/abs", "a\x00b", "", "..", "x" * 500):
        made = default_path(run, "zh")
        assert made.name == str(made)
        assert not made.name.startswith(("-", "."))
        assert len(made.name) < 80
