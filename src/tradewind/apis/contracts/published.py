"""The tables of the published system, in the schema `public`: the views that others read, and what `migrate
export` writes back.
"""

from __future__ import annotations

import sqlalchemy as sa

from ...core.published import Computed, FirstRow, PublishedTable, moment, table_of

CUSTOMER = ("name", "email", "address", "state", "zip_code", "country")

_orders = table_of("orders", "orders", "id", "customer_id", "total", "status", "created_at").c
_people = table_of("orders", "customers", "id", *CUSTOMER, "date_of_birth", "created_at")
_customers = _people.c
_invoices = table_of("invoices", "invoices", "id", "order_id", "issued_at").c
_placed = Computed("published_created_at", moment(_orders.created_at))
_born = sa.cast(sa.func.nullif(_customers.date_of_birth, ""), sa.Date).label("date_of_birth")
_own = [_customers[name] for name in ("id", *CUSTOMER)]
_reached = sa.func.coalesce(sa.func.nullif(_customers.email, ""), _customers.id + "@customer.invalid")

TABLES = (
    PublishedTable(
        service="orders",
        schema="public",
        name="customers",
        select=sa.select(*_own, _born),
        create="id text PRIMARY KEY, name text NOT NULL, email text NOT NULL UNIQUE, address text NOT NULL, "
        "state text NOT NULL, zip_code text NOT NULL, country text NOT NULL, date_of_birth date",
        # the original has no row without an address for mail
        handed_back=sa.select(
            *[_reached.label("email") if one.name == "email" else one for one in _own], _born
        ),
        # whose an order is that names nobody
        first=FirstRow(
            _people,
            lambda settings, at: {
                "id": settings["default_customer"],
                "created_at": at,
                **dict.fromkeys((*CUSTOMER, "date_of_birth"), ""),
            },
        ),
    ),
    PublishedTable(
        service="orders",
        schema="public",
        name="orders",
        select=sa.select(
            _orders.id,
            _orders.customer_id,
            sa.cast(_orders.total, sa.Integer).label("amount"),
            sa.case(
                (_orders.status == "PENDING", "pending"),
                (_orders.status == "CONFIRMED", "paid"),
                else_="canceled",
            ).label("status"),
            _placed.label("created_at"),
        ),
        computed=(_placed,),
        indexes={"orders_published_customer": (_orders.customer_id, _placed)},
        create="id text PRIMARY KEY, customer_id text NOT NULL, amount integer NOT NULL, "
        "status text NOT NULL DEFAULT 'pending', created_at timestamp NOT NULL DEFAULT now()",
    ),
    PublishedTable(
        service="invoices",
        schema="public",
        name="invoices",
        select=sa.select(
            _invoices.id, _invoices.order_id, moment(_invoices.issued_at).label("created_at")
        ).where(_invoices.issued_at.is_not(None)),
        indexes={"invoices_published_order": (_invoices.order_id,)},
        create="id text PRIMARY KEY, order_id text NOT NULL, created_at timestamp NOT NULL DEFAULT now()",
    ),
)
