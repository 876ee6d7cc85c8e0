"""Makes `python -m tradewind` the command line too."""

from .apps.cli import main

main()
