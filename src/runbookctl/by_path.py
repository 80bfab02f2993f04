"""Finding a module by its id: the id is the path below a package, and there is no register to edit.

Imports a module only when it is asked for; listing ids imports none.
"""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
from functools import cache
from types import ModuleType

DEEPEST = 2  # family and name


@cache
def load(package: str, name: str) -> ModuleType | None:
    """Return the module `name` (`gpu.xid`, `manual`) below `package`, or None when there is none of that id."""
    parts = name.split(".")
    if len(parts) > DEEPEST or not all(_is_id(part) for part in parts):
        return None
    full = f"{package}.{name}"
    try:
        spec = importlib.util.find_spec(full)
    except ModuleNotFoundError:  # no such family
        return None
    if spec is None or spec.submodule_search_locations is not None:  # nothing, or a family
        return None
    return importlib.import_module(full)


@cache
def ids(package: str) -> tuple[str, ...]:
    """Return the ids of all modules below a package, sorted; private ones, beginning with `_`, are none."""
    folder = importlib.import_module(package).__path__
    found: list[str] = []
    for family in pkgutil.iter_modules(folder):
        if not family.ispkg:
            found.append(family.name)
            continue
        inside = pkgutil.iter_modules([f"{path}/{family.name}" for path in folder])
        found += [f"{family.name}.{one.name}" for one in inside]
    return tuple(sorted(name for name in found if all(_is_id(part) for part in name.split("."))))


def _is_id(part: str) -> bool:
    return part.isascii() and part.isidentifier() and not part.startswith("_")
