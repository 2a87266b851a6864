"""Webhook mode: Telegram brings the updates to a path on the HTTP door, instead of being asked for them.

What is answered, and what Telegram then does:

* 200: the update is kept, and worked on;
* 401: the secret in the header is wrong, so it is not Telegram; nothing is read;
* 413, 415, 408, 400: too large, no JSON, too slow, or no update; nothing is done;
* 503: this process has no room, begins or ends, or could not keep the update in time; Telegram brings it
  again.

Whatever is not 200 says why, as every problem of the HTTP door does.

An update that comes twice is carried out once: the desk knows it by its number, whichever way it came.
"""

import asyncio
import hmac
import json
import logging
import re
import secrets
from collections.abc import Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, urlsplit

from aiohttp import web

from bot.http.problems import Problem
from bot.telegram_intake import Desk
from bot.telegram_menu import MenuCommand
from bot.telegram_updates import KINDS, TelegramService
from core.clock import Clock
from core.config.access import Access
from core.config.secret import SecretRef
from core.config.settings import Telegram
from core.domain.errors import ConfigError

if TYPE_CHECKING:
    from bot.http_door import HttpDoor

HEADER = "X-Telegram-Bot-Api-Secret-Token"
CONNECTIONS = 40
LOOK_EVERY_S = 300.0
READ_WITHIN_S = 10.0
KEPT_WITHIN_S = 10.0
"""A command is kept within milliseconds, unless the store is in trouble."""
PORTS = {443, 80, 88, 8443}
"""To which Telegram brings updates."""
NO_HTTP = (
    '[telegram] mode = "webhook" needs the section [http], where Telegram brings its updates; '
    "docs/telegram.md says how."
)
_LOCAL = {"127.0.0.1", "::1", "localhost"}
_PATH = re.compile(r"/[A-Za-z0-9._~/-]*[A-Za-z0-9._~-]", re.ASCII)
_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}", re.ASCII)
_TAKEN = {"/health"}

_log = logging.getLogger(__name__)


class WebhookService(TelegramService):
    """Updates by webhook for one bot, behind the HTTP door `http`.

    Raises:
        ConfigError: there is no HTTP door, or the address or secret of the webhook will not do; or as
            `TelegramService`.
    """

    def __init__(
        self,
        settings: Telegram,
        desk: Desk,
        clock: Clock,
        commands: Sequence[MenuCommand] = (),
        access: Access | None = None,
        *,
        http: "HttpDoor | None",
    ) -> None:
        if http is None:
            raise ConfigError(NO_HTTP)
        path = webhook_path(settings)
        self._secret = _secret(settings.webhook_secret)
        super().__init__(settings, desk, clock, commands, access)
        self._url = settings.webhook_url
        self._http = http
        self._listens = False
        http.router.add_post(path, self._arrived)

    async def _take_over(self) -> None:
        if not self._http.listening:
            raise ConfigError("Telegram cannot bring its updates, because HTTP is off; the log says why.")
        self._listens = True
        await self._bot.set_webhook(
            self._url,
            max_connections=CONNECTIONS,
            allowed_updates=KINDS,
            drop_pending_updates=False,
            secret_token=self._secret,
        )

    async def _receive(self) -> None:
        """Look now and then whether Telegram still brings the updates here, and whether it can."""
        before = ""
        while True:
            await self._clock.sleep(LOOK_EVERY_S)
            try:
                info = await self._bot.get_webhook_info()
            except Exception as error:  # noqa: BLE001 - the boundary: whatever the way to Telegram brings up
                _log.debug("The webhook could not be looked at: %s", self._told(error))
                continue
            trouble = ""
            if info.url != self._url:
                trouble = "another program has taken over the bot's messages, stop one of them"
            elif info.pending_update_count and info.last_error_message:
                trouble = f"Telegram cannot bring its updates: {info.last_error_message}"
            if trouble and trouble != before:
                _log.warning("Telegram: %s.", trouble)
            before = trouble

    async def _stop(self) -> None:
        # The webhook stays: what comes until the next start waits with Telegram.
        self._listens = False
        await super()._stop()

    async def _arrived(self, request: web.Request) -> web.Response:
        given = request.headers.get(HEADER, "").encode("utf-8", "surrogateescape")
        if not hmac.compare_digest(given, self._secret.encode()):
            raise Problem(HTTPStatus.UNAUTHORIZED, f"The header {HEADER} does not have the webhook's secret.")
        if not self._listens or self._intake.full:
            raise _later()
        kept = await self._intake.take(await _update(request))
        try:
            async with asyncio.timeout(KEPT_WITHIN_S):
                if kept is not None:
                    await kept.wait()
        except TimeoutError:
            raise _later() from None
        if not self._listens:
            raise _later()
        return web.Response()


async def _update(request: web.Request) -> dict[str, Any]:
    """Return the update that was brought.

    Raises:
        Problem: it is none.
    """
    if request.content_type != "application/json":
        raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "An update comes as application/json.")
    try:
        async with asyncio.timeout(READ_WITHIN_S):
            update = json.loads(await request.read())  # raises 413 for what is too large
    except (ValueError, RecursionError):
        raise Problem(HTTPStatus.BAD_REQUEST, "The body is not valid JSON.") from None
    except TimeoutError:
        told = f"The update did not come within {READ_WITHIN_S:g} seconds."
        raise Problem(HTTPStatus.REQUEST_TIMEOUT, told) from None
    if not isinstance(update, dict) or not isinstance(update.get("update_id"), int):
        raise Problem(HTTPStatus.BAD_REQUEST, "The body is no update with an update_id.")
    return update


def _later() -> Problem:
    told = "No update can be taken at the moment; bring it again."
    return Problem(HTTPStatus.SERVICE_UNAVAILABLE, told, headers={"Retry-After": "1"})


def webhook_path(settings: Telegram) -> str:
    """Return the path of `[telegram] webhook_url` on the HTTP door.

    Raises:
        ConfigError: the address is missing, or Telegram would bring no updates there.
    """
    if not settings.webhook_url:
        raise ConfigError(
            '[telegram] mode = "webhook" needs webhook_url, the address at which Telegram reaches this '
            "service, such as https://conclave.example.org/telegram."
        )
    address = urlsplit(settings.webhook_url)
    if not _is_local(address) or not _is_local(urlsplit(settings.base_url)):
        if address.scheme != "https":
            raise ConfigError("[telegram] webhook_url must start with https://: Telegram takes no other.")
        if (address.port or 443) not in PORTS:
            raise ConfigError(
                "[telegram] webhook_url must have the port 443, 80, 88 or 8443: Telegram takes no other."
            )
    if address.query or address.fragment or not _PATH.fullmatch(address.path) or address.path in _TAKEN:
        raise ConfigError(
            "[telegram] webhook_url needs a path of its own of letters, digits and dashes, such as /telegram."
        )
    return address.path


def _is_local(address: SplitResult) -> bool:
    return address.hostname in _LOCAL


def _secret(reference: SecretRef) -> str:
    """Return the secret that Telegram repeats with every update; without one, of this process alone."""
    if not reference.present():
        return secrets.token_urlsafe(32)
    secret = reference.reveal()
    if not _SECRET.fullmatch(secret):
        raise ConfigError(
            f"{reference} must hold 1 to 256 letters, digits, dashes and underscores, "
            "because Telegram takes no other."
        )
    return secret
