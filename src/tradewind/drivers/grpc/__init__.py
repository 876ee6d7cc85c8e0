"""Remote procedure calls over gRPC."""
