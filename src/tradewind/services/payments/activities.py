"""Calls the payment provider. Before a charge is tried again, the provider is asked by our key what became of
the last try.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from ...core.model import Attempt, Temporary
from .domain import Ask, Charge, GiveBack, GivenBack, Settled, Void
from .provider import port
from .provider.port import Answer, NoAnswer, Provider, ProviderDown, State

TRIES = 6


async def _definite(call: Callable[[], Awaitable[Answer]]) -> Answer:
    try:
        return await call()
    except ProviderDown as error:
        raise Temporary(f"the provider is down: {error}") from error
    except NoAnswer as error:
        raise Temporary("the provider did not answer") from error


def _settled(payment_id: str, answer: Answer) -> Settled:
    return Settled(payment_id, answer.state.value, answer.code, answer.charge_id)


class Cashier:
    """The activities of payments, with the provider they talk to."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider

    async def charge(self, what: Charge, attempt: Attempt) -> Settled:
        if attempt.again:
            found = await _definite(lambda: self._provider.find(what.payment_id))
            late = 0 < what.expires_at <= attempt.at
            if found.state is State.UNKNOWN and (attempt.number > TRIES or late):
                # stopped at the provider before we call it failed: no charge can turn up behind our back
                found = await _definite(lambda: self._provider.void(what.payment_id))
            if found.state is not State.UNKNOWN:
                return _settled(what.payment_id, found)
        order = port.Charge(what.payment_id, what.amount, what.currency, what.token, what.expires_at)
        return _settled(what.payment_id, await _definite(lambda: self._provider.charge(order)))

    async def ask(self, what: Ask, attempt: Attempt) -> Settled:
        return _settled(what.payment_id, await _definite(lambda: self._provider.find(what.payment_id)))

    async def void(self, what: Void, attempt: Attempt) -> Settled:
        return _settled(what.payment_id, await _definite(lambda: self._provider.void(what.payment_id)))

    async def give_back(self, what: GiveBack, attempt: Attempt) -> GivenBack:
        try:
            await _definite(lambda: self._provider.refund(what.payment_id, what.refund_id, what.amount))
        except port.Refusal:
            return GivenBack(what.refund_id, what.payment_id, False)
        return GivenBack(what.refund_id, what.payment_id, True)
