"""Lets people see what runs: log lines, one line per request, and numbers. Each is bounded and none can stop the work."""
