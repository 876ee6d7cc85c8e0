"""Kafka as one node of its own, broker and controller in one (KRaft), from the jars of Maven Central.

It has two listeners on the loopback: one for everybody, and one with TLS where clients log in (SASL). For
tests and trials, not for a shared host.
"""

from __future__ import annotations

import base64
import os
import shutil
import signal
import socket
import time
import uuid
from pathlib import Path

from tools.servers import machine, maven
from tools.servers.model import Unstarted

VERSION = "3.9.1"
READY_S = 60
# where to look for the ports of the listener with TLS and of the controller, above the port for clients
SECURE, CONTROLLER = 1_000, 2_000
USER, PASSWORD = "tradewind", "tradewind-secret"  # of the listener with TLS
CONFIG = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},SASL_SSL://127.0.0.1:{secure},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port},SASL_SSL://127.0.0.1:{secure}
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,SASL_SSL:SASL_SSL,CONTROLLER:PLAINTEXT
log.dirs={home}/data
offsets.topic.num.partitions=10
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=5
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
log.cleaner.dedupe.buffer.size=16777216
ssl.keystore.type=PKCS12
ssl.keystore.location={home}/broker.p12
ssl.keystore.password={password}
ssl.key.password={password}
sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-512
listener.name.sasl_ssl.plain.sasl.jaas.config=\\
  org.apache.kafka.common.security.plain.PlainLoginModule required user_{user}="{password}";
listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config=\\
  org.apache.kafka.common.security.scram.ScramLoginModule required;
"""
LOGGING = """\
log4j.rootLogger=WARN, stdout
log4j.appender.stdout=org.apache.log4j.ConsoleAppender
log4j.appender.stdout.layout=org.apache.log4j.PatternLayout
log4j.appender.stdout.layout.ConversionPattern=%d{ISO8601} %p %m (%c)%n
"""
API_VERSIONS = b"\0\0\0\x0a\0\x12\0\0\0\0\0\0\xff\xff"  # the request that every client begins with


class Kafka:
    name = "kafka"
    package = f"Kafka {VERSION}"
    user = ""  # its jars are ours, not of a package: whoever starts it runs it
    port = 19_094

    jars = maven.Jars(
        f"kafka-{VERSION}", f"org.apache.kafka:kafka_2.13:{VERSION}", "org.slf4j:slf4j-reload4j:1.7.36"
    )

    def installed(self) -> bool:
        return self.jars.there()

    @property
    def how(self) -> str:
        return self.jars.how

    def fetch(self) -> None:
        self.jars.fetch()

    def elsewhere(self) -> str:
        return ""

    def pid(self, home: Path) -> int | None:
        note = home / "pid"
        text = note.read_text().strip() if note.is_file() else ""
        return int(text) if text and machine.runs(int(text), f"{home}/server.properties") else None

    def start(self, home: Path, port: int) -> None:
        secure = self._port(home, "secure", port + SECURE)
        controller = self._port(home, "controller", port + CONTROLLER)
        config = home / "server.properties"
        texts = {"home": home, "user": USER, "password": PASSWORD}
        config.write_text(CONFIG.format(port=port, secure=secure, controller=controller, **texts))
        self._certify(home)
        if not (home / "data").exists():
            self._format(home, config)
        log = home / "log"
        options = ["-Xms128m", "-Xmx512m", "-XX:-UsePerfData", "-XX:+ExitOnOutOfMemoryError"]
        (home / "log4j.properties").write_text(LOGGING)
        options.append(f"-Dlog4j.configuration=file:{home}/log4j.properties")
        java = ["java", *options, "-cp", self.jars.classpath, "kafka.Kafka", str(config)]
        process = machine.spawn(self, *java, log=log)
        (home / "pid").write_text(f"{process.pid}\n")
        until = time.monotonic() + READY_S
        while process.poll() is None and time.monotonic() < until:
            if answers(port) and opened(secure):
                return
            time.sleep(0.05)
        machine.end(process)
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-5:])
        raise Unstarted(f"did not start (waited up to {READY_S} s); the end of {log}:\n{tail}")

    def furnish(self, home: Path, port: int) -> None:
        """Nothing: who publishes or subscribes makes the topics."""

    def stop(self, home: Path) -> None:
        self._end(home, signal.SIGTERM)

    def kill(self, home: Path) -> None:
        """As a power cut would."""
        self._end(home, signal.SIGKILL)

    def url(self, port: int) -> str:
        return f"127.0.0.1:{port}"

    def secure_url(self, home: Path) -> str:
        """The listener with TLS, where USER logs in."""
        return f"127.0.0.1:{(home / 'secure').read_text().strip()}"

    def authority(self, home: Path) -> Path:
        """The certificate that its clients must trust, as PEM."""
        return home / "ca.pem"

    def pages(self, home: Path) -> dict[str, str]:
        note = home / "secure"
        shown = f"SASL_SSL {self.secure_url(home)} ({USER}, {PASSWORD}; {self.authority(home)})"
        return {"with TLS": shown} if note.is_file() else {}

    def blueprint_env(self, port: int, blueprint: str) -> dict[str, str]:
        return {BROKER_NAMES.get(blueprint, "TRADEWIND_KAFKA_BROKERS"): self.url(port)}

    def test_env(self, port: int) -> dict[str, str]:
        return {"TRADEWIND_TEST_KAFKA_BROKERS": self.url(port)}

    def _port(self, home: Path, name: str, first: int) -> int:
        """The one it had, or the next that is free."""
        note = home / name
        port = machine.first_free(int(note.read_text()) if note.is_file() else first)
        note.write_text(f"{port}\n")
        return port

    def _format(self, home: Path, config: Path) -> None:
        cluster = base64.urlsafe_b64encode(b"T" + uuid.uuid4().bytes[1:]).decode().rstrip("=")
        scram = f"SCRAM-SHA-512=[name={USER},password={PASSWORD}]"
        tool = ["java", "-XX:-UsePerfData", "-cp", self.jars.classpath, "kafka.tools.StorageTool", "format"]
        code, said = machine.run(self, *tool, "-t", cluster, "-c", config, "--add-scram", scram)
        if code:
            shutil.rmtree(home / "data", ignore_errors=True)
            raise Unstarted(f"its storage cannot be formatted: {said.strip()[-2000:]}")

    def _certify(self, home: Path) -> None:
        """A certificate of its own, which is its own authority, good for ten years."""
        if self.authority(home).exists():
            return
        store = home / "broker.p12"
        store.unlink(missing_ok=True)
        common: list[str | Path] = [
            "-alias",
            "broker",
            "-keystore",
            store,
            "-storetype",
            "PKCS12",
            "-storepass",
            PASSWORD,
        ]
        made = ["-genkeypair", "-keyalg", "RSA", "-keysize", "2048", "-validity", "3650"]
        named = ["-dname", "CN=localhost", "-ext", "SAN=dns:localhost,ip:127.0.0.1", "-ext", "bc=ca:true"]
        shown: list[str | Path] = ["-exportcert", "-rfc", "-file", home / "ca.new"]
        for arguments in ([*made, *named, *common], [*shown, *common]):
            code, said = machine.run(self, "keytool", *arguments)
            if code:
                raise Unstarted(f"keytool {arguments[0]}: {said.strip()}")
        (home / "ca.new").rename(self.authority(home))

    def _end(self, home: Path, how: signal.Signals) -> None:
        if pid := self.pid(home):
            os.kill(pid, how)
            until = time.monotonic() + READY_S
            while self.pid(home) and time.monotonic() < until:
                time.sleep(0.02)
            if self.pid(home):
                raise Unstarted(f"did not stop in {READY_S} s; see {home / 'log'}")


BROKER_NAMES = {"events": "KAFKA_BROKER"}
"""What blueprints call it that have names of a published system."""


def answers(port: int) -> bool:
    """Does it speak Kafka yet?"""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as probe:
            probe.sendall(API_VERSIONS)
            return len(probe.recv(8)) == 8
    except OSError:
        return False


def opened(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=2).close()
    except OSError:
        return False
    return True
