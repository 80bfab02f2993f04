"""Bad input gets one clear error (what, where, what to do), the right exit code, and never a traceback."""

from __future__ import annotations

import gzip
import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Command = Callable[..., Any]
XID = "NVRM: Xid (PCI:0000:3b:00): 79, pid=1, name=a, GPU has fallen off the bus.\n"
RUNBOOK = (Path(__file__).parents[2] / "runbooks" / "gpu" / "xid-ecc.yaml").read_text()
START = "import sys; from runbookctl.cli import main; sys.exit(main())"


def clear(done: Any, code: int, *words: str) -> None:
    """Demand one error with these words, this exit code and no traceback."""
    assert done.code == code, (done.code, done.out, done.err)
    assert "Traceback" not in done.out + done.err
    for word in words:
        assert word in done.out + done.err, (word, done.out, done.err)


def test_a_missing_file(runbookctl: Command, tmp_path: Path) -> None:
    """The file is named, the nearest one is offered."""
    (tmp_path / "dmesg.txt").write_text(XID)
    clear(runbookctl("analyze", "dmsg.txt"), 2, "error:", "dmsg.txt", "dmesg.txt")


def test_an_empty_file(runbookctl: Command, tmp_path: Path) -> None:
    """Nothing was given, so nothing is known."""
    (tmp_path / "empty").write_bytes(b"")
    clear(runbookctl("analyze", "empty"), 3, "empty")


def test_a_binary_file(runbookctl: Command, tmp_path: Path) -> None:
    """A program is no evidence."""
    (tmp_path / "core").write_bytes(b"\x7fELF" + bytes(range(256)) * 200)
    clear(runbookctl("analyze", "core"), 3, "core")


def test_a_truncated_gzip_keeps_what_was_readable(runbookctl: Command, tmp_path: Path) -> None:
    """The part that can be unpacked is judged, and the cut is said."""
    filler = "".join(f"[{number:5d}.000000] eth{number}: link is up {os.urandom(8).hex()}\n" for number in range(4000))
    (tmp_path / "k.gz").write_bytes(gzip.compress((XID + filler).encode())[:-2000])
    clear(runbookctl("analyze", "k.gz"), 1, "gpu_fell_off_bus")


def test_invalid_utf8(runbookctl: Command, tmp_path: Path) -> None:
    """Bytes that are no text do not hide the line beside them."""
    (tmp_path / "k").write_bytes(b"\xc3\x28\xfa\x80 garbage\n" + XID.encode())
    clear(runbookctl("analyze", "k"), 1, "gpu_fell_off_bus")


def test_json_cut_in_the_middle(runbookctl: Command, tmp_path: Path) -> None:
    """Half an object is unknown, never half-parsed into a verdict of clear."""
    pods = json.dumps({"kind": "List", "apiVersion": "v1", "items": [{"kind": "Pod", "metadata": {"name": "a"}}] * 3})
    (tmp_path / "pods.json").write_text(pods[: len(pods) // 2])
    clear(runbookctl("analyze", "pods.json"), 3)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (("title: Xid", "\ttitle: Xid"), "tab"),
        (("inputs:\n", "inputs:\n  nodes: {type: node}\n"), "nodes"),
        (("each: gpu in gpus", "each: gpu in gpuss"), "gpuss"),
        (("about: Is", "abuot: Is"), 'did you mean "about"'),
        (("steps:\n", "steps: " + "[" * 10_000 + "\nold:\n"), "nest"),
    ],
)
def test_a_broken_runbook(runbookctl: Command, tmp_path: Path, change: tuple[str, str], word: str) -> None:
    """Each mistake is told at file:line:column."""
    path = tmp_path / "x.yaml"
    path.write_text(RUNBOOK.replace(*change, 1))
    done = runbookctl("lint", str(path))
    clear(done, 2, word, "x.yaml:")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("run", "gpu/xid-ec"), ("no runbook", "gpu/xid-ecc")),
        (("read", "gpu.xidd", "x"), ("no probe", "gpu.xid")),
        (("run", "gpu/xid-ecc", "-i", "node=a"), ("has no input", "nodes")),
        (("run", "gpu/xid-ecc", "-i", "nodes=a", "-i", "since=soon"), ("since", "duration")),
        (("run", "gpu/xid-ecc", "-i", "nodes=-oProxyCommand=x"), ("nodes",)),
        (("run", "gpu/xid-ecc"), ("needs nodes",)),
        (("run", "k8s/oom-crashloop", "-i", "namespace=../x"), ("namespace",)),
        (("show", "r-nothing"), ("r-nothing",)),
        (("explain", "xid", "99999"), ("No Xid",)),
        (("analyse", "x"), ("analyze",)),
        (("run", "gpu/xid-ecc", "--on", "gpu[1-"), ("[",)),
    ],
)
def test_wrong_words(runbookctl: Command, arguments: tuple[str, ...], words: tuple[str, ...]) -> None:
    """What was wrong is named with what was probably meant, exit 2."""
    clear(runbookctl(*arguments), 2, "error:", *words)


def test_a_full_disk_shows_the_verdict_as_not_stored(home: Path, tmp_path: Path) -> None:
    """A journal that cannot be written does not stop a diagnosis, and nothing is said to be stored."""
    (tmp_path / "k").write_text(XID)

    def no_room() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (2048, 2048))

    done = subprocess.run(
        [sys.executable, "-P", "-B", "-c", START, "analyze", str(tmp_path / "k")],
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "RUNBOOKCTL_HOME": str(home)},
        capture_output=True, text=True, check=False, preexec_fn=no_room, timeout=60,
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    assert done.returncode in (1, 2), done.stderr
    assert "not stored" in done.stdout + done.stderr or "error:" in done.stderr


def test_a_journal_of_another_user(runbookctl: Command, home: Path) -> None:
    """A state folder that others own is not used; the verdict is shown, not stored."""
    home.mkdir(mode=0o700)
    if os.geteuid() != 0:
        pytest.skip("only root can give a folder away")
    os.chown(home, 12345, 12345)
    done = runbookctl("analyze", "-", given=XID.encode())
    clear(done, 1, "gpu_fell_off_bus", "not stored")
    clear(runbookctl("status"), 2, "error:")


def test_ctrl_c_in_the_middle_of_a_step(home: Path, tmp_path: Path) -> None:
    """What was read is stored, nothing of ours still runs, exit 130."""
    slow = tmp_path / "ssh"
    slow.write_text("#!/bin/sh\nexec sleep 60\n")
    slow.chmod(0o755)
    environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "HOME": str(tmp_path), "RUNBOOKCTL_HOME": str(home)}
    running = subprocess.Popen(
        [sys.executable, "-P", "-c", START, "run", "gpu/xid-ecc", "--on", "far-node"],
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    time.sleep(3)
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=30)
    assert running.returncode == 130, (out, err)
    assert "Traceback" not in err
    assert "Stopped" in err + out
    left = subprocess.run(["pgrep", "-f", str(slow)], capture_output=True, text=True, check=False)
    assert left.stdout == ""
