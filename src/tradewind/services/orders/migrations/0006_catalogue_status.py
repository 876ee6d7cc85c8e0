"""Which products of the copy are withdrawn."""

import sqlalchemy as sa

from tradewind.engine.steps import Steps


def up(op: Steps) -> None:
    op.add_column("catalogue", sa.Column("status", sa.Text(), server_default="ACTIVE", nullable=False))


def down(op: Steps) -> None:
    op.drop_column("catalogue", "status")
