"""Serves the page in which a person tries the API: GraphiQL 3.9.0 (MIT License) with React 18.3.1 (MIT
License), vendored, without the internet.
"""

from __future__ import annotations

from importlib import resources

from ..kernel.docs import HTML, SCRIPT, Content, Page, content, served

ASSETS = {
    "graphiql.css": "text/css; charset=utf-8",
    "graphiql.js": SCRIPT,
    "react.js": SCRIPT,
    "react-dom.js": SCRIPT,
    "start.js": SCRIPT,
}
PACKED = frozenset(("graphiql.css", "graphiql.js", "react.js", "react-dom.js"))
_PAGE = b"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>GraphiQL</title>
<link rel="stylesheet" href="graphql/assets/graphiql.css">
<script src="graphql/assets/react.js" defer></script>
<script src="graphql/assets/react-dom.js" defer></script>
<script src="graphql/assets/graphiql.js" defer></script>
<script src="graphql/assets/start.js" defer></script>
</head>
<body style="margin:0;height:100vh"><div id="graphiql" style="height:100vh"></div>
<noscript><p>This page needs a script. The API itself takes POST requests here.</p></noscript>
</body>
</html>
"""


def _asset(name: str) -> Content:
    folder = resources.files(__package__) / "assets"
    if name in PACKED:
        return content(ASSETS[name], (folder / f"{name}.gz").read_bytes(), packed=True)
    return content(ASSETS[name], (folder / name).read_bytes())


page: Page = served(lambda: content(HTML, _PAGE))


def pages() -> dict[str, Page]:
    return {f"/graphql/assets/{name}": served(lambda name=name: _asset(name)) for name in ASSETS}  # type: ignore[misc]
