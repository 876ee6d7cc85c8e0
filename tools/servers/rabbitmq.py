"""RabbitMQ as one node of its own: its name, cookie, port mapper and folder are apart from a node that the
package may have started.

Who reaches it is `guest`, on the loopback only: for tests and trials, not for a shared host. Its management
page is a plugin that comes with the server.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import socket
import time
from pathlib import Path

from tools.servers import machine
from tools.servers.model import Unstarted

HOSTS = ("invoicing", "contracts")  # blueprints that have the same queue each
READY_S, SEEN_S = 60, 20  # until it answers; until its process is there
# where to look for the ports of epmd, of rabbitmqctl and of the page, above the port for clients
MAPPER, BETWEEN_NODES, PAGE = 1_000, 2_000, 4_000
CONFIG = """\
listeners.tcp.1 = 127.0.0.1:{port}
log.file.level = warning
disk_free_limit.absolute = 50MB
"""
PAGE_CONFIG = """\
management.tcp.ip = 127.0.0.1
management.tcp.port = {port}
"""


BROKER_NAMES = {"services": "TRADEWIND_BROKER_URL", "rpc": "RABBITMQ_URL"}
"""What blueprints call it; BROKER_URL elsewhere."""


class RabbitMQ:
    """`page`: whether it shows its management page, which a node of a test has no use for."""

    def __init__(self, *, page: bool = False) -> None:
        self._page = page

    name = "rabbitmq"
    package = "rabbitmq-server"
    user = "rabbitmq"
    port = 15_729

    def installed(self) -> bool:
        return scripts() is not None

    def pid(self, home: Path) -> int | None:
        note = home / "pid"
        text = note.read_text().strip() if note.is_file() else ""
        return int(text) if text and machine.runs(int(text), self._mark(home)) else None

    def start(self, home: Path, port: int) -> None:
        if (home / "between").is_file():
            self._end_mapper(home)  # of a node that was killed
        for name, first in (("epmd", port + MAPPER), ("between", port + BETWEEN_NODES)):
            self._write(home / name, str(machine.first_free(first)))
        config, plugins = CONFIG.format(port=port), ""
        (home / "page").unlink(missing_ok=True)
        if self._page and has_page():
            page = machine.first_free(port + PAGE)
            self._write(home / "page", str(page))
            config, plugins = config + PAGE_CONFIG.format(port=page), "rabbitmq_management"
        self._write(home / "rabbitmq.conf", config)
        self._write(home / "env.conf", "")  # in place of the one in /etc, which is another node's
        self._write(home / "plugins", f"[{plugins}].")
        (home / "pid").unlink(missing_ok=True)
        code, said = self._run(home, "rabbitmq-server", "-detached")
        until = time.monotonic() + READY_S
        seen = False
        while not code and time.monotonic() < (until if seen else until - READY_S + SEEN_S):
            if self.pid(home) is not None:
                seen = True
                if answers(port):
                    return
            elif seen:  # it has given up
                break
            time.sleep(0.05)
        log = home / "log" / "node.log"
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-5:]) if log.is_file() else said
        raise Unstarted(f"did not start; the end of {log}:\n{tail}")

    def furnish(self, home: Path, port: int) -> None:
        """A virtual host for each blueprint whose queue has a published name: two can run at once."""
        for host in HOSTS:
            note = home / f"host-{host}"
            if not note.exists():
                code, said = self._run(home, "rabbitmqctl", "--quiet", "add_vhost", host)
                if code and "already exists" not in said:
                    raise Unstarted(f"no virtual host {host}: {said.strip()}")
                self.control(home, "set_permissions", "-p", host, "guest", ".*", ".*", ".*")
                note.touch()

    def stop(self, home: Path) -> None:
        if pid := self.pid(home):
            os.kill(pid, signal.SIGTERM)  # an ordered stop, as `rabbitmqctl stop` is
            until = time.monotonic() + READY_S
            while (
                machine.runs(pid, self._mark(home)) and time.monotonic() < until
            ):  # it forgets its pid file first
                time.sleep(0.05)
            if machine.runs(pid, self._mark(home)):
                raise Unstarted(f"did not stop in {READY_S} s; see {home / 'log' / 'node.log'}")
        self._end_mapper(home)

    def _end_mapper(self, home: Path) -> None:
        """Its own epmd, which outlives the node, and ends only when it has noticed that no node is left."""
        until = time.monotonic() + 5
        while "living nodes" in self._run(home, "epmd", "-kill")[1] and time.monotonic() < until:
            time.sleep(0.05)

    def control(self, home: Path, *arguments: str) -> str:
        """What `rabbitmqctl` says of that node. Errors: Unstarted."""
        code, said = self._run(home, "rabbitmqctl", "--quiet", *arguments)
        if code:
            raise Unstarted(f"rabbitmqctl {arguments[0]}: {said.strip()}")
        return said

    def url(self, port: int) -> str:
        return f"amqp://guest:guest@127.0.0.1:{port}"

    def pages(self, home: Path) -> dict[str, str]:
        note = home / "page"
        return (
            {"management page": f"http://127.0.0.1:{note.read_text()} (guest, guest)"}
            if note.is_file()
            else {}
        )

    def blueprint_env(self, port: int, blueprint: str) -> dict[str, str]:
        host = f"/{blueprint}" if blueprint in HOSTS else ""
        return {BROKER_NAMES.get(blueprint, "BROKER_URL"): f"{self.url(port)}{host}"}

    def test_env(self, port: int) -> dict[str, str]:
        return {"TRADEWIND_TEST_RABBITMQ_URL": self.url(port)}

    def _mark(self, home: Path) -> str:
        return f"tradewind-{hashlib.sha256(bytes(home)).hexdigest()[:8]}"  # two checkouts, two nodes

    def _write(self, path: Path, text: str) -> None:
        path.write_text(text)
        if owner := machine.account(self):
            os.chown(path, owner.pw_uid, owner.pw_gid)

    def _run(self, home: Path, program: str, *arguments: str) -> tuple[int, str]:
        folder = scripts()
        if folder is None:
            raise Unstarted(f"not installed (package {self.package})")
        settings = {
            "HOME": home,  # the cookie lies there
            "RABBITMQ_NODENAME": f"{self._mark(home)}@localhost",
            "RABBITMQ_MNESIA_BASE": home / "data",
            "RABBITMQ_LOG_BASE": home / "log",
            "RABBITMQ_LOGS": home / "log" / "node.log",
            "RABBITMQ_PID_FILE": home / "pid",
            "RABBITMQ_CONFIG_FILE": home / "rabbitmq",
            "RABBITMQ_CONF_ENV_FILE": home / "env.conf",
            "RABBITMQ_ENABLED_PLUGINS_FILE": home / "plugins",
            "RABBITMQ_DIST_PORT": (home / "between").read_text(),
            "ERL_EPMD_PORT": (home / "epmd").read_text(),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            # by which we know our process
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": f"-tradewind {self._mark(home)}",
        }
        path = shutil.which("epmd") or "epmd" if program == "epmd" else folder / program
        return machine.run(
            self, path, *arguments, settings={name: str(value) for name, value in settings.items()}
        )


def scripts() -> Path | None:
    """Debian has wrappers on the PATH, which forget our settings: the programs behind them."""
    if machine.hidden():
        return None
    debian = Path("/usr/lib/rabbitmq/bin")
    if (debian / "rabbitmq-server").exists():
        return debian
    on_path = shutil.which("rabbitmq-server")
    return Path(on_path).resolve().parent if on_path else None


def has_page() -> bool:
    """Whether the plugin lies beside the programs, as every package has it."""
    folder = scripts()
    if folder is None:
        return False
    home = (folder / "rabbitmq-server").resolve().parent.parent
    return any(home.glob("plugins/rabbitmq_management-*"))


def answers(port: int) -> bool:
    """Does it speak AMQP yet? It opens its port when all else is up."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as probe:
            probe.sendall(b"AMQP\x00\x00\x09\x01")
            return probe.recv(1) == b"\x01"
    except OSError:
        return False
