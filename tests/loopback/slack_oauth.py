"""The workspaces of the loopback Slack: whose token is whose, and how people install the app in one."""

import base64
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from tests.loopback.slack_state import APP_ID, BOT_ID, BOT_USER, TEAM, Json

CODE_S = 600.0


@dataclass
class Team:
    """A workspace in which the app is, or may be, installed."""

    id: str
    name: str
    token: str = field(default_factory=lambda: f"xoxb-1-2-{secrets.token_hex(12)}")
    bot_user: str = BOT_USER
    bot_id: str = BOT_ID
    installed: bool = True


class SlackOAuth:
    """The part of the server that knows workspaces. `redirect_url` is what the manifest would have."""

    clock: Any
    violations: list[str]

    def __init__(self) -> None:
        self.home = Team(TEAM, "Loopback")
        self.teams: dict[str, Team] = {TEAM: self.home}
        self.acting = TEAM
        self.client_id = "12345.67890"
        self.client_secret = secrets.token_hex(16)
        self.redirect_url = ""
        self.grant: Json = {}
        self.allowing: str | None = TEAM
        self.scopes: set[str] = set()
        self._codes: dict[str, tuple[str, float]] = {}
        self._caller: ContextVar[str] = ContextVar("team of the call", default=TEAM)

    @property
    def bot_token(self) -> str:
        """The token of the first workspace."""
        return self.home.token

    @bot_token.setter
    def bot_token(self, token: str) -> None:
        self.home.token = token

    def add_team(self, team: str, name: str, *, installed: bool = True) -> Team:
        """Make another workspace."""
        sign = team[1:]
        made = Team(team, name, bot_user=f"U0C{sign}", bot_id=f"B0C{sign}", installed=installed)
        self.teams[team] = made
        return made

    @contextmanager
    def people_of(self, team: str) -> Iterator[None]:
        """Let people of this workspace write, press and look."""
        before, self.acting = self.acting, team
        try:
            yield
        finally:
            self.acting = before

    def team_of_token(self, token: str) -> Team | None:
        """The workspace in which this bot token speaks."""
        return next((one for one in self.teams.values() if one.token == token and one.installed), None)

    async def _authorize(self, request: web.Request) -> web.Response:
        """The page on which a person allows the app; `allowing` is the workspace, or None for a refusal."""
        asked = request.query
        if asked.get("client_id") != self.client_id:
            return web.Response(status=400, text="invalid_client_id")
        self.scopes = set(asked.get("scope", "").split(","))
        if self.allowing is None:
            answer = {"error": "access_denied", "state": asked.get("state", "")}
        else:
            code = secrets.token_hex(10)
            self._codes[code] = (self.allowing, self.clock() + CODE_S)
            answer = {"code": code, "state": asked.get("state", "")}
        raise web.HTTPFound(f"{self.redirect_url}?{urlencode(answer)}")

    def _basic_error(self, given: str) -> str | None:
        pair = base64.b64encode(f"{self.client_id}:{self.client_secret}".encode()).decode()
        return None if given == f"Basic {pair}" else "bad_client_secret"

    async def _oauth_v2_access(self, arguments: Json) -> Json:
        found, until = self._codes.pop(str(arguments.get("code")), (None, 0.0))
        if found is None:
            return {"error": "invalid_code"}
        if self.clock() > until:
            return {"error": "code_expired"}
        team = self.teams[found]
        team.installed, team.token = True, f"xoxb-1-2-{secrets.token_hex(12)}"
        return {
            "app_id": APP_ID,
            "authed_user": {"id": "U0INSTALLER"},
            "scope": ",".join(sorted(self.scopes)),
            "token_type": "bot",
            "access_token": team.token,
            "bot_user_id": team.bot_user,
            "team": {"id": team.id, "name": team.name},
            "enterprise": None,
            "is_enterprise_install": False,
        } | self.grant

    async def _auth_test(self, arguments: Json) -> Json:
        team = self.teams[self._caller.get()]
        return {
            "url": "https://loopback.example/",
            "team": team.name,
            "user": "conclave",
            "team_id": team.id,
            "user_id": team.bot_user,
            "bot_id": team.bot_id,
            "is_enterprise_install": False,
        }
