"""One paste of several outputs is cut where each of them begins."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from runbookctl.forms import kubernetes_objects
from runbookctl.forms.lines import Line, numbered
from runbookctl.intake import Piece

Take = Callable[[bytes | str], list[Piece]]


@pytest.fixture
def text(recordings: Path) -> Callable[[str], str]:
    """Return a function that gives a recording by the beginning of its name."""

    def read(name: str) -> str:
        return next(path for path in sorted(recordings.iterdir()) if path.name.startswith(name)).read_text()

    return read


Text = Callable[[str], str]


def shape(found: list[Piece]) -> list[tuple[str, int]]:
    """Return form and first line of each piece."""
    return [(piece.form, piece.first_line) for piece in found]


def lines(piece: Piece) -> list[Line]:
    """Return the numbered lines of a piece."""
    return [line for line in numbered(piece.body) if isinstance(line, Line)]


def test_two_commands_in_one_pipe(take: Take, text: Text) -> None:
    """`(kubectl describe pod X; kubectl get nodes -o json) | runbookctl analyze -` is two pieces."""
    describe, node = text("describe-gpu-overask"), text("node.json")
    found = take(describe + node)
    assert shape(found) == [("kubectl_describe_pod", 1), ("kubernetes_objects", 47)]
    assert found[0].body.decode() == describe
    assert found[1].body.decode() == node


def test_json_before_text(take: Take, text: Text) -> None:
    """A document ends where it ends."""
    assert shape(take(text("node.json") + text("describe-gpu-overask"))) == [
        ("kubernetes_objects", 1),
        ("kubectl_describe_pod", 255),
    ]


def test_json_on_one_long_line_is_not_shortened(take: Take, text: Text) -> None:
    """`kubectl get --raw` prints one line of any length; it stays whole inside a paste."""
    one_line = json.dumps(json.loads(text("node-events.list")))
    found = take(text("events.txt") + one_line + "\n" + text("get-nodes"))
    assert [piece.form for piece in found] == ["kubectl_events", "kubernetes_objects", "kubectl_get_table"]
    assert found[1].label == "Event list"
    assert not found[1].cut


def test_prompts_separate_and_are_dropped(take: Take, text: Text) -> None:
    """A terminal's scroll-back has prompts with the commands between the outputs."""
    paste = (
        "me@mac ml % kubectl get po\n" + text("get-trainer") + "[root@gpu-7 ~]# dmesg | tail\n" + text("dmesg-segfault")
        + "$ kubectl get nodes -o json\n" + text("node.json") + "root@gpu-7:~# \n"
    )  # fmt: skip
    found = take(paste)
    assert shape(found) == [("kubectl_get_table", 2), ("kernel_log", 5), ("kubernetes_objects", 7)]
    assert not any(b"root@" in piece.body for piece in found)


def test_line_numbers_of_a_piece_are_those_of_the_file(take: Take, text: Text) -> None:
    """Proof lines are counted in the file that a person has before them."""
    paste = text("describe-gpu-overask") + "\n$ dmesg\n" + text("dmesg-segfault")
    kernel = take(paste)[1]
    (line,) = lines(kernel)
    assert paste.splitlines()[line.number - 1] == line.text
    assert kernel.first_line == line.number == 49


@pytest.mark.parametrize("heading", ["==== dmesg ====", "### dmesg", "kernel log:", "```", "---", "==> dmesg.txt <=="])
def test_a_heading_separates_when_something_begins_below_it(take: Take, text: Text, heading: str) -> None:
    """What people write between outputs belongs to neither."""
    found = take(text("describe-gpu-overask") + heading + "\n" + text("dmesg-segfault"))
    assert [piece.form for piece in found] == ["kubectl_describe_pod", "kernel_log"]
    assert not any(line.text == heading for piece in found for line in lines(piece))


def test_a_rule_inside_a_log_does_not_separate(take: Take) -> None:
    """Test reports and frameworks print rules into their logs."""
    log = "".join(
        f"2026-11-22 02:47:3{n},944 INFO step {n} of 5\n2026-11-22 02:47:3{n},950 WARNING slow\n=== done ===\n\n"
        for n in range(5)
    )
    assert [piece.form for piece in take(log)] == ["pod_log"]


def test_yaml_documents_are_one_list_and_end_where_text_begins(take: Take) -> None:
    """Manifests separated by `---`, keys in any order, then a table."""
    pod = "---\nkind: Pod\napiVersion: v1\nmetadata:\n  name: {}\n  namespace: ml\n"
    table = "NAME   READY   STATUS    RESTARTS   AGE\na      1/1     Running   0          5s\n"
    found = take(pod.format("a") + pod.format("b") + table)
    assert [piece.form for piece in found] == ["kubernetes_objects", "kubectl_get_table"]
    assert found[0].label == "Pod list"


def test_several_describe_outputs_are_several_pieces(take: Take, text: Text) -> None:
    """Each object of several describe outputs is its own evidence."""
    found = take(text("describe-gpu-overask") + "\n\n" + text("describe-trainer") + "\n" + text("describe-node"))
    assert [piece.form for piece in found] == ["kubectl_describe_pod", "kubectl_describe_pod", "kubectl_describe_node"]


def test_tables_with_their_own_header_are_their_own_pieces(take: Take, text: Text) -> None:
    """Columns are where the nearest header puts them."""
    found = take(text("get-trainer") + text("get-nodes") + text("events.txt"))
    assert [piece.form for piece in found] == ["kubectl_get_table", "kubectl_get_table", "kubectl_events"]


def test_kernel_lines_among_other_lines_are_taken_out(take: Take, text: Text) -> None:
    """Lines that certainly are the kernel's become one piece with their own numbers; the rest stays together."""
    describe = text("describe-gpu-overask").splitlines(keepends=True)
    xid = "[ 2595.{0}00000] NVRM: Xid (PCI:0000:3b:00): 79, pid=1, GPU has fallen off the bus.\n"
    paste = "".join([*describe[:20], xid.format(1), *describe[20:], xid.format(2)])
    found = take(paste)
    assert [piece.form for piece in found] == ["kubectl_describe_pod", "kernel_log"]
    assert [line.number for line in lines(found[1])] == [21, 48]
    assert "".join(line.text + "\n" for line in lines(found[0])) == "".join(describe)


def test_what_a_container_printed_is_never_taken_for_the_kernel_s(take: Take) -> None:
    """A workload can print anything; a container log keeps its lines."""
    stamp = "2026-11-22T02:47:34.944285729Z stdout F "
    log = "".join(f"{stamp}step {n}\n" for n in range(9)) + f"{stamp}NVRM: Xid (PCI:0000:3b:00): 79, pid=1, gone.\n"
    assert [piece.form for piece in take(log)] == ["pod_log"]


def test_a_stranger_between_outputs_is_said_with_its_lines(take: Take, text: Text) -> None:
    """What nothing recognises is a piece of its own and not lost."""
    found = take(text("get-nodes") + "$ ./our-own-tool\nfoo bar\nbaz\n$ dmesg\n" + text("dmesg-segfault"))
    assert [(piece.form, piece.whole_lines) for piece in found][1] == ("unrecognised", 2)


def test_a_truncated_document_ends_at_the_next_prompt(take: Take, text: Text) -> None:
    """Half a list does not swallow what follows it."""
    half = text("node-events.list")[:12_000].rpartition("\n")[0]
    found = take(half + "\n$ dmesg\n" + text("dmesg-segfault"))
    assert [(piece.form, piece.cut) for piece in found] == [("kubernetes_objects", True), ("kernel_log", False)]


def test_a_kubeconfig_inside_a_paste_is_not_kept(take: Take, text: Text) -> None:
    """Credentials between other outputs are left out, with a reason."""
    config = "$ cat ~/.kube/config\napiVersion: v1\nkind: Config\nusers:\n- name: x\n  user:\n    token: s3cr3t\n"
    found = take(config + "$ kubectl get nodes\n" + text("get-nodes"))
    assert [bool(piece.error) for piece in found] == [True, False]
    assert not any(b"s3cr3t" in piece.body for piece in found)


def test_many_objects_of_one_command_stay_one_piece(take: Take, text: Text) -> None:
    """`kubectl describe pods` of a namespace is one answer."""
    found = take("\n\n".join([text("describe-gpu-overask")] * 40))
    assert [piece.form for piece in found] == ["kubectl_describe_pod"]


def test_a_cluster_dump_names_its_logs(take: Take, text: Text) -> None:
    """`kubectl cluster-info dump` prints lists, then logs between marks."""
    dump = (
        text("pods.list") + "==== START logs for container app of pod shop/api-1 ====\nerror: no such table\nbye\n"
        "==== END logs for container app of pod shop/api-1 ====\n" + text("node.json")
    )  # fmt: skip
    found = take(dump)
    assert [piece.form for piece in found] == ["kubernetes_objects", "pod_log", "kubernetes_objects"]
    assert not any(b"====" in piece.body for piece in found)


def test_objects_are_read_from_the_piece(take: Take, text: Text) -> None:
    """A piece of a paste is a stored body like any other."""
    piece = take(
        "$ kubectl get po -o yaml\napiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n\n$ dmesg\n" + text("dmesg")
    )[0]
    assert (piece.label, piece.first_line) == ("Pod", 2)
    assert kubernetes_objects.recognise(piece.body.decode(), "") > 90


SMI = """\
Sun Nov 22 02:47:35 2026
+-----------------------------------------------------------------------------------------+
| NVIDIA-SMI 550.90.07              Driver Version: 550.90.07      CUDA Version: 12.4     |
|-----------------------------------------+------------------------+----------------------+
| GPU  Name                 Persistence-M | Bus-Id          Disp.A | Volatile Uncorr. ECC |
| Fan  Temp   Perf          Pwr:Usage/Cap |           Memory-Usage | GPU-Util  Compute M. |
|                                         |                        |               MIG M. |
|=========================================+========================+======================|
|   0  NVIDIA H100 80GB HBM3          On  |   00000000:3B:00.0 Off |                    0 |
| N/A   34C    P0             71W /  700W |       1MiB /  81559MiB |      0%      Default |
|                                         |                        |             Disabled |
+-----------------------------------------+------------------------+----------------------+
"""


def test_the_date_above_a_table_belongs_to_it(take: Take, text: Text) -> None:
    """`nvidia-smi` prints a date and a rule first; alone and below other text they are the table's."""
    assert shape(take(SMI)) == [("nvidia_smi_table", 1)]
    assert shape(take(text("get-nodes") + "\n" + SMI)) == [("kubectl_get_table", 1), ("nvidia_smi_table", 4)]


def test_a_traceback_stays_with_its_last_line(take: Take, text: Text) -> None:
    """A container log below a describe is one piece, its exception included."""
    log = 'Traceback (most recent call last):\n  File "/app/a.py", line 5, in <module>\n    main()\nValueError: no such shard\n'
    found = take(text("describe-gpu-overask") + "\n" + log)
    assert [piece.form for piece in found] == ["kubectl_describe_pod", "pod_log"]
    assert [line.text for line in lines(found[1])][-1] == "ValueError: no such shard"
