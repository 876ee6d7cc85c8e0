"""Clients of the shop as good ones are: they ask again, under the same key, until they know; some have no key
and ask once.
"""

from __future__ import annotations

import threading
import time
import uuid
from random import Random
from typing import Any

from tests.rpc.faults.book import Book, Wish
from tests.support.http import Connection

AGAIN_S = 0.05
ANSWER_S = 40.0
PERSIST_S = 120.0
FINAL = (201,)
UNSURE = (409, 502, 503, 504)
WRITERS = (
    *[("orders", True)] * 3,
    ("orders", False),
    ("payments", True),
    ("payments", False),
    ("products", True),
)
READERS = 2


class Client(threading.Thread):
    """Goes on until `halt`; then it still wants its last answer."""

    def __init__(self, port: int, book: Book, halt: threading.Event, seed: int, pace_s: float) -> None:
        super().__init__(daemon=True)
        self._port, self._book, self._halt, self._pace_s = port, book, halt, pace_s
        self._random, self._connection = Random(seed), None
        self._pause = threading.Event()  # never set: a pause between two tries is part of what a client is

    _connection: Connection | None

    def run(self) -> None:
        try:
            while not self._halt.wait(self._pace_s):
                self.act()
        except Exception as error:  # a thread's own end is seen by nobody
            self._book.odd(f"{type(self).__name__}: {type(error).__name__}: {error}")
        if self._connection is not None:
            self._connection.close()

    def act(self) -> None:
        raise NotImplementedError

    def attempt(self, kind: str, method: str, path: str, body: Any = None, key: str = "") -> tuple[int, Any]:
        """Status and `data`; 0 where the connection was lost."""
        sent, status, data, retry_after = time.monotonic(), 0, None, 0
        try:
            if self._connection is None:
                self._connection = Connection(self._port, timeout=ANSWER_S)
            answer = self._connection.call(
                method, path, body, headers={"X-Idempotency-Key": key} if key else {}
            )
            status, data, retry_after = (
                answer.status,
                answer.json["data"],
                int(answer.headers.get("retry-after", "0")),
            )
        except OSError as error:
            if isinstance(error, TimeoutError):
                self._book.odd(f"{method} {path} hung for {ANSWER_S:g} s")
            if self._connection is not None:
                self._connection.close()
                self._connection = None
        self._book.heard(kind, status, sent, retry_after=retry_after, where=path)
        return status, data


class Writer(Client):
    def __init__(self, *words: Any, kind: str, keyed: bool, **more: Any) -> None:
        super().__init__(*words, **more)
        self._kind, self._keyed = kind, keyed

    def act(self) -> None:
        wish = self._wish()
        self._book.asked(wish)
        wish.began = time.monotonic()
        while True:
            status, data = self.attempt(
                wish.kind, "POST", f"/api/{wish.kind}", wish.body, wish.key if wish.kind != "products" else ""
            )
            wish.tries += 1
            if status in FINAL:
                wish.data, wish.status = data, status
                break
            if status and status not in UNSURE:
                self._book.odd(f"{wish} was answered {status} {data}")
                break
            if not self._keyed:
                break
            if time.monotonic() - wish.began > PERSIST_S:
                self._book.odd(f"{wish} has no answer after {PERSIST_S:g} s, at last {status} {data}")
                break
            self._pause.wait(AGAIN_S)
        wish.ended = time.monotonic()

    def _wish(self) -> Wish:
        random, mark = self._random, str(uuid.UUID(int=self._random.getrandbits(128), version=4))
        key = f"key-{mark}" if self._keyed else ""
        cents = random.randint(1, 99_999)
        if self._kind == "orders":
            quantity = random.randint(1, 5)
            body: dict[str, Any] = {
                "items": [{"productId": mark, "quantity": quantity, "price": cents / 100}],
                "total": cents * quantity / 100,
            }
        elif self._kind == "payments":
            body = {"orderId": mark, "amount": cents / 100}
        else:
            body = {"name": f"Tea {mark[:4]}", "sku": mark, "stock": cents}
        return Wish(self._kind, mark, key, body)


class Reader(Client):
    """Of what was accepted: it has to be there from then on."""

    def act(self) -> None:
        kind = self._random.choice(("orders", "payments", "products"))
        wishes = self._book.wishes
        known = next(
            (wish for wish in reversed(wishes[-200:]) if wish.kind == kind and wish.status == 201), None
        )
        if known is None:
            self.attempt("read", "GET", "/api/orders?page=1&perPage=5")
            return
        status, data = self.attempt("read", "GET", f"/api/{kind}/{known.id}")
        if status == 200 and data["id"] != known.id:
            self._book.odd(f"{known} reads as {data}")
        elif status and status not in (200, *UNSURE):
            self._book.odd(f"{known} was accepted, and its GET is answered {status} {data}")


class Crowd:
    """All clients of one deployment: nine, `times` over."""

    def __init__(self, port: int, book: Book, *, seed: int, times: int = 1, pace_s: float = 0.02) -> None:
        self.book, self._halt = book, threading.Event()
        how: dict[str, Any] = {"pace_s": pace_s}
        self._clients: list[Client] = [
            Writer(port, book, self._halt, seed * 1_000 + number, kind=kind, keyed=keyed, **how)
            for number, (kind, keyed) in enumerate(WRITERS * times)
        ]
        self._clients += [
            Reader(port, book, self._halt, seed * 1_000 + 500 + number, **how)
            for number in range(READERS * times)
        ]
        for client in self._clients:
            client.start()

    def gather(self) -> None:
        """Each has its last answer. Errors: AssertionError."""
        self._halt.set()
        end = time.monotonic() + PERSIST_S + ANSWER_S
        for client in self._clients:
            client.join(max(0.0, end - time.monotonic()))
            assert not client.is_alive(), "a client hangs"
