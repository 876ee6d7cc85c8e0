"""The programming model and the ports: what an author of a service, an API or a driver writes against. No
I/O, and no word of what is sold.
"""
