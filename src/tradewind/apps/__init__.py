"""Which processes exist: the command line, the blueprints, and how a process is put together."""
