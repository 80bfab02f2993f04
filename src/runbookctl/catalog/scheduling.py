"""What the scheduler says of a pod that it cannot place: the message taken apart, reason by reason.

Pure: text in, values out, and total: what is none of its messages is one reason of kind `other`. Table of reasons:
`tables/scheduling.json`, which names its sources. The shapes of a whole message:

    0/3 nodes are available: 1 Insufficient cpu, 2 node(s) had untolerated taint {a: b}. preemption: 0/3 nodes are ...
    0/3 nodes are available: pod has unbound immediate PersistentVolumeClaims. preemption: ...     (once for all nodes)
    0/1 nodes are available: 1 Insufficient nvidia.com/gpu. no new claims to deallocate, preemption: ...      (1.36)
    No nodes are available that match all of the predicates: Insufficient cpu (1), MatchNodeSelector (2).     (to 1.9)
    running PreBind plugin "VolumeBinding": binding volumes: timed out waiting for the condition
    no nodes available to schedule pods

What follows `preemption:` says why nothing can be evicted for the pod. It repeats reasons and is no reason itself.
Source: kubernetes pkg/scheduler/framework/types.go, FitError.Error.
"""

from __future__ import annotations

from functools import cache
from itertools import islice
from typing import Literal

import re2
from msgspec import Struct

from runbookctl.catalog._tables import load

Kind = Literal[
    "insufficient", "pods", "cordoned", "taint", "node_affinity", "node_name", "pod_affinity", "topology", "ports",
    "volume_place", "claim", "volume_limit", "device_claim", "node_down", "no_nodes", "other",
]  # fmt: skip
"""What keeps a pod from a node; `insufficient` names a resource, `claim` a volume claim that is not bound."""

_LONGEST = 16 * 1024
_MOST = 200  # reasons of one message
_COMBINED = "(combined from similar events): "
_NONE = "no nodes available to schedule pods"

# 0/3 nodes are available: ...        0/3 nodes are unavailable: ...   (Volcano)
_HEAD = re2.compile(r"^(?:\S{1,64} )?(\d{1,7})/(\d{1,7}) nodes are (?:un)?available:\s*")
# No nodes are available that match all of the predicates: Insufficient cpu (1), PodToleratesNodeTaints (2).
_OLD_HEAD = re2.compile(r"^No nodes are available that match all of the (?:following )?predicates::?\s*")
# Insufficient cpu (1)
_OLD_REASON = re2.compile(r"(.{1,200}?) \((\d{1,7})\)(?:, |\.?$)")
# `1 Insufficient cpu` and, after a comma, `2 node(s) were unschedulable`
_COUNTED = re2.compile(r"(?:^|, )(\d{1,7}) ")


class Reason(Struct, frozen=True, kw_only=True):
    """Why some nodes, or all of them, do not take the pod.

    `text` is the reason as printed, with its number of nodes; `binding`: for a resource, that it lacks on every node
    which nothing else rules out, so that more of any other resource would not help.
    """

    kind: Kind
    text: str
    nodes: int | None = None  # nodes it is said of; None: it is said of the pod, whatever the node
    total: int | None = None  # nodes of the cluster
    resource: str | None = None
    taint: str | None = None  # key of the taint, where it is printed
    binding: bool = True


class _Row(Struct, frozen=True):
    kind: Kind
    literal: str | tuple[str, ...]
    pattern: str
    sample: str
    not_match: tuple[str, ...] = ()
    source: str = ""


class _Table(Struct, frozen=True):
    about: str
    reasons: tuple[_Row, ...]


@cache
def rows() -> tuple[_Row, ...]:
    """Return the rows of the table, in the order in which they are tried."""
    return load("scheduling", _Table).reasons


@cache
def _compiled(pattern: str) -> re2._Regexp:
    return re2.compile(pattern)


def is_verdict(message: str) -> bool:
    """Tell whether a message is one in which the scheduler counts nodes."""
    text = _one_line(message)
    return bool(_HEAD.match(text) or _OLD_HEAD.match(text) or text.startswith(_NONE))


def reasons(message: str) -> tuple[Reason, ...]:
    """Return the reasons of a message, nothing for an empty one."""
    text = _one_line(message)
    if not text:
        return ()
    if text.startswith(_NONE):
        return (Reason(kind="no_nodes", text=text, total=0),)
    head = _HEAD.match(text)
    if head is None:
        old = _OLD_HEAD.match(text)
        return _old(text[old.end() :]) if old else (_reason(text.rstrip("."), None, None),)
    total = int(head[2])
    own = _without_preemption(text[head.end() :])
    if not own:
        return ()
    return _bound(_counted(own, total) or (_reason(own, None, total),), total)


def _one_line(message: str) -> str:
    """Return the message as it was before a terminal or a paste broke it into lines."""
    return " ".join(message[:_LONGEST].split()).removeprefix(_COMBINED)


def _without_preemption(text: str) -> str:
    """Return the filters' own sentence: what stands before the sentence on preemption, without its full stop."""
    end = text.find("preemption: ")
    own = text if end < 0 else text[:end]
    first, _, _ = own.partition(". ")  # `..., still not schedulable, preemption:` is a sentence of its own
    return first.strip().rstrip(".")


def _counted(text: str, total: int) -> tuple[Reason, ...]:
    """Take `1 Insufficient cpu, 2 node(s) had taint {a: b}, that the pod didn't tolerate` apart at its numbers."""
    marks = list(islice(_COUNTED.finditer(text), _MOST)) if text[:1].isdigit() else []
    ends = (*(mark.start() for mark in marks[1:]), len(text))
    parts = zip(marks, ends, strict=False)  # without a number there is no mark, and the text is one reason
    return tuple(_reason(text[mark.end() : end].strip(), int(mark[1]), total) for mark, end in parts)


def _old(text: str) -> tuple[Reason, ...]:
    """Take `Insufficient cpu (1), MatchNodeSelector (2)` apart; the number of all nodes is not printed."""
    found = islice(_OLD_REASON.finditer(text), _MOST)
    return tuple(_reason(match[1], int(match[2]), None) for match in found)


def _reason(text: str, nodes: int | None, total: int | None) -> Reason:
    row, named = _row_of(text)
    printed = text if nodes is None else f"{nodes} {text}"
    kind: Kind = row.kind if row else "other"
    resource = "pods" if kind == "pods" else named.get("resource")
    return Reason(kind=kind, text=printed, nodes=nodes, total=total, resource=resource, taint=named.get("taint"))


def _row_of(text: str) -> tuple[_Row | None, dict[str, str]]:
    for row in rows():
        literals = (row.literal,) if isinstance(row.literal, str) else row.literal
        if any(literal in text for literal in literals) and (match := _compiled(row.pattern).search(text)):
            return row, {key: value for key, value in match.groupdict().items() if value}
    return None, {}


def _bound(found: tuple[Reason, ...], total: int) -> tuple[Reason, ...]:
    """Mark the resources that do not decide: others lack on all the nodes that are left, these only on some.

    Filters that exclude a node hide its lack of resources, and one node may lack several (plugins/noderesources).
    """
    scarce = ("insufficient", "pods")
    left = total - sum(one.nodes or 0 for one in found if one.kind not in scarce)
    most = max((one.nodes or 0 for one in found if one.kind in scarce), default=0)
    if not 0 < left <= most:
        return found
    return tuple(
        Reason(
            kind=one.kind, text=one.text, nodes=one.nodes, total=one.total, resource=one.resource, taint=one.taint,
            binding=one.kind not in scarce or (one.nodes or 0) >= left,
        )
        for one in found
    )  # fmt: skip


def mistakes() -> list[str]:
    """Return what is wrong with the table: a sample that its row does not match first, a text that it must not."""
    wrong = []
    for row in rows():
        first, _ = _row_of(row.sample)
        if first is not row:
            wrong.append(f"the sample of {row.kind} is taken for {first.kind if first else 'other'}: {row.sample}")
        wrong += [f"{row.kind} matches {text}" for text in row.not_match if _row_of(text)[0] is row]
    return wrong
