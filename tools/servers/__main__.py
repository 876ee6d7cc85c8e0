"""./dev services: up, down, status, reset and env."""

from __future__ import annotations

import argparse
import fcntl
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tools.servers import KNOWN, NEEDS, machine
from tools.servers.model import Fetched, Server, Unstarted


def up(server: Server, *, install: bool = False) -> None:
    if elsewhere(server):
        status(server)
        return
    if not server.installed():
        how = machine.how(server)
        if not install:
            root = "" if isinstance(server, Fetched) else "as root "
            raise Unstarted(f"not installed: {how}, or {root}./dev services up --install {server.name}")
        say(f"installing {server.package} ({how}) ...")
        machine.install(server)
    folder = machine.prepare(server)
    if server.pid(folder) is None:
        say(f"starting {server.name} ...")
        for attempt in (1, 2, 3):
            port = machine.choose_port(server, folder)
            try:
                server.start(folder, port)
                break
            except Unstarted:
                if attempt == 3 or machine.free(
                    port
                ):  # else someone took the port in between: try the next one
                    raise
    server.furnish(folder, machine.remembered_port(server, folder))
    status(server)


def down(server: Server) -> None:
    if server.installed() and server.pid(folder := machine.home(server)):
        server.stop(folder)
        print(f"{server.name:<10} stopped")
    else:
        print(f"{server.name:<10} was not running")


def reset(server: Server, *, sure: bool) -> None:
    """Empties it: all that it holds is removed, and it starts anew if it ran. Asks first."""
    if not server.installed():
        raise Unstarted(f"not installed: {machine.how(server)}")
    folder = machine.prepare(server)
    if not sure and not agreed(f"remove all that {server.name} holds in {folder}? [y/N] "):
        raise Unstarted("nothing was removed; say y, or --yes where nobody can be asked")
    ran = server.pid(folder) is not None
    if ran:
        server.stop(folder)
    shutil.rmtree(folder)
    print(f"{server.name:<10} emptied")
    if ran:
        up(server)


def agreed(question: str) -> bool:
    try:
        return sys.stdin.isatty() and input(question).strip().lower() in ("y", "yes")
    except EOFError:
        return False


def elsewhere(server: Server) -> str:
    return server.elsewhere() if isinstance(server, Fetched) else ""


def status(server: Server) -> None:
    if where := elsewhere(server):
        print(f"{server.name:<10} elsewhere {where}")
    elif not server.installed():
        print(f"{server.name:<10} not installed ({machine.how(server)})")
    elif pid := server.pid(folder := machine.home(server)):
        print(
            f"{server.name:<10} running  {server.url(machine.remembered_port(server, folder))}  (pid "
            f"{pid}, {folder})"
        )
        for what, url in server.pages(folder).items():
            print(f"{'':<10} {what}  {url}")
    else:
        print(f"{server.name:<10} stopped")


def env(name: str) -> None:
    """`tests` is what the running servers are to the tests; any other name is a blueprint, which needs its
    servers to run.
    """
    if name != "tests" and name not in NEEDS:
        raise Unstarted(f"unknown blueprint '{name}'; known: {', '.join(NEEDS)}")
    for server in [KNOWN[needed] for needed in NEEDS.get(name, KNOWN)]:
        folder = machine.home(server) if server.installed() else None
        if (name != "tests" and elsewhere(server)) or (folder and server.pid(folder)):
            port = machine.remembered_port(server, folder or machine.home(server))
            for key, value in (
                server.test_env(port) if name == "tests" else server.blueprint_env(port, name)
            ).items():
                print(f"{key}={value}")
        elif name != "tests":
            raise Unstarted(f"blueprint {name} needs {server.name}: ./dev services up {server.name}")


@contextmanager
def alone() -> Iterator[None]:
    """Two calls at once take turns, so that they never start the same server twice."""
    machine.SERVICES.mkdir(mode=0o755, exist_ok=True)
    with (machine.SERVICES / "lock").open("w") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        yield


def say(text: str) -> None:
    print(f"dev services: {text}", file=sys.stderr, flush=True)


def each(names: list[str], act: str, *, install: bool = False) -> int:
    """One server's trouble does not keep the others from being served."""
    red = 0
    for server in [KNOWN[name] for name in names or KNOWN]:
        try:
            if act == "up":
                up(server, install=install)
            else:
                {"down": down, "status": status}[act](server)
        except Unstarted as reason:
            say(f"{server.name}: {reason}")
            red = 1
    return red


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="./dev services", description=f"Servers for tests and blueprints. Known: {', '.join(KNOWN)}."
    )
    acts = parser.add_subparsers(dest="act", required=True, metavar="up|down|status|reset|env")
    for act in ("up", "down", "status"):
        named = acts.add_parser(act)
        named.add_argument("names", nargs="*")
        if act == "up":
            named.add_argument(
                "--install", action="store_true", help="install what is missing (with apt-get as root)"
            )
    emptied = acts.add_parser("reset")
    emptied.add_argument("names", nargs=1, metavar="NAME")
    emptied.add_argument("--yes", action="store_true", help="do not ask")
    acts.add_parser("env").add_argument("blueprint")
    asked = parser.parse_args()
    unknown = [name for name in getattr(asked, "names", []) if name not in KNOWN]
    if unknown:
        say(f"unknown server '{unknown[0]}'; known: {', '.join(KNOWN)}")
        return 2
    try:
        if asked.act == "env":
            env(asked.blueprint)
            return 0
        if asked.act == "status":
            return each(asked.names, "status")
        with alone():
            if asked.act == "reset":
                reset(KNOWN[asked.names[0]], sure=asked.yes)
                return 0
            return each(asked.names, asked.act, install=getattr(asked, "install", False))
    except (Unstarted, PermissionError) as reason:
        say(str(reason))
        return 1


if __name__ == "__main__":
    sys.exit(main())
