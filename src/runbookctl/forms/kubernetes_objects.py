"""Objects of the Kubernetes API as JSON or YAML: `kubectl get -o json|yaml`, `--raw`, watch output, manifests.

Pure. Stored as one JSON document: the object, or a list of all objects when the text held several.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from typing import Any

import msgspec
import re2
from msgspec import UNSET, Struct, UnsetType

from runbookctl.forms import Named, Normal
from runbookctl.forms._object_names import at, latest, levels, light, words
from runbookctl.forms.documents import (
    Documents,
    UnreadableError,
    decode,
    encode,
    json_documents,
    pretty,
    yaml_documents,
)
from runbookctl.model import Raw, Subject, Writer

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
    if start[:1] == "{" or (start[:1] == "[" and start[1:64].lstrip()[:1] in ("{", "]")):  # "[ 12.5] ..." is a log
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
    others = any(not _is_object(value) and not _is_list(value) and not any(_flat(value)) for value in found.values)
    pages_why = next((page for page in pages if page), "")
    why = found.cut or pages_why or ("mixed with other JSON" if others and len(found.values) > 1 else "")
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
    for item, kind, version in _items(raw, kinds):
        value = _decode(item)
        if kind and isinstance(value, dict):
            value = _typed(value, kind, version)
        yield from (flat for flat in _flat(value) if not kinds or flat["kind"] in kinds)


def _items(raw: Raw, kinds: Collection[str] = ()) -> Iterator[tuple[bytes | msgspec.Raw, str, Any]]:
    """Yield each document undecoded, with the kind and version that its list gives it (empty: its own)."""
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
        yield body, "", ""
        return
    kind = top.kind.removesuffix("List")
    if not kind or not kinds or kind in kinds:
        for item in _raws(top.items):
            yield item, kind, top.apiVersion


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


def _light(raw: Raw) -> Iterator[dict[str, Any]]:
    """Yield the objects of a body with no more than the fields that name them."""
    for item, kind, version in _items(raw):
        value = light(item)
        own = (value or {}).get("kind") or kind
        if value is not None and isinstance(own, str) and own and not own.endswith("List"):
            yield {**value, "kind": own}
        else:
            yield from _flat(_typed(whole, kind, version) if isinstance(whole := _decode(item), dict) else whole)


def names(raw: Raw) -> Named:
    """Return the subject that all objects share, the latest time that the API wrote, and how many of what kind."""
    count: Counter[str] = Counter()
    containers = 0
    shared: dict[str, str] | None = None
    for item in _light(raw):
        count[item["kind"]] += 1
        containers += len(at(item, ("spec", "containers")) or ()) if item["kind"] == "Pod" else 0
        named = {key: value for key, value in levels(item).items() if value}
        shared = named if shared is None else dict(shared.items() & named.items())
    text = ", ".join(f"{number:,} {words(kind, number)}" for kind, number in count.most_common(4))
    if count == Counter(Pod=1) and containers:
        text += f", {containers} container{'s' * (containers != 1)}"
    return Named(subject=Subject(**(shared or {})), now=latest(raw.body), summary=text or "no objects")


def label_of(raw: Raw) -> str:
    """Return what the text is, for people: `Pod`, `Event list`, `List of 12 objects`."""
    top = _top(raw.body)
    if top is not None and isinstance(top.kind, str) and top.kind != "List":
        return f"{top.kind.removesuffix('List')} list" if top.kind.endswith("List") else top.kind
    kinds = Counter(item["kind"] for item in _light(raw))
    if len(kinds) == 1:
        return f"{next(iter(kinds))} list"
    return f"List of {kinds.total():,} objects"
