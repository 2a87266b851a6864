"""A look at whether Slack takes the tokens, without listening to anything."""

from bot.slack_api import SlackApi
from bot.tokens import slack_app_token, slack_bot_token, slack_secret
from core.config.settings import Slack


async def check_slack(settings: Slack) -> str:
    """Return as whom and where the tokens are good, for instance `conclave in Example`.

    Raises:
        ConfigError: a token or secret is missing or does not look like one.
        DeliveryFailed: Slack refuses a token or cannot be reached; the sentence says which call failed.
    """
    socket = settings.mode == "socket"
    app_token = slack_app_token(settings.app_token) if socket else None
    if not socket:
        slack_secret(settings.signing_secret, "signing secret")
    if settings.client_id:
        slack_secret(settings.client_secret, "client secret")
        who = f"the app {settings.client_id}"
    else:
        who = await _bot(slack_bot_token(settings.bot_token), settings.base_url)
    if app_token:
        app = SlackApi(app_token, settings.base_url)
        try:
            await app.call(
                "apps.connections.open", lambda client: client.apps_connections_open(app_token=app_token)
            )
        finally:
            await app.close()
    return who


async def _bot(token: str, base_url: str) -> str:
    bot = SlackApi(token, base_url)
    try:
        identity = await bot.call("auth.test", lambda client: client.auth_test())
    finally:
        await bot.close()
    return f"{identity.get('user')} in {identity.get('team')}"
