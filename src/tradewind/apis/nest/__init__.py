"""What systems built with NestJS have in common on the wire, so that either side of a queue can move alone:
`wire` is what a message looks like, `patterns` how NestJS names what is asked for.
"""
