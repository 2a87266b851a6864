"""How a workspace installs the app: a page that leads to Slack, and the page to which Slack leads back.

Anybody may install it; that lets nobody ask anything, for `[access]` says who may. A state is good once, for
ten minutes, and only in the browser that began, so that nobody can be led into an installation of somebody
else.
"""

import asyncio
import base64
import hmac
import html
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from aiohttp import web
from pydantic import ValidationError
from slack_sdk.errors import SlackApiError
from slack_sdk.oauth import AuthorizeUrlGenerator
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.slack_api import CALL_TIMEOUT_S, WHOLE_TIMEOUT_S, is_local, translated
from bot.slack_log import library_logger
from bot.slack_manifest import SCOPES
from core.app.workspaces import STATE_LIFE, Workspaces
from core.config.settings import Slack
from core.domain.errors import ConclaveError
from core.domain.installation import Installation

INSTALL, REDIRECT = "/slack/install", "/slack/oauth_redirect"
COOKIE = "conclave-slack-install"
MAX_PARAMETER = 500
FOUND, BAD, UNAVAILABLE = 302, 400, 503
AGAIN = f"Open {INSTALL} again."
SLACK = "slack.com"

_log = logging.getLogger(__name__)


class SlackInstall:
    """Answers at `INSTALL` and `REDIRECT`. `installed` hears of each installation that came about."""

    def __init__(
        self,
        settings: Slack,
        secret: str,
        workspaces: Workspaces,
        installed: Callable[[Installation], Awaitable[None]],
        scopes: Sequence[str] = SCOPES,
    ) -> None:
        self._settings = settings
        self._secret = secret
        self._workspaces = workspaces
        self._installed = installed
        self._leading = AuthorizeUrlGenerator(
            client_id=settings.client_id,
            scopes=list(scopes),
            authorization_url=_authorize_url(settings.base_url),
        )
        library_logger(secret)

    def answer_at(self, router: web.UrlDispatcher) -> None:
        """Answer at both paths there."""
        router.add_get(INSTALL, self._begin)
        router.add_get(REDIRECT, self._end)

    async def _begin(self, request: web.Request) -> web.Response:
        try:
            state = await self._workspaces.begin_install()
        except ConclaveError as error:
            _log.warning("Slack: an installation could not begin: %s", error)
            state = None
        if state is None:
            return _page(UNAVAILABLE, "Not now", "Conclave cannot take an installation now. Try again later.")
        answer = web.Response(status=FOUND, headers={"Location": self._leading.generate(state)})
        answer.set_cookie(
            COOKIE,
            state,
            max_age=int(STATE_LIFE.total_seconds()),
            path="/slack",
            secure=True,
            httponly=True,
            samesite="Lax",
        )
        return answer

    async def _end(self, request: web.Request) -> web.Response:
        answer = await self._ended(request)
        answer.del_cookie(COOKIE, path="/slack")
        return answer

    async def _ended(self, request: web.Request) -> web.Response:
        asked = {name: request.query.get(name, "")[:MAX_PARAMETER] for name in ("state", "code", "error")}
        ours = request.cookies.get(COOKIE, "")
        try:
            same = bool(ours) and hmac.compare_digest(ours.encode(), asked["state"].encode())
            if not same or not await self._workspaces.end_install(asked["state"]):
                why = "This installation did not begin in this browser, or more than ten minutes ago."
                return _page(BAD, "Not installed", f"{why} {AGAIN}")
            if asked["error"] or not asked["code"]:
                return _page(BAD, "Not installed", f"Slack did not allow the installation. {AGAIN}")
            made = await self._exchanged(asked["code"])
            if isinstance(made, str):
                _log.warning("Slack: an installation failed: %s", made)
                return _page(BAD, "Not installed", f"{made} {AGAIN}")
            await self._installed(made)
        except ConclaveError as error:
            _log.warning("Slack: an installation failed: %s", error)
            return _page(UNAVAILABLE, "Not installed", f"The installation could not be kept. {AGAIN}")
        _log.info("Slack: workspace %s has installed the app.", made.team)
        return _page(
            200,
            "Conclave is installed",
            f"Conclave is in the workspace {made.team_name or made.team} now. In Slack, write "
            "/conclave whoami: the answer says which ids an admin of Conclave has to let in.",
        )

    async def _exchanged(self, code: str) -> Installation | str:
        """Return what the code of an installation stands for, or why it stands for nothing."""
        base_url = self._settings.base_url
        async with aiohttp.ClientSession() as session:
            client = AsyncWebClient(
                base_url=base_url, timeout=int(CALL_TIMEOUT_S), logger=library_logger(code), session=session
            )
            if is_local(base_url):
                client.proxy = None
            try:
                async with asyncio.timeout(WHOLE_TIMEOUT_S):
                    # By hand, because the library's own way to send a secret is on its way out.
                    answer = _read(
                        await client.api_call("oauth.v2.access", data={"code": code}, headers=self._basic())
                    )
                    if refusal := _refusal(answer):
                        return refusal
                    client.token = answer["access_token"]
                    identity = _read(await client.auth_test())
            except SlackApiError as error:
                return f"{translated('an installation', error)}."
            except Exception as error:  # noqa: BLE001 - the SDK lets anything through that a broken answer causes
                return f"Slack could not be reached ({type(error).__name__})."
        return _installation(answer, identity)

    def _basic(self) -> dict[str, str]:
        pair = f"{self._settings.client_id}:{self._secret}".encode()
        return {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}


def _read(answer: AsyncSlackResponse) -> dict[str, Any]:
    return answer.data if isinstance(answer.data, dict) else {}


def _refusal(answer: dict[str, Any]) -> str | None:
    """Return why an installation is none that we can use, or None."""
    if answer.get("is_enterprise_install"):
        return "Conclave is installed in one workspace after the other, not in a whole organisation."
    token = answer.get("access_token")
    if answer.get("expires_in") or not (isinstance(token, str) and token.startswith("xoxb-")):
        return "Slack gave no lasting bot token; token rotation must be off in the app's settings."
    library_logger(token)
    return None


def _installation(answer: dict[str, Any], identity: dict[str, Any]) -> Installation | str:
    """Read Slack's answers to a code, and to the question who we are."""
    team, enterprise = answer.get("team") or {}, answer.get("enterprise") or {}
    try:
        return Installation(
            team=team.get("id"),
            team_name=str(team.get("name") or ""),
            enterprise=enterprise.get("id"),
            app=answer.get("app_id"),
            bot_user=answer.get("bot_user_id"),
            bot=identity.get("bot_id"),
            token=answer["access_token"],
            scopes=str(answer.get("scope") or ""),
            installed_by=(answer.get("authed_user") or {}).get("id"),
        )
    except (ValidationError, AttributeError):
        return "Slack's answer cannot be read."


def _authorize_url(base_url: str) -> str:
    """Return where people allow an installation: Slack's page, or the page of a stand-in."""
    place = urlsplit(base_url)
    root = f"{place.scheme}://{place.netloc}" if place.hostname != SLACK else f"https://{SLACK}"
    return f"{root}/oauth/v2/authorize"


def _page(status: int, title: str, text: str) -> web.Response:
    title, text = html.escape(title), html.escape(text)
    page = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title></head>'
        f"<body><h1>{title}</h1><p>{text}</p></body></html>\n"
    )
    headers = {
        "Cache-Control": "no-store",
        "Content-Security-Policy": "default-src 'none'",
        "Referrer-Policy": "no-referrer",
    }
    return web.Response(status=status, text=page, content_type="text/html", headers=headers)
