"""Talks to RabbitMQ over AMQP 0-9-1: `Link` is a connection that comes back by itself. Needs the extra
`rabbitmq` to be started.
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
