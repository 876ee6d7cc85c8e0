"""Writes the reference page from the API's description: complete without a script, and with one it can send
requests.
"""

from __future__ import annotations

from html import escape
from typing import Any

from . import shapes
from .frame import frame, paragraphs, text

Json = dict[str, Any]
METHODS = ("get", "post", "put", "patch", "delete")


def page(document: Json) -> bytes:
    """The page `/docs`."""
    operations = [
        (method, path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if method in METHODS
    ]
    groups = [(tag, [one for one in operations if tag["name"] in one[2]["tags"]]) for tag in document["tags"]]
    nav = "".join(_group(tag, members) for tag, members in groups)
    nav += '<p><a href="/docs/problems">Error codes</a></p><p><a href="/openapi.json">openapi.json</a></p>'
    info = document["info"]
    main = (
        f"<h1>{text(info['title'])} API "
        f"<small>{escape(info['version'])}</small></h1><p>{text(info['summary'])}.</p>"
    )
    main += paragraphs(info["description"]) + _token()
    for tag, members in groups:
        main += (
            f"<section><h2 "
            f'id="tag-{escape(tag["name"])}">{escape(tag["name"])}</h2><p>{text(tag["description"])}.</p>'
        )
        main += (
            "".join(_operation(method, path, operation, document) for method, path, operation in members)
            + "</section>"
        )
    main += '<section><h2 id="schemas">Shapes</h2>' + "".join(
        _schema(*item) for item in document["components"]["schemas"].items()
    )
    return frame(
        "Tradewind API",
        '<input type="search" id="filter" placeholder="Filter" aria-label="Filter operations" hidden>' + nav,
        main + "</section>",
    )


def _group(tag: Json, members: list[tuple[str, str, Json]]) -> str:
    items = ""
    for method, _, operation in members:
        says = text(operation["summary"].partition(";")[0])
        items += (
            f'<li><a href="#{escape(operation["operationId"])}">{_badge(method)} <span>{says}</span></a></li>'
        )
    return f"<details open><summary>{escape(tag['name'])}</summary><ul>{items}</ul></details>"


def _badge(method: str) -> str:
    return f'<b class="method {method}">{method.upper()}</b>'


def _token() -> str:
    return (
        '<p class="token" hidden><label>Access token for the requests of this page '
        '<input type="password" id="token" autocomplete="off" spellcheck="false" placeholder="from POST '
        '/api/v1/auth/login"></label></p>'
    )


def _operation(method: str, path: str, operation: Json, document: Json) -> str:
    name = escape(operation["operationId"])
    parameters = [_resolved(one, document) for one in operation["parameters"]]
    anchor = f'<a class="anchor" href="#{name}" aria-label="Link">#</a>'
    html = f'<article id="{name}"><h3>{_badge(method)} <code>{escape(path)}</code> {anchor}</h3>'
    html += f"<p><strong>{text(operation['summary'])}.</strong> {text(operation.get('description', ''))}</p>"
    if parameters:
        html += f"<h4>Parameters</h4><table>{''.join(map(_parameter, parameters))}</table>"
    body = operation.get("requestBody")
    example: Any = None
    if body:
        media = body["content"]["application/json"]
        shape = _resolved(media["schema"], document)
        example = media.get("example") or shapes.sample(shape, document["components"]["schemas"])
        html += f"<h4>Body</h4><div class=pair>{shapes.table(shape)}{shapes.pretty(example)}</div>"
    html += "<h4>Answers</h4>" + "".join(
        _answer(status, _resolved(one, document), document) for status, one in operation["responses"].items()
    )
    return html + _try(method, path, parameters, example) + "</article>"


def _parameter(parameter: Json) -> str:
    optional = "" if parameter["required"] else " <small>optional</small>"
    says = f"<br><small>{text(parameter['description'])}</small>" if "description" in parameter else ""
    default = (
        f" <small>default <code>{escape(str(parameter['schema']['default']))}</code></small>"
        if "default" in parameter["schema"]
        else ""
    )
    name = f"<code>{escape(parameter['name'])}</code> <small>{parameter['in']}</small>"
    return (
        f"<tr><th "
        f"scope=row>{name}{optional}</th><td>{shapes.kind(parameter['schema'])}{default}{says}</td></tr>"
    )


def _answer(status: str, answer: Json, document: Json) -> str:
    content = answer.get("content", {})
    if problem := content.get("application/problem+json"):
        codes = " ".join(
            f'<a href="/docs/problems#{escape(code)}"><code>{escape(code)}</code></a>'
            for code in problem["examples"]
        )
        return f'<p class="answer"><b class="status s{status[0]}">{status}</b> {codes}</p>'
    inner = ""
    for media in content.values():
        if schema := media.get("schema"):
            shown = shapes.sample(schema, document["components"]["schemas"])
            inner = f"<p>{shapes.kind(schema)}</p>" + (
                shapes.pretty(shown) if isinstance(shown, dict) else ""
            )
    head = (
        f'<b class="status s{status[0]}">{status}</b> {text(answer["description"])} '
        f"<small>{escape(', '.join(content))}</small>"
    )
    return (
        f'<details class="answer"><summary>{head}</summary>{inner}</details>'
        if inner
        else f'<p class="answer">{head}</p>'
    )


def _try(method: str, path: str, parameters: list[Json], example: Any) -> str:
    """A form that only the script can send: it is hidden until that is there."""
    fields = "".join(
        f'<label><span>{escape(one["name"])}</span><input name="{escape(one["name"])}" data-in="{one["in"]}"'
        f"{' required' if one['required'] else ''} autocomplete=off></label>"
        for one in parameters
        if one["name"] != "X-Request-Id"
    )
    if example is not None:
        fields += (
            f'<label><span>body</span><textarea name="body" rows="8" '
            f'spellcheck="false">{escape(shapes.dumps(example))}</textarea></label>'
        )
    form = (
        f'<form data-method="{method}" '
        f'data-path="{escape(path)}">{fields}<button>Send</button><output></output></form>'
    )
    return f'<details class="try" hidden><summary>Try it</summary>{form}</details>'


def _schema(name: str, shape: Json) -> str:
    says = f"<p>{text(shape['description'])}</p>" if "description" in shape else ""
    return f'<article id="schema-{escape(name)}"><h3>{escape(name)}</h3>{says}{shapes.table(shape)}</article>'


def _resolved(node: Json, document: Json) -> Json:
    while "$ref" in node:
        target: Any = document
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        node = target
    return node
