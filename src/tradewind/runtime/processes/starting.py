"""Starts all processes of a blueprint and stays with them until they are stopped: what `tradewind up` does
where services are apart.
"""

from __future__ import annotations

import contextlib
import os
import socket
import sys
from collections.abc import Iterator, Sequence

import msgspec

from ...core.readers import without_password
from ...core.store import StoreUnusable
from ...observability.sink import Sink, Stamps
from .. import effects
from ..config import Config
from ..data_lock import DataLock, remember
from ..registry import APIS
from ..stores import by_place
from ..topology import Blueprint
from . import plan, preparing
from .supervisor import Say, Supervisor


def start(config: Config, blueprint: Blueprint, words: Sequence[str]) -> str:
    """Until SIGTERM or Ctrl-C. `words`: the options of `up`, for every process. Nothing after a clean stop,
    else one line that says why.

    Errors: BadBlueprint; StoreUnusable, where somebody else uses the data folder.
    """
    plan.check(config, blueprint)
    lock = DataLock(config.data)
    lock.acquire()
    with lock, contextlib.ExitStack() as kept:
        remember(config.data, blueprint.source)
        taken, why = preparing.aside(lambda: preparing.prepare(config, blueprint))
        if why:
            return why
        port = config.port or kept.enter_context(_free_port(config.host))
        sink = Sink(sys.stderr.fileno())
        console = config.log_format == "console"
        say = _say(sink, config)
        for step in taken:
            say("info", "migrate", f"took {step}")
        if ignored := effects.ignored(blueprint, os.environ):
            say("warning", "up", ignored)

        def up(urls: dict[str, str]) -> None:
            front = plan.name_of(blueprint.front, 1)
            lock.tell(urls[front])
            print(_banner(config, blueprint, front, urls), flush=True)

        commands = plan.commands(
            blueprint, [*words, "--port", str(port), "--set", f"log_format={config.log_format}"]
        )
        supervisor = Supervisor(commands, say=say, up=up, output=sink.write if console else None)
        why = supervisor.run()
        sink.flush()
        return why


def _say(sink: Sink, config: Config) -> Say:
    levels = ("debug", "info", "warning", "error")
    stamps = Stamps()

    def say(level: str, process: str, text: str) -> None:
        if levels.index(level) < levels.index(config.log_level):
            return
        if config.log_format == "console":
            sink.write(f"tradewind: {process} {text}\n".encode("utf-8", "backslashreplace"))
            return
        line = {
            "ts": stamps.now(),
            "level": level,
            "event": f"{process} {text}",
            "logger": "tradewind.up",
            "process": process,
        }
        sink.write(msgspec.json.encode(line) + b"\n")

    return say


@contextlib.contextmanager
def _free_port(host: str) -> Iterator[int]:
    """The same one for every life of the process. Bound here and never listened on, so that the system gives
    it to nobody else.
    """
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as kept:
        kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            kept.bind((host, 0))
        except OSError as error:
            raise StoreUnusable(
                f"{host}: {error.strerror}: name an address of this machine with --host"
            ) from error
        port: int = kept.getsockname()[1]
        if sys.platform != "linux":  # where a bound port is taken, even by one who does not listen
            kept.close()
        yield port


def _banner(config: Config, blueprint: Blueprint, front: str, urls: dict[str, str]) -> str:
    width = max(map(len, urls)) + 2
    lines = ["", f"  Tradewind, blueprint {blueprint.name}, is up at {urls[front]}", ""]
    lines += [f"    {name:{width}}{url}" for name, url in urls.items() if url]
    used = blueprint.carriers
    lines.append("")
    if "rabbitmq" in used:
        lines.append(f"    {'broker':{width}}{without_password(config.broker_url)}")
    if "kafka" in used:
        lines.append(f"    {'Kafka':{width}}{config.kafka_brokers}")
    for place, services in by_place(config, blueprint, blueprint.services).items():
        of = "" if place == config.database_url else f" ({', '.join(services)})"
        lines.append(f"    {'database':{width}}{without_password(place)}{of}")
    lines.append("")
    for process in blueprint.processes:
        for api in [APIS[name] for name in process.apis if APIS[name].example and urls.get(process.name)]:
            url = urls[process.name]
            lines.append(f"  Try it:  curl -s {url}{api.example}    page: {url}{api.docs}")
    return "\n".join([*lines, "", "  Ctrl-C stops all of them, what serves clients first.", ""])
