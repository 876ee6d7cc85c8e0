"""Makes a connection that is ready for its setup: TCP, TLS, handshake, channel, and the watch over its
life.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable

from . import explain, methods
from .address import Address
from .connection import Connection
from .errors import LinkDown
from .heart import watch
from .messages import Limits

MOST_FRAME = 128 * 1024
SMALLEST_FRAME = 4096  # AMQP's own least


async def connect(
    address: Address,
    security: ssl.SSLContext | None,
    name: str,
    limits: Limits,
    epoch: int,
    *,
    confirms: bool,
    lost: Callable[[LinkDown], None],
) -> Connection:
    """Errors: LinkDown, one line with the way out."""
    connection = Connection(name, limits, epoch, confirms=confirms, lost=lost)
    greeting = connection.asked("Connection.Start")
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(limits.connect_s):
            await loop.create_connection(
                lambda: connection,
                address.host,
                address.port,
                ssl=security,
                server_hostname=address.host if security else None,
            )
            heartbeat = await _shake_hands(connection, address, greeting)
    except LinkDown:
        raise
    except (OSError, TimeoutError, ValueError) as error:  # ValueError: a host or vhost that cannot be one
        connection.fail(LinkDown(explain.trouble(error, tls=address.tls)))
        if not greeting.cancelled():
            greeting.exception()  # it has been reported already
        raise connection.gone() from error
    except BaseException:
        connection.fail(LinkDown("given up"))
        raise
    watch(connection, heartbeat)
    return connection


async def _shake_hands(connection: Connection, address: Address, greeting: asyncio.Future[object]) -> int:
    """How often the other side wants a sign of life, in seconds; 0 for never."""
    await connection.answer(greeting)
    tune = await connection.call(methods.start_ok(address, connection.name))
    most_frame = max(min(tune.frame_max or MOST_FRAME, MOST_FRAME), SMALLEST_FRAME)
    wanted = connection.limits.heartbeat_s if address.heartbeat < 0 else address.heartbeat
    heartbeat = min(wanted, tune.heartbeat) if wanted and tune.heartbeat else wanted
    connection.send(methods.tune_ok(1, most_frame, heartbeat))
    connection.agree(most_frame)
    await connection.call(methods.open_vhost(address.vhost))
    await connection.call(methods.open_channel())
    await connection.call(methods.qos(connection.limits.prefetch))
    if connection.confirms:
        await connection.call(methods.select_confirms())
    return heartbeat
