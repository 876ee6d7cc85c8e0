"""What a server is to `./dev services`. Learn one, know all: the mirrors differ only in what they run."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol, runtime_checkable


class Unstarted(Exception):
    """A server cannot do what was asked; the text says why and what to do."""


class Server(Protocol):
    """All state lies in `home`, a folder of this server that its user may write."""

    @property
    def name(self) -> str:
        """As typed: ./dev services up NAME."""

    @property
    def package(self) -> str:
        """What apt-get installs."""

    @property
    def user(self) -> str:
        """The account that its package makes, which runs it where we are root."""

    @property
    def port(self) -> int:
        """The first port to try; never the usual one."""

    def installed(self) -> bool:
        """Are its programs on this machine?"""

    def pid(self, home: Path) -> int | None:
        """The process that we started there, if it runs."""

    def start(self, home: Path, port: int) -> None:
        """Returns when it answers; raises Unstarted past its deadline. The home may be new or used."""

    def furnish(self, home: Path, port: int) -> None:
        """Makes what it should hold, where that is missing: it may run since before that was wanted."""

    def stop(self, home: Path) -> None:
        """Ends the process that we started there, and waits for it."""

    def url(self, port: int) -> str:
        """Where it is, for people."""

    def pages(self, home: Path) -> dict[str, str]:
        """What it shows in a browser, by name."""

    def blueprint_env(self, port: int, blueprint: str) -> dict[str, str]:
        """The settings of a blueprint that stands on it, by the names that this blueprint gives them."""

    def test_env(self, port: int) -> dict[str, str]:
        """The settings of the tests that need it."""


@runtime_checkable
class Fetched(Server, Protocol):
    """One that no package of the system has: `fetch` downloads it into `machine.DOWNLOADS`."""

    @property
    def how(self) -> str:
        """What is downloaded from where, for people."""

    def fetch(self) -> None:
        """Errors: Unstarted. What a killed one has left is no installation."""

    def elsewhere(self) -> str:
        """Where somebody else runs one that is used instead, for people; empty: nobody does."""
