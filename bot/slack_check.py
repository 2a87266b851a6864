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
    if socket:
        slack_app_token(settings.app_token)
    else:
        slack_secret(settings.signing_secret, "signing secret")
    if settings.client_id:
        slack_secret(settings.client_secret, "client secret")
        told = f"the app {settings.client_id}"
    else:
        told = await check_bot_token(settings)
    if socket:
        await check_app_token(settings)
    return told


async def check_bot_token(settings: Slack) -> str:
    """Return as whom and where the bot token is good; raises as `check_slack`."""
    api = SlackApi(slack_bot_token(settings.bot_token), settings.base_url)
    try:
        identity = await api.call("auth.test", lambda client: client.auth_test())
    finally:
        await api.close()
    return f"{identity.get('user')} in {identity.get('team')}"


async def check_app_token(settings: Slack) -> str:
    """Return what the app token is good for; raises as `check_slack`."""
    token = slack_app_token(settings.app_token)
    api = SlackApi(token, settings.base_url)
    try:
        await api.call("apps.connections.open", lambda client: client.apps_connections_open(app_token=token))
    finally:
        await api.close()
    return "it may open connections"
