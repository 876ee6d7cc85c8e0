"""What becomes of a product, or of a reservation, that comes over from another system."""

from __future__ import annotations

from ...contracts.adopted import AdoptedProduct, AdoptedReservation
from ...core.adopting import Adoption, Adoptions, Unfit
from ...core.clock import derived
from ...core.model import Aggregate
from .domain import HELD, RELEASED, Movement, Product, Reservation, SkuClaim
from .storage import MOVEMENTS, PRODUCTS, RESERVATIONS, SKUS


def product(record: AdoptedProduct, now: int) -> tuple[list[Aggregate], None]:
    key, at = record.id, record.created_at
    if not 0 <= record.held <= record.on_hand:
        raise Unfit(f"{record.held} are reserved of {record.on_hand}")
    return [
        Product(key, record.sku, record.name, 0, record.currency, record.on_hand, record.held, 0, 1, at, at),
        SkuClaim(record.sku, key),
        Movement(derived(key, "adopted"), key, record.on_hand, "initial stock", record.on_hand, at),
    ], None


def reservation(record: AdoptedReservation, now: int) -> tuple[list[Aggregate], None]:
    status = HELD if record.held else RELEASED
    made = Reservation(
        record.order_id, status, dict(record.items), 0, record.created_at, record.updated_at, now
    )
    return [made], None


ADOPTS: Adoptions = {
    AdoptedProduct: Adoption((PRODUCTS, SKUS, MOVEMENTS), product),
    AdoptedReservation: Adoption((RESERVATIONS,), reservation),
}
