"""The API by which our own services reach each other where they run apart: every request and query of
`contracts` under its wire name, as JSON, over any request queue. `server` takes the wire to a Gateway,
`client` is a Gateway over the wire, `wire` is what a message looks like.
"""
