"""The steps of every service lead to the tables its code wants, and back, on each database."""

import pytest
import sqlalchemy as sa

from tests.support.databases import Place
from tradewind.engine.tables import framework_tables
from tradewind.runtime import drafts, migrations
from tradewind.runtime.registry import SERVICES
from tradewind.runtime.schema import schemas

KEPT = [pytest.param(kept, id=name) for name, kept in zip(SERVICES, schemas(), strict=True)]

NOTES = {"sqlite": {"schema_steps"}, "postgres": {"schema_steps"}, "mysql": {"schema_steps", "schema_plan"}}


@pytest.mark.parametrize("kept", KEPT)
def test_steps_lead_to_the_models_and_back(place: Place, kept: migrations.ServiceSchema) -> None:
    taken = [f"{kept.name} {step}" for step in kept.steps]
    assert migrations.up(place.url, place.data, [kept]) == taken
    assert place.database.work(lambda connection: drafts.difference(connection, kept)) == [], (
        f"tradewind migrate new --service {kept.name}"
    )
    assert migrations.down(place.url, place.data, kept, 0) == taken[::-1]
    assert tables(place, kept.name) == NOTES[place.kind]
    assert migrations.up(place.url, place.data, [kept]) == taken


def test_all_services_together(place: Place) -> None:
    migrations.up(place.url, place.data, schemas())
    for name, kept in zip(SERVICES, schemas(), strict=True):
        assert tables(place, name) == {
            *(table.name for table in kept.md.tables.values()),
            *(table.name for table in framework_tables(name).md.tables.values()),
            *NOTES[place.kind],
        }


def tables(place: Place, service: str) -> set[str]:
    schema, prefix = (service, "") if place.kind == "postgres" else (None, place.named(service, ""))

    def look(connection: sa.Connection) -> set[str]:
        names = sa.inspect(connection).get_table_names(schema)
        return {name.removeprefix(prefix) for name in names if name.startswith(prefix)}

    return place.database.work(look)
