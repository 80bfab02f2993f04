"""Folding: what is printed can be typed back, equal things are one, different things stay apart."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbookctl.cli import fold
from runbookctl.engine.noderanges import expand

NAMES = st.lists(st.from_regex(r"(gpu|worker-|a[0-9]b)[0-9]{1,4}(x|-r1)?", fullmatch=True), max_size=40)


@pytest.mark.parametrize(
    ("given_names", "folded"),
    [
        (["gpu203", "gpu017"], ["gpu[017,203]"]),
        ([f"gpu{number:03d}" for number in range(1, 513)], ["gpu[001-512]"]),
        (["gpu2", "gpu10", "gpu9"], ["gpu[2,9-10]"]),
        (["gpu099", "gpu100"], ["gpu[099-100]"]),
        (["node-a"], ["node-a"]),
        (["node-a", "node-b"], ["node-a", "node-b"]),
        (["worker-01-x", "worker-02-x", "cpu1"], ["cpu1", "worker-[01-02]-x"]),
        ([], []),
    ],
)
def test_names_fold_at_their_last_number(given_names: list[str], folded: list[str]) -> None:
    """Names that differ in their last number are one range, in natural order."""
    assert fold.names(given_names) == folded


@given(NAMES)
def test_a_fold_typed_back_names_the_same_nodes(given_names: list[str]) -> None:
    """`--on` reads what is printed: nothing is lost, nothing is added."""
    assert set(expand(tuple(fold.names(given_names)))) == set(given_names)


@given(st.lists(st.text(max_size=12), max_size=12))
def test_any_name_at_all_can_be_sorted_and_folded(given_names: list[str]) -> None:
    """Foreign names (superscript digits, other scripts, nothing) are no reason to fail."""
    assert fold.names(given_names) is not None
    assert len(fold.subjects(given_names)) <= max(len(set(given_names)), 1)


def test_subjects_fold_part_by_part() -> None:
    """Subjects equal but for one part are folded there; those that differ in two parts stay apart."""
    assert fold.subjects(["node/gpu017", "node/gpu203"]) == ["node/gpu[017,203]"]
    assert fold.subjects(["container/ml/train-0/app", "container/ml/train-1/app"]) == ["container/ml/train-[0-1]/app"]
    apart = ["gpu/gpu017/0000:3b:00", "gpu/gpu203/0000:9a:00"]
    assert fold.subjects(apart) == apart


@pytest.mark.parametrize(
    ("subject", "node"),
    [
        ("node/gpu017", "gpu017"), ("gpu/gpu017/0000:3b:00", "gpu017"), ("gpu/0000:3b:00", ""), ("mig/n1/0000:3b:00/3", "n1"),
        ("container/ml/p/c", ""), ("", ""),
    ],
)  # fmt: skip
def test_the_node_of_a_subject(subject: str, node: str) -> None:
    """A node is read from subjects that name one; a PCI address is no node."""
    assert fold.node_of(subject) == node


def test_files_are_named_by_the_end_of_their_path_that_tells_them_apart() -> None:
    """A file's name is enough where it is the only one; else the folders that differ are there too."""
    assert fold.tails(["a/x.log", "a/y.log"]) == {"a/x.log": "x.log", "a/y.log": "y.log"}
    assert fold.tails(["n1/dmesg", "n2/dmesg", "z"]) == {"n1/dmesg": "n1/dmesg", "n2/dmesg": "n2/dmesg", "z": "z"}
    assert fold.tails(["dmesg", "a/dmesg"]) == {"dmesg": "dmesg", "a/dmesg": "a/dmesg"}
    assert fold.tails(["same", "same"]) == {"same": "same"}


@given(st.lists(st.text(alphabet="ab/", min_size=1, max_size=6), unique=True, max_size=12))
def test_no_two_files_get_the_same_name(paths: list[str]) -> None:
    """Whatever the paths, their names tell them apart and are ends of them."""
    named = fold.tails(paths)
    assert len(set(named.values())) == len(paths)
    assert all(path.endswith(name) for path, name in named.items())


def test_sentences_that_differ_in_one_word_are_told_once_with_all_its_values() -> None:
    """Two GPUs off the bus are one sentence with both addresses and their nodes; other sentences are told each."""
    pair = [("gpu017", "GPU 3b:00 is lost"), ("gpu203", "GPU 9a:00 is lost")]
    assert fold.sentences(pair) == ["GPU 3b:00 (gpu017), 9a:00 (gpu203) is lost"]
    assert fold.sentences([("a", "same"), ("b", "same")]) == ["same"]
    assert fold.sentences([("a", "x is 1"), ("b", "y was 2")]) == ["a: x is 1", "b: y was 2"]
