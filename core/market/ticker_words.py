"""How people name an instrument in a post, told from words that only look like it."""

import re
from collections.abc import Iterable, Sequence

from core.market.exchanges import is_foreign

_PAIR = re.compile(r"([A-Z0-9]{2,10})-USD[CT]?", re.ASCII)
_FEWEST_SIGNS = 3
"""A shorter ticker counts as a name only behind a $: A, IT and ON are words."""
_SHOUTED = 4
"""Where so many other words of a line are in capitals, and none is not, capitals mean nothing."""
_WORD = re.compile(r"[A-Za-z]{2,}")
_COMMON_WORDS = (
    "ALL AMA AND ANY ARE ATH BEST BIG BUY CALL CALLS CAN CAR CASH CAT CEO CFO COST CPI DAY EAT EDIT EOD EPS "
    "ETF EVER FAST FED FOMO FOR FREE FUN FUND GAIN GDP GOOD HAS HOLD HOPE HUGE IMO IPO IRA IRS KEY LIFE LOAN "
    "LOVE LOW MAIN MIND MOON NEAR NET NEW NEXT NOT NOW NYSE ONE OPEN OUT PLAY POST PUMP PUT PUTS REAL RIDE "
    "RUN SAFE SAVE SEC SEE SELL TAX TECH THE TLDR TRUE TWO USA USD VERY WELL WIN WSB YOLO YOU"
)
"""Words and abbreviations of such posts that are also tickers, or look like ones: there, a $ is needed."""
_COMMON = frozenset(_COMMON_WORDS.split())


def coin_of(ticker: str) -> str | None:
    """Return the crypto currency of its pair with the dollar, BTC for BTC-USD; None for anything else."""
    pair = _PAIR.fullmatch(ticker)
    return pair[1] if pair else None


def names_of(ticker: str) -> tuple[str, ...]:
    """Return how people write the ticker, those with a $ first; none for what they do not write like one."""
    if "=" in ticker:
        return ()
    bare = _forms(ticker.removeprefix("^"))
    tagged = [f"${form}" for form in bare]
    return (*tagged, *(form for form in bare if len(form) >= _FEWEST_SIGNS and form not in _COMMON))


def speaks_of(names: Sequence[str], texts: Iterable[str]) -> bool:
    """Say whether a text has one of the names as a word: in any case behind a $, else in capitals only."""
    return any(_has(name, line) for text in texts for line in text.splitlines() for name in names)


def _forms(symbol: str) -> tuple[str, ...]:
    if coin := coin_of(symbol):
        return (coin, f"{coin}.X", symbol)
    if is_foreign(symbol) or not re.search(r"[.-]", symbol):
        return (symbol,)
    return (symbol.replace("-", "."), symbol.replace(".", "-"))


def _has(name: str, line: str) -> bool:
    # A single capital behind a dot or a dash names another class of shares: BRK.B is not BRK.
    pattern = rf"(?<![\w$.-]){re.escape(name)}(?!\w|[.-][A-Za-z](?![A-Za-z]))"
    if name.startswith("$"):
        return re.search(pattern, line, re.IGNORECASE) is not None
    return re.search(pattern, line) is not None and not _is_shouted(name, line)


def _is_shouted(name: str, line: str) -> bool:
    others = [word for word in _WORD.findall(line) if word not in name]
    return len(others) >= _SHOUTED and all(word.isupper() for word in others)
