"""The systemd unit: understood, confined, and with its credentials."""

import re
from pathlib import Path

from tests.deploy_files import COMPOSE, DEPLOY, UNIT, laid_out, ran, tool


def test_the_unit_is_one_that_systemd_understands_and_finds_well_confined(tmp_path: Path) -> None:
    analyze = tool("systemd-analyze", "apt-get install systemd")
    unit = tmp_path / "conclave.service"
    # The program need not be installed here; systemd only looks whether it is there.
    unit.write_text(UNIT.read_text(encoding="utf-8").replace("/opt/conclave/bin/conclave", "/bin/true"))
    checked = ran(analyze, "verify", str(unit))
    about_it = [line for line in checked.stderr.splitlines() if "conclave.service" in line]
    assert (checked.returncode, about_it) == (0, [])
    judged = ran(analyze, "security", "--offline=true", "--threshold=20", "--no-pager", str(unit))
    assert judged.returncode == 0, judged.stdout[-400:]


def test_the_unit_confines_the_service_and_restarts_it() -> None:
    lines = UNIT.read_text(encoding="utf-8").splitlines()
    assert {
        "Type=notify",
        "WatchdogSec=60",
        "Restart=on-failure",
        "DynamicUser=yes",
        "NoNewPrivileges=yes",
        "ProtectSystem=strict",
        "ProtectHome=yes",
        "CapabilityBoundingSet=",
        "StateDirectory=conclave",
        "WorkingDirectory=%S/conclave",
        "LoadCredential=secrets:/etc/conclave/secrets",
        "ExecStart=/opt/conclave/bin/conclave serve",
    } <= set(lines)
    assert not any(re.match(r"Environment=.*(TOKEN|KEY|SECRET|PASSWORD)", line) for line in lines)


def test_the_configuration_of_the_unit_reads_the_credentials_that_the_unit_loads(tmp_path: Path) -> None:
    text = (DEPLOY / "config.systemd.toml").read_text(encoding="utf-8")
    places = set(re.findall(r"file:(\S+?)\"", text))
    assert places
    assert all(place.startswith("/run/credentials/conclave.service/secrets_") for place in places)
    made = {place.rpartition("secrets_")[2] for place in places}
    assert made <= set(COMPOSE["secrets"])
    settings = laid_out(tmp_path, "[]", "config.systemd.toml")
    assert settings.http.host == "127.0.0.1"
