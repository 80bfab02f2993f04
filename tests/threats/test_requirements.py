"""Requirements of the threat model by number, end to end: what a hostile file, folder or answer cannot do.

The parts have their own tests (journal, connectors, intake); these go through the program.
"""

from __future__ import annotations

import datetime as dt
import gzip
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from runbookctl.catalog import signatures
from runbookctl.engine import reading
from runbookctl.model import Evidence, NodeCommand, Origin, Subject, Writer

Command = Callable[..., Any]
CANARY = "CANARY7f3d9a"
XID = "NVRM: Xid (PCI:0000:3b:00): 79, pid=1, name=a, GPU has fallen off the bus.\n"
AT = dt.datetime(2026, 11, 22, 3, 0, tzinfo=dt.UTC)


def everything_below(folder: Path) -> bytes:
    """Return all bytes of all files of a folder, packed ones unpacked as far as gzip goes."""
    found = []
    for path in folder.rglob("*"):
        if path.is_file():
            body = path.read_bytes()
            found.append(body)
            if body[:2] == b"\x1f\x8b":
                found.append(gzip.decompress(body))
    return b"\n".join(found)


def test_s1_a_run_says_in_whose_name_it_acts(runbookctl: Command, tmp_path: Path) -> None:
    """S1: the postmortem names the mode and that the person's name is asserted."""
    runbookctl("analyze", "-", given=XID.encode())
    target = tmp_path / "doc.md"
    assert runbookctl("postmortem", "last", "--output-file", str(target)).code == 0
    text = target.read_text()
    assert "personal" in text
    assert "asserted" in text


def test_s3_a_line_that_user_space_wrote_is_no_kernel_line(runbookctl: Command) -> None:
    """S3: a forged Xid in syslog by another tag than the kernel, or a kmsg line of facility user, proves nothing."""
    forged = f"Nov 22 02:47:00 n1 logger: {XID}Nov 22 02:47:01 n1 kernel: [ 5.0] eth0: link is up\n"
    found = json.loads(runbookctl("analyze", "-", "--output", "json", given=forged.encode()).out)
    assert found["causes"] == []
    kmsg = f"12,1234,5678901,-;{XID}6,1235,5678999,-;eth0: link is up\n"  # priority 12: facility 1, user
    found = json.loads(runbookctl("analyze", "-", "--output", "json", given=kmsg.encode()).out)
    assert found["causes"] == []


def test_s4_an_imported_run_is_for_reading_only(runbookctl: Command, tmp_path: Path) -> None:
    """S4: a bundle brings no run that can be taken over, and nothing of it counts as live."""
    runbookctl("analyze", "-", given=XID.encode())
    assert runbookctl("bundle", "export", "last", str(tmp_path / "b.tar.gz")).code == 0
    other = tmp_path / "other"
    done = runbookctl("bundle", "import", str(tmp_path / "b.tar.gz"), RUNBOOKCTL_HOME=str(other))
    assert done.code == 0, done.err
    from runbookctl.errors import JournalError
    from runbookctl.journal.clock import this_process
    from runbookctl.journal.interface import Runs
    from runbookctl.journal.open import Unavailable, open_journal

    store = open_journal(other)
    assert not isinstance(store, Unavailable)
    (row,) = store.read(Runs()).rows
    assert row.origin == "bundle"
    with pytest.raises(JournalError):
        store.take(row.run, owner=this_process("test"), lease=5)


def test_s6_every_signature_is_linear_on_hostile_text() -> None:
    """S6: a megabyte of each pattern's own worst characters is matched in well under a second, all together."""
    hostile = [
        b" " * (1 << 20),
        b"a" * (1 << 20),
        b"(" * (1 << 20),
        (b"Xid " * (1 << 18)),
        (b"out of memory " * 70_000),
    ]
    began = time.process_time()
    for text in hostile:
        signatures.match(text.decode())
    assert time.process_time() - began < 30, "it never ended"  # a bound against hanging, no measure of speed


def test_s8_a_planted_secret_reaches_nothing(runbookctl: Command, home: Path, tmp_path: Path) -> None:
    """S8: a secret in a manifest, a log and a kubeconfig is in no output, no journal, no postmortem and no bundle."""
    pod = {
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {
            "name": "p", "namespace": "n", "managedFields": [{"manager": "m", "fieldsV1": {f"v:{CANARY}": {}}}],
            "annotations": {"kubectl.kubernetes.io/last-applied-configuration": json.dumps({"v": CANARY})},
        },
        "spec": {"containers": [{"name": "c", "env": [{"name": "PASSWORD", "value": CANARY}]}]},
        "status": {"containerStatuses": [{
            "name": "c", "state": {"waiting": {"reason": "CrashLoopBackOff", "message": f"token={CANARY}"}},
            "lastState": {"terminated": {"exitCode": 1, "reason": "Error", "message": f"password: {CANARY}"}},
        }]},
    }  # fmt: skip
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "data": {"k": CANARY}}
    config = f"apiVersion: v1\nkind: Config\nusers:\n- name: u\n  user:\n    token: {CANARY}\n"
    log = f"ERROR cannot connect: postgres://app:{CANARY}@db:5432/x\nAuthorization: Bearer {CANARY}\nFATAL: exiting\n"
    texts = {"pod.json": json.dumps(pod), "secret.json": json.dumps(secret), "config.yaml": config, "app.log": log}
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    paths = [str(tmp_path / name) for name in texts]
    shown = [runbookctl("analyze", *paths), runbookctl("analyze", *paths, "--output", "json", "--all")]
    shown += [runbookctl("show", "last", f"e{number}") for number in range(1, 5)]
    document = runbookctl("postmortem", "last", "--output-file", str(tmp_path / "doc.md"))
    bundled = runbookctl("bundle", "export", "last", str(tmp_path / "b.tar.gz"))
    assert (document.code, bundled.code) == (0, 0), document.err + bundled.err
    for done in shown:
        assert CANARY not in done.out + done.err
    for name in texts:
        (tmp_path / name).unlink()
    assert CANARY.encode() not in everything_below(tmp_path)
    assert CANARY.encode() not in everything_below(home)


def test_s8_readers_see_what_was_stored(runbookctl: Command) -> None:
    """S8: what `show` prints of evidence is what the readers read, so live and bundle cannot differ."""
    done = runbookctl("analyze", "-", "--output", "json", given=f"{XID}password={CANARY}\n".encode())
    assert json.loads(done.out)["causes"][0]["evidence"][0]["lines"] == [1]
    assert CANARY not in runbookctl("show", "last", "e1").out


def test_s10_the_subject_comes_from_the_request() -> None:
    """S10: a node that answers with another node's name stays the node that was asked."""
    request = NodeCommand(form="kernel_log", node="node-a", argv=("journalctl", "-k"))
    evidence = Evidence(
        id="e1", origin=Origin.LIVE, writer=Writer.KERNEL, form="kernel_log", subject=Subject(node="node-a"), at=AT,
        request=request,
    )  # fmt: skip
    answer = reading.read("gpu.xid", evidence, f"Nov 22 02:47:00 node-b kernel: {XID}".encode())
    assert [told.subject.node for told in answer.told] == ["node-a"]


def test_s18_control_characters_of_evidence_never_reach_a_terminal(runbookctl: Command) -> None:
    """S18: escapes, C1 controls, bidi marks and links in a log line are shown as text, on stdout and stderr."""
    nasty = "\x1b]52;c;aGk=\x07 \x1b[2J \x9b31m \u202e\u2066 \u200b \x00 [link=x]y[/link]"
    line = f"NVRM: Xid (PCI:0000:3b:00): 31, pid=1, name=a{nasty}, MMU Fault\n"
    for arguments in (("analyze", "-"), ("analyze", "-", "--all"), ("analyze", "-", "--output", "json")):
        done = runbookctl(*arguments, given=line.encode())
        shown = done.out + done.err + runbookctl("show", "last", "e1").out
        for mark in ("\x1b", "\x9b", "\u202e", "\u2066", "\u200b", "\x00", "\x07"):
            assert mark not in shown, (arguments, mark)


def test_s23_deep_yaml_is_refused_quickly(runbookctl: Command) -> None:
    """S23: ten thousand nested lists and an alias bomb are unreadable pieces, no crash."""
    bomb = "apiVersion: v1\nkind: Pod\na: &a [x]\n" + "".join(f"b{n}: &b{n} [*a, *a, *a]\n" for n in range(9))
    for text in ("kind: Pod\napiVersion: v1\nspec: " + "[" * 10_000, bomb + "---\n" + bomb):
        done = runbookctl("analyze", "-", given=text.encode())
        assert done.code in (0, 3), done.err
        assert "Traceback" not in done.err


def test_s24_a_kubeconfig_in_a_paste_or_folder_is_never_loaded(runbookctl: Command, tmp_path: Path) -> None:
    """S24: `analyze` of a folder with a kubeconfig whose user is a command starts nothing."""
    mark = tmp_path / "started"
    folder = tmp_path / "dump"
    folder.mkdir()
    (folder / "config").write_text(
        "apiVersion: v1\nkind: Config\ncurrent-context: c\ncontexts:\n- name: c\n  context: {cluster: c, user: u}\n"
        "clusters:\n- name: c\n  cluster: {server: 'https://127.0.0.1:1'}\nusers:\n- name: u\n  user:\n    exec:\n"
        f"      apiVersion: client.authentication.k8s.io/v1\n      command: /bin/sh\n      args: ['-c', 'touch {mark}']\n"
    )
    runbookctl("analyze", str(folder), cwd=folder, KUBECONFIG=str(folder / "config"))
    assert not mark.exists()


def test_s25_nothing_is_picked_up_from_the_current_folder(runbookctl: Command, tmp_path: Path) -> None:
    """S25: runbooks, policies, plug-ins and .env files of a hostile checkout are not seen."""
    clone = tmp_path / "clone"
    (clone / "runbooks" / "gpu").mkdir(parents=True)
    (clone / "runbooks" / "gpu" / "evil.yaml").write_text("runbook: gpu/evil\n")
    (clone / "runbookctl.py").write_text("raise SystemExit('imported')\n")
    (clone / ".env").write_text("RUNBOOKCTL_HOME=/nowhere\n")
    done = runbookctl("list", cwd=clone)
    assert done.code == 0
    assert "evil" not in done.out


def test_s25_a_runbook_that_others_may_write_is_refused(runbookctl: Command, tmp_path: Path) -> None:
    """S25: as OpenSSH demands of its files."""
    text = (Path(__file__).parents[2] / "runbooks" / "gpu" / "xid-ecc.yaml").read_text()
    path = tmp_path / "runbooks" / "gpu" / "xid-ecc.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(text)
    path.chmod(0o666)
    done = runbookctl("run", str(path), "--plan", "-i", "nodes=n1")
    assert done.code == 2
    assert "can be written by everyone" in done.err


def test_s40_verify_does_not_promise_what_a_chain_cannot(runbookctl: Command) -> None:
    """S40: without an anchor the record is called unanchored, never unchanged."""
    runbookctl("analyze", "-", given=XID.encode())
    done = runbookctl("journal", "verify")
    assert done.code == 0
    assert "unanchored" in done.out


def test_s52_a_leaked_secret_can_be_purged_and_the_chain_still_verifies(runbookctl: Command, home: Path) -> None:
    """S52: a body that was purged leaves a tombstone; the run still verifies and is still shown."""
    from runbookctl.engine.record import story
    from runbookctl.journal.interface import Runs
    from runbookctl.journal.open import Unavailable, open_journal

    runbookctl("analyze", "-", given=XID.encode())
    store = open_journal(home)
    assert not isinstance(store, Unavailable)
    run = store.read(Runs()).rows[0].run
    digest = story(store, run).evidence[0].sha256
    assert store.purge(digest, "a secret was in it")
    assert store.verify(run).problems == ()
    assert "gpu_fell_off_bus" in runbookctl("show", "last").out
    shown = runbookctl("show", "last", "e1")
    assert "a secret was in it" in shown.out + shown.err
