"""The steps of every service lead to the tables its code wants, and back, on both databases."""

import pytest
import sqlalchemy as sa

from tests.support.databases import Place
from tradewind.engine.tables import framework_tables
from tradewind.runtime import drafts, migrations
from tradewind.runtime.registry import SERVICES
from tradewind.runtime.schema import schemas

KEPT = [pytest.param(kept, id=name) for name, kept in zip(SERVICES, schemas(), strict=True)]


@pytest.mark.parametrize("kept", KEPT)
def test_steps_lead_to_the_models_and_back(place: Place, kept: migrations.ServiceSchema) -> None:
    taken = [f"{kept.name} {step}" for step in kept.steps]
    assert migrations.up(place.url, place.data, [kept]) == taken
    assert place.database.work(lambda connection: drafts.difference(connection, kept)) == [], (
        f"tradewind migrate new --service {kept.name}"
    )
    assert migrations.down(place.url, place.data, kept, 0) == taken[::-1]
    assert tables(place, kept.name) == {"schema_steps"}
    assert migrations.up(place.url, place.data, [kept]) == taken


def test_all_services_together(place: Place) -> None:
    migrations.up(place.url, place.data, schemas())
    for name, kept in zip(SERVICES, schemas(), strict=True):
        assert tables(place, name) == {
            *(table.name for table in kept.md.tables.values()),
            *(table.name for table in framework_tables(name).md.tables.values()),
            "schema_steps",
        }


def tables(place: Place, service: str) -> set[str]:
    def look(connection: sa.Connection) -> set[str]:
        if connection.dialect.name == "postgresql":
            return set(sa.inspect(connection).get_table_names(service))
        return {
            name.removeprefix(f"{service}_")
            for name in sa.inspect(connection).get_table_names()
            if name.startswith(f"{service}_")
        }

    return place.database.work(look)
