"""`conclave setup telegram`: make a bot, check its token, show its menu, and claim the first admin."""

import asyncio
from pathlib import Path

from bot.commands import REGISTRY
from bot.desk import Desk
from bot.door import DeliveryFailed
from bot.setup.asking import Asking
from bot.setup.claiming import NOTHING, asked_until_good, claim_admin
from bot.setup.keeping import keep_references, keep_secret, secret_reference, tried_secret
from bot.telegram_check import check_telegram
from bot.telegram_updates import TelegramService
from core.app.app import App
from core.config.settings import Settings
from core.domain.errors import ConfigError

KEPT_IN = "telegram_bot_token"
STEPS = """Conclave in Telegram: three steps, about five minutes.

1. In Telegram open https://t.me/BotFather and send /newbot. Give it a name, which people see, and a user
   name that ends in “bot”. BotFather answers with a token such as 7000000001:AAxx. Whoever has the token
   controls the bot: it is not shown here, and is kept in a file that only you can read."""
MENU = """
2. The menu. Conclave sets it by itself at every start, so there is nothing to do. It will be:
"""


class Setup:
    """One walk through the steps."""

    def __init__(self, config: Path, settings: Settings, asking: Asking) -> None:
        self._config = config
        self._settings = settings
        self._asking = asking

    async def token(self) -> Settings:
        """Have a token that Telegram takes, keep it, and return the settings with it.

        Raises:
            Refused: none came.
            ConfigError: it cannot be kept.
        """
        asking, telegram = self._asking, self._settings.telegram
        asking.say(STEPS)
        if telegram.token.present():
            name = await check_telegram(telegram, http=True)
            asking.say(f"   There is a token already, in {telegram.token}: it is good, for {name}.")
            return self._settings
        await asked_until_good(asking, "   The token", self._wrong)
        reference = secret_reference(self._config, KEPT_IN)
        if lines := await asyncio.to_thread(keep_references, self._config, "telegram", {"token": reference}):
            asking.say(f"   {self._config} has a [telegram] section with another. Change it to:\n\n{lines}")
        else:
            asking.say(f"   The token is in {reference}, and {self._config} says so.")
        changed = telegram.model_copy(update={"token": reference})
        return self._settings.model_copy(update={"telegram": changed})

    async def _wrong(self, token: str) -> str | None:
        if not token:
            return NOTHING
        with tried_secret(self._config, KEPT_IN, token) as reference:
            tried = self._settings.telegram.model_copy(update={"token": reference})
            try:
                name = await check_telegram(tried, http=True)
            except (ConfigError, DeliveryFailed) as error:
                return f"   That is not it: {str(error).replace(str(reference), 'what you typed')}"
            await asyncio.to_thread(keep_secret, self._config, KEPT_IN)
        self._asking.say(f"   Telegram knows it: {name}.")
        return None

    def menu(self) -> None:
        """Show the menu of commands as BotFather's /setcommands would take it."""
        lines = "\n".join(f"   {command.name} - {command.summary}" for command in REGISTRY)
        self._asking.say(f"{MENU}{lines}")

    async def claim(self, app: App) -> bool:
        """Make whoever sets this up the first admin; True where that came about, or was not needed."""
        telegram = app.settings.telegram
        self._asking.say("\n3. You, as the first admin.")
        if await app.claims.has_admin("telegram", app.settings.access.admins):
            self._asking.say("   There is an admin in Telegram already; who may do what is theirs to say.")
            return True
        name = (await check_telegram(telegram, http=True)).removeprefix("@").partition(",")[0]
        listen = None if telegram.mode == "webhook" else _listen
        return await claim_admin(
            app, self._asking, listen, lambda code: f"Open https://t.me/{name} and send:   /claim {code}"
        )


def _listen(app: App, desk: Desk) -> TelegramService:
    return TelegramService(app.settings.telegram, desk, app.clock, REGISTRY)
