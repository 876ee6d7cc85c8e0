"""Says what a blueprint must know of the edge: a process may serve it, and clients call it."""

from __future__ import annotations

from ..core.manifest import ApiManifest

APIS = (ApiManifest(name="edge", transport="http", clients=True),)
