"""Delivers the sandbox provider's webhooks over real HTTP, as a provider would."""

from __future__ import annotations

from collections.abc import Callable

from ....core.http import HttpClient, NoHttpAnswer, NotReached

PATH = "/webhooks/sandbox"
DEADLINE_S = 5.0


class WebhookSender:
    """`where` says host and port once the gateway listens; until then nothing is delivered, and the provider
    tries again.
    """

    def __init__(self, where: Callable[[], tuple[str, int] | None], client: HttpClient) -> None:
        self._where, self._client = where, client

    async def __call__(self, body: bytes, headers: dict[str, str]) -> bool:
        """True when the other side has taken it (2xx)."""
        place = self._where()
        if place is None:
            return False
        url = f"http://{place[0]}:{place[1]}{PATH}"
        try:
            answer = await self._client.call("POST", url, body, headers, deadline_s=DEADLINE_S)
        except (NotReached, NoHttpAnswer):
            return False
        return 200 <= answer.status < 300
