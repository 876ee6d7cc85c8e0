"""Finds the platform that a demo is for, starts one where there is none, and gets a token of an admin."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from ...runtime.config import Config
from ...runtime.data_lock import holder
from ...runtime.local import NotReachable, operator_token, running
from ..http import LOST, Http, reason
from .people import Buyer, log_in
from .persistence import Client, GaveUp

START_S, STOP_S, LOOK_S, REACH_S = 30.0, 20.0, 0.05, 15.0
LAST_LINES, LAST_BYTES = 5, 8_192


async def there(data: Path) -> str | None:
    """The URL of a platform that runs on this folder; waits for one that is just starting."""
    for _ in range(round(START_S / LOOK_S)):
        found = holder(data)
        if found is None or found.url:
            break
        await asyncio.sleep(LOOK_S)
    return running(data)


async def reach(http: Http) -> None:
    """Returns if a platform answers there. Errors: NotReachable."""
    try:
        answer = await http.ask("GET", "/health/ready", seconds=REACH_S)
    except LOST as error:
        raise NotReachable(
            f"{http.url} does not answer ({reason(error, REACH_S)}): is it running? `tradewind up` starts it"
        ) from error
    if answer.status == 404:
        raise NotReachable(f"{http.url} serves neither API v1 nor API rpc: it has no /health/ready")


async def admin_token(client: Client, config: Config, *, named: bool) -> str:
    """An access token of a user who may add products. `named`: the platform is the one of --url, which may be
    another than that of the data folder. Errors: NotReachable; Unwelcome, where the password is wrong.
    """
    if config.admin_email and config.admin_password and named:
        admin = Buyer(config.admin_email, config.admin_password)
        await log_in(client, admin)
        return admin.token
    try:
        return operator_token(config)
    except NotReachable as error:
        if not named:
            raise
        way = "set TRADEWIND_ADMIN_EMAIL and TRADEWIND_ADMIN_PASSWORD, or name its folder with --data"
        raise NotReachable(f"{client.http.url} needs an admin, who adds the products: {way}") from error


class Child:
    """A platform of this demo, in a session of its own: Ctrl-C reaches only the demo, which stops it."""

    def __init__(self, config: Config, sets: Sequence[str]) -> None:
        self._data = config.data
        self._out: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  closed by `stop`
        self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115
        words = [sys.executable, "-m", "tradewind", "up", "--data", str(config.data), "--port", "0"]
        words += [word for pair in ("LOG_LEVEL=warning", *sets) for word in ("--set", pair)]
        self._process = subprocess.Popen(
            words, stdout=self._out, stderr=self._errors, stdin=subprocess.DEVNULL, start_new_session=True
        )

    async def started(self) -> str:
        """Its URL, as soon as it listens. Errors: NotReachable, with what it said last."""
        until = asyncio.get_running_loop().time() + START_S
        while (url := running(self._data)) is None:
            if self._process.poll() is not None:
                raise NotReachable(f"the platform on {self._data} did not start: {self._said()}")
            if asyncio.get_running_loop().time() > until:
                raise NotReachable(
                    f"the platform on {self._data} did not start within {START_S:.0f} s: {self._said()}"
                )
            await asyncio.sleep(LOOK_S)
        return url

    def find(self) -> str | None:
        """Where it is. Errors: GaveUp, once it has ended."""
        if self._process.poll() is not None:
            raise GaveUp(f"the platform has ended: {self._said()}")
        return running(self._data)

    async def login(self) -> list[str]:
        """The login of the first admin, printed at its first start."""
        for _ in range(40):
            lines = _last(self._out).splitlines()
            if any(["Ctrl-C" in line for line in lines]):
                return [line.strip() for line in lines if line.strip().startswith(("admin ", "password "))]
            await asyncio.sleep(LOOK_S)
        return []

    def stop(self) -> None:
        """Lets it finish what it has begun."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._out.close()
        self._errors.close()

    def _said(self) -> str:
        return (
            " | ".join(_last(self._errors).strip().splitlines()[-LAST_LINES:])
            or f"exit code {self._process.returncode}"
        )


def _last(file: IO[bytes]) -> str:
    # not `seek`: the child writes where the file's one position is
    size = os.fstat(file.fileno()).st_size
    return os.pread(file.fileno(), LAST_BYTES, max(0, size - LAST_BYTES)).decode(errors="replace")
