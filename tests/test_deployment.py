"""What runs Tocsin elsewhere: read for its form, and held against the code; nothing of it is run here."""

import configparser
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import REGISTRY
from typer.main import get_command
from workflow_desk import Desk

from tocsin.app.gauges import Gauges
from tocsin.cli.main import app

ROOT = Path(__file__).resolve().parent.parent
DEPLOY = ROOT / "deploy"
#: Metrics of the Python client itself that exist on Linux.
OF_THE_PROCESS = {"process_resident_memory_bytes", "process_cpu_seconds_total", "process_open_fds", "up"}


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8")


def _commands() -> set[str]:
    return set(get_command(app).commands)  # type: ignore[attr-defined]


def _compose() -> dict[str, Any]:
    services: dict[str, Any] = yaml.safe_load(_text(ROOT / "compose.yaml"))["services"]
    return services


def test_compose_joins_the_service_to_its_database() -> None:
    tocsin = _compose()["tocsin"]
    known = set(re.findall(r"^(TOCSIN_\w+)=", _text(ROOT / ".env.example"), re.MULTILINE))
    assert set(tocsin["environment"]) <= known
    assert tocsin["environment"]["TOCSIN_STORE_URL"].startswith("postgresql+psycopg://")
    assert tocsin["depends_on"]["database"]["condition"] == "service_healthy"
    assert "not run" in _text(ROOT / "compose.yaml")


def test_compose_opens_ports_on_loopback_only_and_keeps_its_containers_bound() -> None:
    services = _compose()
    assert set(services) == {"tocsin", "database", "kafka", "prometheus", "grafana"}
    for name, service in services.items():
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ()))
        assert re.search(r":[\w.]*\d", service.get("image", ":1")), f"{name} has no version"
        if name != "database":  # its entry point must change user
            assert service["cap_drop"] == ["ALL"]
            assert service["security_opt"] == ["no-new-privileges:true"]
    assert services["tocsin"]["read_only"]


def test_files_that_compose_hands_to_containers_exist() -> None:
    handed = [volume for service in _compose().values() for volume in service.get("volumes", ())]
    inside = [volume.split(":")[0] for volume in handed if volume.startswith("./deploy")]
    assert inside
    assert [path for path in inside if not (ROOT / path).exists()] == []


def test_the_container_is_built_in_two_stages_and_runs_as_nobody_in_particular() -> None:
    dockerfile = _text(ROOT / "Dockerfile")
    assert len(re.findall(r"^FROM ", dockerfile, re.MULTILINE)) == 2
    assert re.search(r"^USER (?!root)", dockerfile, re.MULTILINE)
    (words,) = re.findall(r"^CMD (\[.*\])$", dockerfile, re.MULTILINE)
    program, command, *_ = json.loads(words)
    assert program == "tocsin"
    assert command in _commands()


@pytest.mark.parametrize("file", sorted((DEPLOY / "systemd").glob("*.service")), ids=lambda file: file.name)
def test_a_systemd_unit_starts_a_command_that_exists(file: Path) -> None:
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment] # systemd's keys have capitals
    unit.read_string(_text(file))
    program, command, *_ = unit["Service"]["ExecStart"].split()
    assert program.endswith("/tocsin")
    assert command in _commands()
    if unit["Service"]["Type"] != "oneshot":
        assert unit["Service"]["Restart"] == "always"
        assert unit["Service"]["RestartPreventExitStatus"] == "2"  # what `tocsin` ends with on a wrong setting
    assert unit["Service"]["ProtectSystem"] == "strict"
    assert "not run" in _text(file)


@pytest.fixture(scope="module")
def metrics(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Names of everything that /metrics shows, with the suffixes that Prometheus gives."""
    folder = tmp_path_factory.mktemp("gauges")
    with Desk(folder) as desk:
        families = [*Gauges(desk.store, desk.clock, folder, restricted=()).collect(), *REGISTRY.collect()]
    names = set(OF_THE_PROCESS)
    for family in families:
        names |= {family.name} | {family.name + suffix for suffix in ("_total", "_bucket", "_sum", "_count")}
    return names


def _expressions() -> Iterator[str]:
    dashboard = json.loads(_text(DEPLOY / "grafana" / "dashboards" / "tocsin.json"))
    for panel in dashboard["panels"]:
        yield from (target["expr"] for target in panel["targets"])
    for group in yaml.safe_load(_text(DEPLOY / "prometheus" / "alerts.yml"))["groups"]:
        yield from (rule["expr"] for rule in group["rules"])


@pytest.mark.parametrize("expression", sorted(set(_expressions())))
def test_what_dashboards_and_alerts_ask_for_is_measured(expression: str, metrics: set[str]) -> None:
    asked = set(re.findall(r"\b(?:tocsin|process)_\w+|\bup\b", expression))
    assert asked
    assert asked <= metrics


def test_every_alert_says_what_to_do() -> None:
    for group in yaml.safe_load(_text(DEPLOY / "prometheus" / "alerts.yml"))["groups"]:
        for rule in group["rules"]:
            assert {"summary", "remedy"} <= set(rule["annotations"])
            assert rule["labels"]["severity"] in {"page", "ticket"}


def test_prometheus_itself_takes_the_rules() -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("no promtool: install prometheus to check the alert rules")
    rules = [promtool, "check", "rules", str(DEPLOY / "prometheus" / "alerts.yml")]
    done = subprocess.run(rules, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_panels_of_the_dashboard_do_not_overlap() -> None:
    panels = json.loads(_text(DEPLOY / "grafana" / "dashboards" / "tocsin.json"))["panels"]
    cells = [
        (x, y)
        for place in (panel["gridPos"] for panel in panels)
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) < 24
