"""5. An admin gives a part back, then the rest; more than was paid is refused."""

from time import sleep

from examples.client import admin, basket, customer, tea

boss, ada = admin(), customer("ada")
_, order = ada.call("POST", "/orders", basket(tea(boss)))
ada.call("GET", f"/orders/{order['id']}", prefer="wait=10")
refunds = f"/orders/{order['id']}/refunds"
status, refund = boss.call(
    "POST", refunds, {"amount": {"amount": 500, "currency": "EUR"}, "reason": "a dent"}
)
assert status == 201, refund
status, refused = boss.call(
    "POST", refunds, {"amount": {"amount": 1500, "currency": "EUR"}, "reason": "too much"}
)
print(f"more than is left: {status} {refused['code']}, left {refused['left']['amount']}")
assert (status, refused["code"]) == (409, "refund_exceeds_payment")

boss.call("POST", refunds, {"reason": "the rest"})
while ada.call("GET", f"/orders/{order['id']}")[1]["paymentStatus"] != "refunded":
    sleep(0.05)
_, invoices = ada.call("GET", f"/invoices?orderId={order['id']}")
print(f"credit notes: {[note['number'] for note in invoices['data'][0]['creditNotes']]}")
