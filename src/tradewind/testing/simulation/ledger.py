"""Records requests and replies on the clients' side: promises that an audit of the store alone cannot
know.
"""

from __future__ import annotations

import zlib

import msgspec

from ...contracts.inventory import AddProduct, AdjustStock, ChangeProduct, ProductView
from ...contracts.orders import CancelOrder, OrderView, PlaceOrder
from ...contracts.payments import RefundPayment
from ...core.clock import derived
from ...core.gateway import Refusal, Reply
from ...core.model import Caller, Request
from .trace import Trace

AGAIN = 503
REFUSES: dict[type[Request], tuple[str, ...]] = {
    PlaceOrder: ("unknown_product", "price_changed"),
    CancelOrder: ("not_found", "illegal_transition"),
    RefundPayment: ("not_found", "illegal_transition", "refund_exceeds_payment"),
    AddProduct: ("sku_exists",),
    ChangeProduct: ("not_found",),
    AdjustStock: ("not_found", "insufficient_stock"),
}
COURSE = {
    "PENDING": ("CONFIRMED", "FAILED", "CANCELLED"),
    "CONFIRMED": ("CANCELLED",),
    "FAILED": (),
    "CANCELLED": (),
}
_order = msgspec.json.Decoder(OrderView).decode
_product = msgspec.json.Decoder(ProductView).decode
_refusal = msgspec.json.Decoder(Refusal).decode


class Violation(msgspec.Struct, frozen=True):
    """A promise that was broken: which, to whom (an order's id, a claim) and how."""

    name: str
    about: str
    says: str


class Asked:
    """A request, with every copy of it: `since` when it is asked, and the `reply` that counts."""

    def __init__(self, message: Request, caller: Caller, claim: str) -> None:
        self.message, self.caller, self.claim = message, caller, claim
        self.fingerprint = f"{zlib.crc32(msgspec.json.encode(message)):08x}"
        self.reply: Reply | None = None
        self.decided = 0
        self.since: float | None = None
        self.known: frozenset[str] = frozenset()


class Ledger:
    def __init__(self, trace: Trace) -> None:
        self._trace = trace
        self.violations: list[Violation] = []
        self.asked: list[Asked] = []
        self.orders: dict[str, Asked] = {}
        self.products: dict[str, str] = {}
        self.prices: dict[str, list[int]] = {}
        self._seen: dict[str, str] = {}

    def broken(self, name: str, about: str, says: str) -> None:
        self._trace.note(f"BROKEN {name}", about, says)
        self.violations.append(Violation(name, about, says))

    def ask(self, message: Request, caller: Caller, claim: str) -> Asked:
        asked = Asked(message, caller, claim)
        asked.known = frozenset(self.products)
        self.asked.append(asked)
        return asked

    def heard(self, asked: Asked, reply: Reply) -> bool:
        """An answer has left the shop. True: it is the last word."""
        if reply.status == AGAIN:
            return False
        kind = type(asked.message)
        if asked.reply is None:
            asked.reply = reply
            self._first(asked, kind, reply)
        elif (asked.reply.status, asked.reply.body) != (reply.status, reply.body):
            self.broken("replay", asked.claim, f"{kind.__name__} was answered {asked.reply} and then {reply}")
        asked.decided += not reply.replayed
        if asked.decided > 1:
            self.broken("replay", asked.claim, f"{kind.__name__} was decided twice")
        return True

    def _first(self, asked: Asked, kind: type[Request], reply: Reply) -> None:
        code = _refusal(reply.body).code if reply.status else "done"
        self._trace.note(f"{kind.__name__} {code}", asked.claim)
        if reply.status:
            if code not in REFUSES[kind]:
                self.broken("answers", asked.claim, f"{kind.__name__} was answered {reply.status} {code}")
            elif code == "unknown_product" and isinstance(asked.message, PlaceOrder):
                wanted = [item.sku or item.product_id for item in asked.message.items]
                if all(name in asked.known for name in wanted):
                    self.broken(
                        "answers", asked.claim, f"unknown_product, but all of {wanted} had been added"
                    )
        elif kind is PlaceOrder:
            order = _order(reply.body)
            self._trace.note("is order", asked.claim, order.id)
            if self.orders.setdefault(order.id, asked) is not asked:
                self.broken("no phantom", order.id, "is the answer to two requests")
            self._priced(order)
            self.saw(order)
        elif kind is AddProduct:
            product = _product(reply.body)
            self.products[product.sku] = self.products[product.id] = product.id

    def _priced(self, order: OrderView) -> None:
        for line in order.items:
            if line.unit_price.amount not in self.prices.get(line.sku, ()):
                self.broken("price", order.id, f"{line.sku} never cost {line.unit_price.amount}")
        if order.total.amount != sum([line.quantity * line.unit_price.amount for line in order.items]):
            self.broken("price", order.id, "the total is not the sum of the lines")

    def saw(self, order: OrderView) -> None:
        """A client has seen this order: its status never goes back."""
        before = self._seen.get(order.id, order.status)
        if order.status != before and order.status not in COURSE[before]:
            self.broken("legal transitions", order.id, f"was seen {before} and then {order.status}")
        self._seen[order.id] = order.status

    def about(self, violation: Violation) -> set[str]:
        """All ids of a violation: the order, its payment and invoice, the requests about it."""
        whom = {violation.about}
        for order_id, asked in self.orders.items():
            names = {order_id, asked.claim, derived(order_id, "payment"), derived(order_id, "invoice")}
            if violation.about in names:
                whom |= names
                whom |= {
                    other.claim for other in self.asked if getattr(other.message, "order_id", "") == order_id
                }
        return whom - {""}
