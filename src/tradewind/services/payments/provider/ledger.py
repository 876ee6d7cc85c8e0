"""Keeps the charges of the sandbox provider in a file of its own, so that they survive a kill of the shop or
of the provider.

`takings` has a row for every time money was taken, and no constraint against a second one: so an audit counts
facts there.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import msgspec

from ....core.store import StoreUnusable
from ....drivers import explain
from ....drivers.sqlite.files import make_private
from .commits import Commits

SCHEMA = """
CREATE TABLE IF NOT EXISTS charges (
  key TEXT PRIMARY KEY, charge_id TEXT NOT NULL, amount INTEGER NOT NULL, currency TEXT NOT NULL, token_kind TEXT NOT NULL,
  state TEXT NOT NULL, code TEXT NOT NULL, refunded INTEGER NOT NULL, due_at INTEGER, created_at INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS charges_due ON charges (due_at) WHERE state = 'PENDING';
CREATE TABLE IF NOT EXISTS takings (id INTEGER PRIMARY KEY, key TEXT NOT NULL, amount INTEGER NOT NULL, taken_at INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS refunds (
  refund_key TEXT PRIMARY KEY, key TEXT NOT NULL, amount INTEGER NOT NULL, created_at INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS calls (key TEXT PRIMARY KEY, seen INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS webhooks (id TEXT PRIMARY KEY, body BLOB NOT NULL, attempts INTEGER NOT NULL, next_at INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS webhooks_next ON webhooks (next_at);
"""
ENTRIES = """
SELECT c.key, c.amount, c.currency, c.state, coalesce(r.amount, 0), coalesce(t.times, 0), coalesce(t.amount, 0), coalesce(k.seen, 0)
FROM charges c
LEFT JOIN (SELECT key, sum(amount) AS amount FROM refunds GROUP BY key) r ON r.key = c.key
LEFT JOIN (SELECT key, sum(amount) AS amount, count(*) AS times FROM takings GROUP BY key) t ON t.key = c.key
LEFT JOIN calls k ON k.key = c.key ORDER BY c.key
"""


COLUMNS = "key TEXT PRIMARY KEY, amount, currency, state, refunded, charges, taken, calls"


class LedgerEntry(msgspec.Struct, frozen=True):
    """What became of one key. `refunded`, `charges` and `taken` are counted from the single movements of
    money.
    """

    key: str
    amount: int
    currency: str
    state: str
    refunded: int
    charges: int
    taken: int
    calls: int


class LedgerSnapshot:
    """All entries as they were at one moment, also while the provider runs, found by key. Errors:
    FileNotFoundError.
    """

    def __init__(self, path: Path | str) -> None:
        file = Path(path).resolve()
        if not file.exists():
            raise FileNotFoundError(path)
        self._db = sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True, timeout=5.0, isolation_level=None)
        try:
            # a file of the connection's own: the movements of a key are summed up once
            self._db.execute(f"CREATE TEMP TABLE entries ({COLUMNS})")
            self._db.execute(f"INSERT INTO entries {ENTRIES}")
        except sqlite3.Error:
            self._db.close()
            raise

    def of(self, keys: Sequence[str]) -> Iterator[LedgerEntry]:
        given = msgspec.json.encode(keys).decode()
        for row in self._db.execute(
            "SELECT * FROM entries WHERE key IN (SELECT value FROM json_each(?))", (given,)
        ):
            yield LedgerEntry(*row)

    def moved(self) -> Iterator[LedgerEntry]:
        """Those by which money was taken or given back."""
        for row in self._db.execute("SELECT * FROM entries WHERE charges > 0 OR refunded > 0"):
            yield LedgerEntry(*row)

    def close(self) -> None:
        self._db.close()


def open_ledger(path: Path | str, *, commit_inline: bool = False) -> Commits:
    """Errors: StoreUnusable, with the way out."""
    try:
        make_private(path)
        db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=1.0)
        db.execute("PRAGMA journal_mode = WAL")
        # the sandbox plays a provider with a disk of its own: it survives its process at any moment, and need
        # not survive our power cut
        db.execute("PRAGMA synchronous = NORMAL")
        db.executescript(SCHEMA)
    except sqlite3.Error as error:
        raise StoreUnusable(f"{path} (the sandbox provider's ledger): {explain.sqlite(error)}") from error
    return Commits(db, errors=sqlite3.Error, inline=commit_inline)


def entries(path: Path | str) -> Iterator[LedgerEntry]:
    """All keys from one snapshot, in order, also while the provider runs. Errors: FileNotFoundError."""
    file = Path(path).resolve()
    if not file.exists():
        raise FileNotFoundError(path)
    with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True, timeout=5.0)) as db:
        for row in db.execute(ENTRIES):
            yield LedgerEntry(*row)
