"""An invoice on paper: a well-formed PDF of as many pages as it needs, with every figure on it, the same
bytes each time.
"""

from __future__ import annotations

import shutil
import subprocess
from contextlib import closing
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from pypdf import PdfReader

from tradewind.services.invoices import money
from tradewind.services.invoices.paper import Paper
from tradewind.services.invoices.pdf import InvoiceCredit, InvoiceDocument, InvoiceLine, render

ISSUED = 1_795_252_200_123  # 2026-11-21 09:10 UTC
LINE = InvoiceLine("Brass lamp", "LAMP-1", 2, 1_999, 3_998)
INVOICE = InvoiceDocument(
    "INV-000042", ISSUED, "customer-1", "order-1", "EUR", (LINE,), 3_998, "PAID", (), "ab" * 32
)


def shown(file: bytes) -> list[list[str]]:
    """The texts of each page, as a PDF reader finds them."""
    found = []
    for page in PdfReader(BytesIO(file)).pages:
        cells: list[str] = []
        page.extract_text(visitor_text=lambda text, *_, to=cells: to.append(text.strip()))
        found.append([cell for cell in cells if cell])
    return found


def one(name: str) -> list[str]:
    return shown(render(replace(INVOICE, lines=(replace(LINE, name=name),))))[0]


def test_all_that_matters_is_on_the_page() -> None:
    [page] = shown(render(replace(INVOICE, credit_notes=(InvoiceCredit("CN-000001", 500, ISSUED),))))
    facts = [
        "INV-000042",
        "2026-11-21",
        "PAID",
        "order-1",
        "customer-1",
        "Brass lamp",
        "LAMP-1",
        "2",
        "19.99 EUR",
        "39.98 EUR",
    ]
    assert [fact for fact in facts if fact not in page] == []
    assert [
        text for text in ("Credit note CN-000001, 2026-11-21", "-5.00 EUR", "34.98 EUR") if text not in page
    ] == []
    assert page[-2:] == ["Hash " + "ab" * 32, "INV-000042, page 1 of 1"]


def test_the_same_bytes_each_time_and_the_moment_of_issue() -> None:
    assert render(INVOICE) == render(INVOICE)
    assert b"/CreationDate (D:20261121091000Z)" in render(INVOICE)
    assert render(INVOICE) != render(replace(INVOICE, hash="cd" * 32))


def test_a_draft_has_no_number_and_no_date() -> None:
    file = render(replace(INVOICE, number=None, issued_at=None, status="DRAFT", hash=None))
    assert {"draft", "not yet", "DRAFT"} <= set(shown(file)[0])


def test_a_hundred_lines_take_several_pages_and_lose_none() -> None:
    lines = tuple(InvoiceLine(f"Lamp {n}", f"LAMP-{n}", n, 100, 100 * n) for n in range(1, 101))
    pages = shown(render(replace(INVOICE, lines=lines, total=505_000)))
    assert len(pages) > 2
    assert [text for page in pages for text in page if text.startswith("LAMP-")] == [
        line.sku for line in lines
    ]
    assert all({"Item", "Quantity", "Unit price", "Amount"} <= set(page) for page in pages)
    assert [page[-1] for page in pages] == [
        f"INV-000042, page {n} of {len(pages)}" for n in range(1, len(pages) + 1)
    ]
    assert "5,050.00 EUR" in pages[-1]


@pytest.mark.parametrize(
    "name",
    ["a (b) c", "((", "))", "\\", "back\\slash\\", "\\(", "\\)Tj", "100 % “quoted” – 5 €", "Ærøskøbing"],
)
def test_marks_of_the_format_are_just_text(name: str) -> None:
    assert name in one(name)


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("ไทย lamp", "??? lamp"),
        ("cafe\u0301", "café"),
        ("🪔", "?"),
        ("\ud800", "?"),
        ("a\nb\tc\x00d\u2028e", "a b c d e"),
    ],
)
def test_what_no_font_has_is_a_question_mark(name: str, written: str) -> None:
    assert written in one(name)


def test_a_long_name_is_wrapped_and_then_cut_within_its_column() -> None:
    for name in ("word " * 200, "w" * 1_000):
        page = one(name)
        parts = [text for text in page if text.startswith("w")]
        assert len(parts) == 3
        assert parts[-1].endswith("…")
        with closing(Paper("", None, [])) as paper:
            assert all(paper.width(part, 9) <= 240 for part in parts)


@pytest.mark.parametrize(
    ("amount", "currency", "written"),
    [
        (1_999, "EUR", "19.99 EUR"),
        (5, "EUR", "0.05 EUR"),
        (-5, "USD", "-0.05 USD"),
        (1_999, "JPY", "1,999 JPY"),
        (1_999, "BHD", "1.999 BHD"),
        (7, "KWD", "0.007 KWD"),
        (123_456_789, "CHF", "1,234,567.89 CHF"),
        (2**63 - 1, "EUR", "92,233,720,368,547,758.07 EUR"),
    ],
)
def test_money_has_the_decimals_of_its_currency(amount: int, currency: str, written: str) -> None:
    assert money.show(amount, currency) == written
    assert written in shown(render(replace(INVOICE, currency=currency, total=amount)))[0]


@pytest.mark.parametrize(
    "name",
    [
        "Zażółć gęślą jaźń",
        "Ελληνικά λάμπα",
        "Настольная лампа",
        "北京灯具 中文名称",
        "東京ランプ 照明器具",
        "서울 램프",
        "مصباح نحاسي السلام",
        "מנורת פליז",
        "Lampe 北京 λάμπα مصباح",
    ],
)
def test_names_of_the_world_can_be_read_back(name: str) -> None:
    assert set(name.split()) <= {word for text in one(name) for word in text.split()}


def test_arabic_letters_are_joined() -> None:
    with closing(Paper("", None, ["سلام"])) as paper:
        assert paper.width("سلام", 9) < sum(paper.width(letter, 9) for letter in "سلام") - 3


def test_a_font_that_nobody_needs_is_not_read() -> None:
    for text, read in (("lamp λ Ł", False), ("灯", True)):
        with closing(Paper("", None, [text])) as paper:
            assert ("cjk" in paper._pdf.fonts) is read


@settings(max_examples=10, deadline=None)
@given(st.text(max_size=300), st.text(max_size=80), st.integers(0, 2**63), st.integers(0, 120))
def test_whatever_the_text_it_is_a_pdf(text: str, sku: str, amount: int, count: int) -> None:
    line = InvoiceLine(text, sku, 1, amount, amount)
    pages = shown(render(replace(INVOICE, number=text, customer_id=sku, lines=(line,) * count)))
    assert len(pages) >= 1 + count // 40


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="needs poppler-utils")
def test_another_reader_sees_the_same(tmp_path: Path) -> None:
    file = tmp_path / "invoice.pdf"
    file.write_bytes(render(replace(INVOICE, lines=(replace(LINE, name="(Ärger) \\ 5 €"),))))
    done = subprocess.run(
        ["pdftotext", "-layout", "-enc", "UTF-8", str(file), "-"], capture_output=True, timeout=30, check=True
    )
    assert "(Ärger) \\ 5 €" in done.stdout.decode()
    assert done.stderr == b""
