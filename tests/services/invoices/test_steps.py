"""Invoices that were written before they had a time of their own get that of their order."""

from tests.support.databases import Place
from tradewind.core.clock import SystemClock
from tradewind.runtime import migrations
from tradewind.runtime.schema import schemas
from tradewind.services.invoices.invoice import invoice_id


def test_an_invoice_gets_the_time_of_its_order(place: Place) -> None:
    schema, clock = schemas(["invoices"])[0], SystemClock()
    place.fill(schema)
    migrations.down(place.url, place.data, schema, 2)
    table = place.named("invoices", "invoices")
    lines = place.database.sql.quoted("lines")  # a word of MySQL's
    first = clock.now()
    key = invoice_id(clock.uuid())
    place.outside(
        f"INSERT INTO {table} (id, order_id, customer_id, status, {lines}, total, currency, waiting)"
        f" VALUES ('{key}', 'o', 'c', 'DRAFT', '[]', 0, 'EUR', '[]')"
    )
    place.fill(schema)
    ((created_at,),) = place.outside(f"SELECT created_at FROM {table}")
    assert first <= created_at <= clock.now()
