"""An HTTP/1.1 server, because a general one costs twice the time and sets no deadline for a slow client.

`server` accepts connections, `protocol` sets the deadlines of one and `pipeline` its order, `reading` and
`heads` parse requests, `writing` encodes responses. `limits` and `refusals` list what the server refuses by
itself, and when.
"""
