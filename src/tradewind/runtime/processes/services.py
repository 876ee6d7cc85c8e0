"""Makes the payment provider that the services of one process need."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ...core.clock import Clock
from ...drivers.http.client import PooledClient
from ...services.payments.provider.absent import NoProvider
from ..blueprint import Blueprint
from ..config import Config

if TYPE_CHECKING:
    from ...services.payments.provider.remote import RemoteProvider
    from ...services.payments.provider.sandbox import Sandbox

LEDGER = "provider.db"


def provider(
    config: Config,
    clock: Clock,
    names: Iterable[str],
    blueprint: Blueprint,
    webhooks: Mapping[str, Any] | None = None,
) -> Sandbox | RemoteProvider | NoProvider:
    """The payment provider, where a process needs one. `start` it in the loop. `webhooks`: how the sandbox
    signs and delivers them, where somebody takes them.
    """
    if "payments" not in names or blueprint.policies.payment == "none":
        return NoProvider()
    if "provider" in blueprint.apis:
        from ...services.payments.provider.remote import RemoteProvider

        return RemoteProvider(config.provider_url, PooledClient(), timeout_s=config.provider_timeout_s)
    from ...services.payments.provider.sandbox import Sandbox

    config.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    return Sandbox(
        config.data / LEDGER,
        clock=clock.now,
        random=clock.random,
        timeout_s=config.provider_timeout_s,
        faults=config.provider_faults,
        **(webhooks or {}),
    )
