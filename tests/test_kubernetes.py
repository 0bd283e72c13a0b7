"""The Kubernetes files: read for their form, and held against the code and the container; nothing of it is run here."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tocsin.app.service import Role
from tocsin.settings import load_settings

FOLDER = Path(__file__).resolve().parent.parent / "deploy" / "kubernetes"
#: Kinds in use, with the version of the API that has them.
KNOWN = {
    "ConfigMap": "v1",
    "Deployment": "apps/v1",
    "NetworkPolicy": "networking.k8s.io/v1",
    "PersistentVolumeClaim": "v1",
    "PodDisruptionBudget": "policy/v1",
    "Service": "v1",
}


def _documents() -> Iterator[dict[str, Any]]:
    kustomization = yaml.safe_load((FOLDER / "kustomization.yaml").read_text(encoding="utf-8"))
    for name in kustomization["resources"]:
        yield from yaml.safe_load_all((FOLDER / name).read_text(encoding="utf-8"))


def _of_kind(kind: str) -> dict[str, dict[str, Any]]:
    return {one["metadata"]["name"]: one for one in _documents() if one["kind"] == kind}


DEPLOYMENTS = _of_kind("Deployment")


def test_every_file_is_listed_and_every_kind_known() -> None:
    kustomization = yaml.safe_load((FOLDER / "kustomization.yaml").read_text(encoding="utf-8"))
    assert {*kustomization["resources"], "kustomization.yaml"} == {file.name for file in FOLDER.glob("*.yaml")}
    assert {one["kind"]: one["apiVersion"] for one in _documents()} == KNOWN
    assert "not run" in (FOLDER / "kustomization.yaml").read_text(encoding="utf-8")


def test_every_role_is_done_by_somebody_and_all_but_the_one_with_the_disk_by_two() -> None:
    done: dict[str, int] = {}
    for one in DEPLOYMENTS.values():
        command = one["spec"]["template"]["spec"]["containers"][0]["command"]
        assert command[:2] == ["tocsin", "run"]
        for word in command[2 : command.index("--name")]:
            done[word] = done.get(word, 0) + one["spec"]["replicas"]
    assert set(done) == set(Role)
    assert {role for role, number in done.items() if number < 2} == {"react"}


@pytest.mark.parametrize("name", DEPLOYMENTS)
def test_a_pod_is_one_process_with_a_name_of_its_own_bound_hand_and_foot(name: str) -> None:
    spec = DEPLOYMENTS[name]["spec"]
    pod, (container,) = spec["template"]["spec"], spec["template"]["spec"]["containers"]
    assert spec["selector"]["matchLabels"] == spec["template"]["metadata"]["labels"]
    command = container["command"]
    assert command[command.index("--name") + 1] == "$(POD_NAME)"
    environment = {one["name"]: one for one in container["env"]}
    assert environment["POD_NAME"]["valueFrom"]["fieldRef"]["fieldPath"] == "metadata.name"
    assert not [key for key in environment if "TOKEN" in key or "SECRET" in key or "PASSWORD" in key]
    assert pod["securityContext"]["runAsNonRoot"]
    assert pod["automountServiceAccountToken"] is False
    assert container["securityContext"]["readOnlyRootFilesystem"]
    assert container["securityContext"]["capabilities"]["drop"] == ["ALL"]
    assert {mount["name"] for mount in container["volumeMounts"]} == {volume["name"] for volume in pod["volumes"]}
    written = {mount["mountPath"] for mount in container["volumeMounts"] if not mount.get("readOnly")}
    assert written == {environment["TOCSIN_DATA_DIR"]["value"], "/tmp"}  # noqa: S108 - a volume of the pod's


def test_the_user_is_the_container_s() -> None:
    dockerfile = (FOLDER.parent.parent / "Dockerfile").read_text(encoding="utf-8")
    users = {one["spec"]["template"]["spec"]["securityContext"]["runAsUser"] for one in DEPLOYMENTS.values()}
    assert [f"--uid {user}" in dockerfile for user in users] == [True]


def test_what_is_named_elsewhere_exists() -> None:
    claims, maps = set(_of_kind("PersistentVolumeClaim")), set(_of_kind("ConfigMap"))
    volumes = [volume for one in DEPLOYMENTS.values() for volume in one["spec"]["template"]["spec"]["volumes"]]
    assert {one["persistentVolumeClaim"]["claimName"] for one in volumes if "persistentVolumeClaim" in one} == claims
    assert {one["configMap"]["name"] for one in volumes if "configMap" in one} == maps
    labels = [one["spec"]["template"]["metadata"]["labels"] for one in DEPLOYMENTS.values()]
    selectors = [one["spec"]["selector"] for one in _of_kind("Service").values()]
    selectors += [one["spec"]["selector"]["matchLabels"] for one in _of_kind("PodDisruptionBudget").values()]
    selectors += [one["spec"]["podSelector"]["matchLabels"] for one in _of_kind("NetworkPolicy").values()]
    for selector in selectors:
        assert any(selector.items() <= one.items() for one in labels)


def test_the_api_is_reached_at_the_port_that_it_opens_and_asked_at_routes_that_exist() -> None:
    (container,) = DEPLOYMENTS["tocsin-api"]["spec"]["template"]["spec"]["containers"]
    (port,) = container["ports"]
    assert container["command"][-2:] == ["--port", str(port["containerPort"])]
    (service,) = _of_kind("Service").values()
    assert [one["targetPort"] for one in service["spec"]["ports"]] == [port["name"]]
    (ingress,) = _of_kind("NetworkPolicy")["tocsin-api"]["spec"]["ingress"]
    assert [one["port"] for one in ingress["ports"]] == [port["containerPort"]]
    probes = [container[f"{name}Probe"]["httpGet"] for name in ("startup", "liveness", "readiness")]
    assert {probe["path"] for probe in probes} == {"/healthz", "/readyz"}
    assert {probe["port"] for probe in probes} == {port["name"]}


def test_the_configuration_is_one_that_the_service_takes(tmp_path: Path) -> None:
    (config,) = _of_kind("ConfigMap").values()
    for name, text in config["data"].items():
        assert tomllib.loads(text)
        (tmp_path / name).write_text(text, encoding="utf-8")
    secrets = {
        "TOCSIN_GCN_CLIENT_ID": "i",
        "TOCSIN_GCN_CLIENT_SECRET": "s",
        "TOCSIN_SLACK_TOKEN": "t",
        "TOCSIN_SLACK_SIGNING_SECRET": "s",
        "TOCSIN_SMTP_PASSWORD": "p",
    }
    settings = load_settings({"TOCSIN_CONFIG_DIR": str(tmp_path), **secrets})
    assert settings.feeds.kafka.enabled
    assert settings.api.host == "0.0.0.0"
