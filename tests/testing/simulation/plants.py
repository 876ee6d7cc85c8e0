"""Bugs as people write them, planted into the real parts: a simulator that does not find them would prove
nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from msgspec.structs import replace

from tradewind.contracts.inventory import StockReserved
from tradewind.contracts.orders import OrderCreated
from tradewind.contracts.payments import PaymentCompleted, ProviderReported
from tradewind.contracts.values import Money
from tradewind.core.clock import Clock, derived
from tradewind.core.model import Attempt, Context, Effects, Message, Rule, Service
from tradewind.core.store import Store, Transaction
from tradewind.engine import processor
from tradewind.engine.platform import Platform
from tradewind.engine.scheduler import Scheduler
from tradewind.engine.statements import write
from tradewind.engine.unit_of_work import Cache, UnitOfWork
from tradewind.services.inventory.domain import HELD, Product, Reservation
from tradewind.services.orders.domain import Order, confirm
from tradewind.services.payments import service as payments
from tradewind.services.payments.activities import Cashier
from tradewind.services.payments.domain import Charge, GiveBack, GivenBack, Payment, Settled
from tradewind.testing.simulation.shop import Build, build


def starts_early(monkeypatch: pytest.MonkeyPatch) -> Build:
    """Activities are started when they are written, which is before the commit."""
    platforms: list[Platform] = []

    async def written(unit: UnitOfWork) -> None:
        await write(unit)
        for started in unit.after.started:
            platforms[-1].runner.start(*started)

    def built(store: Store, made: list[Service], clock: Clock, keep_ms: int) -> Platform:
        platforms.append(build(store, made, clock, keep_ms))
        return platforms[-1]

    monkeypatch.setattr(processor, "write", written)
    return built


def answers_early(monkeypatch: pytest.MonkeyPatch) -> Build:
    """A request is answered when its reply is known, which is before the commit."""

    async def written(unit: UnitOfWork) -> None:
        await write(unit)
        for incoming in unit.after.answered:
            if incoming.deliver is not None and incoming.reply is not None:
                incoming.deliver(incoming.reply)
                incoming.deliver = None

    monkeypatch.setattr(processor, "write", written)
    return build


def remembers_nothing(monkeypatch: pytest.MonkeyPatch) -> Build:
    """No request is claimed: what comes twice is done twice."""
    monkeypatch.setattr(UnitOfWork, "claim", lambda unit, incoming, status, reply: None)
    return build


class BlindCashier(Cashier):
    async def charge(self, what: Charge, attempt: Attempt) -> Settled:
        key = what.payment_id if attempt.number == 1 else derived(what.payment_id, f"try {attempt.number}")
        settled = await super().charge(
            Charge(key, what.amount, what.currency, what.token, what.expires_at), Attempt(1, attempt.at)
        )
        return Settled(what.payment_id, settled.state, settled.code, settled.charge_id)


def charges_blindly(monkeypatch: pytest.MonkeyPatch) -> Build:
    """After no answer it charges again, under a new key, and asks nobody."""
    monkeypatch.setattr(payments, "Cashier", BlindCashier)
    return build


def _hold(
    heard: OrderCreated, now: Context, claim: Reservation | None, shelf: Mapping[str, Product]
) -> Effects[None]:
    if claim is None:
        wanted: dict[str, int] = {}
        for line in heard.lines:
            wanted[line.product_id] = wanted.get(line.product_id, 0) + line.quantity
        for product_id, n in wanted.items():
            yield shelf[product_id].move(now, held=n)
        yield Reservation(heard.order_id, HELD, wanted, heard.expires_at, now.at, now.at)
        yield StockReserved(heard.order_id)


def holds_what_is_not_there(monkeypatch: pytest.MonkeyPatch) -> Build:
    """Stock is held without a look at what is available."""
    return _with_rule("inventory", OrderCreated, _hold)


def _with_rule(name: str, hears: type[Message], do: Callable[..., Any]) -> Build:
    """The shop with another handler for one message of one service."""

    def other(service: Service) -> Service:
        rules = [
            Rule(rule.hears, do, rule.loads) if rule.hears is hears else rule
            for rule in service.rules.values()
        ]
        does: list[Any] = [*rules, *service.performs.values(), *service.answers.values()]
        return Service(service.name, keeps=service.tables.values(), does=does, says=service.says)

    def built(store: Store, made: list[Service], clock: Clock, keep_ms: int) -> Platform:
        return build(
            store, [other(service) if service.name == name else service for service in made], clock, keep_ms
        )

    return built


def _believe(heard: ProviderReported, now: Context, payment: Payment | None) -> Effects[None]:
    if payment is not None and payment.status == "PENDING":
        yield replace(payment, status="COMPLETED", token="", charge_id=heard.charge_id)
        yield PaymentCompleted(payment.order_id, payment.id, Money(payment.amount, payment.currency))


def believes_everybody(monkeypatch: pytest.MonkeyPatch) -> Build:
    """What a webhook says is taken for true, without asking the provider."""
    return _with_rule("payments", ProviderReported, _believe)


def _confirm(heard: PaymentCompleted, now: Context, order: Order) -> Effects[None]:
    if order.status == "PENDING":
        yield from confirm(heard, now, order)


def keeps_late_money(monkeypatch: pytest.MonkeyPatch) -> Build:
    """Money that comes for an order that has ended is nobody's business."""
    return _with_rule("orders", PaymentCompleted, _confirm)


class HastyCashier(Cashier):
    async def give_back(self, what: GiveBack, attempt: Attempt) -> GivenBack:
        given = await super().give_back(
            GiveBack(derived(what.refund_id, f"{attempt.number}"), what.payment_id, what.amount), attempt
        )
        return GivenBack(what.refund_id, what.payment_id, given.done)


def refunds_anew(monkeypatch: pytest.MonkeyPatch) -> Build:
    """A refund that got no answer is asked for under a new key."""
    monkeypatch.setattr(payments, "Cashier", HastyCashier)
    return build


def reads_again(monkeypatch: pytest.MonkeyPatch) -> Build:
    """Nobody notes how far a subscriber has read: a new process begins at the beginning."""

    async def save(*_: Any) -> None:
        return None

    monkeypatch.setattr(processor, "save_positions", save)
    return build


def trusts_its_memory(monkeypatch: pytest.MonkeyPatch) -> Build:
    """After a commit of which nobody knows whether it was made, what was read before is still taken for
    true.
    """
    monkeypatch.setattr(Cache, "clear", lambda cache: None)
    return build


def forgets_what_it_waits_for(monkeypatch: pytest.MonkeyPatch) -> Build:
    """A new process does not look for timers and activities that an earlier one has left."""

    async def recover(scheduler: Scheduler, tx: Transaction) -> None:
        return None

    monkeypatch.setattr(Scheduler, "recover", recover)
    return build
