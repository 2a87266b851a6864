"""How numbers and times are written, the same on every card: as the chat reads them (`bot.present.style`).

The examples are those of a chat that has set no language.
"""

import re
from datetime import date, datetime, time
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

from bot.present.style import ENGLISH, style

MINUS = "\N{MINUS SIGN}"
_AMOUNT = re.compile(r"-?\$[0-9]{1,3}(?:,[0-9]{3})*\.[0-9]{2}(?![0-9])", re.ASCII)
"""As `core.domain.values.usd` writes one."""
_CENT = Decimal("0.01")
_MICRO = Decimal("0.000001")
_RATIO = Decimal("0.0001")
_MINUTE_TENTHS, _HOUR_MINUTES, _NOON = 600, 60, 12


def usd(amount: Decimal) -> str:
    """Write an amount of USD in whole cents: `$10,000.00`, `−$3.10`."""
    cents = amount.quantize(_CENT, ROUND_HALF_UP)
    return f"{MINUS if cents < 0 else ''}{_money(f'{abs(cents):,.2f}')}"


def usd_change(amount: Decimal) -> str:
    """Write a gain or loss in USD with its sign: `+$12.30`, `−$3.10`, `$0.00`."""
    text = usd(amount)
    return f"+{text}" if amount.quantize(_CENT, ROUND_HALF_UP) > 0 else text


def cost(amount: Decimal) -> str:
    """Write what model calls cost in USD, where cents are too coarse: `$0`, `$0.0004`, `$0.013`, `$1.25`."""
    if amount == 0:
        return _money("0")
    if amount >= 1:
        return usd(amount)
    if amount < _MICRO:
        return f"under {_money(f'{_MICRO:f}')}"
    # Two significant digits tell apart what model calls cost; more would be noise.
    return _money(_trimmed(Decimal(f"{amount:.1e}"), places=2))


def price(value: Decimal) -> str:
    """Write a price in USD a share: `$201.03`, and up to six places below one dollar."""
    if value >= 1:
        return usd(value)
    return _money(_trimmed(value.quantize(_MICRO, ROUND_HALF_EVEN), places=2))


def shares(count: Decimal) -> str:
    """Write a number of shares with up to six places, none where they are zeros: `12.5`, `1,000`, `−3`."""
    text = written(_trimmed(abs(count).quantize(_MICRO, ROUND_HALF_EVEN), places=0))
    return f"{MINUS if count < 0 else ''}{text}"


def split(new_for_old: Decimal) -> str:
    """Write a split: `4 for 1`, `1 for 10`, `1.5 for 1`."""
    if new_for_old >= 1:
        return f"{written(_trimmed(new_for_old.quantize(_RATIO, ROUND_HALF_EVEN), places=0))} for 1"
    return f"1 for {written(_trimmed((1 / new_for_old).quantize(_RATIO, ROUND_HALF_EVEN), places=0))}"


def percent(ratio: Decimal) -> str:
    """Write a fraction from 0 to 1 in whole percent: `72 %`."""
    return f"{(ratio * 100).quantize(Decimal(1), ROUND_HALF_UP)} %"


def percent_change(ratio: Decimal) -> str:
    """Write a return with its sign and two places: `+1.23 %`, `−0.40 %`, `0.00 %`."""
    value = (ratio * 100).quantize(_CENT, ROUND_HALF_UP)
    sign = "+" if value > 0 else MINUS if value < 0 else ""
    return f"{sign}{written(f'{abs(value):,.2f}')} %"


def ratio_percent(ratio: Decimal) -> str:
    """Return a fraction as a percentage with two decimals and a sign only below zero: `12.34 %`."""
    return written(f"{ratio * 100:,.2f}").replace("-", MINUS) + " %"


def ratio(value: Decimal) -> str:
    """Write a number without a unit, such as a Sharpe ratio, with two places: `1.42`, `−0.07`."""
    hundredths = value.quantize(_CENT, ROUND_HALF_UP)
    return f"{MINUS if hundredths < 0 else ''}{written(f'{abs(hundredths):,.2f}')}"


def weight(value: Decimal) -> str:
    """Write a weight or threshold of the vote without needless zeros: `1`, `0.5`."""
    return written(_trimmed(value, places=0))


def duration(milliseconds: int) -> str:
    """Write a time span: `6.1 s`, `2 min 5 s`, `1 h 3 min`."""
    tenths = round(milliseconds / 100)
    if tenths < _MINUTE_TENTHS:
        return f"{written(f'{tenths / 10:.1f}')} s"
    minutes, seconds = divmod(round(milliseconds / 1000), 60)
    if minutes < _HOUR_MINUTES:
        return f"{minutes} min {seconds} s"
    return f"{whole(minutes // 60)} h {minutes % 60} min"


def tokens(count: int) -> str:
    """Write a number of tokens: `18,240 tokens`, `1 token`."""
    return counted(count, "token")


def counted(count: int, noun: str) -> str:
    """Write a count with its noun, which takes an s unless there is one: `5 members`, `1 ballot`."""
    return f"{whole(count)} {noun}{'' if count == 1 else 's'}"


def whole(count: int | Decimal) -> str:
    """Write a whole number, its thousands apart: `18,240`."""
    return rounded(Decimal(count), 0)


def rounded(value: Decimal | float, places: int) -> str:
    """Write a number with so many places: `1,234.5`."""
    return written(f"{value:,.{places}f}")


def moment(at: datetime, zone: ZoneInfo) -> str:
    """Write a moment in `zone`, to the minute, with the zone's short name: `2025-10-29 16:00 EDT`."""
    there = at.astimezone(zone)
    return f"{day(there)} {clock(there)} {there:%Z}"


def day(value: date) -> str:
    """Write a day: `2025-10-29`."""
    return value.strftime(style().locale.date)


def clock(at: datetime | time) -> str:
    """Write a time of the clock, to the minute: `16:00`, or where people count to twelve `4:00 PM`."""
    if not style().locale.twelve_hours:
        return f"{at:%H:%M}"
    return f"{at.hour % 12 or 12}:{at.minute:02} {'AM' if at.hour < _NOON else 'PM'}"


def written(figures: str) -> str:
    """Return figures such as `1,234.50` with the signs of the chat's language between them."""
    locale = style().locale
    return figures.translate({ord(","): locale.group, ord("."): locale.decimal})


def _money(figures: str) -> str:
    return style().locale.money.format(written(figures))


def retold(sentence: str) -> str:
    """Return a sentence of the arena with its amounts of USD written as the chat reads: `1.234,50 $`."""
    if style().locale is ENGLISH:
        return sentence
    return _AMOUNT.sub(lambda found: usd(Decimal(found[0].replace("$", "").replace(",", ""))), sentence)


def short_hash(digest: str) -> str:
    """Write the first twelve digits of a SHA-256, enough to compare two by eye."""
    return digest[:12]


def _trimmed(value: Decimal, *, places: int) -> str:
    """Write a number without trailing zeros but with at least `places` places, and thousands apart."""
    whole, _, fraction = f"{value:,f}".partition(".")
    fraction = fraction.rstrip("0").ljust(places, "0")
    return f"{whole}.{fraction}" if fraction else whole
