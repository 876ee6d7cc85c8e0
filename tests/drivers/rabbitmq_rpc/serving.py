"""A server as a process of its own, to be killed: takes one request and never answers it. usage: URL QUEUE"""

import asyncio
import sys

from tradewind.apis.nest import wire
from tradewind.core.request_queue import Ask
from tradewind.drivers.rabbitmq.rpc.server import RpcServer


def take(ask: Ask) -> None:
    print(f"took {ask.id}", flush=True)


async def main(url: str, queue: str) -> None:
    server = RpcServer(url, queue, {"echo": take}, wire, name="victim")
    await server.start()
    print("ready", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
