"""The other shapes of the Slack app's manifest: without short commands, over HTTP, for many workspaces."""

import argparse
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from core.domain.values import Frozen

EVENTS_PATH, REDIRECT_PATH = "/slack/events", "/slack/oauth_redirect"
LEAVING_EVENTS = ("app_uninstalled", "tokens_revoked")


class Shape(Frozen):
    """What a manifest is for. `http` and `oauth` are addresses at which Slack and browsers reach Conclave."""

    short: bool = True
    http: str = ""
    oauth: str = ""


PLAIN = Shape()


def shaped(made: dict[str, Any], shape: Shape) -> dict[str, Any]:
    """Return a manifest for Socket Mode, all commands and one workspace, in another shape."""
    features, settings, oauth = made["features"], made["settings"], made["oauth_config"]
    commands = features["slash_commands"] if shape.short else features["slash_commands"][:1]
    events = settings["event_subscriptions"]
    if shape.http:
        url = f"{shape.http}{EVENTS_PATH}"
        commands = [
            {"command": entry["command"], "url": url}
            | {key: value for key, value in entry.items() if key != "command"}
            for entry in commands
        ]
        events = {"request_url": url} | events
        interactivity = settings["interactivity"] | {"request_url": url}
        settings = settings | {"interactivity": interactivity, "socket_mode_enabled": False}
    if shape.oauth:
        events = events | {"bot_events": [*events["bot_events"], *LEAVING_EVENTS]}
        oauth = {"redirect_urls": [f"{shape.oauth}{REDIRECT_PATH}"]} | oauth
    return made | {
        "features": features | {"slash_commands": commands},
        "oauth_config": oauth,
        "settings": settings | {"event_subscriptions": events},
    }


def shape_of(arguments: Sequence[str]) -> Shape:
    """Read the program's arguments; what is wrong ends it with status 2 and one sentence on stderr."""
    parser = argparse.ArgumentParser("python -m bot.slack_manifest", description="Print the Slack manifest.")
    parser.add_argument("--no-short", action="store_true", help="only /conclave, without /run and the others")
    parser.add_argument("--http", type=_root, metavar="URL", help="HTTP mode, reached at URL")
    parser.add_argument(
        "--oauth",
        type=_root,
        nargs="?",
        const=False,
        metavar="URL",
        help="many workspaces may install it; URL only without --http",
    )
    given = parser.parse_args(arguments)
    http = given.http or ""
    oauth = http if given.oauth is False else given.oauth or ""
    if given.oauth is not None and not oauth:
        parser.error("--oauth needs the address of Conclave, such as --oauth https://conclave.example.com")
    return Shape(short=not given.no_short, http=http, oauth=oauth)


def _root(text: str) -> str:
    """Return an address without a slash at its end."""
    try:
        place = urlsplit(text)
        bad = (
            place.scheme != "https" or not place.hostname or place.query or place.fragment or place.port == 0
        )
    except ValueError:
        bad = True
    if bad or any(sign.isspace() for sign in text):
        raise argparse.ArgumentTypeError(
            "it must be an https:// address, such as https://conclave.example.com"
        )
    return text.rstrip("/")
