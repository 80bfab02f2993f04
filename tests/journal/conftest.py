"""Both stores behind one door, with a clock that a test can move."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from runbookctl.journal import clock
from runbookctl.journal.interface import (
    Actor,
    ApprovalRequest,
    Event,
    Hold,
    Instant,
    Intent,
    LimitRule,
    Owner,
    Strength,
    asking,
)
from runbookctl.journal.memory import MemoryBackend
from runbookctl.journal.sqlite import SqliteBackend
from runbookctl.journal.store import TableStore
from runbookctl.model import Subject

ME = Actor(name="req")
PLAN = "5be1c0d2" * 8


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        """Begin at a fixed moment of boot "one"."""
        self.instant = Instant(boot="one", seconds=1000.0, wall=dt.datetime(2026, 11, 22, 2, 47, 35, tzinfo=dt.UTC))

    def __call__(self) -> Instant:
        """Return the moment."""
        return self.instant

    def pass_(self, seconds: float) -> None:
        """Let time pass."""
        self.instant = self.instant.after(seconds)

    def jump(self, seconds: float) -> None:
        """Set the wall clock alone."""
        wall = self.instant.wall + dt.timedelta(seconds=seconds)
        self.instant = msgspec.structs.replace(self.instant, wall=wall)

    def reboot(self, seconds: float = 10.0) -> None:
        """Start the machine again; `seconds` have passed since."""
        later = self.instant.wall + dt.timedelta(seconds=60 + seconds)
        self.instant = Instant(boot=self.instant.boot + "+", seconds=seconds, wall=later)


class Bench:
    """A store under test: `store` to use, `again()` another handle on it, `restored()` what a restored copy is."""

    def __init__(self, kind: str, folder: Path) -> None:
        """Make an empty store."""
        self.kind = kind
        self.clock = Clock()
        self.path = folder / "home" / "journal.db"
        self._memory = MemoryBackend(now=self.clock)
        self.store = self.again()
        self._handles = [self.store]

    def again(self) -> TableStore:
        """Return another handle on the same store."""
        if self.kind == "memory":
            return TableStore(self._memory)
        store = TableStore(SqliteBackend(self.path, now=self.clock))
        self.__dict__.setdefault("_handles", []).append(store)
        return store

    def restored(self) -> TableStore:
        """Return the store as it is after its file was restored from a copy."""
        if self.kind == "memory":
            self._memory.tables.next_generation()
            return self.store
        self.close()
        copy = self.path.with_suffix(".copy")
        shutil.copy2(self.path, copy)
        copy.replace(self.path)
        return self.again()

    def close(self) -> None:
        """Let go of all handles."""
        for handle in self._handles:
            handle.close()

    # shorthand

    def run(self, key: str = "k") -> str:
        """Open a run."""
        return self.store.open_run(None, key=key, snapshot="", subject=Subject(node="gpu7"), by=ME)

    def hold(self, run: str, lease: float = 30.0, owner: Owner | None = None) -> Hold:
        """Take a run that must be free."""
        hold = self.store.take(run, owner=owner or an_owner(), lease=lease)
        assert isinstance(hold, Hold)
        return hold

    def intent(self, *subjects: str, **more: object) -> Intent:
        """Return an intent."""
        fields: dict[str, object] = {
            "plan": PLAN, "position": "1", "change": "k8s.cordon", "subjects": subjects or ("node/gpu7",),
            "not_after": self.clock().after(60),
        }  # fmt: skip
        return Intent(**{**fields, **more})  # type: ignore[arg-type]

    def approve(self, hold: Hold, name: str = "a-1", **more: object) -> str:
        """Ask for an approval."""
        fields: dict[str, object] = {
            "id": name, "plan": PLAN, "rule": "2 from gpu-oncall, not req", "until": self.clock().after(1800),
            "asked_by": "req", "need": 2, "people": ("ap1", "ap2", "ap3", "req"), "without": ("req",),
            "strength": Strength.ASSERTED,
        }  # fmt: skip
        self.store.append(hold, f"ask {name}", asking(ApprovalRequest(**{**fields, **more})))  # type: ignore[arg-type]
        return name


def an_owner(doing: str = "fix") -> Owner:
    """Return a new owner of this process."""
    return clock.this_process(doing)


def note(text: str = "seen") -> Event:
    """Return a note."""
    return Event(kind="note", data={"text": text})


def limit(count: int, subject: str = "node/gpu7", per: float | None = None) -> LimitRule:
    """Return a limit."""
    return LimitRule(rule="drain: at a time", subject=subject, count=count, per=per)


@pytest.fixture(params=["memory", "sqlite"])
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    """Give each store in turn."""
    made = Bench(request.param, tmp_path)
    yield made
    made.close()


@pytest.fixture
def file_bench(tmp_path: Path) -> Iterator[Bench]:
    """Give the SQLite store."""
    made = Bench("sqlite", tmp_path)
    yield made
    made.close()
