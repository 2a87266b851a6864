"""The steps of subscribing by buttons."""

from collections.abc import Mapping, Sequence

from bot.cards import Button, DialogueCard
from bot.dialogue_buttons import WATCHLIST, Choose, Leave, encode, fits
from bot.present.subscriptions import city
from core.domain.subscription import Topic

TIMES: Mapping[str, tuple[str, str]] = {
    "a": ("After the close", "after close"),
    "b": ("Before the open", "before open"),
    "c": ("Weekdays 16:30", "weekdays 16:30"),
    "d": ("Fridays 17:00", "fridays 17:00"),
    "e": ("Every day 09:00", "daily 09:00"),
    "f": ("Weekdays 09:00", "weekdays 09:00"),
    "g": ("Sundays 18:00", "sundays 18:00"),
    "h": ("Mondays 09:00", "mondays 09:00"),
    "i": ("Weekdays 18:00", "weekdays 18:00"),
}
"""What each letter in a button stands for: its label, and the words that a person would type.

Buttons outlive versions: a letter keeps its meaning for ever.
"""
OTHER = "o"
"""The letter of a time that is none of these."""
OFFERED: Mapping[Topic, str] = {
    Topic.VERDICTS: "acb",
    Topic.LEADERBOARD: "dae",
    Topic.DIGEST: "bafe",
    Topic.REVIEW: "dgh",
    Topic.COSTS: "ief",
}
_TOPICS = {
    Topic.VERDICTS: "Verdicts",
    Topic.LEADERBOARD: "Leaderboard",
    Topic.DIGEST: "Digest",
    Topic.REVIEW: "Weekly review",
    Topic.COSTS: "Costs",
    Topic.ALERTS: "Alerts",
}
_ABOUT = (
    ("Verdicts", "the committee decides on tickers, and its verdicts are posted"),
    ("Leaderboard", "how the members stand, with their curves"),
    ("Digest", "what was decided, what it earned, and who disagreed"),
    ("Weekly review", "how far each model could be trusted"),
    ("Costs", "what all calls to models have cost, for admins"),
    ("Alerts", "stops hit, verdicts turned round, a model down, a budget nearly spent"),
)
_EXAMPLES: Mapping[Topic, tuple[str, ...]] = {
    Topic.VERDICTS: (
        "/subscribe verdicts {tickers}weekdays 15:30 Europe/London",
        "/subscribe verdicts {tickers}30 minutes before close",
    ),
    Topic.LEADERBOARD: ("/subscribe leaderboard fridays 17:00 America/New_York",),
    Topic.DIGEST: ("/subscribe digest daily after close", "/subscribe digest weekdays 08:15"),
    Topic.REVIEW: ("/subscribe review saturdays 10:00",),
    Topic.COSTS: ("/subscribe costs weekdays 18:00",),
}


def ask_topic(chat: str) -> DialogueCard:
    """Ask what a chat would like to receive; `chat` is its mark for buttons."""
    return DialogueCard(
        title="What would you like to receive here?",
        facts=_ABOUT,
        footer="Or in one line: /subscribe digest weekdays 09:00",
        buttons=(
            *(Button(label=label, data=encode(Choose(chat, topic))) for topic, label in _TOPICS.items()),
            _cancel(chat),
        ),
    )


def ask_tickers(chat: str, watchlist: Sequence[str], recent: Sequence[str]) -> DialogueCard:
    """Ask which tickers the verdicts are about: the watchlist, one that was run lately, or all of these."""
    offered: list[tuple[str, tuple[str, ...]]] = []
    if watchlist:
        offered.append((f"Watchlist ({', '.join(watchlist)})", WATCHLIST))
    offered += [(ticker, (ticker,)) for ticker in recent]
    if len(recent) > 1:
        offered.append((f"All {len(recent)}", tuple(recent)))
    wishes = [(label, Choose(chat, Topic.VERDICTS, None, tickers)) for label, tickers in offered]
    buttons = [Button(label=label, data=encode(wish)) for label, wish in wishes if fits(wish)]
    return DialogueCard(
        title="Verdicts on which tickers?",
        text="" if offered else "No ticker has been run here yet, so name some in one line:",
        examples=("/subscribe verdicts NVDA,AAPL after close",),
        buttons=(*buttons, _cancel(chat)),
    )


def ask_time(wish: Choose, topic: Topic, zone: str) -> DialogueCard:
    """Ask when; times of the clock are those of the chat's `zone`."""
    about = f" on {_named(wish.tickers)}" if topic is Topic.VERDICTS else ""
    offered = [(TIMES[letter][0], letter) for letter in OFFERED[topic]]
    chosen = [
        (label, Choose(wish.chat, topic, letter, wish.tickers))
        for label, letter in [*offered, ("Another time…", OTHER)]
    ]
    return DialogueCard(
        title=f"{_TOPICS[topic]}{about}: when?",
        footer=f"Times of the clock are those of {city(zone)}; /settings changes that.",
        buttons=(*(Button(label=label, data=encode(each)) for label, each in chosen), _cancel(wish.chat)),
    )


def explain_times(wish: Choose, topic: Topic) -> DialogueCard:
    """Explain how a time that no button offers is written."""
    tickers = f"{','.join(wish.tickers)} " if wish.tickers else ""
    return DialogueCard(
        title="Write the time in one line",
        text="Days (daily, weekdays, mon,wed, fridays) and a time, with a time zone if it is not the chat's; "
        "or so many minutes before or after the open or the close.",
        examples=tuple(example.format(tickers=tickers) for example in _EXAMPLES[topic]),
        footer="/help subscribe says more.",
        buttons=(Button(label="◀ Back", data=encode(Choose(wish.chat, topic, None, wish.tickers))),),
    )


def left_card() -> DialogueCard:
    """Say that a dialogue has ended without having changed anything."""
    return DialogueCard(title="Nothing was changed", footer="/subscriptions lists what this chat receives.")


def _cancel(chat: str) -> Button:
    return Button(label="Cancel", data=encode(Leave(chat)))


def _named(tickers: Sequence[str] | None) -> str:
    return ", ".join(tickers) if tickers else "the watchlist"
