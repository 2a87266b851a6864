"""A season in words: its title and period, where it stands, and how it ended."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

from bot.cards import DialogueCard, LeaderboardCard, ModelsCard, Notice, SeasonCard, StandingLine
from bot.confirming import Confirmation, Deed
from bot.present import numbers, words
from bot.present.notices import Question
from bot.present.question import question_card
from core.domain.live_season import (
    Call,
    FinalLine,
    FinalTable,
    LiveSeason,
    SeasonLine,
    SeasonStarted,
    SeasonStatus,
)
from core.domain.season import Season
from core.domain.season_report import SeasonReport

_TITLES = {Season.LIVE: "Live season", Season.SAMPLE: "Sample season"}
_UNKNOWN = "—"
_PODIUM = 3
_MOST_PAST = 10

NOTHING_TO_END = Notice(text="No season is open, so there is none to end. /season shows the last one.")


def season_title(season: Season) -> str:
    """Return the season's name in front of people: `Live season`, `Season replay-2025`."""
    return _TITLES.get(season, f"Season {season}")


def period(report: SeasonReport) -> str:
    """Say from which session to which a report goes."""
    return span(report.first, report.last)


def span(first: date | None, last: date | None) -> str:
    """Say from which session to which a season goes."""
    if not first or not last:
        return "no session yet"
    if first == last:
        return numbers.day(first)
    return f"{numbers.day(first)} to {numbers.day(last)}"


def marks_of(report: SeasonReport) -> str:
    """Say of which day the prices are at which holdings are valued."""
    return f"Marks of {numbers.day(report.last)}." if report.last else "No marks yet."


def season_card(status: SeasonStatus, zone: ZoneInfo) -> SeasonCard:
    """Return where the live season stands, and the winners of those before it."""
    live = status.live
    past = status.past[:_MOST_PAST]
    return SeasonCard(
        title=season_title(live.season) if live else "Season",
        facts=_facts(status, live, zone) if live else (("State", "begins with the first live run"),),
        past=tuple((table.season, _won(table)) for table in past),
        footer=f"{_next(live)} {words.PAPER}",
    )


def seasons_card(lines: Sequence[SeasonLine]) -> ModelsCard:
    """Return all seasons: kind, days, state and winner."""
    return ModelsCard(
        title="Seasons",
        lines=tuple((line.season, _about(line)) for line in lines) or (("none yet", "a run begins one"),),
        footer="--season NAME reads any of them.",
    )


def _about(line: SeasonLine) -> str:
    days = f"from {numbers.day(line.first)}" + (f" to {numbers.day(line.last)}" if line.last else "")
    parts = [line.kind, days, "ended" if line.ended else "open"]
    if line.winner:
        told = f" {numbers.percent_change(line.winner_return)}" if line.winner_return is not None else ""
        parts.append(f"won by {line.winner}{told}")
    return " · ".join(parts)


def _facts(status: SeasonStatus, live: LiveSeason, zone: ZoneInfo) -> tuple[tuple[str, str], ...]:
    first = live.first_day or live.begins_at.astimezone(zone).date()
    facts = [("State", "frozen" if live.ended else "open"), ("First day", numbers.day(first))]
    if live.ended_at:
        facts.append(("Ended", numbers.day(live.ended_at.astimezone(zone).date())))
    elif live.last_day:
        facts.append(("Last day", numbers.day(live.last_day)))
    if status.day is not None and not live.ended:
        of = f" of {status.days}" if status.days is not None else ""
        facts.append(("Session", f"{status.day}{of}"))
        if status.days_left is not None:
            facts.append(("Left", numbers.counted(status.days_left, "session")))
    if status.leader:
        change = status.leader_return
        told = f", {numbers.percent_change(change)}" if change is not None else ""
        facts.append(("Winner" if live.ended else "Leader", f"{status.leader}{told}"))
    return tuple(facts)


def _next(live: LiveSeason | None) -> str:
    if live is None:
        return "/run NVDA begins it."
    if live.ended:
        return f"Nothing is traded until an admin starts another. /season {live.season} has its final table."
    return "/leaderboard ranks everybody." if live.last_day else "Nobody has said when it ends."


def _won(table: FinalTable) -> str:
    when = span(table.first, table.last)
    if table.winner is None:
        return f"nobody won · {when}"
    change = table.winner.return_ratio
    told = f", {numbers.percent_change(change)}" if change is not None else ""
    return f"{table.winner.medal} {table.winner.member}{told} · {when}".strip()


def final_card(table: FinalTable) -> LeaderboardCard:
    """Return the end of a season: the podium and the table, the best and the worst call, and the cost."""
    return LeaderboardCard(
        title=f"Final table of {table.season}",
        subtitle=f"{span(table.first, table.last)} · everyone started with "
        f"{numbers.usd(table.initial_cash_usd)}",
        standings=tuple(_line(table, line) for line in table.lines),
        facts=tuple(filter(None, (_benchmark(table), _falls(table), *_calls(table), _cost(table)))),
        footer=f"This season has ended and stays as it is. {words.PAPER}",
        caveat=table.caveat,
    )


def _line(table: FinalTable, line: FinalLine) -> StandingLine:
    value, change = line.value_usd, line.return_ratio
    return StandingLine(
        medal=line.medal,
        rank=str(line.rank) if line.rank else _UNKNOWN,
        member=line.member,
        value=_UNKNOWN if value is None else numbers.usd(value),
        pnl=_UNKNOWN if value is None else numbers.usd_change(value - table.initial_cash_usd),
        return_=_UNKNOWN if change is None else numbers.percent_change(change),
        trades=numbers.whole(line.trades),
        win_rate="",
        cash="",
        warning=_warning(line),
    )


def _warning(line: FinalLine) -> str | None:
    told = []
    if line.reset_on and line.reset_was_usd is not None:
        told.append(words.reset(line.reset_on, line.reset_was_usd))
    if line.value_usd is None:
        told.append("a holding had no usable price")
    return " · ".join(told) or None


def _benchmark(table: FinalTable) -> str | None:
    if table.benchmark_return is None:
        return None
    change = numbers.percent_change(Decimal(repr(table.benchmark_return)))
    return f"{table.benchmark} in the same time: {change}."


def _falls(table: FinalTable) -> str | None:
    """Say how deep the first of the table have fallen on the way."""
    first = [line for line in table.lines if line.rank and line.max_drawdown is not None][:_PODIUM]
    if not first:
        return None
    told = ", ".join(f"{line.member} {_percent(line.max_drawdown)}" for line in first)
    return f"Maximum drawdown: {told}."


def _percent(ratio: float | None) -> str:
    return numbers.ratio_percent(Decimal(repr(ratio or 0.0)))


def _calls(table: FinalTable) -> tuple[str | None, str | None]:
    return _call("Best", table.best), _call("Worst", table.worst)


def _call(which: str, call: Call | None) -> str | None:
    if call is None:
        return None
    return (
        f"{which} call: {call.member}, {call.action.value} {call.ticker} on {numbers.day(call.session)}, "
        f"{numbers.percent_change(call.earned)} in five sessions."
    )


def _cost(table: FinalTable) -> str:
    return f"{numbers.counted(table.runs, 'run')}, {numbers.cost(table.cost_usd)} for all models together."


def confirm_card(status: SeasonStatus, yes: Confirmation, name: str, words_again: str) -> DialogueCard:
    """Ask before a season is frozen for good; `name` is who asks."""
    ended = status.live.season if status.live else ""
    lead = f" {status.leader} leads it." if status.leader else ""
    then = f", and start {words_again.split()[2]}" if yes.deed is Deed.START_SEASON else ""
    return question_card(
        f"End the season {ended} for good?",
        f"Waiting orders are cancelled, and nothing in it changes any more.{lead}",
        yes,
        label=f"end {ended}{then}",
        name=name,
        words=words_again,
    )


def confirm_notice(status: SeasonStatus, words_again: str) -> Notice:
    """Ask in a terminal without buttons before a season is frozen for good."""
    live = status.live
    name = live.season if live else ""
    lead = f", which {status.leader} leads," if status.leader else ""
    return Question(
        text=f"This ends the season {name}{lead} for good: waiting orders are cancelled, and nothing in it "
        f"changes any more. To do it, send {words_again}",
        tone="warning",
    )


def in_place(notice: Notice) -> DialogueCard:
    """Return a sentence as a card that takes the place of the question, for everybody to read."""
    return DialogueCard(title="Done", text=notice.text)


def started_notice(started: SeasonStarted) -> Notice:
    """Say that a season has begun, and how the one before it ended."""
    live, before = started.live, started.before
    until = f" to {numbers.day(live.last_day)}" if live.last_day else ""
    begins = f" from {numbers.day(live.first_day)}" if live.first_day else ""
    text = f"The season {live.season} is open{begins}{until}: everyone begins with full cash and no holdings."
    if before is not None:
        winner = f", won by {before.winner.member}" if before.winner else ""
        text += f" The season {before.season} is frozen{winner}: /season {before.season}"
    return Notice(text=text)


def ends_notice(live: LiveSeason) -> Notice:
    """Say when a season will end."""
    day = numbers.day(live.last_day) if live.last_day else _UNKNOWN
    return Notice(text=f"The season {live.season} ends with the close of the last session until {day}.")
