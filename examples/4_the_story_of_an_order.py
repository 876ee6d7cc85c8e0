"""4. What six services did for one order, in causal order, and the papers and messages that came of it."""

from examples.client import admin, basket, customer, tea

sku, ada = tea(admin()), customer("ada")
_, order = ada.call("POST", "/orders", basket(sku))
ada.call("GET", f"/orders/{order['id']}", prefer="wait=10")
_, timeline = ada.call("GET", f"/orders/{order['id']}/timeline")
for entry in timeline["data"]:
    print(f"{entry['at']}  {entry['service']:10} {entry['name']}")
assert [entry["name"] for entry in timeline["data"]][:3] == [
    "order.created",
    "stock.reserved",
    "payment.requested",
]

for what in ("payments", "invoices", "notifications"):
    _, page = ada.call("GET", f"/{what}?orderId={order['id']}")
    print(f"{what}: {[row['status'] for row in page['data']]}")
