"""Expressions: three truth values, absent and unset, lists, typed literals, bounds."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from readings import NAMES, ghost, listing, mistakes_in, refs, row, value

from runbookctl.language.expressions import ExpressionMistake, check, compiled, parse
from runbookctl.language.values import Interval, Listing, Unknown, truth

T0 = dt.datetime(2026, 11, 22, 2, 47, 35, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)
KLEENE = {True: "t", False: "f", None: "u"}


def kleene(outcome: object) -> bool | None:
    """Return a truth value as true, false or None."""
    held = truth(outcome)
    return None if isinstance(held, Unknown) else held


@pytest.mark.parametrize("a", [True, False, None])
@pytest.mark.parametrize("b", [True, False, None])
def test_the_truth_tables_are_kleenes(a: bool | None, b: bool | None) -> None:
    """And, or, not follow Kleene's tables for each pair of values."""
    x, y = KLEENE[a], KLEENE[b]
    both = False if False in (a, b) else None if None in (a, b) else True
    either = True if True in (a, b) else None if None in (a, b) else False
    assert kleene(value(f"{x} and {y}")) is both
    assert kleene(value(f"{x} or {y}")) is either
    assert kleene(value(f"not {x}")) is (None if a is None else not a)


def test_a_filter_is_its_proof() -> None:
    """A filter keeps the readings for which it holds, and shows their lines."""
    xids = listing(row(line=3, code=79, text="Xid 79"), row(line=4, code=13))
    assert [one.reading.code for one in value("xids[code == 79]", xids=xids).sure] == [79]
    assert [(ref.evidence, ref.line) for ref in refs("xids[code == 79]", xids=xids)] == [("e1", 3)]


def test_one_line_proves_in_a_log_that_was_cut() -> None:
    """What was cut away cannot make a present reading untrue, and forbids to say that there is none."""
    xids = listing(row(code=79), perhaps=(ghost(),))
    assert kleene(value("xids[code == 79]", xids=xids)) is True
    assert kleene(value("not xids[code == 48]", xids=xids)) is None
    assert value("count(xids[code == 79])", xids=xids) == Interval(1, None, (ghost().whys[0],))
    assert kleene(value("count(xids[code == 79]) >= 1", xids=xids)) is True
    assert kleene(value("count(xids[code == 79]) < 1", xids=xids)) is False
    assert kleene(value("count(xids[code == 79]) < 5", xids=xids)) is None


def test_what_was_cut_is_older_than_the_cut() -> None:
    """A cut that is older than the window cannot hide a reading inside the window."""
    old = listing(perhaps=(ghost(before=T0 - 10 * MINUTE),))
    assert kleene(value('xids[now - time < "5m"]', xids=old, now=T0)) is False
    assert kleene(value('xids[now - time < "1h"]', xids=old, now=T0)) is None


@pytest.mark.parametrize("operator", ["==", "!=", "<", "<=", ">", ">="])
def test_a_comparison_with_an_absent_value_is_false(operator: str) -> None:
    """Absent is known not to be: every comparison with it is false."""
    assert value(f"gpu.code {operator} 5", gpu=row(code=None)) is False


def test_absent_unset_and_none_are_told_apart() -> None:
    """`is None` is true for absent, unknown for a field that the source does not tell."""
    assert value("gpu.code is None", gpu=row(code=None)) is True
    assert value("gpu.code is not None", gpu=row(code=0)) is True
    assert kleene(value("gpu.code is None", gpu=row())) is None
    assert value("gpu.code not in (1, 2)", gpu=row(code=None)) is False
    assert kleene(value("gpu.code not in (1, 2)", gpu=row())) is None


def test_arithmetic_with_absent_is_absent() -> None:
    """Arithmetic with an absent value and a division by zero are absent, so what compares them is false."""
    assert value("gpu.code + 1", gpu=row(code=None)) is None
    assert value("1 / gpu.code", gpu=row(code=0)) is None
    assert value("1 / gpu.code > 0", gpu=row(code=0)) is False


def test_quoted_literals_take_the_type_of_their_neighbour() -> None:
    """Sizes, durations, versions and times are quoted and compared as such."""
    gpu = row(limit=2**31, age=dt.timedelta(seconds=4), version="550.54", time=T0)
    assert value('gpu.limit >= "2Gi"', gpu=gpu) is True
    assert value('gpu.age < "5s"', gpu=gpu) is True
    assert value('gpu.version < "550.144.03"', gpu=gpu) is True
    assert value('gpu.time == "2026-11-22T02:47:35Z"', gpu=gpu) is True
    assert value('gpu.limit * 1.25 > "2Gi"', gpu=gpu) is True


def test_near_is_unknown_when_a_time_is_absent() -> None:
    """An undated line may well be inside."""
    assert value('near(gpu.time, now, "2m")', gpu=row(time=T0), now=T0 + MINUTE) is True
    assert value('near(gpu.time, now, "2m")', gpu=row(time=T0), now=T0 + 3 * MINUTE) is False
    assert kleene(value('near(gpu.time, now, "2m")', gpu=row(time=None), now=T0)) is None


def test_last_is_the_latest() -> None:
    """The latest by time; by line where one log has no times; unknown if a later one may exist."""
    times = listing(row(time=T0, code=1), row(time=T0 + MINUTE, code=2))
    assert value("last(xids).code", xids=times) == 2
    assert value("last(xids).code", xids=listing(row(line=9, code=1), row(line=3, code=2))) == 1
    assert value("last(xids).code", xids=listing()) is None
    assert isinstance(value("last(xids).code", xids=listing(row(time=T0, code=1), perhaps=(ghost(),))), Unknown)
    older = listing(row(time=T0, code=1), perhaps=(ghost(before=T0),))
    assert value("last(xids).code", xids=older) == 1
    ring = listing(row(line=5, code=1), perhaps=(ghost(older_than="e1"),))
    assert value("last(xids).code", xids=ring) == 1


def test_count_adds_up_folded_readings() -> None:
    """A reading that stands for n lines counts n."""
    assert value("count(xids[code == 13])", xids=listing(row(code=13, count=12), row(code=13))) == 13


def test_aggregates_leave_out_absent_and_fear_the_unknown() -> None:
    """Absent values are left out, of nothing the sum is 0 and the others absent, unknown spreads."""
    xids = listing(row(code=5), row(code=None), row(code=1), row(code=3), row(code=9))
    assert value("sum(xids.code)", xids=xids) == 18
    assert value("median(xids.code)", xids=xids) == 3
    assert (value("min(xids.code)", xids=xids), value("max(xids.code)", xids=xids)) == (1, 9)
    assert (value("sum(xids.code)", xids=listing()), value("max(xids.code)", xids=listing())) == (0, None)
    assert isinstance(value("max(xids.code)", xids=listing(row(code=1), row())), Unknown)
    assert value("max(gpu.limit, gpu.limit) * 1.5", gpu=row(limit=10)) == 15


def test_or_of_lists_keeps_the_readings_of_both() -> None:
    """`or` of lists (and of the item's own field) is the list of what proves it."""
    left, right = listing(row(code=1, pci="a")), listing(row(code=2, pci="b"))
    assert value("(xids[code == 1] or others[code == 2]).pci", xids=left, others=right).sure == ("a", "b")
    assert value("(xids or gpu.lost).pci", xids=listing(), gpu=row(lost=True, pci="c")).sure == ("c",)


def test_a_list_put_to_an_unknown_one_is_partly_unknown() -> None:
    """`a + b` with an unknown side adds one reading of which nothing is known."""
    both = value("xids + others", xids=listing(row(code=1)), others=listing(perhaps=(ghost(),)))
    assert isinstance(both, Listing)
    assert (len(both.sure), len(both.perhaps)) == (1, 1)


def test_nested_readings_are_filtered_like_lists() -> None:
    """A field that holds readings is a list of readings."""
    from readings import Exit

    gpu = row(exits=(Exit(code=137, time=T0), Exit(code=0, time=T0)))
    assert len(value("gpu.exits[code != 0]", gpu=gpu).sure) == 1
    assert [ref.field for ref in refs("gpu.exits[code == 137]", gpu=gpu)] == ["exits[0].code"]
    assert kleene(value("gpu.exits[code == 1]", gpu=row())) is None


@pytest.mark.parametrize(
    ("source", "message", "marked"),
    [
        ("xids[codes == 79]", 'the reading has no "codes"', "codes"),
        ("xids.code == 79", "a list is never compared with one value", "xids.code == 79"),
        ("gpu.cod == 1", 'gpu has no "cod"', "cod"),
        ('gpu.limit > "much"', '"much" is no size; write 512Mi, 2Gi or a number of bytes', '"much"'),
        ("gpu.code == gpu.pci", "a number is not compared with a text", "gpu.code == gpu.pci"),
        ("gpu.code and t", "a condition is a truth value or a list of readings, not a number", "gpu.code"),
        ("gpu.code == None", 'nothing equals None; write "is None" or "is not None"', "gpu.code == None"),
        ("count(gpu)", "count takes a list of readings", "count(gpu)"),
        ("xids[others[xids[code == 1]]]", "filters nest at most 2 deep", "xids[code == 1]"),
        ("gpu.lost < t", "a truth value has no order", "gpu.lost < t"),
        ("missing", '"missing" is no name of this runbook', "missing"),
    ],
)
def test_a_mistake_is_told_with_its_place(source: str, message: str, marked: str) -> None:
    """Each mistake has one sentence and marks the text that is wrong."""
    found = mistakes_in(source)
    assert (message, marked) in found


def test_a_name_that_is_field_and_name_is_a_mistake() -> None:
    """Inside brackets a field wins, so a runbook's name that hides behind it is refused."""
    names = {**NAMES, "code": NAMES["limit_of"]}
    _, mistakes = check(parse("xids[code == 1]"), names)
    assert [mistake.message for mistake in mistakes] == [
        '"code" is both a field of the reading and a name of the runbook'
    ]


@pytest.mark.parametrize(
    "source",
    [
        "__import__('os')", "xids[0:1]", "[x for x in xids]", "lambda: 1", "2 ** 9", "t if f else u", "f'{xids}'",
        "xids.__class__", "t < f < u", "any(xids)", "gpu.code % 2", "'a' == gpu.pci", "", "(", "x" * 3000,
        "not " * 500 + "t", "(" * 500 + "t" + ")" * 500, "count(list=xids)", "xids.append(1)", "9" * 40, "{1}", "*xids",
        "\x00", "t := f", "await t", "...", "b'x' == gpu.pci", "1j + 2",
    ],
)  # fmt: skip
def test_what_is_not_in_the_language_is_refused(source: str) -> None:
    """Attribute escapes, comprehensions, powers and every other syntax are mistakes, never run."""
    try:
        expression = parse(source)
    except ExpressionMistake:
        return
    assert check(expression, NAMES)[1]


@settings(max_examples=400, deadline=None)
@given(st.text(max_size=300))
def test_every_text_is_read_or_refused(source: str) -> None:
    """Any text ends in an expression or a mistake."""
    try:
        check(parse(source), NAMES)
    except ExpressionMistake:
        return


CODES = st.sampled_from([13, 48, 79])
ATOMS = st.sampled_from(
    [
        "xids[code == 79]", "xids[code in (13, 48)]", "others[code != 13]", "count(xids[code == 13]) >= 2", "gpu.lost",
        "gpu.code == 48", "gpu.code is None", "count(others) < 3", "last(xids).code == 79", "xids[lost]", "xids + others",
        'xids[now - time < "5m"]', "max(xids.code) > 20", "gpu.code in xids.code", 'near(last(xids).time, now, "1m")',
    ]
)  # fmt: skip
CONDITIONS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(lambda pair: f"({pair[0]} and {pair[1]})"),
        st.tuples(inner, inner).map(lambda pair: f"({pair[0]} or {pair[1]})"),
        inner.map(lambda part: f"not {part}"),
    ),
    max_leaves=6,
)
Fields = dict[str, Any]
FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "code": st.one_of(st.none(), CODES),
        "lost": st.booleans(),
        "time": st.one_of(st.none(), st.integers(0, 20).map(lambda minutes: T0 - minutes * MINUTE)),
        "count": st.integers(1, 3),
    },
)


@settings(max_examples=400, deadline=None)
@given(CONDITIONS, st.lists(FIELDS, max_size=4), st.lists(FIELDS, max_size=3), FIELDS, st.data())
def test_more_evidence_never_turns_true_into_false(
    source: str, xids: list[Fields], others: list[Fields], gpu: Fields, data: st.DataObject
) -> None:
    """What is known with part of the evidence is known and the same with all of it."""
    node = compiled(parse(source), NAMES)

    def judged(seen: list[bool], told: list[dict[str, object]], item: dict[str, object]) -> bool | None:
        from readings import Table

        hidden = tuple(ghost() for flag in seen if not flag)
        rows = [
            row(line=number, **fields) for number, (flag, fields) in enumerate(zip(seen, told, strict=True)) if flag
        ]
        whole = {"xids": listing(*rows, perhaps=hidden), "others": listing(*(row(**one) for one in others))}
        return kleene(node.value(Table({**whole, "gpu": row(**item), "now": T0}), ()))

    seen = [data.draw(st.booleans()) for _ in xids]
    partial_item = {key: part for key, part in gpu.items() if data.draw(st.booleans())}
    less = judged(seen, xids, partial_item)
    more = judged([True] * len(xids), xids, gpu)
    assert less is None or less is more


def test_hostile_expressions_end_quickly() -> None:
    """The work of an expression is bounded by its readings squared, and the scope counts it."""
    from readings import Table

    node = compiled(parse("xids[count(others[code == 1]) > 0]"), NAMES)
    many = listing(*(row(code=1) for _ in range(200)))
    table = Table({"xids": many, "others": many})
    node.value(table, ())
    assert table.spent <= 200 * 200 * 2 + 400
