"""Names what a person may set of API graphql, in a module that is light to import."""

from __future__ import annotations

from ...core import readers
from ...core.settings import Setting

GATEWAY: dict[str, Setting] = {
    "graphql_introspection": Setting(
        readers.one_of("true", "false"), "true", "true or false", "whether the schema is shown to clients"
    )
}
ORDERS: dict[str, Setting] = {
    "order_service_url": Setting(
        readers.http, "http://localhost:3002", "URL", "where the gateway asks the service orders"
    )
}
USERS: dict[str, Setting] = {
    "user_service_url": Setting(
        readers.http, "http://localhost:3001", "URL", "where the gateway asks the service users"
    )
}
