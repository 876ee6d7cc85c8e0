"""Pages of payments and refunds by time."""

from tradewind.engine.steps import Steps


def up(op: Steps) -> None:
    op.drop_index("payments_customer", "payments")
    op.drop_index("payments_order", "payments")
    op.create_index("payments_created", "payments", ["created_at", "id"], unique=False)
    op.create_index(
        "payments_customer_created", "payments", ["customer_id", "created_at", "id"], unique=False
    )
    op.create_index("payments_order_created", "payments", ["order_id", "created_at", "id"], unique=False)
    op.drop_index("payments_refunds_payment", "refunds")
    op.create_index(
        "payments_refunds_payment_created", "refunds", ["payment_id", "created_at", "id"], unique=False
    )


def down(op: Steps) -> None:
    op.drop_index("payments_created", "payments")
    op.drop_index("payments_customer_created", "payments")
    op.drop_index("payments_order_created", "payments")
    op.create_index("payments_customer", "payments", ["customer_id", "id"], unique=False)
    op.create_index("payments_order", "payments", ["order_id", "id"], unique=False)
    op.drop_index("payments_refunds_payment_created", "refunds")
    op.create_index("payments_refunds_payment", "refunds", ["payment_id", "id"], unique=False)
