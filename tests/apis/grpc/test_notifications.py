"""The published calls about notifications, over real connections: our server with our client, and by reflection."""

from __future__ import annotations

import asyncio
import ipaddress
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import grpc
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from grpc_health.v1 import health_pb2
from grpc_reflection.v1alpha import reflection_pb2

from tradewind.apis.grpc import notification_pb2 as published
from tradewind.apis.grpc.client import NotificationsGateway
from tradewind.apis.grpc.server import NAME, service
from tradewind.contracts.notifications import NotificationsOfOrders, OrderNotification
from tradewind.core.model import NOBODY, Caller, Query
from tradewind.core.rpc_methods import RpcCall, RpcFailed, RpcService
from tradewind.core.store import StoreUnavailable
from tradewind.drivers.grpc.client import GrpcClient
from tradewind.drivers.grpc.server import GrpcServer, Tls

AT = "2026-11-29T10:00:00.123Z"
ONE, SEVERAL = f"/{NAME}/GetNotifications", f"/{NAME}/GetNotificationsByOrders"


class Told:
    """A gateway that knows notifications of orders below 100."""

    def __init__(self) -> None:
        self.asked: list[tuple[tuple[str, ...], int, str]] = []
        self.fails: Exception | None = None
        self.waits = 0.0
        self.lacks: list[str] = []

    async def ask(self, query: Query, caller: Caller = NOBODY, *, deadline: int = 0, trace: str = "") -> Any:
        assert isinstance(query, NotificationsOfOrders)
        self.asked.append((query.order_ids, deadline, trace))
        await asyncio.sleep(self.waits)
        if self.fails is not None:
            raise self.fails
        return [
            OrderNotification(
                f"{int(order):024x}", order, "1", f"Order {order} created with 3 items", "SENT", AT
            )
            for order in query.order_ids
            if int(order) < 100
        ]

    def missing(self) -> list[str]:
        return self.lacks

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(name)


@pytest.fixture
def told() -> Told:
    return Told()


@asynccontextmanager
async def served(told: Told, *, port: int = 0, only: str = "") -> AsyncIterator[int]:
    made = service(told)
    if only:
        made = RpcService(name=NAME, methods={only: made.methods[only]})
    server = GrpcServer([made], told.missing)
    await server.start("127.0.0.1", port)
    try:
        yield server.port
    finally:
        await server.drain(1.0)


@asynccontextmanager
async def client_of(port: int) -> AsyncIterator[GrpcClient]:
    client = GrpcClient(f"localhost:{port}".replace("localhost", "127.0.0.1"))
    try:
        yield client
    finally:
        await client.close()


def asked(order: int) -> bytes:
    request: bytes = published.GetNotificationRequest(orderId=order).SerializeToString()
    return request


async def test_one_order_as_published(told: Told) -> None:
    async with served(told) as port, client_of(port) as client:
        reply = published.GetNotificationResponse.FromString(await client.call(ONE, asked(7)))
    (one,) = reply.notifications
    assert (one.id, one.orderId, one.userId) == ("000000000000000000000007", 7, 1)
    assert (one.message, one.status, one.sentAt) == ("Order 7 created with 3 items", "sent", AT)


async def test_an_order_that_nobody_knows_has_none(told: Told) -> None:
    async with served(told) as port, client_of(port) as client:
        assert await client.call(ONE, asked(2_000)) == b""


@pytest.mark.parametrize("order", [0, -1])
async def test_a_number_that_is_none_is_said_to_be(told: Told, order: int) -> None:
    async with served(told) as port, client_of(port) as client:
        with pytest.raises(RpcFailed) as refused:
            await client.call(ONE, asked(order))
    assert refused.value.status == "INVALID_ARGUMENT" and "orderId" in refused.value.says
    assert told.asked == []


async def test_several_orders_are_one_question(told: Told) -> None:
    async with served(told) as port, client_of(port) as client:
        found = await NotificationsGateway(client).ask(NotificationsOfOrders(("7", "9", "7", "2000")))
    assert [one.order_id for one in found] == ["7", "9"]
    assert [orders for orders, _, _ in told.asked] == [("7", "9", "2000")]


async def test_a_server_of_others_is_asked_one_by_one(told: Told) -> None:
    async with served(told, only="GetNotifications") as port, client_of(port) as client:
        gateway = NotificationsGateway(client)
        for _ in range(2):
            found = await gateway.ask(NotificationsOfOrders(("7", "9")))
            assert [one.order_id for one in found] == ["7", "9"]
    assert sorted(orders for orders, _, _ in told.asked) == [("7",), ("7",), ("9",), ("9",)]


async def test_deadline_and_trace_are_handed_on(told: Told) -> None:
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    deadline = int((time.time() + 3) * 1_000)
    async with served(told) as port, client_of(port) as client:
        await NotificationsGateway(client).ask(NotificationsOfOrders(("7",)), deadline=deadline, trace=trace)
    ((_, handed_on, traced),) = told.asked
    assert abs(handed_on - deadline) < 500 and traced == trace


async def test_a_store_that_is_away_is_unavailable_before_the_deadline(told: Told) -> None:
    async with served(told) as port, client_of(port) as client:
        for trouble in (StoreUnavailable("mongodb://secret-host: away"), None):
            told.fails, told.waits = trouble, 0.0 if trouble else 30.0
            with pytest.raises(RpcFailed) as failed:
                await client.call(ONE, asked(7), deadline=int((time.time() + 2) * 1_000))
            assert failed.value.status == "UNAVAILABLE" and "secret" not in failed.value.says


async def test_a_bug_says_nothing_of_itself(told: Told) -> None:
    told.fails = ValueError("SELECT secret")
    async with served(told) as port, client_of(port) as client:
        with pytest.raises(RpcFailed) as failed:
            await client.call(ONE, asked(7))
    assert failed.value.status == "INTERNAL" and "secret" not in failed.value.says


async def test_a_call_after_a_restart_is_tried_once_more_on_a_new_connection(told: Told) -> None:
    async with served(told) as port:
        client = GrpcClient(f"127.0.0.1:{port}")
        await client.call(ONE, asked(7))
    try:
        with pytest.raises(RpcFailed) as away:
            await client.call(ONE, asked(7))
        assert away.value.status == "UNAVAILABLE"
        async with served(told, port=port):
            assert await client.call(ONE, asked(7))
    finally:
        await client.close()


async def test_a_call_that_fails_twice_is_not_made_a_third_time(told: Told) -> None:
    calls = 0

    async def away(_: RpcCall) -> bytes:
        nonlocal calls
        calls += 1
        raise RpcFailed("UNAVAILABLE", "away")

    server = GrpcServer([RpcService(name="a.B", methods={"C": away})], list)
    await server.start("127.0.0.1", 0)
    async with client_of(server.port) as client:
        with pytest.raises(RpcFailed):
            await client.call("/a.B/C", b"")
    await server.drain(1.0)
    assert calls == 2


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Tls:
    """For 127.0.0.1, signed by itself."""
    home = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    (home / "cert.pem").write_bytes(made.public_bytes(Encoding.PEM))
    (home / "key.pem").write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    )
    return Tls(home / "cert.pem", home / "key.pem")


async def test_tls_is_for_whoever_trusts_the_certificate(told: Told, certificate: Tls) -> None:
    server = GrpcServer([service(told)], told.missing, tls=certificate)
    await server.start("127.0.0.1", 0)
    place = f"127.0.0.1:{server.port}"
    trusting = GrpcClient(f"grpcs://{place}", authority=certificate.certificate)
    plain, doubting = GrpcClient(place), GrpcClient(f"grpcs://{place}")
    try:
        assert await trusting.call(ONE, asked(7))
        for client in (plain, doubting):
            with pytest.raises(RpcFailed) as refused:
                await client.call(ONE, asked(7), deadline=int((time.time() + 3) * 1_000))
            assert refused.value.status == "UNAVAILABLE"
    finally:
        for client in (trusting, plain, doubting):
            await client.close()
        await server.drain(1.0)


def test_a_certificate_that_is_none_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"no-cert\.pem"):
        asyncio.run(
            GrpcServer([], list, tls=Tls(tmp_path / "no-cert.pem", tmp_path / "no-cert.pem")).start(
                "127.0.0.1", 0
            )
        )


async def test_health_says_what_the_process_lacks(told: Told) -> None:
    async with served(told) as port, grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        check = channel.unary_unary(
            "/grpc.health.v1.Health/Check",
            request_serializer=health_pb2.HealthCheckRequest.SerializeToString,
            response_deserializer=health_pb2.HealthCheckResponse.FromString,
        )

        async def becomes(status: Any) -> None:
            for name in ("", NAME):
                async with asyncio.timeout(20):
                    while (await check(health_pb2.HealthCheckRequest(service=name))).status != status:
                        await asyncio.sleep(0.02)

        await becomes(health_pb2.HealthCheckResponse.SERVING)
        told.lacks = ["store: mongodb://secret: away"]
        await becomes(health_pb2.HealthCheckResponse.NOT_SERVING)
        async with client_of(port) as client:
            with pytest.raises(RpcFailed) as failed:
                await client.call(ONE, asked(7))
        assert failed.value.status == "UNAVAILABLE" and "secret" not in failed.value.says
        told.lacks = []
        await becomes(health_pb2.HealthCheckResponse.SERVING)


@pytest.mark.parametrize("version", ["v1", "v1alpha"])
async def test_reflection_shows_the_published_names(told: Told, version: str) -> None:
    from google.protobuf.descriptor_pb2 import FileDescriptorProto

    async with served(told) as port, grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        ask = channel.stream_stream(
            f"/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo",
            request_serializer=reflection_pb2.ServerReflectionRequest.SerializeToString,
            response_deserializer=reflection_pb2.ServerReflectionResponse.FromString,
        )

        async def answer(**wanted: Any) -> Any:
            stream = ask(iter([reflection_pb2.ServerReflectionRequest(**wanted)]))
            return await stream.read()

        listed = await answer(list_services="")
        names = {one.name for one in listed.list_services_response.service}
        assert {NAME, "grpc.health.v1.Health", f"grpc.reflection.{version}.ServerReflection"} <= names
        shown = await answer(file_containing_symbol=NAME)
    files = [
        FileDescriptorProto.FromString(one) for one in shown.file_descriptor_response.file_descriptor_proto
    ]
    fields = {message.name: [field.name for field in message.field] for message in files[0].message_type}
    assert fields["Notification"] == ["id", "orderId", "userId", "message", "status", "sentAt"]


def test_generated_code_is_that_of_the_published_description(tmp_path: Path) -> None:
    from grpc_tools import protoc

    folder = Path(published.__file__).parent
    words = [
        "protoc",
        f"-I{folder}",
        f"--python_out={tmp_path}",
        f"--pyi_out={tmp_path}",
        "notification.proto",
    ]
    assert protoc.main(words) == 0
    for name in ("notification_pb2.py", "notification_pb2.pyi"):
        assert (folder / name).read_text() == (tmp_path / name).read_text(), (
            "make it anew: python -m grpc_tools.protoc -I. --python_out=. --pyi_out=. notification.proto"
        )
