"""Holds the shapes the shop comes in, one TOML file each: what `--blueprint NAME` finds."""

from pathlib import Path

FOLDER = Path(__file__).parent
