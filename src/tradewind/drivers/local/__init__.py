"""Transports within one process: nothing to install, and nothing on the way that could be away."""
