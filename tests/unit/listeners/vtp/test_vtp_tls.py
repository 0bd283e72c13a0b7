"""VTP inside TLS: the certificate is checked, and who speaks plainly is not heard."""

import shutil
import ssl
import subprocess
from pathlib import Path

import pytest
from vtp_values import POLL_S, Shelf, Ward, Wire, running_broker, running_listener, transport, voevent

from listeners.health import FeedState
from listeners.vtp.broker import BrokerSettings
from listeners.vtp.listener import VtpSettings
from listeners.vtp.transport import TransportRole

REQUEST = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost"
NAMES = "subjectAltName=DNS:localhost,IP:127.0.0.1"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Certificate and key of this machine, in one file."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("no openssl to make a certificate with")
    folder = tmp_path_factory.mktemp("certificate")
    made = ["-keyout", str(folder / "key.pem"), "-out", str(folder / "certificate.pem")]
    subprocess.run([openssl, *REQUEST.split(), "-addext", NAMES, *made], check=True, capture_output=True)
    both = folder / "both.pem"
    both.write_bytes((folder / "certificate.pem").read_bytes() + (folder / "key.pem").read_bytes())
    return both


def broker_settings(certificate: Path) -> BrokerSettings:
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(certificate)
    return BrokerSettings(host="127.0.0.1", port=0, tls=tls, poll_s=POLL_S)


def test_notices_come_through_an_encrypted_connection_in_both_ways(certificate: Path) -> None:
    trusting = ssl.create_default_context(cafile=str(certificate))
    with running_broker(broker_settings(certificate)) as running:
        for number in range(30):
            running.broker.publish(voevent(number, padding=50_000))
        shelf = Shelf()
        config = VtpSettings(host="localhost", port=running.broker.port, tls=trusting, ivorn="ivo://me", poll_s=POLL_S)
        with running_listener(config, shelf, Ward()):
            shelf.wait_for(30)
            running.latch.wait(lambda: running.broker.place_of("ivo://me") == 30)
    assert shelf.payloads == [voevent(number, padding=50_000) for number in range(30)]


def test_a_certificate_of_nobody_known_is_refused(certificate: Path) -> None:
    with running_broker(broker_settings(certificate)) as running:
        ward = Ward()
        config = VtpSettings(
            host="localhost",
            port=running.broker.port,
            tls=ssl.create_default_context(),
            ivorn="ivo://me",
            poll_s=POLL_S,
        )
        with running_listener(config, Shelf(), ward):
            ward.wait_for(FeedState.ERROR)
        assert "certificate" in ward.of(FeedState.ERROR)[0].message.lower()


def test_who_speaks_plainly_to_an_encrypted_broker_gets_nothing(certificate: Path) -> None:
    with running_broker(broker_settings(certificate)) as running, Wire.to(running.broker.port) as wire:
        running.broker.publish(voevent(1))
        wire.send(transport(TransportRole.IAMALIVE))
        assert wire.frame() is None
        assert running.broker.connections == 0
