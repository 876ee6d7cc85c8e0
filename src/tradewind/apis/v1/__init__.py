"""Lets people and programs in: `app` is the way from an HTTP request to an operation and back, `http` the
protocol below it.
"""
