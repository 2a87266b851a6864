"""A proof that no prompt knows the future: each vendor's is removed or changed, and every byte must stay."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, TypeVar

from core.config import Settings
from core.domain.books import Portfolio
from core.domain.errors import ConclaveError, NoPrices
from core.domain.evidence import Evidence
from core.domain.evidence_items import EvidenceKind
from core.domain.lookahead import LookaheadProof, LookaheadReport, LookaheadTrial
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

    First with all vendors together as they are configured, then with each alone, because one that stands
    behind another may not be asked. `prices` should remember what its vendors said from well before to well
    after `as_of`. Books are empty, and what a member wrote before is the same each time, so that only
    evidence can make a difference.

    Raises:
        NoPrices: no vendor has usable prices at `as_of`.
    """
    recorded = gatherer.over(RecordedVendor)
    moment = _Moment(settings, calendar, ticker, as_of)
    honest = await moment.pack(prices, recorded)
    wanted = prompts_of(honest, settings)
    together = _Honest(moment, honest, wanted)
    tried: list[_Tried] = []
    for how in Tampering:
        tried += [await together.with_other_prices(prices, recorded, one, how) for one in prices.vendors]
        tried += [
            await together.with_other_evidence(prices, recorded, one, how, _kinds(recorded, one))
            for one in recorded.vendors
        ]
    return LookaheadReport(
        ticker=honest.ticker,
        as_of=honest.as_of,
        source=honest.source,
        evidence_sha256=honest.sha256,
        prompts=len(wanted),
        size=sum(len(text.encode()) for text in wanted.values()),
        trials=tuple(one.trial for one in tried),
        alone=(
            *[await _prices_alone(moment, prices, recorded, vendor) for vendor in prices.vendors],
            *[
                await _evidence_alone(moment, prices, recorded, kind, asked)
                for kind, chain in recorded.chains.items()
                if kind is not EvidenceKind.IDENTITY  # it has no time
                for asked in chain.vendors
            ],
        ),
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


@dataclass(frozen=True)
class _Moment:
    """A ticker at a moment."""

    settings: Settings
    calendar: MarketCalendar
    ticker: str
    as_of: datetime

    async def pack(self, prices: PriceChain, gatherer: Gatherer) -> Evidence:
        """Return its evidence."""
        series = await prices.bars(self.ticker, self.as_of)
        gathered = await gatherer.gather(series.ticker, series.as_of, live=False)
        session_open = self.calendar.of(series.ticker).is_open(series.as_of)
        return build_evidence(series, session_open=session_open, gathered=gathered)


class _Tried(NamedTuple):
    """A trial, and how many answers the vendor gave, of whatever time."""

    trial: LookaheadTrial
    said: int


@dataclass(frozen=True)
class _Honest:
    """The pack and the prompts of a moment, with which those of another future are compared."""

    moment: _Moment
    pack: Evidence
    wanted: Mapping[str, str]

    async def with_other_prices(
        self, prices: PriceChain, gatherer: Gatherer, vendor: PriceVendor, how: Tampering
    ) -> _Tried:
        """Try another future of one vendor of prices."""
        sessions = self.moment.calendar.of(self.pack.ticker)
        other = TamperedPrices(vendor, self.moment.as_of, how, sessions)
        differs = await self._difference(prices.over(_put(other)), gatherer)
        return _tried(vendor.name, "prices", how, other.counted, differs)

    async def with_other_evidence(
        self, prices: PriceChain, gatherer: Gatherer, vendor: Asked, how: Tampering, what: str
    ) -> _Tried:
        """Try another future of one vendor of other evidence."""
        other = TamperedVendor(vendor, self.moment.as_of, how, self.moment.settings.market.evidence)
        differs = await self._difference(prices, gatherer.over(_put(other)))
        return _tried(vendor.name, what, how, other.counted, differs)

    async def _difference(self, prices: PriceChain, gatherer: Gatherer) -> str | None:
        """Name the first thing that another future changes."""
        try:
            pack = await self.moment.pack(prices, gatherer)
        except ConclaveError as error:
            return f"the evidence, which is refused: {error}"
        for name in Evidence.model_fields:
            if getattr(pack, name) != getattr(self.pack, name):
                return f"the evidence, in {name}"
        for name, text in prompts_of(pack, self.moment.settings).items():
            if text != self.wanted[name]:
                return f"the prompt of {name}"
        return None


async def _prices_alone(
    moment: _Moment, prices: PriceChain, gatherer: Gatherer, vendor: PriceVendor
) -> LookaheadProof:
    chain, nothing = prices.alone(vendor), gatherer.of_nothing()
    try:
        pack = await moment.pack(chain, nothing)
    except NoPrices as error:
        reason = error.causes[0].reason if error.causes else str(error)
        return LookaheadProof(vendor=vendor.name, what="prices", unproved=reason.rstrip("."))
    honest = _Honest(moment, pack, prompts_of(pack, moment.settings))
    tried = [await honest.with_other_prices(chain, nothing, vendor, how) for how in Tampering]
    return _proof(vendor.name, "prices", tried, pack)


async def _evidence_alone(
    moment: _Moment, prices: PriceChain, gatherer: Gatherer, kind: EvidenceKind, vendor: Asked
) -> LookaheadProof:
    alone = gatherer.alone(kind, vendor)
    pack = await moment.pack(prices, alone)
    honest = _Honest(moment, pack, prompts_of(pack, moment.settings))
    tried = [await honest.with_other_evidence(prices, alone, vendor, how, kind.value) for how in Tampering]
    return _proof(vendor.name, kind.value, tried, pack)


def _proof(vendor: str, what: str, tried: Sequence[_Tried], pack: Evidence) -> LookaheadProof:
    """Return what trials prove: nothing of a vendor that gave no answer, whatever was invented for it."""
    trials = tuple(one.trial for one in tried)
    if any(one.said for one in tried) or any(trial.differs for trial in trials):
        return LookaheadProof(vendor=vendor, what=what, trials=trials)
    reasons = "; ".join(absence.reason for absence in pack.absences)
    return LookaheadProof(vendor=vendor, what=what, unproved=reasons or "it said nothing")


def _tried(vendor: str, what: str, how: Tampering, counted: Counted, differs: str | None) -> _Tried:
    trial = LookaheadTrial(vendor=vendor, what=what, how=how.value, items=counted.items, differs=differs)
    return _Tried(trial, counted.said)
