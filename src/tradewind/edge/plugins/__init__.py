"""Lists the plugins that the edge has; a file that names another one is refused."""

from __future__ import annotations

from .base import Plugin
from .correlation_id import CorrelationId
from .cors import Cors
from .jwt import Jwt
from .key_auth import KeyAuth
from .rate_limiting import RateLimiting
from .request_size_limiting import RequestSizeLimiting

PLUGINS: dict[str, type[Plugin]] = {
    plugin.name: plugin for plugin in (CorrelationId, Cors, Jwt, KeyAuth, RequestSizeLimiting, RateLimiting)
}
"""In the order in which they run."""
