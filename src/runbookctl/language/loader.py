"""Loading a runbook: bytes in, a checked `Runbook` out, or every mistake of the file at once.

Pure but for `load` and `mistakes_of`, which read the one file that they are given. Nothing is collected here.
"""

from __future__ import annotations

import stat
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from runbookctl.errors import InputError, RunbookError
from runbookctl.language import names, proof, yaml_text
from runbookctl.language.circles import circles
from runbookctl.language.model import Runbook
from runbookctl.language.page import Enough, Page
from runbookctl.language.remedies import read_remediations
from runbookctl.language.rendering import render
from runbookctl.language.scope import Scope
from runbookctl.language.sections import (
    Asking,
    finished_steps,
    read_alerts,
    read_causes,
    read_each,
    read_inputs,
    read_steps,
)
from runbookctl.language.source import Keyed, Listed, Node, Scalar, shortened

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runbookctl.language.model import Cause, Each, Finding, Step
    from runbookctl.language.page import Fields
    from runbookctl.language.source import Mistake

FOLDER = "runbooks"
SUFFIX = ".yaml"
_ID_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-_")
MOST_ID_PARTS = 4


def load(path: str | Path, root: str | Path | None = None) -> Runbook:
    """Return the runbook of a file; raise RunbookError with every mistake in it.

    `root` is the library folder that the file was found in: its id is then the path below that folder.
    """
    return loaded(body_of(path), str(path), root)


def loaded(body: bytes, file: str, root: str | Path | None = None) -> Runbook:
    """Return the runbook of these bytes, the snapshot of a run for one; raise RunbookError with every mistake."""
    runbook, mistakes = checked(body, file, root)
    if runbook is None:
        raise refusal(file, mistakes)
    return runbook


def mistakes_of(path: str | Path, root: str | Path | None = None) -> tuple[Runbook | None, tuple[Mistake, ...]]:
    """Return the runbook of a file and no mistakes, or None and all of them."""
    return checked(body_of(path), str(path), root)


def refusal(file: str, mistakes: Sequence[Mistake]) -> RunbookError:
    """Return the error that tells all mistakes of one file."""
    many = f"{len(mistakes)} mistake{'s' * (len(mistakes) != 1)}"
    details = [line for mistake in mistakes for line in render(mistake).split("\n")]
    return RunbookError(f"{many} in {file}", details=details)


def body_of(path: str | Path) -> bytes:
    """Read a file, one byte more than the loader takes at most; raise InputError where there is none to read."""
    try:
        status = Path(path).stat()
        if not stat.S_ISREG(status.st_mode):
            raise InputError(f"{path} is no file", commands=("runbookctl list",))
        with Path(path).open("rb") as opened:
            return opened.read(yaml_text.LARGEST + 1)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise InputError(f"{path} cannot be read: {why}", commands=("runbookctl list",)) from None


def checked(body: bytes, file: str, root: str | Path | None = None) -> tuple[Runbook | None, tuple[Mistake, ...]]:
    """Check the bytes of a runbook; without any mistake it is returned."""
    read = yaml_text.read(body, file)
    page = Page(read.source, read.mistakes)
    if read.root is None:
        return None, page.found()
    try:
        runbook = _runbook(page, page.fields(read.root, "runbook"), body, root)
        _check_proofs(page, runbook, read.root)
    except Enough:
        return None, page.found()
    return (None if page.mistakes else runbook), page.found()


def _runbook(page: Page, fields: Fields, body: bytes, root: str | Path | None) -> Runbook:
    """Read the sections in the order in which they need each other, whatever their order in the file."""
    id_ = fields.text("runbook")
    _check_id(page, fields, root)
    known = names.Names(page)
    scope = Scope(page, known.types)
    inputs = read_inputs(page, known, fields.named("inputs"))
    askings = read_steps(page, known, fields)
    each = read_each(page, known, fields, askings)
    scope.blind = "steps" not in fields.entries
    findings = names.typed_findings(scope, names.parsed_findings(scope, known, fields.named("findings")))
    steps = finished_steps(scope, askings)
    _check_circles(page, askings, steps, findings, each)
    remediations = read_remediations(scope, fields)
    written = {entry.key.text for entry in fields.named("remediations")}
    causes = read_causes(scope, fields, _levels(each, askings, fields), written)
    _check_unused(page, fields, causes)
    if "steps" in fields.entries and not fields.items("steps"):
        page.wrong(fields.entries["steps"].key, "a runbook without a step reads nothing")
    return Runbook(
        id=id_, title=_line(fields, "title"), about=_line(fields, "about"), file=page.source.file, source=body,
        inputs=inputs, steps=steps, findings=findings, causes=causes, remediations=remediations,
        alerts=read_alerts(page, fields, inputs), each=each, when=scope.condition(fields.scalar("when")),
        types=known.types,
    )  # fmt: skip


def _line(fields: Fields, name: str) -> str:
    return " ".join(fields.text(name).split())


def _levels(each: Each | None, askings: tuple[Asking, ...], fields: Fields) -> tuple[str, ...] | None:
    """Return the levels of the item; None where a mistake hides them."""
    if each is None:
        return None if "each" in fields.entries else ()
    for asking in askings:
        if asking.id == each.step and asking.probe is not None:
            return asking.probe.levels
    return None


def _check_id(page: Page, fields: Fields, root: str | Path | None) -> None:
    """Note an id that is none, or that is not the path of the file below its library."""
    scalar = fields.scalar("runbook")
    if scalar is None:
        return
    parts = scalar.text.split("/")
    fits = len(parts) <= MOST_ID_PARTS and all(
        0 < len(part) <= names.LONGEST and _ID_LETTERS.issuperset(part) and part[0] not in "-_" for part in parts
    )
    if not fits:
        message = f'"{shortened(scalar.text)}" is no id of a runbook'
        page.wrong(scalar, message, advice="write family/name, such as gpu/xid-ecc")
        return
    below = _below(page.source.file, root)
    if below is None or list(below) == parts:
        return
    if root is None and len(below) < len(parts) and parts[-len(below) :] == list(below):
        return  # a copy without the folder of its family
    page.wrong(scalar, f"this file is {'/'.join(below)}, not {scalar.text}",
               advice="the id of a runbook is its path below runbooks/")  # fmt: skip


def _below(file: str, root: str | Path | None) -> tuple[str, ...] | None:
    """Return the path of a file below its library, without the suffix; None where it lies in none."""
    path = Path(file).absolute().with_suffix("")
    if root is not None:
        try:
            return path.relative_to(Path(root).absolute()).parts
        except ValueError:
            return None
    folders = path.parts[:-1]
    if FOLDER not in folders:
        return None
    return path.parts[len(folders) - folders[::-1].index(FOLDER) :]


def _check_circles(
    page: Page, askings: tuple[Asking, ...], steps: tuple[Step, ...], findings: tuple[Finding, ...], each: Each | None
) -> None:
    """Note steps that wait for each other through the names in their `with`."""
    graph = proof.waits_for(steps, findings, (each.item, each.step) if each is not None else None)
    places = {asking.id: asking.fields.entries["id"].value for asking in askings}
    for circle in circles(graph):
        inside = [name for name in circle if name in places]
        if inside:
            page.wrong(places[inside[0]], f"steps wait for each other: {names.chain(circle)}")


def _check_unused(page: Page, fields: Fields, causes: tuple[Cause, ...]) -> None:
    """Note remediations that no cause proposes."""
    if len(causes) < len(fields.named("causes")):
        return  # a broken cause may be the one that names it
    used = set(chain.from_iterable(cause.remediate for cause in causes))
    for entry in fields.named("remediations"):
        if entry.key.text not in used:
            page.wrong(entry.key, "no cause proposes this", advice="name it under remediate: of a cause, or remove it")


def _check_proofs(page: Page, runbook: Runbook, root: Node) -> None:
    """Note causes whose risky remediation rests on what the workload itself can write (threat model S5)."""
    marks = {}
    for entry in root.entries if isinstance(root, Keyed) else ():
        if entry.key.text == "causes" and isinstance(entry.value, Keyed):
            marks = {each.key.text: each for each in entry.value.entries}
    for cause, remediation, steps in proof.forgeable(runbook):
        risk = next(each.risk for each in runbook.remediations if each.id == remediation)
        read = f"only {', '.join(steps)}" if steps else "no step"
        page.wrong(
            _mark(marks[cause.id].value, remediation) or marks[cause.id].key,
            f"{remediation} has risk {risk}, but the proof of {cause.id} reads {read}, which the workload can write",
            advice="prove it by something that it cannot write: an object's status, NVML, the kernel log, a person",
        )  # fmt: skip


def _mark(node: Node, remediation: str) -> Scalar | None:
    """Return where a cause names its remediation."""
    for entry in node.entries if isinstance(node, Keyed) else ():
        if entry.key.text == "remediate" and isinstance(entry.value, Listed):
            for item in entry.value.items:
                if isinstance(item, Scalar) and item.text == remediation:
                    return item
    return None
