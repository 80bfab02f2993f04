"""Reading the sections that look: inputs, alerts, each, steps, causes. Each mistake is noted, none is raised."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from runbookctl.catalog import causes as catalog
from runbookctl.language import inputs, modules, types
from runbookctl.language.keys import INPUT_TYPES
from runbookctl.language.model import AlertMatch, Cause, Each, Input, Step
from runbookctl.language.names import is_name
from runbookctl.language.params import Asked, with_of
from runbookctl.language.source import Entry, Keyed, Scalar, shortened
from runbookctl.language.suggest import did_you_mean
from runbookctl.language.templates import OPEN
from runbookctl.language.types import Kind, Type
from runbookctl.language.units import parse_duration

if TYPE_CHECKING:
    from datetime import timedelta

    from runbookctl.language.model import InputType
    from runbookctl.language.names import Names
    from runbookctl.language.page import Fields, Page
    from runbookctl.language.scope import Scope


def read_inputs(page: Page, names: Names, entries: tuple[Entry, ...]) -> tuple[Input, ...]:
    """Return the inputs; one that is wrong keeps its name with a type that checks nothing."""
    found = []
    for entry in entries:
        input_ = _input(page, entry)
        names.add(entry.key, "an input", inputs.type_of(input_) if input_ is not None else types.ANY)
        if input_ is not None:
            found.append(input_)
    return tuple(found)


def _input(page: Page, entry: Entry) -> Input | None:
    if not isinstance(entry.value, Keyed):
        return None
    fields = page.fields(entry.value, "input", entry.key)
    kind: InputType | None = None
    chosen = page.chosen(fields.scalar("type"), "type of input", INPUT_TYPES)
    for known in INPUT_TYPES:
        if known == chosen:
            kind = known  # type: ignore[assignment]
    if kind is None:
        return None
    many = flag(page, fields, "many", default=False)
    choices = tuple(item.text for item in fields.scalars("choices"))
    if kind == "choice" and not choices:
        page.wrong(entry.key, 'a choice needs "choices"')
    elif choices and kind != "choice":
        page.wrong(fields.key("choices") or entry.key, 'only an input of type "choice" has choices')
    default = _default(page, fields, kind, choices, many=many)
    required = flag(page, fields, "required", default="default" not in fields.entries)
    if required and "default" in fields.entries:
        page.wrong(fields.key("required") or entry.key, "an input with a default is not required")
    return Input(
        name=entry.key.text, type=kind, many=many, required=required, default=default, choices=choices,
        about=fields.text("about"), place=page.place(entry.key),
    )  # fmt: skip


def _default(page: Page, fields: Fields, kind: InputType, choices: tuple[str, ...], *, many: bool) -> Any:
    key = fields.key("default")
    if key is None:
        return None
    if many == isinstance(fields.node_of("default"), Scalar):
        wanted = "a list, because many is true" if many else "one value"
        page.wrong(fields.entries["default"], f'"default" is {wanted}')
        return None
    values = []
    for scalar in fields.scalars("default"):
        try:
            values.append(inputs.value_of(kind, scalar.text, choices))
        except ValueError as error:
            page.wrong(scalar, str(error))
    return tuple(values) if many else values[0] if values else None


def flag(page: Page, fields: Fields, name: str, *, default: bool) -> bool:
    """Return a key that is true or false."""
    scalar = fields.scalar(name)
    if scalar is None:
        return default
    if scalar.text not in ("true", "false"):
        page.wrong(scalar, f'"{name}" is true or false')
    return scalar.text == "true"


def duration(page: Page, scalar: Scalar | None) -> timedelta | None:
    """Return a duration, or None where there is none or it is wrong."""
    if scalar is None:
        return None
    try:
        return parse_duration(scalar.text)
    except ValueError as error:
        page.wrong(scalar, str(error))
        return None


def read_alerts(page: Page, fields: Fields, known: tuple[Input, ...]) -> tuple[AlertMatch, ...]:
    """Return which alerts start the runbook; each must give every input that is required."""
    found = []
    for node in fields.items("alerts"):
        if not isinstance(node, Keyed):
            continue
        inside = page.fields(node, "alert")
        match = {entry.key.text: _texts(entry) for entry in inside.named("match")}
        if "match" in inside.entries and not all(match.values() or [()]):
            page.wrong(inside.entries["match"].key, "this matches every alert or none; name a label and its values")
        given = {}
        for entry in inside.named("inputs"):
            if entry.key.text not in {input_.name for input_ in known}:
                page.no_such(entry.key, "no such input", [input_.name for input_ in known])
            source = _label(page, entry)
            if source is not None:
                given[entry.key.text] = source
        for input_ in known:
            if input_.required and input_.name not in {entry.key.text for entry in inside.named("inputs")}:
                page.wrong(node, f'input "{input_.name}" is required, and this alert does not give it',
                           advice=f"add inputs: {{{input_.name}: labels.NAME}}")  # fmt: skip
        found.append(AlertMatch(match=match, inputs=given, place=page.place(node)))
    return tuple(found)


def _texts(entry: Entry) -> tuple[str, ...]:
    if isinstance(entry.value, Scalar):
        return (entry.value.text,)
    items = () if isinstance(entry.value, Keyed) else entry.value.items
    return tuple(item.text for item in items if isinstance(item, Scalar))


def _label(page: Page, entry: Entry) -> tuple[str, str] | None:
    if not isinstance(entry.value, Scalar):
        return None
    where, dot, name = entry.value.text.partition(".")
    if where not in ("labels", "annotations") or not dot or not name.isascii() or not name.isidentifier():
        advice = "write labels.NAME or annotations.NAME"
        page.wrong(entry.value, "this is no label and no annotation of the alert", advice=advice)
        return None
    return where, name


class Asking(NamedTuple):
    """A step whose parameters are not checked yet; without `probe` the probe is not known."""

    entry: Entry  # probe: NAME, or the id where there is no probe
    id: str
    title: str
    probe: modules.Probe | None
    fields: Fields


def read_steps(page: Page, names: Names, fields: Fields) -> tuple[Asking, ...]:
    """Return the steps and take their names, each with the type of its probe's answer."""
    found = []
    for node in fields.items("steps"):
        if not isinstance(node, Keyed):
            continue
        inside = page.fields(node, "step")
        probe = _probe(page, inside.scalar("probe"))
        id_ = inside.scalar("id")
        if id_ is None:
            continue
        names.add(id_, "a step", _answer(probe))
        title = inside.scalar("title")
        if title is not None and OPEN in title.text:
            page.wrong(title, "a step's title is plain text; nothing is known yet when it is shown")
        entry = inside.entries.get("probe", inside.entries["id"])
        text = " ".join(inside.text("title").split()) or (probe.about.rstrip(".") if probe else "") or id_.text
        found.append(Asking(entry, id_.text, text, probe, inside))
    return tuple(found)


def _probe(page: Page, scalar: Scalar | None) -> modules.Probe | None:
    if scalar is None:
        return None
    probe = modules.probe(scalar.text)
    if probe is None:
        if modules.change_module(scalar.text) is not None:
            page.wrong(scalar, f"{scalar.text} changes things; a step only reads")
        else:
            page.no_such(scalar, "no such probe", modules.probe_ids(), advice="runbookctl list probes prints them")
    return probe


def _answer(probe: modules.Probe | None) -> Type:
    if probe is None or probe.reading is None:
        return types.ANY
    return Type(Kind.RECORD, many=not probe.one, record=probe.reading)


def read_each(page: Page, names: Names, fields: Fields, steps: tuple[Asking, ...]) -> Each | None:
    """Return the item, and take its name with the type of one reading of its step."""
    scalar = fields.scalar("each")
    if scalar is None:
        return None
    words = scalar.text.split()
    if len(words) != 3 or words[1] != "in":  # item, in, step
        page.wrong(scalar, "this is no item and step", advice="write each: ITEM in STEP, such as each: gpu in gpus")
        if words and is_name(words[0]):
            names.add(Scalar(words[0], scalar.index, scalar.end), "the item", types.ANY)
        return None
    at = page.source.index_of(scalar, scalar.text.index(words[0]))
    item = Scalar(words[0], at, at + len(words[0]))
    at = page.source.index_of(scalar, scalar.text.rindex(words[2]))
    step = Scalar(words[2], at, at + len(words[2]))
    by_id = {asking.id: asking for asking in steps}
    probe = by_id[step.text].probe if step.text in by_id else None
    one = _answer(probe)
    names.add(item, "the item", Type(one.kind, record=one.record))
    if step.text not in by_id:
        page.no_such(step, "no such step", by_id)
    if probe is None:
        return None
    if probe.one:
        page.wrong(step, f"{probe.id} answers with one reading; `each` needs a step that yields many")
    level = item.text if item.text in probe.levels else probe.levels[-1] if probe.levels else ""
    if item.text in modules.DEPTH and item.text != level:
        page.wrong(item, f"{probe.id} does not say which {item.text} a reading is about",
                   advice=f"it is about: {', '.join(probe.levels)}")  # fmt: skip
    elif not level:
        page.wrong(step, f"{probe.id} does not say what a reading is about, so nothing can be judged for each")
    return Each(item=item.text, step=step.text, level=level, place=page.place(scalar))


def finished_steps(scope: Scope, askings: tuple[Asking, ...]) -> tuple[Step, ...]:
    """Return the steps with their parameters checked against the names."""
    steps = []
    for asking in askings:
        page, fields = scope.page, asking.fields
        probe = asking.probe
        asked = Asked(probe.id if probe else "?", probe.params if probe else None, per_value=True)
        values = with_of(scope, asked, fields.named("with"), asking.entry)
        timeout = duration(page, fields.scalar("timeout"))
        if timeout is not None and not timeout:
            page.wrong(fields.entries["timeout"].value, "no answer comes within no time")
        place = page.place(fields.node or asking.entry.key)
        steps.append(Step(id=asking.id, title=asking.title, probe=fields.text("probe"), with_=values, place=place,
                          timeout=timeout))  # fmt: skip
    return tuple(steps)


def read_causes(scope: Scope, fields: Fields, levels: tuple[str, ...] | None, known: set[str]) -> tuple[Cause, ...]:
    """Return the causes; `levels` are those of the item (None: not known), `known` the remediations there are."""
    found = []
    for entry in fields.named("causes"):
        if isinstance(entry.value, Keyed):
            inside = scope.page.fields(entry.value, "cause", entry.key)
            cause = _cause(scope, entry, inside, levels, known)
            if cause is not None:
                found.append(cause)
    return tuple(found)


def _cause(scope: Scope, entry: Entry, fields: Fields, levels: tuple[str, ...] | None, known: set[str]) -> Cause | None:
    page = scope.page
    code = _code(page, entry.key, fields.scalar("code"))
    about = fields.scalar("about")
    if about is not None and levels is not None and about.text not in levels:
        options = f"one of: {', '.join(levels)}" if levels else "a runbook with `each` has an item to be about"
        page.wrong(about, f"the item has no such level{did_you_mean(about.text, levels)}", advice=options)
    explains = fields.scalars("explains")
    for each in explains:
        if each.text == code:
            page.wrong(each, "a cause does not explain itself")
        elif catalog.find(each.text) is None:
            page.no_such(each, "no such cause", catalog.all_causes())
    remediate = fields.scalars("remediate")
    for each in remediate:
        if each.text not in known:
            page.no_such(each, "no such remediation", known)
    for each in (*_twice(explains), *_twice(remediate)):
        page.wrong(each, f'"{shortened(each.text)}" stands here twice')
    because = scope.condition(fields.scalar("because"))
    unless = scope.condition(fields.scalar("unless"))
    summary = scope.template(fields.scalar("summary"))
    if because is None or code is None:
        return None
    return Cause(
        id=entry.key.text, code=code, because=because, unless=unless, about=about.text if about else None,
        summary=summary, explains=tuple(each.text for each in explains),
        remediate=tuple(each.text for each in remediate), place=page.place(entry.key),
    )  # fmt: skip


def _twice(scalars: tuple[Scalar, ...]) -> list[Scalar]:
    return [each for number, each in enumerate(scalars) if each.text in {before.text for before in scalars[:number]}]


def _code(page: Page, key: Scalar, code: Scalar | None) -> str | None:
    known = catalog.all_causes()
    if code is None:
        if key.text not in known:
            near = did_you_mean(key.text, known)
            page.wrong(key, f"no such cause{near}", advice="" if near else "a name of its own needs code: CODE")
            return None
        return key.text
    if code.text not in known:
        page.no_such(code, "no such cause", known)
        return None
    if key.text in known and key.text != code.text:
        page.wrong(key, f'"{key.text}" is a code itself; give the cause a name of its own')
    return code.text
