"""Marks the reservations that were taken over from another system."""

import sqlalchemy as sa

from tradewind.engine.steps import Steps


def up(op: Steps) -> None:
    op.add_column("reservations", sa.Column("adopted_at", sa.BigInteger(), nullable=True))
    # the ids of version 0.1 are of version 7: any other came from elsewhere
    table = op.table("reservations")
    op.execute(f"UPDATE {table} SET adopted_at = created_at WHERE substr(id, 15, 1) <> '7'")


def down(op: Steps) -> None:
    op.drop_column("reservations", "adopted_at")
