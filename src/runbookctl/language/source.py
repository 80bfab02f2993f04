"""The nodes of a file with their places, and the mistakes that mark them. Values only."""

from __future__ import annotations

from bisect import bisect_right

from msgspec import Struct

from runbookctl.language.model import Place

MOST_MISTAKES = 100  # told of one file
WIDEST = 160  # characters of a source line that are shown

FLOW_ADVICE = "inside {...} and [...] a comma, bracket or brace ends a text: write it in block style, one key per line"


class Mistake(Struct, frozen=True, kw_only=True):
    """What is wrong at a place; `advice` says what to write.

    `line` is the source line as it is shown: without its indentation, cut around a place far to the right. In it
    `length` characters from `mark` (0-based) are marked.
    """

    place: Place
    message: str
    length: int = 1
    advice: str = ""
    line: str = ""
    mark: int = 0


class Scalar(Struct, frozen=True):
    """Text; `index` to `end` are its characters in the file, quotes included."""

    text: str
    index: int
    end: int
    style: str = ""  # "" plain, ' or " quoted, | literal, > folded

    @property
    def empty(self) -> bool:
        """Nothing stands here (`key:` and no more)."""
        return not self.text and not self.style


class Listed(Struct, frozen=True):
    """A list."""

    items: tuple[Node, ...]
    index: int
    flow: bool  # [a, b]


class Entry(Struct, frozen=True):
    """One `key: value`."""

    key: Scalar
    value: Node


class Keyed(Struct, frozen=True):
    """A mapping, in the order of the file."""

    entries: tuple[Entry, ...]
    index: int
    flow: bool  # {a: b}


Node = Scalar | Listed | Keyed


class Source:
    """The text of a file, and the places of its characters."""

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self.text = text
        self._starts = [0]
        position = text.find("\n")
        while position >= 0:
            self._starts.append(position + 1)
            position = text.find("\n", position + 1)

    def place(self, index: int) -> Place:
        """Return the 1-based line and column of a character."""
        line = bisect_right(self._starts, index)
        return Place(self.file, line, index - self._starts[line - 1] + 1)

    def index(self, place: Place) -> int:
        """Return the character at a place."""
        return self._starts[place.line - 1] + place.column - 1

    def line(self, number: int) -> str:
        """Return a line without its end; `number` is 1-based."""
        start = self._starts[number - 1]
        end = self._starts[number] - 1 if number < len(self._starts) else len(self.text)
        return self.text[start:end].rstrip("\r")

    def mistake(self, index: int, message: str, *, length: int = 1, advice: str = "") -> Mistake:
        """Return a mistake that marks `length` characters from `index`, within one line."""
        place = self.place(min(index, len(self.text)))
        whole = self.line(place.line)
        line = whole.lstrip(" ")
        mark = place.column - 1 - (len(whole) - len(line))
        room = max(1, len(line) - mark)
        if mark > WIDEST * 2 // 3:
            cut = mark - WIDEST // 3
            line, mark = "..." + line[cut:], mark - cut + 3
        line = line if len(line) <= WIDEST else line[: WIDEST - 3] + "..."
        length = max(1, min(length, room, WIDEST - mark))
        return Mistake(place=place, message=message, length=length, advice=advice, line=line, mark=max(0, mark))

    def index_of(self, scalar: Scalar, offset: int) -> int:
        """Return where in the file the character `offset` of a scalar's text stands.

        Exact for one line; where YAML folded lines or read an escape, the characters are matched one by one.
        """
        if not scalar.style and scalar.end - scalar.index == len(scalar.text):
            return scalar.index + offset
        position = scalar.index
        if scalar.style in ("|", ">"):  # past the indicator's line
            position = self.text.find("\n", position) + 1 or scalar.end
        elif scalar.style:
            position += 1
        for character in scalar.text[:offset]:
            position = self._after(position, character, scalar)
        return min(self._skip_blanks(position, scalar, offset), max(scalar.index, scalar.end - 1))

    def _after(self, position: int, character: str, scalar: Scalar) -> int:
        """Return the position behind what stands for `character`."""
        if scalar.style == '"':
            position = self._joined(position)
        if self._escaped(position, scalar):
            return position + {"x": 4, "u": 6, "U": 10}.get(self.text[position + 1 : position + 2], 2)
        if character.isspace():
            return position + 1 if self.text[position : position + 1].isspace() else position
        while position < scalar.end and self.text[position].isspace():
            position += 1
        if self._escaped(position, scalar):
            return position + {"x": 4, "u": 6, "U": 10}.get(self.text[position + 1 : position + 2], 2)
        if scalar.style == "'" and character == "'":
            return position + 2
        return position + 1

    def _escaped(self, position: int, scalar: Scalar) -> bool:
        return scalar.style == '"' and self.text[position : position + 1] == "\\"

    def _joined(self, position: int) -> int:
        """Return the position behind a line that a backslash at its end joins with the next one."""
        while self.text[position : position + 2] == "\\\n":
            position += 2
            while self.text[position : position + 1] in (" ", "\n"):
                position += 1
        return position

    def _skip_blanks(self, position: int, scalar: Scalar, offset: int) -> int:
        if scalar.style == '"':
            position = self._joined(position)
        if scalar.text[offset : offset + 1].isspace():
            return position
        while position < scalar.end and self.text[position].isspace():
            position += 1
        return position


def shortened(text: str, most: int = 60) -> str:
    """Return text that fits a message: its beginning, and dots for the rest."""
    return text if len(text) <= most else text[: most - 3] + "..."
