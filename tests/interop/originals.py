"""The published systems of blueprints `contracts` and `invoicing` themselves, at the commits that their pages are
of: fetched, built and started, and nothing of them is kept here.

`TRADEWIND_TEST_ORIGINALS` says where git finds them: `https://github.com`, or a folder with `OWNER/NAME` in it.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.support.apart import free, wait
from tests.support.http import Connection
from tests.support.needs import unmet

ORIGINALS = "TRADEWIND_TEST_ORIGINALS"
NEED = (
    f"needs the published systems' own code: set {ORIGINALS} to https://github.com (it is built in .bench/)"
)
HERE = Path(__file__).resolve().parent
BUILT = HERE.parents[1] / ".bench" / "originals"
START_S, BUILD_S = 90.0, 600.0


@dataclass(frozen=True)
class Original:
    """`build` makes what can be run, in the folder of the sources; `programs` are the start files of the services;
    `commands` say more to node.
    """

    repository: str
    commit: str
    build: Callable[[Path], None]
    programs: Mapping[str, str]


def sh(folder: Path, *words: str, may_fail: bool = False) -> None:
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=BUILD_S)
    if done.returncode and not may_fail:
        unmet(
            f"{NEED}; {' '.join(words[:4])} failed: {(done.stdout + done.stderr).strip()[-400:]}",
            optional=True,
        )


def _fastify(sources: Path) -> None:
    """Its programs are TypeScript for a newer Node than is at hand: its own compiler takes the types out, and is
    not content with them.
    """
    for name in ("app-orders", "app-invoices"):
        folder = sources / name
        sh(folder, "npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts")
        how = (
            "--outDir",
            "dist",
            "--rootDir",
            "..",
            "--noEmit",
            "false",
            "--rewriteRelativeImportExtensions",
        )
        sh(folder, "npx", "tsc", *how, may_fail=True)


def _nest(sources: Path) -> None:
    """One of its development packages is no longer published, and is not needed. The client of Prisma is not
    generated, as its engine is no package: see originals.cjs.
    """
    sh(sources, "bash", "prepare.sh")
    for name in ("orders", "invoices"):
        folder = sources / "apps" / name
        package = folder / "package.json"
        lines = package.read_text().splitlines(keepends=True)
        package.write_text("".join(line for line in lines if "eslint-plugin-mist3rbru" not in line))
        sh(folder, "npx", "-y", "pnpm@10", "install", "--no-frozen-lockfile", "--ignore-scripts")
        sh(folder, "npx", "nest", "build", may_fail=True)


SYSTEMS = {
    "contracts": Original(
        "Jhonneg/microservicesTs",
        "4c5667e9327a6c4ff47d88883b98362b63ca4102",
        _fastify,
        {
            "orders": "app-orders/dist/app-orders/src/http/server.js",
            "invoices": "app-invoices/dist/app-invoices/src/http/server.js",
        },
    ),
    "invoicing": Original(
        "orochaa/scalable-microservices-challenge",
        "485a1271bcc8b0bfb559b4ed56f9867580724a23",
        _nest,
        {"orders": "apps/orders/dist/main/server.js", "invoices": "apps/invoices/dist/main/server.js"},
    ),
}


def built(name: str) -> Path:
    """The folder of a system that can be run; skips by name where it cannot be had."""
    found, source = SYSTEMS[name], os.environ.get(ORIGINALS, "")
    folder = BUILT / f"{name}-{found.commit[:12]}"
    if (folder / "built").exists():
        return folder
    if not source or shutil.which("npm") is None:
        unmet(NEED, optional=True)
    BUILT.mkdir(parents=True, exist_ok=True)
    with (BUILT / f"{name}.lock").open("w") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)  # another worker may build it now
        if not (folder / "built").exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            sh(folder, "git", "clone", "-q", f"{source.rstrip('/')}/{found.repository}", ".")
            sh(folder, "git", "checkout", "-q", found.commit)
            found.build(folder)
            (folder / "built").touch()
    return folder


class Running:
    """One of its services. `said` is what it prints."""

    def __init__(
        self, name: str, service: str, home: Path, modules: Path, variables: Mapping[str, str]
    ) -> None:
        program = built(name) / SYSTEMS[name].programs[service]
        self.port, self._out = free(), home / f"original-{service}"
        environment = {
            **os.environ,
            "NODE_PATH": str(modules),
            "PORT": str(self.port),
            "APP_PORT": str(self.port),
            "OTEL_SERVICE_NAME": f"original-{service}",
            "OTEL_SDK_DISABLED": "true",
            **variables,
        }
        with self._out.open("wb") as out:
            self.process = subprocess.Popen(
                ["node", "-r", str(HERE / "originals.cjs"), str(program)],
                cwd=program.parent,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
            )
        wait(self._up, f"{service} of {name} is up: {self.said[-1_000:]}", START_S)

    def _up(self) -> bool:
        assert self.process.poll() is None, self.said[-2_000:]
        try:
            with Connection(self.port) as connection:
                return connection.call("GET", "/health").status == 200
        except OSError:
            return False

    @property
    def said(self) -> str:
        return self._out.read_text(errors="replace")

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
