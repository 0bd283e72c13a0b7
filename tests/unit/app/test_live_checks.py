"""`tocsin check --live`: asks the services that the settings name, and says what to do about each that refuses."""

import socket
from pathlib import Path

import pytest
from notifier_values import slack_server

from tocsin.app.live_checks import check_live

CONFIG = """
[service]
page_url = "http://127.0.0.1:{nobody}"

[channels]
enabled = ["slack", "email"]

[channels.slack]
channel = "C1"
base_url = "{slack}"
timeout_s = 2

[channels.email]
host = "127.0.0.1"
port = {nobody}
security = "none"
timeout_s = 2
"""


def nobody() -> int:
    """A port on which nobody listens."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "config"
    made.mkdir()
    return made


def test_each_service_has_its_sign_and_what_refuses_its_remedy(folder: Path, tmp_path: Path) -> None:
    with slack_server() as server:
        (folder / "tocsin.toml").write_text(CONFIG.format(slack=server.url, nobody=nobody()))
        environment = {
            "TOCSIN_CONFIG_DIR": str(folder),
            "TOCSIN_DATA_DIR": str(tmp_path),
            "TOCSIN_SLACK_TOKEN": "xoxb-made-up",
        }
        signs = {sign.name: sign for sign in check_live(environment)}
    assert {name: sign.is_ok for name, sign in signs.items()} == {"Slack": True, "mail": False, "page": False}
    assert "channels.email" in signs["mail"].remedy
    assert "start the service" in signs["page"].remedy
    assert server.called("chat.postMessage") == [], "nobody is told anything"
