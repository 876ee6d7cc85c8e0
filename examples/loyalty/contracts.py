"""What loyalty is asked. It tells nobody anything: nobody has to know that it is there."""

from __future__ import annotations

from tradewind.service import Operation, Query, Stamp, Uuid, View, Who


class PointsView(View, frozen=True):
    customer_id: str
    points: int
    updated_at: Stamp | None


class GetPoints(Query, frozen=True, tag="loyalty.points"):
    customer_id: Uuid


OPERATIONS = (
    Operation(
        "loyalty.points",
        "GET",
        "/api/v1/customers/{customerId}/points",
        GetPoints,
        PointsView,
        Who.OWNER,
        "What a customer has earned",
        refuses=((404, "not_found"),),
    ),
)
