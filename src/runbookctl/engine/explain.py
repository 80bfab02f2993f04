"""A code in plain words: what it means, who says so, where to look. Pure: reads the catalogue and runbook files.

An unknown code is an error, never a guess.
"""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from runbookctl.catalog import causes, cuda, exit_codes, mig, sxid, xid
from runbookctl.errors import InputError
from runbookctl.language.suggest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from runbookctl.language.model import Runbook

LABEL = 15  # columns of "  In the log   "
WIDTH = 80


class Explanation(Struct, frozen=True, kw_only=True):
    """A title, lines as they are printed, the source, and the same as data."""

    title: str
    lines: tuple[str, ...]
    source: str = ""
    data: dict[str, Any] = {}


def explain(kind: str, value: str, options: dict[str, str], runbooks: Sequence[Runbook]) -> Explanation:
    """Explain a code of one kind; raise InputError for an unknown one."""
    match kind:
        case "xid":
            return _xid(value, options.get("driver"), runbooks)
        case "sxid":
            return _sxid(value)
        case "exit":
            return _exit(value, runbooks)
        case "cause":
            return _cause(value, options.get("lang", "en"), runbooks)
        case "cuda":
            return _cuda(value, options.get("driver"))
        case "mig":
            return _mig(value, options.get("profile"))
        case _:
            return _runbook(value, runbooks)


def _number(value: str, what: str) -> int:
    if not (value.isascii() and value.isdecimal() and len(value) < 10):
        raise InputError(f'"{value}" is no number of an {what}')
    return int(value)


def _field(label: str, *texts: str) -> list[str]:
    """Return a labelled paragraph, wrapped beside its label."""
    lines: list[str] = []
    for text in texts:
        for line in text.splitlines() or [""]:
            lines += textwrap.wrap(line, WIDTH - LABEL, break_long_words=False, break_on_hyphens=False) or [""]
    return [f"{'  ' + label if not number else '':<{LABEL}}{line}" for number, line in enumerate(lines)]


def _xid(value: str, driver: str | None, runbooks: Sequence[Runbook]) -> Explanation:
    code = _number(value, "Xid")
    entry = xid.xid(code, driver)
    if entry is None:
        raise InputError(f"No Xid {code} in the catalogue (NVIDIA 2025-09-30 and driver sources to 595).")
    cause = f"cause {entry.cause}, {entry.severity}" if entry.cause else entry.severity
    lines = textwrap.wrap(entry.text, WIDTH)
    lines += _field("On driver", *(_branch(one) for one in entry.branches)) if entry.branches else []
    lines += _field("In the log", entry.sample) if entry.sample else []
    lines += _field("Often after", entry.often_after) if entry.often_after else []
    lines += _field("Then often", entry.often_before) if entry.often_before else []
    lines += _nvidia(entry.immediate, entry.investigatory)
    lines += (
        _field("Others do", "   ".join(f"{who}: {what}" for who, what in entry.others.items())) if entry.others else []
    )
    lines += _field("Disagreement", *entry.disagreement) if entry.disagreement else []
    lines += _look_for(entry.cause, runbooks)
    return Explanation(
        title=f"Xid {code}  {entry.title or entry.mnemonic}    {cause}",
        lines=tuple(lines),
        source=entry.source,
        data={
            "code": code, "mnemonic": entry.mnemonic, "severity": entry.severity, "cause": entry.cause,
            "immediate": entry.immediate, "investigatory": entry.investigatory, "others": entry.others,
        },
    )  # fmt: skip


def _branch(meaning: xid.Meaning) -> str:
    until = f" to below {meaning.below}" if meaning.below else " and later"
    return f"{meaning.lowest}{until}: {meaning.mnemonic or 'not known'}"


def _nvidia(immediate: str | None, investigatory: str | None) -> list[str]:
    if not immediate:
        return []
    said = immediate if not investigatory else f"{immediate}; if it returns {investigatory}"
    plain = [text for bucket in (immediate, investigatory) if bucket and (text := xid.advice(bucket))]
    return _field("NVIDIA says", said, *plain)


def _look_for(cause: str | None, runbooks: Iterable[Runbook]) -> list[str]:
    found = [book.id for book in runbooks if any(one.code == cause for one in book.causes)]
    return _field("Look for it", *(f"runbookctl show {name}" for name in found)) if found else []


def _sxid(value: str) -> Explanation:
    code = _number(value, "SXid")
    entry = sxid.sxid(code)
    if entry is None:
        raise InputError(f"No SXid {code} in the catalogue (Fabric Manager guides 2023-10 and 2025-11).")
    fatal = {"always_fatal": "always fatal", "fatal": "fatal", "non_fatal": "not fatal"}.get(
        entry.fatal or "", "not classed"
    )
    lines = _field("Fatal", fatal + (", can become fatal" if entry.potentially_fatal else ""))
    lines += _nvidia(entry.action, entry.investigatory)
    lines += _field("Disagreement", entry.disagreement) if entry.disagreement else []
    return Explanation(
        title=f"SXid {code}  {entry.name}",
        lines=tuple(lines),
        source="NVIDIA Fabric Manager user guide 2025-11; gpud",
        data={"code": code, "name": entry.name, "fatal": entry.fatal, "action": entry.action},
    )


def _exit(value: str, runbooks: Sequence[Runbook]) -> Explanation:
    code = _number(value, "exit code")
    entry = exit_codes.lookup(code)
    if entry is None:
        raise InputError(f"{code} is no exit code; they go from 0 to 255")
    lines = textwrap.wrap(entry.about, WIDTH)
    lines += _field("Signal", entry.signal) if entry.signal else []
    lines += _field("May be", *(f"{one}: {causes.title(one)}" for one in entry.causes)) if entry.causes else []
    lines += _field("Decided by", *entry.tells) if entry.tells else []
    found = list(dict.fromkeys(line for one in entry.causes for line in _look_for(one, runbooks)))
    return Explanation(
        title=f"Exit code {code}  {entry.title}",
        lines=(*lines, *found[:3]),
        source="POSIX signals; Kubernetes kubelet and container runtimes",
        data={"code": code, "signal": entry.signal, "causes": entry.causes},
    )


def _cause(value: str, lang: str, runbooks: Sequence[Runbook]) -> Explanation:
    entry = causes.find(value)
    if entry is None:
        hint = did_you_mean(value, causes.all_causes())
        raise InputError(f'no cause "{value}"{hint}', commands=("runbookctl list causes",))
    lines = textwrap.wrap(entry.holds, WIDTH)
    books = [book for book in runbooks if any(one.code == value for one in book.causes)]
    explains = sorted({code for book in books for one in book.causes if one.code == value for code in one.explains})
    fixes = [
        f"{one.id} (risk {one.risk}): {one.title}"
        for book in books
        for one in book.remediations
        if any(one.id in cause.remediate for cause in book.causes if cause.code == value)
    ]
    lines += _field("Explains", ", ".join(explains)) if explains else []
    lines += _field("Suggested", *dict.fromkeys(fixes)) if fixes else []
    lines += _look_for(value, runbooks) or _field("Look for it", "no runbook here concludes it yet")
    title = entry.zh if lang == "zh" else entry.en
    return Explanation(
        title=f"{value}  {title}    family {entry.family}",
        lines=tuple(lines),
        data={"code": value, "family": entry.family, "holds": entry.holds, "explains": explains},
    )


def _cuda(value: str, driver: str | None) -> Explanation:
    kit = cuda.toolkit(value)
    if kit is None:
        raise InputError(f"No CUDA {value} in the catalogue.", commands=("runbookctl explain cuda 12.4",))
    lines = _field("Bundled", f"driver {kit.bundled}")
    lines += _field("At least", f"driver {kit.minimum}") if kit.minimum and kit.minimum != "none" else []
    label = cuda.label(kit.cuda)
    lines += _field("Its image", _label_in_words(kit)) if label else []
    data: dict[str, Any] = {"cuda": kit.cuda, "bundled": kit.bundled, "minimum": kit.minimum, "label": label}
    if driver:
        documented = cuda.by_documentation(kit.cuda, driver)
        words = {True: "runs it", False: "is too old for it", None: "is not known here"}[documented]
        lines += _field("Documented", f"driver {driver} {words}")
        data["documented"] = documented
        if label:
            refused = cuda.evaluate_requirement(
                label, driver=driver, driver_cuda=cuda.served_by(driver), arch=None, brand="tesla"
            )
            said = {True: "starts", False: f"is refused: {refused.reason}", None: f"not decided: {refused.reason}"}
            lines += _field("Image there", f"{said[refused.satisfied]} (data centre GPU)")
            data["image"] = {"satisfied": refused.satisfied, "reason": refused.reason}
    return Explanation(title=f"CUDA {kit.cuda}", lines=tuple(lines), source=kit.source, data=data)


def _label_in_words(kit: cuda.Toolkit) -> str:
    """Say what the image of this version asks the container runtime for (NVIDIA_REQUIRE_CUDA)."""
    major_minor = ".".join(kit.cuda.split(".")[:2])
    if not kit.compat_branches:
        return f"cuda>={major_minor}"
    branches = ", ".join(str(branch) for branch in kit.compat_branches)
    return f"cuda>={major_minor}, or a driver of branch {branches} on {', '.join(kit.compat_brands)}"


def _mig(value: str, profile: str | None) -> Explanation:
    products = mig.of_product(value)
    if not products:
        names = [one.product for one in mig.all_products()]
        raise InputError(f'no GPU "{value}" with MIG profiles{did_you_mean(value, names)}',
                         details=(f"Known: {', '.join(names)}.",))  # fmt: skip
    lines: list[str] = []
    for product in products:
        wanted = {name: count for name, count in product.profiles.items() if profile in (None, name)}
        shown = ", ".join(f"{name} ({count} per GPU)" for name, count in wanted.items())
        lines += [product.product, *_field("Profiles", shown or f"{profile} is none of its profiles")]
    if profile:
        others = mig.with_profile(profile)
        lines += _field("On", ", ".join(others)) if others else []
        lines += _field("Resource", f"nvidia.com/mig-{profile.replace('+', '.')}")
    return Explanation(
        title=f"MIG on {value}" + (f", profile {profile}" if profile else ""),
        lines=tuple(lines),
        source="NVIDIA gpu-operator, default MIG configurations (2026-08)",
        data={"products": [{"product": one.product, "profiles": one.profiles} for one in products]},
    )


def _runbook(value: str, runbooks: Sequence[Runbook]) -> Explanation:
    book = next((one for one in runbooks if one.id == value), None)
    if book is None:
        hint = did_you_mean(value, [one.id for one in runbooks])
        raise InputError(f'no runbook "{value}"{hint}', commands=("runbookctl list",))
    lines = textwrap.wrap(book.about, WIDTH)
    lines += _field("Reads", *(step.title for step in book.steps))
    lines += _field("Tells apart", ", ".join(dict.fromkeys(cause.code for cause in book.causes)))
    lines += _field("Suggests", *(f"{one.id} (risk {one.risk}): {one.title}" for one in book.remediations))
    lines += _field(
        "Run it", f"runbookctl run {book.id} " + " ".join(f"-i {i.name}=..." for i in book.inputs if i.required)
    )
    return Explanation(
        title=f"{book.id}  {book.title}",
        lines=tuple(lines),
        data={"id": book.id, "causes": [cause.code for cause in book.causes]},
    )
