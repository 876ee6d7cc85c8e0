"""The documents of notifications as the published system has them, in its collection."""

from __future__ import annotations

from ...core.documents import Documents, Field


def _word(status: str) -> str:
    return str(status).upper()


def _number(value: object) -> str:
    """Errors: TypeError, for what is no number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{value!r} is no number")
    return str(int(value))


DOCUMENTS = (
    Documents(
        service="notifications",
        table="notifications",
        collection="notifications",
        fields=(
            Field("_id", "id", kind="id"),
            Field("orderId", "order_id", kind="int32", write=int, read=_number),
            Field("userId", "customer_id", kind="int32", write=int, read=_number),
            Field("message", "body", read=str),
            Field("status", "status", write=str.lower, read=_word),
            Field("sentAt", "created_at", kind="date"),
            Field("createdAt", "created_at", kind="date"),
            Field("updatedAt", "created_at", kind="date"),
        ),
        constants={"__v": 0},
        absent={"template": "order_received", "channel": "inbox", "locale": "en"},
        indexes={"orderId_1": (("orderId", 1),), "userId_1_createdAt_-1": (("userId", 1), ("createdAt", -1))},
    ),
)
