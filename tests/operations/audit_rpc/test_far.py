"""Between two databases the audit finds the same events on their way as a join finds within one."""

from __future__ import annotations

from tests.operations.audit_rpc.conftest import Shop
from tradewind.engine.service_runtime import furnish
from tradewind.operations.audit.snapshot import Snapshot, Snapshots, snapshot
from tradewind.operations.audit.waits import EventQueue, FarEventQueue, event_queues, waits
from tradewind.operations.audit.wiring import Wiring, wiring_of
from tradewind.runtime.config import defaults
from tradewind.runtime.registry import services


async def test_what_is_missed_between_two_databases(wired: Shop) -> None:
    """An event of before the subscription does not count, one that is lost in the middle does."""
    config, blueprint = wired.read
    near = wiring_of(config, blueprint)
    runtimes = furnish(services(sorted(near.services), defaults(), policies=near.policies), bus=True)
    lost = wired.outside(
        "SELECT id, name FROM order_schema.log WHERE name = 'order.created' ORDER BY seq OFFSET 1 LIMIT 1"
    )
    wired.outside(f"DELETE FROM inventory_schema.inbox WHERE id = '{lost[0][0]}'")
    found = 0
    async with snapshot(config.database_url, config.data, blueprint.schemas) as source:
        for runtime in runtimes.values():
            for queue in event_queues(runtime, runtimes, near):
                assert isinstance(queue, EventQueue)
                own = [name for name in sorted(runtime.heard) if name in runtimes[queue.source].says]
                far = FarEventQueue(runtime, runtimes[queue.source], own)
                for known in (False, True):
                    expected = await queue.missed(source, known=known)
                    assert await far.missed(source, known=known) == expected
                    found += len(expected)
    assert found


async def test_a_statement_goes_to_the_database_of_its_service(wired: Shop) -> None:
    config, blueprint = wired.read

    class Other(Snapshot):
        """It has nothing."""

        async def rows(self, statement: object, values: object = None) -> list[tuple[object, ...]]:
            return []

    orders, *_ = [of for of in waits(wiring_of(config, blueprint)) if of.name == "orders"]
    async with snapshot(config.database_url, config.data, blueprint.schemas) as source:
        here = Snapshots({"orders": source, "inventory": Other()})
        away = Snapshots({"orders": Other(), "inventory": source})
        assert await here.rows(orders.last_said) and not await away.rows(orders.last_said)
        assert not await Snapshots({"inventory": source}).rows(orders.last_said)


def test_queues_are_far_where_the_databases_are_two(wired: Shop) -> None:
    config, blueprint = wired.read
    near = wiring_of(config, blueprint)
    parted = (frozenset({"orders"}), near.services - {"orders"})
    far = Wiring(near.services, near.policies, True, near.channels, parted)
    runtimes = furnish(services(sorted(near.services), defaults(), policies=near.policies), bus=True)
    kinds = {
        (runtime.name, queue.source): type(queue)
        for runtime in runtimes.values()
        for queue in event_queues(runtime, runtimes, far)
    }
    assert kinds["inventory", "orders"] is FarEventQueue
    assert {kind for pair, kind in kinds.items() if "orders" not in pair} == {EventQueue}
