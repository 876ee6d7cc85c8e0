"""Publishes `orders.created` as a bare object."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...core.channel import Channel
from ..amounts.message import channel


def channels(settings: Mapping[str, Any]) -> tuple[Channel, ...]:
    return (channel(settings),)
