"""What an operator installs is at least well-formed: units for systemd, the compose file, the rules of Kamailio."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from config.settings import Settings
from config.telephone import TelephoneSettings

DEPLOY = Path(__file__).parents[3] / "deploy"
UNITS = sorted(DEPLOY.glob("systemd/*.service")) + sorted(DEPLOY.glob("systemd/*.timer"))


class ComposeLoader(yaml.SafeLoader):
    """YAML with the `!reset` of compose."""


ComposeLoader.add_constructor("!reset", lambda loader, node: None)


def compose() -> dict[str, Any]:
    text = (DEPLOY / "compose.yaml").read_text("utf-8")
    found: dict[str, Any] = yaml.load(text, Loader=ComposeLoader)  # noqa: S506 (it is a safe loader)
    return found


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_systemd_understands_the_units(unit: Path, tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.fail("systemd-analyze is missing: apt-get install systemd")
    for one in UNITS:  # a timer names its service; the programs themselves are not on this machine
        text = re.sub(r"/opt/nuanxian/\.venv/bin/nuanxian", "/bin/true", one.read_text("utf-8"))
        (tmp_path / one.name).write_text(text, "utf-8")
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(tmp_path / unit.name)],
        capture_output=True,
        text=True,
        check=False,
    )
    ours = [line for line in done.stderr.splitlines() if "nuanxian" in line]
    assert ours == []


def test_compose_has_two_hosts_a_database_and_kamailio_before_the_voice_nodes() -> None:
    services = compose()["services"]
    assert set(services) >= {"app-1", "app-2", "postgres", "proxy", "kamailio", "voice-1", "voice-2"}
    for name in ("app-1", "app-2", "voice-1", "voice-2"):
        assert services[name]["depends_on"]["postgres"]["condition"] == "service_healthy"
        assert services[name]["environment"]["NUANXIAN_DB"].startswith("postgresql://")
        assert services[name]["cap_drop"] == ["ALL"]
        assert "media:/var/lib/nuanxian-media" in services[name]["volumes"], "a picture is seen by every host"
    ports = services["postgres"]["ports"]
    assert all(port.startswith("127.0.0.1:") for port in ports), "the database is not reached from outside"


def test_the_database_is_no_newer_than_the_programs_that_back_it_up() -> None:
    """pg_dump refuses a server of a later version than its own. The image takes it from its Debian release."""
    of_debian = {"bookworm": 15, "trixie": 17}
    release = re.search(r"^FROM python:\S+-(\w+)$", (DEPLOY / "Dockerfile").read_text("utf-8"), re.MULTILINE)
    assert release is not None
    services = compose()["services"]
    assert int(services["postgres"]["image"].partition(":")[2]) <= of_debian[release[1]]
    assert "nuanxian backup" in services["backup"]["command"][-1]


def test_only_the_voice_nodes_take_calls_each_on_the_port_that_kamailio_knows() -> None:
    services = compose()["services"]
    known = (DEPLOY / "kamailio/dispatcher.list").read_text("utf-8")
    for name in ("app-1", "app-2"):
        assert services[name]["environment"]["NUANXIAN_TELEPHONE"] == "false"
    ports = [services[name]["environment"]["NUANXIAN_SIP_PORT"] for name in ("voice-1", "voice-2")]
    assert len(set(ports)) == 2 and all(f"sip:127.0.0.1:{port}" in known for port in ports)


def test_every_setting_that_deploy_names_exists() -> None:
    fields = (*Settings.model_fields, *TelephoneSettings.model_fields, "home")
    known = {f"NUANXIAN_{name.upper()}" for name in fields}
    for path in (*UNITS, DEPLOY / "systemd/nuanxian.env", DEPLOY / "compose.yaml", DEPLOY / "Dockerfile"):
        named = set(re.findall(r"\bNUANXIAN_[A-Z_]+", path.read_text("utf-8")))
        assert named <= known, path.name


def test_the_proxy_keeps_the_figures_inside_and_streams_open() -> None:
    text = (DEPLOY / "proxy/nginx.conf").read_text("utf-8")
    assert "location = /metrics { return 404; }" in text
    assert "proxy_buffering off" in text


def test_kamailio_understands_its_rules(tmp_path: Path) -> None:
    kamailio = shutil.which("kamailio") or "/usr/sbin/kamailio"
    for name in ("dispatcher.list", "trunks.list"):
        shutil.copy(DEPLOY / "kamailio" / name, tmp_path)
    rules = (DEPLOY / "kamailio/kamailio.cfg").read_text("utf-8").replace("/etc/kamailio", str(tmp_path))
    (tmp_path / "kamailio.cfg").write_text(rules, "utf-8")
    done = subprocess.run(
        [kamailio, "-c", "-f", str(tmp_path / "kamailio.cfg")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "config file ok" in done.stderr
