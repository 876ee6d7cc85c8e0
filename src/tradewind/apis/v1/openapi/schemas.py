"""Makes the schemas of the API from the declared messages and views, so that the description cannot differ
from the code.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from ....contracts.invoices import Pdf
from ....contracts.operation import Operation, taken
from ....contracts.users import Nothing
from ....contracts.values import HIDDEN
from ....core.problem import Problem
from ....core.texts import VISIBLE

Json = dict[str, Any]
PREFIX = "#/components/schemas/"
TAG = "type"
# what an API takes in a text that has no form of its own: no control characters, nothing that turns the
# direction of the text around
PLAIN = r"^[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]*$"
# in a parameter it is one line, and without tabs
LINE = r"^[^\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]*$"

# what a type cannot say: rules over several fields that the service checks
REFINED: dict[str, Json] = {
    "CatalogueItem": {
        "oneOf": [
            {"required": ["productId"], "properties": {"productId": {"type": "string"}}},
            {"required": ["sku"], "properties": {"sku": {"type": "string"}}},
        ]
    }
}


def speaks_json(operation: Operation) -> bool:
    """Whether the answer is JSON, and not a file or nothing."""
    return operation.gives is not Nothing and operation.gives is not Pdf


class Schemas:
    """The named shapes (`components`), and per operation its parameters and its body."""

    def __init__(self, operations: Iterable[Operation]) -> None:
        operations = list(operations)
        takes = {operation.name: taken(operation) for operation in operations}
        kinds = [Problem, *takes.values(), *(o.gives for o in operations if speaks_json(o))]
        refs, found = msgspec.json.schema_components(kinds, ref_template=PREFIX + "{name}")
        self._name = {
            id(kind): ref["$ref"].removeprefix(PREFIX) for kind, ref in zip(kinds, refs, strict=True)
        }
        self._asked = {
            operation.name: found[self._name[id(takes[operation.name])]] for operation in operations
        }
        asked = {self._name[id(kind)] for kind in takes.values()}
        self.components: dict[str, Json] = {
            self._public(name): self._tidy(shape | REFINED.get(name, {}))
            for name, shape in found.items()
            if name not in asked
        }
        hidden = (HIDDEN.extra_json_schema or {}).items()
        for shape in self.components.values():
            for name in [n for n, one in shape.get("properties", {}).items() if hidden <= one.items()]:
                del shape["properties"][name]
        problem = self.components["Problem"]
        problem["properties"] = {key: _without_null(shape) for key, shape in problem["properties"].items()}
        problem["description"] = (
            "RFC 9457. `code` is what a program should look at; /docs/problems says what each means."
        )
        for operation in operations:
            if (
                operation.method in ("POST", "PATCH", "PUT")
                and (body := self._fields(operation))["properties"]
            ):
                self.components[operation.asks.__name__] = body

    def of(self, kind: Any) -> Json:
        """A reference to the shape of an answer."""
        return {"$ref": PREFIX + self._public(self._name[id(kind)])}

    def body(self, operation: Operation) -> Json | None:
        """The request body, or None. One whose fields are all optional may be left out."""
        shape = self.components.get(operation.asks.__name__)
        if shape is None:
            return None
        content: Json = {"schema": {"$ref": PREFIX + operation.asks.__name__}}
        if operation.example is not None:
            content["example"] = operation.example
        return {"required": bool(shape.get("required")), "content": {"application/json": content}}

    def parameters(self, operation: Operation) -> list[Json]:
        """Those of the path, and for a question those of the query string."""
        asked = self._asked[operation.name]
        required = asked.get("required", [])
        found = []
        for name, shape in asked["properties"].items():
            in_path = f"{{{name}}}" in operation.path
            if name == TAG or not (in_path or operation.reads):
                continue
            shape = _plain(self._tidy(_without_empty(shape)), LINE)
            says = shape.pop("description", None) or PARAMETERS.get(name, "")
            entry = {
                "name": name,
                "in": "path" if in_path else "query",
                "required": in_path or name in required,
                "schema": shape,
            }
            found.append(entry | ({"description": says} if says else {}))
        return found

    def _fields(self, operation: Operation) -> Json:
        """The fields of the body: the message without its wire name and without those of the path."""
        asked: Json = self._tidy(self._asked[operation.name])
        gone = [TAG, *(name for name in asked["properties"] if f"{{{name}}}" in operation.path)]
        properties = {name: _plain(shape) for name, shape in asked["properties"].items() if name not in gone}
        required = [name for name in asked.get("required", []) if name not in gone]
        shape = asked | {"properties": properties, "additionalProperties": False}
        shape.pop("required", None)
        return shape | ({"required": required} if required else {})

    def _public(self, name: str) -> str:
        """`Page_ProductView_` is `ProductPage` outside, and `ProductView` is `Product`."""
        if name.startswith("Page_"):
            return name.removeprefix("Page_").removesuffix("_").removesuffix("View") + "Page"
        return name.removesuffix("View")

    def _tidy(self, node: Any) -> Any:
        if isinstance(node, list):
            return [self._tidy(item) for item in node]
        if not isinstance(node, dict):
            return node
        tidy = {key: self._tidy(item) for key, item in node.items()}
        if isinstance(ref := tidy.get("$ref"), str):
            tidy["$ref"] = PREFIX + self._public(ref.removeprefix(PREFIX))
        if isinstance(values := tidy.get("enum"), list) and all(isinstance(value, str) for value in values):
            tidy["type"] = "string"
        if tidy.get("default", ...) is None:
            del tidy["default"]
        if isinstance(title := tidy.get("title"), str) and tidy.get("type") == "object":
            tidy["title"] = self._public(title.replace("[", "_").replace("]", "_"))
        return tidy


PARAMETERS = {
    "limit": "How many at most.",
    "cursor": "`nextCursor` of the page before; without it the list begins.",
    "orderId": "The order it belongs to.",
    "status": "Only those with this status.",
    "q": "Words of the name or the SKU.",
}
"""What a query parameter means where its type does not say."""


def _plain(shape: Json, pattern: str = PLAIN) -> Json:
    if "anyOf" in shape:
        return shape | {"anyOf": [_plain(option, pattern) for option in shape["anyOf"]]}
    if VISIBLE in shape.get("pattern", ""):
        some = pattern.replace("*$", f"*{VISIBLE}") + pattern[1:]
        return shape | {"pattern": some if "minLength" in shape else f"^(?:{some[1:-1]})?$"}
    free = shape.get("type") == "string" and not {"pattern", "enum"} & shape.keys()
    return shape | {"pattern": pattern} if free else shape


def _without_empty(shape: Json) -> Json:
    """A parameter that may be left out is left out, and not sent empty."""
    if "anyOf" in shape:
        some = [option for option in shape["anyOf"] if option.get("enum") != [""]]
        shape = some[0] if len(some) == 1 else shape | {"anyOf": some}
    if "" in shape.get("enum", ()):
        shape = shape | {"enum": [value for value in shape["enum"] if value]}
    absent = shape.get("default") == "" or (
        "minimum" in shape and shape.get("default") == 0 < shape["minimum"]
    )
    return {key: value for key, value in shape.items() if not (key == "default" and absent)}


def _without_null(shape: Json) -> Json:
    """A member that is never null, but absent."""
    some = [option for option in shape.get("anyOf", ()) if option != {"type": "null"}]
    return some[0] if len(some) == 1 else shape
