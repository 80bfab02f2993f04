"""CUDA toolkits against NVIDIA drivers, and NVIDIA_REQUIRE_CUDA evaluated as the container runtime does.

Pure. Table: `tables/cuda.json`, which names its sources. Documentation and image labels answer differently: the
documentation allows every driver from the first of its major version on (minor-version compatibility), the label in the
image asks for the exact CUDA version or for one of a few older branches (forward compatibility).
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import re2
from msgspec import Struct

from runbookctl.catalog import versions
from runbookctl.catalog._tables import load

ADVICE = ", please update your driver to a newer version, or use an earlier cuda container"
"""What the runtime adds to an unsatisfied CUDA condition. Source: libnvidia-container 1.10 to 1.17."""

# cuda>=12.4      brand=tesla      driver<536
_CONDITION = re2.compile(r"(cuda|driver|arch|brand)(>=|<=|!=|=|>|<)([A-Za-z0-9._-]{1,40})")
# CUDA that branches serve which no toolkit of the table was bundled with.
_OTHER_BRANCHES = {565: "12.7", 595: "13.2", 610: "13.3", 615: "13.4", 384: "9.0", 390: "9.1"}


class Toolkit(Struct, frozen=True, kw_only=True):
    """One CUDA toolkit. `minimum` is the oldest driver by minor-version compatibility, None: its own driver."""

    cuda: str
    bundled: str  # driver that comes with it: a version, or "R595 branch"
    release_notes: str | None
    minimum: str | None
    own_driver: bool
    compat_package: str | None
    compat_branches: tuple[int, ...]  # older branches on which the image's label accepts it
    compat_brands: tuple[str, ...]
    compat_exact: bool  # read from an image of exactly this version
    verified: bool
    source: str


class Requirement(NamedTuple):
    """The outcome of an expression: `satisfied` None is unknown, and `reason` says why not or why unknown."""

    satisfied: bool | None
    reason: str


class _Table(Struct, frozen=True):
    about: str
    toolkits: tuple[Toolkit, ...]


@lru_cache(maxsize=1)
def toolkits() -> tuple[Toolkit, ...]:
    """Return the toolkits, newest first."""
    return load("cuda", _Table).toolkits


def toolkit(version: str) -> Toolkit | None:
    """Return the toolkit `12.4.1`, or the newest patch of `12.4`; None for an unknown one."""
    wanted = versions.parts(version)
    if wanted is None:
        return None
    return next((one for one in toolkits() if (versions.parts(one.cuda) or ())[: len(wanted)] == wanted), None)


def served_by(driver: str) -> str | None:
    """Return the CUDA version that a driver serves (`12.4` for 550.144.03); None for an unknown branch."""
    branch = versions.branch(driver)
    return _served().get(branch) if branch is not None else None


@lru_cache(maxsize=1)
def _served() -> dict[int, str]:
    found: dict[int, str] = {}
    for one in toolkits():
        branch = versions.branch(one.bundled)
        if branch is not None and branch not in found:
            numbers = versions.parts(one.cuda) or (0, 0)
            found[branch] = f"{numbers[0]}.{numbers[1]}"
    return _OTHER_BRANCHES | found


def label(version: str) -> str | None:
    """Return the NVIDIA_REQUIRE_CUDA of NVIDIA's own image of a CUDA version, None where it is not known."""
    one = toolkit(version)
    if one is None or not (one.compat_exact or one.compat_branches):
        return None
    numbers = versions.parts(one.cuda) or (0, 0)
    parts = [f"cuda>={numbers[0]}.{numbers[1]}"]
    for branch in one.compat_branches:
        parts += [f"brand={brand},driver>={branch},driver<{branch + 1}" for brand in one.compat_brands]
    return " ".join(parts)


def by_documentation(version: str, driver: str) -> bool | None:
    """Tell whether a driver may run programs of a CUDA version (minor-version compatibility); None: not known."""
    one = toolkit(version)
    if one is None:
        return None
    lowest = one.bundled if one.own_driver else one.minimum
    order = versions.compare(driver, lowest) if lowest else None
    return None if order is None else order >= 0


def evaluate_requirement(
    expression: str, *, driver: str | None, driver_cuda: str | None, arch: str | None, brand: str | None
) -> Requirement:
    """Evaluate an NVIDIA_REQUIRE_CUDA: a space is "or", a comma is "and", versions compare number by number.

    A fact that is not known leaves its conditions unknown; one alternative that is satisfied decides. Source:
    dsl.c and nvc_container.c of libnvidia-container 1.17.
    """
    facts = {"driver": driver, "cuda": driver_cuda, "arch": arch, "brand": brand}
    alternatives = [words for words in expression.split(" ") if words]
    if not alternatives:
        return Requirement(satisfied=True, reason="")
    failed: list[str] = []
    unknown: list[str] = []
    for words in alternatives:
        outcome, condition = _all_of(words, facts)
        if outcome is True:
            return Requirement(satisfied=True, reason="")
        (failed if outcome is False else unknown).append(condition)
    if unknown:
        return Requirement(satisfied=None, reason=f"not known whether {unknown[0]} holds")
    first = next((condition for condition in failed if condition.startswith("cuda")), failed[0])
    return Requirement(satisfied=False, reason=f"unsatisfied condition: {first}{ADVICE if first[:4] == 'cuda' else ''}")


def _all_of(words: str, facts: dict[str, str | None]) -> tuple[bool | None, str]:
    """Evaluate one alternative; the second value is the condition that decided."""
    unknown = ""
    for condition in words.split(","):
        if not condition:
            continue
        outcome = _holds(condition, facts)
        if outcome is False:
            return False, condition
        if outcome is None:
            unknown = unknown or condition
    return (None, unknown) if unknown else (True, "")


def _holds(condition: str, facts: dict[str, str | None]) -> bool | None:
    match = _CONDITION.fullmatch(condition)
    known = facts[match[1]] if match else None
    if match is None or known is None:
        return None
    operator, wanted = match[2], match[3]
    if match[1] == "brand":
        same = _brand(known) == _brand(wanted)
        return same if operator == "=" else not same if operator == "!=" else False
    order = versions.compare(known, wanted)
    return None if order is None else _ordered(order, operator)


def _ordered(order: int, operator: str) -> bool:
    outcomes = {"=": order == 0, "!=": order != 0, "<": order < 0, "<=": order <= 0, ">": order > 0, ">=": order >= 0}
    return outcomes[operator]


def _brand(name: str) -> str:
    return name.casefold().replace(" ", "").replace("_", "")
