"""What the tests of this room share."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest

from runbookctl.intake import Piece, pieces

Take = Callable[[bytes | str], list[Piece]]


@pytest.fixture
def recordings() -> Path:
    """Return the folder of recordings."""
    return Path(__file__).parents[1] / "recordings" / "intake"


@pytest.fixture
def take() -> Take:
    """Return a function that takes a body from standard input."""

    def taken(body: bytes | str) -> list[Piece]:
        return list(pieces(["-"], io.BytesIO(body.encode() if isinstance(body, str) else body)))

    return taken
