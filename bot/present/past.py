"""Past runs as a card: what was decided, how sure, and what it has earned since."""

from zoneinfo import ZoneInfo

from bot.buttons import OpenVerdict, encode
from bot.cards import Button, DialogueCard, SummaryCard, SummaryLine
from bot.lookback_buttons import ExportRun, TurnHistory
from bot.lookback_buttons import encode as encode_page
from bot.present import numbers, words
from bot.present.prose import listed
from core.domain.ballot import Action
from core.domain.past import PastRun, PastRuns


def history_card(found: PastRuns, zone: ZoneInfo) -> SummaryCard | DialogueCard:
    """Return a page of past runs, with a button to open each and buttons to turn pages."""
    of = f" of {found.ticker}" if found.ticker else ""
    if not found.runs:
        ticker = found.ticker or "NVDA"
        return DialogueCard(title=f"No finished run{of} yet", examples=(f"/run {ticker}",))
    pages = [("◀ Newer", found.page - 1)] if found.page > 1 else []
    pages += [("Older ▶", found.page + 1)] if found.page < found.pages else []
    return SummaryCard(
        title=f"History{of}" if of else "History of all tickers",
        subtitle=f"{numbers.counted(found.total, 'run')}, newest first"
        + (f" · page {found.page} of {found.pages}" if found.pages > 1 else ""),
        lines=tuple(_line(run, zone) for run in found.runs),
        footer=f"Earned: the return in the direction of the verdict. · {words.PAPER}",
        buttons=(
            *(
                Button(label=_label(run, zone, named=not found.ticker), data=encode(OpenVerdict(run.run_id)))
                for run in found.runs
            ),
            *(
                Button(label=label, data=encode_page(TurnHistory(page, found.ticker)))
                for label, page in pages
            ),
        ),
    )


def _label(run: PastRun, zone: ZoneInfo, *, named: bool) -> str:
    day = numbers.day(run.as_of.astimezone(zone))
    return f"{run.ticker} {day}" if named else day


def _line(run: PastRun, zone: ZoneInfo) -> SummaryLine:
    verdict = run.verdict
    name = f"{numbers.day(run.as_of.astimezone(zone))} {run.ticker}"
    if verdict is None or verdict.decision is None:
        why = " ".join((verdict.rule or "").split()) if verdict else ""
        return SummaryLine(ticker=name, action=None, headline="no verdict", detail=why)
    return SummaryLine(
        ticker=name,
        action=verdict.decision,
        headline=verdict.decision.value,
        detail=f"{numbers.percent(verdict.agreement)} agree · "
        f"{numbers.percent(verdict.weighted_confidence)} confident",
        votes=_earned(run),
    )


def _earned(run: PastRun) -> str:
    if run.horizon is None or run.return_ratio is None:
        return "not settled yet"
    after = f"after {numbers.counted(run.horizon, 'session')}"
    if run.verdict and run.verdict.decision is Action.HOLD:
        return f"the price moved {numbers.percent_change(run.return_ratio)} {after}"
    earned = run.earned
    return "" if earned is None else f"earned {numbers.percent_change(earned)} {after}"


def export_card(recent: PastRuns, zone: ZoneInfo) -> DialogueCard:
    """Explain what an export is, and offer the last runs."""
    return DialogueCard(
        title="A whole run as files",
        text="Every word of every stage of each model, the ballots, the verdict, the hash of the evidence, "
        "and what it cost: as Markdown to read, and as JSON for programs.",
        examples=("/export run NVDA", "/export run NVDA claude"),
        footer=f"The last runs are offered below: {listed([run.ticker for run in recent.runs])}."
        if recent.runs
        else "No run has finished yet.",
        buttons=tuple(
            Button(label=_label(run, zone, named=True), data=encode_page(ExportRun(run.run_id)))
            for run in recent.runs
        ),
    )
