"""The Slack service: the workspaces, the way that Slack's payloads come in, and the work at the desk."""

import asyncio
import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from bot.connections import Connection
from bot.door import DeliveryFailed, Door
from bot.front import Front
from bot.slack_api import LOCKED_OUT, SlackRefused
from bot.slack_http import SlackHttp
from bot.slack_press import Desk
from bot.slack_socket import ConnectionLost
from bot.slack_sockets import SlackSockets
from bot.slack_updates import SlackUpdates
from bot.slack_workspaces import ManyTeams, OneTeam, SlackTeams
from bot.tokens import slack_app_token, slack_bot_token, slack_secret
from core.clock import Clock
from core.config.settings import Slack
from core.domain.errors import ConfigError

if TYPE_CHECKING:
    from bot.desk import Desk as CommandDesk
    from bot.http_door import HttpDoor
    from core.app.app import App

FIRST_DELAY_S = 1.0
LONGEST_DELAY_S = 60.0
PING_S = 5.0
WHAT_TO_DO = "Look at the tokens and scopes of the app (docs/slack.md), then start Conclave again."

_log = logging.getLogger(__name__)


class Transport(Protocol):
    """The way that payloads come in."""

    connected: asyncio.Event

    async def run(self) -> None:
        """Take payloads until cancelled, or until that is no longer possible."""
        ...

    async def close(self) -> None:
        """Close the connections."""
        ...

    def connections(self) -> Sequence[Connection]:
        """Return each connection, how it is and since when."""
        ...


class SlackService:
    """Slack as one door of Conclave: `run` until cancelled.

    A start that fails is tried again, later and later, up to a minute. Tokens that Slack refuses end this
    service with one line in the log, and nothing else. `door` may be used before `run` and beside it.
    `connected` is set while payloads can come in.
    """

    def __init__(self, teams: SlackTeams, updates: SlackUpdates, transport: Transport, clock: Clock) -> None:
        self._teams = teams
        self._updates = updates
        self._transport = transport
        self._clock = clock
        self.connected = transport.connected

    @property
    def door(self) -> Door:
        """The door to any chat."""
        return self._teams.door

    def connections(self) -> Sequence[Connection]:
        """Return each connection, how it is and since when."""
        return self._transport.connections()

    async def run(self) -> None:
        """Serve Slack until cancelled, or until Slack refuses the tokens."""
        delay = FIRST_DELAY_S
        keeping = asyncio.create_task(self._updates.keep())
        try:
            while True:
                began = self._clock.monotonic()
                try:
                    _log.info("Slack: we are %s.", await self._teams.start())
                    await self._transport.run()
                    problem = "it ended"
                except SlackRefused as error:
                    if error.code in LOCKED_OUT:
                        _log.error("Slack is off: %s. %s", error, WHAT_TO_DO)
                        return
                    problem = str(error)
                except (DeliveryFailed, ConnectionLost) as error:
                    problem = str(error)
                except Exception as error:  # noqa: BLE001 - one door must never end the others
                    problem = type(error).__name__
                if self._clock.monotonic() - began > LONGEST_DELAY_S:
                    delay = FIRST_DELAY_S
                _log.warning("Slack is not connected (%s); trying again in %g s.", problem, delay)
                await self._clock.sleep(delay)
                delay = min(delay * 2, LONGEST_DELAY_S)
        finally:
            keeping.cancel()
            await asyncio.wait([keeping])
            await self._updates.stop()
            await self._transport.close()
            await self._teams.close()


def socket_service(
    settings: Slack, desk: Desk, clock: Clock, teams: SlackTeams | None = None, *, ping_s: float = PING_S
) -> SlackService:
    """Return the service in Socket Mode.

    Raises:
        ConfigError: a token is missing or does not look like one.
    """
    teams = teams or OneTeam(slack_bot_token(settings.bot_token), settings, clock)
    app_token = slack_app_token(settings.app_token)
    updates = SlackUpdates(desk, teams, settings.base_url)
    sockets = SlackSockets(
        updates.app, app_token, settings.base_url, settings.connections, clock, ping_s=ping_s
    )
    return SlackService(teams, updates, sockets, clock)


def slack_service(app: "App", desk: "CommandDesk", http: "HttpDoor | None") -> SlackService:
    """Return the service that the configuration asks for, with its paths on the HTTP door.

    Raises:
        ConfigError: a token or secret is missing, or the HTTP door that a path needs.
    """
    settings, clock = app.settings.slack, app.clock
    front = Front(app, desk)
    teams: SlackTeams | None = None
    if settings.client_id:
        from bot.slack_install import SlackInstall

        if http is None:
            raise ConfigError(
                "[slack] client_id lets workspaces install the app over HTTP, which needs the section [http]."
            )
        teams = many = ManyTeams(settings, app.workspaces, clock)
        secret = slack_secret(settings.client_secret, "client secret")
        SlackInstall(settings, secret, app.workspaces, many.installed).answer_at(http.router)
    if settings.mode == "socket":
        return socket_service(settings, front, clock, teams)
    if http is None:
        raise ConfigError('[slack] mode = "http" needs the section [http], where Slack can reach Conclave.')
    secret = slack_secret(settings.signing_secret, "signing secret")
    teams = teams or OneTeam(slack_bot_token(settings.bot_token), settings, clock)
    updates = SlackUpdates(front, teams, settings.base_url)

    async def claim(text: str) -> bool:
        return await app.claim_delivery("slack", text)

    transport = SlackHttp(updates.app, secret, claim, clock)
    transport.answer_at(http.router)
    return SlackService(teams, updates, transport, clock)
