"""Fetches programs in Java that apt-get has not, as jars with all that they need, once for each checkout."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from tools.servers import machine
from tools.servers.model import Unstarted

PACKAGES = ("openjdk-17-jre-headless", "maven")
COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies"
TRIES, PAUSE_S, DEADLINE_S = 4, 5.0, 600
POM = """\
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>tradewind</groupId>
  <artifactId>{name}</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <dependencies>
{dependencies}  </dependencies>
</project>
"""
DEPENDENCY = """\
    <dependency><groupId>{}</groupId><artifactId>{}</artifactId><version>{}</version></dependency>
"""


class Jars:
    """`name` has the version in it; `artifacts` are group:artifact:version. They come from Maven Central, or
    from the mirror that the settings of Maven name.
    """

    def __init__(self, name: str, *artifacts: str) -> None:
        self.name, self._artifacts = name, artifacts

    @property
    def folder(self) -> Path:
        return machine.DOWNLOADS / self.name

    def there(self) -> bool:
        """It is renamed when whole, so a folder with this name has all."""
        return shutil.which("java") is not None and self.folder.is_dir() and not machine.hidden()

    @property
    def how(self) -> str:
        """Where they come from, for people."""
        return f"{self.name} from Maven Central, with {' and '.join(PACKAGES)} of apt-get"

    @property
    def classpath(self) -> str:
        return f"{self.folder}/*"

    def fetch(self) -> None:
        """Errors: Unstarted, with the end of what Maven said."""
        if not (shutil.which("java") and shutil.which("mvn")):
            machine.install_packages(*PACKAGES)
        maven = shutil.which("mvn")
        if maven is None:
            raise Unstarted(f"no mvn on the PATH: apt-get install {' '.join(PACKAGES)}")
        if self.folder.is_dir():
            return
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self.folder.parent) as made:
            dependencies = "".join(DEPENDENCY.format(*one.split(":")) for one in self._artifacts)
            (Path(made) / "pom.xml").write_text(POM.format(name=self.name, dependencies=dependencies))
            self._copy(maven, Path(made))
            (Path(made) / "jars").rename(self.folder)

    def _copy(self, maven: str, made: Path) -> None:
        """What has been downloaded is not downloaded again at the next try."""
        command: list[str | Path] = [maven, "-B", "-q", "-ntp", "-f", made / "pom.xml", COPY]
        command.append(f"-DoutputDirectory={made / 'jars'}")
        for attempt in range(1, TRIES + 1):
            try:
                done = subprocess.run(
                    command, env=os.environ, capture_output=True, text=True, timeout=DEADLINE_S
                )
            except subprocess.TimeoutExpired:
                raise Unstarted(f"mvn has not fetched {self.name} within {DEADLINE_S} s") from None
            if done.returncode == 0:
                return
            if attempt < TRIES:
                time.sleep(PAUSE_S * attempt)
        said = (done.stdout + done.stderr)[-2000:]
        raise Unstarted(f"mvn cannot fetch {self.name} ({', '.join(self._artifacts)}):\n{said}")
