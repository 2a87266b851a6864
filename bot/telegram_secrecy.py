"""Keep the bot token out of logs and error messages.

The token is part of every address of the Bot API.
"""

import logging
import traceback
from urllib.parse import quote

HIDDEN = "<telegram token>"
# The API client logs a traceback for each answer that it cannot parse, although it raises the same; it is
# quiet because the update loop reports failures itself.
_LEVELS = {
    "aiohttp.client": logging.WARNING,
    "telegram.request.BaseRequest": logging.CRITICAL,
    "telegram.Bot": logging.WARNING,
}


def scrub(text: str, token: str) -> str:
    """Return `text` without the token, plain or as part of an address."""
    for form in {token, quote(token, safe="")}:
        text = text.replace(form, HIDDEN)
    return text


class HideToken(logging.Filter):
    """Take the token out of a record's message and traceback."""

    def __init__(self, token: str) -> None:
        super().__init__()
        self._token = token

    def filter(self, record: logging.LogRecord) -> bool:
        """Change the record in place and let it pass."""
        message = record.getMessage()
        if (clean := scrub(message, self._token)) != message:
            record.msg, record.args = clean, ()
        if record.exc_info and record.exc_info[1]:
            trace = "".join(traceback.format_exception(record.exc_info[1]))
            record.exc_text = scrub(trace.rstrip(), self._token)
            record.exc_info = None
        return True


def hush(token: str) -> None:
    """Quieten the libraries below the bot and hide the token in whatever they still log."""
    for name, level in _LEVELS.items():
        logger = logging.getLogger(name)
        if logger.level == logging.NOTSET:
            logger.setLevel(level)
    for name in _LEVELS:
        logger = logging.getLogger(name)
        for old in [known for known in logger.filters if isinstance(known, HideToken)]:
            logger.removeFilter(old)
        logger.addFilter(HideToken(token))
