"""Serves the pages of API v1: its explorer, and the one that the `type` of every problem points to, which
says what a code means and what to do.
"""

from __future__ import annotations

import re
from html import escape

from ..kernel.docs import HTML, Page, api_pages, content, served
from .problems import FAILURES, TABLE

_CODE = re.compile(r"`([^`]+)`")
_BOLD = re.compile(r"\*\*([^*]+)\*\*")
ABOUT = (
    "Every error is `application/problem+json` (RFC 9457). `code` is what a program should look at: it "
    "stays what it is, "
    "where texts may change. `errors` names the fields, where fields are wrong. The input is never sent back."
)


def v1_pages() -> dict[str, Page]:
    """Made when they are first asked for."""
    return {
        **api_pages("Tradewind API", _description),
        "/docs/problems": served(lambda: content(HTML, page())),
    }


def _description() -> bytes:
    from .openapi import openapi_json

    return openapi_json()


def page() -> bytes:
    """The page `/docs/problems`."""
    statuses = sorted({code.status for code in TABLE})
    nav = "".join(f'<p><a href="#status-{status}">{status}</a></p>' for status in statuses)
    main = f"<h1>Error codes</h1><p>{text(ABOUT)}</p>"
    for status in statuses:
        main += f'<section><h2 id="status-{status}">{status}</h2>'
        for code in sorted((one for one in TABLE if one.status == status), key=lambda one: one.code):
            main += (
                f'<article id="{escape(code.code)}"><h3><code>{escape(code.code)}</code> {text(code.title)} '
                f'<a class="anchor" href="#{escape(code.code)}" aria-label="Link">#</a></h3>'
                f"<p>{text(code.means)}</p><p class=do>{text(code.do)}</p></article>"
            )
        main += "</section>"
    rows = "".join(
        f'<tr id="{escape(code)}"><th scope=row><code>{escape(code)}</code></th><td>{text(says)}</td></tr>'
        for code, says in FAILURES.items()
    )
    main += (
        '<section><h2 id="failures">Why an order failed</h2><p>Not errors of a request: '
        "<code>failure.code</code> of an order.</p>"
    )
    main += f"<table>{rows}</table></section>"
    return frame(
        "Tradewind error codes",
        nav + '<p><a href="#failures">Failed orders</a></p><p><a href="../docs">Reference</a></p>',
        main,
    )


def text(value: object) -> str:
    """Escaped, with `code` and **bold**."""
    return _BOLD.sub(r"<strong>\1</strong>", _CODE.sub(r"<code>\1</code>", escape(str(value))))


def frame(title: str, nav: str, main: str) -> bytes:
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title>
<link rel="icon" href="assets/icon.svg">
<link rel="stylesheet" href="assets/docs.css">
</head>
<body>
<a class="skip" href="#main">To the content</a>
<nav aria-label="Contents">
<p class="brand"><a href="../docs">Tradewind</a></p>
{nav}
</nav>
<main id="main">
{main}
</main>
</body>
</html>
""".encode()
