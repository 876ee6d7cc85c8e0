"""Clients of the shop as good ones are: they ask again, under the same key, until they know; some have no key
and ask once.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Sequence
from random import Random
from typing import Any

from tests.faults.book import Book, Wish
from tests.support.http import Answer, Connection

AGAIN_S = 0.05
ANSWER_S = 40.0
PERSIST_S = 120.0
FINAL = (201,)
UNSURE = (409, 502, 503, 504)


class Client(threading.Thread):
    """Goes on until `halt`; then it still wants its last answer."""

    def __init__(self, port: int, book: Book, halt: threading.Event, seed: int, pace_s: float) -> None:
        super().__init__(daemon=True)
        self._port, self._book, self._halt, self._pace_s = port, book, halt, pace_s
        self._random, self._connection = Random(seed), None
        self._pause = threading.Event()  # never set: a pause between two tries is part of what a client is

    _connection: Connection | None
    key_header = "X-Idempotency-Key"

    def run(self) -> None:
        try:
            while not self._halt.wait(self._pace_s):
                self.act()
        except Exception as error:  # a thread's own end is seen by nobody
            self._book.odd(f"{type(self).__name__}: {type(error).__name__}: {error}")
        self.leave()

    def act(self) -> None:
        raise NotImplementedError

    def status_of(self, answer: Answer) -> int:
        """As HTTP has it: 201 for what was accepted."""
        return answer.status

    def data_of(self, answer: Answer) -> Any:
        """What an answer says of what was asked for."""
        return answer.json

    def leave(self) -> None:
        """Its connection; the next attempt opens another."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def attempt(self, kind: str, method: str, path: str, body: Any = None, key: str = "") -> tuple[int, Any]:
        """Status and `data`; 0 where the connection was lost."""
        sent, status, data, retry_after = time.monotonic(), 0, None, 0
        try:
            if self._connection is None:
                self._connection = Connection(self._port, timeout=ANSWER_S)
            answer = self._connection.call(method, path, body, headers={self.key_header: key} if key else {})
            status, data, retry_after = (
                self.status_of(answer),
                self.data_of(answer),
                int(answer.headers.get("retry-after", "0")),
            )
        except OSError as error:
            if isinstance(error, TimeoutError):
                self._book.odd(f"{method} {path} hung for {ANSWER_S:g} s")
            self.leave()
        self._book.heard(kind, status, sent, retry_after=retry_after, where=path)
        return status, data


class Writer(Client):
    """Of one `kind`; a `keyed` one asks again, under its key, until it knows. A subclass says what it wants."""

    def __init__(self, *words: Any, kind: str, keyed: bool, **more: Any) -> None:
        super().__init__(*words, **more)
        self._kind, self._keyed = kind, keyed

    def wish(self) -> Wish:
        raise NotImplementedError

    def ask(self, wish: Wish) -> tuple[int, Any]:
        """One attempt."""
        raise NotImplementedError

    def act(self) -> None:
        wish = self.wish()
        self._book.asked(wish)
        wish.began = time.monotonic()
        while True:
            status, data = self.ask(wish)
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

    def mark(self) -> str:
        """What is found in the row of one wish alone."""
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))


class Crowd:
    """All clients of one deployment, of which each acts until it is told to leave."""

    def __init__(self, clients: Sequence[threading.Thread], halt: threading.Event) -> None:
        self._clients, self._halt = clients, halt
        for client in clients:
            client.start()

    def gather(self) -> None:
        """Each has its last answer. Errors: AssertionError."""
        self._halt.set()
        end = time.monotonic() + PERSIST_S + ANSWER_S
        for client in self._clients:
            client.join(max(0.0, end - time.monotonic()))
            assert not client.is_alive(), "a client hangs"
