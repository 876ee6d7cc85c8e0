"""The table of contents of payments."""

from __future__ import annotations

from pathlib import Path

from ...contracts.orders import OrderCancelled, OrderCreated, OrderFailed, PaymentRequested, RefundRequested
from ...contracts.payments import (
    GetPayment,
    ListPayments,
    ListRefunds,
    PaymentCompleted,
    PaymentFailed,
    PaymentRefunded,
    PaymentVoided,
    ProviderReported,
    RecordPayment,
    RefundPayment,
)
from ...contracts.policies import DEFAULT, Policies
from ...contracts.subscriptions import wired
from ...core.manifest import Manifest
from ...core.model import Service, answers, on, performs
from . import domain, queries
from .activities import Cashier
from .domain import payment_named, payment_of
from .provider.absent import NoProvider
from .provider.manifest import PROVIDER, ports
from .provider.port import Provider
from .storage import MD, PAYMENTS, REFUNDS


def payments(provider: Provider, *, policies: Policies = DEFAULT, payment_token: str = "") -> Service:
    """`provider` makes the charges; `payment_token` is what pays with `payment` on-order. With `payment` none no order is charged: payments are only recorded."""
    cashier = Cashier(provider)
    return Service("payments", keeps=[PAYMENTS, REFUNDS], says=[
        PaymentCompleted, PaymentFailed, PaymentVoided, PaymentRefunded,
    ], does=wired("payments", policies, [
        on(PaymentRequested,       domain.ask,            PAYMENTS.maybe_at(payment_of)),
        on(OrderCreated,           domain.charging(payment_token), PAYMENTS.maybe_at(payment_of)),
        performs(domain.Charge,    cashier.charge),
        on(domain.Settled,         domain.settle,         PAYMENTS.at(payment_named)),
        on(ProviderReported,       domain.believe_nobody, PAYMENTS.maybe_at(payment_named)),
        on(domain.CheckDue,        domain.check,          PAYMENTS.at(payment_named)),
        performs(domain.Ask,       cashier.ask),
        on(OrderFailed,            domain.void,           PAYMENTS.maybe_at(payment_of)),
        on(OrderCancelled,         domain.void,           PAYMENTS.maybe_at(payment_of)),
        performs(domain.Void,      cashier.void),
        on(RefundRequested,        domain.give_back,      PAYMENTS.at(payment_of)),
        on(RefundPayment,          domain.refund,         PAYMENTS.at(payment_of)),
        performs(domain.GiveBack,  cashier.give_back),
        on(domain.GivenBack,       domain.note_refund,    PAYMENTS.at(payment_named), REFUNDS.at(domain.refund_named)),
        on(RecordPayment,          domain.record),
        answers(GetPayment,        queries.get_payment),
        answers(ListPayments,      queries.list_payments),
        answers(ListRefunds,       queries.list_refunds),
    ]))  # fmt: skip


MANIFEST = Manifest(
    name="payments",
    make=lambda given: payments(
        given.ports.get(PROVIDER) or NoProvider(),
        policies=given.policies,
        payment_token=given.settings["payment_token"],
    ),
    tables=MD,
    steps=Path(__file__).with_name("migrations"),
    ports=ports,
    checks=f"{__package__}.checks",
    adopts=f"{__package__}.adopting",
)
