"""What people and alerts type becomes values, or is told to be none."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbookctl.errors import InputError
from runbookctl.language import inputs
from runbookctl.language.keys import INPUT_TYPES
from runbookctl.language.model import Input, InputType, Place
from runbookctl.language.suggest import did_you_mean, nearest

HERE = Place("x.yaml", 1, 1)


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("text", "NO", "NO"), ("integer", "-12", -12), ("number", "1.5", 1.5), ("boolean", "true", True),
        ("boolean", "false", False), ("duration", "1h30m", dt.timedelta(minutes=90)), ("bytes", "2Gi", 2 << 30),
        ("k8s-name", "trainer-0.ml", "trainer-0.ml"), ("node", "gpu-7", "gpu-7"), ("choice", "b", "b"),
    ],
)  # fmt: skip
def test_a_text_becomes_the_value_of_its_type(kind: InputType, text: str, value: Any) -> None:
    """Each type reads its own way of writing."""
    assert inputs.value_of(kind, text, ("a", "b")) == value


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("integer", "1.5"), ("integer", "1_0"), ("integer", "٣"), ("integer", "9" * 30), ("integer", ""), ("number", "nan"),
        ("number", "inf"), ("number", "1_0"), ("number", "x"), ("boolean", "yes"), ("boolean", "True"), ("duration", "5"),
        ("duration", "1y"), ("bytes", "2Xi"), ("bytes", "9" * 400), ("k8s-name", "Trainer"), ("k8s-name", "-a"),
        ("k8s-name", "a_b"), ("k8s-name", "a" * 254), ("k8s-name", "a..b"), ("k8s-name", ""), ("node", "gpu-7:2222"),
        ("node", "gpu-7."), ("node", "169.254.169.254"), ("node", "-oProxyCommand=x"), ("node", "a b"), ("node", "a\n"),
        ("choice", "c"),
    ],
)  # fmt: skip
def test_what_is_no_value_is_told(kind: InputType, text: str) -> None:
    """Wrong numbers, names with other characters, options in place of nodes, link-local addresses."""
    with pytest.raises(ValueError, match=r"\bno\b|neither|none|link-local"):
        inputs.value_of(kind, text, ("a", "b"))


@given(kind=st.sampled_from(INPUT_TYPES), text=st.text(max_size=60))
def test_any_text_is_a_value_or_told_in_a_short_sentence(kind: InputType, text: str) -> None:
    """No text ends in another error."""
    told = "well"
    try:
        inputs.value_of(kind, text, ("a",))
    except ValueError as error:
        told = str(error)
    assert 0 < len(told) < 300


def test_many_values_are_a_tuple_and_one_is_itself() -> None:
    """`many` takes any number, otherwise exactly one; an error names the input."""
    many = Input(name="nodes", type="node", many=True, place=HERE)
    one = Input(name="node", type="node", place=HERE)
    assert inputs.given(many, ["a", "b"]) == ("a", "b")
    assert inputs.given(many, []) == ()
    assert inputs.given(one, ["a"]) == "a"
    with pytest.raises(InputError, match='input "node" takes one value, not 2'):
        inputs.given(one, ["a", "b"])
    with pytest.raises(InputError, match='input "nodes": "A" is no name of a node'):
        inputs.given(many, ["a", "A"])


def test_the_word_that_was_meant_is_found() -> None:
    """Slips, other spellings and the right name under another family; never something far away."""
    assert nearest("abuot", ["about", "title"]) == "about"
    assert nearest("Nodes", ["nodes", "node"]) == "nodes"
    assert nearest("container-oom-killed", ["container_oom_killed"]) == "container_oom_killed"
    assert nearest("k8s.xid", ["gpu.xid", "gpu.memory_health"]) == "gpu.xid"
    assert nearest("k8s.logs", ["k8s.changes", "k8s.events"]) is None
    assert nearest("k8s/oom-crashlop", ["k8s/oom-crashloop", "k8s/node"]) == "k8s/oom-crashloop"
    assert nearest("zebra", ["about", "title"]) is None
    assert nearest("x" * 10_000, ["x"]) is None
    assert nearest("", ["a"]) is None
    assert did_you_mean("cod", ["code"]) == '; did you mean "code"?'
    assert did_you_mean("zebra", ["code"]) == ""
