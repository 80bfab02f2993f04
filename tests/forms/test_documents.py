"""Foreign JSON and YAML become plain values within limits."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbookctl.forms.documents import UnreadableError, encode, json_documents, yaml_documents


def test_json_documents_may_follow_each_other() -> None:
    """`kubectl get -o json` twice into one file is two documents."""
    assert json_documents('{"a": 1}\n{"b": 2}') == ([{"a": 1}, {"b": 2}], "")


def test_a_list_that_ends_early_keeps_its_whole_items() -> None:
    """Of a truncated list what is complete is kept, and it is said that it ends early."""
    values, cut = json_documents('{"kind": "PodList", "items": [{"n": 1}, {"n": 2}, {"n"')
    assert values == [{"kind": "PodList", "items": [{"n": 1}, {"n": 2}]}]
    assert cut == "ends early"


def test_a_single_object_that_ends_early_is_not_kept() -> None:
    """Half an object would tell that fields are absent which are only cut off."""
    assert json_documents('{"kind": "Pod", "spec": {"a"') == ([], "ends early")


def test_text_behind_a_document_is_said() -> None:
    """What follows the last document is not silently dropped."""
    assert json_documents('{"a": 1}\nhello')[1] == "followed by something else at line 2"


def test_line_ends_inside_a_string_are_read() -> None:
    """A terminal that wraps long lines puts line ends into strings."""
    assert json_documents('{"a": "x\ny"}').values == [{"a": "x\ny"}]


def test_yaml_scalars_are_what_json_knows() -> None:
    """Words of YAML 1.1 and dates stay text, so that `NO` is Norway."""
    text = "a: NO\nb: 2026-11-22\nc: 12:30\nd: true\ne: null\nf: 1.5\ng: 0644\nh: '1'\ni: -3\nj: ~\n"
    expected = {"a": "NO", "b": "2026-11-22", "c": "12:30", "d": True, "e": None, "f": 1.5, "g": "0644", "h": "1"}
    assert yaml_documents(text).values == [{**expected, "i": -3, "j": None}]


def test_yaml_that_breaks_inside_items_keeps_the_whole_ones() -> None:
    """Of a YAML list that breaks off, complete items are kept."""
    values, cut = yaml_documents("kind: List\nitems:\n- a: 1\n- b: 2\n- c: 'open")
    assert values == [{"kind": "List", "items": [{"a": 1}, {"b": 2}]}]
    assert cut.startswith("breaks at line")


def test_an_alias_is_the_value_of_its_anchor() -> None:
    """Anchors of hand-written manifests work."""
    assert yaml_documents("a: &x [1]\nb: *x\n").values == [{"a": [1], "b": [1]}]


DEEP = "- " * 10_000 + "a"
FLOW = "[" * 10_000
BOMB = "a: &a [1,1,1,1,1,1,1,1,1]\n" + "".join(
    f"{chr(98 + i)}: &{chr(98 + i)} [{','.join([f'*{chr(97 + i)}'] * 9)}]\n" for i in range(9)
)


@pytest.mark.parametrize("text", [DEEP, FLOW, BOMB, "a: *nothing", "? [a]\n: b\n", "a: " + "x" * (3 << 20), "\t- x: ["])
def test_hostile_yaml_is_refused_with_a_sentence(text: str) -> None:
    """A 10,000-deep list, an alias bomb, a giant scalar: one sentence each, no crash and no memory."""
    with pytest.raises(UnreadableError, match="YAML"):
        yaml_documents(text)


def test_deep_json_is_not_read() -> None:
    """Nesting beyond the interpreter's own limit is trouble like any other."""
    assert json_documents("[" * 100_000).values == []


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    """No text raises anything but UnreadableError."""
    assert isinstance(json_documents(text).values, list)
    with contextlib.suppress(UnreadableError):
        assert isinstance(yaml_documents(text).values, list)


def test_lone_surrogates_do_not_reach_the_stored_bytes() -> None:
    """What JSON can escape and UTF-8 cannot hold becomes a question mark."""
    assert encode(json_documents('{"a": "\\ud800"}').values[0]) == b'{"a":"?"}'
