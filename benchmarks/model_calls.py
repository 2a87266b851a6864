"""Calls per second of a core on a member's call path, against the bare SDK over the same HTTP backend.

    python benchmarks/model_calls.py [--calls 3000] [--rounds 3]

Both ask a simulated endpoint in another process for the same structured answer, 200 calls at once. The
reference is `AsyncOpenAI.chat.completions.create` and nothing else: no validation, no budget, no retry.
Ours is `ask_structured` over the gateway's model: steps, route, retry, budget, pace, concurrency, the SDK,
and the validated answer. Client and server are pinned to a core each where there are two, and a second is one
of the client's processor time, so that other work on the machine does not count.
"""

import argparse
import asyncio
import gc
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from openai import AsyncOpenAI, DefaultAioHttpClient
from pydantic import BaseModel, Field

from core.config.secret import SecretRef
from core.config.settings import Budget, MemberSettings, Pipeline, Provider, ProviderKey, Settings
from core.llm.answer_schema import answer_schema
from core.llm.gateway import Gateway
from core.llm.port import Message
from core.llm.structured import ask_structured

AT_ONCE = 200
GOAL = 0.7
MODEL = "maker/model-1"
KEY = "made-up-key"
OUTPUT_TOKENS = 1024


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


def our_call(gateway: Gateway, member: MemberSettings) -> Callable[[], Awaitable[object]]:
    async def call() -> object:
        model = gateway.model_for(member, scopes=("run:benchmark",))
        return await ask_structured(
            model, PROMPT, Decision, schema=answer_schema(Decision), max_output_tokens=OUTPUT_TOKENS
        )

    return call


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
    gateway = Gateway(settings, environ={"KEY": KEY})
    http = DefaultAioHttpClient()
    sdk = AsyncOpenAI(api_key=KEY, base_url=base_url, max_retries=0, http_client=http, timeout=60)
    bare, ours = bare_call(sdk), our_call(gateway, member)
    for call in (bare, ours):
        await per_second(call, AT_ONCE * 2)
    figures = [(await per_second(bare, calls), await per_second(ours, calls)) for _ in range(rounds)]
    await gateway.close()
    await sdk.close()
    reference, figure = (statistics.median(column) for column in zip(*figures, strict=True))
    ratio = statistics.median(our / reference_ for reference_, our in figures)
    print(f"our call path   {figure:7.0f} calls/s   (steps, route, retry, budget, schema, validation)")
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
