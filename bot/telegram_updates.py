"""The connection to Telegram, and the update loop: asks Telegram what is new, and gives it to the intake."""

import asyncio
import logging
from collections.abc import Sequence

from telegram import Bot
from telegram.error import Conflict, InvalidToken, RetryAfter, TelegramError

from bot.chat_news import ChatNews
from bot.languages import languages
from bot.request import Address
from bot.telegram_adapter import TelegramDoor
from bot.telegram_failures import seconds
from bot.telegram_http import AioRequest
from bot.telegram_intake import Desk, Intake
from bot.telegram_menu import MenuCommand, menus, publish
from bot.telegram_payload import Payload
from bot.telegram_secrecy import hush, scrub
from bot.tokens import telegram_token
from core.clock import Clock
from core.config.access import Access
from core.config.settings import Telegram
from core.courtesy import A_TURN, Slices
from core.domain.errors import ConfigError

POLL_S = 25
CALL_TIMEOUT_S = 20.0
CONNECTIONS = 32
"""Enough for Telegram's 30 messages a second where each takes a second."""
STOP_WITHIN_S = 3.0
LONGEST_BACKOFF_S = 60.0
KINDS = ["message", "edited_message", "callback_query", "inline_query", "my_chat_member"]

_REFUSED = (
    "Telegram refused the bot token; put the token that BotFather gave you where [telegram] token points"
)
_POLLED_ELSEWHERE = "another program polls with the same bot token, stop one of them"
_WEBHOOK_ELSEWHERE = (
    "another program has set a webhook with the same bot token and gets its messages, stop one of them"
)

_log = logging.getLogger(__name__)


class _PollingBot(Bot):
    """A bot that hands out updates as they came, so that one that cannot be parsed stops nothing."""

    async def raw_updates(self, offset: int | None, timeout_s: int) -> list[Payload]:
        data = {"offset": offset, "timeout": timeout_s, "allowed_updates": KINDS}
        # Not the public method: that one parses, and fails for the whole batch.
        result = await self._post("getUpdates", data, read_timeout=timeout_s + CALL_TIMEOUT_S)
        return [update for update in result if isinstance(update, dict)] if isinstance(result, list) else []


class TelegramService:
    """Long polling for one bot. `door` may be used before `run`, for messages of an earlier process.

    `bot.telegram_webhook` has the other mode, with the same beginning and end.

    Raises:
        ConfigError: the token is missing or does not look like one.
    """

    def __init__(
        self,
        settings: Telegram,
        desk: Desk,
        clock: Clock,
        commands: Sequence[MenuCommand] = (),
        access: Access | None = None,
    ) -> None:
        self._token = telegram_token(settings.token)
        hush(self._token)
        self._bot = _PollingBot(
            self._token,
            settings.base_url,
            request=AioRequest(CONNECTIONS, CALL_TIMEOUT_S),
            get_updates_request=AioRequest(2, CALL_TIMEOUT_S),
        )
        self.door = TelegramDoor(self._bot, self._moved)
        self._desk = desk
        self._intake = Intake(self._bot, self.door, desk, clock)
        self._clock = clock
        self._commands = commands
        self._access = access
        self._rich = settings.rich
        self._slices = Slices(A_TURN)  # or a hundred that come at once would be read in one go
        self._offset: int | None = None
        self._ready = asyncio.Event()
        self._refusal: ConfigError | None = None
        self._trouble: str | None = None

    async def ready(self) -> None:
        """Wait until Telegram has accepted the bot and updates are asked for.

        Raises:
            ConfigError: Telegram refused the token; `run` has ended.
        """
        await self._ready.wait()
        if self._refusal:
            raise self._refusal

    async def run(self) -> None:
        """Receive updates until cancelled, through every failure of Telegram and the network.

        Ends by itself only when Telegram refuses the token at the start, after one line in the log.
        """
        try:
            if await self._begin():
                await self._receive()
        finally:
            await self._stop()

    async def _begin(self) -> bool:
        """Introduce the bot; False when its token is refused."""
        failures = 0
        while True:
            try:
                await self._bot.initialize()
                await self._take_over()
                break
            except ConfigError as error:
                self._refusal = error
                _log.error("%s Telegram stays off, all else goes on.", error)
                self._ready.set()
                return False
            except InvalidToken:
                self._refusal = ConfigError(f"{_REFUSED}.")
                _log.error("%s. Telegram stays off, all else goes on.", _REFUSED)
                self._ready.set()
                return False
            except Exception as error:  # noqa: BLE001 - the boundary: whatever the way to Telegram brings up
                failures += 1
                await self._rest(error, failures)
        self._settled()
        if self._rich:
            await self.door.rich.detect()
        self._publish_menu()
        self._ready.set()
        _log.info("Telegram: @%s listens.", self._bot.username)
        return True

    async def _take_over(self) -> None:
        """Let updates come to this process: those that a webhook has not taken yet are kept for it."""
        await self._bot.delete_webhook(drop_pending_updates=False)

    def _publish_menu(self) -> None:
        """Set the menu beside everything else: the commands work without it."""
        spoken = languages()
        planned = menus(self._commands, self._access, spoken)
        self._intake.look_after(publish(self._bot, planned, spoken, self._told))
        if not self._bot.supports_inline_queries:
            _log.info("Telegram: inline mode is off; send /setinline to BotFather to switch it on.")

    async def _receive(self) -> None:
        failures = 0
        while True:
            try:
                updates = await self._bot.raw_updates(self._offset, POLL_S)
            except Exception as error:  # noqa: BLE001 - the boundary, as in _begin
                failures += 1
                await self._rest(error, failures)
                continue
            failures = 0
            self._settled()
            for update in updates:
                await self._slices.begin()
                await self._intake.take(update)
                if isinstance(update_id := update.get("update_id"), int):
                    self._offset = update_id + 1

    async def _rest(self, error: Exception, failures: int) -> None:
        """Wait before asking again, longer each time; the first failure of a kind is logged."""
        trouble = self._told(error)
        if trouble != self._trouble:
            self._trouble = trouble
            _log.warning("Telegram: %s; asking again until it works.", trouble)
        backoff = min(2.0 ** min(failures - 1, 10), LONGEST_BACKOFF_S)
        await self._clock.sleep(seconds(error) if isinstance(error, RetryAfter) else backoff)

    def _settled(self) -> None:
        if self._trouble:
            self._trouble = None
            _log.info("Telegram answers again.")

    def _told(self, error: Exception) -> str:
        if isinstance(error, InvalidToken):
            return _REFUSED
        if isinstance(error, Conflict):
            return _WEBHOOK_ELSEWHERE if "webhook" in str(error).lower() else _POLLED_ELSEWHERE
        if isinstance(error, TelegramError):
            return self._scrubbed(error)
        return f"the answer could not be read ({type(error).__name__})"

    def _scrubbed(self, error: Exception) -> str:
        return scrub(str(error), self._token).rstrip(".")

    async def _moved(self, old: str, new: str) -> None:
        """Tell the desk of a group whose new id Telegram has just told."""
        news = ChatNews(Address("telegram", old), "", moved_to=Address("telegram", new))
        await self._desk.news(news, self.door)

    async def _stop(self) -> None:
        """Let what goes on finish for a moment, confirm what was received, and close the connections."""
        await self._intake.close(STOP_WITHIN_S)
        try:
            async with asyncio.timeout(STOP_WITHIN_S):
                if self._offset is not None and not self._trouble:
                    await self._bot.raw_updates(self._offset, 0)
        except Exception as error:  # noqa: BLE001 - the boundary, as in _begin
            # Then these come once more at the next start, and the desk knows them.
            _log.debug("The last updates could not be confirmed: %s", self._told(error))
        await self._bot.shutdown()
