"""The Slack app's manifest, made from the registry of commands.

`python -m bot.slack_manifest` prints it; `deploy/slack-manifest.yaml` is a copy that a test keeps equal. With
`--no-short`, `--http URL` and `--oauth` it has the other shapes of `bot.slack_manifest_shape`.
"""

import json
import sys
from collections.abc import Iterable
from typing import Any, Protocol

from bot.slack_manifest_shape import PLAIN, Shape, shape_of, shaped

NAME = "Conclave"
ASK = "conclave-form.ask"
EXPLAIN = "conclave-form.explain"
"""How Slack calls our shortcuts when somebody chooses one."""
ROOT_COMMAND = "/conclave"
MAX_COMMANDS = 50
MAX_COMMAND_NAME = 32
MAX_HINT = 1_000
MAX_DESCRIPTION = 2_000

# Slack keeps these names for itself and refuses a manifest that has one; `/conclave <name>` works for all.
RESERVED = frozenset(
    {"archive", "away", "call", "collapse", "dm", "dnd", "expand", "feed", "invite", "join", "kick", "leave"}
    | {"me", "msg", "mute", "open", "part", "pro", "remind", "remove", "rename", "search", "shortcuts"}
    | {"shrug", "status", "topic", "who"}
)
SCOPES = ("app_mentions:read", "chat:write", "commands", "files:write", "im:history", "im:write")
EVENTS = ("app_home_opened", "app_mention", "message.im")
SHORTCUTS = (
    {
        "name": "Ask the committee",
        "type": "global",
        "callback_id": ASK,
        "description": "Name a ticker, and the models argue and vote",
    },
    {
        "name": "Explain this verdict",
        "type": "message",
        "callback_id": EXPLAIN,
        "description": "Open the verdict in this message with the reasons behind it",
    },
)

DESCRIPTION = "Many language models sit as one investment committee. Paper trading only."
LONG_DESCRIPTION = (
    "Name a ticker, and every model of the committee gets the same frozen evidence, argues for and against, "
    "and casts a ballot. The ballots become a verdict, each model trades its own paper portfolio, and the "
    "whole reasoning of each can be opened from the message. No real money is moved. Not investment advice."
)


class Listed(Protocol):
    """What the manifest needs of a command: its name, `/run NVDA [quick|deep]`, and one line about it."""

    @property
    def name(self) -> str:
        """The word after the slash."""
        ...

    @property
    def usage(self) -> str:
        """How it is written, with the slash."""
        ...

    @property
    def summary(self) -> str:
        """What it does, in one line."""
        ...


def _slash(command: str, description: str, hint: str) -> dict[str, Any]:
    entry: dict[str, Any] = {"command": command, "description": description[:MAX_DESCRIPTION]}
    return entry | ({"usage_hint": hint[:MAX_HINT]} if hint else {}) | {"should_escape": True}


def slash_commands(commands: Iterable[Listed]) -> list[dict[str, Any]]:
    """Return `/conclave`, and one short command for each that Slack does not keep for itself."""
    listed = [
        _slash(ROOT_COMMAND, "Ask the committee, open its reasoning, see the leaderboard", "run NVDA | help")
    ]
    for command in commands:
        if command.name in RESERVED or len(command.name) >= MAX_COMMAND_NAME:
            continue
        hint = command.usage.removeprefix(f"/{command.name}").strip()
        listed.append(_slash(f"/{command.name}", command.summary, hint))
    return listed[:MAX_COMMANDS]


def manifest(commands: Iterable[Listed]) -> dict[str, Any]:
    """Return the manifest as data: Socket Mode, the scopes that the door uses and no more."""
    return {
        "display_information": {
            "name": NAME,
            "description": DESCRIPTION,
            "long_description": LONG_DESCRIPTION,
            "background_color": "#1f2933",
        },
        "features": {
            "app_home": {
                "home_tab_enabled": True,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": False,
            },
            "bot_user": {"display_name": NAME, "always_online": True},
            "shortcuts": [dict(one) for one in SHORTCUTS],
            "slash_commands": slash_commands(commands),
        },
        "oauth_config": {"scopes": {"bot": list(SCOPES)}},
        "settings": {
            "event_subscriptions": {"bot_events": list(EVENTS)},
            "interactivity": {"is_enabled": True},
            "org_deploy_enabled": False,
            "socket_mode_enabled": True,
            "token_rotation_enabled": False,
        },
    }


def manifest_text(commands: Iterable[Listed], shape: Shape = PLAIN) -> str:
    """Return the manifest as YAML, every text in the double quotes of JSON, which YAML reads the same."""
    return "\n".join(_lines(shaped(manifest(commands), shape), "")) + "\n"


def _lines(value: dict[str, Any], indent: str) -> list[str]:
    lines = []
    for key, inner in value.items():
        if isinstance(inner, dict):
            lines += [f"{indent}{key}:", *_lines(inner, indent + "  ")]
        elif isinstance(inner, list):
            lines += [f"{indent}{key}:", *_items(inner, indent + "  ")]
        else:
            lines.append(f"{indent}{key}: {_scalar(inner)}")
    return lines


def _items(values: list[Any], indent: str) -> list[str]:
    lines = []
    for value in values:
        if isinstance(value, dict):
            first, *rest = _lines(value, indent + "  ")
            lines += [f"{indent}- {first.strip()}", *rest]
        else:
            lines.append(f"{indent}- {_scalar(value)}")
    return lines


def _scalar(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def main() -> None:
    """Print the manifest of all commands, in the shape that the arguments ask for."""
    from bot.commands import REGISTRY

    sys.stdout.write(manifest_text(REGISTRY, shape_of(sys.argv[1:])))


if __name__ == "__main__":
    main()
