"""What `conclave check` asks of the chat platforms, for those that are configured."""

from collections.abc import Iterator
from functools import partial

from bot.slack_settings import slack_is_wanted
from core.app.check import Probe
from core.config import Settings


def platform_probes(settings: Settings) -> Iterator[Probe]:
    """Yield a question to each platform whose tokens are present."""
    if settings.telegram.token.present():
        mend = "Check [telegram] token and base_url."
        yield Probe("telegram bot", partial(_telegram, settings), mend)
    if slack_is_wanted(settings.slack):
        yield Probe("slack app", partial(_slack, settings), "Check the tokens and base_url under [slack].")


async def _telegram(settings: Settings) -> str:
    from bot.telegram_check import check_telegram

    return await check_telegram(settings.telegram, http="http" in settings.model_fields_set)


async def _slack(settings: Settings) -> str:
    from bot.slack_check import check_slack

    return await check_slack(settings.slack)
