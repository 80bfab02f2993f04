"""Containers from what kubectl prints: what a text tells is set, what it does not tell stays unset."""

from __future__ import annotations

import datetime as dt

import pytest
from k8s_reading import AT, RECORDINGS, cuts, raw, readings, skipped
from msgspec import UNSET

from runbookctl.forms import kubectl_describe_pod
from runbookctl.model import Subject

DESCRIBED = (RECORDINGS / "oomkilled" / "describe-trainer-56798c6f7b-9mlfq.txt").read_text()


def describe(text: str) -> list[object]:
    """Read a description."""
    return readings("k8s.containers", raw(text, "kubectl_describe_pod"))


def test_a_description_tells_the_end_and_not_the_uid() -> None:
    """Reason, code, times and limits are printed; the UID and the revision before are not."""
    (one,) = readings("k8s.containers", raw(DESCRIBED, "kubectl_describe_pod"))
    assert (one.exits[0].code, one.exits[0].reason, one.memory_limit) == (137, "OOMKilled", 32 << 20)
    assert one.exits[0].time == dt.datetime(2026, 11, 22, 2, 47, 35, tzinfo=dt.UTC)
    assert (one.pod_uid, one.previous_revision, one.job) == (UNSET, UNSET, UNSET)
    assert one.owner == "deployment/trainer"


def test_a_message_that_looks_like_a_description_ends_where_it_ends() -> None:
    """A termination message is printed raw: lines of it in column 0 are no keys of the pod."""
    message = (
        "Status:  Succeeded\nContainers:\n  evil:\n    State:  Running\nEvents:  <none>\n"
        'Traceback (most recent call last):\n  File "/app/m.py", line 3, in <module>\nValueError: bad'
    )
    text = DESCRIBED.replace("      Exit Code:    137", f"      Message:      {message}\n\n      Exit Code:    1", 1)
    (one,) = readings("k8s.containers", raw(text, "kubectl_describe_pod"))
    assert (one.name, one.state, one.phase) == ("trainer", "waiting", "Running")
    assert one.exits[0].code == 1
    assert one.exits[0].message == message
    assert [said.text for said in one.messages] == ["ValueError: bad"]


def test_a_description_cut_in_a_message_swallows_no_later_pod() -> None:
    """A message has at most 4 KiB: what is longer is not one."""
    broken = DESCRIBED.replace("      Exit Code:    137", "      Message:      " + "x\n" * 9000, 1)
    found = readings("k8s.containers", raw(broken + "\n" + DESCRIBED, "kubectl_describe_pod"))
    assert found[-1].exits[0].code == 137


def test_several_pods_of_one_description_are_several() -> None:
    """Each begins with its Name."""
    other = DESCRIBED.replace("trainer-56798c6f7b-9mlfq", "trainer-56798c6f7b-other")
    found = readings("k8s.containers", raw(f"{DESCRIBED}\n\n{other}", "kubectl_describe_pod"))
    assert [one.pod for one in found] == ["trainer-56798c6f7b-9mlfq", "trainer-56798c6f7b-other"]


def test_a_description_that_was_shifted_by_a_quote_is_read() -> None:
    """Indented as a whole, as chats and tickets do it."""
    shifted = "\n".join(f"    {line}" for line in DESCRIBED.split("\n"))
    (one,) = readings("k8s.containers", raw(shifted, "kubectl_describe_pod"))
    assert (one.pod, one.exits[0].code) == ("trainer-56798c6f7b-9mlfq", 137)


def test_the_middle_of_a_description_tells_of_containers_without_a_pod() -> None:
    """A paste that begins at Containers has no name, and its state all the same."""
    middle = DESCRIBED[DESCRIBED.index("Containers:") :]
    (one,) = readings("k8s.containers", raw(middle, "kubectl_describe_pod"))
    assert (one.pod, one.name, one.exits[0].reason, one.node) == (UNSET, "trainer", "OOMKilled", UNSET)


def test_a_container_id_filled_in_by_the_kubelet_is_no_code() -> None:
    """ContainerStatusUnknown is read as in the API."""
    text = DESCRIBED.replace("      Reason:       OOMKilled", "      Reason:       ContainerStatusUnknown")
    (one,) = readings("k8s.containers", raw(text, "kubectl_describe_pod"))
    assert one.exits[0].code is UNSET


def test_zero_times_are_not_told() -> None:
    """1970 and year 1 are fields that were never filled in, in any zone."""
    text = DESCRIBED.replace("Sun, 22 Nov 2026 02:47:34 +0000", "Thu, 01 Jan 1970 08:00:00 +0800").replace(
        "Sun, 22 Nov 2026 02:47:35 +0000", "Mon, 01 Jan 0001 00:00:00 +0000"
    )
    (one,) = readings("k8s.containers", raw(text, "kubectl_describe_pod"))
    assert (one.exits[0].started, one.exits[0].time, one.exits[0].ran) == (UNSET, UNSET, UNSET)


def test_other_zones_are_read() -> None:
    """Kubectl prints local time with its offset."""
    text = DESCRIBED.replace("Sun, 22 Nov 2026 02:47:35 +0000", "Sun, 22 Nov 2026 10:47:35 +0800")
    (one,) = readings("k8s.containers", raw(text, "kubectl_describe_pod"))
    assert one.exits[0].time == dt.datetime(2026, 11, 22, 2, 47, 35, tzinfo=dt.UTC)


def test_the_age_of_an_event_tells_when_it_was_printed() -> None:
    """A pod's start and the age of its Scheduled event give now to the second."""
    pod = next(kubectl_describe_pod.described_pods(raw(DESCRIBED, "kubectl_describe_pod")))
    assert kubectl_describe_pod.printed_at(pod) == dt.datetime(2026, 11, 22, 2, 47, 50, tzinfo=dt.UTC)


def test_a_waiting_message_that_is_not_printed_is_unknown() -> None:
    """Kubectl leaves the kubelet's message out: its text could name any cause."""
    path = RECORDINGS / "createcontainerconfigerror" / "describe-missing-config.txt"
    (one,) = readings("k8s.containers", raw(path.read_bytes(), "kubectl_describe_pod"))
    assert (one.waiting, one.messages) == ("CreateContainerConfigError", UNSET)


def test_lines_left_out_of_a_description_are_a_cut() -> None:
    """What stood there is not known."""
    text = DESCRIBED.replace("Volumes:\n", "[runbookctl: 12 lines (345 bytes) left out]\nVolumes:\n")
    assert [cut.why for cut in cuts("k8s.containers", raw(text, "kubectl_describe_pod"))] == [
        "lines of the description are left out"
    ]


# --- the pod table ---------------------------------------------------------------------------------------------------

HEADER = "NAMESPACE   NAME    READY   STATUS                        RESTARTS         AGE\n"


def row(status: str, ready: str = "0/1", restarts: str = "0") -> object:
    """Read one row of `kubectl get pods -A`."""
    line = f"shop        api-1   {ready:<8}{status:<30}{restarts:<17}12m\n"
    (one,) = readings("k8s.containers", raw(HEADER + line, "kubectl_get_table"))
    return one


@pytest.mark.parametrize(
    ("status", "waiting", "state", "role"),
    [
        ("CrashLoopBackOff", "CrashLoopBackOff", "waiting", UNSET),
        ("ImagePullBackOff", "ImagePullBackOff", "waiting", UNSET),
        ("ContainerCreating", "ContainerCreating", "waiting", UNSET),
        ("CreateContainerConfigError", "CreateContainerConfigError", "waiting", UNSET),
        ("Init:CrashLoopBackOff", "CrashLoopBackOff", "waiting", "init"),
        ("Init:0/1", None, UNSET, "init"),
        ("Init:Error", None, "terminated", "init"),
        ("PodInitializing", "PodInitializing", "waiting", UNSET),
        ("Running", None, "running", UNSET),
        ("Pending", None, None, UNSET),
        ("Completed", None, "terminated", UNSET),
        ("Error", None, "terminated", UNSET),
        ("OOMKilled", None, "terminated", UNSET),
        ("Signal:9", None, "terminated", UNSET),
        ("Terminating", UNSET, UNSET, UNSET),
        ("Evicted", UNSET, UNSET, UNSET),
    ],
)
def test_the_status_word_is_taken_apart(status: str, waiting: object, state: object, role: object) -> None:
    """One word per pod, made by the API server from reasons and phase."""
    one = row(status)
    assert (one.waiting, one.state, one.role) == (waiting, state, role)  # type: ignore[attr-defined]


def test_a_table_has_no_exit_codes() -> None:
    """The code of an Error is not printed; that of Completed is 0."""
    assert row("Error").exits[0].code is UNSET  # type: ignore[attr-defined]
    assert (row("OOMKilled").exits[0].reason, row("OOMKilled").exits[0].code) == ("OOMKilled", UNSET)  # type: ignore[attr-defined]
    assert row("Completed").exits[0].code == 0  # type: ignore[attr-defined]
    assert row("ExitCode:3").exits[0].code == 3  # type: ignore[attr-defined]


def test_restarts_with_an_age_tell_when_the_last_end_was() -> None:
    """`5 (2m13s ago)` is an end of which only the time is known; without an age it is not known at all."""
    one = row("Running", "1/1", "5 (2m13s ago)")
    assert [(end.time, end.code) for end in one.exits] == [(AT - dt.timedelta(minutes=2, seconds=13), UNSET)]  # type: ignore[attr-defined]
    assert row("Running", "1/1", "5").exits is UNSET  # type: ignore[attr-defined]
    assert row("Running", "1/1", "0").exits == ()  # type: ignore[attr-defined]


def test_a_table_row_names_the_pod_and_not_the_container() -> None:
    """The row is about the pod; readiness is that of all its containers."""
    one = row("Running", "1/2")
    assert (one.namespace, one.pod, one.name, one.ready, one.memory_limit) == ("shop", "api-1", UNSET, False, UNSET)  # type: ignore[attr-defined]
    assert row("Running", "2/2").ready is True  # type: ignore[attr-defined]


def test_the_namespace_of_a_table_without_one_is_the_one_asked_for() -> None:
    """`kubectl get pods -n shop` does not print it."""
    text = "NAME    READY   STATUS    RESTARTS   AGE\napi-1   1/1     Running   0          12m\n"
    (one,) = readings("k8s.containers", raw(text, "kubectl_get_table", subject=Subject(namespace="shop")))
    assert one.namespace == "shop"
    (pasted,) = readings("k8s.containers", raw(text, "kubectl_get_table"))
    assert pasted.namespace is UNSET


def test_an_image_reason_in_a_table_proves_its_cause() -> None:
    """ErrImagePull says it without a message."""
    assert [said.means for said in row("ErrImagePull").messages] == ["image_pull_failure"]  # type: ignore[attr-defined]
    assert row("CrashLoopBackOff").messages is UNSET  # type: ignore[attr-defined]


def test_kubectl_get_all_prefixes_are_taken_off() -> None:
    """`pod/api-1` is a pod; a deployment in the same text is none."""
    text = (
        "NAME        READY   STATUS    RESTARTS   AGE\npod/api-1   1/1     Running   0          12m\n\n"
        "NAME                  READY   UP-TO-DATE   AVAILABLE   AGE\ndeployment.apps/api   1/1     1            1           12m\n"
    )
    assert [one.pod for one in readings("k8s.containers", raw(text, "kubectl_get_table"))] == ["api-1"]


def test_rows_that_leave_their_columns_are_read_all_the_same() -> None:
    """Watch output does not keep to the header's columns."""
    text = "NAME    READY   STATUS    RESTARTS   AGE\napi-long-name-that-does-not-fit   0/1   CrashLoopBackOff   7 (3s ago)   12m\n"
    (one,) = readings("k8s.containers", raw(text, "kubectl_get_table"))
    assert (one.pod, one.waiting, one.restarts) == ("api-long-name-that-does-not-fit", "CrashLoopBackOff", 7)


def test_a_row_that_fits_no_column_is_skipped_and_said() -> None:
    """Half a row is not guessed at."""
    text = "NAME    READY   STATUS    RESTARTS   AGE\napi-1   0/\n"
    assert [one.line for one in skipped("k8s.containers", raw(text, "kubectl_get_table"))] == [2]


# --- errors and events -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "waiting"),
    [
        ("CreateContainerConfigError", "CreateContainerConfigError"),
        ("image can't be pulled", "ErrImagePull"),
        ("trying and failing to pull image", "ImagePullBackOff"),
    ],
)
def test_a_log_that_cannot_be_had_tells_why_the_container_waits(said: str, waiting: str) -> None:
    """Kubectl logs says it in place of a log."""
    text = f'Error from server (BadRequest): container "app" in pod "web-0" is waiting to start: {said}\n'
    (one,) = readings("k8s.containers", raw(text, "kubectl_error"))
    assert (one.pod, one.name, one.waiting, one.exits) == ("web-0", "app", waiting, UNSET)


@pytest.mark.parametrize(
    "text",
    [
        'Error from server (BadRequest): container "app" in pod "web-0" is waiting to start: PodInitializing\n',
        'Error from server (BadRequest): previous terminated container "app" in pod "web-0" not found\n',
        'Error from server: Get "https://10.244.0.1:10250/containerLogs/ml/x/y": dial tcp 10.244.0.1:10250: connect: connection refused\n',
        "Unable to connect to the server: dial tcp 10.0.0.1:6443: i/o timeout\n",
    ],
)
def test_other_errors_of_kubectl_say_nothing_of_a_container(text: str) -> None:
    """They are no log, and no state either."""
    assert readings("k8s.containers", raw(text, "kubectl_error")) == []


EVENTS = "LAST SEEN   TYPE      REASON    OBJECT      MESSAGE\n"


def test_back_off_events_tell_that_a_container_waits() -> None:
    """New kubelets name container, pod and uid in the message."""
    text = EVENTS + (
        "16s         Warning   BackOff   pod/api-1   Back-off restarting failed container app in pod "
        "api-1_shop(45016f92-49a7-4168-86b8-985afd32aa0e)\n"
    )
    (one,) = readings("k8s.containers", raw(text, "kubectl_events"))
    assert (one.namespace, one.pod, one.name, one.waiting) == ("shop", "api-1", "app", "CrashLoopBackOff")
    assert (one.pod_uid, one.exits, one.ready) == ("45016f92-49a7-4168-86b8-985afd32aa0e", UNSET, UNSET)


@pytest.mark.parametrize(
    "rows",
    [
        "40m   Warning   BackOff   pod/api-1   Back-off restarting failed container\n",
        "16s   Warning   BackOff   pod/api-1   Back-off restarting failed container\n3s   Normal   Started   pod/api-1   Started container app\n",
    ],
)
def test_a_back_off_that_is_over_is_none(rows: str) -> None:
    """An old one and one before a start tell nothing of now."""
    assert readings("k8s.containers", raw(EVENTS + rows, "kubectl_events")) == []


def test_a_back_off_of_an_image_is_no_crash_loop() -> None:
    """BackOff is used for both: the message decides."""
    text = EVENTS + '16s   Normal   BackOff   pod/api-1   Back-off pulling image "lab.local/api:9"\n'
    (one,) = readings("k8s.containers", raw(text, "kubectl_events"))
    assert (one.pod, one.waiting) == ("api-1", "ImagePullBackOff")
