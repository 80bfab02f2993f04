"""The catalogue of cause codes is whole and readable in both languages."""

from __future__ import annotations

import re

from runbookctl.catalog import causes


def test_every_cause_has_its_texts() -> None:
    """A code in lower case, a family, a sentence and a title in both languages, the Chinese one in Chinese."""
    known = causes.all_causes()
    assert len(known) == 78
    for code, cause in known.items():
        assert re.fullmatch(r"[a-z][a-z0-9_]*", code)
        assert re.fullmatch(r"[a-z][a-z-]*", cause.family)
        assert cause.holds.endswith(".")
        assert cause.holds.isascii()
        assert cause.en.isascii()
        assert not cause.en.endswith(".")
        assert any("\u4e00" <= character <= "\u9fff" for character in cause.zh)


def test_titles_are_told_apart() -> None:
    """No two codes share a title in either language."""
    known = causes.all_causes().values()
    assert len({cause.en for cause in known}) == len(known)
    assert len({cause.zh for cause in known}) == len(known)


def test_a_code_is_found_or_is_its_own_title() -> None:
    """An unknown code, of a newer bundle for one, is shown as it is."""
    assert causes.find("gpu_fell_off_bus") is not None
    assert causes.find("nothing") is None
    assert causes.title("gpu_fell_off_bus") == "A GPU is no longer reachable on PCIe"
    assert causes.title("gpu_fell_off_bus", "zh") == "GPU 在 PCIe 总线上失联"
    assert causes.title("nothing", "zh") == "nothing"
