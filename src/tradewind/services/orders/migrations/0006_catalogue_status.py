"""Which products of the copy are withdrawn."""

import sqlalchemy as sa

from tradewind.core import columns
from tradewind.engine.steps import Steps


def up(op: Steps) -> None:
    op.add_column("catalogue", sa.Column("status", columns.Key(), server_default="ACTIVE", nullable=False))


def down(op: Steps) -> None:
    op.drop_column("catalogue", "status")
