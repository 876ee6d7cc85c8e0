"""Says what a blueprint must know of the published system `invoicing`."""

from __future__ import annotations

from ...core.api import ApiManifest

APIS = (
    ApiManifest(
        name="invoicing",
        transport="http",
        clients=True,
        shows=("orders",),
        channels=f"{__package__}.channels",
        published=f"{__package__}.published",
        adopts=f"{__package__}.adopting",
        uses=("channel orders",),
    ),
)
