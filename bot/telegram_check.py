"""A look at whether Telegram takes the token, and how updates come, without asking for any."""

from telegram import Bot, WebhookInfo
from telegram.error import InvalidToken, TelegramError

from bot.door import DeliveryFailed
from bot.telegram_http import AioRequest
from bot.telegram_secrecy import hush, scrub
from bot.telegram_text import cut, typed
from bot.telegram_webhook import NO_HTTP, webhook_path
from bot.tokens import telegram_token
from core.config.settings import Telegram
from core.domain.errors import ConfigError

CALL_TIMEOUT_S = 5.0
ERROR_UNITS = 200


async def check_telegram(settings: Telegram, *, http: bool) -> str:
    """Return as whom the token is good and how updates come, such as `@conclave_bot, polling`.

    `http` says whether there is a server to which a webhook could lead.

    Raises:
        ConfigError: the token is missing or does not look like one, or the webhook will not do.
        DeliveryFailed: Telegram refuses it or cannot be reached.
    """
    token = telegram_token(settings.token)
    if settings.mode == "webhook":
        webhook_path(settings)
        if not http:
            raise ConfigError(NO_HTTP)
    hush(token)
    try:
        ways = [AioRequest(1, CALL_TIMEOUT_S) for _ in range(2)]
        bot = Bot(token, settings.base_url, request=ways[0], get_updates_request=ways[1])
        async with bot:
            return f"@{bot.username}, {_way(settings, await bot.get_webhook_info())}"
    except InvalidToken:
        raise DeliveryFailed("Telegram refuses the token") from None
    except TelegramError as error:
        raise DeliveryFailed(f"Telegram: {scrub(str(error), token)}") from None


def _way(settings: Telegram, info: WebhookInfo) -> str:
    """Say how updates come, how many wait, and what Telegram says went wrong last."""
    if settings.mode == "polling":
        said = ["polling"]
        if info.url:
            said.append("a webhook is set, which conclave serve takes away")
    elif info.url == settings.webhook_url:
        said = ["webhook"]
    else:
        said = ["webhook", "which conclave serve sets"]
    if waiting := info.pending_update_count:
        said.append(f"{waiting} {'update waits' if waiting == 1 else 'updates wait'}")
    if info.url and info.last_error_message:
        said.append(f"Telegram's last error: {cut(typed(info.last_error_message), ERROR_UNITS)}")
    return ", ".join(said)
