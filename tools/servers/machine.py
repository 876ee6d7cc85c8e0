"""What every server needs of the machine: a folder, a user that is not root, a free port, a package, its
programs run.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import socket
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tools.servers.model import Fetched, Server, Unstarted

ROOT = Path(__file__).resolve().parent.parent.parent
SERVICES = (ROOT / ".services").resolve()  # it may be a link to that of another clone
DOWNLOADS = SERVICES / "downloads"
"""Programs that no package of the system has. A server that is emptied keeps its own."""

SPAWNED: list[subprocess.Popen[bytes]] = []
"""Servers that this process has started, so that nobody takes them for forgotten."""


def hidden() -> bool:
    """Tests run as on a machine where no server is installed (./dev test --bare)."""
    return os.environ.get("TRADEWIND_HIDE_SERVERS") == "1"


def account(server: Server) -> pwd.struct_passwd | None:
    """Who runs the server: its package's user where we are root (PostgreSQL refuses root), else we
    ourselves.
    """
    try:
        return pwd.getpwnam(server.user) if os.geteuid() == 0 and server.user else None
    except KeyError:
        raise Unstarted(
            f"there is no user '{server.user}' to run it as, and root may not: reinstall {server.package}"
        ) from None


def run(
    server: Server, *command: str | Path, deadline: float = 90, settings: Mapping[str, str] | None = None
) -> tuple[int, str]:
    """One of the server's programs, as its user, with `settings` in its environment: exit code and output."""
    with tempfile.TemporaryFile("w+") as output:  # not a pipe, which a daemon would keep open
        try:
            code = subprocess.run(
                [*command],
                **_as_its_user(server, settings),
                timeout=deadline,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            ).returncode
        except subprocess.TimeoutExpired:
            raise Unstarted(f"'{Path(command[0]).name}' took longer than {deadline:.0f} s") from None
        output.seek(0)
        return code, output.read()


def spawn(
    server: Server, *command: str | Path, settings: Mapping[str, str] | None = None, log: Path | None = None
) -> subprocess.Popen[bytes]:
    """A server that stays in the foreground: it outlives this process. What it prints is added to `log`."""
    forget_ended()
    with open(log or os.devnull, "ab") as output:
        process = subprocess.Popen(
            [*command],
            **_as_its_user(server, settings),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    SPAWNED.append(process)
    return process


def forget_ended() -> None:
    SPAWNED[:] = [process for process in SPAWNED if process.poll() is None]


def end(process: subprocess.Popen[bytes]) -> None:
    """Of a server that has not come up."""
    if process.poll() is None:
        process.kill()
    process.wait()


def _as_its_user(server: Server, settings: Mapping[str, str] | None) -> dict[str, Any]:
    owner = account(server)
    # an environment of its own: PGPORT and its like must not reach the server
    env = {
        "PATH": os.environ["PATH"],
        "LC_ALL": "C",
        "HOME": owner.pw_dir if owner else str(Path.home()),
        **(settings or {}),
    }
    if owner is None:
        return {"cwd": "/", "env": env}
    return {"cwd": "/", "env": env, "user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}


def home(server: Server) -> Path:
    """In the project's folder; in /tmp where that lies under a folder that the server's user may not
    enter.
    """
    base = SERVICES if SERVICES.is_dir() else ROOT
    if account(server) is None or run(server, "test", "-x", base)[0] == 0:
        return SERVICES / server.name
    return Path("/tmp") / f"tradewind-{hashlib.sha256(bytes(ROOT)).hexdigest()[:12]}-{server.name}"


def prepare(server: Server) -> Path:
    """The home, made where it is missing: nobody but its owner may look in, nobody else may have made it."""
    owner, folder = account(server), home(server)
    uid, gid = (owner.pw_uid, owner.pw_gid) if owner else (os.geteuid(), os.getegid())
    if not folder.is_symlink() and not folder.exists():
        folder.mkdir(mode=0o700)
        os.chown(folder, uid, gid)
    found = folder.lstat()
    if not folder.is_dir() or folder.is_symlink() or found.st_uid != uid:
        raise Unstarted(f"{folder} belongs to another user: remove it, or stop what runs there")
    return folder


def free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def first_free(first: int) -> int:
    """From here on. A server that is to come back to its port has none above 32768: while it is away, a
    client may be given it.
    """
    port = next((port for port in range(first, first + 200) if free(port)), None)
    if port is None:
        raise Unstarted(f"no free port from {first} to {first + 199}")
    return port


def remembered_port(server: Server, folder: Path) -> int:
    note = folder / "port"
    return int(note.read_text()) if note.is_file() else server.port


def choose_port(server: Server, folder: Path) -> int:
    """The one it had, or the next that is free; remembered, so that a URL stays good."""
    port = first_free(remembered_port(server, folder))
    (folder / "port").write_text(f"{port}\n")
    return port


def runs(pid: int, mark: str) -> bool:
    """Is it alive, and ours? After a crash its number may belong to someone else."""
    if Path("/proc/self").exists():
        line = Path(f"/proc/{pid}/cmdline")
        return line.exists() and mark.encode() in line.read_bytes()
    return (
        mark
        in subprocess.run(["ps", "-ww", "-o", "args=", "-p", str(pid)], capture_output=True, text=True).stdout
    )


def how(server: Server) -> str:
    """What a person does to install it."""
    return server.how if isinstance(server, Fetched) else f"apt-get install {server.package}"


def install(server: Server) -> None:
    if isinstance(server, Fetched):
        server.fetch()
    else:
        install_packages(server.package)


def install_packages(*names: str) -> None:
    """By apt-get, as root. Errors: Unstarted."""
    if os.geteuid() != 0:
        raise Unstarted(f"only root may install: sudo apt-get install {' '.join(names)}")
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    apt = ["apt-get", "-q", "-o", "DPkg::Lock::Timeout=300"]
    subprocess.run(
        [*apt, "update"], env=env, capture_output=True
    )  # one bad source is no matter if the next step works
    done = subprocess.run(
        [*apt, "install", "--yes", "--no-install-recommends", *names], env=env, capture_output=True, text=True
    )
    if done.returncode:
        raise Unstarted(f"apt-get install {' '.join(names)} failed:\n{(done.stdout + done.stderr)[-2000:]}")
