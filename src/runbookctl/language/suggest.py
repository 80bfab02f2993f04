"""The word that was probably meant. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

LONGEST = 80  # a longer word is no slip of the finger, and comparing is quadratic
MOST = 2000  # known words compared
ALIKE = 0.5  # of the last parts of two ids


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that resembles `word` most, or None where none comes close."""
    if not word or len(word) > LONGEST:
        return None
    import difflib

    words = sorted(set(known))[:MOST]
    by_lower = {each.lower().replace("-", "_"): each for each in words}
    same = by_lower.get(word.lower().replace("-", "_"))
    if same is not None:
        return same
    last = _last(word)
    for near in difflib.get_close_matches(word, words, n=3, cutoff=0.6):
        # A family in common makes ids look alike: "k8s.logs" is no "k8s.changes".
        if last == word or difflib.SequenceMatcher(None, last, _last(near)).ratio() >= ALIKE:
            return near
    # An id whose last part is right under another family: "k8s.xid" is "gpu.xid".
    ends = [each for each in words if _last(each) == last and each != last]
    return ends[0] if len(ends) == 1 else None


def _last(word: str) -> str:
    """Return the last part of a dotted or slashed id."""
    return word.replace("/", ".").rpartition(".")[2]


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return `; did you mean "code"?`, or nothing where no known word comes close."""
    near = nearest(word, known)
    return f'; did you mean "{near}"?' if near else ""
