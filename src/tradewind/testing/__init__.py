"""Simulation, demo traffic and load profiles: programs that try the shop."""
