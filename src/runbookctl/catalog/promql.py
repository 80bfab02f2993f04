"""PromQL selectors from typed label values.

Pure. A value enters a query only as the value of an `=` matcher, escaped as the language's grammar says, so that no
input can add a matcher, a regular expression or a second query (S16).
Source: prometheus.io/docs/prometheus/latest/querying/basics, string literals.
"""

from __future__ import annotations

from collections.abc import Mapping

import re2

# namespace
_LABEL = re2.compile(r"[a-zA-Z_][a-zA-Z0-9_]{0,127}")
# container_memory_working_set_bytes
_METRIC = re2.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]{0,255}")


def is_value(value: str) -> bool:
    """Tell what a label of ours can be: at most 1024 characters, none of them a control character."""
    return len(value) <= 1024 and not any(ord(character) < 32 or ord(character) == 127 for character in value)


def quoted(value: str) -> str:
    r"""Return a string literal: `a"b\c` becomes `"a\"b\\c"`; control characters and invalid text are refused.

    Raises ValueError for a value that no label of ours can have.
    """
    if not is_value(value):
        raise ValueError("a label value with control characters, or of more than 1024 characters")
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def selector(metric: str, labels: Mapping[str, str]) -> str:
    """Return `metric{name="value",...}`, labels in their given order; raises ValueError for what is no name."""
    if not _METRIC.fullmatch(metric):
        raise ValueError(f"no metric name: {metric!r}")
    for label in labels:
        if not _LABEL.fullmatch(label):
            raise ValueError(f"no label name: {label!r}")
    matchers = ",".join(f"{label}={quoted(value)}" for label, value in labels.items())
    return f"{metric}{{{matchers}}}"
