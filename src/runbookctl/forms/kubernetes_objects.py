"""Objects of the Kubernetes API as JSON or YAML: `kubectl get -o json|yaml`, `--raw`, watch output, manifests.

Pure. Stored as one JSON document: the object, or a list of all objects when the text held several.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from typing import Any

import msgspec
import re2
from msgspec import UNSET, Struct, UnsetType

from runbookctl.forms import Named, Normal
from runbookctl.forms.documents import (
    Documents,
    UnreadableError,
    decode,
    encode,
    json_documents,
    pretty,
    yaml_documents,
)
from runbookctl.model import Raw, Subject, Time, Writer

LABEL = "Kubernetes objects"
WRITER = Writer.API
ANCHORS: tuple[bytes, ...] = ()
CAP = 64 << 20
"""Bytes kept of one text: 5,000 pods are 26 MB."""
WHOLE = True
_PRETTY = 2 << 20  # a longer document is left on its one line: nobody reads it, and indented it is twice as long

_CUT = "runbookctl/cut"  # key in the metadata of a stored list: why there was more than its items

_KUBECONFIG = "a kubeconfig: it holds credentials and no evidence, nothing of it was kept"

# {"apiVersion": "v1", "kind": "Pod", ...
_JSON_VERSION = re2.compile(r'"apiVersion"\s*:\s*"[^"]')
_JSON_KIND = re2.compile(r'"kind"\s*:\s*"[A-Z]')
# apiVersion: v1        - apiVersion: apps/v1
_YAML_VERSION = re2.compile(r"(?m)^(?:- )?apiVersion:\s+\S")
_YAML_KIND = re2.compile(r"(?m)^(?:  )?(?:kind:\s+\"?[A-Z]|items:\s*(?:\[\])?\s*$)")


def recognise(head: str, name: str) -> int:
    """Return how sure it is that the text is API objects: both `apiVersion` and `kind`, at their places."""
    del name
    start = head.lstrip("\ufeff \t\r\n")
    if start[:1] in ("{", "["):
        if "apiVersion" not in head or '"kind"' not in head:
            return 0
        return 95 if _JSON_VERSION.search(head) and _JSON_KIND.search(head) else 0
    if "apiVersion:" not in head or not _YAML_VERSION.search(head):
        return 0
    first = next((line for line in start.splitlines() if line.strip() and not line.startswith(("#", "---"))), "")
    fits = _YAML_VERSION.match(first) or (first[:1].islower() and ":" in first)
    return 95 if fits and _YAML_KIND.search(head) else 0


def starts(line: str) -> bool:
    """Return whether a manifest begins here; JSON is found by decoding it."""
    return line.startswith("apiVersion: ")


# spec:      - apiVersion: v1      ---
_PART = re2.compile(r"^(?:[a-z][A-Za-z-]*:(?:\s|$)|[-#{}\[\]\s]|\.\.\.$)")


def continues(line: str) -> bool:
    """Return whether a line can stand inside JSON or YAML: only keys, items and brackets are not indented."""
    return not line or bool(_PART.match(line))


def store(body: bytes) -> bytes:
    """Return the text as one JSON document; raises UnreadableError when it holds no whole object."""
    return normal(body).body


def normal(body: bytes) -> Normal:
    """Return the text as one JSON document, and why it is not all of it.

    One document that has lines already stays as it is, so that its line numbers are those of the file. Several
    documents, the items of lists and the objects of watch events become the items of one `List`.
    """
    if body.lstrip()[:1] in (b"{", b"["):
        whole = _one(body)
        if whole is not None:
            return whole
        found = json_documents(body.decode("utf-8", "replace").lstrip("\ufeff"))
    else:
        found = _without_open_end(yaml_documents(body.decode("utf-8", "replace").lstrip("\ufeff")))
    return _collected(found)


def _one(body: bytes) -> Normal | None:
    """Return the body itself when it is one object or list of the API in valid JSON."""
    top = _top(body)
    if top is None or not isinstance(top.kind, str):
        return None
    if top.kind == "Config" and top.metadata is None:
        raise UnreadableError(_KUBECONFIG)
    readable = b"\n" in body[:-1] or len(body) > _PRETTY
    return Normal(body if readable else pretty(body), cut=_page(top))


def _collected(found: Documents) -> Normal:
    objects = [flat for value in found.values for flat in _flat(value)]
    credentials = [value for value in objects if value["kind"] == "Config" and "metadata" not in value]
    if credentials:
        objects = [value for value in objects if value not in credentials]
        if not objects:
            raise UnreadableError(_KUBECONFIG)
    if not objects and not any(_is_list(value) for value in found.values):
        raise UnreadableError(
            f"no whole Kubernetes object: it {found.cut}" if found.cut else "no Kubernetes object in it"
        )
    pages = (_page(top) for value in found.values if isinstance(value, dict) and (top := _top(encode(value))))
    why = found.cut or next((page for page in pages if page), "")
    if len(found.values) == 1 and _is_object(found.values[0]) and not why:
        return Normal(pretty(encode(found.values[0])))
    cut = {"metadata": {_CUT: why}} if why else {}
    return Normal(pretty(encode({"kind": "List", "apiVersion": "v1", **cut, "items": objects})), cut=why)


def _without_open_end(found: Documents) -> Documents:
    """Drop the last item of a YAML list that ends before its own `kind: List`: it may be half an object."""
    last = found.values[-1] if found.values else None
    if not isinstance(last, dict) or "kind" in last or not isinstance(last.get("items"), list) or found.cut:
        return found
    return Documents([*found.values[:-1], {**last, "kind": "List", "items": last["items"][:-1]}], "ends early")


class _Top(Struct):
    """The outside of a document; what is inside stays undecoded."""

    kind: Any = None
    apiVersion: Any = ""  # noqa: N815 - the API's name
    metadata: Any = None
    items: msgspec.Raw | UnsetType = UNSET


def _top(body: bytes) -> _Top | None:
    try:
        return msgspec.json.decode(body, type=_Top)
    except (ValueError, RecursionError):
        return None


def _page(top: _Top) -> str:
    metadata = top.metadata if isinstance(top.metadata, dict) else {}
    if isinstance(metadata.get(_CUT), str):
        return str(metadata[_CUT])
    rest = metadata.get("remainingItemCount")
    if metadata.get("continue"):
        return f"one page of a list, {rest:,} items follow" if isinstance(rest, int) else "one page of a list"
    return ""


def cut(raw: Raw) -> str:
    """Return why the objects are not all there are (a page of a list, a text that ends early), empty when they are."""
    top = _top(raw.body)
    return _page(top) if top else ""


def objects(raw: Raw, kinds: Collection[str] = ()) -> Iterator[dict[str, Any]]:
    """Yield the objects of a stored body or of raw JSON or YAML, each with `kind` and `apiVersion`; `kinds` selects.

    Objects are decoded one by one: a list of 5,000 pods never lies in memory as a whole. What is no object is left out.
    """
    top = _top(raw.body)
    body = raw.body
    if top is None or top.kind is None:
        try:
            body = store(raw.body)
        except UnreadableError:
            return
        top = _top(body)
    if top is None or not isinstance(top.kind, str):
        return
    if top.items is UNSET or not top.kind.endswith("List"):
        if not kinds or top.kind in kinds:
            yield from _flat(_decode(body))
        return
    kind = top.kind.removesuffix("List")
    if kind and kinds and kind not in kinds:
        return
    for item in _raws(top.items):
        value = _decode(item)
        if isinstance(value, dict):
            yield from _selected(_typed(value, kind, top.apiVersion), kinds)


def _selected(value: dict[str, Any], kinds: Collection[str]) -> Iterator[dict[str, Any]]:
    yield from (flat for flat in _flat(value) if not kinds or flat["kind"] in kinds)


def _raws(items: msgspec.Raw) -> list[msgspec.Raw]:
    try:
        return msgspec.json.decode(items, type=list[msgspec.Raw])
    except (ValueError, RecursionError):
        return []


def _decode(body: bytes | msgspec.Raw) -> Any:
    try:
        return msgspec.json.decode(body)
    except (ValueError, RecursionError):
        found = decode(bytes(body).decode("utf-8", "replace").strip())
        return found[0] if found else None


def _typed(value: dict[str, Any], kind: str, version: Any) -> dict[str, Any]:
    """Give an item of a typed list the kind that the API prints only once, on the list."""
    if isinstance(value.get("kind"), str) and value["kind"]:
        return value
    return {**value, "kind": kind, "apiVersion": value.get("apiVersion") or version}


def _is_object(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("kind"), str)


def _is_list(value: Any) -> bool:
    return isinstance(value, list) or (isinstance(value, dict) and isinstance(value.get("items"), list))


def _flat(value: Any, depth: int = 0) -> Iterator[dict[str, Any]]:
    """Yield the objects in a document: itself, the items of a list, the object of a watch event."""
    if depth > 3:
        return
    if isinstance(value, list):
        for item in value:
            yield from _flat(item, depth + 1)
    elif isinstance(value, dict):
        kind, items = value.get("kind"), value.get("items")
        if isinstance(items, list) and (not isinstance(kind, str) or kind.endswith("List")):
            item_kind = kind.removesuffix("List") if isinstance(kind, str) else ""
            for item in items:
                if isinstance(item, dict):
                    yield from _flat(_typed(item, item_kind, value.get("apiVersion", "")), depth + 1)
        elif value.get("type") in ("ADDED", "MODIFIED", "DELETED") and isinstance(value.get("object"), dict):
            yield from _flat(value["object"], depth + 1)
        elif isinstance(kind, str) and kind:
            yield value


# --- what a text names ----------------------------------------------------------------------------------------------

# "lastTransitionTime": "2026-11-22T02:21:49Z"      "renewTime": "2026-11-22T02:21:49.714798Z"
_TIMES = re2.compile(
    r'"(?:lastTimestamp|firstTimestamp|eventTime|lastObservedTime|lastTransitionTime|lastProbeTime|lastHeartbeatTime'
    r"|lastUpdateTime|startedAt|finishedAt|startTime|completionTime|creationTimestamp|renewTime|acquireTime"
    r'|lastScheduleTime|lastSuccessfulTime|time)"\s*:\s*"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d{1,9})?Z"'
)


def names(raw: Raw) -> Named:
    """Return the subject that all objects share, the latest time that the API wrote, and how many of what kind."""
    count: Counter[str] = Counter()
    containers = 0
    shared: dict[str, str] | None = None
    for item in objects(raw):
        count[item["kind"]] += 1
        containers += len(_list(item, "spec", "containers")) if item["kind"] == "Pod" else 0
        levels = {key: value for key, value in _levels(item).items() if value}
        shared = levels if shared is None else dict(shared.items() & levels.items())
    text = ", ".join(f"{number:,} {_words(kind, number)}" for kind, number in count.most_common(4))
    if count == Counter(Pod=1) and containers:
        text += f", {containers} container{'s' * (containers != 1)}"
    return Named(subject=Subject(**(shared or {})), now=_latest(raw.body), summary=text or "no objects")


def label_of(raw: Raw) -> str:
    """Return what the text is, for people: `Pod`, `Event list`, `List of 12 objects`."""
    top = _top(raw.body)
    if top is not None and isinstance(top.kind, str) and top.kind != "List":
        return f"{top.kind.removesuffix('List')} list" if top.kind.endswith("List") else top.kind
    kinds = Counter(item["kind"] for item in objects(raw))
    if len(kinds) == 1:
        return f"{next(iter(kinds))} list"
    return f"List of {kinds.total():,} objects"


def _latest(body: bytes) -> Time | None:
    times = (match[1] + (match[2] or b"") for match in _TIMES_B.finditer(body))
    latest = max(times, default=b"").decode()
    try:
        return Time.fromisoformat(latest[:26] + "+00:00") if latest else None
    except ValueError:
        return None


_TIMES_B = re2.compile(_TIMES.pattern.encode())

_WORKLOADS = frozenset(
    {"Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "Job", "CronJob", "ReplicationController"}
)


def _levels(item: dict[str, Any]) -> dict[str, str]:
    kind = item["kind"]
    about = _first(item, "involvedObject", "regarding") if kind == "Event" else None
    if about is not None:
        return _object_levels(_str(about, "kind"), about, _str(about, "uid"))
    metadata = _first(item, "metadata") or {}
    levels = _object_levels(kind, metadata, _str(metadata, "uid"))
    if kind == "Pod":
        levels["node"] = _str(item, "spec", "nodeName")
    return levels


def _object_levels(kind: str, named: dict[str, Any], uid: str) -> dict[str, str]:
    name, namespace = _str(named, "name"), _str(named, "namespace")
    match kind:
        case "Pod":
            return {"namespace": namespace, "pod": name, "pod_uid": uid}
        case "Node":
            return {"node": name}
        case "Lease" if namespace == "kube-node-lease":
            return {"node": name}
        case "Namespace":
            return {"namespace": name}
        case "Service":
            return {"namespace": namespace, "service": name}
        case _ if kind in _WORKLOADS:
            return {"namespace": namespace, "workload": f"{kind.lower()}/{name}"}
    return {"namespace": namespace}


def _first(item: dict[str, Any], *keys: str) -> dict[str, Any] | None:
    return next((item[key] for key in keys if isinstance(item.get(key), dict)), None)


def _at(item: Any, path: Iterable[str]) -> Any:
    for key in path:
        item = item.get(key) if isinstance(item, dict) else None
    return item


def _str(item: Any, *path: str) -> str:
    value = _at(item, path)
    return value if isinstance(value, str) else ""


def _list(item: Any, *path: str) -> list[Any]:
    value = _at(item, path)
    return value if isinstance(value, list) else []


# ReplicaSet -> replica set
_CAPITAL = re2.compile(r"([a-z])([A-Z])")


def _words(kind: str, number: int) -> str:
    words = str(_CAPITAL.sub(r"\1 \2", kind[:100])).lower()
    if number == 1 or words.endswith("endpoints"):
        return words
    if words.endswith("y") and words[-2:-1] not in "aeiou":
        return words[:-1] + "ies"
    return words + ("es" if words.endswith(("s", "x", "ch")) else "s")
