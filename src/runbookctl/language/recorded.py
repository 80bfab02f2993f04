"""Recorded tests of a runbook: `<name>.test.yaml` beside it, a list of cases (evidence given, what must come out).

    - name: one line of Xid 79
      given: [xid79.txt]
      expect: {verdict: causes, causes: [gpu_fell_off_bus]}

Loads and checks only; running them is the test runner's.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from runbookctl.catalog import causes as catalog
from runbookctl.errors import InputError
from runbookctl.language import loader, yaml_text
from runbookctl.language.keys import MODES
from runbookctl.language.model import Place
from runbookctl.language.page import Enough, Page
from runbookctl.language.sections import flag
from runbookctl.language.source import Entry, Keyed, Listed, Scalar, shortened
from runbookctl.language.units import parse_time
from runbookctl.model import Time, Verdict

if TYPE_CHECKING:
    from runbookctl.language.model import Runbook
    from runbookctl.language.page import Fields
    from runbookctl.language.source import Mistake, Node

SUFFIX = ".test.yaml"


class Piece(Struct, frozen=True, kw_only=True):
    """One piece of evidence: a file, or the text itself. `name` is the file name that it is taken for."""

    name: str
    file: str = ""
    text: str | None = None
    place: Place

    def body(self) -> bytes:
        """Return the evidence; raise InputError where its file cannot be read."""
        if self.text is not None:
            return self.text.encode()
        try:
            return Path(self.file).read_bytes()
        except OSError as error:
            raise InputError(f"{self.file} cannot be read: {error.strerror}") from None


class ExpectedCause(Struct, frozen=True, kw_only=True):
    """A cause that must be concluded; what is None is not compared. `not_ruled_out` are words, each in one entry."""

    code: str
    root: bool | None = None
    subject: str | None = None
    not_ruled_out: tuple[str, ...] | None = None
    place: Place


class Expected(Struct, frozen=True, kw_only=True):
    """What must come out; what is None is not compared. `unknown` are step ids, or words of what is missing."""

    verdict: Verdict | None = None
    causes: tuple[ExpectedCause, ...] | None = None
    absent: tuple[str, ...] = ()
    unknown: tuple[str, ...] | None = None
    remediations: tuple[str, ...] | None = None


class Case(Struct, frozen=True, kw_only=True):
    """One recorded test."""

    name: str
    given: tuple[Piece, ...]
    inputs: dict[str, tuple[str, ...]]
    at: Time | None
    mode: Literal["analyze", "run"]
    expect: Expected
    place: Place


class Recorded(Struct, frozen=True, kw_only=True):
    """The cases of one file."""

    file: str
    cases: tuple[Case, ...]


def path_of(runbook_file: str | Path) -> Path:
    """Return where the recorded tests of a runbook lie, if there are any."""
    return Path(runbook_file).with_suffix(SUFFIX)


def load(path: str | Path, runbook: Runbook | None = None) -> Recorded:
    """Return the cases of a file; raise RunbookError with every mistake. `runbook` checks inputs and remediations."""
    recorded, mistakes = checked(loader.body_of(path), str(path), runbook)
    if mistakes:
        raise loader.refusal(str(path), mistakes)
    return recorded


def checked(body: bytes, file: str, runbook: Runbook | None = None) -> tuple[Recorded, tuple[Mistake, ...]]:
    """Return the cases of these bytes and every mistake in them."""
    read = yaml_text.read(body, file, foreign=True)
    page = Page(read.source, read.mistakes)
    cases: dict[str, Case] = {}
    with contextlib.suppress(Enough):
        if isinstance(read.root, Listed):
            _cases(page, read.root, runbook, cases)
        elif read.root is not None:
            page.wrong(read.root, "a test file is a list of cases", advice="write - name: ...")
    return Recorded(file=file, cases=tuple(cases.values())), page.found()


def _cases(page: Page, root: Listed, runbook: Runbook | None, cases: dict[str, Case]) -> None:
    for node in root.items:
        case = _case(page, node, runbook)
        if case is not None and cases.setdefault(case.name, case) is not case:
            page.wrong(node, f'a second case named "{shortened(case.name)}"')
    if not cases and not page.mistakes:
        page.wrong(root, "there is no case")


def _case(page: Page, node: Node, runbook: Runbook | None) -> Case | None:
    fields = page.fields(node, "case")
    given = tuple(_piece(page, each) for each in fields.items("given"))
    inputs = {entry.key.text: _texts(entry) for entry in fields.named("inputs")}
    for entry in fields.named("inputs"):
        if runbook is not None and entry.key.text not in {each.name for each in runbook.inputs}:
            page.no_such(entry.key, "the runbook has no such input", [each.name for each in runbook.inputs])
    mode = page.chosen(fields.scalar("mode"), "mode", MODES)
    expect, key = fields.node_of("expect"), fields.key("expect")
    expected = _expected(page, page.fields(expect, "expected", key), runbook) if expect is not None else Expected()
    if not fields.text("name"):
        return None
    return Case(
        name=fields.text("name"), given=tuple(each for each in given if each is not None), inputs=inputs,
        at=_time(page, fields.scalar("at")), mode="run" if mode == "run" else "analyze", expect=expected,
        place=page.place(node),
    )  # fmt: skip


def _texts(entry: Entry) -> tuple[str, ...]:
    if isinstance(entry.value, Scalar):
        return (entry.value.text,)
    items = entry.value.items if isinstance(entry.value, Listed) else ()
    return tuple(each.text for each in items if isinstance(each, Scalar))


def _time(page: Page, scalar: Scalar | None) -> Time | None:
    if scalar is None:
        return None
    try:
        return parse_time(scalar.text)
    except ValueError as error:
        page.wrong(scalar, str(error))
        return None


def _piece(page: Page, node: Node) -> Piece | None:
    if isinstance(node, Scalar):
        return _file(page, node, "") if not node.empty else None
    if not isinstance(node, Keyed):
        return None
    fields = page.fields(node, "piece")
    file, text, name = fields.scalar("file"), fields.scalar("text"), fields.text("name")
    if (file is None) == (text is None):
        page.wrong(node, 'a piece has either "file" or "text"')
        return None
    if file is not None:
        return _file(page, file, name)
    return Piece(name=name or "text", text=text.text if text else "", place=page.place(node))


def _file(page: Page, scalar: Scalar, name: str) -> Piece | None:
    """Return a file that lies beside the test file or in a folder reached from there."""
    path = Path(scalar.text)
    if path.is_absolute() or "\0" in scalar.text:
        page.wrong(scalar, "a file of a recording is named from the test file on, not from the root")
        return None
    whole = Path(page.source.file).parent / path
    try:
        there = whole.is_file()
    except OSError:  # a name that no file can have
        there = False
    if not there:
        beside = [each.name for each in whole.parent.iterdir()] if whole.parent.is_dir() else []
        page.no_such(scalar, "no such file", beside)
    return Piece(name=name or path.name, file=str(whole), place=page.place(scalar))


def _expected(page: Page, fields: Fields, runbook: Runbook | None) -> Expected:
    if fields.node is not None and not fields.node.entries:
        page.wrong(fields.node, "an expectation that expects nothing passes always")
    verdict = page.chosen(fields.scalar("verdict"), "verdict", list(Verdict))
    absent = fields.scalars("absent")
    for each in absent:
        _known_code(page, each)
    if "absent" in fields.entries and "causes" in fields.entries:
        page.wrong(fields.entries["absent"].key, '"causes" lists all of them, so "absent" says nothing more')
    remediations = fields.scalars("remediations")
    for each in remediations:
        if runbook is not None and each.text not in {known.id for known in runbook.remediations}:
            page.no_such(each, "the runbook has no such remediation", [known.id for known in runbook.remediations])
    causes = tuple(_expected_cause(page, each) for each in fields.items("causes"))
    return Expected(
        verdict=Verdict(verdict) if verdict else None,
        causes=tuple(each for each in causes if each is not None) if "causes" in fields.entries else None,
        absent=tuple(each.text for each in absent),
        unknown=tuple(each.text for each in fields.scalars("unknown")) if "unknown" in fields.entries else None,
        remediations=tuple(each.text for each in remediations) if "remediations" in fields.entries else None,
    )


def _known_code(page: Page, scalar: Scalar) -> None:
    if catalog.find(scalar.text) is None:
        page.no_such(scalar, "no such cause", catalog.all_causes())


def _expected_cause(page: Page, node: Node) -> ExpectedCause | None:
    if isinstance(node, Scalar):
        _known_code(page, node)
        return ExpectedCause(code=node.text, place=page.place(node))
    if not isinstance(node, Keyed):
        return None
    fields = page.fields(node, "expected cause")
    code = fields.scalar("code")
    if code is None:
        return None
    _known_code(page, code)
    words = tuple(each.text for each in fields.scalars("not_ruled_out"))
    return ExpectedCause(
        code=code.text, root=flag(page, fields, "root", default=False) if "root" in fields.entries else None,
        subject=fields.text("subject") if "subject" in fields.entries else None,
        not_ruled_out=words if "not_ruled_out" in fields.entries else None, place=page.place(node),
    )  # fmt: skip
