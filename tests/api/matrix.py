"""Writes down by hand who gets what from each operation, and how it is asked: a slip in the code cannot hide
in both.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any, NamedTuple

from tests.support.people import CUSTOMERS, PERSONS
from tests.support.shop import Shop, basket

# nobody, ada (whose things they are), bob (another customer), the admin
CALLERS = ("", "ada", "bob", "admin")
TO_ALL, SIGNED_IN, ADMIN_ONLY, OWNED = (
    (200,) * 4,
    (401, 200, 200, 200),
    (401, 403, 403, 200),
    (401, 200, 404, 200),
)

EXPECTED: dict[str, tuple[int, int, int, int]] = {
    "users.register": (201, 201, 201, 201),
    "users.log_in": TO_ALL,
    "users.refresh": TO_ALL,
    "users.log_out": (204, 204, 204, 204),
    "users.me": SIGNED_IN,
    "users.change_me": SIGNED_IN,
    "users.list": ADMIN_ONLY,
    "users.get": OWNED,
    "users.change": ADMIN_ONLY,
    "users.delete": (401, 403, 403, 204),
    "inventory.add_product": (401, 403, 403, 201),
    "inventory.products": TO_ALL,
    "inventory.product": TO_ALL,
    "inventory.change_product": ADMIN_ONLY,
    "inventory.adjust_stock": (401, 403, 403, 201),
    "orders.place": (401, 201, 201, 201),
    "orders.list": SIGNED_IN,
    "orders.get": OWNED,
    "orders.timeline": OWNED,
    "orders.cancel": OWNED,
    "payments.refund": (401, 403, 403, 201),
    "payments.refunds": OWNED,
    "payments.list": SIGNED_IN,
    "payments.get": OWNED,
    "invoices.list": SIGNED_IN,
    "invoices.get": OWNED,
    "invoices.pdf": OWNED,
    "notifications.list": SIGNED_IN,
    "ops.stats": ADMIN_ONLY,
    "ops.dead_letters": ADMIN_ONLY,
    # there is no dead letter here: that is what the admin is told
    "ops.replay": (401, 403, 403, 404),
    "ops.discard": (401, 403, 403, 404),
}
# lists that show only what is the caller's, also to those who ask for more
MINE = ("orders.list", "payments.list", "invoices.list", "notifications.list")


class Things(NamedTuple):
    """What ada has: an order that came to its end, and all that hangs on it."""

    user: str
    product: str
    order: str
    payment: str
    invoice: str

    @staticmethod
    def made(shop: Shop) -> Things:
        order = shop.order()
        shop.wait_final(order)

        def first(of: str) -> str:
            return str(shop.get(f"/{of}?orderId={order}")["data"][0]["id"])

        me = shop.get("/users/me")["id"]
        return Things(
            me, shop.get("/products?q=TEA")["data"][0]["id"], order, first("payments"), first("invoices")
        )


class Asked(NamedTuple):
    method: str
    path: str
    body: Any = None


fresh = count(1)


def _tokens(shop: Shop) -> dict[str, str]:
    tokens = shop.post("/auth/login", CUSTOMERS["eve"]._asdict(), who="", status=200)
    return {"refreshToken": tokens["refreshToken"]}


def _somebody() -> dict[str, str]:
    return {"email": f"new{next(fresh)}@example.com", "name": "Somebody New", "password": "correct horse new"}


ASKS: dict[str, Callable[[Shop, Things], Asked]] = {
    "users.register": lambda shop, of: Asked("POST", "/auth/register", _somebody()),
    "users.log_in": lambda shop, of: Asked("POST", "/auth/login", PERSONS["ada"]._asdict()),
    "users.refresh": lambda shop, of: Asked("POST", "/auth/refresh", _tokens(shop)),
    "users.log_out": lambda shop, of: Asked("POST", "/auth/logout", _tokens(shop)),
    "users.me": lambda shop, of: Asked("GET", "/users/me"),
    "users.change_me": lambda shop, of: Asked("PATCH", "/users/me", {"name": f"Name {next(fresh)}"}),
    "users.list": lambda shop, of: Asked("GET", "/users"),
    "users.get": lambda shop, of: Asked("GET", f"/users/{of.user}"),
    "users.change": lambda shop, of: Asked("PATCH", f"/users/{of.user}", {"name": f"Name {next(fresh)}"}),
    "users.delete": lambda shop, of: Asked(
        "DELETE", f"/users/{shop.post('/auth/register', _somebody(), who='')['id']}"
    ),
    "inventory.add_product": lambda shop, of: Asked(
        "POST",
        "/products",
        {"sku": f"NEW-{next(fresh)}", "name": "New", "price": {"amount": 1, "currency": "EUR"}, "stock": 1},
    ),
    "inventory.products": lambda shop, of: Asked("GET", "/products"),
    "inventory.product": lambda shop, of: Asked("GET", f"/products/{of.product}"),
    "inventory.change_product": lambda shop, of: Asked(
        "PATCH", f"/products/{of.product}", {"name": f"Tea {next(fresh)}"}
    ),
    "inventory.adjust_stock": lambda shop, of: Asked(
        "POST", f"/products/{of.product}/stock-adjustments", {"delta": 1, "reason": "found"}
    ),
    "orders.place": lambda shop, of: Asked("POST", "/orders", basket()),
    "orders.list": lambda shop, of: Asked("GET", "/orders?limit=100"),
    "orders.get": lambda shop, of: Asked("GET", f"/orders/{of.order}"),
    "orders.timeline": lambda shop, of: Asked("GET", f"/orders/{of.order}/timeline"),
    "orders.cancel": lambda shop, of: Asked(
        "POST", f"/orders/{shop.order('tok_webhook')}/cancel", {"reason": "no need"}
    ),
    "payments.refund": lambda shop, of: Asked(
        "POST",
        f"/orders/{of.order}/refunds",
        {"reason": "damaged", "amount": {"amount": 1, "currency": "EUR"}},
    ),
    "payments.refunds": lambda shop, of: Asked("GET", f"/orders/{of.order}/refunds"),
    "payments.list": lambda shop, of: Asked("GET", f"/payments?orderId={of.order}"),
    "payments.get": lambda shop, of: Asked("GET", f"/payments/{of.payment}"),
    "invoices.list": lambda shop, of: Asked("GET", f"/invoices?orderId={of.order}"),
    "invoices.get": lambda shop, of: Asked("GET", f"/invoices/{of.invoice}"),
    "invoices.pdf": lambda shop, of: Asked("GET", f"/invoices/{of.invoice}/pdf"),
    "notifications.list": lambda shop, of: Asked("GET", f"/notifications?orderId={of.order}"),
    "ops.stats": lambda shop, of: Asked("GET", "/ops/stats"),
    "ops.dead_letters": lambda shop, of: Asked("GET", "/ops/dead-letters"),
    "ops.replay": lambda shop, of: Asked("POST", f"/ops/dead-letters/{of.order}/replay"),
    "ops.discard": lambda shop, of: Asked("POST", f"/ops/dead-letters/{of.order}/discard"),
}
"""Each makes what it needs, so that one call never spoils another."""
