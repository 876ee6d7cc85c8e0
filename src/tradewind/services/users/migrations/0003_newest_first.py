"""Pages of users by time."""

from tradewind.engine.steps import Steps


def up(op: Steps) -> None:
    op.create_index("users_created", "users", ["created_at", "id"], unique=False)


def down(op: Steps) -> None:
    op.drop_index("users_created", "users")
