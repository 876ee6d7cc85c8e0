"""The one place that imports grpcio, so that a process without it says what to install."""

from __future__ import annotations

from ...core.extras import MissingExtra

try:
    import grpc
    from grpc_health.v1 import health_pb2, health_pb2_grpc
    from grpc_health.v1.health import aio as health
    from grpc_reflection.v1alpha import reflection_pb2
    from grpc_reflection.v1alpha.reflection import aio as reflection
except ModuleNotFoundError as missing:
    raise MissingExtra("remote procedure calls need grpcio", "grpc") from missing

__all__ = ["grpc", "health", "health_pb2", "health_pb2_grpc", "reflection", "reflection_pb2"]
