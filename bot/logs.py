"""The log: one line an event on stderr, with everything that looks like a secret blotted out."""

import logging
import re
import sys
from collections.abc import Iterable

_LOOKS_SECRET = re.compile(
    r"sk-[A-Za-z0-9_-]{8,}|xox[a-z]-[A-Za-z0-9-]{8,}|xapp-[A-Za-z0-9-]{8,}|\b\d{6,12}:[A-Za-z0-9_-]{30,}"
    r"|(?<=apikey=)[^&\s]+|(?<=Bearer )[A-Za-z0-9._~+/=-]{8,}"
)
_SHORTEST = 8
_CHATTY = ("httpx", "httpx2", "httpcore", "aiohttp.access", "slack_sdk", "slack_bolt", "telegram", "alembic")


class Redacting(logging.Formatter):
    """Formats a record, tracebacks included, and then blots out `secrets` and whatever looks like one."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s", "%Y-%m-%d %H:%M:%S")
        self._secrets = sorted({s for s in secrets if len(s) >= _SHORTEST}, key=len, reverse=True)

    def format(self, record: logging.LogRecord) -> str:
        """Return the record's text without secrets."""
        text = super().format(record)
        for secret in self._secrets:
            text = text.replace(secret, "[secret]")
        return _LOOKS_SECRET.sub("[secret]", text)


def start_logging(level: int, secrets: Iterable[str] = ()) -> None:
    """Log to stderr from `level` on; libraries that log each request from WARNING on."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Redacting(secrets))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for chatty in _CHATTY:
        logging.getLogger(chatty).setLevel(max(level, logging.WARNING))
