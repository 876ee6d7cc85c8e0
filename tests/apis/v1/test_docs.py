"""The pages are whole without the internet and without a script, and let no other script in."""

import gzip
import re
from html.parser import HTMLParser
from urllib.parse import urljoin

import msgspec
import pytest

from tradewind.apis.kernel import docs
from tradewind.apis.v1.docs import text, v1_pages
from tradewind.apis.v1.problems import TABLE
from tradewind.core.http import Request

ROUTES = {path: page(Request("GET", path)) for path, page in v1_pages().items()}
PAGES = [path for path, answer in ROUTES.items() if answer.content_type.decode() == docs.HTML]


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
    page = Reading(ROUTES[path].body)
    assert len(set(page.ids)) == len(page.ids)
    for link in page.links:
        target, _, place = link.partition("#")
        target = target and urljoin(path, target)
        assert not target or target in ROUTES, link
        assert not place or place in (page if not target else Reading(ROUTES[target].body)).ids, link
    assert not [name for name in page.attributes if name.startswith("on") or name == "style"]


def test_nothing_comes_from_elsewhere() -> None:
    for path in PAGES:
        assert not re.search(rb"https?://", ROUTES[path].body), path


def test_every_code_has_its_place() -> None:
    problems = Reading(ROUTES["/docs/problems"].body)
    for code in TABLE:
        assert code.type == f"/docs/problems#{code.code}"
        assert code.code in problems.ids


def test_a_page_leads_to_its_description_and_that_to_its_server_behind_any_prefix() -> None:
    link = re.search(rb'data-description="([^"]+)"', ROUTES["/docs"].body)
    assert link is not None
    description = urljoin("http://h/shop/docs", link[1].decode())
    assert description == "http://h/shop/openapi.json"
    server = msgspec.json.decode(ROUTES["/openapi.json"].body)["servers"][0]["url"]
    assert urljoin(description, server) == "http://h/shop/"


def test_large_files_go_out_packed_and_once() -> None:
    page = v1_pages()["/docs/assets/swagger-ui-bundle.js"]
    packed = page(Request("GET", "", headers={b"accept-encoding": b"br, gzip"}))
    headers = dict(packed.headers)
    assert headers[b"content-encoding"] == b"gzip" and len(packed.body) < 500_000
    plain = page(Request("GET", ""))
    assert gzip.decompress(packed.body) == plain.body
    assert b"content-encoding" not in dict(plain.headers)
    again = page(Request("GET", "", headers={b"if-none-match": headers[b"etag"]}))
    assert (again.status, again.body) == (304, b"")


def test_texts_are_escaped() -> None:
    assert text("<b> & `a<b` **c**") == "&lt;b&gt; &amp; <code>a&lt;b</code> <strong>c</strong>"


def test_the_policy_is_strict() -> None:
    assert "unsafe" not in docs.CSP
    assert "default-src 'none'" in docs.CSP
    assert docs.HEADERS["Content-Security-Policy"] == docs.CSP
