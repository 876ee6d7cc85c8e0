"""Says what a blueprint must know of the sandbox provider as a process of its own, and gives payments its
provider, wherever that runs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ....core.api import ApiGiven, ApiManifest, Around, Front
from ....core.manifest import Outside
from ..settings import SETTINGS

if TYPE_CHECKING:
    from .sandbox import Sandbox

PROVIDER, LEDGER = "provider", "provider.db"


def ports(around: Around) -> dict[str, Outside]:
    """What payments calls."""
    from .absent import NoProvider

    if around.policies.payment == "none":
        return {PROVIDER: NoProvider()}
    if PROVIDER not in around.apis:
        return {PROVIDER: sandbox(around)}
    from .remote import RemoteProvider

    settings = around.settings
    return {
        PROVIDER: RemoteProvider(
            settings["provider_url"], around.client(), timeout_s=settings["provider_timeout_s"]
        )
    }


def sandbox(around: Around) -> Sandbox:
    """With its ledger in the data folder. It signs and delivers webhooks where somebody takes them."""
    from .sandbox import Sandbox
    from .webhook_sender import WebhookSender

    settings = around.settings
    settings["data"].mkdir(mode=0o700, parents=True, exist_ok=True)
    tells = around.webhooks is not None
    return Sandbox(
        settings["data"] / LEDGER,
        clock=around.clock.now,
        random=around.clock.random,
        secret=around.secret("webhooks") if tells else b"",
        deliver=None if around.webhooks is None else WebhookSender(around.webhooks, around.client()),
        timeout_s=settings["provider_timeout_s"],
        faults=settings["provider_faults"],
    )


def front(given: ApiGiven) -> Front:
    """One ledger for all copies of payments."""
    from .server import NOTHING, ProviderServer

    made = sandbox(given)
    return Front(handler=ProviderServer(made), unanswered=NOTHING, opened=made.start, close=made.close)


APIS = (
    ApiManifest(
        name=PROVIDER,
        transport="http",
        front=front,
        settings={"provider_url": SETTINGS["provider_url"]},
        at="provider_url",
        single=True,
    ),
)
