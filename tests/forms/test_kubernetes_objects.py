"""API objects are read from whatever kubectl and the API print."""

from __future__ import annotations

import datetime as dt
import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbookctl.forms import kubernetes_objects as form
from runbookctl.forms.documents import UnreadableError
from runbookctl.model import Raw, Subject

RECORDINGS = Path(__file__).parents[1] / "recordings" / "intake"
NOW = dt.datetime(2026, 11, 22, 3, tzinfo=dt.UTC)
POD = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a", "namespace": "ml"}}


def raw(body: bytes | str) -> Raw:
    """Return a body as a reader gets it."""
    return Raw(body=body.encode() if isinstance(body, str) else body, form="kubernetes_objects", at=NOW)


def recording(name: str) -> Raw:
    """Return a recording as it is stored."""
    body = (RECORDINGS / name).read_bytes()
    return raw(form.store(gzip.decompress(body) if name.endswith(".gz") else body))


def kinds(body: bytes | str) -> list[str]:
    """Return the kinds of the objects of a body."""
    return [item["kind"] for item in form.objects(raw(body))]


def test_items_of_a_typed_list_get_the_kind_that_the_list_names() -> None:
    """The API prints kind and version once, on the list; each object needs them."""
    found = list(form.objects(recording("pods.list.json")))
    assert [(item["kind"], item["apiVersion"], item["metadata"]["name"]) for item in found] == [
        ("Pod", "v1", "trainer-56798c6f7b-9mlfq")
    ]


def test_kinds_select_objects() -> None:
    """A reader of pods gets pods."""
    body = json.dumps({"kind": "List", "apiVersion": "v1", "items": [POD, {**POD, "kind": "Node"}]})
    assert [item["kind"] for item in form.objects(raw(body), ("Node",))] == ["Node"]
    assert not list(form.objects(recording("pods.list.json"), ("Node",)))


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(POD),
        json.dumps([POD]),
        json.dumps({"kind": "PodList", "apiVersion": "v1", "items": [{"metadata": {"name": "a"}}]}),
        json.dumps({"type": "ADDED", "object": POD}),
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n",
        "---\n# made by hand\napiVersion: v1\nkind: Pod\nmetadata: {name: a}\n---\n",
        "kind: List\napiVersion: v1\nitems:\n- apiVersion: v1\n  kind: Pod\n  metadata: {name: a}\n",
    ],
)
def test_every_way_to_print_a_pod_is_one_pod(text: str) -> None:
    """An object, an array, a list, a watch event and YAML give the same object, stored or not."""
    stored = form.store(text.encode())
    for body in (text.encode(), stored):
        assert [(item["kind"], item["metadata"]["name"]) for item in form.objects(raw(body))] == [("Pod", "a")]


def test_several_documents_become_one_list() -> None:
    """Two answers in one file are one stored document."""
    stored = form.store((json.dumps(POD) + "\n" + json.dumps({**POD, "kind": "Node"})).encode())
    assert json.loads(stored)["kind"] == "List"
    assert kinds(stored) == ["Pod", "Node"]


def test_a_document_with_lines_stays_byte_for_byte() -> None:
    """Line numbers of a pretty document are those of the file."""
    body = (RECORDINGS / "node.json").read_bytes()
    assert form.store(body) == body


def test_a_document_on_one_line_gets_lines() -> None:
    """A stored document can be read by people."""
    assert form.store(json.dumps(POD).encode()).startswith(b'{\n  "apiVersion": "v1",\n')


def test_a_list_that_ends_early_is_marked_as_cut() -> None:
    """The whole items are kept, and the stored text itself says that more was there."""
    body = (RECORDINGS / "node-events.list.json").read_bytes()
    normal = form.normal(body[: len(body) // 2])
    assert normal.cut == "ends early"
    assert form.cut(raw(normal.body)) == "ends early"
    assert 0 < len(kinds(normal.body)) < len(kinds(body))


def test_yaml_that_lacks_its_end_loses_its_last_item() -> None:
    """`kubectl get -o yaml` prints `kind: List` at the end: without it the last object may be half."""
    text = "apiVersion: v1\nitems:\n- apiVersion: v1\n  kind: Pod\n- apiVersion: v1\n  kind: Node\n"
    normal = form.normal(text.encode())
    assert (kinds(normal.body), normal.cut) == (["Pod"], "ends early")


def test_one_page_of_a_list_is_cut() -> None:
    """A list with a `continue` token is not all there is."""
    page = {"kind": "PodList", "metadata": {"continue": "abc", "remainingItemCount": 4500}, "items": [POD]}
    normal = form.normal(json.dumps(page).encode())
    assert normal.cut == "one page of a list, 4,500 items follow"
    assert form.cut(raw(normal.body)) == normal.cut


def test_an_object_that_ends_early_is_refused() -> None:
    """Half an object would be read as one whose fields are absent."""
    body = (RECORDINGS / "node.json").read_bytes()
    with pytest.raises(UnreadableError, match="no whole Kubernetes object: it ends early"):
        form.normal(body[:-200])


@pytest.mark.parametrize(
    "text",
    [
        "apiVersion: v1\nkind: Config\nclusters: []\nusers:\n- name: x\n  user: {token: abc}\n",
        json.dumps({"kind": "Config", "apiVersion": "v1", "users": [{"user": {"token": "abc"}}]}),
    ],
)
def test_a_kubeconfig_is_never_kept(text: str) -> None:
    """Credentials are no evidence."""
    with pytest.raises(UnreadableError, match="kubeconfig"):
        form.normal(text.encode())


NAMED = [
    ("pod-trainer-56798c6f7b-9mlfq.json", "Pod", "pod/ml/trainer-56798c6f7b-9mlfq", "02:47:35", "1 pod, 1 container"),
    ("node.json", "Node", "node/worker-gpu-01", "02:23:31", "1 node"),
    ("node-lease.json", "Lease", "node/worker-gpu-01", "02:22:30.390410", "1 lease"),
    ("node-events.list.json", "Event list", "node/worker-gpu-01", "02:23:31", "16 events"),
    ("deployment.json", "Deployment", "deployment/ml/trainer", "02:47:31", "1 deployment"),
    ("replicasets.list.json", "ReplicaSet list", "replicaset/ml/trainer-56798c6f7b", "02:47:25", "1 replica set"),
    ("events.list.json", "Event list", "namespace/ml", "02:47:35", "7 events"),
    ("nodes-200.list.json.gz", "Node list", "pasted/evidence", "02:39:07", "200 nodes"),
]


@pytest.mark.parametrize(("name", "label", "subject", "clock", "summary"), NAMED)
def test_a_recording_names_itself(name: str, label: str, subject: str, clock: str, summary: str) -> None:
    """Label, subject, latest time and summary come from the text alone."""
    stored = recording(name)
    named = form.names(stored)
    assert form.label_of(stored) == label
    assert str(named.subject) == subject
    assert named.now == dt.datetime.fromisoformat(f"2026-11-22T{clock}+00:00")
    assert named.summary == summary


def test_several_pods_share_only_what_all_of_them_name() -> None:
    """Two pods of one namespace and node are evidence about both levels and no pod."""
    pods = [
        {**POD, "metadata": {"name": name, "namespace": "ml", "uid": name}, "spec": {"nodeName": "n1"}}
        for name in ("a", "b")
    ]
    named = form.names(raw(form.store(json.dumps(pods).encode())))
    assert named.subject == Subject(namespace="ml", node="n1")
    assert named.summary == "2 pods"


def test_a_mixed_list_is_counted_by_kind() -> None:
    """People see how many of what they gave."""
    body = form.store(json.dumps([POD, POD, {**POD, "kind": "NetworkPolicy"}]).encode())
    assert form.names(raw(body)).summary == "2 pods, 1 network policy"
    assert form.label_of(raw(body)) == "List of 3 objects"


def test_a_time_inside_a_message_is_not_a_time_of_the_object() -> None:
    """Text that a workload can write does not move the clock."""
    message = '"lastTransitionTime": "2099-01-01T00:00:00Z"'
    body = json.dumps(
        {**POD, "status": {"message": message}, "metadata": {"creationTimestamp": "2026-01-02T03:04:05Z"}}
    )
    assert form.names(raw(body)).now == dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", "null", "{", "x", '{"kind": 1}', '{"kind":"PodList","items":{}}', "\x00", "a: b"]
)
def test_what_is_no_object_gives_no_object(text: str) -> None:
    """Other text is read as nothing, without an error."""
    assert kinds(text) == []
    form.names(raw(text))
    form.label_of(raw(text))


HOSTILE: list[Any] = [None, 1, "x", [], {}, [1], {"a": 1}, [{"kind": "Pod"}], {"items": 3}, {"name": 5}]


@given(
    st.dictionaries(
        st.sampled_from(
            ["kind", "apiVersion", "metadata", "spec", "status", "items", "involvedObject", "object", "type"]
        ),
        st.sampled_from([*HOSTILE, "Pod", "PodList", "Event", "List", "Node", "ADDED"]),
    )
)
def test_wrong_types_in_right_places_are_survived(document: dict[str, Any]) -> None:
    """Every field of foreign JSON may be anything."""
    body = raw(json.dumps(document))
    list(form.objects(body))
    form.names(body)
    form.label_of(body)
    form.cut(body)


@given(st.binary(max_size=300))
def test_any_bytes_are_stored_or_refused(body: bytes) -> None:
    """Nothing but UnreadableError leaves `store`, and what it returns is read back."""
    try:
        stored = form.store(body)
    except UnreadableError:
        return
    list(form.objects(raw(stored)))
