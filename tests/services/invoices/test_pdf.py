"""An invoice on paper: a well-formed PDF of as many pages as it needs, with every figure on it, the same
bytes each time.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tradewind.services.invoices import helvetica, money
from tradewind.services.invoices.pdf import InvoiceCredit, InvoiceDocument, InvoiceLine, render

ISSUED = 1_795_252_200_123  # 2026-11-21 09:10 UTC
LINE = InvoiceLine("Brass lamp", "LAMP-1", 2, 1_999, 3_998)
INVOICE = InvoiceDocument(
    "INV-000042", ISSUED, "customer-1", "order-1", "EUR", (LINE,), 3_998, "PAID", (), "ab" * 32
)


def shown(file: bytes) -> list[list[str]]:
    """The texts of each page. Reads the file as a PDF reader does: by its table, not by looking around."""
    start = int(re.findall(rb"startxref\n(\d+)\n%%EOF\n$", file)[0])
    count = int(re.match(rb"xref\n0 (\d+)\n", file[start:])[1])  # type: ignore[index]
    rows = file[start:].split(b"\n", 2)[2]
    offsets = [int(rows[20 * n : 20 * n + 10]) for n in range(count)]
    objects = {n: file[offsets[n] :].split(b"endobj", 1)[0] for n in range(1, count)}
    assert all(body.startswith(b"%d 0 obj\n" % n) for n, body in objects.items())
    assert b"/Type /Catalog" in objects[1]
    kids = [int(n) for n in re.findall(rb"(\d+) 0 R", re.search(rb"/Kids \[(.*?)\]", objects[2])[1])]  # type: ignore[index]
    assert b"/Count %d " % len(kids) in objects[2]
    return [texts(objects[int(re.search(rb"/Contents (\d+)", objects[kid])[1])]) for kid in kids]  # type: ignore[index]


def texts(content: bytes) -> list[str]:
    length, stream = re.search(rb"/Length (\d+) >>\nstream\n(.*)\nendstream", content, re.DOTALL).groups()  # type: ignore[union-attr]
    assert int(length) == len(stream)
    found = re.findall(rb"\(((?:[^()\\]|\\.)*)\) Tj ET", stream)
    assert len(found) == stream.count(b"BT ")
    return [re.sub(rb"\\(\d{3}|.)", plain, text).decode("cp1252") for text in found]


def plain(escaped: re.Match[bytes]) -> bytes:
    return bytes([int(escaped[1], 8)]) if len(escaped[1]) == 3 else escaped[1]


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
    assert b"CreationDate" not in file


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
    assert name in shown(render(replace(INVOICE, lines=(replace(LINE, name=name),))))[0]


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("東京 lamp", "?? lamp"),
        ("cafe\u0301", "café"),
        ("🪔", "?"),
        ("\ud800", "?"),
        ("a\nb\tc\x00d\u2028e", "a b c d e"),
        ("\x81", ""),
        ("  ", ""),
    ],
)
def test_what_the_font_does_not_have_is_a_question_mark(name: str, written: str) -> None:
    assert written in shown(render(replace(INVOICE, lines=(replace(LINE, name=name),))))[0]


def test_a_long_name_is_wrapped_and_then_cut_within_its_column() -> None:
    for name in ("word " * 200, "w" * 1_000):
        page = shown(render(replace(INVOICE, lines=(replace(LINE, name=name),))))[0]
        parts = [text for text in page if text.startswith("w")]
        assert len(parts) == 3
        assert parts[-1].endswith("…")
        assert all(helvetica.width(part.encode("cp1252"), 9) <= 240 for part in parts)


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


@settings(max_examples=50, deadline=None)
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
