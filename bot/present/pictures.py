"""Pictures as cards: what each shows, in words, and the buttons under it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from bot.cards import Button, LeaderboardCard, PictureCard, PortfolioCard, StandingLine, VerdictCard
from bot.picture_buttons import Form, ShowChart, ShowRanking, ShowVotes, encode
from bot.present import numbers, words
from bot.present.scores import figure_text
from bot.present.season import marks_of, period, season_title
from core.domain.books import Side
from core.domain.price_history import Entry, PriceHistory
from core.domain.run import RunRecord
from core.domain.scores import Metric
from core.domain.season_report import SeasonReport

_ALT_SIGNS = 480
_ENTRIES = 8
_MOST_CHARTS = 8
_DID = {Side.BUY: "bought", Side.SELL: "sold"}


def stamp(now: datetime, zone: ZoneInfo) -> str:
    """Say when something was made, to the second: `Updated 14:03:22 (New York)`."""
    place = zone.key.rpartition("/")[2].replace("_", " ")
    return f"Updated {now.astimezone(zone):%H:%M:%S} ({place})"


def ranking_picture(
    card: LeaderboardCard, png: bytes, wish: ShowRanking | None = None, made: str = ""
) -> PictureCard:
    """Return the picture of a ranking, which `card` has in words; one that stays as it is has no `wish`."""
    caption = [_standing(line) for line in card.standings]
    caption += [*card.facts, *(f"{member} · {sentence}" for member, sentence in card.luck[:1])]
    ranked = f"{card.title}, {card.subtitle}"
    return PictureCard(
        name="leaderboard.png",
        png=png,
        title=card.title,
        caption=(card.subtitle, *caption),
        alt=_alt(f"A table: {ranked}.", caption),
        footer=card.footer,
        caveat=card.caveat,
        stamp=made,
        buttons=ranking_buttons(wish) if wish else (),
    )


def curves_picture(report: SeasonReport, png: bytes, wish: ShowRanking, made: str) -> PictureCard:
    """Return the picture of what every portfolio was worth, close by close."""
    about = f"{season_title(report.season)}, {period(report)}"
    caption = [
        f"{place.rank or '—'}. {card.member} {figure_text(Metric.RETURN, card.figures.get(Metric.RETURN))} · "
        f"{figure_text(Metric.VALUE, card.figures.get(Metric.VALUE))}"
        for place, card in report.ranking()
    ]
    if report.benchmark_curve and report.initial_cash_usd > 0:
        end = report.benchmark_curve[-1][1]
        change = numbers.percent_change(end / report.initial_cash_usd - Decimal(1))
        caption.append(f"{report.benchmark} in the same time: {change}.")
    return PictureCard(
        name="equity-curves.png",
        png=png,
        title="Equity curves",
        caption=(f"The value of every portfolio, close by close. {about}.", *caption),
        alt=_alt(f"A line for each member's portfolio: {about}.", caption),
        footer=f"{marks_of(report)} {words.PAPER}",
        caveat=report.caveat,
        stamp=made,
        buttons=ranking_buttons(wish),
    )


def votes_picture_card(card: VerdictCard, png: bytes, run_id: str, made: str) -> PictureCard:
    """Return the picture of a run's votes, which `card` has in words."""
    caption = [
        f"{action.value}: {numbers.counted(count, 'vote')}, {share} of the weight"
        for action, count, _, share in card.votes
    ]
    seats = (*card.members, *card.followers)
    caption += [f"{line.member} {line.action or ''} {line.detail}" for line in seats]
    return PictureCard(
        name=f"votes-{card.ticker}.png",
        png=png,
        title=f"{card.ticker}: {card.headline}",
        caption=(card.subtitle, *([card.rule] if card.rule else []), *map(_single, caption)),
        alt=_alt(f"Bars of the votes about {card.ticker}: {card.headline}.", caption),
        footer=card.footer,
        caveat=card.caveat,
        stamp=made,
        buttons=(Button(label="Refresh", data=encode(ShowVotes(run_id))),),
    )


def chart_picture(history: PriceHistory, png: bytes, member: int, made: str) -> PictureCard:
    """Return the picture of a ticker's prices with a member's entries; `member` is its number."""
    first, last = history.bars[0], history.bars[-1]
    about = f"{history.ticker} from {numbers.day(first.date)} to {numbers.day(last.date)}"
    caption = [f"Last price {numbers.price(last.close)} on {numbers.day(last.date)}."]
    if held := history.position:
        caption.append(_held(history, numbers.shares(abs(held.shares)), short=held.shares < 0))
    shown = history.entries[-_ENTRIES:]
    caption += [_entry(one) for one in reversed(shown)]
    if before := history.earlier + len(history.entries) - len(shown):
        caption.append(f"and {numbers.counted(before, 'trade')} before that")
    return PictureCard(
        name=f"{history.ticker}.png",
        png=png,
        title=f"{history.ticker} and {history.member}",
        caption=(f"Daily closes, {about}.", *caption),
        alt=_alt(f"A line of daily closes, {about}, with the trades of {history.member}.", caption),
        footer=f"{season_title(history.season)} · {words.PAPER}",
        caveat=history.caveat,
        stamp=made,
        buttons=(Button(label="Refresh", data=encode(ShowChart(member, history.ticker))),),
    )


def ranking_buttons(wish: ShowRanking) -> tuple[Button, ...]:
    """Return the buttons under a picture of a ranking."""
    other = Form.CURVES if wish.form is Form.TABLE else Form.TABLE
    label = "Curves" if other is Form.CURVES else "Table"
    return (
        Button(label=label, data=encode(replace(wish, form=other, new=False))),
        Button(label="Refresh", data=encode(replace(wish, new=False))),
        Button(label="Text", data=encode(replace(wish, form=Form.TEXT, new=True))),
    )


def refreshable(card: LeaderboardCard, wish: ShowRanking, made: str, *, pictures: bool) -> LeaderboardCard:
    """Return a ranking in words with its buttons; `pictures` says whether the door shows any."""
    buttons = [Button(label="Refresh", data=encode(replace(wish, form=Form.TEXT, new=False)))]
    if pictures:
        buttons.append(Button(label="Picture", data=encode(replace(wish, form=Form.TABLE, new=True))))
    return card.model_copy(update={"stamp": made, "buttons": tuple(buttons)})


def with_charts(card: PortfolioCard, member: int) -> PortfolioCard:
    """Return a portfolio with a button for the chart of each holding; `member` is its number."""
    tickers = [row[0] for row in card.holdings[:_MOST_CHARTS]]
    buttons = [Button(label=f"Chart {one}", data=encode(ShowChart(member, one, new=True))) for one in tickers]
    return card.model_copy(update={"buttons": (*card.buttons, *buttons)})


def picture_button(record: RunRecord) -> tuple[Button, ...]:
    """Return the button that shows the votes of a run as a picture, where anybody has cast a ballot."""
    if record.verdict is None or not record.ballots:
        return ()
    return (Button(label="Picture", data=encode(ShowVotes(record.run_id, new=True))),)


def _standing(line: StandingLine) -> str:
    place = line.medal.strip() or f"{line.rank}."
    parts = [
        line.score,
        line.return_,
        line.value,
        f"{line.trades} trade" + ("" if line.trades == "1" else "s"),
    ]
    told = f"{place} {line.member} " + " · ".join(part for part in parts if part.strip())
    return f"{told} · {line.warning}" if line.warning else told


def _held(history: PriceHistory, shares: str, *, short: bool) -> str:
    held = history.position
    if held is None:
        return ""
    levels = [
        ("average cost", held.average_cost),
        ("stop loss", held.stop_loss),
        ("take profit", held.take_profit),
    ]
    told = [f"{name} {numbers.price(price)}" for name, price in levels if price is not None and price > 0]
    what = f"Is short {shares} shares" if short else f"Holds {shares} shares"
    return f"{what}: {', '.join(told)}." if told else f"{what}."


def _entry(one: Entry) -> str:
    did = f"{_DID[one.fill.side]} {numbers.shares(one.shares)} at {numbers.price(one.price)}"
    return f"{numbers.day(one.fill.session)} {did}"


def _single(text: str) -> str:
    return " ".join(text.split())


def _alt(what: str, lines: Sequence[str]) -> str:
    """Return a description for who hears the picture; what is too long to be listened to ends with …."""
    text = _single(f"{what} {'; '.join(lines)}")
    return text if len(text) <= _ALT_SIGNS else text[: _ALT_SIGNS - 1].rstrip() + "…"
