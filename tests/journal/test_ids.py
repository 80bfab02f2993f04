"""Short ids, and what a person may type instead."""

from __future__ import annotations

import pytest

from runbookctl.errors import InputError
from runbookctl.journal.ids import ALPHABET, fresh, fresh_approval, resolve_approval, resolve_run
from runbookctl.journal.interface import Actor
from runbookctl.model import Subject

from .conftest import ME, Bench


def test_ids_are_short_unambiguous_and_unique(bench: Bench) -> None:
    """Four characters without look-alikes; longer only when the short ones are taken."""
    names = {bench.run(f"k{number}") for number in range(60)}
    assert len(names) == 60
    assert all(len(name) == 6 and set(name[2:]) <= set(ALPHABET) for name in names)
    assert not set("ilou") & set(ALPHABET)
    assert len(fresh("r", lambda name: len(name) < 8)) == 8


def test_any_unique_beginning_names_a_run(bench: Bench) -> None:
    """Upper case and look-alike letters are read as meant; several or no matches are told."""
    for name in ("r-4kx9", "r-4k10", "r-7tqe", "INC-12"):
        bench.store.open_run(name, key=name, snapshot="", subject=Subject(), by=ME)
    for text, run in (
        ("r-4kx9", "r-4kx9"), ("r-7", "r-7tqe"), ("R-4KX", "r-4kx9"), ("r-4kIO", "r-4k10"), ("INC-12", "INC-12"),
    ):  # fmt: skip
        assert resolve_run(bench.store, text) == run
    with pytest.raises(InputError, match="more than one run: r-4k10, r-4kx9"):
        resolve_run(bench.store, "r-4k")
    with pytest.raises(InputError, match="no run"):
        resolve_run(bench.store, "r-9")


def test_an_exact_name_wins_over_longer_ones(bench: Bench) -> None:
    """A run whose name begins another's can still be named."""
    for name in ("r-4kx9", "r-4kx9a"):
        bench.store.open_run(name, key=name, snapshot="", subject=Subject(), by=ME)
    assert resolve_run(bench.store, "r-4kx9") == "r-4kx9"


def test_last_is_your_own_last_run(bench: Bench) -> None:
    """Not an incident's stream, and not somebody else's run."""
    with pytest.raises(InputError, match="no last run"):
        resolve_run(bench.store, "last")
    mine = bench.run()
    bench.store.open_run("INC-1", key="i", snapshot="", subject=Subject(), by=ME)
    theirs = bench.store.open_run(None, key="t", snapshot="", subject=Subject(), by=Actor(name="other"))
    assert resolve_run(bench.store, "last", by="req") == mine
    assert resolve_run(bench.store, "last") == theirs


def test_approvals_are_named_the_same_way(bench: Bench) -> None:
    """An approval by a unique beginning."""
    hold = bench.hold(bench.run())
    name = bench.approve(hold, fresh_approval(bench.store))
    assert resolve_approval(bench.store, name[:4].upper()) == name
    with pytest.raises(InputError, match="no approval"):
        resolve_approval(bench.store, "a-zzzz9")
