"""Sends a shop the traffic of a busy day, so that its promises can be seen without writing a client first."""
