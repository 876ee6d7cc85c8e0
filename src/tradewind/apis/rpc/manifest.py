"""Says what a blueprint that serves API rpc must have: its gateway over HTTP, its queues behind it."""

from __future__ import annotations

from ...core.manifest import ApiManifest

SHOWN = ("orders", "inventory", "payments")

APIS = (
    ApiManifest(
        name="rpc",
        transport="http",
        clients=True,
        shows=SHOWN,
        over=("rpc-queues",),
        stands_in=("payment_token",),
        promises={"access": "open"},
        base="/api",
        docs="/api/docs",
        try_it="tradewind load smoke --url {url}",
        adopts=f"{__package__}.adopting",
    ),
    ApiManifest(name="rpc-queues", transport="rabbitmq"),
)
