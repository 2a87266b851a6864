"""A season's report as words and shapes, ready for the templates."""

from collections.abc import Sequence
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from bot.cards import VerdictCard
from bot.present import numbers, words
from bot.present.authors import FROM_CACHE
from bot.present.scores import (
    figure_text,
    luck_interval,
    luck_sentence,
    metric_label,
    metric_meaning,
    metric_short,
)
from bot.present.season import marks_of, period, season_title
from bot.present.trades import fill_line
from bot.present.verdict import verdict_card
from bot.report.charts import Dot, drawdown_charts, equity_charts, reliability_dots
from bot.report.passages import Part, Passages
from core.domain.actions import ActionKind, CorporateAction
from core.domain.ballot import Abstention, Ballot
from core.domain.calibration import Calibration, ReliabilityBin
from core.domain.member import MemberKind
from core.domain.run import RunRecord
from core.domain.scores import Metric, Scorecard
from core.domain.season_report import SeasonReport
from core.domain.stage import ModelChat, StageRecord

_KINDS = {
    MemberKind.LLM.value: "model",
    MemberKind.BASELINE.value: "rule",
    MemberKind.COMMITTEE.value: "committee",
    MemberKind.CROWD.value: "crowd",
    MemberKind.IMPORTED.value: "imported",
}
_STANDINGS = (
    Metric.VALUE,
    Metric.RETURN,
    Metric.RETURN_AFTER_TOKENS,
    Metric.SHARPE,
    Metric.MAX_DRAWDOWN,
    Metric.TRADES,
    Metric.WIN_RATE,
)
_TONED = {Metric.PNL, Metric.RETURN, Metric.RETURN_AFTER_TOKENS, Metric.ANNUAL_RETURN, Metric.ALPHA}


class Cell(NamedTuple):
    """A figure in words, the number that its column is sorted by, and `good` or `bad`; empty for neither."""

    text: str
    sort: str
    tone: str = ""


class Row(NamedTuple):
    """One member in a table."""

    rank: int
    medal: str
    member: str
    kind: str
    cells: tuple[Cell, ...]
    emphasised: bool


class FallRow(NamedTuple):
    """One member's deepest fall."""

    member: str
    depth: Cell
    peak: str
    trough: str
    recovered: str


class CalibrationView(NamedTuple):
    """One member's calibration: its figures, its diagram, and each bin in words."""

    member: str
    about: str
    brier: str
    ece: str
    dots: tuple[Dot, ...]
    bins: tuple[tuple[str, str, str, str], ...]


class StageView(NamedTuple):
    """One stage of a ModelChat."""

    title: str
    facts: str
    points: tuple[str, ...]
    checks: tuple[str, ...]
    output: str
    prompt: tuple[Part, ...]


class ChatView(NamedTuple):
    """One member's ModelChat: its end in a line, its reasoning, and its stages."""

    member: str
    headline: str
    reasoning: str
    points: tuple[str, ...]
    stages: tuple[StageView, ...]


class RunView(NamedTuple):
    """One run: its card, what else there is to say, and the ModelChats."""

    number: int
    run_id: str
    day: str
    card: VerdictCard
    votes: str
    weights: tuple[tuple[str, str, str, str], ...]
    dissent: tuple[tuple[str, str, str], ...]
    source: str
    evidence: str
    chats: tuple[ChatView, ...]


def page_view(report: SeasonReport, zone: ZoneInfo) -> dict[str, Any]:
    """Return everything that the page shows apart from the runs."""
    cards = report.scorecards
    return around_view(report) | {
        "title": season_title(report.season),
        "about": f"{period(report)} · everyone started with {numbers.usd(report.initial_cash_usd)}",
        "made": numbers.moment(report.made_at, zone),
        "benchmark": report.benchmark,
        "ranked_by": metric_label(report.ranked_by).lower(),
        "overview": overview(report),
        "standing_heads": [(metric_short(metric), metric_label(metric)) for metric in _STANDINGS],
        "standings": _rows(report, _STANDINGS),
        "metric_heads": [(metric_short(metric), metric_label(metric)) for metric in Metric],
        "metrics": _rows(report, tuple(Metric)),
        "minimums": report.minimums,
        "equity": equity_charts(report),
        "drawdown": drawdown_charts(report),
        "falls": [_fall(card) for card in cards],
        "priced": bool(report.benchmark_curve),
        "luck": [(card.member, _luck(report, card), _interval(card)) for card in cards],
        "calibrations": [_calibration(found) for found in report.calibrations],
        "fills": [
            (numbers.day(fill.session), fill.member, fill_line(fill), fill.run_id) for fill in report.fills
        ],
        "actions": [_action(action) for action in report.corporate_actions],
        "runs": len(report.runs),
    }


def _luck(report: SeasonReport, card: Scorecard) -> str:
    return luck_sentence(card, report.benchmark, priced=bool(report.benchmark_curve))


def around_view(report: SeasonReport) -> dict[str, Any]:
    """Return what stands at both ends of the page."""
    return {
        "marks": marks_of(report),
        "caveat": report.caveat,
        "paper": words.PAPER,
        "meanings": [(metric_label(metric), metric_meaning(metric)) for metric in Metric],
    }


def _rows(report: SeasonReport, metrics: tuple[Metric, ...]) -> list[Row]:
    return [
        Row(
            rank=place.rank,
            medal=place.medal,
            member=card.member,
            kind=_KINDS.get(card.kind, card.kind),
            cells=tuple(_cell(report, card, metric) for metric in metrics),
            emphasised=card.kind in {MemberKind.COMMITTEE, MemberKind.CROWD},
        )
        for place, card in report.ranking()
    ]


def _cell(report: SeasonReport, card: Scorecard, metric: Metric) -> Cell:
    figure = card.figures.get(metric)
    value = figure.value if figure else None
    text = figure_text(metric, figure, report.minimums)
    if value is None:
        return Cell(text, "")
    tone = "" if metric not in _TONED or not value else "good" if value > 0 else "bad"
    return Cell(text, str(value), tone)


def _interval(card: Scorecard) -> str:
    """Return the interval where the sentence before it does not name it already."""
    return luck_interval(card) if card.luck and not card.luck.told_apart else ""


def _fall(card: Scorecard) -> FallRow:
    fall = card.drawdown
    if fall is None:
        return FallRow(card.member, Cell("none", ""), "", "", "")
    depth = figure_text(Metric.MAX_DRAWDOWN, card.figures.get(Metric.MAX_DRAWDOWN))
    return FallRow(
        card.member,
        Cell(depth, str(fall.depth)),
        numbers.day(fall.peak),
        numbers.day(fall.trough),
        numbers.day(fall.recovered) if fall.recovered else "not yet",
    )


def overview(report: SeasonReport) -> list[str]:
    """Say whether the committee and the crowd beat the models beside them, and who left or began again."""
    names = {
        MemberKind.COMMITTEE: ("The committee", report.committee_beats),
        MemberKind.CROWD: ("The crowd", report.crowd_beats),
    }
    found = []
    ranking = report.ranking()
    for place, card in ranking:
        if card.kind not in names or not place.rank:
            continue
        name, behind = names[MemberKind(card.kind)]
        told = f"{name} is at rank {place.rank} of {len(ranking)}"
        if behind is not None:
            told += f", ahead of {behind} of {numbers.counted(report.models, 'model')}"
        found.append(f"{told}.")
    for aside in report.asides:
        if aside.left_on:
            found.append(f"{aside.member} left on {numbers.day(aside.left_on)}.")
        if aside.reset_on and aside.reset_was_usd is not None:
            again = words.reset(aside.reset_on, aside.reset_was_usd)
            found.append(f"{aside.member} was {again}; its value, its returns and its curve begin there.")
    return found


def _calibration(found: Calibration) -> CalibrationView:
    return CalibrationView(
        member=found.member,
        about=f"{numbers.counted(found.settled, 'ballot')} settled after "
        f"{numbers.counted(found.horizon, 'session')}",
        brier="n/a" if found.brier.value is None else f"{found.brier.value:.4f}",
        ece="n/a" if found.ece.value is None else f"{found.ece.value * 100:.1f} %",
        dots=reliability_dots(found),
        bins=tuple(_bin(each) for each in found.bins if each.count),
    )


def _bin(each: ReliabilityBin) -> tuple[str, str, str, str]:
    stated = "" if each.mean_confidence is None else f"{each.mean_confidence * 100:.1f} %"
    right = "" if each.right_fraction is None else f"{each.right_fraction * 100:.1f} %"
    return f"{float(each.low) * 100:g} to {float(each.high) * 100:g} %", f"{each.count:,}", stated, right


def _action(action: CorporateAction) -> tuple[str, str, str]:
    if action.kind is ActionKind.SPLIT:
        told = f"split: one share became {numbers.shares(action.value)}"
    else:
        told = f"dividend of {numbers.price(action.value)} a share"
    return numbers.day(action.ex_date), action.ticker, f"{told}, by {action.source}"


def run_view(number: int, record: RunRecord, chats: Sequence[ModelChat], zone: ZoneInfo) -> RunView:
    """Return one run; `number` counts the runs of the report and keeps their anchors apart."""
    card = verdict_card(record, {}, zone)
    passages = Passages(f"p{number}")
    verdict = record.verdict
    return RunView(
        number=number,
        run_id=record.run_id,
        day=numbers.moment(record.as_of, zone),
        card=card,
        votes=" · ".join(f"{action} {count}" for action, count, _, _ in card.votes) or "no ballots",
        weights=tuple(
            (
                used.member,
                numbers.weight(used.configured),
                numbers.weight(used.weight),
                f"learned from {numbers.counted(used.sample, 'ballot')}" if used.sample else "as configured",
            )
            for used in (verdict.weights if verdict else ())
        ),
        dissent=tuple(
            (each.member, each.action.value, each.reason) for each in (verdict.dissent if verdict else ())
        ),
        source=record.source,
        evidence=record.evidence_sha256,
        chats=tuple(_chat(chat, passages) for chat in chats),
    )


def _chat(chat: ModelChat, passages: Passages) -> ChatView:
    match chat.result:
        case Ballot() as ballot:
            confidence = numbers.percent(ballot.confidence)
            headline = f"{ballot.action} · {ballot.rating.value} · {confidence}"
            reasoning, points = ballot.reasoning, ballot.key_points
        case Abstention() as abstention:
            headline, reasoning, points = words.abstained(abstention), "", ()
        case None:
            headline, reasoning, points = "no result", "", ()
    return ChatView(
        member=chat.member,
        headline=headline,
        reasoning=reasoning,
        points=points,
        stages=tuple(_stage(stage, passages) for stage in chat.stages),
    )


def _stage(stage: StageRecord, passages: Passages) -> StageView:
    facts = [
        f"answered by {stage.served_by}" if stage.served_by else "no model",
        *([FROM_CACHE] if stage.from_cache else []),
        *([words.cost_of(stage.spend)] if stage.served_by else []),
        *([numbers.tokens(stage.spend.tokens)] if stage.spend.tokens else []),
        numbers.duration(stage.latency_ms),
    ]
    return StageView(
        title=words.stage_title(stage.stage, stage.round),
        facts=" · ".join(facts),
        points=stage.key_points,
        checks=words.checks_of(stage.marks),
        output=stage.output,
        prompt=tuple(passages.parts(stage.prompt)),
    )
