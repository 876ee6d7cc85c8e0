"""Says what a blueprint must know of a published system with orders and invoices of an amount: they differ in
their fronts, their settings and the variables that they leave without effect.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ...core.api import ApiGiven, ApiManifest, Front
from ...core.settings import Setting

Make = Callable[[ApiGiven], Front]


def both(
    name: str,
    package: str,
    orders: Make,
    invoices: Make,
    *,
    ignores: tuple[str, ...],
    settings: Mapping[str, Setting] = {},
) -> tuple[ApiManifest, ApiManifest]:
    """The manifests of the two servers of a system; `package` is that of its channels and tables."""
    return (
        ApiManifest(
            name=name,
            transport="http",
            front=orders,
            clients=True,
            shows=("orders",),
            over=("services",),
            needs=("orders",),
            channels=f"{package}.channels",
            published=f"{package}.published",
            adopts=f"{package}.adopting",
            promises={"access": "open", "pricing": "client", "products": "any"},
            settings=settings,
            ignores=ignores,
            docs="/docs",
            example="/orders",
            uses=("channel orders", "redis"),
        ),
        ApiManifest(
            name=f"{name}-invoices",
            transport="http",
            front=invoices,
            clients=True,
            shows=("invoices",),
            over=("services",),
            promises={"access": "open", "invoice": "created", "invoice_number": "{number}"},
            ignores=ignores,
            docs="/docs",
            example="/invoices",
            uses=("redis",),
        ),
    )
