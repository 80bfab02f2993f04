"""On which line of a stored JSON text a message stands, so that it can be quoted with its line.

Pure. Messages are looked for in the order in which they were read, so a text of many objects is gone through once.
"""

from __future__ import annotations

import json

from msgspec import UNSET, UnsetType

_SMALL = 4 << 20
"""Bytes of a text in which a message that does not come in order is looked for from the start."""


class Lines:
    """The lines of one text; it remembers where the last message was found."""

    def __init__(self, body: bytes) -> None:
        """Look in `body`; a text of one line has no lines worth naming."""
        self._body = body
        self._many = b"\n" in body.strip()
        self._at = 0  # where the last message was found
        self._line = 1  # the line there

    def of(self, message: str) -> int | UnsetType:
        """Return the 1-based line of a JSON string; unset when it cannot be told."""
        if not self._many or not message:
            return UNSET
        for wanted in self._written(message):
            found = self._body.find(wanted, self._at)
            if found < 0 and len(self._body) < _SMALL:
                found, self._at, self._line = self._body.find(wanted), 0, 1
            if found >= 0:
                self._line += self._body.count(b"\n", self._at, found)
                self._at = found
                return self._line
        return UNSET

    @staticmethod
    def _written(message: str) -> tuple[bytes, ...]:
        """Return how JSON may write a text, or the end of one: as it is, or with the escapes of Go's encoder."""
        plain = json.dumps(message, ensure_ascii=False)[1:]
        go = plain.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
        forms = (plain, go) if go != plain else (plain,)
        return tuple(form.encode("utf-8", "replace") for form in forms)
