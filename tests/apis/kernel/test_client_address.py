"""Whose address a request has that came through proxies: never one that its sender could have made up."""

from __future__ import annotations

import pytest

from tradewind.apis.kernel.client_address import TrustedProxies
from tradewind.core.http import Request

PROXIES = TrustedProxies(["10.0.0.0/8", "192.0.2.1", "2001:db8:1::/48"])


def client(peer: str, forwarded: str | None) -> str:
    headers = {} if forwarded is None else {b"x-forwarded-for": forwarded.encode("latin-1")}
    return PROXIES.client(Request("GET", "/", headers=headers, client=peer))


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        ("203.0.113.9", None, "203.0.113.9"),
        ("203.0.113.9", "198.51.100.1", "203.0.113.9"),  # nobody has vouched for it
        ("10.1.1.1", None, "10.1.1.1"),
        ("10.1.1.1", "198.51.100.1", "198.51.100.1"),
        ("10.1.1.1", "1.2.3.4, 198.51.100.1", "198.51.100.1"),
        ("10.1.1.1", "1.2.3.4,198.51.100.1, 192.0.2.1 ,10.9.9.9", "198.51.100.1"),
        ("10.1.1.1", "10.2.2.2, 10.3.3.3", "10.2.2.2"),
        ("10.1.1.1", "198.51.100.1, unknown", "10.1.1.1"),
        ("10.1.1.1", "198.51.100.1, unknown, 10.9.9.9", "10.9.9.9"),
        ("10.1.1.1", "", "10.1.1.1"),
        ("10.1.1.1", "\xff", "10.1.1.1"),
        ("10.1.1.1", "198.51.100.1:4711", "198.51.100.1"),
        ("10.1.1.1", "[2001:db8::1]:4711", "2001:db8::1"),
        ("10.1.1.1", "2001:DB8::0001", "2001:db8::1"),
        ("::ffff:10.1.1.1", "::ffff:198.51.100.1", "198.51.100.1"),
        ("2001:db8:1::7", "198.51.100.1", "198.51.100.1"),
    ],
)
def test_the_right_most_address_that_is_no_proxy_counts(
    peer: str, forwarded: str | None, expected: str
) -> None:
    assert client(peer, forwarded) == expected
