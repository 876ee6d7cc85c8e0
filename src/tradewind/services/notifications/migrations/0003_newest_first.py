"""Pages of notifications by time, and those of an order."""

from tradewind.engine.steps import Steps


def up(op: Steps) -> None:
    op.drop_index("notifications_notifications_customer", "notifications")
    op.drop_index("notifications_notifications_created", "notifications")
    op.create_index(
        "notifications_order_created", "notifications", ["order_id", "created_at", "id"], unique=False
    )
    op.create_index(
        "notifications_customer_created", "notifications", ["customer_id", "created_at", "id"], unique=False
    )
    op.create_index("notifications_created", "notifications", ["created_at", "id"], unique=False)


def down(op: Steps) -> None:
    op.drop_index("notifications_order_created", "notifications")
    op.drop_index("notifications_customer_created", "notifications")
    op.drop_index("notifications_created", "notifications")
    op.create_index(
        "notifications_notifications_customer", "notifications", ["customer_id", "created_at"], unique=False
    )
    op.create_index("notifications_notifications_created", "notifications", ["created_at"], unique=False)
