"""Sends a shop the traffic of a busy day, so that anybody can see it keep its word without writing a client
first.
"""
