"""The cause codes: stable names for what can be wrong, with what must hold and a title in English and Chinese.

Pure. The table is `causes.json` beside this file.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct


class CauseCode(Struct, frozen=True, kw_only=True):
    """One code. `holds` says when it is concluded; the titles stand where a runbook writes no summary."""

    code: str
    family: str
    holds: str
    en: str
    zh: str


@lru_cache(maxsize=1)
def all_causes() -> dict[str, CauseCode]:
    """Return every code in the order of its family."""
    body = Path(__file__).with_suffix(".json").read_bytes()
    return {cause.code: cause for cause in msgspec.json.decode(body, type=tuple[CauseCode, ...])}


def find(code: str) -> CauseCode | None:
    """Return one code, or None where there is none of that name."""
    return all_causes().get(code)


def title(code: str, lang: Literal["en", "zh"] = "en") -> str:
    """Return the title of a code, the code itself where the catalogue does not have it."""
    cause = find(code)
    if cause is None:
        return code
    return cause.zh if lang == "zh" else cause.en
