"""Pairs as exchanges write them, and the tickers under which their prices are found."""

import re

_DOLLARS = "USDT|USDC|FDUSD|BUSD|TUSD"
_STABLE = re.compile(rf"([A-Z0-9]{{2,10}}?)[-/_]?(?:{_DOLLARS})", re.ASCII)
_APART = re.compile(r"([A-Z0-9]{2,10})[/_]USD", re.ASCII)
_COIN = re.compile(
    # Without a sign between, only these: the rest could be the ticker of a share.
    r"(BTC|ETH|SOL|XRP|BNB|ADA|DOGE|AVAX|DOT|LINK|LTC|BCH|MATIC|TRX|ATOM|UNI|XLM|ETC|NEAR|APT)USD",
    re.ASCII,
)


def ticker_of(symbol: str) -> str:
    """Return the ticker that a symbol means: BTCUSDT, BTC/USDT and BTC-USDT are BTC-USD.

    A dollar coin counts as the dollar. Any other symbol stays as it is; whether it is a ticker is judged
    where it is used.
    """
    typed = symbol.strip().upper()
    for pattern in (_STABLE, _APART, _COIN):
        if found := pattern.fullmatch(typed):
            return f"{found[1]}-USD"
    return symbol
