"""Tickers: what a person may type, and what Conclave makes of it."""

import re

from core.domain.errors import BadTicker

_TICKER = re.compile(r"\^?[A-Z0-9](?:[A-Z0-9.=-]{0,13}[A-Z0-9])?", re.ASCII)


def parse_ticker(text: str) -> str:
    """Return the ticker that `text` names, upper case, without a leading `$`.

    Raises:
        BadTicker: the text has other signs than a ticker may have, or is too long (15 signs at most).
    """
    ticker = text.strip().removeprefix("$").upper()
    if _TICKER.fullmatch(ticker) and ".." not in ticker:
        return ticker
    shown = "".join(sign for sign in text if sign.isprintable())[:20]
    raise BadTicker(f"“{shown}” is not a ticker. Write one like NVDA, BRK-B or BTC-USD.")
