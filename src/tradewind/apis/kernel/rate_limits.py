"""Says whom an address stands for, where a caller is counted by it."""

from __future__ import annotations

import ipaddress


def network(client: str) -> str:
    """What stands for an anonymous caller: the address, or of an IPv6 address the /64, which one household
    has whole.
    """
    if ":" not in client:
        return client
    try:
        address = ipaddress.IPv6Address(client.partition("%")[0])
    except ValueError:
        return client
    mapped = address.ipv4_mapped
    return str(mapped) if mapped else f"{int(address) >> 64:x}/64"


def dual_stack(client: str) -> str:
    """The address as a server in Node.js tells it, which listens for IPv4 and IPv6 on one socket:
    `::ffff:192.0.2.1`. Counts that are shared with such a server lie under it.
    """
    return client if ":" in client or not client else f"::ffff:{client}"
