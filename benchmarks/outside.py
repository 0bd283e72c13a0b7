"""The configuration by which the service finds the stand-ins of a bench: broker, Slack, archive, clock."""

from datetime import timedelta
from pathlib import Path

from traffic import SECRET, TOPICS

from tocsin.demo.stand_ins import IsdcStandIn, SlackStandIn
from tocsin.domain.clock import Clock, iso_utc
from tocsin.settings import load_settings

CHANNEL = "C1"
#: Topics of the stand-in broker: ours, and all that the service listens to anyway.
ALL_TOPICS = tuple(sorted({*TOPICS, *load_settings({}).document("streams").values["topics"]}))
#: Longest wait for the archive, s. For Slack it is the default: one that is given up sooner may still be at work.
TIMEOUT_S = 2.0


def configured(
    folder: Path,
    *,
    bootstrap: str,
    slack: SlackStandIn,
    archive: IsdcStandIn,
    clock: Clock,
    clock_file: Path,
    archive_days: float,
    lease_s: float = 120.0,
    is_near: bool = True,
) -> dict[str, str]:
    """Write the configuration below `folder`; the environment of a process that reads it.

    With `is_near` the archive is on loopback, which needs no leave to be asked. It holds the last `archive_days`: of
    mocks, which are of days before, no data are made.
    """
    config = folder / "config"
    config.mkdir()
    (config / "tocsin.toml").write_text(
        f"""
reaction = {{ instruments = ["SPI-ACS"], retry_s = 30 }}
workers = {{ lease_s = {lease_s:g} }}
sources = {{ network = {"false" if is_near else "true"} }}
[channels]
enabled = ["slack"]
[channels.slack]
channel = "{CHANNEL}"
base_url = "{slack.base_url}"
[feeds.kafka]
enabled = true
bootstrap_servers = "{bootstrap}"
security_protocol = "plaintext"
session_timeout_s = 6
""",
        encoding="utf-8",
    )
    topics = "".join(f'[topics."{topic}"]\n' for topic in TOPICS if topic != SECRET)
    kafka = '[kafka]\nheartbeat_topic = ""\npoll_s = 0.1\n'
    (config / "streams.toml").write_text(
        f'{kafka}{topics}[topics."{SECRET}"]\nlabels = ["antares"]\n', encoding="utf-8"
    )
    begins = iso_utc(clock.now() - timedelta(days=archive_days))
    (config / "instruments.toml").write_text(
        f"""
[[instrument]]
name = "SPI-ACS"
spacecraft = "INTEGRAL"
aliases = ["INTEGRAL", "INTEGRAL SPI-ACS"]
kind = "isdc-rtlc"
base_url = "{archive.url}"
status = "operating"
data_from = "a stand-in"
start_utc = "{begins}"
light_travel_s = 0.53
latency_s = 20
retry_s = 30
timeout_s = {TIMEOUT_S:g}
clock_error_s = {{ realtime = 0.010 }}
""",
        encoding="utf-8",
    )
    return {
        "TOCSIN_CONFIG_DIR": str(config),
        "TOCSIN_DATA_DIR": str(folder / "data"),
        "TOCSIN_SLACK_TOKEN": slack.token,
        "TOCSIN_SLACK_SIGNING_SECRET": slack.signing_secret,
        "TOCSIN_REHEARSED_CLOCK": str(clock_file),
    }
