"""docker-compose.yml says what Compose, our settings and our commands understand."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator
from typer.testing import CliRunner

from sandbox.temporal_server import DYNAMIC_CONFIG
from workers.cli import app

HERE = Path(__file__).parent
PROJECT = HERE.parent.parent
FOR_DEMOS_ONLY = {
    "frontend.WorkflowTimeSkippingEnabled",
    # The second by which timers may be late covers the clocks of several hosts.
    "history.timerProcessorMaxTimeShift",
}


@pytest.fixture
def ours(compose: dict[str, Any]) -> dict[str, Any]:
    """The services that run our image."""
    return {
        name: service
        for name, service in compose["services"].items()
        if service["image"] == "wgshop"
    }


def test_the_file_follows_the_compose_specification(compose: dict[str, Any]) -> None:
    schema = json.loads((HERE / "compose-spec" / "schema.json").read_text())
    assert [error.message for error in Draft202012Validator(schema).iter_errors(compose)] == []


def test_every_service_of_ours_runs_a_command_that_exists(ours: dict[str, Any]) -> None:
    for service in ours.values():
        result = CliRunner().invoke(app, [*service["command"], "--help"])
        assert result.exit_code == 0, result.output


def test_every_variable_of_our_services_is_a_setting(
    ours: dict[str, Any], setting_names: frozenset[str]
) -> None:
    for service in ours.values():
        assert set(service.get("environment", {})) <= setting_names


def test_every_secret_of_our_services_is_a_setting(
    ours: dict[str, Any], setting_names: frozenset[str]
) -> None:
    for service in ours.values():
        assert {secret.upper() for secret in service["secrets"]} <= setting_names


def test_every_secret_is_declared_and_used(compose: dict[str, Any]) -> None:
    used = {
        secret for service in compose["services"].values() for secret in service.get("secrets", [])
    }
    assert used == set(compose["secrets"])


def test_services_wait_for_services_that_exist(compose: dict[str, Any]) -> None:
    services = compose["services"]
    for service in services.values():
        for name, wanted in service.get("depends_on", {}).items():
            if wanted["condition"] == "service_healthy":
                assert "healthcheck" in services[name]
            else:
                assert services[name]["restart"].startswith("on-failure")


def test_every_image_is_pinned(compose: dict[str, Any]) -> None:
    images = {service["image"] for service in compose["services"].values()} - {"wgshop"}
    assert all(image.rpartition(":")[2][0].isdigit() for image in images)


def test_nothing_is_published_beyond_this_host(compose: dict[str, Any]) -> None:
    for service in compose["services"].values():
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))


def test_every_mounted_file_is_in_the_repository(compose: dict[str, Any]) -> None:
    for service in compose["services"].values():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert not source.startswith(".") or (PROJECT / source).is_file()


def test_the_proxy_that_is_trusted_is_the_networks_gateway(compose: dict[str, Any]) -> None:
    (network,) = compose["networks"]["default"]["ipam"]["config"]
    trusted = compose["services"]["api"]["environment"]["TRUSTED_PROXIES"]
    assert trusted == f"${{TRUSTED_PROXIES:-{network['gateway']}/32}}"


def test_temporal_is_tuned_as_in_the_demo() -> None:
    content = (PROJECT / "temporal" / "dynamicconfig" / "shop.yaml").read_text()
    here = {name: str(entry["value"]) for name, (entry,) in yaml.safe_load(content).items()}
    demo = dict(line.split("=") for line in DYNAMIC_CONFIG)
    assert here == {name: demo[name] for name in demo.keys() - FOR_DEMOS_ONLY}
