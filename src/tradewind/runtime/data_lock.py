"""Keeps a second Tradewind out of a data folder, and notes there which blueprint runs on it. The kernel holds
the lock, so that it ends with its process, however that ends.
"""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path
from types import TracebackType

import msgspec

from ..core.store import StoreUnusable

FILE, BLUEPRINT = "lock", "blueprint"
TRIES, PAUSE_S = 10, 0.02


class Holder(msgspec.Struct, frozen=True):
    """The user of a data folder. `pid` 0: not known yet; `url` is empty until it serves."""

    pid: int = 0
    url: str = ""


class DataInUse(StoreUnusable):
    """Another Tradewind uses this data folder."""

    def __init__(self, data: Path, holder: Holder) -> None:
        self.pid, self.url = holder.pid, holder.url
        who = f"process {holder.pid}" if holder.pid else "another process"
        super().__init__(
            f"{data} is in use by {who}{f' at {holder.url}' if holder.url else ''}: stop it, or name "
            f"another folder with --data"
        )


class DataLock:
    """Held from `acquire` to `release`, or as long as the `with` block or the process."""

    def __init__(self, data: Path) -> None:
        self.data, self._file = data, -1

    def acquire(self, url: str = "") -> None:
        """Makes the folder where it is missing. Errors: DataInUse; StoreUnusable when the folder cannot be
        written.
        """
        try:
            self.data.mkdir(mode=0o700, parents=True, exist_ok=True)
            file = os.open(self.data / FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StoreUnusable(
                f"{self.data}: {error.strerror}: let this user write there, or name another folder"
            ) from error
        for left in range(TRIES, 0, -1):
            if _locked(file, fcntl.LOCK_EX):
                self._file = file
                self.tell(url)
                return
            if left > 1:
                time.sleep(PAUSE_S)  # `holder` may be looking
        found = _said(file)
        os.close(file)
        raise DataInUse(self.data, found)

    def tell(self, url: str) -> None:
        """Writes our URL."""
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, f"{os.getpid()}\n{url}\n".encode(), 0)

    def release(self) -> None:
        if self._file >= 0:
            os.ftruncate(self._file, 0)
            os.close(self._file)
            self._file = -1

    def __enter__(self) -> DataLock:
        if self._file < 0:
            self.acquire()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def holder(data: Path) -> Holder | None:
    """The process that uses this folder now, or None."""
    try:
        file = os.open(data / FILE, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        return None if _locked(file, fcntl.LOCK_SH) else _said(file)
    finally:
        os.close(file)


def remember(data: Path, blueprint: str) -> None:
    """Notes the name or the path of the blueprint that runs here. Whoever calls it holds the lock."""
    if remembered(data) != blueprint:
        new = data / f"{BLUEPRINT}.new"
        new.touch(mode=0o600)
        new.write_text(f"{blueprint}\n", encoding="utf-8")
        new.replace(data / BLUEPRINT)


def remembered(data: Path) -> str:
    """The blueprint that ran here last; empty where none is noted."""
    try:
        return (data / BLUEPRINT).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return ""


def _locked(file: int, how: int) -> bool:
    try:
        fcntl.flock(file, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _said(file: int) -> Holder:
    pid, _, url = os.pread(file, 4096, 0).decode(errors="replace").partition("\n")
    return Holder(int(pid) if pid.isdigit() else 0, url.strip())
