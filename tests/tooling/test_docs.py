"""What the documents say of the code is so: links lead somewhere, named tests exist, tables and listings are
those of the code.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tradewind.cli.app import app
from tradewind.runtime.config import SETTINGS, wire

ROOT = Path(__file__).resolve().parents[2]
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted((ROOT / "docs").rglob("*.md")),
    *sorted((ROOT / "examples").glob("*.md")),
]
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
# in code: a file of ours, with or without what it is followed by
LAYERS = "cli|operations|testing|runtime|apis|contracts|engine|drivers|observability|core|services"
NAMED = re.compile(rf"`((?:tests|src/tradewind|examples|benchmarks|docs|{LAYERS})/[\w./<>*-]+)`")


def named(page: Path) -> str:
    return str(page.relative_to(ROOT))


def anchors(page: Path) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_links_lead_somewhere(page: Path) -> None:
    for link in LINK.findall(page.read_text()):
        if link.startswith("https://"):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_named_files_exist(page: Path) -> None:
    for name in NAMED.findall(page.read_text()):
        if "<" in name or ("loyalty" in name and not name.startswith(("examples", "tests"))):
            continue  # a place for a name; a file that the reader will write
        places = [ROOT / name, ROOT / "src" / "tradewind" / name]
        found = [
            place
            for place in places
            if place.exists() or ("*" in name and list(place.parent.parent.rglob(place.name)))
        ]
        assert found, name


def test_every_page_of_the_docs_is_linked() -> None:
    linked = {
        (page.parent / link.partition("#")[0]).resolve()
        for page in PAGES
        for link in LINK.findall(page.read_text())
    }
    assert [
        named(page)
        for page in PAGES
        if page.is_relative_to(ROOT / "docs")
        and page.resolve() not in linked
        and (page.name != "README.md" or page.parent.resolve() not in linked)
    ] == []


def test_the_table_of_settings() -> None:
    rows = [
        f"| `{wire(field)}` | {f'`{setting.default}`' if setting.default else 'empty'} | {setting.unit} "
        f"| {setting.doc} |"
        for field, setting in SETTINGS.items()
    ]
    assert "\n".join(rows) in (ROOT / "docs" / "guides" / "operate.md").read_text(), "write:\n" + "\n".join(
        rows
    )


def test_every_command_is_in_the_readme() -> None:
    told = (ROOT / "README.md").read_text()
    names = [command.name or "" for command in app.registered_commands] + [
        group.name or "" for group in app.registered_groups
    ]
    assert [name for name in names if not re.search(rf"`(?:tradewind )?{name}\b", told)] == []


def test_the_listings_of_the_guide_are_the_example() -> None:
    guide = (ROOT / "docs" / "guides" / "extend.md").read_text()
    listings = re.findall(r"```python\n(.*?)\n```", guide, re.DOTALL)
    files = [path.read_text() for path in (ROOT / "examples" / "loyalty").glob("*.py")]
    files.append((ROOT / "src/tradewind/apis/amounts/message.py").read_text())
    files.append((ROOT / "src/tradewind/apis/grpc/documents.py").read_text())
    files.append((ROOT / "tests/blueprints/numbered/published.py").read_text())
    assert len(listings) == 8
    for listing in listings:
        assert any(listing in text for text in files), listing


def test_the_figures_have_their_place() -> None:
    told = (ROOT / "README.md").read_text()
    assert told.count("<!-- figures:start -->") == told.count("<!-- figures:end -->") == 1
