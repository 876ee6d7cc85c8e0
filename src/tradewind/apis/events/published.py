"""The tables of the published system, users in `userdb` and orders in `orderdb`, as `migrate export` writes
them. Nobody reads them beside it, so they are no views.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles

from ...core.published import PublishedTable, local_moment, table_of

_users = table_of("users", "users", "id", "email", "name", "password_hash", "role", "status", "created_at").c
_orders = table_of("orders", "orders", "id", "customer_id", "items", "total", "created_at").c


class items_of(sa.sql.functions.GenericFunction[Any]):
    """The published items of the lines of an order."""

    type = sa.Text()
    inherit_cache = True


@compiles(items_of, "postgresql")
def _items_of(element: items_of, compiler: Any, **how: Any) -> str:
    lines = compiler.process(element.clauses, **how)
    return (
        "(SELECT jsonb_agg(jsonb_build_object('productId', line ->> 'productId', "
        "'quantity', (line ->> 'quantity')::integer, "
        "'price', trim_scale((line -> 'unitPrice' ->> 'amount')::numeric / 100)) ORDER BY place) "
        f"FROM jsonb_array_elements(({lines})::jsonb) WITH ORDINALITY AS listed (line, place))"
    )


class amount(sa.sql.functions.GenericFunction[Any]):
    """Minor units as a decimal."""

    type = sa.Numeric()
    inherit_cache = True


@compiles(amount, "postgresql")
def _amount(element: amount, compiler: Any, **how: Any) -> str:
    return f"trim_scale({compiler.process(element.clauses, **how)}::numeric / 100)"


TABLES = (
    PublishedTable(
        service="users",
        schema="public",
        name="users",
        view=False,
        local_times=True,
        select=sa.select(
            _users.id,
            _users.email,
            _users.name,
            sa.func.nullif(_users.password_hash, "").label("password"),
            sa.case((_users.role == "admin", "admin"), else_="user").label("role"),
            local_moment(_users.created_at).label("createdAt"),
        ).where(_users.status == "ACTIVE"),
        create="id uuid PRIMARY KEY DEFAULT gen_random_uuid(), email varchar NOT NULL UNIQUE, "
        "name varchar NOT NULL, password varchar, role varchar NOT NULL DEFAULT 'user', "
        '"createdAt" timestamp NOT NULL DEFAULT now()',
    ),
    PublishedTable(
        service="orders",
        schema="public",
        name="orders",
        view=False,
        local_times=True,
        select=sa.select(
            _orders.id,
            _orders.customer_id.label("userId"),
            items_of(_orders["items"]).label("items"),
            amount(_orders.total).label("totalAmount"),
            local_moment(_orders.created_at).label("createdAt"),
        ),
        create='id uuid PRIMARY KEY DEFAULT gen_random_uuid(), "userId" varchar NOT NULL, '
        'items jsonb NOT NULL, "totalAmount" numeric NOT NULL, "createdAt" timestamp NOT NULL DEFAULT now()',
    ),
)
