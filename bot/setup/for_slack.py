"""`conclave setup slack`: make an app from the manifest, check its tokens, and claim the first admin."""

import asyncio
from pathlib import Path

from bot.commands import REGISTRY
from bot.desk import Desk
from bot.door import DeliveryFailed
from bot.setup.asking import Asking
from bot.setup.claiming import NOTHING, asked_until_good, claim_admin
from bot.setup.keeping import keep_references, keep_secret, secret_reference, tried_secret
from bot.slack_check import check_app_token, check_bot_token
from bot.slack_manifest import manifest_text
from bot.slack_service import SlackService, socket_service
from core.app.app import App
from core.config.settings import Settings
from core.domain.errors import ConfigError

BOT_FILE, APP_FILE = "slack_bot_token", "slack_app_token"
STEPS = """Conclave in Slack: four steps, about five minutes. Nothing of this machine has to be reachable from
outside.

1. Open https://api.slack.com/apps, choose Create New App, From a manifest, and your workspace. Paste this
   on the YAML tab, and create the app:
"""
ABOUT_APP = """2. Basic Information, App-Level Tokens, Generate Token and Scopes: add the scope
   connections:write. The app token starts with xapp-. It is not shown here, and is kept in a file that
   only you can read."""
ABOUT_BOT = "3. Install App, Install to Workspace. The bot token starts with xoxb-."


class Setup:
    """One walk through the steps."""

    def __init__(self, config: Path, settings: Settings, asking: Asking) -> None:
        self._config = config
        self._settings = settings
        self._asking = asking

    async def tokens(self) -> Settings:
        """Have two tokens that Slack takes, keep them, and return the settings with them.

        Raises:
            Refused: they did not come.
            ConfigError: they cannot be kept.
        """
        asking, slack = self._asking, self._settings.slack
        if slack.bot_token.present() and slack.app_token.present():
            where = await check_bot_token(slack)
            await check_app_token(slack)
            asking.say(f"Both tokens are there already, and good: {where}.")
            return self._settings
        asking.say(STEPS)
        asking.say(manifest_text(REGISTRY))
        asking.say(ABOUT_APP)
        await asked_until_good(asking, "   The app token", self._wrong_app)
        asking.say(ABOUT_BOT)
        await asked_until_good(asking, "   The bot token", self._wrong_bot)
        references = {
            "bot_token": secret_reference(self._config, BOT_FILE),
            "app_token": secret_reference(self._config, APP_FILE),
        }
        if lines := await asyncio.to_thread(keep_references, self._config, "slack", references):
            asking.say(f"   {self._config} has a [slack] section with another. Change it to:\n\n{lines}")
        else:
            asking.say(f"   The tokens are kept beside {self._config}, which says where.")
        return self._settings.model_copy(update={"slack": slack.model_copy(update=references)})

    async def claim(self, app: App) -> bool:
        """Make whoever sets this up the first admin; True where that came about, or was not needed."""
        self._asking.say("\n4. You, as the first admin.")
        if await app.claims.has_admin("slack", app.settings.access.admins):
            self._asking.say("   There is an admin in Slack already; who may do what is theirs to say.")
            return True
        slack = app.settings.slack
        listen = _listen if slack.mode == "socket" and not slack.client_id else None
        return await claim_admin(
            app,
            self._asking,
            listen,
            lambda code: (
                f"In Slack open the direct message with the app, under Apps, and send:   claim {code}"
            ),
        )

    async def _wrong_app(self, token: str) -> str | None:
        return await self._wrong("app_token", APP_FILE, token)

    async def _wrong_bot(self, token: str) -> str | None:
        return await self._wrong("bot_token", BOT_FILE, token)

    async def _wrong(self, key: str, name: str, token: str) -> str | None:
        if not token:
            return NOTHING
        with tried_secret(self._config, name, token) as reference:
            tried = self._settings.slack.model_copy(update={key: reference})
            try:
                good = await (check_app_token(tried) if key == "app_token" else check_bot_token(tried))
            except (ConfigError, DeliveryFailed) as error:
                return f"   That is not it: {str(error).replace(str(reference), 'what you typed')}"
            await asyncio.to_thread(keep_secret, self._config, name)
        self._asking.say(f"   Slack knows it: {good}.")
        return None


def _listen(app: App, desk: Desk) -> SlackService:
    return socket_service(app.settings.slack, desk, app.clock)
