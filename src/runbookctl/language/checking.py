"""Static typing of expressions: from the syntax tree to typed nodes, collecting every mistake. Pure."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from runbookctl.language import types, units
from runbookctl.language.comparing import Arithmetic, Compare, In
from runbookctl.language.functions import FUNCTIONS, Call, result_type
from runbookctl.language.mistakes import ExpressionMistake
from runbookctl.language.nodes import And, Both, Constant, Field, Filter, IsNone, Name, Node, Not, Or, RowField
from runbookctl.language.types import Kind, Type, fields_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

DEEPEST_FILTER = 2
_COMPARISONS: dict[type[ast.cmpop], str] = {
    ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=",
}  # fmt: skip
_ARITHMETIC: dict[type[ast.operator], str] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}
_LITERALS: dict[Kind, Callable[[str], Any]] = {
    Kind.DURATION: units.parse_duration,
    Kind.BYTES: units.parse_bytes,
    Kind.TIME: units.parse_time,
    Kind.VERSION: lambda text: units.parse_version(text) and text,
}
_SCALED = (Kind.DURATION, Kind.BYTES)


class Checker:
    """Builds typed nodes; `mistakes` collects what is wrong, and a wrong part has type ANY so that it is told once."""

    def __init__(self, source: str, names: Mapping[str, Type]) -> None:
        """Check against `names`, the types of everything an expression may name."""
        self.source = source
        self.names = names
        self.mistakes: list[ExpressionMistake] = []
        self.brackets: list[Type] = []

    def wrong(self, node: ast.AST, message: str, hint: str = "") -> Node:
        """Note a mistake and go on with a part that fits everywhere."""
        from runbookctl.language.expressions import offset

        self.mistakes.append(ExpressionMistake(message, *offset(node, self.source), hint))
        return Constant(None, types.ANY)

    def build(self, node: ast.AST) -> Node:
        """Return the typed node of a syntax node."""
        match node:
            case ast.Constant():
                return self._constant(node)
            case ast.Name():
                return self._name(node)
            case ast.Attribute():
                return self._attribute(node)
            case ast.Subscript():
                return self._filter(node)
            case ast.BoolOp():
                return self._bool(node)
            case ast.UnaryOp():
                return self._unary(node)
            case ast.Compare():
                return self._compare(node)
            case ast.BinOp():
                return self._arithmetic(node)
            case ast.Call():
                return self._call(node)
        return self.wrong(node, "not part of the language here")

    def _constant(self, node: ast.Constant) -> Node:
        if node.value is None:
            return Constant(None, types.NONE)
        if isinstance(node.value, bool):
            return Constant(node.value, types.TRUTH)
        return Constant(node.value, types.TEXT if isinstance(node.value, str) else types.NUMBER)

    def _name(self, node: ast.Name) -> Node:
        found: Node | None = None
        for depth in reversed(range(len(self.brackets))):
            field = _common_field(self.brackets[depth], node.id)
            if field is not None:
                found = RowField(node.id, depth, field)
                break
        outer = self.names.get(node.id)
        if found is not None:
            if outer is not None:
                return self.wrong(node, f'"{node.id}" is both a field of the reading and a name of the runbook',
                                  "give the runbook's name another word")  # fmt: skip
            return found
        if outer is None:
            return self._no_such_name(node)
        return Name(node.id, outer)

    def _no_such_name(self, node: ast.Name) -> Node:
        from runbookctl.language.expressions import did_you_mean

        fields = [field for bracket in self.brackets for field in _field_names(bracket)]
        if node.id in FUNCTIONS:
            return self.wrong(node, f'"{node.id}" is a function', f"write {node.id}(...)")
        hint = did_you_mean(node.id, [*fields, *self.names])
        if fields:
            return self.wrong(node, f'{_told_by(self.brackets[-1])} has no "{node.id}"', hint)
        return self.wrong(node, f'"{node.id}" is no name of this runbook', hint)

    def _attribute(self, node: ast.Attribute) -> Node:
        base = self.build(node.value)
        if base.type.kind is Kind.ANY:
            return base
        if base.type.kind is not Kind.RECORD:
            return self.wrong(node, f"{_article(base.type)} has no fields")
        declared = _any_field(base.type, node.attr)
        if declared is None:
            from runbookctl.language.expressions import did_you_mean

            hint = did_you_mean(node.attr, _field_names(base.type))
            name = ast.unparse(node.value)
            place = ast.Name(id=node.attr)
            place.lineno, place.end_lineno = node.end_lineno or node.lineno, node.end_lineno
            place.col_offset = (node.end_col_offset or 0) - len(node.attr.encode())
            place.end_col_offset = node.end_col_offset
            return self.wrong(place, f'{name} has no "{node.attr}"', hint)
        if base.type.many:
            declared = Type(declared.kind, many=True, record=declared.record, also=declared.also)
        return Field(base, node.attr, declared)

    def _filter(self, node: ast.Subscript) -> Node:
        base = self.build(node.value)
        if base.type.kind is Kind.ANY:
            return base
        if not base.type.many or base.type.kind is not Kind.RECORD:
            return self.wrong(node, f"only a list of readings has a filter, not {_article(base.type)}")
        if len(self.brackets) >= DEEPEST_FILTER:
            return self.wrong(node, f"filters nest at most {DEEPEST_FILTER} deep")
        self.brackets.append(base.type)
        condition = self._condition(node.slice)
        depth = len(self.brackets) - 1
        self.brackets.pop()
        return Filter(base, condition, depth)

    def _condition(self, node: ast.AST) -> Node:
        from runbookctl.language.expressions import check_condition

        part = self.build(node)
        problem = check_condition(part.type)
        if problem is None:
            return part
        hint = "write it as a comparison" if part.type.kind in types.ORDERED else ""
        return self.wrong(node, problem, hint)

    def _bool(self, node: ast.BoolOp) -> Node:
        parts = tuple(self._condition(value) for value in node.values)
        if isinstance(node.op, ast.And):
            return And(parts)
        if any(part.type.kind is Kind.ANY for part in parts):
            return Constant(None, types.ANY)
        listed = tuple(part.type for part in parts if part.type.many)
        return Or(parts, _union(listed) if listed else types.TRUTH)

    def _unary(self, node: ast.UnaryOp) -> Node:
        if isinstance(node.op, ast.Not):
            return Not(self._condition(node.operand))
        operand = self.build(node.operand)
        if isinstance(operand, Constant) and operand.type == types.NUMBER:
            return Constant(-operand.constant, types.NUMBER)
        if operand.type == types.ANY:
            return operand
        return self.wrong(node, "only a number can be negative")

    def _compare(self, node: ast.Compare) -> Node:
        operator, right = node.ops[0], node.comparators[0]
        if isinstance(operator, (ast.Is, ast.IsNot)):
            return self._is_none(node, right, negated=isinstance(operator, ast.IsNot))
        if isinstance(operator, (ast.In, ast.NotIn)):
            return self._in(node, right, negated=isinstance(operator, ast.NotIn))
        sides = self._neighbours(self.build(node.left), self.build(right), (node.left, right))
        problem = _comparable(sides[0].type, sides[1].type, _COMPARISONS[type(operator)])
        if problem:
            hint = _list_hint(node) if any(side.type.many for side in sides) else ""
            return self.wrong(node, problem, hint)
        return Compare(_COMPARISONS[type(operator)], *sides)

    def _is_none(self, node: ast.Compare, right: ast.expr, *, negated: bool) -> Node:
        if not (isinstance(right, ast.Constant) and right.value is None):
            return self.wrong(node, '"is" only asks for None', "write == instead")
        part = self.build(node.left)
        if part.type.many:
            return self.wrong(node, "a list is never None; it is empty or not", "write not list")
        return IsNone(part, negated=negated)

    def _in(self, node: ast.Compare, right: ast.expr, *, negated: bool) -> Node:
        left = self.build(node.left)
        if left.type.many:
            return self.wrong(node, "a list is never in something", _list_hint(node))
        if isinstance(right, ast.Tuple):
            options = tuple(self._option(left, self.build(element), element) for element in right.elts)
            return In(left, options, negated=negated)
        option = self.build(right)
        if Kind.ANY in (left.type.kind, option.type.kind):
            return In(left, option, negated=negated)
        if option.type.many and option.type.kind is not Kind.RECORD:
            left = self._typed(left, option.type.kind, node.left)
            if left.type.kind is not option.type.kind:
                return self.wrong(node, f"{_article(left.type)} is never in {_article(option.type)}")
            return In(left, option, negated=negated)
        if left.type == types.TEXT and option.type == types.TEXT:
            return In(left, option, negated=negated)
        return self.wrong(
            node, 'the right side of "in" is a list of values in round brackets, a field of a list, or text'
        )

    def _option(self, left: Node, option: Node, place: ast.expr) -> Node:
        option = self._typed(option, left.type.kind, place)
        if Kind.ANY not in (left.type.kind, option.type.kind) and option.type.kind is not left.type.kind:
            return self.wrong(place, f"{_article(option.type)} is never {_article(left.type)}")
        return option

    def _neighbours(self, left: Node, right: Node, places: tuple[ast.expr, ast.expr]) -> tuple[Node, Node]:
        """Give a quoted literal the type of what it stands beside."""
        return (
            self._typed(left, right.type.kind, places[0]),
            self._typed(right, left.type.kind, places[1]),
        )

    def _typed(self, node: Node, kind: Kind, place: ast.expr) -> Node:
        if not isinstance(node, Constant) or node.type != types.TEXT or kind not in _LITERALS:
            return node
        try:
            constant: Any = _LITERALS[kind](node.constant)
        except ValueError as error:
            return self.wrong(place, str(error))
        return Constant(constant, Type(kind))

    def _arithmetic(self, node: ast.BinOp) -> Node:
        left, right = self.build(node.left), self.build(node.right)
        operator = _ARITHMETIC[type(node.op)]
        if Kind.ANY in (left.type.kind, right.type.kind):
            return Constant(None, types.ANY)
        if left.type.many and right.type.many and operator == "+":
            if left.type.kind is Kind.RECORD and right.type.kind is Kind.RECORD:
                return Both(left, right, _union((left.type, right.type)))
            return self.wrong(node, "only lists of readings are put together with +")
        if operator in "+-":
            left, right = self._shifted(left, right, (node.left, node.right))
        result = _arithmetic_type(operator, left.type, right.type)
        if result is None:
            return self.wrong(node, f'"{operator}" does not join {_article(left.type)} and {_article(right.type)}')
        return Arithmetic(operator, left, right, result)

    def _shifted(self, left: Node, right: Node, places: tuple[ast.expr, ast.expr]) -> tuple[Node, Node]:
        """Take a quoted literal beside a time for a duration (`time - "5m"`), else for its neighbour's kind."""
        kinds = tuple(Kind.DURATION if kind is Kind.TIME else kind for kind in (right.type.kind, left.type.kind))
        return self._typed(left, kinds[0], places[0]), self._typed(right, kinds[1], places[1])

    def _call(self, node: ast.Call) -> Node:
        function = node.func.id if isinstance(node.func, ast.Name) else ""
        arguments = tuple(self.build(argument) for argument in node.args)
        if function == "near" and len(arguments) == 3:
            arguments = (*arguments[:2], self._typed(arguments[2], Kind.DURATION, node.args[2]))
        result = result_type(function, tuple(argument.type for argument in arguments))
        if isinstance(result, str):
            return self.wrong(node, result)
        return Call(function, arguments, result)


def _article(type_: Type) -> str:
    name = str(type_)
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


def _told_by(type_: Type) -> str:
    """Return the probe whose readings these are, where it is one."""
    module = type_.record.__module__ if type_.record else ""
    probe = module.removeprefix("runbookctl.probes.")
    return probe if probe != module and "._" not in probe else "the reading"


def _field_names(type_: Type) -> list[str]:
    return [name for record in type_.records for name in fields_of(record)]


def _any_field(type_: Type, name: str) -> Type | None:
    """Return the type of a field that at least one of the readings has."""
    found = [fields_of(record)[name] for record in type_.records if name in fields_of(record)]
    return found[0] if found else None


def _common_field(type_: Type, name: str) -> Type | None:
    """Return the type of a field that every one of the readings has."""
    found = [fields_of(record).get(name) for record in type_.records]
    return found[0] if found and all(field is not None for field in found) else None


def _union(parts: tuple[Type, ...]) -> Type:
    records = tuple(dict.fromkeys(record for part in parts for record in part.records))
    return Type(Kind.RECORD, many=True, record=records[0] if records else None, also=records[1:])


def _list_hint(node: ast.Compare) -> str:
    if isinstance(node.left, ast.Attribute):
        base, field = ast.unparse(node.left.value), node.left.attr
        operators = {**_COMPARISONS, ast.In: "in", ast.NotIn: "not in"}
        return f"write {base}[{field} {operators[type(node.ops[0])]} {ast.unparse(node.comparators[0])}]"
    return "write list[field == value]"


def _comparable(left: Type, right: Type, operator: str) -> str | None:
    """Return what is wrong with comparing the two, or None."""
    if Kind.ANY in (left.kind, right.kind):
        return None
    if left.many or right.many:
        return "a list is never compared with one value"
    if Kind.NONE in (left.kind, right.kind):
        return 'nothing equals None; write "is None" or "is not None"'
    if left.kind is Kind.RECORD or right.kind is Kind.RECORD:
        return "a reading is not compared as a whole; name a field"
    if left.kind is not right.kind:
        return f"{_article(left)} is not compared with {_article(right)}"
    if operator not in ("==", "!=") and left.kind not in types.ORDERED:
        return f"{_article(left)} has no order"
    return None


def _arithmetic_type(operator: str, left: Type, right: Type) -> Type | None:
    """Return the type of the result, or None where the two cannot be joined."""
    if left.many or right.many:
        return None
    kinds = (left.kind, right.kind)
    if kinds == (Kind.NUMBER, Kind.NUMBER):
        return types.NUMBER
    if operator in ("+", "-"):
        if kinds[0] is kinds[1] and kinds[0] in _SCALED:
            return left
        if kinds == (Kind.TIME, Kind.TIME):
            return types.DURATION if operator == "-" else None
        return types.TIME if kinds == (Kind.TIME, Kind.DURATION) else None
    if operator == "*":
        scaled = [kind for kind in kinds if kind in _SCALED]
        return Type(scaled[0]) if len(scaled) == 1 and Kind.NUMBER in kinds else None
    if kinds[0] in _SCALED and kinds[1] is Kind.NUMBER:
        return left
    return types.NUMBER if kinds[0] is kinds[1] and kinds[0] in _SCALED else None
