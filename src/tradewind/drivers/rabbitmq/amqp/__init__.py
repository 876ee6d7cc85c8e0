"""A client of RabbitMQ over AMQP 0-9-1: `Link` is a connection that reconnects by itself. Needs the extra
`rabbitmq` when it is started.
"""

from .errors import BrokerUnusable, LinkDown, LinkFull
from .link import Link, Setup
from .messages import Delivery, Limits, QueueState
from .properties import NONE, Properties

__all__ = [
    "NONE",
    "BrokerUnusable",
    "Delivery",
    "Limits",
    "Link",
    "LinkDown",
    "LinkFull",
    "Properties",
    "QueueState",
    "Setup",
]
