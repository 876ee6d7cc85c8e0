"""Gives the pages one frame and one way to write text, so that nothing gets onto a page without being
escaped.
"""

from __future__ import annotations

import re
from html import escape

_CODE = re.compile(r"`([^`]+)`")
_BOLD = re.compile(r"\*\*([^*]+)\*\*")


def text(value: object) -> str:
    """Escaped, with `code` and **bold**."""
    return _BOLD.sub(r"<strong>\1</strong>", _CODE.sub(r"<code>\1</code>", escape(str(value))))


def paragraphs(value: str) -> str:
    return "".join(f"<p>{text(part)}</p>" for part in value.split("\n\n"))


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
