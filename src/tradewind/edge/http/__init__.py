"""Speaks HTTP/1.1 for the edge, because a general server costs half the speed and sets no deadline for a slow client.

`server` listens, `protocol` keeps one connection in order and in time, `reading` makes requests of bytes, `writing`
bytes of answers. Measured and decided in docs/decisions; what it refuses and when is in `limits` and `refusals`.
"""
