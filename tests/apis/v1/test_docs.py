"""The pages are whole without the internet and without a script, and let no other script in."""

import re
from html.parser import HTMLParser

import jsonschema_rs
import pytest

from tradewind.apis.kernel import docs, openapi
from tradewind.apis.kernel.docs import shapes
from tradewind.apis.kernel.docs.frame import text
from tradewind.apis.kernel.problems import TABLE

ROUTES = docs.docs_routes()
PAGES = [path for path, (kind, _) in ROUTES.items() if kind == docs.HTML]


class Reading(HTMLParser):
    """Ids, links, and whether every tag is closed in its order."""

    VOID = frozenset({"meta", "link", "input", "br"})

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.attributes: set[str] = set()
        self.feed(page.decode())
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.attributes |= given.keys()
        self.ids += [given["id"] or ""] if "id" in given else []
        self.links += [given[name] or "" for name in ("href", "src") if name in given]
        if tag == "script":
            assert given.get("src")
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_well_formed_and_its_links_lead_somewhere(path: str) -> None:
    page = Reading(ROUTES[path][1])
    assert len(set(page.ids)) == len(page.ids)
    for link in page.links:
        target, _, place = link.partition("#")
        assert not target or target in ROUTES, link
        assert not place or place in (page if not target else Reading(ROUTES[target][1])).ids, link
    assert not [name for name in page.attributes if name.startswith("on") or name == "style"]


def test_nothing_comes_from_elsewhere() -> None:
    for path, (_, content) in ROUTES.items():
        if path.startswith("/docs"):
            found = set(re.findall(rb"https?://[^\s\"'<>)]+", content))
            assert found <= {b"http://www.w3.org/2000/svg"}, path


def test_every_operation_and_code_has_its_place() -> None:
    reference, problems = Reading(ROUTES["/docs"][1]), Reading(ROUTES["/docs/problems"][1])
    for operation in openapi.ALL:
        assert operation.name.replace(".", "_") in reference.ids
    for code in TABLE:
        assert code.type == f"/docs/problems#{code.code}"
        assert code.code in problems.ids


def test_texts_are_escaped() -> None:
    assert text("<b> & `a<b` **c**") == "&lt;b&gt; &amp; <code>a&lt;b</code> <strong>c</strong>"


def test_samples_fit_their_shapes() -> None:
    schemas = openapi.document()["components"]["schemas"]
    for name in ("Order", "Product", "UserPage", "Tokens", "Invoice", "Problem"):
        check = jsonschema_rs.Draft202012Validator({**schemas[name], "components": {"schemas": schemas}})
        assert check.is_valid(shapes.sample(schemas[name], schemas)), name


def test_the_policy_is_strict() -> None:
    assert "unsafe" not in docs.CSP
    assert "default-src 'none'" in docs.CSP
    assert docs.HEADERS["Content-Security-Policy"] == docs.CSP


def test_pages_stay_small() -> None:
    assert sum(len(content) for _, content in ROUTES.values()) < 400_000
