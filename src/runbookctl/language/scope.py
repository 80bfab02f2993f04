"""What names mean in one runbook, and the checking of expressions and templates against that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runbookctl.language import expressions, templates, types
from runbookctl.language.mistakes import ExpressionMistake
from runbookctl.language.templates import Hole
from runbookctl.language.types import Kind, Type

if TYPE_CHECKING:
    from runbookctl.language.expressions import Expression
    from runbookctl.language.model import Template
    from runbookctl.language.page import Page
    from runbookctl.language.source import Scalar


class Scope:
    """The names of a runbook with their types; checks text of its file against them."""

    def __init__(self, page: Page, names: dict[str, Type]) -> None:
        self.page = page
        self.names = names
        self.blind = False  # a section that gives names could not be read: names are not checked

    def parsed(self, scalar: Scalar | None) -> Expression | None:
        """Return the expression of a scalar, or None after noting what is wrong in it."""
        if scalar is None:
            return None
        try:
            return expressions.parse(scalar.text)
        except ExpressionMistake as mistake:
            self.page.wrong_inside(scalar, mistake)
            return None

    def type_of(self, scalar: Scalar, expression: Expression, offset: int = 0) -> Type:
        """Return the type of an expression that begins at `offset` of a scalar; note every mistake in it."""
        if self.blind:
            return types.ANY
        type_, mistakes = expressions.check(expression, self.names)
        for mistake in mistakes:
            self.page.wrong_inside(scalar, mistake, offset)
        return types.ANY if mistakes else type_

    def condition(self, scalar: Scalar | None) -> Expression | None:
        """Return an expression that can be true, false or unknown."""
        expression = self.parsed(scalar)
        if scalar is None or expression is None:
            return None
        problem = expressions.check_condition(self.type_of(scalar, expression))
        if problem is not None:
            self.page.wrong(scalar, problem)
        return expression

    def template(self, scalar: Scalar | None) -> Template | None:
        """Return a template whose holes can all be printed."""
        if scalar is None:
            return None
        template, holes = self.holes(scalar)
        for hole, type_ in holes:
            if type_.kind is Kind.RECORD:
                self.unprintable(scalar, hole)
        return template

    def unprintable(self, scalar: Scalar, hole: Hole) -> None:
        """Note a hole that holds a whole reading."""
        mistake = ExpressionMistake(
            "a reading is not printed as a whole; name a field", hole.offset, len(hole.expression.source)
        )
        self.page.wrong_inside(scalar, mistake)

    def holes(self, scalar: Scalar) -> tuple[Template, list[tuple[Hole, Type]]]:
        """Return the template of a scalar and its holes, each with its type; note every mistake in it."""
        text = scalar.text.rstrip("\n")  # a block scalar (`>`, `|`) ends with a line break that nobody means
        found = templates.read(text)
        for mistake in found.mistakes:
            self.page.wrong_inside(scalar, mistake)
        holes = [
            (part, self.type_of(scalar, part.expression, part.offset)) for part in found.parts if isinstance(part, Hole)
        ]
        return templates.of_parts(text, found.parts, self.page.place(scalar)), holes
