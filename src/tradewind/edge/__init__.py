"""Stands in for Kong where Kong itself cannot run, a laptop without containers: it reads the same
declarative file and does what Kong does with it, or says which part of it it does not understand.
"""

from __future__ import annotations

from .declared import Declared
from .document import BadFile
from .reading import load
from .server import EdgeServer

__all__ = ["BadFile", "Declared", "EdgeServer", "load"]
