"""What the tokens of the platforms look like, so that a bad copy is told at the start, and in words."""

import re

from core.config.secret import SecretRef
from core.domain.errors import ConfigError

_TELEGRAM = re.compile(r"[0-9]+:[A-Za-z0-9_-]+", re.ASCII)
_HEX = re.compile(r"[0-9A-Za-z]{16,64}", re.ASCII)
# The part after the prefix is Slack's own affair, but it travels in a header: visible ASCII only.
_SLACK = {prefix: re.compile(rf"{prefix}[!-~]+", re.ASCII) for prefix in ("xoxb-", "xapp-")}


def telegram_token(reference: SecretRef) -> str:
    """Return Telegram's bot token.

    Raises:
        ConfigError: it is missing, or does not look like one; the sentence names the reference alone.
    """
    return _read(reference, _TELEGRAM, "a bot token of Telegram, which is digits, a colon and letters")


def slack_bot_token(reference: SecretRef) -> str:
    """Return Slack's bot token.

    Raises:
        ConfigError: as in `telegram_token`.
    """
    return _read(reference, _SLACK["xoxb-"], "a bot token of Slack, which starts with xoxb-")


def slack_app_token(reference: SecretRef) -> str:
    """Return Slack's app token.

    Raises:
        ConfigError: as in `telegram_token`.
    """
    return _read(reference, _SLACK["xapp-"], "an app token of Slack, which starts with xapp-")


def slack_secret(reference: SecretRef, what: str) -> str:
    """Return a secret of the Slack app, such as its `signing secret`.

    Raises:
        ConfigError: as in `telegram_token`.
    """
    return _read(reference, _HEX, f"the {what} of the Slack app, which is 16 to 64 letters and digits")


def _read(reference: SecretRef, shape: re.Pattern[str], what: str) -> str:
    token = reference.reveal()
    if any(sign.isspace() for sign in token):
        raise ConfigError(f"{reference} holds a blank or line break inside the token; copy it again.")
    if not shape.fullmatch(token):
        raise ConfigError(f"{reference} does not hold {what}; copy it again.")
    return token
