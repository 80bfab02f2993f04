"""Load the tables that lie beside the catalogue modules, once per process.

Pure: reads the package's own files, never foreign text.
"""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

import msgspec

_T = TypeVar("_T")


def load(name: str, shape: type[_T]) -> _T:
    """Return table `name` (`tables/<name>.json`) decoded as `shape`."""
    body = (Path(__file__).parent / "tables" / f"{name}.json").read_bytes()
    return msgspec.json.decode(body, type=shape)
