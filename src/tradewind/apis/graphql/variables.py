"""Names what a person may set of API graphql, in a module that is light to import."""

from __future__ import annotations

from ...core import readers
from ...core.settings import Setting

GATEWAY: dict[str, Setting] = {
    "graphql_introspection": Setting(
        readers.one_of("true", "false"), "true", "true or false", "whether the schema is shown to clients"
    )
}
