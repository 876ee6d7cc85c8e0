"""Says what a blueprint must know of notifications over gRPC, and how a process serves and asks by it."""

from __future__ import annotations

from ...core import readers
from ...core.api import ApiGiven, ApiManifest, Around, RpcFront
from ...core.gateway import Gateway
from ...core.settings import Setting

SETTINGS: dict[str, Setting] = {
    "notification_service_url": Setting(
        readers.word,
        "localhost:50051",
        "HOST:PORT",
        "where other processes ask for notifications; with TLS grpcs://HOST:PORT",
    ),
    "grpc_certificate": Setting(
        str, "", "file", "the certificate, with its chain, of notifications over gRPC; empty: no TLS"
    ),
    "grpc_key": Setting(str, "", "file", "the key of that certificate"),
    "grpc_authority": Setting(
        str,
        "",
        "file",
        "the certificates that are trusted where notifications are asked for; empty: the system's",
    ),
}


def methods(given: ApiGiven) -> RpcFront:
    """Errors: ValueError, for a certificate without its key."""
    from .server import service

    certificate, key = given.settings["grpc_certificate"], given.settings["grpc_key"]
    if bool(certificate) != bool(key):
        raise ValueError("a certificate and its key belong together: set both, or none")
    return RpcFront(services=(service(given.reach.gateway),), certificate=certificate, key=key)


def asked(around: Around) -> Gateway:
    from .client import NotificationsGateway

    settings = around.settings
    return NotificationsGateway(around.rpc(settings["notification_service_url"], settings["grpc_authority"]))


APIS = (
    ApiManifest(
        name="graphql-notifications",
        transport="grpc",
        methods=methods,
        asked=asked,
        clients=True,
        shows=("notifications",),
        settings=SETTINGS,
        channels=f"{__package__}.channels",
        documents=f"{__package__}.documents",
    ),
)
