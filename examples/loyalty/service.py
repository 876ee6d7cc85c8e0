"""The table of contents of loyalty."""

from __future__ import annotations

from tradewind.contracts.orders import OrderConfirmed
from tradewind.contracts.payments import PaymentRefunded
from tradewind.service import Service, answers, on

from . import domain, queries
from .contracts import GetPoints
from .storage import ACCOUNTS, EARNED

ACCOUNT = ACCOUNTS.maybe_at(domain.customer)

SERVICE = Service("loyalty", keeps=[EARNED, ACCOUNTS], does=[
    on(OrderConfirmed,  domain.earn,      EARNED.maybe, ACCOUNT),
    on(PaymentRefunded, domain.give_back, EARNED.maybe, ACCOUNT),
    answers(GetPoints,  queries.get_points),
])  # fmt: skip
