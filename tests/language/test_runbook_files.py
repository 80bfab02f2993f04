"""Runbooks are found where they may lie, and nowhere else."""

from __future__ import annotations

import os
import typing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from runbookctl import runbook_files
from runbookctl.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]
TEXT = "about: Why?\ntitle: Mine\nsteps:\n  - {title: no}\nrunbook: net/slow\n"


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder of runbooks of one's own with one runbook in it."""
    folder = tmp_path / "mine"
    (folder / "net").mkdir(parents=True, mode=0o755)
    file = folder / "net" / "slow.yaml"
    file.write_text(TEXT)
    file.chmod(0o644)
    for path in (folder, folder / "net"):
        path.chmod(0o755)
    monkeypatch.setenv(runbook_files.VARIABLE, str(folder))
    return folder


def test_shipped_folders_are_those_of_the_checkout() -> None:
    """Runbooks, templates and examples lie beside src/ as long as the program is not installed from a wheel."""
    for kind in typing.get_args(runbook_files.Kind):
        assert runbook_files.shipped(kind) == ROOT / kind


def test_yours_are_found_before_what_is_shipped(mine: Path) -> None:
    """An id of yours is found by its path below your folder; the shipped ones stay."""
    assert runbook_files.find("net/slow").file == mine / "net" / "slow.yaml"
    ids = [found.id for found in runbook_files.every()]
    assert ids == sorted(ids)
    assert {"net/slow", "gpu/xid-ecc"} <= set(ids)
    (mine / "gpu").mkdir(mode=0o755)
    (mine / "gpu" / "xid-ecc.yaml").write_text(TEXT)
    assert runbook_files.find("gpu/xid-ecc").file == mine / "gpu" / "xid-ecc.yaml"


def test_without_the_variable_yours_lie_in_the_configuration_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """XDG_CONFIG_HOME says where; a relative one is not taken, as the specification says."""
    monkeypatch.delenv(runbook_files.VARIABLE, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert runbook_files.libraries()[0].folder == tmp_path / "runbookctl" / "runbooks"
    monkeypatch.setenv("XDG_CONFIG_HOME", "config")
    assert [library.yours for library in runbook_files.libraries()] == [False]


def test_companions_links_and_hidden_files_are_no_runbooks(mine: Path, tmp_path: Path) -> None:
    """Tests, translations, hidden files, other suffixes and linked folders are passed over."""
    for name in ("slow.test.yaml", "slow.zh.yaml", ".hidden.yaml", "notes.md", "x.yml"):
        (mine / "net" / name).write_text(TEXT)
    (mine / "linked").symlink_to(tmp_path)
    (mine / "round").symlink_to(mine)
    assert [found.id for found in runbook_files.every() if found.library and found.library.yours] == ["net/slow"]


def test_nothing_is_picked_up_from_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hostile checkout with runbooks, an environment file and a configuration changes nothing but by a written path."""
    before = [found.file for found in runbook_files.every()]
    hostile = tmp_path / "clone"
    for folder in ("runbooks/gpu", "gpu", ".config/runbookctl/runbooks/gpu"):
        (hostile / folder).mkdir(parents=True)
        (hostile / folder / "xid-ecc.yaml").write_text(TEXT)
        (hostile / folder / "evil.yaml").write_text(TEXT)
    (hostile / ".env").write_text(f"{runbook_files.VARIABLE}=runbooks")
    monkeypatch.chdir(hostile)
    assert [found.file for found in runbook_files.every()] == before
    with pytest.raises(InputError, match='no runbook "gpu/evil"'):
        runbook_files.find("gpu/evil")
    assert runbook_files.find("gpu/evil.yaml").file == Path("gpu/evil.yaml")
    monkeypatch.setenv(runbook_files.VARIABLE, "runbooks")
    with pytest.raises(InputError, match="depends on the current folder"):
        runbook_files.every()


def test_an_unknown_id_is_told_with_the_one_that_was_meant() -> None:
    """The message of the transcripts; strange characters are shown, not printed."""
    with pytest.raises(InputError) as caught:
        runbook_files.find("k8s/oom-crashlop")
    assert caught.value.what == 'no runbook "k8s/oom-crashlop"; did you mean k8s/oom-crashloop?'
    assert caught.value.commands == ("runbookctl list",)
    with pytest.raises(InputError) as caught:
        runbook_files.find("\x1b[2J" * 50)
    assert caught.value.what.isprintable()


def _world(file: Path) -> None:
    file.chmod(0o666)


def _group(file: Path) -> None:
    os.chown(file, os.getuid(), 12345)
    file.chmod(0o664)


def _stranger(file: Path) -> None:
    os.chown(file, 12345, -1)


def _open_folder(file: Path) -> None:
    file.parent.chmod(0o777)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give files away")
@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (_world, "it can be written by everyone"),
        (_group, "it can be written by its group"),
        (_stranger, "it belongs to user 12345"),
        (_open_folder, "it can be written by everyone"),
    ],
)
def test_a_file_that_others_may_write_is_not_taken(mine: Path, spoil: Callable[[Path], None], why: str) -> None:
    """As OpenSSH's StrictModes: owner, group and world, of the file and of its folder; reading it only is allowed."""
    file = mine / "net" / "slow.yaml"
    spoil(file)
    with pytest.raises(InputError, match=why) as caught:
        runbook_files.find("net/slow")
    assert caught.value.commands
    assert runbook_files.find("net/slow", only_read=True).file == file
    if spoil is not _open_folder:  # a path that is written out was chosen together with its folder
        with pytest.raises(InputError, match=why):
            runbook_files.find(str(file))
    assert runbook_files.find(str(file), only_read=True).file == file


def test_a_path_that_is_no_file_is_told(tmp_path: Path) -> None:
    """A missing file and a folder are both told."""
    for wrong in (tmp_path / "no.yaml", tmp_path / "."):
        with pytest.raises(InputError, match="is no file"):
            runbook_files.find(f"{wrong}/" if wrong == tmp_path else str(wrong))


def test_headings_are_read_without_loading(mine: Path) -> None:
    """Title and question come from the top level alone, wherever they stand; a broken file gives what can be read."""
    found = {heading.id: heading for heading in runbook_files.headings()}
    assert (found["net/slow"].title, found["net/slow"].about) == ("Mine", "Why?")
    assert found["gpu/xid-ecc"].title == "Xid and ECC errors"
    for text in ("title: A\nabout: [", "\x00", "title: A\n" + "[" * 5000, "- a", "", "title: {a: b}\nabout: c"):
        (mine / "net" / "slow.yaml").write_text(text)
        assert runbook_files.heading(mine / "net" / "slow.yaml", "net/slow").id == "net/slow"
    assert runbook_files.heading(mine / "net" / "slow.yaml").about == "c"
    assert runbook_files.heading(mine / "none.yaml").id == "none"
