"""Times, durations, numbers and the words of both languages."""

from __future__ import annotations

import datetime as dt
import string

import pytest

from runbookctl.cli import texts


@pytest.mark.parametrize(
    ("seconds", "written"),
    [
        (0.08, "0.08s"), (3.1, "3.10s"), (9.994, "9.99s"), (9.996, "10.0s"), (14.6, "14.6s"), (59.94, "59.9s"), (59.96, "1m00s"),
        (125, "2m05s"), (3599.6, "1h00m"), (4020, "1h07m"), (86399, "23h59m"), (86400, "1d0h"), (273600, "3d4h"),
    ],
)  # fmt: skip
def test_durations_are_written_as_they_are_typed(seconds: float, written: str) -> None:
    """Two decimals under ten seconds, then one, then minutes, hours and days; never 60 of anything."""
    assert texts.duration(seconds) == written


def test_times_are_utc_with_z() -> None:
    """A time of any zone is written in UTC."""
    time = dt.datetime(2026, 11, 22, 10, 47, 35, tzinfo=dt.timezone(dt.timedelta(hours=8)))
    assert texts.stamp(time) == "2026-11-22 02:47:35Z"
    assert texts.clock(time) == "02:47:35Z"


def test_numbers_have_commas() -> None:
    """Thousands are set apart."""
    assert texts.number(4812) == "4,812"


def test_both_languages_have_the_same_texts_with_the_same_holes() -> None:
    """A text that exists in English exists in Chinese, and takes the same values."""
    english, chinese = texts.LANGUAGES["en"], texts.LANGUAGES["zh"]
    assert english.keys() == chinese.keys()
    for key, text in english.items():
        names = {name for _, name, _, _ in string.Formatter().parse(text) if name}
        assert {name for _, name, _, _ in string.Formatter().parse(chinese[key]) if name} == names, key


def test_english_is_ascii_and_without_exclamation() -> None:
    """The program's own English is plain ASCII, and nobody is shouted at."""
    assert all(text.isascii() and "!" not in text for text in texts.LANGUAGES["en"].values())


def test_lists_of_names() -> None:
    """Names are joined as each language does."""
    assert texts.listed("en", ["a", "b", "c"]) == "a, b or c"
    assert texts.listed("zh", ["a", "b", "c"]) == "a、b、c"
    assert texts.listed("en", ["a"]) == "a"
    assert texts.listed("en", []) == ""
