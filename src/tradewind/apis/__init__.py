"""What clients see: one package per API, all on the request kernel."""
