"""Draws the explorer of this face: every operation with a form that sends it, from this process alone, with
no internet.

It is put together from the pieces of the other reference page, and looks like it.
"""

from __future__ import annotations

from functools import cache
from html import escape
from typing import Any

from ..kernel.docs import shapes
from ..kernel.docs.frame import frame, text
from .described import document


@cache
def page() -> bytes:
    """The page `/api/docs`."""

    described = document()
    operations = [
        (method, path, one) for path, methods in described["paths"].items() for method, one in methods.items()
    ]
    nav = main = ""
    for tag in [tag["name"] for tag in described["tags"]]:
        mine = [one for one in operations if tag in one[2]["tags"]]
        items = "".join(
            f'<li><a href="#{one["operationId"]}">{_badge(method)} '
            f"<span>{text(one['summary'])}</span></a></li>"
            for method, _, one in mine
        )
        nav += f"<details open><summary>{escape(tag)}</summary><ul>{items}</ul></details>"
        main += f"<section><h2>{escape(tag)}</h2>{''.join(_operation(*one) for one in mine)}</section>"
    info = described["info"]
    head = (
        f"<h1>{text(info['title'])} "
        f"<small>{escape(info['version'])}</small></h1><p>{text(info['description'])}</p>"
    )
    find = '<input type="search" id="filter" placeholder="Filter" aria-label="Filter operations" hidden>'
    whole = frame(
        info["title"],
        find + nav + '<p><a href="/api/docs-json">OpenAPI</a></p>',
        head + main + _shapes(described),
    )
    return whole.replace(b'href="/docs"', b'href="/api/docs"')


def _badge(method: str) -> str:
    return f'<b class="method {method}">{method.upper()}</b>'


def _operation(method: str, path: str, operation: dict[str, Any]) -> str:
    fields, example = "", ""
    for one in operation["parameters"]:
        name, required = escape(one["name"]), " required" if one["required"] else ""
        fields += (
            f'<label><span>{name}</span><input name="{name}" data-in="{one["in"]}"{required} '
            f"autocomplete=off></label>"
        )
    if body := operation.get("requestBody"):
        media = body["content"]["application/json"]
        example = f"<h4>Body</h4><p>{shapes.kind(media['schema'])}</p>{shapes.pretty(media['example'])}"
        sample = escape(shapes.dumps(media["example"]))
        fields += (
            f'<label><span>body</span><textarea name="body" rows="8" '
            f'spellcheck="false">{sample}</textarea></label>'
        )
    answers = "".join(
        f'<p class="answer"><b class="status s{status[0]}">{status}</b> {text(one["description"])}</p>'
        for status, one in operation["responses"].items()
    )
    form = (
        f'<form data-method="{method}" '
        f'data-path="{escape(path)}">{fields}<button>Send</button><output></output></form>'
    )
    head = f"<h3>{_badge(method)} <code>{escape(path)}</code></h3><p>{text(operation['summary'])}.</p>"
    trying = f'<details class="try" hidden><summary>Try it out</summary>{form}</details>'
    return (
        f'<article id="{operation["operationId"]}">{head}{example}<h4>Answers</h4>{answers}{trying}</article>'
    )


def _shapes(described: dict[str, Any]) -> str:
    drawn = "".join(
        f'<article id="schema-{escape(name)}"><h3>{escape(name)}</h3>{shapes.table(shape)}</article>'
        for name, shape in described["components"]["schemas"].items()
    )
    return f"<section><h2>Schemas</h2>{drawn}</section>"
