"""A look at whether Telegram takes the token, without asking for updates."""

from telegram import Bot
from telegram.error import InvalidToken, TelegramError
from telegram.request import HTTPXRequest

from bot.door import DeliveryFailed
from bot.telegram_secrecy import hush, scrub
from bot.tokens import telegram_token
from core.config.settings import Telegram


async def check_telegram(settings: Telegram) -> str:
    """Return as whom the token is good, for instance `@conclave_bot`.

    Raises:
        ConfigError: the token is missing or does not look like one.
        DeliveryFailed: Telegram refuses it or cannot be reached.
    """
    token = telegram_token(settings.token)
    hush(token)
    try:
        bot = Bot(token, settings.base_url, request=HTTPXRequest(), get_updates_request=HTTPXRequest())
        async with bot:
            return f"@{bot.username}"
    except InvalidToken:
        raise DeliveryFailed("Telegram refuses the token") from None
    except TelegramError as error:
        raise DeliveryFailed(f"Telegram: {scrub(str(error), token)}") from None
