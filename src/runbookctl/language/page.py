"""One file while it is checked: its nodes, taken out by the table of keys, and the mistakes found so far."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runbookctl.language.keys import MISPLACED, SECTIONS, SHORTHAND, Holds, Shape, a
from runbookctl.language.source import FLOW_ADVICE, MOST_MISTAKES, Entry, Keyed, Listed, Scalar, shortened
from runbookctl.language.suggest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable

    from runbookctl.language.keys import Key
    from runbookctl.language.mistakes import ExpressionMistake
    from runbookctl.language.model import Place
    from runbookctl.language.source import Mistake, Node, Source

MOST_ENTRIES = 1000  # of one list or mapping
FEW = 12  # words that are listed where none of them was meant


class Enough(Exception):  # noqa: N818 - ends the checking, is no error
    """More mistakes than anyone reads: nothing more is checked."""


class Page:
    """Collects the mistakes of one file."""

    def __init__(self, source: Source, mistakes: Iterable[Mistake] = ()) -> None:
        self.source = source
        self.mistakes = list(mistakes)

    def place(self, node: Node) -> Place:
        """Return where a node begins."""
        return self.source.place(node.index)

    def wrong(self, node: Node | Entry, message: str, *, advice: str = "") -> None:
        """Note a mistake; the whole node is marked, of an entry its key and its value if that is in the same line."""
        if isinstance(node, Entry):
            last = node.value
            end = last.end if isinstance(last, Scalar) and not last.empty else node.key.end
            self._note(self.source.mistake(node.key.index, message, length=end - node.key.index, advice=advice))
        else:
            length = node.end - node.index if isinstance(node, Scalar) else 1
            self._note(self.source.mistake(node.index, message, length=length, advice=advice))

    def wrong_inside(self, scalar: Scalar, mistake: ExpressionMistake, offset: int = 0) -> None:
        """Note a mistake of an expression that begins at character `offset` of a scalar's text."""
        index = self.source.index_of(scalar, offset + mistake.offset)
        message = f"{mistake.message}; {mistake.hint}" if mistake.hint else mistake.message
        self._note(self.source.mistake(index, message, length=mistake.length))

    def _note(self, mistake: Mistake) -> None:
        self.mistakes.append(mistake)
        if len(self.mistakes) >= MOST_MISTAKES:
            raise Enough

    def found(self) -> tuple[Mistake, ...]:
        """Return every mistake once, in the order of the file."""
        once = {(each.place, each.message): each for each in self.mistakes}
        return tuple(sorted(once.values(), key=lambda each: (each.place.line, each.place.column)))

    def no_such(self, scalar: Scalar, what: str, known: Iterable[str], *, advice: str = "") -> None:
        """Note a word that names nothing, with the word that was probably meant, else with advice."""
        near = did_you_mean(scalar.text, known)
        self.wrong(scalar, f"{what}{near}", advice="" if near else advice)

    def chosen(self, scalar: Scalar | None, what: str, known: Iterable[str]) -> str | None:
        """Return a word that is one of the known ones, else note it and return None."""
        if scalar is None:
            return None
        words = tuple(known)
        if scalar.text in words:
            return scalar.text
        self.no_such(scalar, f"no such {what}", words, advice=f"one of: {', '.join(words)}" if len(words) < FEW else "")
        return None

    def fields(self, node: Node, section: str, owner: Scalar | None = None) -> Fields:
        """Take a section apart: unknown keys, wrong shapes and missing keys are noted, the rest is returned.

        `owner` is the key that the section stands under, where a missing key is marked.
        """
        if not isinstance(node, Keyed):
            self.wrong(owner or node, f'{a(section)} is "key: value" lines')
            return Fields(self, {}, None)
        known = SECTIONS[section]
        entries: dict[str, Entry] = {}
        for entry in node.entries:
            key = known.get(entry.key.text)
            if key is None:
                message = f'unknown key "{shortened(entry.key.text)}"'
                broken = node.flow and (entry.value == Scalar("", entry.value.index, entry.value.index))
                advice = FLOW_ADVICE if broken else MISPLACED.get((section, entry.key.text), "")
                self.no_such(entry.key, message, () if advice else known, advice=advice)
            elif self._fits(entry, key):
                entries[entry.key.text] = entry
        present = {entry.key.text for entry in node.entries}
        missing = [name for name, key in known.items() if key.required and name not in present]
        for name in missing:
            self.wrong(owner or node, f'{a(section)} needs "{name}"')
        return Fields(self, entries, node)

    def _fits(self, entry: Entry, key: Key) -> bool:
        value, name = entry.value, entry.key.text
        if isinstance(value, Scalar) and value.empty:
            self.wrong(entry.key, f'"{name}" is empty; fill it or leave it out')
            return False
        inside = value.items if isinstance(value, Listed) else value.entries if isinstance(value, Keyed) else ()
        if len(inside) > MOST_ENTRIES:
            self.wrong(entry.key, f'"{name}" has {len(inside):,} entries; {MOST_ENTRIES:,} are the most')
            return False
        if key.shape in (Shape.VALUE, Shape.UNDO) and key.holds is Holds.ONE:
            return True
        if key.holds is Holds.BY_NAME:
            if not isinstance(value, Keyed):
                self.wrong(entry, f'"{name}" wants "name: value" lines')
                return False
            self._all_fit([(each.key, each.value) for each in value.entries], key)
            return True  # whoever reads it passes over the unfit ones
        if key.holds is Holds.MANY:
            if not isinstance(value, Listed):
                text = shortened(value.text) if isinstance(value, Scalar) else "..."
                self.wrong(entry, f'"{name}" wants a list', advice=f"write {name}: [{text}]")
                return False
            self._all_fit([(entry.key, each) for each in value.items], key)
            return True
        return self._all_fit([(entry.key, value)], key)

    def _all_fit(self, values: list[tuple[Scalar, Node]], key: Key) -> bool:
        """Tell whether each value has the key's shape; sections are taken apart by those who read them."""
        fits = True
        for name, value in values:
            if not isinstance(key.shape, Shape):
                short = key.shape in SHORTHAND and isinstance(value, Scalar)
                fits = fits and (short or isinstance(value, Keyed))
                if not short and not isinstance(value, Keyed):
                    self.wrong(value if key.holds is Holds.MANY else name, f'{a(key.shape)} is "key: value" lines')
            elif key.shape is not Shape.VALUE and not self._scalar_fits(name, value, key):
                fits = False
        return fits

    def _scalar_fits(self, name: Scalar, value: Node, key: Key) -> bool:
        several = key.shape is Shape.ANY or key.holds is Holds.EITHER
        if several and isinstance(value, Listed) and all(isinstance(item, Scalar) for item in value.items):
            return True
        if not isinstance(value, Scalar):
            advice = ""
            if key.shape in (Shape.EXPRESSION, Shape.TEMPLATE) and not isinstance(value, Scalar) and value.flow:
                advice = "text that begins with [ or { stands in quotes or round brackets"
            self.wrong(value, f'"{name.text}" wants text', advice=advice)
            return False
        if value.empty:
            self.wrong(name, f'"{name.text}" is empty; fill it or leave it out')
            return False
        return True


class Fields:
    """The keys of one section that are there and have the right shape."""

    def __init__(self, page: Page, entries: dict[str, Entry], node: Keyed | None) -> None:
        self.page = page
        self.entries = entries
        self.node = node

    def key(self, name: str) -> Scalar | None:
        """Return the key itself, to mark it."""
        return self.entries[name].key if name in self.entries else None

    def scalar(self, name: str) -> Scalar | None:
        """Return the text under a key."""
        value = self.node_of(name)
        return value if isinstance(value, Scalar) else None

    def text(self, name: str, default: str = "") -> str:
        """Return the text under a key without the blanks around it."""
        value = self.scalar(name)
        return value.text.strip() if value is not None else default

    def node_of(self, name: str) -> Node | None:
        """Return whatever stands under a key."""
        return self.entries[name].value if name in self.entries else None

    def items(self, name: str) -> tuple[Node, ...]:
        """Return the items of a list."""
        value = self.node_of(name)
        return value.items if isinstance(value, Listed) else ()

    def scalars(self, name: str) -> tuple[Scalar, ...]:
        """Return the texts of a list, or the one text."""
        value = self.node_of(name)
        if isinstance(value, Scalar):
            return (value,)
        return tuple(item for item in self.items(name) if isinstance(item, Scalar))

    def named(self, name: str) -> tuple[Entry, ...]:
        """Return the entries of a mapping whose keys the author chose."""
        value = self.node_of(name)
        return value.entries if isinstance(value, Keyed) else ()
