"""Notifications over gRPC, as the published system of integer orders has them."""
