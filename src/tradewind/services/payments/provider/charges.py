"""Decides what a call does to the charges, and writes it: one function of a transaction per question that a
provider is asked.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto
from hashlib import sha256

import msgspec
from msgspec.structs import replace

from . import tokens
from .commits import Commits, Db
from .port import Answer, Charge, KeyReused, RefundTooLarge, State

SEEN = "INSERT INTO calls VALUES (?, 1) ON CONFLICT (key) DO UPDATE SET seen = seen + 1 RETURNING seen"
ROW = "SELECT key, charge_id, amount, currency, token_kind, state, code, refunded, due_at FROM charges WHERE "
MOST_AT_ONCE = 500


class End(Enum):
    """How a charge call ends for the caller."""

    ANSWER = auto()
    DOWN = auto()
    LOST = auto()


class Row(msgspec.Struct, frozen=True):
    key: str
    charge_id: str = ""
    amount: int = 0
    currency: str = ""
    kind: str = tokens.STRANGER
    state: str = State.UNKNOWN
    code: str = ""
    refunded: int = 0
    due_at: int | None = None

    def answer(self) -> Answer:
        return Answer(State(self.state), self.code, self.charge_id, self.refunded)


class Charges:
    def __init__(self, commits: Commits, *, tells: bool, stirred: Callable[[], None]) -> None:
        """`stirred` is called when something was written that must be acted on later."""
        self._commits, self._tells, self._stirred = commits, tells, stirred

    async def charge(self, what: Charge, now: int) -> tuple[Row, End]:
        if not 0 <= what.amount < 2**63:
            raise ValueError("amount out of range")
        kind = tokens.kind(what.token)
        manner = tokens.manner(kind)

        def work(db: Db) -> tuple[Row, End]:
            seen: int = db.execute(SEEN, (what.key,)).fetchone()[0]
            row = self._row(db, what.key, now)
            if row.state != State.UNKNOWN:
                # a key that was voided before its charge came has no currency: it refuses any charge
                if row.currency and (row.amount, row.currency) != (what.amount, what.currency):
                    raise KeyReused(what.key)
                return row, End.ANSWER
            if seen <= manner.errors:
                return row, End.DOWN
            if seen == 1 and manner.loses == "request":
                return row, End.LOST
            row = self._open(db, what, kind, now)
            return row, End.LOST if seen == 1 and manner.loses == "answer" else End.ANSWER

        return await self._commits.ask(work)

    async def find(self, key: str, now: int) -> Row:
        return await self._commits.ask(lambda db: self._row(db, key, now))

    async def void(self, key: str, now: int) -> Row:
        def work(db: Db) -> Row:
            row = self._row(db, key, now)
            if row.state == State.UNKNOWN:
                self._insert(db, replace(row, state=State.VOIDED), now)
            elif row.state == State.PENDING and tokens.manner(row.kind).voidable:
                db.execute("UPDATE charges SET state = 'VOIDED' WHERE key = ?", (key,))
            return self._row(db, key, now)

        return await self._commits.ask(work)

    async def refund(self, key: str, refund_key: str, amount: int, now: int) -> Row:
        if amount <= 0:
            raise ValueError("a refund is more than nothing")

        def work(db: Db) -> Row:
            row = self._row(db, key, now)
            if known := db.execute(
                "SELECT key, amount FROM refunds WHERE refund_key = ?", (refund_key,)
            ).fetchone():
                if known != (key, amount):
                    raise KeyReused(refund_key)
                return row
            if amount > (row.amount - row.refunded if row.state == State.CHARGED else 0):
                raise RefundTooLarge(key)
            db.execute("INSERT INTO refunds VALUES (?, ?, ?, ?)", (refund_key, key, amount, now))
            db.execute("UPDATE charges SET refunded = refunded + ? WHERE key = ?", (amount, key))
            return replace(row, refunded=row.refunded + amount)

        return await self._commits.ask(work)

    async def settle(self, now: int) -> int | None:
        """Makes the charges that are due; answers when the next one is."""

        def work(db: Db) -> int | None:
            due = db.execute(
                ROW + "state = 'PENDING' AND due_at <= ? ORDER BY due_at, key LIMIT ?", (now, MOST_AT_ONCE)
            ).fetchall()
            for row in due:
                self._take(db, Row(*row))
            following: tuple[int | None] = db.execute(
                "SELECT min(due_at) FROM charges WHERE state = 'PENDING'"
            ).fetchone()
            return following[0]

        return await self._commits.ask(work)

    def _row(self, db: Db, key: str, now: int) -> Row:
        found = db.execute(ROW + "key = ?", (key,)).fetchone()
        row = Row(*found) if found else Row(key)
        return (
            self._take(db, row)
            if row.state == State.PENDING and row.due_at is not None and row.due_at <= now
            else row
        )

    def _open(self, db: Db, what: Charge, kind: str, now: int) -> Row:
        manner = tokens.manner(kind)
        row = Row(
            what.key, "ch_" + sha256(what.key.encode()).hexdigest()[:24], what.amount, what.currency, kind
        )
        if manner.declines:
            return self._insert(
                db, replace(row, state=State.DECLINED, code=manner.declines, charge_id=""), now
            )
        if (due_at := manner.due_at(what, now)) is not None:
            self._stirred()
            return self._insert(db, replace(row, state=State.PENDING, due_at=due_at), now)
        self._insert(db, replace(row, state=State.CHARGED), now)
        db.execute("INSERT INTO takings (key, amount, taken_at) VALUES (?, ?, ?)", (row.key, row.amount, now))
        return replace(row, state=State.CHARGED)

    def _insert(self, db: Db, row: Row, now: int) -> Row:
        db.execute(
            "INSERT INTO charges VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", (*msgspec.structs.astuple(row), now)
        )
        return row

    def _take(self, db: Db, row: Row) -> Row:
        db.execute("UPDATE charges SET state = 'CHARGED' WHERE key = ?", (row.key,))
        db.execute(
            "INSERT INTO takings (key, amount, taken_at) VALUES (?, ?, ?)", (row.key, row.amount, row.due_at)
        )
        if self._tells and tokens.manner(row.kind).tells:
            body = {
                "type": "charge.succeeded",
                "key": row.key,
                "chargeId": row.charge_id,
                "amount": row.amount,
            }
            db.execute(
                "INSERT INTO webhooks VALUES (?, ?, 0, ?)",
                (f"msg_{row.charge_id[3:]}", msgspec.json.encode(body), row.due_at),
            )
            self._stirred()
        return replace(row, state=State.CHARGED)
