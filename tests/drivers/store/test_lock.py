"""One Tradewind per data folder, and a lock that ends with its process however that ends."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.drivers.store.test_sqlite_trouble import powerless
from tradewind.core.store import StoreUnusable
from tradewind.runtime.data_lock import DataInUse, DataLock, Holder, holder

HOLD = """
import sys, time
from pathlib import Path
from tradewind.runtime.data_lock import DataLock
DataLock(Path(sys.argv[1])).acquire("http://127.0.0.1:8080")
print("held", flush=True)
time.sleep(60)
"""


def test_a_second_one_is_told_who_has_it(tmp_path: Path) -> None:
    data = tmp_path / "new" / "data"
    assert holder(data) is None
    with DataLock(data) as lock:
        assert holder(data) == Holder(os.getpid())
        lock.tell("http://127.0.0.1:8080")
        with pytest.raises(
            DataInUse,
            match=r"data is in use by process \d+ at http://127.0.0.1:8080: stop it, or name another",
        ) as refused:
            DataLock(data).acquire()
        assert (refused.value.pid, refused.value.url) == (os.getpid(), "http://127.0.0.1:8080")
        assert isinstance(refused.value, StoreUnusable)
    assert holder(data) is None
    assert (data.stat().st_mode & 0o777, (data / "lock").stat().st_mode & 0o777) == (0o700, 0o600)
    with DataLock(data):
        pass


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_the_lock_of_a_killed_process_is_free(tmp_path: Path, how: signal.Signals) -> None:
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    assert holder(tmp_path) == Holder(process.pid, "http://127.0.0.1:8080")
    with pytest.raises(DataInUse, match=f"process {process.pid} at"):
        DataLock(tmp_path).acquire()
    child = subprocess.Popen(["sleep", "60"])  # what is started meanwhile does not inherit anything
    process.send_signal(how)
    process.wait()
    process.stdout.close()
    assert holder(tmp_path) is None
    with DataLock(tmp_path):
        assert holder(tmp_path) == Holder(os.getpid())
    child.kill()
    child.wait()


def test_a_program_that_the_holder_starts_does_not_keep_the_lock(tmp_path: Path) -> None:
    with DataLock(tmp_path):
        child = subprocess.Popen(["sleep", "60"], close_fds=False)
    with DataLock(tmp_path):
        pass
    child.kill()
    child.wait()


def test_looking_does_not_keep_anybody_out(tmp_path: Path) -> None:
    looker = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys, time\nfrom pathlib import Path\nfrom tradewind.runtime.data_lock import holder\n"
            "print('looks', flush=True)\nwhile True: holder(Path(sys.argv[1])), time.sleep(0.001)",
            str(tmp_path),
        ],
        stdout=subprocess.PIPE,
    )
    assert looker.stdout is not None
    looker.stdout.readline()
    for _ in range(100):
        with DataLock(tmp_path):
            pass
    looker.kill()
    looker.wait()
    looker.stdout.close()


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreUnusable, match="name another folder"):
        DataLock(tmp_path / "file").acquire()
    with (
        powerless(),
        pytest.raises(
            StoreUnusable, match="Permission denied: let this user write there, or name another folder"
        ),
    ):
        DataLock(Path("/tradewind-test-may-not-be")).acquire()
