"""Folding for people: many names to `gpu[017,203]`, many sentences that differ in one word to one, natural order.

Pure. What is folded can be typed back: `--on 'gpu[001-512]'` reads what `names` prints. Equal things are folded,
different ones never, and a fold never ends in "and 12 more".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import NamedTuple

_LONGEST = 18  # digits of a number that is folded to a range


class _Numbered(NamedTuple):
    """A name cut at its last run of digits: `worker-gpu-01b` is ("worker-gpu-", "01", "b")."""

    before: str
    digits: str
    after: str


def natural(text: str) -> tuple[tuple[int, str, str], ...]:
    """Return a sort key in which gpu2 comes before gpu10; numbers of any length compare without being computed."""
    parts = ("".join(run) for _, run in groupby(text, key=_is_digit))
    return tuple(_sortable(part) for part in parts)


def _sortable(part: str) -> tuple[int, str, str]:
    if not _is_digit(part[0]):
        return 0, part, ""
    number = part.lstrip("0")
    return len(number) + 1, number, part


def _is_digit(char: str) -> bool:
    return "0" <= char <= "9"  # str.isdigit also accepts superscripts, which int() refuses


def names(given: Iterable[str]) -> list[str]:
    """Fold names that differ in their last number: gpu017, gpu203, cpu1 become `cpu1`, `gpu[017,203]`."""
    groups: dict[tuple[str, str | None], list[str]] = {}
    for name in sorted(set(given), key=natural):
        cut = _cut(name)
        groups.setdefault((cut.before, cut.after) if cut.digits else (name, None), []).append(cut.digits)
    return [_folded(before, digits, after) for (before, after), digits in groups.items()]


def _cut(name: str) -> _Numbered:
    end = next((at for at in range(len(name), 0, -1) if _is_digit(name[at - 1])), 0)
    start = end
    while start > 0 and _is_digit(name[start - 1]):
        start -= 1
    return _Numbered(name[:start], name[start:end], name[end:])


def _folded(before: str, digits: Sequence[str], after: str | None) -> str:
    if after is None:
        return before
    if len(digits) == 1:
        return f"{before}{digits[0]}{after}"
    return f"{before}[{','.join(_ranges(digits))}]{after}"


def _ranges(digits: Sequence[str]) -> list[str]:
    """Join consecutive numbers that are written alike: 088, 091, 092 become `088`, `091-092`."""
    runs: list[list[str]] = []
    for number in digits:
        if runs and _follows(runs[-1][0], runs[-1][-1], number):
            runs[-1].append(number)
        else:
            runs.append([number])
    return [run[0] if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs]


def _follows(first: str, last: str, number: str) -> bool:
    """Tell whether a reader of `first-number` would write `number` after `last`: the first one's width is kept."""
    if len(last) > _LONGEST or len(number) > _LONGEST:
        return False
    width = len(first) if first.startswith("0") else 0
    return int(number) == int(last) + 1 and number == f"{int(number):0{width}d}"


def subjects(given: Iterable[str]) -> list[str]:
    """Fold subjects part by part, the last part first: node/gpu017 and node/gpu203 become `node/gpu[017,203]`.

    Only subjects that are equal in all other parts are folded, so what the fold stands for is exactly what was given.
    """
    paths = [tuple(subject.split("/")) for subject in sorted(set(given), key=natural)]
    for back in range(1, max((len(path) for path in paths), default=0)):
        groups: dict[tuple[tuple[str, ...], tuple[str, ...]], list[str]] = {}
        done: list[tuple[str, ...]] = []
        for path in paths:
            at = len(path) - back
            if at < 1:
                done.append(path)
            else:
                groups.setdefault((path[:at], path[at + 1 :]), []).append(path[at])
        paths = done + [(*head, name, *tail) for (head, tail), found in groups.items() for name in names(found)]
    return sorted(("/".join(path) for path in paths), key=natural)


def tails(paths: Sequence[str]) -> dict[str, str]:
    """Return for each path the shortest end of it that no other path has: the file's name, if it is the only one."""
    found: dict[str, str] = {}
    left = {path: path.split("/") for path in paths}
    length = 1
    while left:
        tails_now = {path: "/".join(parts[-length:]) for path, parts in left.items()}
        counts = Counter(tails_now.values())
        settled = {path for path, tail in tails_now.items() if counts[tail] == 1 or length >= len(left[path])}
        found |= {path: tails_now[path] for path in settled}
        left = {path: parts for path, parts in left.items() if path not in settled}
        length += 1
    return found


def node_of(subject: str) -> str:
    """Return the node that a subject names (`node/gpu017`, `gpu/gpu017/0000:3b:00`), or nothing."""
    level, _, rest = subject.partition("/")
    name, slash, _ = rest.partition("/")
    return name if level == "node" or (level in {"gpu", "mig"} and slash and ":" not in name) else ""


def sentences(given: Sequence[tuple[str, str]]) -> list[str]:
    """Fold (name, sentence) pairs: equal sentences are told once, those that differ in one word with all its values.

    `GPU 3b:00 is lost` of gpu017 and `GPU 9a:00 is lost` of gpu203 become `GPU 3b:00 (gpu017), 9a:00 (gpu203) is
    lost`. Others are told each, with the name.
    """
    different = list(dict.fromkeys(given))
    texts = list(dict.fromkeys(sentence for _, sentence in different))
    if len(texts) == 1:
        return texts
    words = [sentence.split(" ") for _, sentence in different]
    if len({len(each) for each in words}) == 1:
        places = [at for at, column in enumerate(zip(*words, strict=True)) if len(set(column)) > 1]
        if len(places) == 1:
            at = places[0]
            told = [(name, each[at]) for (name, _), each in zip(different, words, strict=True)]
            values = [f"{value} ({name})" if name else value for name, value in told]
            return [" ".join([*words[0][:at], ", ".join(values), *words[0][at + 1 :]])]
    return [f"{name}: {sentence}" if name else sentence for name, sentence in different]
