"""A mistake inside an expression, with its place. Values only."""

from __future__ import annotations


class ExpressionMistake(Exception):  # noqa: N818 - the word of the language
    """What is wrong, where in the source (0-based `offset`, `length` in characters), and a hint."""

    def __init__(self, message: str, offset: int, length: int, hint: str = "") -> None:
        """Keep the parts."""
        super().__init__(message)
        self.message = message
        self.offset = offset
        self.length = length
        self.hint = hint
