"""Stands in for Kong where Kong itself cannot run, a laptop without containers: it reads the same
declarative file and does what Kong does with it, or says which part of it it does not understand.

`reading.load` reads a file, `server.EdgeServer` serves it. Nothing is imported here: every process knows the
manifest of the edge, and few need PyYAML and uvicorn.
"""
