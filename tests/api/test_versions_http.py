"""Two who edit one thing: the second learns of the first instead of wiping it out."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.shop import Shop


def patch(shop: Shop, path: str, name: str, tag: str, who: str = "admin") -> tuple[int, str]:
    with shop.connect() as connection:
        answer = connection.call(
            "PATCH", f"/api/v1{path}", {"name": name}, token=shop.token(who), headers={"If-Match": tag}
        )
    return answer.status, answer.headers.get("etag", "") or str(answer.json["code"])


@pytest.mark.parametrize("thing", ["product", "me"])
def test_a_change_to_an_old_version_is_412(shop: Shop, thing: str) -> None:
    path = f"/products/{shop.product('EDITED')}" if thing == "product" else "/users/me"
    read = shop.call("GET", path, who="bob" if thing == "me" else "admin")
    who = "bob" if thing == "me" else "admin"
    tag, version = read.headers["etag"], read.json["version"]
    assert tag == f'"{version}"'
    assert shop.call("GET", path, who=who, headers={"If-None-Match": tag}).status == 304
    assert patch(shop, path, "First", tag, who) == (200, f'"{version + 1}"')
    assert patch(shop, path, "Second", tag, who) == (412, "precondition_failed")
    assert shop.get(path, who=who)["name"] == "First"
    assert patch(shop, path, "Third", "*", who) == (200, f'"{version + 2}"')
    assert shop.call("GET", path, who=who, headers={"If-None-Match": tag}).status == 200


def test_of_many_at_once_one_wins(shop: Shop) -> None:
    path = f"/products/{shop.product('RACED')}"
    shop.token("admin")
    with ThreadPoolExecutor(8) as many:
        found = list(many.map(lambda n: patch(shop, path, f"Name {n}", '"1"'), range(8)))
    assert sorted(found) == [(200, '"2"')] + [(412, "precondition_failed")] * 7
