"""Lets people see what runs: log lines, one line per request, numbers, and traces. Each is bounded and none
can stop the work.
"""
