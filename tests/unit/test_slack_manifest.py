"""The manifest is what Slack takes, names every command, and equals the file that operators paste."""

import re
from dataclasses import dataclass
from pathlib import Path

from bot.commands import REGISTRY
from bot.slack_manifest import (
    ASK,
    EVENTS,
    EXPLAIN,
    MAX_COMMANDS,
    RESERVED,
    SCOPES,
    SHORTCUTS,
    manifest,
    manifest_text,
)
from bot.slack_manifest_shape import LEAVING_EVENTS
from bot.slack_updates import LEAVING
from tests.loopback.slack_state import EVENT_SCOPES
from tests.loopback.slack_state import SCOPES as METHOD_SCOPES
from tests.manifest_yaml import read_back

FILE = Path(__file__).parents[2] / "deploy" / "slack-manifest.yaml"


@dataclass
class Listed:
    name: str
    usage: str = "/x"
    summary: str = "Do it"


def test_the_file_in_deploy_is_what_the_program_prints() -> None:
    assert FILE.read_text(encoding="utf-8") == manifest_text(REGISTRY), (
        "python -m bot.slack_manifest > deploy/slack-manifest.yaml"
    )


def test_every_command_is_there_and_conclave_first() -> None:
    commands = manifest(REGISTRY)["features"]["slash_commands"]

    assert commands[0]["command"] == "/conclave"
    short = {command.name for command in REGISTRY} - RESERVED  # Slack has a /remove of its own
    assert {entry["command"] for entry in commands[1:]} == {f"/{name}" for name in short}
    assert all(entry["description"] for entry in commands)
    assert all(re.fullmatch(r"/[a-z0-9_-]{1,31}", entry["command"]) for entry in commands)


def test_names_that_slack_keeps_for_itself_are_left_out() -> None:
    made = manifest([Listed("run", "/run NVDA [quick|deep]"), *(Listed(name) for name in sorted(RESERVED))])

    commands = made["features"]["slash_commands"]
    assert [entry["command"] for entry in commands] == ["/conclave", "/run"]
    assert commands[1]["usage_hint"] == "NVDA [quick|deep]"


def test_slack_takes_at_most_fifty_commands() -> None:
    assert len(manifest(Listed(f"c{n}") for n in range(80))["features"]["slash_commands"]) == MAX_COMMANDS


def test_the_app_uses_socket_mode_buttons_and_no_more_rights_than_it_needs() -> None:
    made = manifest(REGISTRY)

    assert made["settings"]["socket_mode_enabled"] is True
    assert made["settings"]["interactivity"] == {"is_enabled": True}
    assert made["settings"]["event_subscriptions"]["bot_events"] == list(EVENTS)
    assert made["oauth_config"]["scopes"]["bot"] == list(SCOPES)
    assert not [scope for scope in SCOPES if scope.startswith(("channels:", "users:", "admin", "groups:"))]
    information = made["display_information"]
    assert len(information["name"]) <= 35
    assert len(information["description"]) <= 140
    assert 174 <= len(information["long_description"]) <= 4000


def test_every_right_is_used_by_a_call_an_event_or_a_command_and_none_is_missing() -> None:
    source = "".join(path.read_text() for path in sorted((FILE.parents[1] / "bot").glob("slack_*.py")))
    called = set(re.findall(r'"((?:[a-z]+\.)+[a-zA-Z]+)"', source)) | {"files.getUploadURLExternal"}
    needed = {scope for method, scope in METHOD_SCOPES.items() if method in called}
    events = [*EVENTS, *LEAVING_EVENTS]
    assert set(events) == set(EVENT_SCOPES), "the server knows what each event needs"

    assert needed | {EVENT_SCOPES[event] for event in EVENTS} - {None} | {"commands"} == set(SCOPES)


def test_every_event_and_shortcut_of_the_manifest_is_listened_to() -> None:
    source = "".join(path.read_text() for path in sorted((FILE.parents[1] / "bot").glob("slack_*.py")))
    heard = set(re.findall(r'app\.event\("(\w+)"\)', source)) | set(LEAVING)

    assert heard == {event.partition(".")[0] for event in [*EVENTS, *LEAVING_EVENTS]}
    assert {f"app.shortcut({name})" in source for name in ("ASK", "EXPLAIN")} == {True}


def test_the_app_has_a_page_and_shortcuts_of_its_own() -> None:
    made = manifest(REGISTRY)
    features = made["features"]

    assert features["app_home"]["home_tab_enabled"] is True
    assert "app_home_opened" in made["settings"]["event_subscriptions"]["bot_events"]
    shortcuts = {one["type"]: one for one in features["shortcuts"]}
    assert {kind: one["callback_id"] for kind, one in shortcuts.items()} == {
        "global": ASK,
        "message": EXPLAIN,
    }
    assert len(features["shortcuts"]) == len(SHORTCUTS) <= 10
    assert all(0 < len(one["name"]) <= 24 for one in features["shortcuts"])
    assert all(0 < len(one["description"]) <= 150 for one in features["shortcuts"])
    # Both come with the scope of the commands.
    assert "commands" in made["oauth_config"]["scopes"]["bot"]


def test_the_yaml_says_the_same_as_the_data() -> None:
    assert read_back(manifest_text(REGISTRY)) == manifest(REGISTRY)
