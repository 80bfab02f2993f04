"""What the API server answered: lists made whole and tidy, refusals said in one phrase. Pure."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec
from msgspec import UNSET, Struct, UnsetType

from runbookctl.connectors.answer import first_line
from runbookctl.connectors.kubernetes_paths import Target
from runbookctl.model import KubernetesGet, KubernetesLog, Missing

MOST_BYTES = 64 << 20
"""Bytes that are kept of one list."""

_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


class Reply(NamedTuple):
    """One HTTP answer: `cut` when the body was longer than the limit."""

    status: int
    body: bytes
    retry_after: str = ""
    cut: bool = False


class ListMeta(Struct, rename={"next": "continue"}):
    """What a list says of itself."""

    next: str = ""
    resourceVersion: str = ""  # noqa: N815 - the name in the API
    remainingItemCount: int | None = None  # noqa: N815 - the name in the API


class Page(Struct):
    """One page of a list."""

    kind: str = ""
    apiVersion: str = ""  # noqa: N815 - the name in the API
    metadata: ListMeta = msgspec.field(default_factory=ListMeta)
    items: list[msgspec.Raw] | None = None


class _Status(Struct):
    kind: str = ""
    message: str = ""
    reason: str = ""
    details: Any | UnsetType = UNSET


def tidied(body: bytes) -> bytes:
    """Return one object without what nobody reads."""
    document = msgspec.json.decode(body)
    if isinstance(document, dict):
        _tidy(document)
    return msgspec.json.encode(document)


def page_of(body: bytes) -> Page:
    """Return one page of a list, its items undecoded."""
    return msgspec.json.decode(body, type=Page)


def item(raw: msgspec.Raw, page: Page, what: Target) -> bytes:
    """Return one item of a list with its kind (the API leaves it out) and without what nobody reads."""
    document = msgspec.json.decode(raw)
    if not isinstance(document, dict):
        return bytes(raw)
    _tidy(document)
    partial = page.kind == "PartialObjectMetadataList"
    kind = "PartialObjectMetadata" if partial else page.kind.removesuffix("List") or what.kind
    return msgspec.json.encode({"apiVersion": page.apiVersion, "kind": kind, **document})


def _tidy(document: dict[str, Any]) -> None:
    metadata = document.get("metadata")
    if not isinstance(metadata, dict):
        return
    metadata.pop("managedFields", None)
    annotations = metadata.get("annotations")
    if isinstance(annotations, dict):
        annotations.pop(_LAST_APPLIED, None)


def merged(items: list[bytes], token: str, metadata: ListMeta) -> bytes:
    """Return one List of all items; with a token it says that there were more."""
    meta: dict[str, Any] = {"resourceVersion": metadata.resourceVersion}
    if token:
        meta |= {"continue": token, "remainingItemCount": metadata.remainingItemCount or 0}
    head = b'{"apiVersion":"v1","kind":"List","metadata":' + msgspec.json.encode(meta) + b',"items":['
    return head + b",".join(items) + b"]}"


# --- refusals


def failed(reply: Reply, what: Target, request: KubernetesGet | KubernetesLog) -> Missing:
    """Say why a reply is no answer, in one phrase."""
    obtain = request.printed()
    status = _status(reply.body)
    if reply.cut and reply.status == 200:
        return Missing(why=f"the answer is larger than {MOST_BYTES >> 20} MiB", obtain=obtain, kind="unreadable")
    match reply.status:
        case 401:
            return Missing(why="401: the API server does not accept these credentials", obtain="kubectl auth whoami")
        case 403:
            return _forbidden(status.message, what)
        case 404:
            return Missing(why=_not_found(status, what), obtain=obtain)
        case 400 if isinstance(request, KubernetesLog):
            return Missing(why=_no_log(status.message, request), obtain=obtain)
        case 429:
            return Missing(why=f"429: the API server is overloaded: {first_line(status.message)}", obtain=obtain)
        case _:
            said = first_line(status.message) or first_line(reply.body[:2000]) or "no reason given"
            return Missing(why=f"{reply.status}: {said}", obtain=obtain)


def _status(body: bytes) -> _Status:
    try:
        return msgspec.json.decode(body, type=_Status)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _Status()


def _forbidden(message: str, what: Target) -> Missing:
    """Name the RBAC rule that is missing.

    nodes is forbidden: User "oncall-viewer" cannot list resource "nodes" in API group "" at the cluster scope
    """
    said = first_line(message)
    at = said.find('User "')
    user = said[at + 6 :].partition('"')[0] if at >= 0 else ""
    if at < 0 or " cannot " not in said:
        scope = f'in the namespace "{what.namespace}"' if what.namespace else "at the cluster scope"
        resource = f"{what.resource}/{what.subresource}" if what.subresource else what.resource
        rule = f'cannot {what.verb} resource "{resource}" in API group "{what.group}" {scope}'
        return Missing(why=f"403: {rule}" + (f": {said}" if said else ""), obtain=what.can_i(), kind="refused")
    return Missing(why=f"403: {said[at:]}", obtain=what.can_i(user), kind="refused")


def _not_found(status: _Status, what: Target) -> str:
    details = status.details if isinstance(status.details, dict) else {}
    if what.name and (details.get("name") == what.name or what.subresource):
        named = str(details.get("name") or what.name)
        of_namespace = f' in namespace "{what.namespace}"' if what.namespace else ""
        kind = what.kind if details.get("kind") in (None, what.resource) else str(details.get("kind"))
        return f'{kind.lower()} "{named}" not found{of_namespace}'
    if not what.kind:
        return f"404: the server has no {what.path}"
    group = f" ({what.group})" if what.group else ""
    return f"the cluster has no {what.resource}{group}"


def _no_log(message: str, request: KubernetesLog) -> str:
    """Say why the kubelet has no log.

    previous terminated container "app" in pod "segfault-139" not found
    container "app" in pod "missing-config" is waiting to start: CreateContainerConfigError
    """
    said = first_line(message)
    if said.startswith("previous terminated container"):
        return f'container "{request.container}" has no previous instance whose log is kept'
    return f"400: {said}"
