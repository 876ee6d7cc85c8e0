"""Pages of all products by time."""

from tradewind.engine.steps import Steps


def up(op: Steps) -> None:
    op.create_index("inventory_products_created", "products", ["created_at", "id"], unique=False)


def down(op: Steps) -> None:
    op.drop_index("inventory_products_created", "products")
