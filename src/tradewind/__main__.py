"""Makes `python -m tradewind` the command line too, and starts processes of a blueprint without what the
command line costs.
"""

import os
import sys

from .cli import output
from .runtime import env_file


def main() -> None:
    """The entry point."""
    with output.kept():
        if env_file.VARIABLE in os.environ or any(word.startswith(env_file.OPTION) for word in sys.argv):
            try:
                sys.argv[1:] = env_file.apply(sys.argv[1:], os.environ)
            except env_file.BadEnvFile as error:
                sys.exit(f"tradewind: {error}")
        if sys.argv[1:2] in (["serve"], ["up"]):
            from .runtime.processes import entry

            entry.main(sys.argv[1:])
        from .cli.app import main as command

        command()


if __name__ == "__main__":
    main()
