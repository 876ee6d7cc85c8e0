"""Makes `python -m tradewind` the command line too, and starts processes of a blueprint without what the
command line costs.
"""

import sys

from .cli import output


def main() -> None:
    """The entry point."""
    with output.kept():
        if sys.argv[1:2] in (["serve"], ["up"]):
            from .runtime.processes import entry

            entry.main(sys.argv[1:])
        from .cli.app import main as command

        command()


if __name__ == "__main__":
    main()
