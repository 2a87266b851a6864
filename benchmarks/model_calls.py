"""Calls per second of a core on a member's call path, against the bare SDK over the same HTTP backend.

    python benchmarks/model_calls.py [--calls 3000] [--rounds 3]

Both ask a simulated endpoint in another process for the same structured answer, 200 calls at once. The
reference is `AsyncOpenAI.chat.completions.create` and nothing else: no validation, no budget, no retry.
Ours is `ask_structured` over the gateway's model (steps, route, retry, budget, pace, concurrency, the SDK),
the validated answer, and its stage row committed to SQLite; the budget of the day, the run, the key and what
calls under way hold of them are in SQLite too, and so is the record of the call. Client and server are pinned
to a core each where there are two, and a second is one of the client's processor time: other work on the
machine does not count.
"""

import argparse
import asyncio
import gc
import itertools
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from openai import AsyncOpenAI, DefaultAioHttpClient
from pydantic import BaseModel, Field

from core.clock import SystemClock
from core.config.members import MemberSettings
from core.config.providers import Provider, ProviderKey
from core.config.secret import SecretRef
from core.config.settings import Budget, Pipeline, Settings
from core.domain.bars import Bar, Quote
from core.domain.books import Portfolio
from core.domain.calls import Caller
from core.domain.evidence import Evidence, Indicators
from core.domain.run import Briefing, RunRecord, RunState, Seat
from core.domain.season import Season
from core.domain.stage import Preset, Stage, StageRecord
from core.llm.answer_schema import answer_schema
from core.llm.gateway import Gateway
from core.llm.port import Message
from core.llm.structured import ask_structured
from core.store.store import Store

AT_ONCE = 200
GOAL = 0.6
MODEL = "maker/model-1"
KEY = "made-up-key"
OUTPUT_TOKENS = 1024
RUN = "benchmrk"
CLOCK = SystemClock()


class Decision(BaseModel):
    """As rich as a member's real answer."""

    action: Literal["BUY", "SELL", "HOLD"]
    rating: Literal["Buy", "Overweight", "Hold", "Underweight", "Sell"]
    confidence: Annotated[Decimal, Field(ge=0, le=1)]
    target_weight: Annotated[Decimal, Field(ge=0, le=1)] | None
    stop_loss: Decimal | None
    take_profit: Decimal | None
    risk_level: Literal["low", "medium", "high"]
    horizon: str
    reasoning: str
    key_points: list[str]


PROMPT = (
    Message(role="system", content="You are a member of an investment committee. " * 20),
    Message(role="user", content="Evidence: closes 101.25 102.50 99.75 and so on. " * 80),
)


def pin(process: int, core: int) -> None:
    if hasattr(os, "sched_setaffinity") and len(os.sched_getaffinity(0)) > 1:
        os.sched_setaffinity(process, {sorted(os.sched_getaffinity(0))[core]})


async def per_second(call: Callable[[], Awaitable[object]], calls: int) -> float:
    left = calls

    async def worker() -> None:
        nonlocal left
        while left > 0:
            left -= 1
            await call()

    gc.collect()
    started = time.process_time()
    await asyncio.gather(*(worker() for _ in range(AT_ONCE)))
    return calls / (time.process_time() - started)


def bare_call(client: AsyncOpenAI) -> Callable[[], Awaitable[object]]:
    schema = answer_schema(Decision)
    shape = {"name": schema.name, "schema": schema.json_schema, "strict": True}

    async def call() -> object:
        return await client.chat.completions.create(
            model=MODEL,
            messages=[{"role": turn.role, "content": turn.content} for turn in PROMPT],
            max_tokens=OUTPUT_TOKENS,
            response_format={"type": "json_schema", "json_schema": shape},
        )

    return call


def our_call(gateway: Gateway, member: MemberSettings, store: Store) -> Callable[[], Awaitable[object]]:
    numbers = itertools.count(1)
    caller = Caller(member=member.name, run_id=RUN, season=Season.SAMPLE)

    async def call() -> object:
        model = gateway.model_for(member, caller=caller)
        started = CLOCK.now()
        got = await ask_structured(
            model, PROMPT, Decision, schema=answer_schema(Decision), max_output_tokens=OUTPUT_TOKENS
        )
        record = StageRecord(
            run_id=RUN,
            member=member.name,
            stage=Stage.DECISION,
            round=next(numbers),
            prompt=PROMPT[0].content + PROMPT[1].content,
            output=got.value.reasoning,
            answer=got.value.model_dump(mode="json"),
            key_points=tuple(got.value.key_points),
            served_by=got.served_by,
            spend=got.spend,
            latency_ms=got.latency_ms,
            started_at=started,
            completed_at=CLOCK.now(),
        )
        return await store.stages.add(record)

    return call


async def open_store(folder: str, member: MemberSettings) -> Store:
    """A database on disk with one run that the member sits in."""
    now = CLOCK.now()
    store = await Store.open(f"sqlite+aiosqlite:///{folder}/bench.db", CLOCK)
    (seated,) = await store.members.seat([(member.name, member.kind, member.weight, member.route, True)])
    bar = Bar.model_validate({"date": now.date(), "open": 1, "high": 1, "low": 1, "close": 1, "volume": 1})
    quote = Quote(price=bar.close, at=now, session=bar.date, session_open=False)
    pack = Evidence(
        ticker="NVDA", as_of=now, source="made up", quote=quote, indicators=Indicators(), bars=(bar,)
    )
    await store.runs.save_evidence(pack)
    book = Portfolio(member=member.name, cash_usd=Decimal(10_000))
    seat = Seat(
        member=seated.name,
        number=seated.number,
        kind=seated.kind,
        weight=seated.weight,
        briefing=Briefing(portfolio=book, equity_usd=book.cash_usd),
    )
    record = RunRecord(
        run_id=RUN,
        ticker=pack.ticker,
        as_of=now,
        preset=Preset.STANDARD,
        season=Season.SAMPLE,
        state=RunState.RUNNING,
        config_hash="benchmark",
        evidence_sha256=pack.sha256,
        source=pack.source,
        requested_by="terminal",
        requested_in="terminal",
        started_at=now,
        seats=(seat,),
    )
    await store.runs.begin(record, "benchmark", "benchmark", now + timedelta(hours=1))
    return store


async def measure(base_url: str, calls: int, rounds: int) -> float:
    key = ProviderKey(name="main", secret=SecretRef("env:KEY"), daily_usd=Decimal(100_000))
    member = MemberSettings(
        name="member",
        route=(f"loopback:{MODEL}",),
        max_concurrency=256,
        max_output_tokens=OUTPUT_TOKENS,
        price_in_usd_per_mtok=Decimal(3),
        price_out_usd_per_mtok=Decimal(15),
    )
    settings = Settings(
        providers=(Provider(name="loopback", base_url=base_url, keys=(key,)),),
        members=(member,),
        pipeline=Pipeline(max_concurrency=1024),
        budget=Budget(daily_usd=Decimal(100_000), per_run_usd=Decimal(100_000)),
    )
    http = DefaultAioHttpClient()
    sdk = AsyncOpenAI(api_key=KEY, base_url=base_url, max_retries=0, http_client=http, timeout=60)
    with tempfile.TemporaryDirectory() as folder:
        store = await open_store(folder, member)
        gateway = Gateway(settings, environ={"KEY": KEY}, book=store.budgets, log=store.calls.log)
        bare, ours = bare_call(sdk), our_call(gateway, member, store)
        for call in (bare, ours):
            await per_second(call, AT_ONCE * 2)
        figures = [(await per_second(bare, calls), await per_second(ours, calls)) for _ in range(rounds)]
        await gateway.close()
        await store.close()
    await sdk.close()
    reference, figure = (statistics.median(column) for column in zip(*figures, strict=True))
    ratio = statistics.median(our / reference_ for reference_, our in figures)
    print(f"our call path   {figure:7.0f} calls/s   (route, retry, budget, schema, validation, records)")
    print(f"bare SDK        {reference:7.0f} calls/s   (chat.completions.create, same HTTP backend)")
    print(
        f"ratio           {ratio:7.2f}           goal at least {GOAL}: {'met' if ratio >= GOAL else 'MISSED'}"
    )
    return ratio


def main() -> int:
    arguments = argparse.ArgumentParser(description="Calls per second against the bare SDK.")
    arguments.add_argument("--calls", type=int, default=3000)
    arguments.add_argument("--rounds", type=int, default=3)
    chosen = arguments.parse_args()
    command = [sys.executable, "-m", "tests.loopback.model_server"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            pin(server.pid, 1)
            pin(0, 0)
            assert server.stdout is not None
            base_url = server.stdout.readline().strip()
            return 0 if asyncio.run(measure(base_url, chosen.calls, chosen.rounds)) >= GOAL else 1
        finally:
            server.terminate()


if __name__ == "__main__":
    sys.exit(main())
