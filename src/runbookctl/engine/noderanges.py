"""Node names as people write them: `gpu007`, `gpu007,gpu009`, `gpu[001-512]`, `gpu[017,203]`. Pure."""

from __future__ import annotations

from runbookctl.errors import InputError

MOST_NODES = 20_000


def expand(texts: tuple[str, ...]) -> tuple[str, ...]:
    """Return every node named, in order, each once; raise InputError for a range that cannot be read."""
    found: dict[str, None] = {}
    for text in texts:
        for part in _split(text):
            for node in _expanded(part, text):
                found[node] = None
                if len(found) > MOST_NODES:
                    raise InputError(f"--on {text} names more than {MOST_NODES:,} nodes")
    return tuple(found)


def _split(text: str) -> list[str]:
    """Split at commas outside brackets."""
    parts, depth, part = [], 0, ""
    for character in text:
        depth += (character == "[") - (character == "]")
        if character == "," and depth <= 0:
            parts.append(part)
            part = ""
        else:
            part += character
    return [one.strip() for one in [*parts, part] if one.strip()]


def _expanded(part: str, whole: str) -> list[str]:
    head, opened, rest = part.partition("[")
    if not opened:
        return [part]
    inside, closed, tail = rest.partition("]")
    if not closed or not inside:
        raise InputError(f'--on {whole}: "[" without "]"', commands=("runbookctl run gpu/xid-ecc --on 'gpu[001-512]'",))
    names: list[str] = []
    for piece in inside.split(","):
        for number in _numbers(piece.strip(), whole):
            names.extend(f"{head}{number}{more}" for more in _expanded(tail, whole))
    return names


def _numbers(piece: str, whole: str) -> list[str]:
    first, dash, last = piece.partition("-")
    if not dash:
        last = first
    if not (first.isdecimal() and last.isdecimal() and first.isascii() and last.isascii()):
        raise InputError(f'--on {whole}: "{piece}" is no range of numbers')
    low, high = int(first), int(last)
    if high < low or high - low >= MOST_NODES:
        raise InputError(f'--on {whole}: "{piece}" is no range of at most {MOST_NODES:,} numbers')
    return [str(number).zfill(len(first)) for number in range(low, high + 1)]
