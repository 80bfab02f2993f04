"""The tables of the SQLite store, as steps: the number of steps taken is the schema version of a file.

A newer file is refused untouched; an older one is brought up to date in one transaction.
"""

from __future__ import annotations

import secrets
import sqlite3
import uuid
from pathlib import Path

from runbookctl.errors import JournalError

APPLICATION = 0x52424A4C  # "RBJL", in the file's header: this file is ours

STEPS: tuple[str, ...] = (
    """
    CREATE TABLE store (id TEXT NOT NULL, key BLOB NOT NULL, generation INTEGER NOT NULL, accepted TEXT NOT NULL,
                        inode INTEGER NOT NULL);
    CREATE TABLE run (id TEXT PRIMARY KEY, key TEXT UNIQUE, same TEXT NOT NULL, state TEXT NOT NULL,
                      origin TEXT NOT NULL, subject TEXT NOT NULL, snapshot TEXT NOT NULL, by TEXT NOT NULL,
                      by_name TEXT NOT NULL, opened TEXT NOT NULL, verdict TEXT NOT NULL DEFAULT '',
                      fence INTEGER NOT NULL DEFAULT 0, owner TEXT, lease_until TEXT);
    CREATE TABLE event (n INTEGER PRIMARY KEY AUTOINCREMENT, run TEXT NOT NULL, seq INTEGER NOT NULL, key TEXT NOT NULL,
                        at TEXT NOT NULL, boot TEXT NOT NULL, ticks INTEGER NOT NULL, kind TEXT NOT NULL,
                        digest TEXT NOT NULL, bodies TEXT NOT NULL, fence INTEGER NOT NULL, actor TEXT NOT NULL,
                        prev TEXT NOT NULL, hash TEXT NOT NULL, same TEXT NOT NULL,
                        UNIQUE (run, seq), UNIQUE (run, key));
    CREATE TABLE evidence (digest TEXT PRIMARY KEY, size INTEGER NOT NULL, packed INTEGER NOT NULL, body BLOB,
                           purged TEXT, at TEXT NOT NULL);
    CREATE TABLE heads (run TEXT PRIMARY KEY, seq INTEGER NOT NULL, hash TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE change (run TEXT NOT NULL, seq INTEGER NOT NULL, key TEXT NOT NULL, approval TEXT,
                         position TEXT NOT NULL, fence INTEGER NOT NULL, state TEXT NOT NULL, began TEXT NOT NULL,
                         not_after TEXT NOT NULL, PRIMARY KEY (run, seq)) WITHOUT ROWID;
    CREATE TABLE open_change (subject TEXT PRIMARY KEY, run TEXT NOT NULL, seq INTEGER NOT NULL, fence INTEGER NOT NULL,
                              open INTEGER NOT NULL, not_after TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE limit_use (rule TEXT NOT NULL, subject TEXT NOT NULL, run TEXT NOT NULL, at TEXT NOT NULL,
                            active INTEGER NOT NULL, PRIMARY KEY (rule, subject, run)) WITHOUT ROWID;
    CREATE TABLE approval (id TEXT PRIMARY KEY, run TEXT NOT NULL, state TEXT NOT NULL, asked TEXT NOT NULL,
                           at TEXT NOT NULL, used_by TEXT, used_fence INTEGER NOT NULL DEFAULT 0);
    CREATE TABLE decision (n INTEGER PRIMARY KEY, approval TEXT NOT NULL, person TEXT NOT NULL, answer TEXT NOT NULL,
                           at TEXT NOT NULL, counted INTEGER NOT NULL, proof TEXT NOT NULL, account TEXT NOT NULL,
                           why TEXT NOT NULL);
    CREATE UNIQUE INDEX one_vote ON decision (approval, person, answer) WHERE counted = 1;
    CREATE TABLE seen (scope TEXT NOT NULL, key TEXT NOT NULL, until TEXT NOT NULL, PRIMARY KEY (scope, key))
                      WITHOUT ROWID;
    """,
    # Which runs name a body, so that one can be removed with the last of them.
    """
    CREATE TABLE named (digest TEXT NOT NULL, run TEXT NOT NULL, PRIMARY KEY (digest, run)) WITHOUT ROWID;
    INSERT OR IGNORE INTO named SELECT json_each.value, event.run FROM event, json_each(event.bodies);
    CREATE INDEX change_by_approval ON change (approval);
    CREATE INDEX approval_by_run ON approval (run);
    CREATE INDEX decision_by_approval ON decision (approval);
    """,
)
VERSION = len(STEPS)


def version(connection: sqlite3.Connection, path: Path) -> int:
    """Return the schema version of a file, 0 for an empty one. Raises JournalError for a newer or a foreign file."""
    alone = not connection.in_transaction
    if alone:
        connection.execute("BEGIN")  # one snapshot: somebody may be making the tables just now
    try:
        found: int = connection.execute("PRAGMA user_version").fetchone()[0]
        owner: int = connection.execute("PRAGMA application_id").fetchone()[0]
        tables: int = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    finally:
        if alone:
            connection.execute("ROLLBACK")
    if owner != APPLICATION and (found or tables):
        raise JournalError(
            "this file is not a journal of runbookctl", details=[f"{path} is another program's database."],
            commands=["export RUNBOOKCTL_HOME=/path/to/a/folder/of/yours"],
        )  # fmt: skip
    if found > VERSION:
        raise JournalError(
            "the journal was written by a newer runbookctl",
            details=[f"{path} has schema {found}, this program knows {VERSION}. It was not touched."],
            commands=["pip install --upgrade runbookctl"],
        )
    return found


def migrate(connection: sqlite3.Connection, found: int) -> None:
    """Take the steps that a file lacks. The caller has begun a transaction."""
    for step in STEPS[found:]:
        for statement in step.split(";"):
            if statement.strip():
                connection.execute(statement)
    if found == 0:
        identity = (str(uuid.uuid4()), secrets.token_bytes(32))
        connection.execute(
            "INSERT INTO store (id, key, generation, accepted, inode) VALUES (?, ?, 1, 'new', 0)", identity
        )
        connection.execute(f"PRAGMA application_id = {APPLICATION}")
    if found < VERSION:
        connection.execute(f"PRAGMA user_version = {VERSION}")
