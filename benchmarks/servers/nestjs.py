"""The peer: NestJS gateway → RabbitMQ → NestJS orders → PostgreSQL, from the sources in peers/nestjs-rpc, in
production mode.
"""

from __future__ import annotations

import hashlib
import random
import shutil
import subprocess
import uuid
from pathlib import Path

import msgspec

from benchmarks.options import Options
from benchmarks.orders import Orders
from benchmarks.paths import CACHE, HERE, relative
from benchmarks.processes import Failed, Missing, Process, commands, free_port, need, wait_ok
from benchmarks.servers.base import Server
from benchmarks.servers.postgres import Postgres
from benchmarks.servers.rabbitmq import RabbitMQ

SOURCES = HERE / "peers" / "nestjs-rpc"
MADE = {"node_modules", "dist"}  # what somebody may have installed there


class NestJS(Server):
    warm_up_s = 12  # measured: below its steady rate by a third for the first ten seconds,
    warm_up_requests = 20_000  # and its CPU per order still falling after 8,000

    def __init__(self, options: Options, folder: Path) -> None:
        super().__init__(options, folder)
        self.orders = Orders("/api/orders", "X-Idempotency-Key", bodies())

    def start(self) -> None:
        node = need("node", "nodejs")
        self.postgres = Postgres(self.folder / "postgres", self.options.server_cores)
        rabbitmq = RabbitMQ(self.folder / "rabbitmq", self.options.server_cores)
        program = install()
        self.processes.append(self.postgres)
        self.postgres.start(SOURCES / "schema.sql")
        self.processes += rabbitmq.start()
        self.port = free_port()
        env = {
            "NODE_ENV": "production",
            "RABBITMQ_URL": rabbitmq.url,
            "DATABASE_URL": self.postgres.url,
            "PORT": str(self.port),
        }
        for name in ("orders", "gateway"):
            argv = [node, str(program / "dist" / f"{name}.js")]
            process = Process(argv, log=self.folder / f"{name}.log", env=env, cores=self.options.server_cores)
            self.processes.append(process)
        wait_ok(process, self.port, "/health")
        self.orders.place_many(self.port, 1)

    def stored(self) -> int:
        return int(self.postgres.psql("-c", 'SELECT count(*) FROM order_schema."order"'))


def bodies(count: int = 97, seed: int = 7) -> list[str]:
    """Orders of two lines, as its page publishes them: the client names the prices."""
    pick = random.Random(seed)
    products = [str(uuid.UUID(int=pick.getrandbits(128), version=4)) for _ in range(50)]
    made = []
    for _ in range(count):
        one, other = pick.sample(products, 2)
        items = [
            {"productId": one, "quantity": 2, "price": 29.99},
            {"productId": other, "quantity": 1, "price": 9.99},
        ]
        made.append(msgspec.json.encode({"items": items, "total": 69.97}).decode())
    return made


def install() -> Path:
    """`npm ci` and `tsc`, once for these sources."""
    npm, program = need("npm", "npm"), CACHE / "peers" / "nestjs-rpc"
    files = sorted(
        path
        for path in SOURCES.rglob("*")
        if path.is_file() and not MADE.intersection(path.relative_to(SOURCES).parts)
    )
    stamp = hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()
    if (program / "stamp").exists() and (program / "stamp").read_text() == stamp:
        return program
    shutil.rmtree(program, ignore_errors=True)
    shutil.copytree(SOURCES, program, ignore=shutil.ignore_patterns(*MADE))
    for argv in (
        [npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts"],
        [str(program / "node_modules" / ".bin" / "tsc")],
    ):
        commands.append(relative(" ".join(argv)))
        done = subprocess.run(argv, cwd=program, capture_output=True, text=True, check=False)
        if done.returncode:
            text = relative((done.stdout + done.stderr)[-600:])
            raise Missing(f"npm could not install it: {text}") if "ci" in argv else Failed(f"tsc: {text}")
    (program / "stamp").write_text(stamp)
    return program
