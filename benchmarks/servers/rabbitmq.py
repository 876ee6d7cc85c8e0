"""RabbitMQ for the peer: a node of its own with its own epmd, home and ports, so that a broker that is
already there is never touched.
"""

from __future__ import annotations

from pathlib import Path

from benchmarks.processes import Missing, Process, as_user, free_port, give_to, need, wait_port

SERVER = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")


class RabbitMQ:
    def __init__(self, folder: Path, cores: str) -> None:
        if not SERVER.exists():
            raise Missing("RabbitMQ is not here: apt-get install rabbitmq-server")
        self.folder = folder
        self.cores = cores
        self.port = free_port()

    @property
    def url(self) -> str:
        return f"amqp://guest:guest@127.0.0.1:{self.port}"

    def start(self) -> list[Process]:
        home, user = give_to("rabbitmq", self.folder / "home"), as_user("rabbitmq")
        names = str(free_port())
        epmd = Process(
            [*user, need("epmd", "rabbitmq-server"), "-port", names, "-address", "127.0.0.1"],
            log=self.folder / "epmd.log",
        )
        wait_port(epmd, int(names))
        env = {
            "HOME": str(home),
            "ERL_EPMD_PORT": names,
            "RABBITMQ_NODENAME": "bench@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(free_port()),
            "RABBITMQ_MNESIA_BASE": str(home / "mnesia"),
            "RABBITMQ_LOG_BASE": str(home / "log"),
            "RABBITMQ_PID_FILE": str(home / "pid"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(home / "plugins"),
            "RABBITMQ_CONF_ENV_FILE": str(home / "none"),
        }
        node = Process([*user, str(SERVER)], log=self.folder / "rabbitmq.log", env=env, cores=self.cores)
        try:
            wait_port(node, self.port, 60)
        except BaseException:
            node.stop()
            epmd.stop()
            raise
        return [epmd, node]
