"""Events: whom they are about, when, what they prove now, and that older ones have expired."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
from k8s_reading import AT, RECORDINGS, cuts, raw, read, readings, skipped
from msgspec import UNSET

from runbookctl.model import Cut, KubernetesGet


def event(**fields: Any) -> dict[str, Any]:
    """Return a core v1 event of a container."""
    return {
        "kind": "Event", "apiVersion": "v1", "reason": "Killing", "type": "Normal",
        "message": "Container app failed liveness probe, will be restarted",
        "involvedObject": {"kind": "Pod", "namespace": "shop", "name": "api-1", "uid": "u1", "fieldPath": "spec.containers{app}"},
        "firstTimestamp": "2026-11-22T02:40:00Z", "lastTimestamp": "2026-11-22T02:47:00Z", "count": 3,
        "source": {"component": "kubelet", "host": "n1"}, **fields,
    }  # fmt: skip


def of(*events: dict[str, Any]) -> list[Any]:
    """Read events as a list of the API."""
    return readings(
        "k8s.events", raw(json.dumps({"kind": "EventList", "apiVersion": "v1", "items": events}), "kubernetes_objects")
    )


def test_a_kill_for_its_probe_is_told_with_its_container() -> None:
    """The event names pod, uid and container; it is of type Normal, and means the cause."""
    (one,) = of(event())
    assert (one.namespace, one.pod, one.pod_uid, one.container) == ("shop", "api-1", "u1", "app")
    assert (one.reason, one.type, one.means, one.count, one.source) == (
        "Killing",
        "Normal",
        "liveness_probe_failure",
        3,
        "kubelet",
    )
    assert one.time == dt.datetime(2026, 11, 22, 2, 47, tzinfo=dt.UTC)
    assert one.node is UNSET


def test_one_failed_probe_is_no_kill() -> None:
    """Unhealthy tells of a probe; the refused connection in it is the kubelet's own."""
    text = (
        'Liveness probe failed: Get "http://10.244.0.20:8080/": dial tcp 10.244.0.20:8080: connect: connection refused'
    )
    (one,) = of(event(reason="Unhealthy", type="Warning", message=text))
    assert (one.sign, one.means) == ("liveness_probe_failed", None)


@pytest.mark.parametrize(
    "times",
    [
        {"firstTimestamp": None, "lastTimestamp": None, "eventTime": "2026-11-22T02:47:00.123456Z"},
        {"firstTimestamp": None, "lastTimestamp": None, "eventTime": "2026-11-22T02:40:00.000000Z",
         "series": {"count": 9, "lastObservedTime": "2026-11-22T02:47:00.123456Z"}},
    ],
)  # fmt: skip
def test_events_of_the_new_kind_have_their_time_elsewhere(times: dict[str, Any]) -> None:
    """EventTime and series stand in for lastTimestamp."""
    (one,) = of(event(**times))
    assert one.time == dt.datetime(2026, 11, 22, 2, 47, 0, 123456, tzinfo=dt.UTC)
    assert one.count == max(3, times.get("series", {}).get("count", 0))


def test_events_k8s_io_names_things_otherwise() -> None:
    """Note and regarding are message and involvedObject."""
    new = {
        "kind": "Event", "apiVersion": "events.k8s.io/v1", "reason": "Killing", "note": "Container app failed startup probe, will be restarted",
        "regarding": {"kind": "Pod", "namespace": "shop", "name": "api-1", "fieldPath": "spec.containers{app}"},
        "eventTime": "2026-11-22T02:47:00.000000Z", "deprecatedCount": 4, "reportingController": "kubelet",
    }  # fmt: skip
    (one,) = of(new)
    assert (one.means, one.pod, one.container, one.count, one.source) == (
        "liveness_probe_failure",
        "api-1",
        "app",
        4,
        "kubelet",
    )


def test_a_node_event_is_about_the_node_and_no_namespace() -> None:
    """It stands in namespace default and is not of it."""
    (one,) = of(event(reason="SystemOOM", message="System OOM encountered, victim process: python3, pid: 7",
                      involvedObject={"kind": "Node", "name": "n1", "uid": "n1"}))  # fmt: skip
    assert (one.node, one.namespace, one.pod, one.sign, one.means) == ("n1", UNSET, UNSET, "system_oom", None)


def test_an_event_of_another_object_is_about_that_object() -> None:
    """A claim's event is not about every pod of the namespace."""
    (one,) = of(event(reason="FailedBinding", message="no persistent volumes available",
                      involvedObject={"kind": "PersistentVolumeClaim", "namespace": "shop", "name": "data"}))  # fmt: skip
    assert (one.workload, one.namespace, one.pod) == ("persistentvolumeclaim/data", "shop", UNSET)


def test_what_kept_a_container_from_starting_is_over_once_it_started() -> None:
    """An old `not found` proves nothing of a container that has started since."""
    missing = event(reason="Failed", message='Error: configmap "app" not found', lastTimestamp="2026-11-22T02:30:00Z")
    started = event(reason="Started", message="Started container app", lastTimestamp="2026-11-22T02:31:00Z")
    first, _ = of(missing, started)
    assert (first.sign, first.means, first.over) == ("config_object_missing", None, True)
    (alone,) = of(missing)
    assert (alone.means, alone.over) == ("missing_config_or_secret", False)


def test_a_kill_for_a_probe_stays_a_kill_after_the_restart() -> None:
    """The restart follows from it."""
    started = event(reason="Started", message="Started container app", lastTimestamp="2026-11-22T02:47:02Z")
    first, _ = of(event(), started)
    assert (first.means, first.over) == ("liveness_probe_failure", False)


def test_combined_events_are_read_like_single_ones() -> None:
    """The recorder's prefix is no part of the message."""
    (one,) = of(
        event(
            reason="FailedCreate",
            message='(combined from similar events): Error creating: pods "x" is forbidden: exceeded quota: q, requested: pods=1, used: pods=2, limited: pods=2',
        )
    )
    assert one.means == "resource_quota_exceeded"


def test_every_answer_says_that_events_expire() -> None:
    """None found proves nothing about what lies more than an hour back."""
    for items in ([], [event()]):
        body = json.dumps({"kind": "EventList", "apiVersion": "v1", "items": items})
        assert [cut.before for cut in cuts("k8s.events", raw(body, "kubernetes_objects"))] == [
            AT - dt.timedelta(hours=1)
        ]


def test_a_text_without_events_tells_nothing_of_them() -> None:
    """A Pod object, or a description that ends before its events, was not asked for events."""
    pod = json.dumps({"kind": "Pod", "apiVersion": "v1", "metadata": {"name": "a", "namespace": "b"}})
    assert [cut.nothing for cut in cuts("k8s.events", raw(pod, "kubernetes_objects"))] == [True]
    described = (RECORDINGS / "healthy" / "describe-good-c84c5d4c7-bxhnz.txt").read_text()
    short = described[: described.index("Events:")]
    assert [cut.nothing for cut in cuts("k8s.events", raw(short, "kubectl_describe_pod"))] == [True]


def test_a_description_without_events_was_asked_for_them() -> None:
    """`Events: <none>` is an answer."""
    described = (RECORDINGS / "healthy" / "describe-good-c84c5d4c7-bxhnz.txt").read_text()
    none = described[: described.index("Events:")] + "Events:          <none>\n"
    (only,) = read("k8s.events", raw(none, "kubectl_describe_pod"))
    assert isinstance(only, Cut)
    assert only.before is not None
    assert not only.nothing


def test_events_of_a_node_alone_say_nothing_of_its_pods() -> None:
    """Pasted node events do not show that no pod was killed; asked for beside the namespace's, they need not."""
    body = json.dumps(
        {"kind": "EventList", "apiVersion": "v1", "items": [event(involvedObject={"kind": "Node", "name": "n1"})]}
    )
    assert next(cut.why for cut in cuts("k8s.events", raw(body, "kubernetes_objects"))) == "no events of pods in it"
    asked = KubernetesGet(form="kubernetes_objects", segments=("api", "v1", "namespaces", "default", "events"))
    assert len(cuts("k8s.events", raw(body, "kubernetes_objects", request=asked))) == 1


def test_ages_count_back_from_when_the_text_was_printed() -> None:
    """A table has no other time than now."""
    text = "LAST SEEN   TYPE     REASON    OBJECT      MESSAGE\n17s         Normal   Killing   pod/api-1   Container app failed liveness probe, will be restarted\n<unknown>   Normal   Pulled    pod/api-1   Container image x already present\n"
    first, second = readings("k8s.events", raw(text, "kubectl_events"))
    assert first.time == AT - dt.timedelta(seconds=17)
    assert (first.means, first.container, first.line) == ("liveness_probe_failure", "app", 2)
    assert second.time is None


def test_kubectl_events_prints_counts_and_capital_kinds() -> None:
    """`kubectl events` writes `17s (x3 over 34s)` and `Pod/api-1`."""
    text = "LAST SEEN          TYPE      REASON    OBJECT      MESSAGE\n17s (x3 over 34s)  Warning   BackOff   Pod/api-1   Back-off restarting failed container\n"
    (one,) = readings("k8s.events", raw(text, "kubectl_events"))
    assert (one.count, one.kind, one.pod, one.first) == (3, "pod", "api-1", AT - dt.timedelta(seconds=34))


def test_wide_tables_have_source_first_seen_and_count() -> None:
    """`-o wide` prints them, and leaves SUBOBJECT empty where there is none."""
    text = (
        "LAST SEEN   TYPE      REASON    OBJECT      SUBOBJECT               SOURCE          MESSAGE                                FIRST SEEN   COUNT   NAME\n"
        "17s         Warning   BackOff   pod/api-1   spec.containers{app}    kubelet, n1     Back-off restarting failed container   5m           12      api-1.18ea\n"
        "20s         Normal    Killing   pod/api-1                           kubelet, n1     Stopping container app                 20s          1       api-1.18eb\n"
    )
    first, second = readings("k8s.events", raw(text, "kubectl_events"))
    assert (first.container, first.source, first.count, first.first) == (
        "app",
        "kubelet",
        12,
        AT - dt.timedelta(minutes=5),
    )
    assert (second.container, second.text) == ("app", "Stopping container app")


def test_a_broken_event_is_skipped_and_said() -> None:
    """One event of another shape stops nothing."""
    body = json.dumps({"kind": "EventList", "apiVersion": "v1", "items": [event(count="many"), event()]})
    given = raw(body, "kubernetes_objects")
    assert (len(readings("k8s.events", given)), len(skipped("k8s.events", given))) == (1, 1)


def test_a_described_deployment_tells_of_the_deployment() -> None:
    """Its events are about the workload."""
    path = RECORDINGS / "quota-exceeded" / "describe-deployment.txt"
    (one,) = readings("k8s.events", raw(path.read_bytes(), "kubectl_describe_workload"))
    assert (one.workload, one.namespace, one.reason) == ("deployment/web", "quota", "ScalingReplicaSet")
