"""1. A product, a customer, an order, and its end, waited for with one request."""

from examples.client import admin, basket, customer, tea

sku = tea(admin())
ada = customer("ada")
status, order = ada.call("POST", "/orders", basket(sku, 2))
assert status == 201, order
print(f"accepted: {order['id']}, {order['total']['amount']} minor units, {order['status']}")

_, order = ada.call("GET", f"/orders/{order['id']}", prefer="wait=10")
assert order["status"] == "CONFIRMED", order
print(f"and then: {order['status']}, {order['paymentStatus']}")
