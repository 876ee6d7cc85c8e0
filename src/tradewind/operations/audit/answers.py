"""Checks the replies: what a reply has promised is still there, and one key stands for one thing."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import msgspec
import sqlalchemy as sa

from ...engine.tables import FrameworkTables, framework_tables
from ...services.inventory import storage as inventory
from ...services.orders import storage as orders
from ...services.payments import storage as payments
from .findings import Broken
from .rows import Rows

KEPT_MS = 30 * 86_400_000
"""A key may be used again after that time."""
MOST = 1_000


class Answered(msgspec.Struct, rename="camel"):
    """The part of a reply that names what it created. `origin`: of a dead letter, which may be gone."""

    id: str
    origin: str = ""


class ReplyRecords:
    """The inbox of one service, and the tables of what its replies created."""

    def __init__(self, name: str, ledgers: FrameworkTables, *made: sa.Table) -> None:
        self.name, inbox = name, ledgers.inbox.c
        # an answer begins with an id: this finds it without reading JSON in SQL, and what it finds is read
        # properly
        told = sa.func.substr(inbox.reply, 8, 36)
        answered = (inbox.status == 0, inbox.reply != "")  # an event has no reply
        self.lost = sa.select(inbox.id, inbox.reply).where(
            *answered, *(~sa.exists().where(table.c.id == told) for table in made)
        )
        self.count = sa.select(sa.func.count()).select_from(ledgers.inbox).where(*answered)
        self.one = [sa.select(table.c.id).where(table.c.id == sa.bindparam("id")) for table in made]


RECORDS = (
    ReplyRecords("orders", framework_tables("orders"), orders.ORDERS.rows),
    ReplyRecords(
        "inventory", framework_tables("inventory"), inventory.PRODUCTS.rows, inventory.MOVEMENTS.rows
    ),
    ReplyRecords("payments", framework_tables("payments"), payments.PAYMENTS.rows, payments.REFUNDS.rows),
)


async def forgotten(source: Rows, services: frozenset[str]) -> tuple[list[Broken], int]:
    """Requests whose reply names what does not exist; of how many. A request has one reply: its claim is the
    key of its row.
    """
    missing, count = [], 0
    for records in RECORDS:
        if records.name not in services:
            continue
        count += (await source.rows(records.count))[0][0]
        for claim, reply in await source.rows(records.lost):
            try:
                answer = msgspec.json.decode(reply, type=Answered)
            except msgspec.ValidationError:
                continue
            except msgspec.DecodeError:
                missing.append(Broken(claim, "an answer that cannot be read"))
                continue
            if not answer.origin and not [
                row for one in records.one for row in await source.rows(one, {"id": answer.id})
            ]:
                missing.append(
                    Broken(answer.id, f"answered to request {claim} of {records.name}, and it is not there")
                )
    return missing, count


class Keyed:
    """A table whose rows show the idempotency key of their request."""

    def __init__(self, what: str, table: sa.Table) -> None:
        row: Any = table.c
        self.what = what
        shared = (
            sa.select(row.idempotency_key)
            .where(row.idempotency_key.is_not(None))
            .group_by(row.idempotency_key)
        )
        self.shared = shared.having(sa.func.count() > 1).limit(MOST)
        self.under = (
            sa.select(row.id, row.created_at)
            .where(row.idempotency_key == sa.bindparam("key"))
            .order_by(row.created_at, row.id)
        )


KEYED = (Keyed("order", orders.ORDERS.rows), Keyed("payment", payments.PAYMENTS.rows))


async def made_twice(source: Rows) -> list[Broken]:
    """What was made a second time under a key that still stood for the first."""
    found = []
    for kind in KEYED:
        for (key,) in await source.rows(kind.shared):
            rows = await source.rows(kind.under, {"key": key})
            found += [
                Broken(second, f"a second {kind.what} under the key {key!r}, after {first}")
                for (first, before), (second, at) in pairwise(rows)
                if at - before < KEPT_MS
            ]
    return found
