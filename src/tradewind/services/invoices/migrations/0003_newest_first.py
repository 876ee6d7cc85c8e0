"""When an invoice was begun, and pages of invoices by that time."""

import sqlalchemy as sa

from tradewind.engine.steps import Steps

DIGITS = "0123456789abcdef"


def up(op: Steps) -> None:
    op.add_column("invoices", sa.Column("created_at", sa.BigInteger(), nullable=True))
    op.execute(f"UPDATE {op.table('invoices')} SET created_at = {_milliseconds(op)}")
    with op.batch_alter_table("invoices") as batch:
        batch.alter_column("created_at", existing_type=sa.BigInteger(), nullable=False)
    op.drop_index("invoices_invoices_customer", "invoices")
    op.create_index("invoices_created", "invoices", ["created_at", "id"], unique=False)
    op.create_index(
        "invoices_customer_created", "invoices", ["customer_id", "created_at", "id"], unique=False
    )
    op.drop_index("invoices_credit_notes_customer", "credit_notes")


def _milliseconds(op: Steps) -> str:
    """Until now, each invoice had an id with the time of its order: a UUIDv7."""
    position = "strpos" if op.on_server else "instr"
    digits = "replace(substr(id, 1, 13), '-', '')"
    return " + ".join(
        f"({position}('{DIGITS}', substr({digits}, {place + 1}, 1)) - 1) * {16 ** (11 - place)}"
        for place in range(12)
    )


def down(op: Steps) -> None:
    op.drop_index("invoices_created", "invoices")
    op.drop_index("invoices_customer_created", "invoices")
    op.create_index("invoices_invoices_customer", "invoices", ["customer_id", "id"], unique=False)
    op.create_index(
        "invoices_credit_notes_customer", "credit_notes", ["customer_id", "invoice_id"], unique=False
    )
    with op.batch_alter_table("invoices") as batch:
        batch.drop_column("created_at")
