"""The same evidence asked again and again with its sections in another order: who decides by the order?

Nothing of it reaches the books: there are no ballots, no orders, and the member is told of an empty portfolio
with the arena's initial cash, the same for all.
"""

import asyncio
import logging
import math
import random
from collections.abc import Sequence

from core.clock import Clock
from core.config import Settings
from core.config.members import MemberSettings
from core.domain.ballot import Abstention, AbstentionKind, Action, Ballot, MemberResult
from core.domain.books import Portfolio
from core.domain.calls import Caller, Purpose
from core.domain.evidence import Evidence
from core.domain.ids import new_id
from core.domain.run import Briefing
from core.domain.stability import Stability
from core.domain.stage import Preset, Stage, StageRecord, Step
from core.domain.usage import NOTHING_SPENT
from core.llm.families import family_of
from core.llm.gateway import Gateway
from core.llm.scopes import run_scope
from core.pipeline.author import View
from core.pipeline.facts import SECTIONS, Facts
from core.pipeline.llm_author import LlmAuthor
from core.pipeline.member_run import MemberRun, first_of
from core.pipeline.presets import steps
from core.pipeline.sections import Section

Order = tuple[Section, ...]

log = logging.getLogger(__name__)


def shuffled(times: int, seed: int) -> tuple[Order, ...]:
    """Return so many orders of the sections; equal seeds give equal ones, and none repeats too soon."""
    dice = random.Random(seed)  # noqa: S311 - orders that anybody can make again
    most = math.factorial(len(SECTIONS))
    orders: list[Order] = []
    while len(orders) < times:
        order = tuple(dice.sample(SECTIONS, len(SECTIONS)))
        if order not in orders[len(orders) // most * most :]:
            orders.append(order)
    return tuple(orders)


class StabilityCheck:
    """Asks models for their decision on one pack. Each time is charged as a run of its own."""

    def __init__(self, settings: Settings, gateway: Gateway, clock: Clock) -> None:
        self._settings = settings
        self._gateway = gateway
        self._clock = clock

    async def check(
        self,
        evidence: Evidence,
        members: Sequence[MemberSettings],
        *,
        times: int,
        seed: int,
        preset: Preset,
        asked_in: str = "terminal",
    ) -> tuple[Stability, ...]:
        """Return what each member decided each time; what fails in one is no ballot of that member."""
        budget = self._settings.pipeline.evidence_tokens
        every = [Facts(evidence, order, budget) for order in shuffled(times, seed)]
        at = self._clock.now()
        # Stages of one run go on at the same time; whoever waits for them must not run out of time.
        together = 1 if preset is Preset.QUICK else 4
        turns = {one.name: asyncio.Semaphore(max(1, one.max_concurrency // together)) for one in members}
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [
                    [
                        group.create_task(
                            self._decided(turns[member.name], member, evidence, facts, preset, asked_in)
                        )
                        for facts in every
                    ]
                    for member in members
                ]
        except BaseExceptionGroup as failures:
            raise first_of(failures) from None
        return tuple(
            Stability(
                member=member.name,
                ticker=evidence.ticker,
                as_of=evidence.as_of,
                at=at,
                preset=preset,
                seed=seed,
                evidence_sha256=evidence.sha256,
                actions=tuple(_action(task.result()) for task in row),
                spend=sum((task.result().spend for task in row), NOTHING_SPENT),
            )
            for member, row in zip(members, tasks, strict=True)
        )

    async def _decided(
        self,
        turns: asyncio.Semaphore,
        member: MemberSettings,
        evidence: Evidence,
        facts: Facts,
        preset: Preset,
        asked_in: str,
    ) -> MemberResult:
        pipeline, cash = self._settings.pipeline, self._settings.arena.initial_cash
        run_id = new_id()
        caller = Caller(
            purpose=Purpose.STABILITY,
            member=member.name,
            tier=member.tier,
            run_id=run_id,
            chat=asked_in,
            person=asked_in,
            evidence_sha256=evidence.sha256,
        )
        own = member.route_of(Stage.DECISION)[0].partition(":")[2]
        author = LlmAuthor(
            self._gateway.model_for(member, caller=caller),
            max_output_tokens=member.max_output_tokens,
            family=family_of(own) if self._settings.arena.strict else None,
        )
        briefing = Briefing(portfolio=Portfolio(member=member.name, cash_usd=cash), equity_usd=cash)
        run = MemberRun(
            run_id,
            member.name,
            author,
            View(evidence=evidence, facts=facts, briefing=briefing, terms=self._settings.trading),
            steps(preset, pipeline.debate_rounds),
            clock=self._clock,
            stage_timeout_s=pipeline.stage_timeout_s,
            keep=_nowhere,
            tell=_nobody,
        )
        try:
            async with turns:
                return await run.result(pipeline.run_timeout_s)
        except Exception as error:
            # As in a run: what goes wrong inside is no ballot of this member, and nobody else's matter.
            log.exception("%s failed inside in a check of stability", member.name)
            reason = f"something went wrong inside ({type(error).__name__})"
            return Abstention(member=member.name, kind=AbstentionKind.FAILED, reason=reason)
        finally:
            self._gateway.budget.forget(run_scope(run_id))


def _action(result: MemberResult) -> Action | None:
    return result.action if isinstance(result, Ballot) else None


async def _nowhere(record: StageRecord) -> None:
    """Keep nothing of a stage."""


def _nobody(step: Step, record: StageRecord | None) -> None:
    """Tell nobody of a stage."""
