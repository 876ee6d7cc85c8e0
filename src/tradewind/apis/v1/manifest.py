"""Says what a blueprint that serves API v1 must have."""

from __future__ import annotations

from ...core.manifest import ApiManifest

APIS = (
    ApiManifest(
        name="v1",
        transport="http",
        clients=True,
        shows=("users", "inventory", "orders", "payments", "invoices", "notifications"),
        over=("services",),
        webhooks=True,
        admin=True,
        base="/api/v1",
        docs="/docs",
        try_it="tradewind first-order",
        beside=("provider",),  # its webhooks come here, so it cannot be a part of payments
        promises={
            "access": "jwt",
            "pricing": "catalogue",
            "products": "must-exist",
            "customers": "must-exist",
        },
    ),
)
