"""Whether the configuration has what Slack needs, without loading what speaks to Slack."""

from core.config.settings import Slack


def slack_is_wanted(settings: Slack) -> bool:
    """Say whether the configuration has what Slack needs."""
    ours = bool(settings.client_id) or settings.bot_token.present()
    return ours and (settings.mode == "http" or settings.app_token.present())


def slack_missing(settings: Slack) -> str | None:
    """Return the sentence about what is missing where something is there already, or None."""
    wanted = [] if settings.client_id else [settings.bot_token]
    wanted += [] if settings.mode == "http" else [settings.app_token]
    missing = [reference for reference in wanted if not reference.present()]
    if not missing or (len(missing) == len(wanted) and not settings.client_id):
        return None
    needs = "its token" if len(wanted) == 1 else "two tokens"
    return f"Slack is off: it needs {needs}, and {missing[0]} is not set; docs/slack.md says how."
