"""Several verdicts as one card."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from bot.buttons import OpenVerdict, encode
from bot.cards import Button, SummaryCard, SummaryLine
from bot.present import numbers, words
from bot.present.prose import listed
from core.domain.ballot import Ballot
from core.domain.run import RunRecord, RunState
from core.domain.usage import NOTHING_SPENT

_WITHOUT_VERDICT = {
    RunState.FINISHED: "no verdict",
    RunState.CANCELLED: "stopped",
    RunState.FAILED: "failed",
    RunState.RUNNING: "still going on",
}


def verdicts_card(
    title: str,
    records: Sequence[RunRecord],
    skipped: Sequence[tuple[str, str]],
    zone: ZoneInfo,
    *,
    prices: Mapping[str, Decimal] | None = None,
    note: str | None = None,
) -> SummaryCard:
    """Return the summary of runs, and of tickers that were `skipped` with the reason why.

    `prices` are what the committees saw, in USD a share, by run id. `note` is a line on top, such as that the
    summary comes late.
    """
    told = [_line(record, (prices or {}).get(record.run_id) or _price(record)) for record in records]
    told += [
        SummaryLine(ticker=ticker, action=None, headline="skipped", detail=_plain(numbers.retold(reason)))
        for ticker, reason in skipped
    ]
    return SummaryCard(
        title=title,
        subtitle=_subtitle(records, zone),
        lines=tuple(told),
        footer=" · ".join([*_footer(records), words.PAPER]),
        caveat=next((record.caveat for record in records if record.caveat), None),
        note=note,
        buttons=tuple(
            Button(label=record.ticker, data=encode(OpenVerdict(record.run_id))) for record in records
        ),
    )


def _subtitle(records: Sequence[RunRecord], zone: ZoneInfo) -> str:
    if not records:
        return "Nothing was run"
    presets = list(dict.fromkeys(record.preset.value for record in records))
    moments = {numbers.moment(record.as_of, zone) for record in records}
    newest = max(record.as_of for record in records)
    word = "as of" if len(moments) == 1 else "newest as of"
    return f"{', '.join(presets)} · {word} {numbers.moment(newest, zone)}"


def _line(record: RunRecord, price: Decimal | None) -> SummaryLine:
    if record.state is not RunState.FINISHED:  # who voted until then, and at which price, decides nothing
        to_come = "the verdict comes in its own message" if record.state is RunState.RUNNING else ""
        told = _plain(record.reason or to_come)
        return SummaryLine(
            ticker=record.ticker, action=None, headline=_WITHOUT_VERDICT[record.state], detail=told
        )
    verdict = record.verdict
    at = [f"at {numbers.price(price)}"] if price is not None else []
    if verdict is None or verdict.decision is None:
        why = (verdict.rule if verdict else None) or record.reason or ""
        return SummaryLine(
            ticker=record.ticker,
            action=None,
            headline=_WITHOUT_VERDICT[record.state],
            detail=" · ".join(part for part in [_plain(why), *at] if part),
            votes=_votes(record),
        )
    return SummaryLine(
        ticker=record.ticker,
        action=verdict.decision,
        headline=verdict.decision.value,
        detail=" · ".join(
            [
                f"{numbers.percent(verdict.agreement)} agree",
                f"{numbers.percent(verdict.weighted_confidence)} confident",
                *at,
                *_cost(record),
            ]
        ),
        votes=_votes(record),
    )


def _votes(record: RunRecord) -> str:
    """Say how the ballots fell, who stood against the verdict and who cast none."""
    verdict = record.verdict
    parts = []
    if verdict and record.ballots:
        parts.append(words.votes(verdict.votes))
        cast: Mapping[str, Ballot] = {ballot.member: ballot for ballot in record.ballots}
        against = [f"{name} ({cast[name].action})" for name in verdict.outliers if name in cast]
        parts += [f"against: {listed(against)}"] if against else []
    if record.abstentions:
        parts.append(f"{len(record.abstentions)} abstained")
    return " · ".join(parts)


def _price(record: RunRecord) -> Decimal | None:
    """Return what the evidence said by way of an order, as far as there is one."""
    return next((order.reference_price for order in record.orders), None)


def _cost(record: RunRecord) -> list[str]:
    if not record.tokens and not record.cost_usd:
        return []
    told = words.cost_of(record.spend)
    # Beside the price an amount alone could be anything.
    return [told if told == words.COST_UNKNOWN else f"cost {told}"]


def _footer(records: Sequence[RunRecord]) -> list[str]:
    spend = sum((record.spend for record in records), NOTHING_SPENT)
    parts = []
    if spend.tokens or spend.cost_usd:
        parts += [words.cost_of(spend), numbers.tokens(spend.tokens)]
    ended: list[datetime] = [record.finished_at for record in records if record.finished_at]
    if ended:
        took = max(ended) - min(record.started_at for record in records if record.finished_at)
        parts.append(numbers.duration(int(took.total_seconds() * 1000)))
    return parts


def _plain(reason: str) -> str:
    return " ".join(reason.split())
