"""The image: small, not root, with what the package needs, and a health check that can be believed."""

import http.server
import json
import re
import sys
import threading
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.deploy_files import DEPLOY, ROOT, SERVICES, filled, laid_out, ran


def instructions() -> list[tuple[str, str]]:
    """The image's instructions, each in one line."""
    text = re.sub(r"\\\n\s*", "", (DEPLOY / "Containerfile").read_text(encoding="utf-8"))
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(line.split(None, 1)[0], line.split(None, 1)[1]) for line in lines]


def last_stage() -> list[tuple[str, str]]:
    found = instructions()
    begins = max(index for index, (word, _) in enumerate(found) if word == "FROM")
    return found[begins:]


def test_the_image_is_built_in_two_stages_from_a_small_base() -> None:
    bases = [rest for word, rest in instructions() if word == "FROM"]
    assert len(bases) == 2
    assert all(re.match(r"python:3\.[0-9]+-slim-[a-z]+\b", base) for base in bases)


def test_the_image_is_not_root_stops_in_order_and_serves() -> None:
    said = dict(last_stage())
    assert said["USER"] == "10001:10001"
    assert said["STOPSIGNAL"] == "SIGTERM"
    assert said["ENTRYPOINT"] == '["conclave"]'
    assert said["CMD"] == '["serve"]'
    assert said["WORKDIR"] == said["VOLUME"] == "/var/lib/conclave"
    order = [word for word, _ in last_stage()]
    assert "RUN" not in order[order.index("USER") :], "nothing is done as that user but to serve"


def test_the_image_has_what_the_package_needs_with_its_pins_and_nothing_else() -> None:
    copied = [
        source
        for word, rest in instructions()
        if word == "COPY" and not rest.startswith("--from")
        for source in rest.split()[:-1]
    ]
    for source in copied:
        assert (ROOT / source).exists(), source
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert {*wheel["packages"], *wheel["force-include"]} <= set(copied)
    assert {project["project"]["readme"], *project["project"]["license-files"]} <= set(copied)
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert "*" in ignored
    assert {line[1:] for line in ignored if line.startswith("!")} == set(copied)
    pip = [rest for word, rest in instructions() if word == "RUN" and "pip install" in rest]
    assert all(rest.count("pip install") == rest.count("--constraint constraints.txt") for rest in pip)
    assert not any(
        re.search(r"(?i)secret|token|password|api_key", f"{word} {rest}") for word, rest in instructions()
    )


class Healthz(http.server.BaseHTTPRequestHandler):
    """A service that says how it is."""

    status = 200

    def do_GET(self) -> None:
        self.send_response(self.status if self.path == "/healthz" else 404)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def healthz() -> Iterator[int]:
    server = http.server.HTTPServer(("127.0.0.1", 0), Healthz)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(("status", "code"), [(200, 0), (503, 1)])
def test_the_image_s_health_check_believes_what_healthz_says(
    healthz: int, monkeypatch: pytest.MonkeyPatch, status: int, code: int
) -> None:
    monkeypatch.setattr(Healthz, "status", status)
    # A proxy of the surroundings is not asked for the way to the process beside it.
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert health_check(healthz) == code


def test_the_image_s_health_check_fails_where_nobody_answers() -> None:
    assert health_check(9) == 1


def health_check(port: int) -> int:
    """Run the check of the image against another port, and return its exit status."""
    said = dict(last_stage())["HEALTHCHECK"]
    program, *arguments = json.loads(said.partition("CMD")[2])
    assert program == "python"
    assert "8080" in arguments[-1]
    arguments = [argument.replace("8080", str(port)) for argument in arguments]
    return ran(sys.executable, *arguments).returncode


def test_the_port_of_the_image_is_that_of_its_configuration_and_of_who_reads_metrics(tmp_path: Path) -> None:
    settings = laid_out(tmp_path, "[]")
    assert dict(last_stage())["EXPOSE"] == str(settings.http.port)
    assert filled(SERVICES["bot"]["ports"][0]).endswith(f":{settings.http.port}")
    assert settings.http.host == "0.0.0.0"  # noqa: S104 - inside the container; it is published on loopback
    read = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text(encoding="utf-8"))
    job = read["scrape_configs"][0]
    assert job["static_configs"] == [{"targets": [f"bot:{settings.http.port}"]}]
    assert f"file:{job['authorization']['credentials_file']}" == str(settings.http.tokens[0].secret)
    assert "metrics_token" in SERVICES["prometheus"]["secrets"]
