"""Runs a blueprint whose services are apart: one process each, watched over by a small one that does no work
of its own.
"""
