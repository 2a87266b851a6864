"""A look at whether Slack takes both tokens, without listening to anything."""

from bot.slack_api import SlackApi
from bot.tokens import slack_app_token, slack_bot_token
from core.config.settings import Slack


async def check_slack(settings: Slack) -> str:
    """Return as whom and where both tokens are good, for instance `conclave in Example`.

    Raises:
        ConfigError: a token is missing or does not look like one.
        DeliveryFailed: Slack refuses a token or cannot be reached; the sentence says which call failed.
    """
    bot_token, app_token = slack_bot_token(settings.bot_token), slack_app_token(settings.app_token)
    bot, app = SlackApi(bot_token, settings.base_url), SlackApi(app_token, settings.base_url)
    try:
        identity = await bot.call("auth.test", lambda client: client.auth_test())
        await app.call(
            "apps.connections.open", lambda client: client.apps_connections_open(app_token=app_token)
        )
    finally:
        await bot.close()
        await app.close()
    return f"{identity.get('user')} in {identity.get('team')}"
