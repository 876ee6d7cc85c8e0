"""Publishes `orders.created` in the envelope of NestJS."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from ...core.channel import Channel
from ..amounts.message import PUBLISHED, channel
from ..nest.events import pack_event


def channels(settings: Mapping[str, Any]) -> tuple[Channel, ...]:
    return (channel(settings, partial(pack_event, PUBLISHED)),)
