"""Alerts as cards: one or two sentences about what has just happened."""

from zoneinfo import ZoneInfo

from bot.buttons import OpenVerdict, encode
from bot.cards import AlertCard, Button
from bot.present import numbers, words
from bot.present.prose import listed, sentence
from core.domain.alert import Alert, AlertKind
from core.domain.season import Season

_SAMPLE = "Sample prices, not today's market."
_SOMETHING = "a holding"
_WHOLE = 100


def alert_card(alert: Alert, zone: ZoneInfo) -> AlertCard:
    """Return the card of an alert, with a button to the verdict that it is about."""
    headline, text = _told(alert, zone)
    shows = alert.run_id and alert.kind is not AlertKind.BUDGET
    season = alert.season
    books = [f"season {season}"] if season and not season.is_reserved else []
    return AlertCard(
        sign=alert.kind.value,
        headline=" ".join(headline.split()),
        text=" ".join(text.split()),
        footer=" · ".join([numbers.moment(alert.at, zone), *books, words.PAPER]),
        caveat=_SAMPLE if season == Season.SAMPLE else None,
        buttons=(Button(label="Show the verdict", data=encode(OpenVerdict(alert.run_id))),)
        if shows and alert.run_id
        else (),
    )


def _told(alert: Alert, zone: ZoneInfo) -> tuple[str, str]:
    match alert.kind:
        case AlertKind.STOP:
            return _level(alert, "stop")
        case AlertKind.TAKE_PROFIT:
            return _level(alert, "take-profit")
        case AlertKind.FLIP:
            return _flip(alert)
        case AlertKind.MODEL_DOWN:
            return _down(alert)
        case AlertKind.BUDGET:
            return _budget(alert)
        case AlertKind.SEASON:
            season = alert.season or Season.LIVE
            return f"The season {season} has ended", f"/season {season} shows the final table."
        case AlertKind.KEY:
            return _key(alert)
        case AlertKind.ROUTE:
            return _route(alert, zone)


def _level(alert: Alert, level: str) -> tuple[str, str]:
    ticker, members = alert.ticker or _SOMETHING, alert.members
    at = f" at {numbers.price(alert.price)}" if alert.price is not None else ""
    if len(members) == 1:
        text = f"{ticker} reached the {level} of {members[0]}, and its holding was closed{at}"
    elif members:
        text = f"{ticker} reached the {level}s of {listed(members)}, and their holdings were closed{at}"
    else:
        text = f"{ticker} reached a {level}, and the holding was closed{at}"
    return f"{ticker}: {level} reached", sentence(text)


def _flip(alert: Alert) -> tuple[str, str]:
    ticker, members = alert.ticker or _SOMETHING, alert.members
    turned = f"turned from {alert.before} to {alert.after}" if alert.before and alert.after else "has changed"
    text = sentence(f"The committee's verdict on {ticker} {turned}")
    if members:
        text = f"{text} {sentence(f'It is held by {listed(members)}')}"
    return f"{ticker}: {alert.after or 'another verdict'}", text


def _down(alert: Alert) -> tuple[str, str]:
    member = listed(alert.members) if alert.members else "a model"
    text = sentence(f"No ballot came from {member} in its last runs; the others go on without it")
    if alert.reason:
        text = f"{text} {sentence(f'The newest reason: {alert.reason}')}"
    return f"{member} is down", text


def _budget(alert: Alert) -> tuple[str, str]:
    percent = alert.percent or 0
    whose = alert.reason or "the budget"
    limit = f" of {numbers.usd(alert.limit_usd)}" if alert.limit_usd is not None else ""
    if percent >= _WHOLE:
        return "Budget spent", sentence(f"{whose}{limit} is spent; no model is asked until it is renewed")
    return f"Budget at {percent} %", sentence(f"{percent} % of {whose}{limit} is spent")


def _key(alert: Alert) -> tuple[str, str]:
    key = alert.subject or "A key"
    if alert.happened == "no_credit":
        happened, headline = "has no credit left", f"{key}: no credit"
        mend = "Others go on where there are some; put money on it, then run conclave check"
    else:
        happened, headline = "was refused, and is not used any more", f"{key}: refused"
        mend = "Others go on where there are some; set a new secret, or mend it and run conclave check"
    text = f"{sentence(f'The key {key} {happened}')} {sentence(mend)}"
    return headline, f"{text} {sentence(f'The provider said: {alert.reason}')}" if alert.reason else text


def _route(alert: Alert, zone: ZoneInfo) -> tuple[str, str]:
    route = alert.subject or "a route"
    concerned = f" It is on the route of {listed(alert.members)}." if alert.members else ""
    if alert.happened == "back":
        since = f" after it was down since {numbers.moment(alert.since, zone)}" if alert.since else ""
        return f"{route} is back", f"{sentence(f'The route {route} answers again{since}')}{concerned}"
    text = sentence(f"The route {route} is down, and is left alone until one request finds it well")
    reason = f" {sentence(f'The reason: {alert.reason}')}" if alert.reason else ""
    return f"{route} is down", f"{text}{concerned}{reason}"
