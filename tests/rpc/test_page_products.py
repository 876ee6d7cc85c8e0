"""The page's product API, and its integration tests of inventory.spec.ts."""

from tests.rpc.api import MISSING, TIME, UUID, Api, fresh, invalid, product, refused


def test_inventory_spec_create_product(api: Api) -> None:
    """The page's example, field by field."""
    body = product()
    made = api.made("/api/products", body)
    assert list(made) == ["id", "name", "sku", "stock", "reservedStock", "createdAt"]
    assert made | {"id": "", "createdAt": ""} == {**body, "id": "", "reservedStock": 0, "createdAt": ""}
    assert UUID.fullmatch(made["id"]) and TIME.fullmatch(made["createdAt"])


def test_inventory_spec_sku_deduplication(api: Api) -> None:
    """An existing SKU returns the existing product, whatever else the body says."""
    sku = fresh("SKU")
    first = api.made("/api/products", product(sku, 100))
    assert api.made("/api/products", {"name": "Other", "sku": sku, "stock": 7}) == first


def test_a_sku_that_looks_alike_is_another_product_and_shown_as_it_was_sent(api: Api) -> None:
    """The published column compares what is written: a full-width letter is another letter."""
    plain = fresh("SKU")
    wide = plain.replace("S", "\uff33")
    products = [api.made("/api/products", product(sku, 100)) for sku in (plain, wide)]
    assert [made["sku"] for made in products] == [plain, wide]
    assert products[0]["id"] != products[1]["id"]


def test_inventory_spec_validation_400(api: Api) -> None:
    assert invalid(api("POST", "/api/products", {"name": "", "stock": -1})) == [
        "name should not be empty",
        "sku should not be empty",
        "sku must be a string",
        "stock must not be less than 0",
    ]
    assert invalid(api("POST", "/api/products", product() | {"stock": 1.5})) == [
        "stock must be an integer number"
    ]


def test_inventory_spec_get_by_id(api: Api) -> None:
    made = api.made("/api/products", product())
    assert api.got(f"/api/products/{made['id']}") == made


def test_inventory_spec_404_for_missing(api: Api) -> None:
    assert refused(api("GET", f"/api/products/{MISSING}"), 404) == {
        "message": "Product not found",
        "statusCode": 404,
    }
    assert (
        refused(api("GET", f"/api/products/{MISSING}", lang="de"), 404)["message"] == "Produkt nicht gefunden"
    )


def test_inventory_spec_pagination(api: Api) -> None:
    made = [api.made("/api/products", product())["id"] for _ in range(2)]
    page = api.got("/api/products?page=1&perPage=1")
    assert [row["id"] for row in page["data"]] == [made[1]]
    assert set(page["meta"]) == {
        "page",
        "perPage",
        "itemCount",
        "pageCount",
        "hasPreviousPage",
        "hasNextPage",
    }
    assert api.got("/api/products?page=2&perPage=1")["data"][0]["id"] == made[0]
