"""A loaded runbook: what the YAML file says, typed, each part with its place. Values only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct

if TYPE_CHECKING:
    from datetime import timedelta

    from runbookctl.language.expressions import Expression

InputType = Literal["text", "integer", "number", "boolean", "duration", "bytes", "k8s-name", "node", "choice"]
Risk = Literal["none", "low", "medium", "high"]


class Place(Struct, frozen=True):
    """Where something stands: 1-based line and column of `file`."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        """Print file:line:column, as editors and CI jobs expect it."""
        return f"{self.file}:{self.line}:{self.column}"


class Template(Struct, frozen=True):
    """Text with holes: `GPU ${lost.pci} is gone` is ("GPU ", Expression, " is gone").

    A template that is one hole alone keeps the value's type, lists included.
    """

    source: str
    parts: tuple[str | Expression, ...]
    place: Place


class Input(Struct, frozen=True, kw_only=True):
    """One input. `default` is typed already; None without `required` = absent."""

    name: str
    type: InputType
    many: bool = False
    required: bool = True
    default: Any = None
    choices: tuple[str, ...] = ()
    about: str = ""
    place: Place


class AlertMatch(Struct, frozen=True, kw_only=True):
    """Labels that start the runbook (any of the values, each label must match), and inputs from labels.

    `inputs` maps an input to ("labels", "node") or ("annotations", "x").
    """

    match: dict[str, tuple[str, ...]]
    inputs: dict[str, tuple[str, str]]
    place: Place


class Each(Struct, frozen=True, kw_only=True):
    """`each: gpu in gpus`: one judgement per subject of step `step`; the item is called `item`."""

    item: str
    step: str
    level: str  # the deepest level of the step's subject, e.g. "gpu"
    place: Place


class Step(Struct, frozen=True, kw_only=True):
    """One read-only entry: which probe to ask, with which parameters."""

    id: str
    title: str
    probe: str
    with_: dict[str, Template | Any]  # a Template per text value; lists and mappings nest
    place: Place
    timeout: timedelta | None = None


class Finding(Struct, frozen=True, kw_only=True):
    """A named expression. `shown` is False for a helper (another type than truth or list)."""

    id: str
    expression: Expression
    shown: bool
    place: Place


class Cause(Struct, frozen=True, kw_only=True):
    """A cause: `code` of the catalogue under its own `id`, the proof, what rules it out."""

    id: str
    code: str
    because: Expression
    unless: Expression | None = None
    about: str | None = None  # a level of the item
    summary: Template | None = None
    explains: tuple[str, ...] = ()
    remediate: tuple[str, ...] = ()
    place: Place


class ChangeCall(Struct, frozen=True, kw_only=True):
    """One change with its parameters. `undo`: "inverse" (built in), "keep", "impossible", or changes of its own."""

    change: str
    with_: dict[str, Template | Any]
    undo: Literal["inverse", "keep", "impossible"] | tuple[ChangeCall, ...]
    place: Place


class Verify(Struct, frozen=True, kw_only=True):
    """The proof of the fix: `that` must come true within `within` and stay true for `hold`."""

    that: Expression
    within: timedelta
    hold: timedelta
    place: Place


class Limit(Struct, frozen=True, kw_only=True):
    """Circuit breaker over all runs: `1 node at a time`, `5% of nodes per 1h`, `3 nodes per 1h`."""

    source: str
    count: float  # a number of subjects, or a fraction (0.05) when `share`
    share: bool
    level: str
    per: timedelta | None  # None: at a time
    place: Place


class Remediation(Struct, frozen=True, kw_only=True):
    """What may be done about a cause. Nothing here is executed by loading, judging or proposing it."""

    id: str
    title: str
    risk: Risk
    do: tuple[ChangeCall, ...]
    when: Expression | None = None
    touches: Template | None = None
    limit: Limit | None = None
    verify: Verify | None = None
    then: tuple[ChangeCall, ...] = ()
    place: Place


class Runbook(Struct, frozen=True, kw_only=True):
    """A runbook that has passed every check of the loader."""

    id: str  # "gpu/xid-ecc"
    title: str
    about: str
    file: str
    source: bytes  # the file as it was read: the snapshot that a run keeps
    inputs: tuple[Input, ...]
    steps: tuple[Step, ...]
    findings: tuple[Finding, ...]
    causes: tuple[Cause, ...]
    remediations: tuple[Remediation, ...]
    alerts: tuple[AlertMatch, ...] = ()
    each: Each | None = None
    when: Expression | None = None
    types: dict[str, Any] = {}  # name -> language.types.Type, of every name usable in expressions
