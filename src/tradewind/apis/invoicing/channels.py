"""Publishes `orders.created` in the envelope of NestJS."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Literal

import msgspec

from ...core.channel import Channel
from ..amounts.message import PUBLISHED, OrderCreatedMessage, channel
from ..nest.events import pack_event


class OrderCreatedPacket(msgspec.Struct, frozen=True):
    pattern: Literal["orders.created"]
    data: OrderCreatedMessage


def channels(settings: Mapping[str, Any]) -> tuple[Channel, ...]:
    return (channel(settings, partial(pack_event, PUBLISHED), OrderCreatedPacket),)
