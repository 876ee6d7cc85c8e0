"""Speaks HTTP/1.1 for the edge, because a general server costs twice the time and sets no deadline for a slow
client.

`server` listens, `protocol` keeps one connection in time and `pipeline` in order, `reading` and `heads` make
requests of bytes, `writing` bytes of answers. What it refuses by itself, and when, is in `limits` and
`refusals`.
"""
