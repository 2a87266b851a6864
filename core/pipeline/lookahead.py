"""A proof that no prompt knows the future: each vendor's is removed or changed, and every byte must stay."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TypeVar

from core.config import Settings
from core.domain.books import Portfolio
from core.domain.errors import ConclaveError
from core.domain.evidence import Evidence
from core.domain.lookahead import LookaheadReport, LookaheadTrial
from core.domain.run import Briefing
from core.domain.stage import Preset, StageRecord
from core.domain.usage import NOTHING_SPENT
from core.market.calendar import MarketCalendar
from core.market.chain import PriceChain
from core.market.gathering import Asked, Gatherer
from core.market.port import PriceVendor
from core.market.tampering import Counted, RecordedVendor, TamperedPrices, TamperedVendor, Tampering
from core.pipeline.author import View
from core.pipeline.evidence import build_evidence
from core.pipeline.facts import Facts
from core.pipeline.presets import steps
from core.pipeline.prompting import system_prompt, user_prompt

_MEMBER = "lookahead"
V = TypeVar("V", PriceVendor, Asked)


async def look_ahead(
    settings: Settings,
    prices: PriceChain,
    gatherer: Gatherer,
    calendar: MarketCalendar,
    ticker: str,
    as_of: datetime,
) -> LookaheadReport:
    """Build the prompts of all stages of the deepest preset, again and again with another future.

    `prices` should remember what its vendors said from well before to well after `as_of`. Books are empty,
    and what a member wrote before is the same each time, so that only evidence can make a difference.

    Raises:
        NoPrices: no vendor has usable prices at `as_of`.
    """
    recorded = gatherer.over(RecordedVendor)
    honest = await _pack(prices, recorded, calendar, ticker, as_of)
    wanted = prompts_of(honest, settings)
    sessions = calendar.of(honest.ticker)
    trials: list[LookaheadTrial] = []
    for how in Tampering:
        for vendor in prices.vendors:
            made = TamperedPrices(vendor, as_of, how, sessions)
            chain = prices.over(_put(made))
            differs = await _difference(chain, recorded, calendar, honest, wanted, settings)
            trials.append(_trial(vendor.name, "prices", how, made.counted, differs))
        for asked in recorded.vendors:
            other = TamperedVendor(asked, as_of, how, settings.market.evidence)
            changed = recorded.over(_put(other))
            differs = await _difference(prices, changed, calendar, honest, wanted, settings)
            trials.append(_trial(asked.name, _kinds(recorded, asked), how, other.counted, differs))
    return LookaheadReport(
        ticker=honest.ticker,
        as_of=honest.as_of,
        source=honest.source,
        evidence_sha256=honest.sha256,
        prompts=len(wanted),
        size=sum(len(text.encode()) for text in wanted.values()),
        trials=tuple(trials),
    )


def prompts_of(evidence: Evidence, settings: Settings) -> Mapping[str, str]:
    """Return every prompt of the deepest preset, by stage and round, as a member without books reads it."""
    cash = settings.arena.initial_cash
    briefing = Briefing(portfolio=Portfolio(member=_MEMBER, cash_usd=cash), equity_usd=cash)
    facts = Facts(evidence, budget=settings.pipeline.evidence_tokens)
    done: list[StageRecord] = []
    prompts: dict[str, str] = {}
    for step in steps(Preset.DEEP, settings.pipeline.debate_rounds):
        view = View(evidence, facts, briefing, settings.trading, tuple(done))
        asked = f"{system_prompt(evidence)}\n\n{user_prompt(step, view)}"
        prompts[f"{step.stage} round {step.round}"] = asked
        done.append(
            StageRecord(
                run_id=_MEMBER,
                member=_MEMBER,
                stage=step.stage,
                round=step.round,
                prompt="",
                output=f"What was said as {step.stage} in round {step.round}.",
                answer={},
                spend=NOTHING_SPENT,
                latency_ms=0,
                started_at=evidence.as_of,
                completed_at=evidence.as_of,
            )
        )
    return prompts


def _put(other: V) -> Callable[[V], V]:
    """Return what puts `other` in the place of the vendor with its name."""
    return lambda one: other if one.name == other.name else one


def _kinds(gatherer: Gatherer, vendor: Asked) -> str:
    return ", ".join(kind.value for kind, chain in gatherer.chains.items() if vendor in chain.vendors)


async def _pack(
    prices: PriceChain, gatherer: Gatherer, calendar: MarketCalendar, ticker: str, as_of: datetime
) -> Evidence:
    series = await prices.bars(ticker, as_of)
    gathered = await gatherer.gather(series.ticker, series.as_of, live=False)
    session_open = calendar.of(series.ticker).is_open(series.as_of)
    return build_evidence(series, session_open=session_open, gathered=gathered)


async def _difference(
    prices: PriceChain,
    gatherer: Gatherer,
    calendar: MarketCalendar,
    honest: Evidence,
    wanted: Mapping[str, str],
    settings: Settings,
) -> str | None:
    """Name the first thing that another future changes."""
    try:
        pack = await _pack(prices, gatherer, calendar, honest.ticker, honest.as_of)
    except ConclaveError as error:
        return f"the evidence, which is refused: {error}"
    for name in Evidence.model_fields:
        if getattr(pack, name) != getattr(honest, name):
            return f"the evidence, in {name}"
    for name, text in prompts_of(pack, settings).items():
        if text != wanted[name]:
            return f"the prompt of {name}"
    return None


def _trial(vendor: str, what: str, how: Tampering, counted: Counted, differs: str | None) -> LookaheadTrial:
    return LookaheadTrial(vendor=vendor, what=what, how=how.value, items=counted.items, differs=differs)
