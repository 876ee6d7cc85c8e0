"""`tradewind serve`, and `up`, as programs, with processes that do nothing but listen: the first word says
which of the two.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType

from tradewind.runtime.config import Config
from tradewind.runtime.processes import entry as door
from tradewind.runtime.processes.command import Command
from tradewind.runtime.topology import Blueprint, Process

ROOT = Path(__file__).parents[3]
HEAVY = ("typer", "rich", "alembic", "sqlalchemy", "asyncpg")


class Listening:
    """Serves nobody. `SERVED_WHY` is why it cannot."""

    login = None

    def __init__(self, config: Config, blueprint: Blueprint, process: Process, name: str = "") -> None:
        self.config, self.blueprint, self.process = config, blueprint, process

    async def run(self, started: Callable[[str], None]) -> None:
        import asyncio  # not for the supervisor, which is measured

        if why := os.environ.get("SERVED_WHY"):
            raise OSError(why)
        leave = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, leave.set)
        port = self.config.port if self.process.serves_clients else self.config.ops_port
        server = await asyncio.start_server(lambda *_: None, self.config.host, port)
        heavy = [name for name in HEAVY if name in sys.modules]
        what = {"process": self.process.name, "port": port, "pid": os.getpid(), "heavy": heavy}
        sys.stderr.write(
            "serves " + json.dumps(what) + "\n"
        )  # in one piece: print writes the line's end on its own
        started(f"http://{self.config.host}:{server.sockets[0].getsockname()[1]}")
        await leave.wait()
        server.close()


def stub() -> None:
    module = ModuleType("tradewind.runtime.processes.built")
    module.BuiltProcess = Listening  # type: ignore[attr-defined]
    sys.modules[module.__name__] = module


def start(words: Sequence[str]) -> None:
    """`tradewind up`, without servers."""
    from tradewind.runtime.processes import plan, preparing

    real = plan.commands

    def commands(blueprint: Blueprint, words: Sequence[str]) -> list[Command]:
        made = real(blueprint, words)
        assert all(command.argv[1:4] == ("-m", "tradewind", "serve") for command in made)
        return [
            Command(each.name, (sys.executable, __file__, *each.argv[3:]), each.stage, each.variables)
            for each in made
        ]

    plan.commands = commands
    preparing.prepare = lambda config, blueprint: ["orders 0001_first"]
    door.main(["up", *words])


if __name__ == "__main__":
    stub()
    if sys.argv[1] == "up":
        start(sys.argv[2:])
    door.main(sys.argv[1:])
    raise SystemExit("not asked as usual")
