"""Says what a blueprint must know of our own wire: any service may be asked over it."""

from __future__ import annotations

from ...core.manifest import ApiManifest

APIS = (ApiManifest(name="services", transport="rabbitmq"),)
