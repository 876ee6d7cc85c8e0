"""The number of an order. Those that are there get theirs by their time."""

import sqlalchemy as sa

from tradewind.engine.steps import Steps


def up(op: Steps) -> None:
    op.add_column("orders", sa.Column("number", sa.BigInteger(), nullable=True))
    orders, counters = op.table("orders"), op.table("counters")
    by_time = "row_number() OVER (ORDER BY created_at, id)"
    op.fill("orders", "number", f"SELECT id, {by_time} AS value FROM {orders}")
    op.execute(f"INSERT INTO {counters} (name, position) SELECT 'orders', count(*) FROM {orders}")
    with op.batch_alter_table("orders") as batch:
        batch.alter_column("number", existing_type=sa.BigInteger(), nullable=False)
    op.create_index("orders_number", "orders", ["number"], unique=True)


def down(op: Steps) -> None:
    op.drop_index("orders_number", "orders")
    op.drop_column("orders", "number")
    op.execute(f"DELETE FROM {op.table('counters')} WHERE name = 'orders'")
