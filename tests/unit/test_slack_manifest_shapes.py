"""The manifest for HTTP mode, for many workspaces and without short commands is what Slack takes."""

import copy
from typing import Any
from urllib.parse import urlsplit

import pytest

from bot.commands import REGISTRY
from bot.slack_http import PATH
from bot.slack_install import REDIRECT
from bot.slack_manifest import EVENTS, manifest, manifest_text
from bot.slack_manifest_shape import LEAVING_EVENTS, PLAIN, Shape, shape_of, shaped
from tests.manifest_yaml import read_back

HOST = "https://conclave.example.com"
URL = f"{HOST}/slack/events"


def made(*arguments: str) -> dict[str, Any]:
    return shaped(manifest(REGISTRY), shape_of(arguments))


def problems(made: dict[str, Any]) -> list[str]:
    """What Slack would refuse: over HTTP every part needs a request URL."""
    settings, commands = made["settings"], made["features"]["slash_commands"]
    parts = [settings["event_subscriptions"].get("request_url"), settings["interactivity"].get("request_url")]
    urls = [*parts, *(entry.get("url") for entry in commands)]
    found = []
    if not settings["socket_mode_enabled"] and not all(urls):
        found.append("a request URL is missing")
    found += [f"not https: {url}" for url in urls if url and urlsplit(url).scheme != "https"]
    if not settings["interactivity"]["is_enabled"]:
        found.append("no buttons")
    return found


@pytest.mark.parametrize(
    "arguments", [(), ("--http", HOST), ("--no-short", "--http", HOST), ("--http", HOST, "--oauth")]
)
def test_slack_would_take_every_shape(arguments: tuple[str, ...]) -> None:
    assert problems(made(*arguments)) == []


def test_over_http_every_part_has_the_address_that_is_answered() -> None:
    assert URL.endswith(PATH)
    over_http = made("--http", f"{HOST}/")
    assert over_http["settings"]["socket_mode_enabled"] is False
    assert over_http["settings"]["event_subscriptions"] == {"request_url": URL, "bot_events": list(EVENTS)}
    assert over_http["settings"]["interactivity"] == {"is_enabled": True, "request_url": URL}
    assert {entry["url"] for entry in over_http["features"]["slash_commands"]} == {URL}
    broken = copy.deepcopy(over_http)
    del broken["features"]["slash_commands"][3]["url"]
    assert problems(broken) == ["a request URL is missing"]


def test_many_workspaces_come_back_to_the_page_that_there_is_and_say_when_they_leave() -> None:
    for oauth in (made("--http", HOST, "--oauth"), made("--oauth", HOST)):
        assert oauth["oauth_config"]["redirect_urls"] == [f"{HOST}{REDIRECT}"]
        assert oauth["settings"]["event_subscriptions"]["bot_events"] == [*EVENTS, *LEAVING_EVENTS]
    assert made("--oauth", HOST)["settings"]["socket_mode_enabled"] is True
    assert made()["oauth_config"].keys() == {"scopes"}


def test_without_short_commands_there_is_conclave_alone() -> None:
    assert [entry["command"] for entry in made("--no-short")["features"]["slash_commands"]] == ["/conclave"]


def test_without_arguments_it_is_the_manifest_in_deploy() -> None:
    assert shape_of([]) == PLAIN
    assert made() == manifest(REGISTRY)


@pytest.mark.parametrize("shape", [PLAIN, Shape(http=HOST, oauth=HOST), Shape(short=False, http=HOST)])
def test_the_yaml_of_every_shape_says_the_same_as_the_data(shape: Shape) -> None:
    assert read_back(manifest_text(REGISTRY, shape)) == shaped(manifest(REGISTRY), shape)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--http", "conclave.example.com"], "must be an https:// address"),
        (["--http", "http://conclave.example.com"], "must be an https:// address"),
        (["--http", "https://conclave.example.com?x=1"], "must be an https:// address"),
        (["--http", "https://a b"], "must be an https:// address"),
        (["--http", "https://[::1"], "must be an https:// address"),
        (["--oauth"], "--oauth needs the address"),
        (["--socket"], "unrecognized arguments"),
    ],
)
def test_a_wrong_argument_ends_with_one_sentence(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        shape_of(arguments)
    assert (end.value.code, said in capsys.readouterr().err) == (2, True)
