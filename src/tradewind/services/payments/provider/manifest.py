"""Says what a blueprint must know of the sandbox provider as a process of its own."""

from __future__ import annotations

from ....core.manifest import ApiManifest

APIS = (ApiManifest(name="provider", transport="http", at="provider_url"),)
