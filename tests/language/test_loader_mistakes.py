"""Every kind of mistake in a runbook has its words and its place."""

from __future__ import annotations

import pytest
from small_probes import GOOD, PROBES, changed, load, marked, mistakes, place_of

from runbookctl.errors import ExitStatus, RunbookError
from runbookctl.language import loader, modules


@pytest.fixture(autouse=True)
def _small_probes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put the small probes in place of the shipped ones."""
    monkeypatch.setattr(modules, "probe_module", PROBES.get)
    monkeypatch.setattr(modules, "probe_ids", lambda: tuple(PROBES))


# What stands in the small runbook, what takes its place with the marked words between « and », and the message.
CASES = [
    # keys
    ("about: Is", "«abuot»: Is", 'unknown key "abuot"; did you mean "about"?'),
    ("title: Xid errors\n", "", 'a runbook needs "title"'),
    ("title: Xid errors", "«title»:", '"title" is empty; fill it or leave it out'),
    ("title: Xid errors", "title: y\n«title»: x", '"title" stands here twice; first in line 2'),
    ("    probe: k8s.logs\n", "    probe: k8s.logs\n    «run»: ls\n", 'unknown key "run"'),
    ("    code: gpu_hang", "    code: gpu_hang\n    «when»: x", 'unknown key "when"'),
    ("[gpu_hang]", "gpu_hang", '"explains" wants a list'),
    ("  off_the_bus: xids", "  «off_the_bus»:\n  other: xids", '"off_the_bus" is empty; fill it or leave it out'),
    ("    because: xids[code in (8, 109)]\n", "", 'a cause needs "because"'),
    # id
    ("gpu/small", "«GPU/Small»", '"GPU/Small" is no id of a runbook'),
    # inputs
    ("type: node", "type: «nod»", 'no such type of input; did you mean "node"?'),
    ("2h", "«2x»", '"2x" is no duration; write 90s, 15m, 2h or 1h30m'),
    ("many: true", "many: «yes»", '"many" is true or false'),
    ("many: true", "many: true, «default: a»", '"default" is a list, because many is true'),
    ("many: true", "many: true, default: [«A»]", '"A" is no name of a node (lower-case letters, digits, "-" and ".")'),
    ("  since: {type", "  since: {«required»: true, type", "an input with a default is not required"),
    ("  since: {type: duration, default: 2h}", "  since: {type: duration, default: 2h}\n  «x»: {type: choice, default: a}",
     'a choice needs "choices"'),
    ("default: 2h}", "default: 2h}\n  x: {type: choice, choices: [ab, cd], default: «ac»}",
     '"ac" is none of ab, cd'),
    ("default: 2h}", "default: 2h, «choices»: [1h]}", 'only an input of type "choice" has choices'),
    # names
    ("  since: {", "  «Since»: {", '"Since" is no name; write lower-case letters, digits and _'),
    ("  since: {", "  «in»: {", '"in" is no name; write lower-case letters, digits and _'),
    ("  newest:", "  «gpus»:", '"gpus" is both a step and a finding; a name means one thing'),
    ("  - id: logs", "  - id: «xids»", '"xids" is a step already'),
    ("  newest:", "  «count»:", '"count" is both a function and a finding; a name means one thing'),
    ("  newest:", "  «now»:", '"now" is both the time of the evidence and a finding; a name means one thing'),
    ("each: gpu in", "each: «since» in", '"since" is both an input and the item; a name means one thing'),
    # alerts
    ("{nodes: labels.node}", "{«node»: labels.node}", 'no such input; did you mean "nodes"?'),
    ("labels.node", "«label.node»", "this is no label and no annotation of the alert"),
    ("  - match: {alertname: [GpuXid, DcgmXid], severity: page}\n    inputs: {nodes: labels.node}",
     "  - «m»atch: {a: b}", 'input "nodes" is required, and this alert does not give it'),
    ("{alertname: [GpuXid, DcgmXid], severity: page}\n    inputs", "{}\n    inputs", "this matches every alert or none; name a label and its values"),
    ("severity: page", "severity: []", "this matches every alert or none; name a label and its values"),
    # each
    ("each: gpu in gpus", "each: «gpu of gpus»", "this is no item and step"),
    ("each: gpu in gpus", "each: gpu in «gpuss»", 'no such step; did you mean "gpus"?'),
    ("each: gpu in gpus", "each: ' gpu  in  «gpuss» '", 'no such step; did you mean "gpus"?'),
    ("    probe: gpu.health", "    «probe: gpu.xid»", 'gpu.xid needs "since"'),
    ("each: gpu in gpus", "each: «pod» in gpus", "gpu.health does not say which pod a reading is about"),
    # steps
    ("probe: gpu.health", "probe: «gpu.helth»", 'no such probe; did you mean "gpu.health"?'),
    ("probe: gpu.health", "probe: «k8s.cordon»", "k8s.cordon changes things; a step only reads"),
    ("Read the health of each GPU", "«Read ${nodes}»",
     "a step's title is plain text; nothing is known yet when it is shown"),
    ("timeout: 30s", "timeout: «30»", '"30" is no duration; write 90s, 15m, 2h or 1h30m'),
    ("timeout: 30s", "timeout: «0s»", "no answer comes within no time"),
    # with
    ("      since: ${since}", "      «sinc»: ${since}\n      since: 1h", 'gpu.xid takes no "sinc"; did you mean "since"?'),
    ("      since: ${since}", "      since: «2»", '"since" of gpu.xid: "2" is no duration; write 90s, 15m, 2h or 1h30m'),
    ("      since: ${since}", "      since: «${nodes}»", '"since" of gpu.xid is a duration, not a list of texts'),
    ("      since: ${since}", "      since: «a${newest}h»",
     '"since" of gpu.xid is a duration, not a text with values in it'),
    ("      since: ${since}", "      since: ${since}\n      most: «1.5»", '"most" of gpu.xid: "1.5" is no whole number'),
    ("      since: ${since}", "      since: ${since}\n      quick: «yes»",
     '"quick" of gpu.xid: "yes" is neither true nor false'),
    ("      since: ${since}", "      since: ${since}\n      kind: «fatl»",
     '"kind" of gpu.xid: "fatl" is none of all, fatal; did you mean "fatal"?'),
    ("      since: ${since}", "      since: ${since}\n      only: «a»", '"only" of gpu.xid: a list of texts; write [a]'),
    ("      since: ${since}", "      since: ${since}\n      start: «noon»",
     '"start" of gpu.xid: "noon" is no time; write 2026-11-22T02:47:35Z'),
    ("      node: ${nodes}", "      node: «${gpus}»", '"node" of gpu.health is text, not a list of readings'),
    ("      node: ${nodes}", "      node: a\n      least: «2Xi»",
     '"least" of gpu.health: "2Xi" is no size; write 512Mi, 2Gi or a number of bytes'),
    ("      node: ${nodes}", "      node: n ${«gpus»}", "a reading is not printed as a whole; name a field"),
    ("      node: ${nodes}", "      node: ${«nods»}", '"nods" is no name of this runbook; did you mean "nodes"?'),
    ("      node: ${nodes}", "      «node»:", '"node" is empty; fill it or leave it out'),
    # findings
    ("code == 79", "«codes» == 79",
     'the reading has no "codes"; did you mean "code"?'),
    ("xids[code == 79] or gpu.lost", "«xids.code == 79»",
     "a list is never compared with one value; write xids[code == 79]"),
    ("  newest:      last(xids).code", "  newest:      last(xids).«cod»", 'last(xids) has no "cod"; did you mean "code"?'),
    ("xids[code == 79] or gpu.lost", "sick", None),
    # when and conditions
    ("when: xids or sick", "when: «newest»", "a condition is a truth value or a list of readings, not a number"),
    ("that: not off_the_bus", "that: «newest»", "a condition is a truth value or a list of readings, not a number"),
    ("unless: said", "unless: «nodes»", "a condition is a truth value or a list of readings, not a list of texts"),
    # causes
    ("gpu_fell_off_bus:", "«gpu_fallen_off_bus»:", 'no such cause; did you mean "gpu_fell_off_bus"?'),
    ("code: gpu_hang", "code: «gpu_hung»", 'no such cause; did you mean "gpu_hang"?'),
    ("  own_name:", "  «own_name»:\n    because: sick\n  other_name:", "no such cause"),
    ("  own_name:", "  «gpu_init_failure»:",
     '"gpu_init_failure" is a code itself; give the cause a name of its own'),
    ("[gpu_hang]", "[«gpu_hank»]", 'no such cause; did you mean "gpu_hang"?'),
    ("[gpu_hang]", "[«gpu_fell_off_bus»]", "a cause does not explain itself"),
    ("[gpu_hang]", "[gpu_hang, «gpu_hang»]", '"gpu_hang" stands here twice'),
    ("[take_out, tell]", "[take_out, «tel»]", 'no such remediation; did you mean "tell"?'),
    ("about: node", "about: «pod»", "the item has no such level"),
    ("${newest})", "${«newst»})", '"newst" is no name of this runbook; did you mean "newest"?'),
    ("${newest})", "«${»newest)", '"${" has no "}"; write $${ for a plain ${'),
    ("${newest})", "${«xids»})", "a reading is not printed as a whole; name a field"),
    # remediations
    ("[take_out, tell]", "[take_out]", "no cause proposes this"),
    ("risk: high", "risk: «hi»", 'no such risk; did you mean "high"?'),
    ("    touches: node/${gpu.node}\n", "", 'a remediation of risk high needs "touches", the lock'),
    ("    verify: {that: not off_the_bus, within: 10m, hold: 1m}\n", "",
     'a remediation of risk high needs "verify", the proof'),
    ("node/${gpu.node}", "«pod/x»", "k8s.cordon changes a node, which a lock on a pod does not cover"),
    ("node/${gpu.node}", "«nod/x»", '"nod" is nothing that can be locked; did you mean "node"?'),
    ("1 node at a time", "«1 nod at a time»", '"nod" is nothing that can be counted; did you mean "node"?'),
    ("1 node at a time", "«0 nodes per 1h»", "0 is not between 1 and 100000"),
    ("1 node at a time", "«200% of nodes per 1h»", "200% is not between 1 and 100%"),
    ("1 node at a time", "«some nodes per 1h»", '"some" is no number of subjects and no percentage'),
    ("1 node at a time", "«1 node»", '"1 node" is no limit'),
    ("within: 10m,", "within: «0s»,", "nothing comes true within no time"),
    ("within: 10m, ", "", 'a verify needs "within"'),
    ("change: k8s.cordon", "change: «k8s.cordn»", 'no such change; did you mean "k8s.cordon"?'),
    ("change: k8s.cordon", "change: «gpu.health»", "gpu.health only reads; it belongs under steps"),
    ("        undo: impossible\n", "", "notify.message does not say how it is undone"),
    ('{say: "${gpu.pci} on ${gpu.node}"}', "{say: «[»a]}", '"say" of notify.message is text, not a list'),
    ('{say: "${gpu.pci} on ${gpu.node}"}', "{say: «{»a: b}}", '"say" of notify.message is text, not "key: value" lines'),
    ("undo: impossible", "«undo: never»", "this does not say how it is undone"),
    ("[nvidia-smi, --gpu-reset]", "«nvidia-smi»", '"argv" of node.command: a list of texts; write [nvidia-smi]'),
    ('{say: "${gpu.pci} on ${gpu.node}"}', '{say: «"${nodes}"»}', '"say" of notify.message is text, not a list of texts'),
    # proof that the workload can write
    ("because: off_the_bus", "because: said",
     "take_out has risk high, but the proof of gpu_fell_off_bus reads only logs, which the workload can write"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "message"), CASES, ids=[f"{n}-{case[1][:24]!r}" for n, case in enumerate(CASES)]
)
def test_a_mistake_is_told_at_its_place(old: str, new: str, message: str | None) -> None:
    """Each mistake is told once, in its words; where the case marks a place, there."""
    text, place = marked(changed(old, new))
    found = mistakes(text)
    if message is None:
        assert found
        return
    told = [each for each in found if each.message == message]
    assert len(told) == 1, [f"{each.place} {each.message}" for each in found]
    if place[2]:
        assert place_of(told[0]) == place


def test_the_small_runbook_has_no_mistake() -> None:
    """What the cases are made from loads."""
    assert not mistakes(GOOD)


def test_all_mistakes_of_a_file_are_told_at_once_in_its_order() -> None:
    """Mistakes in six sections are all told, by line."""
    text = GOOD
    for old, new in [("about: Is", "abuot: Is"), ("2h", "2x"), ("in gpus", "in gpuss"), ("gpu.xid", "gpu.xidd"),
                     ("unless: said", "unless: sad"), ("risk: high", "risk: hi")]:  # fmt: skip
        text = changed(old, new, text)
    with pytest.raises(RunbookError) as caught:
        load(text, "runbooks/gpu/small.yaml")
    heads = [line for line in caught.value.details if not line.startswith("  ")]
    assert caught.value.what == f"{len(heads)} mistakes in runbooks/gpu/small.yaml"
    assert caught.value.exit_status is ExitStatus.WRONG_INPUT
    lines = [int(head.split(":")[1]) for head in heads]
    assert lines == sorted(lines)
    assert len(heads) == 6


def test_a_mistake_looks_as_the_transcripts_show_it() -> None:
    """File:line:column first and alone, the line without its indentation, the words marked, then the advice."""
    with pytest.raises(RunbookError) as caught:
        load(changed("        undo: impossible\n", ""), "runbooks/gpu/small.yaml")
    assert list(caught.value.details) == [
        "runbooks/gpu/small.yaml:66:9: notify.message does not say how it is undone",
        "  - change: notify.message",
        "    ^^^^^^^^^^^^^^^^^^^^^^",
        "  add one of: undo: keep | undo: impossible | undo: [ ...changes ]",
    ]


@pytest.mark.parametrize(
    ("old", "new", "message", "advice"),
    [
        ("when: xids or sick", 'when: «"a" == since or xids»', "an expression cannot begin with a quote: turn it round",
         'write x == "value", or ("value" in x) in round brackets'),
        ("that: not off_the_bus", "that: not xids«[»code == 79]", "this is not YAML: did not find expected ',' or '}'",
         "inside {...} and [...] a comma, bracket or brace ends a text: write it in block style, one key per line"),
        ("that: not off_the_bus", "that: newest in (1, «2)»", 'unknown key "2)"',
         "inside {...} and [...] a comma, bracket or brace ends a text: write it in block style, one key per line"),
        ('with: {pod: "a"}', "with: {pod: $«{»x}}", "this is not YAML: did not find expected ',' or '}'",
         'inside {...} write "${name}" in quotes, or use block style, one key per line'),
        ("title: Xid errors", "title: Xid«:» errors", "this is not YAML: mapping values are not allowed in this context",
         'text that holds ": " stands in quotes'),
        ("title: Xid errors", "title: «@»home", "this is not YAML: found character that cannot start any token",
         "text that begins with one of @ ` % stands in quotes"),
    ],
)  # fmt: skip
def test_what_yaml_breaks_is_told_with_the_way_to_write_it(old: str, new: str, message: str, advice: str) -> None:
    """An expression or text that YAML takes apart is told at its place, with advice."""
    text, place = marked(changed(old, new))
    told = [each for each in mistakes(text) if each.message == message]
    assert [(place_of(each), each.advice) for each in told] == [(place, advice)]


def test_a_circle_of_findings_is_told_with_its_names() -> None:
    """Three findings that need each other are one mistake that names them."""
    text, place = marked(changed("  newest:", "  «a»: sick and b\n  b: c or sick\n  c: not a\n  newest:"))
    told = mistakes(text)
    assert [(each.message, place_of(each)) for each in told] == [("findings go in a circle: a -> b -> c -> a", place)]


def test_a_field_called_like_its_finding_is_no_circle() -> None:
    """`code: xids[code == 79]` is told as a name that means two things, and not as a circle."""
    found = mistakes(changed("  newest:", "  code: xids[code == 79]\n  newest:"))
    messages = [each.message for each in found]
    assert not any("circle" in each for each in messages)
    assert any("is both a field of the reading and a name" in each for each in messages)


def test_steps_that_wait_for_each_other_are_told() -> None:
    """A step whose parameter needs the item, which is its own reading, is a circle."""
    text = changed("      node: ${nodes}", "      node: ${gpu.node}")
    told = mistakes(text)
    assert [each.message for each in told] == ["steps wait for each other: gpu -> gpus -> gpu"]
    assert place_of(told[0])[2] == "gpus"


def test_a_step_that_answers_with_one_reading_gives_no_items() -> None:
    """`each` over a probe with one reading is told at the step's name."""
    text, place = marked(changed("probe: gpu.health", "probe: gpu.summary\n    with: {node: a, since: 1h}")
                         .replace("    with:\n      node: ${nodes}\n", "").replace("in gpus", "in «gpus»"))  # fmt: skip
    told = [each for each in mistakes(text) if "one reading" in each.message]
    assert [(each.message, place_of(each)) for each in told] == [
        ("gpu.summary answers with one reading; `each` needs a step that yields many", place)
    ]


def test_one_spoiled_name_is_told_once() -> None:
    """A step with a wrong probe is one mistake; its many uses are none."""
    assert len(mistakes(changed("probe: gpu.xid", "probe: gpu.xidd"))) == 1


def test_names_are_not_checked_where_the_steps_cannot_be_read() -> None:
    """`steps` that is no list is one mistake, and not one for each name that is then unknown."""
    text = GOOD[: GOOD.index("steps:")] + "steps: none\n" + GOOD[GOOD.index("findings:") :]
    messages = [each.message for each in mistakes(text) if each.place.line > 12]
    assert messages == ["unknown"] * len(messages) or all("is no name" not in each for each in messages)


def test_a_place_in_a_folded_expression_is_the_line_it_stands_in() -> None:
    """An expression over three lines is marked where the word stands."""
    folded = "  sick: >-\n    gpu.pending\n    or off_the_bus\n    or xids[«cod» == 1]\n"
    text, place = marked(changed("  sick:        gpu.pending or off_the_bus\n", folded))
    assert [place_of(each) for each in mistakes(text)] == [place]


def test_a_place_in_quoted_text_counts_escapes() -> None:
    """In double quotes with escapes, and in single quotes with doubled ones, the word is marked exactly."""
    double, place = marked(changed("GPU ${gpu.pci} is gone (Xid ${newest})", r'"\u00e9 \"x\" ${gpu.«pcii»}"'))
    assert [place_of(each) for each in mistakes(double)] == [place]
    single, place = marked(changed("GPU ${gpu.pci} is gone (Xid ${newest})", "'it''s ''${gpu.«pcii»}'''"))
    assert [place_of(each) for each in mistakes(single)] == [place]


def test_a_place_after_wide_characters_is_counted_in_characters_and_marked_in_cells() -> None:
    """A Chinese summary marks the right word, shifted by two cells for each character."""
    text, place = marked(changed("GPU ${gpu.pci} is gone (Xid ${newest})", "显卡 ${gpu.«pcii»}"))
    told = mistakes(text)
    assert [place_of(each) for each in told] == [place]
    lines = list(loader.refusal("x", told).details)
    assert lines[1] == "  summary: 显卡 ${gpu.pcii}"
    assert lines[2] == f"  {' ' * len('summary: ')}{' ' * 4}{' ' * len(' ${gpu.')}^^^^"


def test_more_mistakes_than_anyone_reads_are_not_all_told() -> None:
    """A file with thousands of mistakes tells the first hundred."""
    text = changed("findings:\n", "findings:\n" + "".join(f"  x{n}: nothing\n" for n in range(900)))
    assert len(mistakes(text)) == 100


def test_a_section_of_thousands_is_not_read() -> None:
    """A thousand entries are the most of one section."""
    text, place = marked(changed("findings:\n", "«findings»:\n" + "".join(f"  x{n}: xids\n" for n in range(1001))))
    told = [each for each in mistakes(text) if "the most" in each.message]
    assert [(each.message, place_of(each)) for each in told] == [
        ('"findings" has 1,005 entries; 1,000 are the most', place)
    ]


def test_an_id_is_the_path_below_its_library() -> None:
    """Below a folder `runbooks` the id must be the path; elsewhere, or copied without its family, any file may hold it."""
    assert not mistakes(GOOD, "/x/runbooks/gpu/small.yaml")
    assert not mistakes(GOOD, "/x/runbooks/small.yaml")
    assert not mistakes(GOOD, "/tmp/any.yaml")
    for file in (
        "/x/runbooks/gpu/smal.yaml",
        "/x/runbooks/k8s/small.yaml",
        "/x/runbooks/a/gpu/small.yaml",
        "/runbooks/s.yaml",
    ):
        assert len(mistakes(GOOD, file)) == 1, file
    runbook, found = loader.checked(GOOD.encode(), "/lib/gpu/small.yaml", "/lib")
    assert runbook is not None
    assert not found
    assert loader.checked(GOOD.encode(), "/lib/small.yaml", "/lib")[0] is None
