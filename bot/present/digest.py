"""What a day brought, as a card."""

from collections.abc import Sequence
from decimal import Decimal
from zoneinfo import ZoneInfo

from bot.digest_cards import CallLine, DigestCard, Lines
from bot.present import numbers, words
from bot.present.digest_story import missing, story
from bot.present.trades import order_line
from core.domain.actions import ActionKind, CorporateAction
from core.domain.ballot import Action
from core.domain.books import OrderCause, Side
from core.domain.digest import Digest, Earning, Move, Review, Trade, VerdictSoFar
from core.domain.season import Season

MOST_VERDICTS = 8
MOST_LINES = 6
_TITLES = {Season.LIVE: "Digest", Season.SAMPLE: "Digest on sample prices"}
_DID = {Side.BUY: "bought", Side.SELL: "sold"}
_BECAUSE = {
    OrderCause.STOP: ", by its stop",
    OrderCause.TAKE_PROFIT: ", by its take-profit",
    OrderCause.MARGIN_CALL: ", by a margin call",
}


def digest_card(digest: Digest, zone: ZoneInfo, note: str | None = None) -> DigestCard:
    """Return the card of a digest; `note` is a line on top, such as that it comes late."""
    return DigestCard(
        title=_TITLES.get(digest.season, f"Digest of {digest.season}"),
        subtitle=span(digest, zone),
        story=story(digest, zone),
        verdicts=tuple(_verdict(one) for one in digest.verdicts[:MOST_VERDICTS]),
        verdicts_more=max(len(digest.verdicts) - MOST_VERDICTS, 0),
        sections=tuple(filter(None, _sections(digest))),
        footer=" · ".join([*_cost(digest), words.PAPER]),
        caveat=digest.caveat,
        note=note,
    )


def span(found: Digest | Review, zone: ZoneInfo) -> str:
    """Write from when to when it is: `2025-10-28 16:00 EDT to 2025-10-29 16:30 EDT`."""
    return f"{numbers.moment(found.since, zone)} to {numbers.moment(found.until, zone)}"


def call_marks(earned: Decimal | None) -> tuple[str, bool | None]:
    """Return what a call has earned, and whether that is a gain; what rounds to nothing is neither."""
    if earned is None:
        return "", None
    text = numbers.percent_change(earned)
    return text, {"+": True, numbers.MINUS: False}.get(text[0])


def _verdict(one: VerdictSoFar) -> CallLine:
    earned, good = ("", None) if one.decision is Action.HOLD else call_marks(one.earned)
    parts = [f"{numbers.percent(one.agreement)} agree"]
    if one.price_then and one.price_now:
        parts.append(f"{numbers.price(one.price_then)} → {numbers.price(one.price_now)}")
    elif one.price_then:
        parts.append(f"at {numbers.price(one.price_then)}")
    return CallLine(
        subject=one.ticker, action=one.decision, detail=" · ".join(parts), earned=earned, good=good
    )


def lines_of(title: str, lines: Sequence[str], most: int = MOST_LINES) -> Lines | None:
    """Return lines under a title, the first `most` of them; None where there are none."""
    if not lines:
        return None
    return Lines(title=title, lines=tuple(lines[:most]), more=max(len(lines) - most, 0))


def _sections(digest: Digest) -> list[Lines | None]:
    moved = [one for one in digest.earnings if one.change_usd]
    return [
        lines_of("Earned", [_earning(one) for one in moved], most=10),
        lines_of("Trades", [_trade(one) for one in digest.trades]),
        lines_of("Waiting orders", [f"{one.member} {order_line(one)}" for one in digest.waiting], most=4),
        lines_of("Movers", _movers(digest.movers)),
        lines_of("Splits and dividends", [_action(one) for one in digest.actions]),
    ]


def _earning(one: Earning) -> str:
    share = "" if one.change_ratio is None else f" · {numbers.percent_change(one.change_ratio)}"
    return f"{one.member} {numbers.usd_change(one.change_usd or Decimal(0))}{share}"


def _trade(one: Trade) -> str:
    return (
        f"{one.member} {_DID[one.side]} {numbers.shares(one.shares)} {one.ticker} "
        f"at {numbers.price(one.price)}{_BECAUSE.get(one.cause, '')}"
    )


def _movers(movers: Sequence[Move]) -> list[str]:
    """Return the three largest rises and the three deepest falls."""
    rises = [one for one in movers if one.ratio > 0][:3]
    falls = [one for one in movers if one.ratio < 0][-3:]
    return [
        f"{'▲' if one.ratio > 0 else '▼'} {one.ticker} {numbers.percent_change(one.ratio)}, "
        f"{numbers.price(one.price)}"
        for one in [*rises, *falls]
    ]


def _action(one: CorporateAction) -> str:
    if one.kind is ActionKind.SPLIT:
        return f"{one.ticker} split {numbers.split(one.value)} on {numbers.day(one.ex_date)}"
    return f"{one.ticker} paid {numbers.price(one.value)} a share on {numbers.day(one.ex_date)}"


def _cost(digest: Digest) -> list[str]:
    if not digest.runs:
        return []
    parts = [numbers.counted(digest.runs, "run")]
    if digest.spend.tokens or digest.spend.cost_usd:
        parts += [words.cost_of(digest.spend), numbers.tokens(digest.spend.tokens)]
    parts += [missing(kind, count) for kind, count in digest.abstentions]
    return parts
