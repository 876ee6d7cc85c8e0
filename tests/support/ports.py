"""A port for a program that a test starts later, or starts again: nobody else is given it meanwhile."""

from __future__ import annotations

import socket


class KeptPort:
    """Bound and never listened on, so that the system gives it to no other program, and the program that
    knows it can still listen there. `close` it once the program has ended.
    """

    def __init__(self) -> None:
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind(("127.0.0.1", 0))
        self.number: int = self._socket.getsockname()[1]

    def close(self) -> None:
        self._socket.close()
