"""2. No answer came? Send the same request with the same key: it is done once, and you get the first answer
to the byte.
"""

from uuid import uuid4

from examples.client import admin, basket, customer, tea

sku, ada, key = tea(admin()), customer("ada"), str(uuid4())
_, first = ada.call("POST", "/orders", basket(sku), idempotency_key=key)
_, again = ada.call("POST", "/orders", basket(sku), idempotency_key=key)
assert again == first and ada.headers["idempotent-replayed"] == "true"
print(f"one order, however often it is sent: {first['id']}")

status, refused = ada.call("POST", "/orders", basket(sku, 5), idempotency_key=key)
assert (status, refused["code"]) == (422, "idempotency_key_reused")
print(f"the same key for another basket: {status} {refused['code']}")
