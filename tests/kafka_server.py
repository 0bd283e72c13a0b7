"""Apache Kafka itself (KRaft, one node) on loopback, for tests: from jars that `make kafka` fetched, in a process."""

import base64
import json
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
import uuid
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Self

from confluent_kafka import KafkaException, Producer
from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    NewTopic,
    ResourcePatternType,
    ResourceType,
)
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

ROOT = Path(__file__).resolve().parent.parent
#: Where `make kafka` puts the jars; TOCSIN_TEST_KAFKA_JARS names another folder.
JARS = ROOT / ".kafka"
#: Longest wait for a start, s: the two cores may be busy.
PATIENCE_S = 120.0
MOST_BYTES = 8_000_000
#: Account of the listener that asks for a password.
SCRAM_USER, SCRAM_PASSWORD = "tocsin-0a1b2c3d", "not-a-secret"
WHY_NOT = "no Apache Kafka: run `make kafka` (needs java and mvn), or set TOCSIN_TEST_KAFKA_JARS"

_PROPERTIES = """
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAIN://127.0.0.1:{plain},TOKEN://127.0.0.1:{token},HOP://127.0.0.1:{hop},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAIN://127.0.0.1:{plain},TOKEN://127.0.0.1:{token},HOP://127.0.0.1:{hop}
listener.security.protocol.map=PLAIN:PLAINTEXT,TOKEN:SASL_PLAINTEXT,HOP:SASL_SSL,CONTROLLER:PLAINTEXT
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAIN
sasl.enabled.mechanisms=OAUTHBEARER,SCRAM-SHA-512
listener.name.token.sasl.enabled.mechanisms=OAUTHBEARER
listener.name.hop.sasl.enabled.mechanisms=SCRAM-SHA-512
listener.name.hop.scram-sha-512.sasl.jaas.config=\\
  org.apache.kafka.common.security.scram.ScramLoginModule required;
listener.name.hop.ssl.keystore.type=PEM
listener.name.hop.ssl.keystore.location={folder}/server.pem
listener.name.hop.ssl.client.auth=none
listener.name.token.oauthbearer.sasl.jaas.config=\\
  org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker";
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:ANONYMOUS
allow.everyone.if.no.acl.found=true
log.dirs={folder}/log
num.partitions=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
message.max.bytes={most}
replica.fetch.max.bytes={most}
auto.create.topics.enable=false
log.retention.hours=-1
"""


def why_there_is_none() -> str | None:
    """Why no server can be started here; None where it can."""
    return None if java() and list(jars().glob("kafka_*.jar")) else WHY_NOT


def jars() -> Path:
    """Folder of the jars."""
    return Path(os.environ.get("TOCSIN_TEST_KAFKA_JARS", JARS))


def java() -> str | None:
    """The java program."""
    return shutil.which("java")


class KafkaServer:
    """One broker, that can be killed, frozen and started again on its ports with its data.

    Parameters
    ----------
    folder
        For its settings and data.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._ports = {name: _free_port() for name in ("plain", "token", "hop", "controller")}
        self._process: subprocess.Popen[bytes] | None = None
        self._file = folder / "server.properties"

    @property
    def bootstrap(self) -> str:
        """Address without credentials."""
        return f"127.0.0.1:{self._ports['plain']}"

    @property
    def bootstrap_with_token(self) -> str:
        """Address that asks for an OAUTHBEARER token."""
        return f"127.0.0.1:{self._ports['token']}"

    @property
    def bootstrap_with_password(self) -> str:
        """Address that asks for a password by SCRAM-SHA-512 within TLS, as SCiMMA does."""
        return f"127.0.0.1:{self._ports['hop']}"

    @property
    def certificate(self) -> Path:
        """Its own certificate, which a client is told to trust."""
        return self._folder / "server.crt"

    def start(self) -> Self:
        """Start, and wait until it answers."""
        if not self._file.exists():
            self._folder.mkdir(parents=True, exist_ok=True)
            text = _PROPERTIES.format(folder=self._folder, most=MOST_BYTES, **self._ports)
            self._file.write_text(text, encoding="utf-8")
            # The first letter is fixed: one name in 64 would begin with "-", and be taken for an option.
            identity = base64.urlsafe_b64encode(b"K" + uuid.uuid4().bytes[1:]).decode().rstrip("=")
            _make_certificate(self._folder)
            account = f"SCRAM-SHA-512=[name={SCRAM_USER},password={SCRAM_PASSWORD}]"
            arguments = ["format", "-t", identity, "-c", str(self._file), "--add-scram", account]
            subprocess.run(_program("kafka.tools.StorageTool", arguments), check=True, stdout=subprocess.DEVNULL)
        with (self._folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                _program("kafka.Kafka", [str(self._file)]), stdout=log, stderr=subprocess.STDOUT, cwd=self._folder
            )
        admin = AdminClient({"bootstrap.servers": self.bootstrap, "log_level": 0})
        began = time.monotonic()
        while True:
            try:
                admin.list_topics(timeout=2.0)
            except KafkaException:
                if self._process.poll() is not None or time.monotonic() - began > PATIENCE_S:
                    raise RuntimeError((self._folder / "server.log").read_text()[-2000:]) from None
            else:
                return self

    def kill(self) -> None:
        """End it at once, as a power failure does."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGCONT)
            self._process.kill()
            self._process.wait()
            self._process = None

    def freeze(self) -> None:
        """Let it hear nothing and say nothing, with its connections open."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.kill()


class KafkaBench:
    """What tests do at a broker: topics, messages, permissions.

    Parameters
    ----------
    bootstrap
        Its address.
    """

    def __init__(self, bootstrap: str) -> None:
        self.bootstrap = bootstrap
        self._admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})
        self._producer = Producer(
            {"bootstrap.servers": bootstrap, "message.max.bytes": MOST_BYTES, "linger.ms": 2, "log_level": 0}
        )

    def create_topics(self, names: Iterable[str]) -> None:
        """Make topics of one partition."""
        made = self._admin.create_topics([NewTopic(name, num_partitions=1, replication_factor=1) for name in names])
        for done in made.values():
            done.result(PATIENCE_S)

    def delete_topics(self, names: Sequence[str]) -> None:
        """Take topics away."""
        for done in self._admin.delete_topics(list(names)).values():
            done.result(PATIENCE_S)

    def produce(self, topic: str, payloads: Iterable[bytes], *, at_ms: int | None = None) -> None:
        """Put messages on a topic, in order, and wait until the broker has them."""
        failed: list[object] = []
        stamped = {} if at_ms is None else {"timestamp": at_ms}
        for payload in payloads:
            while True:
                try:
                    self._producer.produce(
                        topic,
                        payload,
                        on_delivery=lambda error, _: failed.append(error) if error is not None else None,
                        **stamped,
                    )
                except BufferError:
                    self._producer.poll(1.0)
                else:
                    break
        assert self._producer.flush(PATIENCE_S) == 0
        assert not failed, failed

    def forbid(self, topic: str, principal: str) -> None:
        """Take from a principal the right to read a topic."""
        for done in self._admin.create_acls([AclBinding(*_denial(topic, principal))]).values():
            done.result(PATIENCE_S)

    def allow(self, topic: str, principal: str) -> None:
        """Give it back."""
        for done in self._admin.delete_acls([AclBindingFilter(*_denial(topic, principal))]).values():
            done.result(PATIENCE_S)


class TokenService:
    """A token endpoint (OIDC client credentials) that gives tokens, or refuses them as told."""

    def __init__(self) -> None:
        from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

        service = self
        self.is_refusing = False
        self.asked = 0

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                service.asked += 1
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                body: Mapping[str, Any] = {"error": "invalid_client"}
                if not service.is_refusing:
                    body = {"access_token": token("tocsin"), "token_type": "Bearer", "expires_in": 3600}
                content = json.dumps(body).encode()
                self.send_response(401 if service.is_refusing else 200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        """Where tokens are asked for."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/oauth2/token"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(PATIENCE_S)


def _make_certificate(folder: Path) -> None:
    """Key and certificate for 127.0.0.1, signed by itself, for a day."""
    key = ec.generate_private_key(ec.SECP256R1())
    name, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")]), datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate = made.public_bytes(serialization.Encoding.PEM)
    form = serialization.PrivateFormat.PKCS8
    secret = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    (folder / "server.pem").write_bytes(secret + certificate)
    (folder / "server.crt").write_bytes(certificate)


def token(subject: str, *, lives_s: float = 3600.0) -> str:
    """Unsigned token, as Kafka's own validator for tests takes it."""
    now = time.time()
    parts = [{"alg": "none"}, {"sub": subject, "iat": int(now), "exp": int(now + lives_s), "scope": ""}]
    return ".".join(base64.urlsafe_b64encode(json.dumps(one).encode()).decode().rstrip("=") for one in parts) + "."


def _denial(topic: str, principal: str) -> tuple[Any, ...]:
    kind, pattern = ResourceType.TOPIC, ResourcePatternType.LITERAL
    return kind, topic, pattern, f"User:{principal}", "*", AclOperation.READ, AclPermissionType.DENY


def _program(main: str, arguments: Sequence[str]) -> list[str]:
    options = ["-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Dlog4j.rootLogger=OFF"]
    return [str(java()), *options, "-cp", f"{jars()}/*", main, *arguments]


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
