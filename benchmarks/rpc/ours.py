"""Tradewind as an operator starts the blueprint: `tradewind up --blueprint rpc`, everything on, traces of one
request in a hundred.
"""

from __future__ import annotations

import sys
import time

from benchmarks.processes import (
    Failed,
    Missing,
    Process,
    arguments,
    free_port,
    tradewind,
    tree,
    wait_ok,
    wait_port,
)
from benchmarks.rpc.subject import Subject

READY_S = 60
END_S = 60.0
OPS_PORTS = ("GATEWAY_OPS_PORT", "ORDERS_OPS_PORT", "INVENTORY_OPS_PORT", "PAYMENTS_OPS_PORT")


def last_line(text: str) -> str:
    return text.strip().splitlines()[-1]


class Ours(Subject):
    versioned = True
    name = "ours"
    copies = 1
    table = "order_schema.orders"
    warm_up_s = 5
    warm_up_requests = 10_000

    def start(self) -> None:
        command = tradewind(self.options.program)
        self.own()
        self.port, sink = free_port(), free_port()
        self.spans = self.folder / "spans"
        sink_argv = [
            sys.executable,
            "-m",
            "benchmarks.rpc.sink",
            "--port",
            str(sink),
            "--count",
            str(self.spans),
        ]
        self.sink = Process(sink_argv, log=self.folder / "sink.log")
        wait_port(self.sink, sink)
        env = {
            "DB_HOST": "127.0.0.1",
            "DB_PORT": str(self.database.port),
            "DB_NAME": self.database.name,
            "DB_USER": "postgres",
            "DB_PASSWORD": "postgres",
            "RABBITMQ_URL": self.host.url,
            "API_GATEWAY_PORT": str(self.port),
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{sink}/v1/traces",
            "TRADEWIND_TRACE_RATIO": "0.01",
            "TRADEWIND_DATA": str(self.folder / "data"),
            "ORDERS_COPIES": str(self.copies),
            **dict.fromkeys(OPS_PORTS, "0"),
        }
        argv = [command, "up", "--blueprint", "rpc"]
        process = Process(argv, log=self.folder / "tradewind.log", env=env, cores=self.options.server_cores)
        self.processes.append(process)
        try:
            wait_ok(process, self.port, "/health", READY_S)
        except Failed as failure:
            raise Missing(
                f"`tradewind up --blueprint rpc` does not come up: {last_line(str(failure))}"
            ) from failure

    def stop(self) -> None:
        super().stop()
        if hasattr(self, "sink"):
            self.sink.stop()

    def account(self) -> None:
        """Failed too where the event of an order does not reach the broker, which is an order's end here."""
        super().account()
        until = time.monotonic() + END_S
        while left := self.database.count("order_schema.outbox"):
            if time.monotonic() > until:
                raise Failed(f"{self.folder.name}: after {END_S:.0f} s {left} events are still in the outbox")
            time.sleep(0.1)

    def roles(self) -> dict[str, int]:
        """Told by their command lines: `… serve ROLE --copy N …`. The supervisor is no role: a container has
        none.
        """
        found: dict[str, int] = {}
        for pid in tree(self.processes[0].pid)[1:]:
            words = arguments(pid)
            if "serve" in words[:-1]:
                role = words[words.index("serve") + 1]
                found[
                    role
                    if role not in found
                    else f"{role}-{sum(name.startswith(role) for name in found) + 1}"
                ] = pid
        if len(found) < 3 + self.copies:
            raise Failed(
                f"{self.name}: of its processes there are only {', '.join(found) or 'none'}: {self.tail()}"
            )
        return dict(sorted(found.items()))

    def tail(self) -> str:
        process = self.processes[0]
        assert isinstance(process, Process)
        return process.tail()

    def more(self) -> dict[str, float]:
        spans = int(self.spans.read_text() or 0) if self.spans.exists() else 0
        return {"spans_exported": spans, "supervisor_rss_mb": self.processes[0].rss_mb_alone()}


class Doubled(Ours):
    name = "ours2"
    copies = 2
