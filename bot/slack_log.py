"""What Slack's libraries may log: errors, each in one line, never twice a minute, never a secret."""

import logging
import re
import time

REPEAT_S = 60.0
MAX_REMEMBERED = 200
_SECRET = re.compile(
    r"xox[a-z]-[\w.-]+|xapp-[\w.-]+"
    r"|([?&](?:ticket|token)=)[^&\s'\"]+"
    r"|(response_url\\?['\"]\s*:\s*\\?['\"])[^'\"\\]+"
)


def redacted(text: str, *secrets: str) -> str:
    """Return the text without tokens, socket tickets and response addresses."""
    for secret in secrets:
        if secret:
            text = text.replace(secret, "(secret)")
    return _SECRET.sub(lambda found: f"{found[1] or found[2] or ''}(secret)", text)


class _OneCleanLine(logging.Filter):
    def __init__(self) -> None:
        super().__init__()
        self.secrets: set[str] = set()
        self._told: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        text = redacted(record.getMessage(), *self.secrets).splitlines()
        record.msg, record.args = (text[0] if text else ""), ()
        # A traceback of the libraries holds whole requests, and says nothing more to an operator.
        record.exc_info = record.exc_text = record.stack_info = None
        now = time.monotonic()
        if now - self._told.get(record.msg, -REPEAT_S) < REPEAT_S:
            return False
        if len(self._told) >= MAX_REMEMBERED:
            self._told.clear()
        self._told[record.msg] = now
        return True


_filter = _OneCleanLine()


def library_logger(*secrets: str) -> logging.Logger:
    """Return the logger to hand to slack_sdk and slack_bolt; `secrets` never pass it."""
    logger = logging.getLogger("bot.slack.sdk")
    _filter.secrets.update(secrets)
    if _filter not in logger.filters:
        logger.addFilter(_filter)
        logger.setLevel(logging.ERROR)
    return logger
