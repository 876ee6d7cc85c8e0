"""Orders for several products come, end and come again while people count the shelves: no piece is promised
twice and none gets lost.
"""

from __future__ import annotations

from collections import Counter, defaultdict

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule
from msgspec.structs import replace

from tests.services.inventory.cases import CANCELLED, CONFIRMED, CREATED, FAILED, LAPSED, NOW, line
from tests.support.memory import Memory
from tradewind.contracts.inventory import AddProduct, AdjustStock, StockRejected, StockReserved
from tradewind.contracts.orders import OrderConfirmed, OrderCreated
from tradewind.contracts.values import Price
from tradewind.core.model import Message, Refused
from tradewind.services.inventory.domain import COMMITTED, HELD, Movement, Product, Reservation
from tradewind.services.inventory.service import SERVICE

PRODUCTS = ["p0", "p1", "p2"]
LINES = st.lists(
    st.tuples(st.sampled_from([*PRODUCTS, "unknown"]), st.integers(1, 6)), min_size=1, max_size=5
)


class Stock(RuleBasedStateMachine):
    orders = Bundle("orders")

    def __init__(self) -> None:
        super().__init__()
        self.memory = Memory(SERVICE)
        self.count = 0
        self.ended: set[str] = set()

    def tell(self, message: Message) -> str:
        """The code of a refusal, or nothing."""
        self.count += 1
        try:
            self.memory.tell(message, replace(NOW, new_id=f"id-{self.count}", at=self.count))
        except Refused as refused:
            return refused.code
        return ""

    @initialize(stock=st.lists(st.integers(0, 12), min_size=3, max_size=3))
    def open(self, stock: list[int]) -> None:
        for name, pieces in zip(PRODUCTS, stock, strict=True):
            self.memory.tell(
                AddProduct(name.upper(), name, Price(1, "EUR"), pieces), replace(NOW, new_id=name)
            )

    @rule(target=orders, wanted=LINES)
    def order(self, wanted: list[tuple[str, int]]) -> OrderCreated:
        self.count += 1
        return replace(CREATED, order_id=f"order-{self.count}", lines=tuple(line(*pick) for pick in wanted))

    @rule(created=orders)
    def hear_of_it(self, created: OrderCreated) -> None:
        wanted: Counter[str] = Counter()
        for one in created.lines:
            wanted[one.product_id] += one.quantity
        known = created.order_id in self.memory.rows[Reservation]
        shelf = self.memory.rows[Product]
        fits = all(name in shelf and shelf[name].available >= pieces for name, pieces in wanted.items())
        said = len(self.memory.said)
        assert self.tell(created) == ""
        heard = self.memory.said[said:]
        assert [type(event) for event in heard] == (
            [] if known else [StockReserved if fits else StockRejected]
        )
        if fits and not known:
            assert self.memory.rows[Reservation][created.order_id].items == dict(wanted)

    @rule(created=orders)
    def confirm(self, created: OrderCreated) -> None:
        claim = self.memory.rows[Reservation].get(created.order_id)
        legal = claim is not None and claim.status in (HELD, COMMITTED)
        code = self.tell(OrderConfirmed(created.order_id, "ada", CONFIRMED.total))
        assert code == ("" if legal else "not_found" if claim is None else "illegal_transition")

    @rule(created=orders, end=st.sampled_from([FAILED, LAPSED, CANCELLED]))
    def end(self, created: OrderCreated, end: Message) -> None:
        assert self.tell(replace(end, order_id=created.order_id)) == ""
        self.ended.add(created.order_id)

    @rule(name=st.sampled_from(PRODUCTS), delta=st.integers(-8, 8))
    def adjust(self, name: str, delta: int) -> None:
        product: Product = self.memory.rows[Product][name]
        code = self.tell(AdjustStock(name, delta, "count"))
        assert code == ("insufficient_stock" if product.available + delta < 0 else "")

    @invariant()
    def every_piece_is_somewhere(self) -> None:
        promised: dict[str, Counter[str]] = defaultdict(Counter)
        for claim in self.memory.all(Reservation):
            for name, pieces in claim.items.items():
                promised[claim.status][name] += pieces
        moved: Counter[str] = Counter()
        for movement in self.memory.all(Movement):
            moved[movement.product_id] += movement.delta
        for product in self.memory.all(Product):
            assert (
                product.on_hand == product.available + product.held + product.committed == moved[product.id]
            )
            assert min(product.available, product.held, product.committed) >= 0
            assert (product.held, product.committed) == (
                promised[HELD][product.id],
                promised[COMMITTED][product.id],
            )

    @invariant()
    def what_has_ended_holds_nothing_and_never_will(self) -> None:
        for order_id in self.ended:
            assert self.memory.rows[Reservation][order_id].status in ("RELEASED", "EXPIRED")

    @invariant()
    def stock_is_reserved_for_an_order_once(self) -> None:
        reserved = [event.order_id for event in self.memory.said if isinstance(event, StockReserved)]
        assert len(reserved) == len(set(reserved))


TestStock = Stock.TestCase
TestStock.settings = settings(max_examples=80, stateful_step_count=40, deadline=None)
