"""MIG profiles: into which slices a product can be cut, and how many of one kind fit on it.

Pure. Table: `tables/mig.json`, which names its source.
"""

from __future__ import annotations

from functools import lru_cache

import re2
from msgspec import Struct

from runbookctl.catalog._tables import load

_NOT_NAMES = frozenset(
    ("nvidia", "sxm", "sxm4", "sxm5", "sxm6", "pcie", "hbm2", "hbm2e", "hbm3", "hbm3e", "hgx", "tesla"),
)
# 1g.10gb     7g.80gb     1g.24gb+gfx     1g.10gb.me     1c.3g.20gb
_PROFILE = re2.compile(r"(?:(\d)c\.)?(\d)g\.(\d{1,4})gb(?:[+.-]([a-z.]+))?")


class Product(Struct, frozen=True, kw_only=True):
    """One product: profile -> how many instances of it fit on one GPU."""

    product: str  # name-memory, as nvidia-smi and node labels write it
    profiles: dict[str, int]


class Profile(Struct, frozen=True, kw_only=True):
    """What a profile's name says: compute slices of 7, memory in GB, attributes (`me`, `gfx`)."""

    name: str
    slices: int
    memory_gb: int
    attribute: str
    compute: int | None = None  # compute slices of a compute instance, when the name has them


class _Table(Struct, frozen=True):
    about: str
    products: tuple[Product, ...]


@lru_cache(maxsize=1)
def all_products() -> tuple[Product, ...]:
    """Return the products in the order of their age."""
    return load("mig", _Table).products


def profile(name: str) -> Profile | None:
    """Return what `1g.10gb` says; None when it is no profile name."""
    text = name.strip().lower().removeprefix("mig-").removeprefix("nvidia.com/mig-")
    match = _PROFILE.fullmatch(text)
    if not match:
        return None
    compute = int(match[1]) if match[1] else None
    return Profile(name=text, slices=int(match[2]), memory_gb=int(match[3]), attribute=match[4] or "", compute=compute)


def of_product(name: str) -> tuple[Product, ...]:
    """Return the products that `name` can mean: `H100-80GB`, `NVIDIA H100 80GB HBM3`, `H100`."""
    wanted = [word for word in _words(name) if word not in _NOT_NAMES]
    return tuple(one for one in all_products() if wanted and all(word in _words(one.product) for word in wanted))


def with_profile(name: str) -> tuple[str, ...]:
    """Return the products that can be cut into profile `name`."""
    wanted = profile(name)
    if wanted is None:
        return ()
    names = {wanted.name, wanted.name.replace(".me", "+me")}
    return tuple(one.product for one in all_products() if names & set(one.profiles))


def _words(name: str) -> list[str]:
    return [word for word in name.casefold().replace("-", " ").split() if word]
