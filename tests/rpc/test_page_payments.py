"""The page's payment API, and its integration tests of payment.spec.ts."""

from tests.rpc.api import MISSING, ORDER, PAYMENT, TIME, UUID, Api, fresh, invalid, refused


def test_payment_spec_create_payment(api: Api) -> None:
    """The page's example, field by field."""
    key = fresh("pay-xyz")
    made = api.made("/api/payments", PAYMENT, key=key)
    assert list(made) == ["id", "orderId", "amount", "status", "idempotencyKey", "createdAt", "updatedAt"]
    assert made | {"id": "", "createdAt": "", "updatedAt": ""} == {
        **PAYMENT,
        "id": "",
        "status": "PENDING",
        "idempotencyKey": key,
        "createdAt": "",
        "updatedAt": "",
    }
    assert (
        UUID.fullmatch(made["id"])
        and TIME.fullmatch(made["createdAt"])
        and made["updatedAt"] == made["createdAt"]
    )


def test_payment_spec_idempotency(api: Api) -> None:
    key = fresh()
    first = api("POST", "/api/payments", PAYMENT, key=key)
    again = api("POST", "/api/payments", PAYMENT, key=key)
    assert (again.status, again.body) == (first.status, first.body) == (201, first.body)


def test_payment_spec_no_key_creates_different_payments(api: Api) -> None:
    assert api.made("/api/payments", PAYMENT)["id"] != api.made("/api/payments", PAYMENT)["id"]


def test_payment_spec_validation_400(api: Api) -> None:
    assert invalid(api("POST", "/api/payments", {"orderId": "7", "amount": -0.01})) == [
        "orderId must be a UUID",
        "amount must not be less than 0",
    ]


def test_payment_spec_get_by_id(api: Api) -> None:
    made = api.made("/api/payments", PAYMENT)
    assert api.got(f"/api/payments/{made['id']}") == made


def test_payment_spec_404_for_missing(api: Api) -> None:
    assert refused(api("GET", f"/api/payments/{MISSING}"), 404) == {
        "message": "Payment not found",
        "statusCode": 404,
    }
    assert (
        refused(api("GET", f"/api/payments/{MISSING}", lang="de"), 404)["message"] == "Zahlung nicht gefunden"
    )


def test_payment_spec_get_by_order_id(api: Api) -> None:
    order = api.made("/api/orders", ORDER)["id"]
    assert api.got(f"/api/payments/order/{order}") == []
    made = [api.made("/api/payments", {"orderId": order, "amount": amount}) for amount in (10, 0.5)]
    found = api.got(f"/api/payments/order/{order}")
    assert sorted(found, key=lambda row: str(row["id"])) == sorted(made, key=lambda row: str(row["id"]))
