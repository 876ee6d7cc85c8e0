"""Pages of a customer's orders by time."""

from tradewind.engine.steps import Steps


def up(op: Steps) -> None:
    op.drop_index("orders_customer", "orders")
    op.create_index("orders_customer_created", "orders", ["customer_id", "created_at", "id"], unique=False)


def down(op: Steps) -> None:
    op.drop_index("orders_customer_created", "orders")
    op.create_index("orders_customer", "orders", ["customer_id", "id"], unique=False)
