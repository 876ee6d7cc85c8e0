"""What `tradewind up` prints at its start works as it is pasted into another terminal."""

import json
import re
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from tests.support.program import PROGRAM, environment


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
def test_the_lines_to_paste(tmp_path: Path) -> None:
    with_login, later = _printed(tmp_path), _printed(tmp_path)
    assert json.loads(with_login)["accessToken"]
    assert json.loads(later) == {"data": [], "nextCursor": None}


def _printed(data: Path) -> str:
    """The answer to the curl that a start prints."""
    command = [*PROGRAM, "up", "--data", str(data), "--port", "0"]
    with subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, text=True) as started:
        assert started.stdout is not None
        try:
            for line in started.stdout:
                if found := re.search(r"(curl .*)", line):
                    shown = subprocess.run(
                        ["sh", "-c", found[1]], capture_output=True, text=True, timeout=120, check=True
                    )
                    return shown.stdout
        finally:
            started.send_signal(signal.SIGTERM)
            started.communicate(timeout=120)
    raise AssertionError("no curl in what it prints")
