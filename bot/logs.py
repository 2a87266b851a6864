"""The log: one line an event on stderr, with everything that looks like a secret blotted out."""

import logging
import re
import sys
from collections.abc import Iterable
from types import TracebackType
from urllib.parse import quote

_LOOKS_SECRET = re.compile(
    r"""
      (?<![A-Za-z0-9]) sk- [A-Za-z0-9_-]{8,}
    | (?<![A-Za-z0-9]) (?:gsk|xai|hf|ghp|gho|github_pat) [-_] (?=[\w-]*\d) [\w-]{8,}
    | AIza [\w-]{20,}
    | xox[a-z]- [A-Za-z0-9-]{8,} | xapp- [A-Za-z0-9-]{8,}
    | (?<!\d) \d{6,12} : [A-Za-z0-9_-]{30,}  # a Telegram token; in addresses it stands behind "bot"
    | (?: (?<=(?i:apikey=)) | (?<=(?i:api_key=)) ) [^&\s'"]+
    | (?<=(?i:bearer[ ])) [A-Za-z0-9._~+/=-]{8,}
    | (?<=://) [^\s/@:]* : [^\s/@]+ (?=@)  # name and password inside an address
    """,
    re.VERBOSE,
)
_SHORTEST = 8
ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
_CHATTY = (
    *("httpx", "httpx2", "httpcore", "aiohttp.access", "slack_sdk", "slack_bolt", "telegram", "alembic"),
    "aiosqlite",  # each statement with its parameters, and so the tokens of installations
)


class Redacting(logging.Formatter):
    """Formats a record, and then blots out `secrets` and whatever looks like one.

    Without `tracebacks` an exception is told in one line: its type and its words.
    """

    def __init__(self, secrets: Iterable[str] = (), *, tracebacks: bool = True) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s", "%Y-%m-%d %H:%M:%S")
        known = [secret for secret in secrets if len(secret) >= _SHORTEST]
        forms = {form for secret in known for form in (secret, quote(secret, safe=""))}
        self._secrets = sorted(forms, key=len, reverse=True)
        self._tracebacks = tracebacks

    def formatException(self, ei: ExcInfo) -> str:  # noqa: N802 - the name that logging calls
        """Return the traceback, or the last line of it."""
        whole = super().formatException(ei)
        return whole if self._tracebacks else f"  {whole.splitlines()[-1]}"

    def format(self, record: logging.LogRecord) -> str:
        """Return the record's text without secrets."""
        text = super().format(record)
        for secret in self._secrets:
            text = text.replace(secret, "[secret]")
        return _LOOKS_SECRET.sub("[secret]", text)


def start_logging(level: int, secrets: Iterable[str] = (), *, tracebacks: bool = True) -> None:
    """Log to stderr from `level` on; libraries that log each request from WARNING on."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Redacting(secrets, tracebacks=tracebacks))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for chatty in _CHATTY:
        logging.getLogger(chatty).setLevel(max(level, logging.WARNING))
