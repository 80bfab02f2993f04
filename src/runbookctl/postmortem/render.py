"""The document: a record and a template give Markdown in English or Chinese; the same record gives the same bytes.

Pure but for reading the shipped template. The first line of the document is a comment with the hash of all the rest, so
that a later rendering can tell whether a person has changed it (`written`).
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Literal

from runbookctl.errors import InputError
from runbookctl.postmortem import sandbox, view
from runbookctl.postmortem.record import Record
from runbookctl.postmortem.sections import Language

LANGUAGES: tuple[Language, ...] = ("en", "zh")
_STAMP = "<!-- runbookctl postmortem/v1 {lang} sha256 {digest} -->\n"
_STAMP_LENGTH = len(_STAMP.format(lang="en", digest="0" * 64))


def render(record: Record, lang: str, template: str | None = None) -> str:
    """Return the document of a record; `template` is the text of a site's own one, in place of the shipped.

    Raises InputError for another language, and for a template that is wrong or asks for what it may not have.
    """
    if lang not in LANGUAGES:
        raise InputError(f"a postmortem is written in {' or '.join(LANGUAGES)}, not in {lang!r}")
    language: Language = "zh" if lang == "zh" else "en"
    source = shipped(language) if template is None else template
    body = sandbox.render(source, view.of(record, language), name=f"{lang}.md.j2" if template is None else "template")
    return _STAMP.format(lang=lang, digest=_digest(body)) + body


def shipped(lang: Language) -> str:
    """Return the text of the template that comes with the program; never one from the working folder."""
    package = Path(__file__).resolve().parents[1]
    inside = package / "shipped" / "templates"
    folder = inside if inside.is_dir() else package.parents[1] / "templates"
    return (folder / "postmortem" / f"{lang}.md.j2").read_text(encoding="utf-8")


def state_of(text: str) -> Literal["ours", "changed", "foreign"]:
    """Tell whether a document is a rendering as it came, one that a person changed since, or none of ours."""
    first, body = text[:_STAMP_LENGTH], text[_STAMP_LENGTH:]
    for lang in LANGUAGES:
        head = _STAMP.split("{digest}", maxsplit=1)[0].format(lang=lang)
        if first.startswith(head):
            return "ours" if first == _STAMP.format(lang=lang, digest=_digest(body)) else "changed"
    return "foreign"


def _digest(body: str) -> str:
    return hashlib.sha256(body.encode("utf-8", "surrogatepass")).hexdigest()
