"""The world outside, as stand-ins, and the settings that lead the service to it."""

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tocsin.demo.stand_ins.broker import BrokerStandIn
from tocsin.demo.stand_ins.isdc import IsdcStandIn
from tocsin.demo.stand_ins.slack import SlackStandIn
from tocsin.domain.clock import Clock
from tocsin.settings import Settings, load_settings
from tocsin.simulate.night import Night

CHANNEL = "C0BURSTS"


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Stand-ins that are up, and the folder where instruments deliver files."""

    slack: SlackStandIn
    isdc: IsdcStandIn
    broker: BrokerStandIn
    inbox: Path


@contextmanager
def standing_in(night: Night, clock: Clock, folder: Path) -> Iterator[World]:
    """Stand-ins of a night, until the block ends."""
    with ExitStack() as stack:
        slack = stack.enter_context(SlackStandIn(clock=clock))
        isdc = stack.enter_context(IsdcStandIn(night.integral, clock=clock))
        broker = stack.enter_context(BrokerStandIn())
        broker.create_topics((*night.topics, "gcn.heartbeat"))
        inbox = folder / "inbox"
        inbox.mkdir(parents=True, exist_ok=True)
        yield World(slack=slack, isdc=isdc, broker=broker, inbox=inbox)


def demo_settings(world: World, night: Night, folder: Path, *, port: int) -> Settings:
    """Settings of a service in this world: an overlay in `folder`, read as any operator's would be."""
    overlay = folder / "config"
    overlay.mkdir(parents=True, exist_ok=True)
    tables: dict[str, dict[str, Any]] = {
        "tocsin": {
            "service": {"page_url": f"http://127.0.0.1:{port}"},
            "api": {"port": port},
            "channels": {
                "enabled": ["slack"],
                "slack": {"channel": CHANNEL, "base_url": world.slack.base_url, "timeout_s": 5},
            },
            "feeds": {
                "kafka": {
                    "enabled": True,
                    "bootstrap_servers": world.broker.bootstrap,
                    "security_protocol": "plaintext",
                }
            },
            "reaction": {"inbox": str(world.inbox), "retry_s": 30},
            "workers": {"lease_s": 7200},
        },
        "streams": {
            "kafka": {"poll_s": 0.05},
            "topics": {topic: {} for topic in night.topics},
        },
        "instruments": {"instrument": _led_to(world.isdc.url)},
    }
    for name, table in tables.items():
        (overlay / f"{name}.toml").write_text(_toml(table), encoding="utf-8")
    environment = {
        "TOCSIN_CONFIG_DIR": str(overlay),
        "TOCSIN_DATA_DIR": str(folder),
        "TOCSIN_SLACK_TOKEN": world.slack.token,
        "TOCSIN_SLACK_SIGNING_SECRET": world.slack.signing_secret,
    }
    return load_settings(environment)


def _led_to(isdc_url: str) -> list[dict[str, Any]]:
    """The instrument table with SPI-ACS asked at the stand-in."""
    table = load_settings({}).document("instruments").values["instrument"]
    led = {"kind": "isdc-rtlc", "base_url": isdc_url}
    return [{**item, **led} if item["name"] == "SPI-ACS" else dict(item) for item in table]


def _toml(table: Mapping[str, Any]) -> str:
    """TOML of tables, lists and plain values, all written inline."""
    return "".join(f"{json.dumps(key)} = {_inline(value)}\n" for key, value in table.items())


def _inline(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{json.dumps(key)} = {_inline(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_inline(item) for item in value) + "]"
    return json.dumps(value)
