"""Bugs as people write them, planted into the real parts: a simulator that does not find them would prove nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tradewind.apps.simulation.shop import Build, build
from tradewind.chassis.engine.platform import Platform
from tradewind.chassis.engine.unit import Unit
from tradewind.chassis.engine.waking import Waking
from tradewind.chassis.model import Attempt, Does, Moment, Rule, Service
from tradewind.chassis.store.port import Store, Transaction
from tradewind.chassis.world import World, derived
from tradewind.contracts.inventory import StockReserved
from tradewind.contracts.orders import OrderCreated
from tradewind.services.inventory.domain import HELD, Product, Reservation
from tradewind.services.payments import service as payments
from tradewind.services.payments.activities import Cashier
from tradewind.services.payments.domain import Charge, Settled

flush = Unit.flush


def starts_early(monkeypatch: pytest.MonkeyPatch) -> Build:
    """Activities are started when they are written, which is before the commit."""
    platforms: list[Platform] = []

    async def flushed(unit: Unit) -> None:
        await flush(unit)
        for started in unit.started:
            platforms[-1].runner.start(*started)

    def built(store: Store, made: list[Service], world: World, keep_ms: int) -> Platform:
        platforms.append(build(store, made, world, keep_ms))
        return platforms[-1]

    monkeypatch.setattr(Unit, "flush", flushed)
    return built


def answers_early(monkeypatch: pytest.MonkeyPatch) -> Build:
    """A request is answered when its reply is known, which is before the commit."""

    async def flushed(unit: Unit) -> None:
        await flush(unit)
        for incoming in unit.answered:
            if incoming.deliver is not None and incoming.reply is not None:
                incoming.deliver(incoming.reply)
                incoming.deliver = None

    monkeypatch.setattr(Unit, "flush", flushed)
    return build


def remembers_nothing(monkeypatch: pytest.MonkeyPatch) -> Build:
    """No request is claimed: what comes twice is done twice."""
    monkeypatch.setattr(Unit, "claim", lambda unit, incoming, status, reply: None)
    return build


class BlindCashier(Cashier):
    async def charge(self, what: Charge, attempt: Attempt) -> Settled:
        key = what.payment_id if attempt.number == 1 else derived(what.payment_id, f"try {attempt.number}")
        settled = await super().charge(Charge(key, what.amount, what.currency, what.token, what.expires_at), Attempt(1, attempt.at))
        return Settled(what.payment_id, settled.state, settled.code, settled.charge_id)


def charges_blindly(monkeypatch: pytest.MonkeyPatch) -> Build:
    """After no answer it charges again, under a new key, and asks nobody."""
    monkeypatch.setattr(payments, "Cashier", BlindCashier)
    return build


def _hold(heard: OrderCreated, now: Moment, claim: Reservation | None, shelf: Mapping[str, Product]) -> Does[None]:
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

    def built(store: Store, made: list[Service], world: World, keep_ms: int) -> Platform:
        return build(store, [_without_check(service) if service.name == "inventory" else service for service in made], world, keep_ms)

    return built


def _without_check(service: Service) -> Service:
    does: list[Any] = [Rule(rule.hears, _hold, rule.loads) if rule.hears is OrderCreated else rule for rule in service.rules.values()]
    return Service(service.name, keeps=service.tables.values(), does=[*does, *service.answers.values()], says=service.says)


def forgets_what_it_waits_for(monkeypatch: pytest.MonkeyPatch) -> Build:
    """A new process does not look for timers and activities that an earlier one has left."""

    async def recover(waking: Waking, tx: Transaction) -> None:
        return None

    monkeypatch.setattr(Waking, "recover", recover)
    return build
