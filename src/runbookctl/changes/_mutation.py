"""What a change is made of: reads, calls, fills. Values only, and the one rule how a fill gets into a call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal
from urllib.parse import quote

from msgspec import UNSET, Struct, UnsetType, structs

from runbookctl.errors import InputError
from runbookctl.model import AnyRequest, Duration, Subject

Path = tuple[str, ...]
"""Keys into JSON, from outside to inside; a decimal number picks an item of a list."""

STRATEGIC = "application/strategic-merge-patch+json"
MERGE = "application/merge-patch+json"
JSON_PATCH = "application/json-patch+json"
JSON = "application/json"


class Read(Struct, frozen=True, kw_only=True):
    """What must be read before the change. `keep` are the fields recorded as they were; () is the whole answer.

    With `pick` the answer is a list, and the one item whose fields have these values is meant.
    """

    id: str
    request: AnyRequest
    keep: tuple[Path, ...] = ()
    pick: tuple[tuple[Path, Any], ...] = ()


class Fill(Struct, frozen=True, kw_only=True):
    """A value that is known only after reading: `take` of answer `read` goes `into` the body of the call.

    The answer `call` is always there: {"time": "2026-11-22T03:06:01Z"}, when the call is sent. From a list, items that
    match `without` are left out and `append` is added; `drop` are paths removed from the value. `default` stands for a
    value that the answer does not have; without one, that is an error.
    """

    into: Path
    read: str
    take: Path
    default: Any | UnsetType = UNSET
    without: dict[str, str] | None = None
    append: tuple[dict[str, str], ...] = ()
    drop: tuple[Path, ...] = ()


class ApiCall(Struct, frozen=True, kw_only=True, tag="api"):
    """One Kubernetes request that changes something. `segments` make the path, each quoted on its own."""

    method: Literal["PATCH", "POST", "DELETE"]
    segments: tuple[str, ...]
    body: Any
    content_type: str = JSON
    query: tuple[tuple[str, str], ...] = ()
    dry_run: bool = True  # the API server can be asked to only try it (dryRun=All)
    fills: tuple[Fill, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a segment that is a path of its own (threat model S15)."""
        for segment in self.segments:
            if segment in ("", ".", "..") or not segment.isprintable() or set(segment) & set("/?#%\\"):
                raise InputError(f"{segment!r} cannot be a part of an API path")

    def path(self) -> str:
        """Return the path, percent-encoded."""
        return "/" + "/".join(quote(segment, safe="") for segment in self.segments)


class EvictPods(Struct, frozen=True, kw_only=True, tag="evict"):
    """Evict every pod of `node` that answer `read` lists, but those that stay (`k8s.drain.sorted_out` says which).

    A disruption budget that refuses is asked again until `within` has passed.
    """

    node: str
    within: Duration
    read: str = "pods"


class NodeCall(Struct, frozen=True, kw_only=True, tag="node"):
    """Run `argv` on `node`; an exit code outside `accept` is a failure."""

    node: str
    argv: tuple[str, ...]
    accept: tuple[int, ...] = (0,)


class Notify(Struct, frozen=True, kw_only=True, tag="notify"):
    """Tell people `text`, one line, in the channel `to` or where the run reports."""

    text: str
    to: str | None = None


class Manual(Struct, frozen=True, kw_only=True, tag="manual"):
    """A person does what `say` says, and confirms it."""

    say: str


class Ticket(Struct, frozen=True, kw_only=True, tag="ticket"):
    """Open a ticket; `fields` are name and value, in order."""

    title: str
    text: str = ""
    fields: tuple[tuple[str, str], ...] = ()


Call = ApiCall | EvictPods | NodeCall | Notify | Manual | Ticket


class Mutation(Struct, frozen=True, kw_only=True):
    """One change as data. Nothing of it has happened."""

    subjects: tuple[Subject, ...]  # what it really changes, widest first; a node covers its pods
    calls: tuple[Call, ...]  # in order; a later one only after the one before has succeeded
    commands: tuple[str, ...]  # the same for a person's terminal; empty when there is no command for it
    says: str  # one line: what will be so afterwards
    reads: tuple[Read, ...] = ()


def same_object(read: str) -> Fill:
    """Return the precondition that the object is still the one that was read (threat model S33)."""
    return Fill(into=("metadata", "uid"), read=read, take=("metadata", "uid"))


def picked(read: Read, answer: Any) -> Any:
    """Return what `read` means of its answer: the whole, or the one item that `pick` describes.

    Raises InputError when not exactly one item fits.
    """
    if not read.pick:
        return answer
    items = answer.get("items", []) if isinstance(answer, dict) else []
    fitting = [item for item in items if all(_at(item, path) == value for path, value in read.pick)]
    if len(fitting) != 1:
        wanted = ", ".join(f"{'.'.join(path)}={value}" for path, value in read.pick)
        raise InputError(f"{len(fitting)} objects fit {wanted}; there must be exactly one")
    return fitting[0]


def filled(call: ApiCall, answers: Mapping[str, Any]) -> ApiCall:
    """Return `call` with its fills in place: the bytes that would be sent. `answers`: read id -> picked answer.

    Raises InputError when an answer lacks what the call needs.
    """
    body = call.body
    for fill in call.fills:
        body = _put(body, fill.into, _value(fill, answers))
    return structs.replace(call, body=body, fills=())


def _value(fill: Fill, answers: Mapping[str, Any]) -> Any:
    value = _at(answers.get(fill.read), fill.take)
    if value is UNSET:
        value = fill.default
    if value is UNSET:
        raise InputError(f"{'.'.join(fill.take)} of {fill.read} must be known before the change, and was not read")
    if isinstance(value, list):
        without = fill.without
        kept = [item for item in value if without is None or any(item.get(key) != without[key] for key in without)]
        return [*kept, *fill.append]
    for path in fill.drop:
        value = _dropped(value, path)
    return value


def _at(value: Any, path: Path) -> Any:
    for key in path:
        if isinstance(value, dict) and key in value:
            value = value[key]
        elif isinstance(value, list) and key.isdecimal() and int(key) < len(value):
            value = value[int(key)]
        else:
            return UNSET
    return value


def _put(body: Any, path: Path, value: Any) -> Any:
    """Return a copy of `body` with `value` at `path`; missing objects on the way are made."""
    if not path:
        return value
    key, rest = path[0], path[1:]
    if isinstance(body, list):
        return [_put(item, rest, value) if str(at) == key else item for at, item in enumerate(body)]
    inside = body if isinstance(body, dict) else {}
    return {**inside, key: _put(inside.get(key), rest, value)}


def _dropped(value: Any, path: Path) -> Any:
    if not isinstance(value, dict) or path[0] not in value:
        return value
    if len(path) == 1:
        return {key: inner for key, inner in value.items() if key != path[0]}
    return {**value, path[0]: _dropped(value[path[0]], path[1:])}
