"""A runbook in another language: `<name>.zh.yaml` beside it holds titles and summaries; ids and codes stay.

What a translation leaves out is shown in English. `translation_mistakes` is for lint; showing takes what is good.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct, structs

from runbookctl.errors import InputError
from runbookctl.language import loader, yaml_text
from runbookctl.language.page import Enough, Page
from runbookctl.language.scope import Scope
from runbookctl.language.source import Scalar
from runbookctl.language.templates import OPEN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runbookctl.language.model import Runbook, Template
    from runbookctl.language.page import Fields
    from runbookctl.language.source import Mistake

LANGUAGES = ("zh",)


class Translation(Struct, frozen=True, kw_only=True):
    """The texts of a runbook in one language, by id. What is missing stays English."""

    lang: str
    title: str = ""
    about: str = ""
    inputs: dict[str, str] = {}
    steps: dict[str, str] = {}
    causes: dict[str, Template] = {}
    remediations: dict[str, str] = {}


def path_of(runbook: Runbook, lang: str) -> Path:
    """Return where the translation of a runbook lies, if there is one."""
    return Path(runbook.file).with_suffix(f".{lang}.yaml")


def translated(runbook: Runbook, lang: str) -> Runbook:
    """Return the runbook with its texts in `lang`; where there is no translation, as it is."""
    path = path_of(runbook, lang)
    if lang not in LANGUAGES or not path.is_file():
        return runbook
    try:
        found, _ = read(loader.body_of(path), str(path), runbook, lang)
    except InputError:
        return runbook
    return with_texts(runbook, found)


def translation_mistakes(runbook: Runbook) -> tuple[Mistake, ...]:
    """Return every mistake in the translations that lie beside a runbook."""
    found: list[Mistake] = []
    for lang in LANGUAGES:
        path = path_of(runbook, lang)
        if path.is_file():
            found += read(loader.body_of(path), str(path), runbook, lang)[1]
    return tuple(found)


def read(body: bytes, file: str, runbook: Runbook, lang: str) -> tuple[Translation, tuple[Mistake, ...]]:
    """Return the good part of a translation, and every mistake in the rest."""
    text = yaml_text.read(body, file)
    page = Page(text.source, text.mistakes)
    if text.root is None:
        return Translation(lang=lang), page.found()
    made = Translation(lang=lang)
    with contextlib.suppress(Enough):
        made = _texts(page, page.fields(text.root, "translation"), runbook, lang)
    return made, page.found()


def _texts(page: Page, fields: Fields, runbook: Runbook, lang: str) -> Translation:
    remediations = _templates(page, fields, "remediations", {each.id for each in runbook.remediations}, runbook)
    return Translation(
        lang=lang,
        title=fields.text("title"),
        about=fields.text("about"),
        inputs=_plain(page, fields, "inputs", {each.name for each in runbook.inputs}),
        steps=_plain(page, fields, "steps", {each.id for each in runbook.steps}),
        causes=dict(_templates(page, fields, "causes", {each.id for each in runbook.causes}, runbook)),
        remediations={id_: each.source for id_, each in remediations},
    )


def _plain(page: Page, fields: Fields, section: str, known: set[str]) -> dict[str, str]:
    found = {}
    for key, scalar in _entries(page, fields, section, known):
        if OPEN in scalar.text and section == "steps":
            page.wrong(scalar, "a step's title is plain text; nothing is known yet when it is shown")
        else:
            found[key.text] = scalar.text
    return found


def _templates(
    page: Page, fields: Fields, section: str, known: set[str], runbook: Runbook
) -> Iterator[tuple[str, Template]]:
    scope = Scope(page, dict(runbook.types))
    for key, scalar in _entries(page, fields, section, known):
        mistakes = len(page.mistakes)
        template = scope.template(scalar)
        if template is not None and len(page.mistakes) == mistakes:
            yield key.text, template


def _entries(page: Page, fields: Fields, section: str, known: set[str]) -> Iterator[tuple[Scalar, Scalar]]:
    """Yield key and text of the entries whose key is an id of the runbook."""
    for entry in fields.named(section):
        if entry.key.text not in known:
            page.no_such(entry.key, f"the runbook has no such {section.removesuffix('s')}", known)
        elif isinstance(entry.value, Scalar) and not entry.value.empty:
            yield entry.key, entry.value


def with_texts(runbook: Runbook, texts: Translation) -> Runbook:
    """Return the runbook with the texts of a translation in place of its own."""
    return structs.replace(
        runbook,
        title=texts.title or runbook.title,
        about=texts.about or runbook.about,
        inputs=tuple(structs.replace(each, about=texts.inputs.get(each.name, each.about)) for each in runbook.inputs),
        steps=tuple(structs.replace(each, title=texts.steps.get(each.id, each.title)) for each in runbook.steps),
        causes=tuple(structs.replace(each, summary=texts.causes.get(each.id, each.summary)) for each in runbook.causes),
        remediations=tuple(
            structs.replace(each, title=texts.remediations.get(each.id, each.title)) for each in runbook.remediations
        ),
    )
