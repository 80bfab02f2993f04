"""What connectors are told (`Settings`) and what they give back (`Answer`, or `model.Missing`). Values only."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from msgspec import Struct

from runbookctl.connectors.bounded import LIMIT
from runbookctl.model import Missing, Shortening, Time


class Answer(Struct, frozen=True, kw_only=True):
    """A raw answer, bounded: `form` names what it looks like, `source` where it was read (`ssh gpu007`)."""

    body: bytes
    form: str
    source: str
    shortened: Shortening | None = None
    at: Time


class Settings(Struct, frozen=True, kw_only=True):
    """How the world is reached. Nothing here comes from an answer, a label or a chat.

    `nodes` is the inventory: with it no other node is asked; without it (personal mode) any plain host name is, with
    the person's own ~/.ssh/config unless `ssh_config` names another. `broker` refuses kubeconfigs that run programs,
    skip TLS verification or use a proxy. `limit` is how many bytes are kept of one answer; `hash_key` makes the hash of
    what was cut.
    """

    context: str | None = None
    namespace: str | None = None
    kubeconfig: str | None = None
    prometheus: str | None = None
    prometheus_token_file: str | None = None
    prometheus_user: str | None = None
    prometheus_password_file: str | None = None
    prometheus_ca: str | None = None
    ssh_config: str | None = None
    nodes: frozenset[str] | None = None
    nvml_library: str | None = None
    broker: bool = False
    limit: int = LIMIT
    hash_key: bytes = b""

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Settings:
        """Return the settings that environment variables give; KUBECONFIG is read by the Kubernetes connector itself.

        RUNBOOKCTL_PROMETHEUS_URL (or PROMETHEUS_URL), RUNBOOKCTL_PROMETHEUS_TOKEN_FILE, RUNBOOKCTL_PROMETHEUS_CA,
        RUNBOOKCTL_SSH_CONFIG, RUNBOOKCTL_NVML_LIBRARY.
        """
        return cls(
            prometheus=environ.get("RUNBOOKCTL_PROMETHEUS_URL") or environ.get("PROMETHEUS_URL") or None,
            prometheus_token_file=environ.get("RUNBOOKCTL_PROMETHEUS_TOKEN_FILE") or None,
            prometheus_ca=environ.get("RUNBOOKCTL_PROMETHEUS_CA") or None,
            ssh_config=environ.get("RUNBOOKCTL_SSH_CONFIG") or None,
            nvml_library=environ.get("RUNBOOKCTL_NVML_LIBRARY") or None,
        )


def now() -> Time:
    """Return the time in UTC."""
    return dt.datetime.now(dt.UTC)


def seconds(value: float) -> str:
    """Return a duration as people type it: `10s`, `0.5s`."""
    return f"{value:g}s" if value < 60 else f"{int(value // 60)}m{int(value % 60):02d}s"


def no_answer(who: str, timeout: float, obtain: str) -> Missing:
    """Return what is said when the time was over: `ssh: no answer in 10s`."""
    return Missing(why=f"{who}no answer in {seconds(timeout)}", obtain=obtain, kind="timeout")


def stopped(obtain: str) -> Missing:
    """Return what is said when a person or a deadline of the run ended it."""
    return Missing(why="stopped before it answered", obtain=obtain, kind="not asked")


def first_line(text: bytes | str, most: int = 300) -> str:
    """Return the first line that says something, in printable characters."""
    decoded = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    line = next((line for line in decoded.splitlines() if line.strip()), "")
    return "".join(char if char.isprintable() else " " for char in line.strip())[:most]
