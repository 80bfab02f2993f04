"""Holes of a change: each value from evidence is checked by its type before it gets into an argv, a path or a body.

Pure. Every function returns the value as it may be used, or raises InputError with what is wrong (threat model S11).
"""

from __future__ import annotations

import shlex

import re2

from runbookctl.errors import InputError

LONGEST_TEXT = 2000  # characters of a sentence for people
LONGEST_WORD = 4096  # characters of one argument

# RFC 1123 label, such as "trainer"
_LABEL = re2.compile(r"[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?")
# RFC 1123 subdomain, such as "worker-gpu-01.example.internal"
_SUBDOMAIN = re2.compile(r"[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?)*")
# Name part of a label key, and a label value, such as "Blue_2.1"
_LABEL_NAME = re2.compile(r"[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")
# An image, such as "registry.example/ml/trainer:1.4"
_IMAGE = re2.compile(r"[A-Za-z0-9](?:[-A-Za-z0-9._/:@]*[A-Za-z0-9])?")
# A PCI address as nvidia-smi or the driver prints it, such as "00000000:3B:00.0" and "0000:3b:00"
_PCI = re2.compile(r"(?:([0-9a-fA-F]{4}|[0-9a-fA-F]{8}):)?([0-9a-fA-F]{2}):([0-9a-fA-F]{2})(?:\.[0-7])?")
# The UUID of a GPU, such as "GPU-5f2b0a4e-1c7d-9a10-6f1e-0d8a3c2b7e55"
_UUID = re2.compile(r"GPU-[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
# A systemd unit, such as "kubelet" and "user@1000.service"
_UNIT = re2.compile(r"[A-Za-z0-9_][-A-Za-z0-9_.:@]{0,254}")
# A program, such as "nvidia-smi" and "/usr/bin/nvidia-smi"
_PROGRAM = re2.compile(r"/?[A-Za-z0-9_][-A-Za-z0-9_.+/]{0,254}")
# "169.254.169.254": cloud metadata and other link-local addresses are never a node (threat model S13)
_LINK_LOCAL = re2.compile(r"169\.254\..*")


def _checked(pattern: re2._Regexp[str], value: str, what: str, example: str, longest: int = 253) -> str:
    if len(value) > longest or not value.isascii() or pattern.fullmatch(value) is None:
        raise InputError(f"{said(value)} is no {what}, such as {example}")
    return value


def said(value: str) -> str:
    """Quote a wrong value for a sentence, at most 60 characters of it, escapes visible."""
    return ascii(value if len(value) <= 60 else f"{value[:57]}...")


def namespace(value: str) -> str:
    """Check the name of a namespace."""
    return _checked(_LABEL, value, "namespace", '"ml"')


def name(value: str, what: str = "Kubernetes name") -> str:
    """Check the name of a Kubernetes object (RFC 1123 subdomain)."""
    return _checked(_SUBDOMAIN, value, what, '"trainer-0"')


def container(value: str) -> str:
    """Check the name of a container."""
    return _checked(_LABEL, value, "container name", '"app"')


def node(value: str) -> str:
    """Check the name of a node; addresses that are never a node are refused."""
    checked = _checked(_SUBDOMAIN, value, "node name", '"worker-gpu-01"')
    if _LINK_LOCAL.fullmatch(checked) is not None:
        raise InputError(f"{checked} is a link-local address and no node")
    return checked


def label_key(value: str) -> str:
    """Check the key of a label or taint: `serving`, `example.com/serving`."""
    prefix, slash, last = value.rpartition("/")
    if slash:
        _checked(_SUBDOMAIN, prefix, "prefix of a label", '"example.com"')
    _checked(_LABEL_NAME, last, "label key", '"example.com/serving"', longest=63)
    return value


def label_value(value: str) -> str:
    """Check the value of a label or taint; it may be empty."""
    return _checked(_LABEL_NAME, value, "label value", '"out"', longest=63) if value else value


def image(value: str) -> str:
    """Check a container image reference."""
    return _checked(_IMAGE, value, "container image", '"registry.example/ml/trainer:1.4"', longest=1024)


def gpu(value: str) -> str:
    """Check a GPU and return it as the driver prints it: `0000:3b:00` for a PCI address, or its UUID."""
    if value.isascii() and _UUID.fullmatch(value) is not None:
        return value[:4] + value[4:].lower()
    match = _PCI.fullmatch(value) if value.isascii() else None
    if match is None:
        raise InputError(f"{said(value)} is no GPU; name its PCI address (0000:3b:00) or its UUID")
    domain, bus, device = (match.group(at) or "" for at in (1, 2, 3))
    number = int(domain or "0", 16)
    return f"{number:04x}:{bus}:{device}".lower() if number <= 0xFFFF else f"{number:08x}:{bus}:{device}".lower()


def unit(value: str) -> str:
    """Check the name of a systemd unit."""
    return _checked(_UNIT, value, "systemd unit", '"kubelet"', longest=255)


def argv(words: tuple[str, ...]) -> tuple[str, ...]:
    """Check a command: a program name, then words without control characters.

    What is a hole in it is the engine's to check when it renders the runbook: `word` says how.
    """
    if not words:
        raise InputError("a command needs a program")
    _checked(_PROGRAM, words[0], "program", '"nvidia-smi"', longest=255)
    if "/../" in words[0] or words[0].endswith("/"):
        raise InputError(f"{said(words[0])} is no program")
    for each in words[1:]:
        if len(each) > LONGEST_WORD or not each.isprintable():
            raise InputError(f"{said(each)} cannot be an argument: too long, or it holds control characters")
    return words


def word(value: str) -> str:
    """Check a value that fills a whole argument: printable, and never taken for an option."""
    if value.startswith("-") or not value or len(value) > LONGEST_WORD or not value.isprintable():
        raise InputError(f"{said(value)} cannot be an argument: empty, first a dash, or not printable")
    return value


def sentence(value: str) -> str:
    """Return text for people as one line: white space folded, what is not printable shown as an escape."""
    line = " ".join(value.split())
    if not line:
        raise InputError("the text to say is empty")
    if len(line) > LONGEST_TEXT:
        line = f"{line[: LONGEST_TEXT // 2]} ... {line[-LONGEST_TEXT // 2 :]}"
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in line)


def over_ssh(machine: str, words: tuple[str, ...]) -> str:
    """Return the command line that runs `words` on `machine`.

    ssh has no argv: it joins with spaces and the login shell parses (threat model S12). So a command with a word that
    needs quotes is quoted for that shell first and for the person's own second.
    """
    remote = shlex.join(words)
    plain = remote == " ".join(words)
    return f"ssh {node(machine)} {remote if plain else shlex.quote(remote)}"
