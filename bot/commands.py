"""All commands, once. Help, the platforms' menus and the desk are made from this list."""

import difflib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot import arguments, board_arguments, season_arguments, subscription_arguments
from bot.access import Role
from bot.arguments import Arguments
from core.domain.errors import BadTicker, Refused
from core.domain.instrument import parse_ticker
from core.domain.scores import Metric


@dataclass(frozen=True)
class Command:
    """One command: how it is written, what it does in a line and in detail, and who may send it.

    `handler` names the function in `bot.handlers`; `read` turns the words after the name into values.
    """

    name: str
    usage: str
    summary: str
    detail: str
    role: Role
    handler: str
    read: Callable[[Sequence[str]], Arguments]
    aliases: tuple[str, ...] = ()


REGISTRY: tuple[Command, ...] = (
    Command(
        name="run",
        usage="/run NVDA [AAPL …] [quick|standard|deep] [2025-10-29]",
        summary="Ask the committee about a ticker",
        detail="Every model gets the same evidence, argues through its stages and casts a ballot; the "
        "ballots become a verdict, and each model trades its own paper portfolio. Up to five "
        "tickers at once. quick asks one question a model, standard twelve, deep adds rounds of debate. "
        "With a date, or a time such as 2025-10-29T15:30:00-04:00, they see only what was known then; a date "
        "means after that day's close. --members asks only some of them, and a part of each name is enough. "
        "--preset and --as-of work as in the terminal.",
        role=Role.RUNNER,
        handler="run",
        read=arguments.run,
        aliases=("analyse", "analyze"),
    ),
    Command(
        name="why",
        usage="/why NVDA [model] [stage]",
        summary="Open the verdict and each model's reasoning",
        detail="Shows the latest run of a ticker, or the run with an id. With a model, its reasoning stage "
        "by stage; with a stage too (market, news, fundamentals, sentiment, bull, bear, research, trader, "
        "risk_aggressive, risk_neutral, risk_conservative, decision), from there on. "
        "A part of the model's name is enough: /why NVDA claude bear.",
        role=Role.VIEWER,
        handler="why",
        read=arguments.why,
    ),
    Command(
        name="vote",
        usage="/vote NVDA buy|sell|hold [70]",
        summary="Vote while the committee decides",
        detail="In each run that goes on, one vote a person counts, with a confidence in percent if you "
        "give one. Another vote of yours replaces it until the run ends. What most people voted is then "
        "traded in the portfolio of the crowd, and a tie is HOLD, so that the leaderboard shows whether "
        "people beat the models. The buttons below a run that goes on do the same.",
        role=Role.VIEWER,
        handler="vote",
        read=arguments.vote,
    ),
    Command(
        name="leaderboard",
        usage="/leaderboard [7d|30d|all] [metric] [net]",
        summary="Rank the models by value or any other metric",
        detail="Value, profit or loss, return, trades, win rate and cash of every member, at the last marks. "
        "7d, 30d or any number of days looks at that time alone. With a metric it ranks by that: "
        f"{', '.join(Metric)}. All but value, pnl and return are as of the last close. With net, these "
        "three are less what the tokens cost. "
        "▲2 and ▼1 say how many ranks a member has moved since the session before.",
        role=Role.VIEWER,
        handler="leaderboard",
        read=board_arguments.leaderboard,
        aliases=("board", "top"),
    ),
    Command(
        name="portfolio",
        usage="/portfolio [model]",
        summary="Show a model's cash, holdings and orders",
        detail="One model's books: cash, holdings with their marks, orders that wait for the next open, and "
        "the last fills. A part of the name is enough. Without a model, everybody's in short.",
        role=Role.VIEWER,
        handler="portfolio",
        read=arguments.portfolio,
    ),
    Command(
        name="models",
        usage="/models [model]",
        summary="List who sits on the committee, and how far each is to be trusted",
        detail="Every member with its kind, the route by which it is reached, and its weight in the vote. "
        "With a model, or a part of its name: how often it was right 1, 5 and 20 sessions after its ballots, "
        "whether its confidence means what it says, and the weight that it has earned.",
        role=Role.VIEWER,
        handler="models",
        read=arguments.models,
        aliases=("members",),
    ),
    Command(
        name="subscribe",
        usage="/subscribe [verdicts|leaderboard|digest|review|alerts …]",
        summary="Let reports come by themselves, at the times of your choice",
        detail="Without words it asks by buttons. In one line: verdicts NVDA,AAPL weekdays 16:30 runs the "
        "committee; leaderboard fridays 17:00 America/New_York, digest before open, review saturdays "
        "10:00 and alerts on report what there is. Times are days (daily, weekdays, mon,wed) with a "
        "time of day, or before and after the open or close, as in 30 minutes before close. Verdicts "
        "take tickers or watchlist, and a preset. With a number, such as /subscribe 3 digest before "
        "open, it changes what number 3 receives.",
        role=Role.RUNNER,
        handler="subscribe",
        read=subscription_arguments.subscribe,
    ),
    Command(
        name="subscriptions",
        usage="/subscriptions [all]",
        summary="List what this chat receives, and when next",
        detail="Each with its number, its line, and its next time in the time zone of this chat. Buttons "
        "pause, resume and delete it. With all, an admin sees in a private chat what every chat "
        "receives.",
        role=Role.VIEWER,
        handler="subscriptions",
        read=subscription_arguments.subscriptions,
    ),
    Command(
        name="unsubscribe",
        usage="/unsubscribe [3|all]",
        summary="End a subscription",
        detail="By its number, or without one by a button. all asks once more before all of them go. Who "
        "made a subscription may end it, and so may every runner of the chat.",
        role=Role.VIEWER,
        handler="unsubscribe",
        read=subscription_arguments.unsubscribe,
    ),
    Command(
        name="settings",
        usage="/settings [timezone|quiet|cheaper|default …]",
        summary="Set this chat's time zone, quiet hours and cheaper runs",
        detail="timezone Europe/London says where its times are meant and shown. quiet 22:00-07:00 holds "
        "back what would come then until they are over; quiet off ends that. cheaper on lets a "
        "scheduled run be a quick one when the budget leaves no more. default sets everything back.",
        role=Role.VIEWER,
        handler="settings",
        read=subscription_arguments.settings,
    ),
    Command(
        name="season",
        usage="/season [NAME]",
        summary="Show where the season stands, and how others ended",
        detail="The day of the season, the sessions that are left, who leads, and who has won before. With "
        "the name of a season that has ended, its final table. Admins start a fresh one with /season start "
        "winter to 2025-12-31 (also from a day), let it end with /season end on 2025-12-31, or end it at "
        "once with /season end. What cannot be undone asks first.",
        role=Role.VIEWER,
        handler="season",
        read=season_arguments.season,
    ),
    Command(
        name="whoami",
        usage="/whoami",
        summary="Show your ids and your role here",
        detail="The ids of you and of this chat, as the configuration names them, and what you may do here.",
        role=Role.VIEWER,
        handler="whoami",
        read=arguments.nothing,
    ),
    Command(
        name="digest",
        usage="/digest",
        summary="Tell what has happened since the close before last",
        detail="The verdicts and what they have earned so far, who stood against whom, trades, movers and "
        "what it cost. /subscribe digest daily after close brings it here every day.",
        role=Role.VIEWER,
        handler="digest",
        read=arguments.nothing,
    ),
    Command(
        name="health",
        usage="/health",
        summary="Show how the service is",
        detail="Which platforms are connected, how far the books are, which subscriptions are due next, "
        "what came of the last ones, and how far behind they are.",
        role=Role.VIEWER,
        handler="health",
        read=arguments.nothing,
    ),
    Command(
        name="help",
        usage="/help [command]",
        summary="Explain the commands",
        detail="All commands in one line each, or one command in detail.",
        role=Role.VIEWER,
        handler="help",
        read=arguments.help_,
    ),
    Command(
        name="start",
        usage="/start",
        summary="Say what Conclave is",
        detail="What Conclave does, in one screen, with three examples.",
        role=Role.VIEWER,
        handler="start",
        read=arguments.nothing,
    ),
)

_BY_WORD = {word: command for command in REGISTRY for word in (command.name, *command.aliases)}


def find(word: str) -> Command:
    """Return the command with this name or alias, whatever its case, with or without a slash.

    Raises:
        Refused: there is none; the sentence names the nearest one.
    """
    name = word.removeprefix("/").lower()
    if command := _BY_WORD.get(name):
        return command
    near = difflib.get_close_matches(name, list(_BY_WORD), n=1, cutoff=0.6)
    if near:
        hint = f"Did you mean /{_BY_WORD[near[0]].name}?"
    elif ticker := _ticker_in(word):
        hint = f"Did you mean /run {ticker}?"
    else:
        hint = "Send /help for the list."
    raise Refused(f"I don't know the command “{arguments.shown(word)}”. {hint}")


def parse(text: str) -> tuple[Command, Arguments]:
    """Read one command that a person typed; nothing at all means `start`.

    Raises:
        Refused: no such command, or its arguments are wrong; the sentence says what to write instead.
    """
    words = text.split()
    command = find(words[0] if words else "start")
    return command, command.read(words[1:])


def _ticker_in(word: str) -> str | None:
    if word != word.upper():
        return None
    try:
        return parse_ticker(word)
    except BadTicker:
        return None
