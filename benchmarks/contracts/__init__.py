"""Blueprint `contracts` against the system that it stands in for."""
