"""What the services answer on their queues, in the words of the published system."""

from .endpoint import Handler, Values
from .inventory import inventory_handlers
from .orders import order_handlers
from .payments import payment_handlers

__all__ = ["Handler", "Values", "inventory_handlers", "order_handlers", "payment_handlers"]
