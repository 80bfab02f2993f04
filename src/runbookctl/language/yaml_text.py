"""YAML as text: nodes whose scalars are the characters that stand in the file, each with its place.

Nothing is typed here: `550.10`, `NO`, `12:30` and `010` stay text until a key says what they are. The event stream is
read, never composed or constructed, so a hostile file costs no more than its length. Refused, each with its place:
anchors, aliases, tags, merge keys, duplicate keys, several documents, tabs and invisible characters, bytes that are
not UTF-8, and more than 1 MiB, 40 levels or 50,000 nodes.
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from runbookctl.language.source import (
    FLOW_ADVICE,
    MOST_MISTAKES,
    Entry,
    Keyed,
    Listed,
    Mistake,
    Node,
    Scalar,
    Source,
    shortened,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

LARGEST = 1 << 20  # bytes
DEEPEST = 40  # levels of nesting
MOST_NODES = 50_000


class Read(Struct, frozen=True):
    """A file as it was read; without `root` its YAML is broken and the mistakes say where."""

    source: Source
    root: Node | None
    mistakes: tuple[Mistake, ...]


def read(body: bytes, file: str, *, foreign: bool = False) -> Read:
    """Read YAML bytes into nodes; `foreign` allows tabs and any characters (evidence pasted into a test file)."""
    if len(body) > LARGEST:
        source = Source(file, "")
        return Read(source, None, (source.mistake(0, "the file has more than 1 MiB"),))
    try:
        text = text_of(body)
    except UnicodeDecodeError as error:
        before = body[: error.start].decode("utf-8")
        source = Source(file, before + body[error.start :].decode("utf-8", "replace"))
        return Read(source, None, (source.mistake(len(before), f"byte 0x{body[error.start]:02x} is not UTF-8"),))
    source = Source(file, text)
    unseen = tuple(_unseen(source, foreign=foreign))
    if unseen:
        return Read(source, None, unseen)
    builder = _Builder(source)
    root = builder.build()
    return Read(source, root, tuple(builder.mistakes))


def text_of(body: bytes) -> str:
    """Return the text of a file without its byte order mark; raise UnicodeDecodeError."""
    return body.decode("utf-8").removeprefix("\ufeff")


def _unseen(source: Source, *, foreign: bool) -> Iterator[Mistake]:
    """Yield the first character of each line that a reader cannot see or an editor counts differently."""
    start, told = 0, 0
    for line in source.text.split("\n"):
        shown = line.removesuffix("\r")
        if not shown.isprintable():
            for offset, character in enumerate(shown):
                message = _refusal(character, foreign=foreign)
                if message:
                    yield source.mistake(start + offset, message, advice="indent with spaces" * (character == "\t"))
                    told += 1
                    break
        start += len(line) + 1
        if told >= MOST_MISTAKES:
            return


def _refusal(character: str, *, foreign: bool) -> str:
    if character.isprintable() or unicodedata.category(character) == "Zs":
        return ""
    if foreign:  # YAML itself allows no other control character
        allowed = character == "\t" or (character >= "\xa0" and character not in "\u2028\u2029\ufeff\ufffe\uffff")
        return "" if allowed else f"a control character (U+{ord(character):04X}) cannot stand in YAML"
    if character == "\t":
        return "a tab"
    return f"character U+{ord(character):04X} cannot be seen"


class _Open(Struct):
    """A list or mapping whose end has not come yet."""

    index: int
    flow: bool
    keyed: bool
    items: list[Any]
    seen: dict[str, Scalar]
    key: Scalar | None = None
    waiting: bool = False  # the next node is the value of `key`; without a key it is dropped


class _Stop(Exception):  # noqa: N818 - ends the reading, is no error
    """Nothing after this can be read sensibly."""


class _Builder:
    """Builds nodes from PyYAML's events with a stack of its own: nesting costs no recursion."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.mistakes: list[Mistake] = []
        self.open: list[_Open] = []
        self.root: Node | None = None
        self.nodes = 0
        self.documents = 0
        self.spoiled = False  # what was refused changes the meaning: nothing further is checked

    def build(self) -> Node | None:
        """Return the root, or None where YAML was refused."""
        import yaml

        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        try:
            for event in yaml.parse(self.source.text, Loader=loader):
                self.take(event)
        except _Stop:
            return None
        except (yaml.YAMLError, RecursionError, ValueError) as error:
            self.mistakes.append(_broken(self.source, error))
            return None
        if self.documents == 0 or self.root is None:
            self.wrong(0, "the file is empty")
        return None if self.spoiled else self.root

    def wrong(self, index: int, message: str, *, length: int = 1, advice: str = "", spoils: bool = True) -> None:
        """Note a refusal; `spoils` says that nothing more is checked."""
        self.mistakes.append(self.source.mistake(index, message, length=length, advice=advice))
        self.spoiled = self.spoiled or spoils
        if len(self.mistakes) >= MOST_MISTAKES:
            raise _Stop

    def take(self, event: Any) -> None:
        """Take one event of the stream."""
        kind = type(event).__name__.removesuffix("Event")
        index = event.start_mark.index
        if kind == "DocumentStart":
            self.documents += 1
            if self.documents > 1:
                self.wrong(index, "a second document; one file holds one", length=3)
                raise _Stop
        if kind not in ("Scalar", "Alias", "SequenceStart", "MappingStart", "SequenceEnd", "MappingEnd"):
            return
        if kind.endswith("End"):
            done = self.open.pop()
            node = Keyed if done.keyed else Listed
            self.add(node(tuple(done.items), done.index, done.flow))
            return
        self.count(event, index)
        if kind.endswith("Start"):
            self.open.append(_Open(index, bool(event.flow_style), kind == "MappingStart", [], {}))
            if len(self.open) > DEEPEST:
                self.wrong(index, f"nested more than {DEEPEST} levels deep")
                raise _Stop
        else:
            value, style = (event.value, event.style or "") if kind == "Scalar" else ("", "")
            end = event.end_mark.index
            self.add(Scalar(value, index, end, "" if style in (":", "plain") else style))

    def count(self, event: Any, index: int) -> None:
        """Count a node and refuse what would make it mean more than its text."""
        self.nodes += 1
        if self.nodes > MOST_NODES:
            self.wrong(index, f"more than {MOST_NODES:,} values")
            raise _Stop
        width = event.end_mark.index - index
        if type(event).__name__ == "AliasEvent":
            self.wrong(index, f'an alias ("*{event.anchor}"); write the value out', length=width)
        elif event.anchor:
            self.wrong(index, f'an anchor ("&{event.anchor}"); write each value where it is needed', length=1)
        if getattr(event, "tag", None):
            self.wrong(index, "a tag; every value is text until its key says what it is", length=1)

    def add(self, node: Node) -> None:
        """Put a finished node where it belongs."""
        if not self.open:
            self.root = node
            return
        parent = self.open[-1]
        if not parent.keyed:
            parent.items.append(node)
        elif parent.waiting:
            if parent.key is not None:
                parent.items.append(Entry(parent.key, node))
            parent.key, parent.waiting = None, False
        else:
            parent.key, parent.waiting = self.key(node, parent), True

    def key(self, node: Node, parent: _Open) -> Scalar | None:
        """Return a key that is text and new in its mapping, else None."""
        if not isinstance(node, Scalar):
            self.wrong(node.index, "a key is one word", advice=FLOW_ADVICE if parent.flow else "")
            return None
        if node.text == "<<" and not node.style:
            self.wrong(node.index, 'a merge key ("<<"); write the keys out', length=2)
            return None
        first = parent.seen.get(node.text)
        if first is not None:
            line = self.source.place(first.index).line
            message = f'"{shortened(node.text)}" stands here twice; first in line {line}'
            self.wrong(node.index, message, length=node.end - node.index, spoils=False)
            return None
        parent.seen[node.text] = node
        return node


def _broken(source: Source, error: Exception) -> Mistake:
    """Return the mistake of a file that is no YAML, with the advice that its line suggests."""
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    index = min(mark.index if mark is not None else 0, len(source.text))
    problem = str(getattr(error, "problem", None) or "it cannot be read")
    place = source.place(index)
    line = source.line(place.line)
    before = line[: place.column - 1]
    if problem.startswith("exceeded maximum nesting"):
        return source.mistake(index, f"nested more than {DEEPEST} levels deep")
    value = before.partition(": ")[2].strip() or before.strip()
    quoted = value[:1] in ("'", '"') and value.endswith(value[:1]) and len(value) > 1
    if quoted and problem.startswith("did not find expected"):
        start = source.text.rindex(value, 0, index) if value in source.text[:index] else index
        return source.mistake(
            start, "an expression cannot begin with a quote: turn it round", length=len(line) - before.index(value),
            advice='write x == "value", or ("value" in x) in round brackets',
        )  # fmt: skip
    context = str(getattr(error, "context", None) or "")
    advice = ""
    if "flow" in context:
        start = getattr(error, "context_mark", None)
        advice = FLOW_ADVICE
        if start is not None and "${" in source.text[start.index : index + 2]:
            advice = 'inside {...} write "${name}" in quotes, or use block style, one key per line'
    elif problem.startswith("mapping values are not allowed"):
        advice = 'text that holds ": " stands in quotes'
    elif problem.startswith("found character that cannot start any token"):
        advice = "text that begins with one of @ ` % stands in quotes"
    return source.mistake(index, f"this is not YAML: {problem}", advice=advice)
