"""One real Kafka broker (KRaft), its data in a folder."""

import signal
import socket
import struct
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Self

from onebox.local.daemon import Daemon, DidNotStart
from onebox.local.java import RECIPE, java, kafka_jars
from onebox.local.ports import free_ports

_CLUSTER_ID = "2Iwkvzk4Xs64m1Zf3xCqGQ"
_JVM = [
    "-Xms64m",
    "-Xmx256m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-XX:+ExitOnOutOfMemoryError",
    "-XX:-UsePerfData",
    "-Djava.net.preferIPv4Stack=true",
    "-Duser.timezone=UTC",
    f"-Dlog4j2.configurationFile={RECIPE / 'log4j2.xml'}",
]
# A broker killed with SIGKILL is back in 4.6 s; with the default session 12 to 14 s.
_PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{broker},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{broker}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
log.dirs={data}
num.partitions=12
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=1
group.initial.rebalance.delay.ms=0
log.cleaner.dedupe.buffer.size=8388608
log.segment.bytes=67108864
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
"""
# Metadata, version 1, correlation 1, client "r", no topics.
_METADATA = struct.pack(">hhih1si", 3, 1, 1, 1, b"r", 0)


class Kafka:
    """`with Kafka(folder) as kafka: kafka.bootstrap`. A second start goes on with the same data.

    The ports are chosen once per object, so clients find a broker that was killed and restarted.
    """

    def __init__(self, folder: Path) -> None:
        """Raises Missing where Java, Maven or the jars are."""
        self._folder = folder.resolve()
        self._java = java()
        self._jars = kafka_jars()
        self._broker, self._controller = free_ports(2)
        self._daemon: Daemon | None = None

    @property
    def bootstrap(self) -> str:
        return f"127.0.0.1:{self._broker}"

    @property
    def url(self) -> str:
        return f"kafka://{self.bootstrap}"

    @property
    def pid(self) -> int:
        return self._running().pid

    def start(self) -> None:
        """Returns when the broker answers. Raises DidNotStart."""
        self._folder.mkdir(parents=True, exist_ok=True)
        data, properties = self._folder / "data", self._folder / "server.properties"
        properties.write_text(
            _PROPERTIES.format(broker=self._broker, controller=self._controller, data=data)
        )
        if not (data / "meta.properties").exists():
            self._format(properties)
        self._daemon = Daemon(
            self._command("kafka.Kafka", str(properties)), self._folder / "kafka.log", cwd="/"
        )
        self._daemon.wait_until(self._answers)

    def stop(self) -> None:
        self._running().end(signal.SIGTERM)
        self._daemon = None

    def kill(self) -> None:
        self._running().end(signal.SIGKILL)
        self._daemon = None

    def send(self, which: signal.Signals) -> None:
        """SIGSTOP and SIGCONT, for faults."""
        self._running().send(which)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._daemon is not None:
            self.stop()

    def _running(self) -> Daemon:
        if self._daemon is None:
            raise RuntimeError("Kafka is not running")
        return self._daemon

    def _command(self, entry: str, *arguments: str) -> list[str]:
        native = ["--enable-native-access=ALL-UNNAMED"]  # newer Java warns without it
        return [str(self._java), *_JVM, *native, "-cp", f"{self._jars}/*", entry, *arguments]

    def _format(self, properties: Path) -> None:
        said = subprocess.run(  # noqa: S603
            self._command(
                "kafka.tools.StorageTool",
                *("format", "-t", _CLUSTER_ID, "-c", str(properties), "--ignore-formatted"),
            ),
            capture_output=True,
            text=True,
            check=False,
        )
        if said.returncode != 0:
            raise DidNotStart(f"formatting {self._folder}: {said.stdout}{said.stderr}")

    def _answers(self) -> bool:
        """An open port is not enough: the broker must know of itself."""
        try:
            with socket.create_connection(("127.0.0.1", self._broker), timeout=1) as connection:
                connection.settimeout(2)
                connection.sendall(struct.pack(">i", len(_METADATA)) + _METADATA)
                answer = connection.makefile("rb").read(12)
        except OSError:
            return False
        if len(answer) < 12:
            return False
        _size, _correlation, brokers = struct.unpack(">iii", answer)
        return bool(brokers >= 1)
