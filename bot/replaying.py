"""The terminal's view of a replay: a bar while it goes on, the ranking at its end."""

from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from bot.cli_report import write
from bot.documents import leaderboard_document
from bot.peers_table import peers_table
from bot.present import numbers
from bot.present.leaderboard import leaderboard_card
from bot.program import Output, opened
from bot.screen import Screen
from core.app.app import App
from core.config import Settings
from core.domain.errors import BudgetSpent, Refused
from core.domain.replay import Every, ReplayProgress
from core.domain.season import Season
from core.domain.stage import Preset

_LINES = 10


@dataclass(frozen=True)
class Asked:
    """What a person asked the command for."""

    first: date
    last: date
    tickers: tuple[str, ...]
    every: Every
    members: tuple[str, ...]
    preset: Preset
    season: Season | None
    budget_usd: Decimal | None
    metrics: str | None = None
    report: bool = True


async def replay(settings: Settings, output: Output, asked: Asked) -> None:
    """Replay, show how far it is, and print the ranking of the season at the end.

    Raises:
        Refused: it cannot be done, or it stopped for want of money; the sentence says how to go on.
    """
    async with opened(settings) as app:
        steps = app.replay(
            asked.first,
            asked.last,
            asked.tickers,
            every=asked.every,
            members=asked.members,
            preset=asked.preset,
            season=asked.season,
            budget_usd=asked.budget_usd,
        )
        try:
            async with aclosing(steps):
                last = await _watch(output.err, steps)
        except BudgetSpent as spent:
            again = "Give the same command a larger --budget, and it goes on there; nothing is paid twice."
            raise Refused(f"{spent} {again}") from None
        await _show(app, output, settings, asked, last)


async def _show(app: App, output: Output, settings: Settings, asked: Asked, last: ReplayProgress) -> None:
    """Print the ranking, figures by a peer's definitions if asked for, and where the report is.

    Raises:
        Refused: there was no price of anything.
    """
    if not last.runs_done:
        raise Refused(f"Nothing was asked in {last.season}: no ticker could be priced in any session.")
    left_out = last.runs - last.runs_done
    board = await app.leaderboard(last.season)
    peers = await app.ai_trader_figures(last.season) if asked.metrics else ()
    written = await write(app, last.season, None, with_chats=True) if asked.report else None
    if output.as_json:
        document = _document(last) | {"leaderboard": leaderboard_document(board)}
        if asked.metrics:
            document["ai_trader"] = {member: each.model_dump(mode="json") for member, each in peers}
        output.document(document | {"report": str(written) if written else None})
        return
    Screen(output.out).show(leaderboard_card(board, settings.scores))
    if asked.metrics:
        output.out.print(peers_table(peers))
    told = f" Left out for want of prices: {numbers.counted(left_out, 'run')}." if left_out else ""
    told += f" The report is in {written}." if written else ""
    output.sentence(f"The season is called {last.season}; its runs and books are kept.{told}")


async def _watch(console: Console, steps: AsyncIterator[ReplayProgress]) -> ReplayProgress:
    """Draw a bar on a terminal, or say every tenth in one line on a pipe; return the last progress."""
    last: ReplayProgress | None = None
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=None),
        TextColumn("{task.completed}/{task.total} sessions"),
        TextColumn("{task.fields[more]}"),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    told = 0
    with bar:
        task = bar.add_task("Replaying", total=None, more="")
        async for last in steps:
            words = told_of(last)
            day = last.session.isoformat() if last.session else ""
            bar.update(task, description=day, completed=last.sessions_done, total=last.sessions, more=words)
            tenth = last.sessions_done * _LINES // last.sessions
            if not console.is_terminal and tenth > told:
                told = tenth
                so_far = f"{last.sessions_done} of {last.sessions} sessions"
                console.print(f"{day}: {so_far} · {words}", markup=False, soft_wrap=True)
    if last is None:
        raise Refused("There was no session to replay.")
    return last


def told_of(progress: ReplayProgress) -> str:
    """Say how many runs are done and left, what they have cost so far, and how long the rest may take."""
    left = progress.runs - progress.runs_done
    words = [
        f"{progress.runs_done:,} runs done",
        f"{left:,} left",
        f"{numbers.usd(progress.cost_usd)} so far",
    ]
    if progress.seconds_left is not None and left:
        rest = timedelta(seconds=round(progress.seconds_left))
        words.append(f"about {rest} to go")
    return " · ".join(words)


def _document(progress: ReplayProgress) -> dict[str, object]:
    return {
        "season": str(progress.season),
        "sessions": progress.sessions,
        "runs": progress.runs_done,
        "total_cost_usd": f"{progress.cost_usd:f}",
    }


def split_list(texts: Sequence[str]) -> tuple[str, ...]:
    """Return the words of lists such as `NVDA,AAPL`, in their order, each once."""
    words = (word.strip() for text in texts for word in text.split(","))
    return tuple(dict.fromkeys(word for word in words if word))
