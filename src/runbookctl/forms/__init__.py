"""Forms: the shapes in which programs print what they know, one module per form; the key is the module's name.

Pure: a form looks at text that it is given and at nothing else. A form module has

    '''One line: what prints it.'''
    LABEL = "kernel log"                              # for people
    WRITER = Writer.KERNEL                            # who can write it
    ANCHORS: tuple[bytes, ...] = (b"NVRM: ",)         # a line with none of these tells no reader anything; () = all do
    def recognise(head: str, name: str) -> int: ...   # 0 not mine ... 100 certain; first 64 KiB, name of the file
    def starts(line: str) -> bool: ...                # optional: such a line begins a piece within a mixed paste
    def belongs(line: str) -> bool: ...               # optional: such a line is of this form whatever stands around it
    def continues(line: str) -> bool: ...             # optional: False for a line that cannot be part of such a text
    def names(raw: Raw) -> Named: ...                 # what the text itself names
    def store(body: bytes) -> bytes: ...              # optional: normal form before storing
    def normal(body: bytes) -> Normal: ...            # optional: the same, and why it is not all there was
    def label_of(raw: Raw) -> str: ...                # optional: a label by content ("Pod", "Event list")
    CAP = 8 << 20                                     # optional: bytes that are kept of one text
    WHOLE = True                                      # optional: a document, of which no line may be shortened
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from types import ModuleType

from msgspec import Struct

from runbookctl.model import Subject, Time

_NOT_FORMS = frozenset({"documents", "lines"})


class Named(Struct, frozen=True, kw_only=True):
    """What a text itself says: whom it is about, the latest time it mentions, what it holds ("1 pod, 1 container")."""

    subject: Subject = Subject()
    now: Time | None = None
    summary: str = ""


class Normal(Struct, frozen=True):
    """A body in the form in which it is stored; `cut` says why it is not all of the text, empty when it is."""

    body: bytes
    cut: str = ""


@cache
def keys() -> tuple[str, ...]:
    """Return the keys of all forms, sorted. Nothing but module names is looked at."""
    found = (module.name for module in pkgutil.iter_modules(__path__) if not module.ispkg)
    return tuple(sorted(key for key in found if not key.startswith("_") and key not in _NOT_FORMS))


@cache
def is_form(key: str) -> bool:
    """Tell whether there is such a form (a newer program's bundle may name one that is not)."""
    return key in keys()


def load(key: str) -> ModuleType:
    """Return the module of a form; KeyError when there is no such form."""
    if key not in keys():
        raise KeyError(key)
    return importlib.import_module(f"{__name__}.{key}")


def label(key: str) -> str:
    """Return the form's name for people; the key itself when the form is unknown here (a newer bundle)."""
    if key not in keys():
        return key.replace("_", " ")
    return str(load(key).LABEL)
