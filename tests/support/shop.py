"""Runs the real program as a child and speaks to it over HTTP, so that a test proves what a user would see,
crashes included.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import msgspec

from tests.support import services_apart as apart
from tests.support.http import Answer, Connection
from tests.support.keeping import Keeping
from tests.support.people import ADMIN, People
from tests.support.program import PROGRAM, environment, run
from tradewind.operations.audit import Report, run_audit
from tradewind.runtime import blueprint as blueprints
from tradewind.runtime import config
from tradewind.runtime.processes.plan import FOLDER
from tradewind.runtime.registry import SERVICES

T = TypeVar("T")
START_S, END_S = 180.0, 90.0  # nine processes on two cores that others use as well
ENDED_S, IDLE_S = 90.0, 10.0
SETTINGS = {
    "rate_limit": "0",
    "provider_timeout_s": "0.2",
    "retry_delays_ms": "50,50,50",
    "log_level": "warning",
    "admin_email": ADMIN.email,
    "admin_password": ADMIN.password,
}
FINAL = ("CONFIRMED", "FAILED", "CANCELLED")
MOMENT_S, LONGEST_MOMENT_S, PATIENCE_S = 0.01, 0.1, 90.0


class Late(AssertionError):
    """A condition did not come true in time."""


def until(condition: Callable[[], T | None], what: str, seconds: float = PATIENCE_S) -> T:
    """Waits for the first answer that is not false. Errors: Late."""
    end, moment = time.monotonic() + seconds, MOMENT_S
    while not (found := condition()):
        if time.monotonic() > end:
            raise Late(f"not within {seconds} s: {what}")
        time.sleep(moment)
        moment = min(moment * 1.2, LONGEST_MOMENT_S)  # what takes long needs the processor more than we do
    return found


class Shop:
    """One platform on one keeping: started, killed, started again. `settings` are in force at every start."""

    def __init__(self, keeping: Keeping, people: People, **settings: str) -> None:
        self.keeping, self.people = keeping, people
        self.settings = {**SETTINGS, "database_url": keeping.url, **settings}
        self.blueprint: tuple[str, ...] = ()
        self._ports: dict[str, str] = {}
        if keeping.exchange:
            self.blueprint, self._ports = ("--blueprint", "services"), apart.ANY_PORT
            self.settings |= apart.settings(keeping.exchange)
        self.log = keeping.data.with_suffix(".log")
        self.process: subprocess.Popen[bytes] | None = None
        self.port = 0
        self._connection: Connection | None = None
        self._used_at = 0.0

    # -- its life
    # -----------------------------------------------------------------------------------------------------

    def start(self, *, ready: bool = True, seconds: float = START_S, **settings: str) -> Shop:
        """Returns when it is up, or has died where `ready` does not matter. `settings` are for this start
        alone.
        """
        told = self.keeping.data.with_suffix(".out")
        with told.open("wb") as out, self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*PROGRAM, "up", *self.blueprint, "--data", str(self.keeping.data), "--port", "0"],
                stdout=out,
                stderr=log,
                env=environment(**{**self.settings, **settings}) | self._ports,
            )
        self._connection = None
        until(lambda: "Ctrl-C" in told.read_text() or not self.alive, "the shop is up", seconds)
        if self.alive:
            self.port = int(told.read_text().partition("http://127.0.0.1:")[2].split(maxsplit=1)[0])
        elif ready:
            raise AssertionError(
                f"the shop did not start ({self.process.returncode}): {self.log.read_text()[-2_000:]}"
            )
        return self

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def kill9(self) -> None:
        self.end(signal.SIGKILL)

    def sigterm(self) -> int:
        """Its exit code."""
        return self.end(signal.SIGTERM)

    def restart(self) -> Shop:
        """As it would come back after a crash."""
        self.kill9()
        return self.start()

    def died(self, seconds: float = END_S) -> int | None:
        """The exit code of one that ends by itself; None for one that does not."""
        assert self.process is not None
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def end(self, how: signal.Signals) -> int:
        """By this signal; the exit code."""
        assert self.process is not None
        if self.alive:
            others = apart.children(self.process.pid) if how is signal.SIGKILL else []
            self.process.send_signal(how)
            for pid in others:
                os.kill(pid, how)
        self._hang_up()
        return self.process.wait(END_S)

    def close(self) -> None:
        if self.alive:
            self.kill9()
        if self.keeping.exchange:
            apart.clean_up(exchange=self.keeping.exchange)
        # shown by pytest where the test has failed
        print(self.log.read_text(errors="replace")[-4_000:] if self.log.exists() else "")

    # -- speaking to it
    # -----------------------------------------------------------------------------------------------

    def connect(self, **how: Any) -> Connection:
        return Connection(self.port, **how)

    def token(self, who: str) -> str:
        return self.people.token(who, self.connect)

    def call(self, method: str, path: str, body: Any = None, *, who: str = "ada", **how: Any) -> Answer:
        """`who` is one of `people`, or empty for nobody."""
        if time.monotonic() - self._used_at > IDLE_S:  # a server closes what is idle for long
            self._hang_up()
        if self._connection is None:
            self._connection = self.connect(timeout=PATIENCE_S)
        token = self.token(who) if who else ""
        try:
            answer = self._connection.call(
                method, path if path.startswith("/health") else f"/api/v1{path}", body, token=token, **how
            )
        except OSError:
            self._hang_up()
            raise
        self._used_at = time.monotonic()
        if answer.headers.get("connection") == "close":
            self._hang_up()
        return answer

    def _hang_up(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def get(self, path: str, *, who: str = "ada", **how: Any) -> Any:
        answer = self.call("GET", path, who=who, **how)
        assert answer.status == 200, answer
        return answer.json

    def post(self, path: str, body: Any, *, who: str = "ada", status: int = 201, **how: Any) -> Any:
        answer = self.call("POST", path, body, who=who, **how)
        assert answer.status == status, answer
        return answer.json

    def product(self, sku: str, stock: int = 1_000, price: int = 1_999) -> str:
        """Its id."""
        body = {
            "sku": sku,
            "name": f"Product {sku}",
            "price": {"amount": price, "currency": "EUR"},
            "stock": stock,
        }
        return str(self.post("/products", body, who="admin")["id"])

    def order(self, token: str = "tok_ok", *lines: tuple[str, int], who: str = "ada", **how: Any) -> str:
        """Its id."""
        return str(self.post("/orders", basket(token, *lines), who=who, **how)["id"])

    def wait_final(self, order_id: str, *, who: str = "admin") -> Any:

        def ended() -> Any:
            order = self.get(f"/orders/{order_id}", who=who, headers={"Prefer": "wait=30"})
            return order if order["status"] in FINAL else None

        return until(ended, f"order {order_id} is final", ENDED_S)

    def settle(self, seconds: float = 120.0) -> None:
        """Until nothing is under way any more."""

        def quiet() -> bool:
            answer = self.call("GET", "/ops/stats", who="admin")
            if answer.status == 503:  # a service that nothing waits for may still be starting again
                return False
            assert answer.status == 200, answer
            stats = answer.json
            services = stats["services"].values()
            busy = stats["requestsQueued"] or any(
                s["activities"] or s["outbox"] or any(s["lag"].values()) for s in services
            )
            if not busy and self.keeping.exchange:
                busy = apart.under_way(self.keeping.url)
            waits = busy or any(letter["status"] == "RETRYING" for letter in self.letters())
            # payments asks the provider again after a while
            return not waits and not self.keeping.sql("SELECT 1 FROM {payments.timers} LIMIT 1")

        until(quiet, "nothing is under way", seconds)

    def letters(self) -> list[Any]:
        """What could not be handled."""
        return list(self.get("/ops/dead-letters?limit=100", who="admin")["data"])

    # -- looking at it from outside
    # -----------------------------------------------------------------------------------

    def audit(self) -> tuple[int, Any]:
        """Exit code and report; of a running shop or one at rest."""
        given = {"database_url": self.keeping.url, **apart.settings(self.keeping.exchange)}
        done = run("audit", *self.blueprint, "--data", str(self.keeping.data), "--json", **given)
        return done.returncode, json.loads(done.stdout) if done.stdout else done.stderr

    def assert_clean(self) -> None:
        """By the audit itself: its command, which costs a process, has tests of its own."""
        name = self.blueprint[1] if self.blueprint else "default"
        blueprint = blueprints.load(name, folder=FOLDER, services=SERVICES, environment={})
        url = {"database_url": self.keeping.url} if self.keeping.url else {}
        given = {"data": str(self.keeping.data), **url, **apart.settings(self.keeping.exchange)}
        variables = {f"TRADEWIND_{setting.upper()}": text for setting, text in given.items()}
        settings = config.load(variables, blueprint.settings)

        def settled() -> Report | None:
            """Of one that runs, the audit counts as under way what has just changed."""
            found = run_audit(settings, blueprint)
            return found if not found.ok or not found.in_flight else None

        report = until(settled, "the audit finds nothing under way")
        assert report.ok and not report.in_flight, msgspec.json.format(msgspec.json.encode(report)).decode()


def basket(token: str = "tok_ok", *lines: tuple[str, int]) -> dict[str, Any]:
    """The body of an order; without lines one piece of the product that every shop has."""
    items: Sequence[tuple[str, int]] = lines or (("TEA", 1),)
    return {
        "items": [{"sku": sku, "quantity": quantity} for sku, quantity in items],
        "payment": {"token": token},
    }
