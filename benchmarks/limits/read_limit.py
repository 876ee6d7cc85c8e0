"""The barest server that answers GET of an order from its row: what a read could cost at least on this
machine.
"""

from __future__ import annotations

import argparse

from benchmarks.limits import rows
from benchmarks.limits.http import Request, serve


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--db", required=True)
    parser.add_argument("--port", type=int, required=True)
    chosen = parser.parse_args()
    select = rows.connect(chosen.db).execute

    def handle(request: Request) -> None:
        row = select(rows.SELECT, (request.path[-36:].decode(),)).fetchone()
        if row is None:
            request.reply(b"{}", "200 OK" if request.path == b"/health/live" else "404 Not Found")
        else:
            request.reply(rows.from_row(row))

    serve(handle, chosen.port)


if __name__ == "__main__":
    main()
