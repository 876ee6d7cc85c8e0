"""The description of the API is valid, whole, and says what the declarations say."""

import re
from typing import Any

import jsonschema_rs
import pytest
import schemathesis
from msgspec.structs import replace
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.definitions import OPENAPI_31

from tradewind.apis.v1 import openapi
from tradewind.apis.v1.binding import _UNSEEN
from tradewind.apis.v1.openapi.schemas import LINE, PLAIN
from tradewind.apis.v1.strict_json import _FORBIDDEN
from tradewind.contracts.operation import Operation, Who

DOCUMENT = openapi.document()
SCHEMAS = DOCUMENT["components"]["schemas"]
CALLS = [(path, method, call) for path, calls in DOCUMENT["paths"].items() for method, call in calls.items()]


def declared(operation: Operation) -> Any:
    return DOCUMENT["paths"][operation.path][operation.method.lower()]


def resolved(node: Any) -> Any:
    while "$ref" in node:
        target: Any = DOCUMENT
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        node = target
    return node


def references(node: Any) -> list[str]:
    if isinstance(node, list):
        return [ref for item in node for ref in references(item)]
    if not isinstance(node, dict):
        return []
    here = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
    return here + [ref for item in node.values() for ref in references(item)]


def validator(shape: Any) -> jsonschema_rs.Validator:
    return jsonschema_rs.Draft202012Validator({**shape, "components": {"schemas": SCHEMAS}})


def test_is_openapi_3_1() -> None:
    assert DOCUMENT["openapi"] == "3.1.0"
    errors = [error.message for error in jsonschema_rs.Draft202012Validator(OPENAPI_31).iter_errors(DOCUMENT)]
    assert not errors


def test_the_validator_sees_an_error() -> None:
    broken = {**DOCUMENT, "info": {}}
    assert not jsonschema_rs.Draft202012Validator(OPENAPI_31).is_valid(broken)


def test_every_schema_is_a_schema() -> None:
    assert [
        name
        for name, shape in SCHEMAS.items()
        if not jsonschema_rs.meta.is_valid({**shape, "$schema": openapi.DIALECT})
    ] == []


def test_every_reference_leads_somewhere_and_nothing_is_left_over() -> None:
    found = set(references(DOCUMENT))
    for ref in found:
        assert resolved({"$ref": ref})
    unused = [name for name in SCHEMAS if f"#/components/schemas/{name}" not in found]
    assert not unused


def test_schemathesis_can_make_requests_of_all_of_it() -> None:
    schema = schemathesis.openapi.from_dict(DOCUMENT)
    schema.validate()
    assert len([call for call in schema.get_all_operations() if isinstance(call, Ok)]) == len(CALLS)


@pytest.mark.parametrize("operation", openapi.ALL, ids=lambda operation: operation.name)
def test_every_operation_is_described(operation: Operation) -> None:
    call = declared(operation)
    assert call["security"] == ([] if operation.who in (Who.ALL, Who.HOLDER) else [{"bearer": []}])
    assert str(operation.status) in call["responses"]
    for status, code in operation.refuses:
        content = resolved(call["responses"][str(status)])["content"]["application/problem+json"]
        assert code in content["examples"]
    assert {"400", "429", "503"} <= call["responses"].keys()
    assert ("401" in call["responses"]) >= bool(call["security"])
    assert ("403" in call["responses"]) == (
        operation.who is Who.ADMIN or (403, "forbidden") in operation.refuses
    )
    if "requestBody" in call:
        assert {"413", "415", "422"} <= call["responses"].keys()
    in_path = re.findall(r"{(\w+)}", operation.path)
    parameters = [resolved(parameter) for parameter in call["parameters"]]
    assert [parameter["name"] for parameter in parameters if parameter["in"] == "path"] == in_path
    assert ("404" in call["responses"]) >= bool(in_path)
    assert ("Idempotency-Key" in [parameter["name"] for parameter in parameters]) == (
        operation.method == "POST"
    )


def test_operation_ids_are_given_once() -> None:
    names = [call["operationId"] for _, _, call in CALLS]
    assert len(set(names)) == len(names)
    assert set(DOCUMENT["paths"]) >= {"/health/live", "/health/ready", "/metrics", "/webhooks/sandbox"}


@pytest.mark.parametrize(
    "operation", [one for one in openapi.ALL if one.example is not None], ids=lambda operation: operation.name
)
def test_an_example_is_what_the_schema_asks_for(operation: Operation) -> None:
    shape = declared(operation)["requestBody"]["content"]["application/json"]["schema"]
    validator(shape).validate(operation.example)
    assert not validator(shape).is_valid({**operation.example, "surprise": 1})


def test_a_body_has_neither_wire_name_nor_path() -> None:
    assert set(SCHEMAS["RefundPayment"]["properties"]) == {"amount", "reason"}
    assert SCHEMAS["RefundPayment"]["required"] == ["reason"]
    assert SCHEMAS["PlaceOrder"]["additionalProperties"] is False
    assert "required" not in SCHEMAS["ChangeUser"]
    assert not declared(next(one for one in openapi.ALL if one.name == "orders.cancel"))["requestBody"][
        "required"
    ]


def test_a_line_has_one_of_id_and_sku() -> None:
    item = validator(SCHEMAS["CatalogueItem"])
    id = "019aa2f0-7c5e-7abc-8def-0123456789ab"
    assert item.is_valid({"quantity": 1, "sku": "TEA"})
    assert item.is_valid({"quantity": 1, "productId": id, "sku": None})
    assert not item.is_valid({"quantity": 1})
    assert not item.is_valid({"quantity": 1, "sku": "TEA", "productId": id})


def test_a_parameter_is_left_out_rather_than_empty() -> None:
    orders = declared(next(one for one in openapi.ALL if one.name == "orders.list"))
    status = next(parameter for parameter in orders["parameters"] if parameter.get("name") == "status")
    assert status["schema"] == {"type": "string", "enum": ["CANCELLED", "CONFIRMED", "FAILED", "PENDING"]}
    assert not status["required"]


def test_what_is_made_says_where_it_is() -> None:
    assert "Location" in DOCUMENT["paths"]["/api/v1/orders"]["post"]["responses"]["201"]["headers"]
    assert (
        "Location"
        not in DOCUMENT["paths"]["/api/v1/orders/{orderId}/refunds"]["post"]["responses"]["201"]["headers"]
    )


def test_files_and_empty_answers() -> None:
    assert DOCUMENT["paths"]["/api/v1/invoices/{invoiceId}/pdf"]["get"]["responses"]["200"]["content"] == {
        "application/pdf": {}
    }
    assert "content" not in DOCUMENT["paths"]["/api/v1/auth/logout"]["post"]["responses"]["204"]


def test_a_service_that_nobody_foresaw_is_on_the_page() -> None:
    known = next(one for one in openapi.ALL if one.name == "orders.get")
    described = openapi.document(
        [known, replace(known, name="loyalty.points", path="/api/v1/points/{orderId}")]
    )
    assert [tag["name"] for tag in described["tags"]] == ["orders", "platform", "loyalty"]


def test_is_made_once() -> None:
    assert openapi.openapi_json() is openapi.openapi_json()


def test_a_text_takes_what_the_edge_takes() -> None:
    for code in (*range(0x300), *range(0x2000, 0x2100), 0xFFFD, 0x1F600):
        assert (re.search(PLAIN, chr(code)) is None) == (_FORBIDDEN.search(chr(code)) is not None), hex(code)
        if chr(code) != "\n":  # `$` of Python takes one at the end, that of JSON Schema does not
            assert (re.search(LINE, chr(code)) is None) == (_UNSEEN.search(chr(code)) is not None), hex(code)
    for kind, field in (("CancelOrder", "reason"), ("Register", "name")):
        takes = re.compile(SCHEMAS[kind]["properties"][field]["pattern"]).search
        assert [bool(takes(text)) for text in ("a", " \u200da ", "a\n", "a\0", " ", "\u200d", "a\u202e")] == [
            *[True] * 3,
            *[False] * 4,
        ]
        assert bool(takes("")) == (field == "reason")
    assert SCHEMAS["LogIn"]["properties"]["password"]["pattern"] == PLAIN
    products = declared(next(one for one in openapi.ALL if one.name == "inventory.products"))
    free = [
        parameter["schema"]
        for parameter in products["parameters"]
        if parameter.get("name") in ("q", "cursor")
    ]
    assert [shape["pattern"] for shape in free] == [LINE, LINE]
