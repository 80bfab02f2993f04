"""Templates that reach nothing: values are text, numbers, lists and dictionaries, and every value is escaped.

Pure. A template is checked node by node before it runs, as expressions of the language are: output, conditions, loops
and look-ups by key. It cannot call, import, include, concatenate or multiply anything; `{{ x.y }}` is the key "y" of a
dictionary and never an attribute of an object. Evidence is data of a template, never its source (threat model S17).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from runbookctl.errors import InputError
from runbookctl.postmortem import markdown
from runbookctl.postmortem.markdown import Markdown

if TYPE_CHECKING:
    from jinja2.sandbox import SandboxedEnvironment

LONGEST_TEMPLATE = 1 << 20  # characters
LONGEST_DOCUMENT = 32 << 20  # characters
_DEEPEST_LOOP = 3
_NODES = frozenset({
    "Template", "Output", "TemplateData", "Name", "Const", "Getattr", "Getitem", "For", "If", "Filter", "Test",
    "Compare", "Operand", "And", "Or", "Not", "Assign", "CondExpr", "Call",
})  # fmt: skip
_FILTERS = ("default", "length", "first", "last", "upper", "lower", "trim")
_TESTS = ("defined", "undefined", "string", "number", "mapping", "sequence")
_LOOP = frozenset({"index", "first", "last", "length"})


def _code(value: Any) -> Markdown:
    """Return one value as code."""
    return markdown.code(_text(value))


def _fence(lines: Any) -> Markdown:
    """Return a list of values as a block of code."""
    if type(lines) is not list:
        raise TypeError("fence() takes a list of lines")
    return markdown.fence([_text(line) for line in lines])


def _text(value: Any) -> str:
    """Return what a value is as text; lists, dictionaries and functions have none."""
    if isinstance(value, (str, int, float)):
        return str(value)
    raise TypeError(f"a {type(value).__name__} cannot be printed; print its parts")


_FUNCTIONS: dict[str, Callable[..., Markdown]] = {"code": _code, "fence": _fence}


def render(source: str, values: Mapping[str, Any], name: str = "template") -> str:
    """Return the template `source` with `values`: dictionaries, lists, str, int, float, bool, nothing else.

    Raises InputError with the line for a template that is wrong, that asks for what it may not have, or for a value
    that does not exist.
    """
    from jinja2 import TemplateError, TemplateSyntaxError

    if len(source) > LONGEST_TEMPLATE:
        raise InputError(f"{name} has more than {LONGEST_TEMPLATE} characters")
    environment = _environment()
    try:
        _check(environment.parse(source), name)
        stream = environment.from_string(source).generate(_plain(values))
        return _bounded(stream, name)
    except TemplateSyntaxError as wrong:
        raise InputError(f"{name}:{wrong.lineno}: {wrong.message}") from None
    except TemplateError as wrong:  # an undefined value, a refused access
        raise InputError(f"{name}: {wrong.message}") from None
    except (TypeError, ValueError, ArithmeticError, RecursionError) as wrong:
        raise InputError(f"{name}: {type(wrong).__name__}: {wrong}") from None


def _bounded(stream: Any, name: str) -> str:
    parts: list[str] = []
    size = 0
    for part in stream:
        size += len(part)
        if size > LONGEST_DOCUMENT:
            raise InputError(f"{name} writes more than {LONGEST_DOCUMENT} characters")
        parts.append(part)
    return "".join(parts)


def _check(node: Any, name: str, loops: int = 0) -> None:
    """Refuse every node that is not on the list."""
    kind = type(node).__name__
    if kind == "For":
        loops += 1
        if loops > _DEEPEST_LOOP or node.recursive:
            raise InputError(f"{name}:{node.lineno}: loops may nest {_DEEPEST_LOOP} deep and not call themselves")
    if kind not in _NODES or (kind == "Call" and not _may_be_called(node)):
        raise InputError(f"{name}:{node.lineno or 1}: {_said(kind)} is not possible in a template")
    for child in node.iter_child_nodes():
        _check(child, name, loops)


def _may_be_called(node: Any) -> bool:
    """Only `code(x)` and `fence(x)`."""
    named = type(node.node).__name__ == "Name" and node.node.name in _FUNCTIONS
    return named and len(node.args) == 1 and not node.kwargs and node.dyn_args is None and node.dyn_kwargs is None


def _said(kind: str) -> str:
    words = {"Call": "calling anything but code() and fence()", "Concat": "joining text with ~"}
    return words.get(kind, kind.lower())  # jinja's own name of the statement


def _plain(value: Any) -> Any:
    """Return a deep copy made of plain types; anything else is a mistake of ours."""
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(inner) for inner in value]
    if type(value) in (str, int, float, bool, Markdown):
        return value
    raise TypeError(f"a template gets no {type(value).__name__}")


def _finalize(value: Any) -> str:
    """Turn the value of `{{ ... }}` into Markdown."""
    from jinja2 import Undefined

    if isinstance(value, (Markdown, Undefined)):
        return str(value)  # of an undefined value, this raises
    return markdown.escape(_text(value))


@lru_cache(maxsize=1)
def _environment() -> SandboxedEnvironment:
    """Make the environment on first use: jinja2 takes 20 ms to import."""
    from jinja2 import StrictUndefined
    from jinja2.runtime import LoopContext
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    class Environment(ImmutableSandboxedEnvironment):
        """Keys of dictionaries, items of lists, the counters of a loop; nothing else has a dot or a bracket."""

        def getattr(self, obj: Any, attribute: str) -> Any:
            """Return the key `attribute` of a dictionary, or a counter of `loop`."""
            if type(obj) is dict and attribute in obj:
                return obj[attribute]
            if isinstance(obj, LoopContext) and attribute in _LOOP:
                return getattr(obj, attribute)
            if type(obj) is dict:
                return self.undefined(obj=obj, name=attribute)
            return self.unsafe_undefined(obj, attribute)

        def getitem(self, obj: Any, argument: Any) -> Any:
            """Return an item of a dictionary or list."""
            if type(obj) in (dict, list):
                try:
                    return obj[argument]
                except (LookupError, TypeError):
                    return self.undefined(obj=obj, name=argument)
            return self.unsafe_undefined(obj, str(argument))

        def is_safe_callable(self, obj: Any) -> bool:
            """Allow the functions of this module, by identity."""
            return any(obj is function for function in _FUNCTIONS.values())

    environment = Environment(
        undefined=StrictUndefined,
        finalize=_finalize,
        autoescape=False,  # that is for HTML; `finalize` escapes every value for Markdown
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.globals = dict(_FUNCTIONS)
    environment.filters = {name: environment.filters[name] for name in _FILTERS}
    environment.tests = {name: environment.tests[name] for name in _TESTS}
    return environment
