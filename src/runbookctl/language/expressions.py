"""Expressions: Python syntax, checked node by node against an allow-list, then typed against the probes' readings.

    parse("xids[code == 79]")            -> Expression, or ExpressionMistake
    check(expression, types)             -> its type and every mistake in it
    compiled(expression, types)          -> the node that computes it (of an expression without mistakes)

Pure. Nothing here is ever evaluated as Python.
"""

from __future__ import annotations

import ast
import difflib
from typing import TYPE_CHECKING

from msgspec import Struct

from runbookctl.language import types
from runbookctl.language.checking import Checker
from runbookctl.language.functions import FUNCTIONS
from runbookctl.language.mistakes import ExpressionMistake
from runbookctl.language.types import Kind, Type

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from runbookctl.language.nodes import Node

LONGEST = 2000
DEEPEST = 60
MOST_NODES = 400

_ALLOWED = (
    ast.Expression, ast.Name, ast.Load, ast.Attribute, ast.Subscript, ast.Compare, ast.BoolOp, ast.UnaryOp, ast.BinOp,
    ast.Constant, ast.Tuple, ast.Call, ast.And, ast.Or, ast.Not, ast.Add, ast.Sub, ast.Mult, ast.Div, ast.USub,
    ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.In, ast.NotIn, ast.Is, ast.IsNot,
)  # fmt: skip
_NAMED = {
    ast.ListComp: "a comprehension", ast.GeneratorExp: "a comprehension", ast.SetComp: "a comprehension",
    ast.DictComp: "a comprehension", ast.Lambda: "a lambda", ast.IfExp: "a conditional", ast.Slice: "a slice",
    ast.JoinedStr: "an f-string", ast.Pow: "a power", ast.Mod: "a remainder", ast.FloorDiv: "a floor division",
    ast.List: 'a list in brackets (write "in (a, b)")', ast.Dict: "a mapping", ast.Set: "a set",
    ast.NamedExpr: "an assignment", ast.Starred: "a star", ast.Await: "await", ast.keyword: "a keyword argument",
    ast.BitAnd: '"&" (write "and")', ast.BitOr: '"|" (write "or")', ast.Invert: '"~" (write "not")',
}  # fmt: skip


class Expression(Struct, frozen=True):
    """A parsed expression; `names` are all bare names in it, also those inside brackets."""

    source: str
    names: frozenset[str]

    @property
    def tree(self) -> ast.expr:
        """The syntax tree; parsed again, so that an expression stays a plain value."""
        return _tree(self.source)


def parse(source: str) -> Expression:
    """Read an expression; raise ExpressionMistake for anything outside the allow-list."""
    if len(source) > LONGEST:
        raise ExpressionMistake(f"expression is longer than {LONGEST} characters", 0, 1)
    if source.lstrip()[:1] in ('"', "'"):
        raise ExpressionMistake("an expression cannot begin with a quote: turn it round", 0, 1, 'write x == "value"')
    tree = _tree(source)
    names: set[str] = set()
    _allow(tree, source, names)
    return Expression(source, frozenset(names))


def _tree(source: str) -> ast.expr:
    if not source.strip():
        raise ExpressionMistake("empty expression", 0, 1)
    try:
        body = ast.parse(_one_line(source), mode="eval").body
    except SyntaxError as error:
        raise ExpressionMistake(
            f"not an expression: {error.msg}", _indent(source) + (error.offset or 1) - 1, 1
        ) from None
    except (RecursionError, MemoryError, ValueError):
        raise ExpressionMistake("not an expression: nested too deeply or not text", 0, 1) from None
    return body


def _one_line(source: str) -> str:
    """Return the source as one line that begins at its first word: YAML folds long expressions."""
    return "".join(" " if character in "\n\r\f\v" else character for character in source.strip())


def _indent(source: str) -> int:
    return len(source) - len(source.lstrip())


def offset(node: ast.AST, source: str) -> tuple[int, int]:
    """Return offset and length of a node in its source, in characters."""
    line = _one_line(source).encode()
    column, end = getattr(node, "col_offset", 0), getattr(node, "end_col_offset", None)
    first = _indent(source) + len(line[:column].decode(errors="ignore"))
    last = first + 1 if end is None else _indent(source) + len(line[:end].decode(errors="ignore"))
    return first, max(1, last - first)


def _allow(tree: ast.expr, source: str, names: set[str]) -> None:
    pending: list[tuple[ast.AST, int]] = [(tree, 0)]
    seen = 0
    while pending:
        node, depth = pending.pop()
        seen += 1
        if depth > DEEPEST or seen > MOST_NODES:
            raise ExpressionMistake("expression is too large", *offset(node, source))
        if not isinstance(node, _ALLOWED):
            what = _NAMED.get(type(node), type(node).__name__)
            raise ExpressionMistake(f"{what} is not part of the language", *offset(node, source))
        _allow_shape(node, source)
        if isinstance(node, ast.Name):
            names.add(node.id)
        if isinstance(node, ast.Call):  # the function's name is no name of the runbook
            pending.extend((child, depth + 1) for child in node.args)
        else:
            pending.extend((child, depth + 1) for child in ast.iter_child_nodes(node))


def _allow_shape(node: ast.AST, source: str) -> None:
    if isinstance(node, ast.Compare) and len(node.ops) > 1:
        raise ExpressionMistake("a chained comparison is not part of the language", *offset(node, source),
                                'write "a < b and b < c"')  # fmt: skip
    if isinstance(node, ast.Call):
        if not isinstance(node.func, ast.Name) or node.keywords:
            raise ExpressionMistake("only the seven functions can be called, without keywords", *offset(node, source))
        if node.func.id not in FUNCTIONS:
            raise ExpressionMistake(f'there is no function "{node.func.id}"', *offset(node.func, source),
                                    _instead(node.func.id))  # fmt: skip
    if isinstance(node, ast.Constant) and not isinstance(node.value, (bool, int, float, str, type(None))):
        raise ExpressionMistake("only numbers and quoted text are literals", *offset(node, source))
    if isinstance(node, ast.Constant) and isinstance(node.value, int) and abs(node.value) > 2**63:
        raise ExpressionMistake("number is too large", *offset(node, source))


def _instead(name: str) -> str:
    known = {"any": "a list is a condition: write xids[code == 79]", "all": "write: pods and not pods[not ready]",
             "len": "write count(list)", "match": "signatures give lines a sign: write logs[sign == ...]",
             "version": "a quoted literal takes its neighbour's type", "avg": "write median(list.field)"}  # fmt: skip
    return known.get(name) or did_you_mean(name, FUNCTIONS)


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return a hint with the nearest known name, or nothing."""
    near = difflib.get_close_matches(name, sorted(known), n=1, cutoff=0.6)
    return f'did you mean "{near[0]}"?' if near else ""


def check(expression: Expression, names: Mapping[str, Type]) -> tuple[Type, tuple[ExpressionMistake, ...]]:
    """Type an expression against what its names are; return its type and every mistake."""
    checker = Checker(expression.source, names)
    node = checker.build(expression.tree)
    return node.type, tuple(checker.mistakes)


def check_condition(type_: Type) -> str | None:
    """Return None if a value of this type can be a condition, else what is wrong."""
    if type_.kind in (Kind.ANY, Kind.TRUTH) and not type_.many:
        return None
    if type_.many and type_.kind is Kind.RECORD:
        return None
    if type_ == types.NONE:
        return "None is no condition"
    return f"a condition is a truth value or a list of readings, not {_article(str(type_))}"


def _article(name: str) -> str:
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


def compiled(expression: Expression, names: Mapping[str, Type]) -> Node:
    """Return the node that computes an expression that has no mistakes."""
    checker = Checker(expression.source, names)
    node = checker.build(expression.tree)
    if checker.mistakes:
        raise checker.mistakes[0]
    return node
