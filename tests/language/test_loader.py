"""What a runbook says is what the loaded runbook holds."""

from __future__ import annotations

import datetime as dt
import random
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import Struct
from small_probes import GOOD, PROBES, Health, Xid, changed, load, mistakes

from runbookctl.errors import InputError, RunbookError
from runbookctl.language import loader, modules, templates, types
from runbookctl.language.expressions import Expression
from runbookctl.language.limits import limit_of
from runbookctl.language.model import Place, Runbook, Template
from runbookctl.language.skeleton import skeleton
from runbookctl.language.types import Kind, Type
from runbookctl.model import LEVELS

if TYPE_CHECKING:
    from collections.abc import Callable

RUNBOOKS = Path(__file__).parents[2] / "runbooks"
SHIPPED = sorted(file for file in RUNBOOKS.rglob("*.yaml") if "." not in file.stem)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> Runbook:
    """Return the small runbook, its probes put in place of the shipped ones."""
    monkeypatch.setattr(modules, "probe_module", PROBES.get)
    monkeypatch.setattr(modules, "probe_ids", lambda: tuple(PROBES))
    return load(GOOD)


def test_the_names_of_a_runbook_have_the_types_of_what_they_are(small: Runbook) -> None:
    """Inputs by their type, steps as lists of readings, the item as one, findings by their expression, now a time."""
    assert small.types == {
        "now": types.TIME,
        "nodes": Type(Kind.TEXT, many=True),
        "since": types.DURATION,
        "gpus": Type(Kind.RECORD, many=True, record=Health),
        "xids": Type(Kind.RECORD, many=True, record=Xid),
        "logs": small.types["logs"],
        "gpu": Type(Kind.RECORD, record=Health),
        "off_the_bus": small.types["off_the_bus"],
        "sick": small.types["sick"],
        "newest": types.NUMBER,
        "said": small.types["logs"],
    }


def test_findings_that_are_no_condition_are_helpers(small: Runbook) -> None:
    """A truth or a list of readings is shown; a number is not."""
    assert {finding.id: finding.shown for finding in small.findings} == {
        "off_the_bus": True, "sick": True, "newest": False, "said": True,
    }  # fmt: skip


def test_inputs_and_alerts_are_typed(small: Runbook) -> None:
    """A default is a value; labels and annotations are pairs; one value to match is a tuple of one."""
    nodes, since = small.inputs
    assert (nodes.type, nodes.many, nodes.required, nodes.default) == ("node", True, True, None)
    assert (since.required, since.default) == (False, dt.timedelta(hours=2))
    alert = small.alerts[0]
    assert alert.match == {"alertname": ("GpuXid", "DcgmXid"), "severity": ("page",)}
    assert alert.inputs == {"nodes": ("labels", "node")}


def test_steps_keep_their_order_and_their_parameters_as_templates(small: Runbook) -> None:
    """The order of the file is the order of display; a text alone is a template too; a title may come from the probe."""
    assert [step.id for step in small.steps] == ["gpus", "xids", "logs"]
    gpus, xids, logs = small.steps
    assert gpus.title == "Read the health of each GPU"
    assert xids.title == "Xid events"
    assert xids.timeout == dt.timedelta(seconds=30)
    assert isinstance(xids.with_["node"].parts[0], Expression)
    assert logs.with_["pod"].parts == ("a",)
    assert str(gpus.place) == "small.yaml:13:5"


def test_the_item_is_about_the_level_that_it_is_called_like(small: Runbook) -> None:
    """`each: gpu in gpus` judges each GPU; a name of its own takes the deepest level."""
    assert small.each is not None
    assert (small.each.item, small.each.step, small.each.level) == ("gpu", "gpus", "gpu")
    node = load(GOOD.replace("each: gpu in", "each: node in").replace("gpu.", "node.").replace("node.xid", "gpu.xid")
                .replace("node.health", "gpu.health"))  # fmt: skip
    card = load(GOOD.replace("each: gpu in", "each: card in").replace("gpu.", "card.").replace("card.xid", "gpu.xid")
                .replace("card.health", "gpu.health"))  # fmt: skip
    assert node.each is not None
    assert card.each is not None
    assert (node.each.level, card.each.level) == ("node", "gpu")


def test_causes_and_remediations_hold_what_is_written(small: Runbook) -> None:
    """Codes, proofs, rule-outs, summaries, risks, locks, limits, changes with their undoing, and the proof."""
    fell, own = small.causes
    assert (fell.id, fell.code, fell.because.source) == ("gpu_fell_off_bus", "gpu_fell_off_bus", "off_the_bus")
    assert fell.unless is not None
    assert fell.explains == ("gpu_hang",)
    assert fell.remediate == ("take_out", "tell")
    assert (own.id, own.code, own.about) == ("own_name", "gpu_hang", "node")
    out, tell = small.remediations
    assert (out.risk, out.title) == ("high", "Take ${gpu.node} out")
    assert out.limit is not None
    assert (out.limit.count, out.limit.share, out.limit.level, out.limit.per) == (1, False, "node", None)
    cordon, command = out.do
    argv: Any = command.with_["argv"]
    assert (cordon.undo, argv[0].parts) == ("inverse", ("nvidia-smi",))
    assert isinstance(command.undo, tuple)
    assert command.undo[0].change == "k8s.drain"
    assert out.verify is not None
    assert (out.verify.within, out.verify.hold) == (dt.timedelta(minutes=10), dt.timedelta(minutes=1))
    assert out.then[0].change == "k8s.uncordon"
    assert (tell.verify, tell.touches, tell.do[0].undo) == (None, None, "impossible")


def test_text_stays_text_until_its_key_says_what_it_is(small: Runbook) -> None:
    """`NO`, `550.10`, `12:30`, `010` and a date reach the runbook letter for letter."""
    del small
    for text in ("NO", "550.10", "12:30", "010", "2026-11-22", "~", "1e3", "0x10"):
        assert load(changed("title: Xid errors", f"title: {text}")).title == text
        assert load(changed('{pod: "a"}', f"{{pod: {text}}}")).steps[2].with_["pod"].parts == (text,)


def test_a_value_that_stands_alone_keeps_its_type_and_others_become_text(small: Runbook) -> None:
    """A whole list of readings may be a parameter; within a text it may not."""
    need = '  - id: logs\n    probe: catalog.need\n    with: {xids: «, module: "${gpu.module}"}\n'
    text = changed('  - id: logs\n    probe: k8s.logs\n    with: {pod: "a"}\n', need)
    text = text.replace("    unless: said\n", "").replace('  said:        logs[sign == "uncaught_error"]\n', "")
    whole = load(text.replace("«", '"${xids}"')).steps[2].with_["xids"]
    assert isinstance(whole, Template)
    assert len(whole.parts) == 1
    assert mistakes(text.replace("«", '"all ${xids}"'))
    assert small


def test_a_folded_text_ends_where_its_words_end(small: Runbook) -> None:
    """A block scalar's last line break is no part of a template: one hole alone stays alone."""
    text = changed("summary: GPU ${gpu.pci} is gone (Xid ${newest})", "summary: >\n      ${gpu.pci}")
    summary = load(text).causes[0].summary
    assert summary is not None
    assert [part if isinstance(part, str) else part.source for part in summary.parts] == ["gpu.pci"]
    assert small


def test_a_runbook_keeps_the_bytes_that_it_was_read_from(small: Runbook) -> None:
    """The snapshot of a run loads to the same runbook."""
    assert small.source == GOOD.encode()
    assert loader.loaded(small.source, small.file) == small


def plain(value: Any, *, sort: bool) -> Any:
    """Return a runbook without places and file, its entries sorted: what it means."""
    if isinstance(value, Place):
        return None
    if isinstance(value, Struct):
        left_out = {"place", "file"} | ({"source"} if isinstance(value, Runbook) else set())
        return {
            name: plain(getattr(value, name), sort=sort) for name in value.__struct_fields__ if name not in left_out
        }
    if isinstance(value, dict):
        return {key: plain(value[key], sort=sort) for key in sorted(value)}
    if isinstance(value, tuple):
        items = [plain(each, sort=sort) for each in value]
        keyed = sort and all(isinstance(each, dict) and ({"id", "name"} & each.keys()) for each in items)
        return sorted(items, key=repr) if keyed else items
    return value


def shuffled(text: str, rng: random.Random) -> str:
    """Shuffle the sections, and the entries of each section, as any author might order them."""
    document = yaml.load(text, Loader=yaml.BaseLoader)

    def mixed(value: Any) -> Any:
        if isinstance(value, dict):
            keys = list(value)
            rng.shuffle(keys)
            return {key: mixed(value[key]) for key in keys}
        return [mixed(each) for each in value] if isinstance(value, list) else value

    document = mixed(document)
    rng.shuffle(document["steps"])
    return str(yaml.dump(document, sort_keys=False, default_flow_style=False))


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32))
def test_the_order_of_sections_and_entries_means_nothing(small: Runbook, seed: int) -> None:
    """A shuffled file loads to an equal runbook, but for order and places."""
    other = load(shuffled(GOOD, random.Random(seed)))
    assert plain(other, sort=True) == plain(small, sort=True)


@pytest.mark.parametrize("file", SHIPPED, ids=[str(file.relative_to(RUNBOOKS)) for file in SHIPPED])
def test_a_shipped_runbook_has_no_mistake(file: Path) -> None:
    """Every shipped runbook loads, and its id is its path."""
    runbook, found = loader.mistakes_of(file, RUNBOOKS)
    assert not found, list(loader.refusal(str(file), found).details)
    assert runbook is not None
    assert runbook.id == "/".join(file.relative_to(RUNBOOKS).with_suffix("").parts)


@pytest.mark.parametrize("id_", ["gpu/new", "net/dns/slow", "disk-full"])
def test_a_new_runbook_has_no_mistake(id_: str) -> None:
    """The skeleton of `new` lints clean as it is."""
    runbook, found = loader.checked(skeleton(id_).encode(), f"/x/runbooks/{id_}.yaml")
    assert not found, list(loader.refusal("new", found).details)
    assert runbook is not None
    assert runbook.id == id_


@pytest.mark.parametrize("make", [lambda p: p / "none.yaml", lambda p: p, lambda p: p / ("x" * 300)])
def test_a_file_that_cannot_be_read_is_an_input_error(tmp_path: Path, make: Callable[[Path], Path]) -> None:
    """No file, a folder, a name too long: an error with the path, and no traceback."""
    with pytest.raises(InputError, match=str(tmp_path)):
        loader.load(make(tmp_path))


def test_loading_a_broken_file_raises_its_mistakes(tmp_path: Path) -> None:
    """`load` raises what `mistakes_of` returns."""
    file = tmp_path / "broken.yaml"
    file.write_text("runbook: [")
    with pytest.raises(RunbookError, match="1 mistake in"):
        loader.load(file)
    runbook, found = loader.mistakes_of(file)
    assert runbook is None
    assert len(found) == 1


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_damaged_runbook_never_ends_in_a_traceback(small: Runbook, data: st.DataObject) -> None:
    """Cut, repeated or overwritten anywhere, a runbook loads or tells its mistakes."""
    body = bytearray(small.source)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(body)))
        length = data.draw(st.integers(0, 20))
        body[at : at + length] = data.draw(st.one_of(
            st.binary(max_size=8), st.sampled_from([b"[", b"{", b"]", b"${", b"}", b"'", b'"', b": ", b"- ", b"\n", b"  "]),
        ))  # fmt: skip
    runbook, found = loader.checked(bytes(body), "damaged.yaml")
    assert (runbook is None) == bool(found)
    loader.refusal("damaged.yaml", found)


_KEYS = st.sampled_from(["runbook", "steps", "id", "probe", "with", "causes", "because", "do", "change", "undo", "each",
                         "findings", "gpu_hang", "inputs", "type", "alerts", "match", "remediations", "verify", "x"])  # fmt: skip
_TEXTS = st.sampled_from(
    ["", "gpu.xid", "xids", "${xids}", "a in (1", "[", "keep", "2h", "gpu in gpus", "high", "~", "é"]
)
_TREES = st.recursive(
    _TEXTS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_KEYS, inner, max_size=5), max_leaves=30
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tree=_TREES)
def test_any_tree_of_known_keys_loads_or_tells_its_mistakes(small: Runbook, tree: Any) -> None:
    """Known keys in any wrong place and of any wrong shape never end in a traceback."""
    del small
    text = yaml.dump(tree, allow_unicode=True)
    runbook, found = loader.checked(text.encode(), "tree.yaml")
    assert (runbook is None) == bool(found)


def test_every_level_has_a_depth() -> None:
    """A level that a subject may name, but for pasted pieces, has its place among the others."""
    assert set(modules.DEPTH) == set(LEVELS) - {"piece"}


def test_probes_and_changes_are_found_by_their_path_alone() -> None:
    """Ids are listed without private modules; what is no id names nothing and imports nothing."""
    assert "node.kernel_log" in modules.probe_ids()
    assert "manual" in modules.change_ids()
    assert not [
        each for each in (*modules.probe_ids(), *modules.change_ids()) if "_" in (each[0], each.partition(".")[2][:1])
    ]
    for wrong in ("", ".", "node", "node.", "..os", "node._oom", "a.b.c", "node.kernel_log.x", "os", "nöde.x", "1.2"):
        assert modules.probe_module(wrong) is None
        assert modules.change_module(wrong) is None
    found = modules.probe("node.kernel_log")
    assert found is not None
    assert found.levels == ("node", "pod", "container")


@pytest.mark.parametrize(
    ("text", "count", "share", "level", "per"),
    [
        ("1 node at a time", 1, False, "node", None),
        ("3 nodes per 1h", 3, False, "node", dt.timedelta(hours=1)),
        ("5% of nodes per 1h", 0.05, True, "node", dt.timedelta(hours=1)),
        ("10% of pods at a time", 0.1, True, "pod", None),
        ("1 replica at a time", 1, False, "pod", None),
    ],
)
def test_a_limit_says_how_many_of_what_in_which_time(
    text: str, count: float, share: bool, level: str, per: dt.timedelta | None
) -> None:
    """Numbers and shares, at a time or per time."""
    limit = limit_of(text, Place("x", 1, 1))
    assert (limit.count, limit.share, limit.level, limit.per) == (count, share, level, per)


def test_templates_are_texts_and_expressions_in_order() -> None:
    """Holes end at the first brace outside quotes; `$${` is plain; a dollar alone is a dollar."""
    parts = templates.template('a ${x.y} costs $5 $${z} ${w[s == "}"]}', Place("x", 1, 1)).parts
    assert [part if isinstance(part, str) else part.source for part in parts] == [
        "a ", "x.y", " costs $5 ${z} ", 'w[s == "}"]',
    ]  # fmt: skip
    assert templates.template("", Place("x", 1, 1)).parts == ("",)
    assert templates.template("${x}", Place("x", 1, 1)).parts == (Expression("x", frozenset({"x"})),)
    assert templates.names(templates.template("${a} ${b.c}", Place("x", 1, 1))) == {"a", "b"}


@settings(max_examples=300, deadline=None)
@given(text=st.text(alphabet="$${}ab[]\"'\\ .=1", max_size=40))
def test_any_text_is_a_template_or_tells_where_it_is_none(text: str) -> None:
    """Reading a template ends, and every mistake lies inside the text."""
    found = templates.read(text)
    assert found.parts or found.mistakes
    for mistake in found.mistakes:
        assert 0 <= mistake.offset <= len(text)
    for part in found.parts:
        if isinstance(part, templates.Hole):
            assert text[part.offset : part.offset + len(part.expression.source)] == part.expression.source
