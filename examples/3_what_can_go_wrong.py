"""3. A declined card, an empty shelf, an answer of the provider that got lost: each order comes to an end
that says why.
"""

from examples.client import admin, basket, customer, tea

sku, ada = tea(admin()), customer("ada")
wanted = {
    "a declined card": basket(sku, token="tok_declined"),
    "more than there is": basket(sku, 9_999),
    "charged, but the answer was lost": basket(sku, token="tok_charged_no_answer"),
}
for what, body in wanted.items():
    _, order = ada.call("POST", "/orders", body)
    _, order = ada.call("GET", f"/orders/{order['id']}", prefer="wait=30")
    why = order["failure"]["code"] if order["failure"] else f"paid once: {order['paymentStatus']}"
    print(f"{what}: {order['status']}, {why}")
    assert order["status"] == ("CONFIRMED" if "lost" in what else "FAILED")
