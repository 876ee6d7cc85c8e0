"""Tells who has sent a request that came through proxies: an address that anybody can write down counts only
where a proxy of ours has.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from functools import lru_cache

from ...core.http import Request

FORWARDED = b"x-forwarded-for"
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class TrustedProxies:
    """`networks`: addresses and networks (`10.0.0.0/8`) of proxies whose `X-Forwarded-For` counts. Errors:
    ValueError.
    """

    def __init__(self, networks: Iterable[str] = ()) -> None:
        self._networks: tuple[Network, ...] = tuple(
            [ipaddress.ip_network(network, strict=False) for network in networks]
        )
        self._trusts = lru_cache(maxsize=1_024)(self._contains)

    def client(self, request: Request) -> str:
        """The right-most address that is none of the proxies': what stands left of it, the client may have
        made up. Where that is no address, it is the proxy that handed it on.
        """
        told = request.headers.get(FORWARDED)
        if told is None or not self._trusts(request.client):
            return request.client
        nearest = request.client
        for hop in reversed(told.decode("latin-1").split(",")):
            address = _address(hop.strip())
            if address is None:
                break
            nearest = address
            if not self._trusts(address):
                break
        return nearest

    def _contains(self, client: str) -> bool:
        address = _address(client)
        if address is None:
            return False
        parsed = ipaddress.ip_address(address)
        return any([parsed in network for network in self._networks])


def _address(text: str) -> str | None:
    """In its usual spelling, without a port (`1.2.3.4:80`, `[::1]:80`); an IPv4 address written as IPv6
    as itself.
    """
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        parsed = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
    return str(mapped or parsed)
