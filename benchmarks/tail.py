"""How long a run takes when answers do: lognormal latencies, with and without hedging and a deadline.

    python -m benchmarks.tail [--median 0.2] [--runs 10] [--sigma 0.3 0.6 1.0]

Five members, standard preset, a model server in its own process that draws each latency: the same draws for
the same run in all four ways. The reference is the bound that is computed from the same draws: the longest
chain of any member. With hedging a call that takes longer than the 95th percentile of the distribution gets a
second draw then, and the quicker one counts (the product has to learn that percentile: each member has
answered 60 questions before). With a deadline the run ends at twice the depth of the pipeline times the
median latency, and who is late has no ballot. A ratio is that of the sums over all runs. What everything else
takes is the same at every scale, so that the goal is nearer with `--median 1.0`: 1.05 of the bound.
"""

import argparse
import asyncio
import math
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from benchmarks._tail_process import PRACTICE, TailProcess, draw, tail_process
from core.app.app import App
from core.app.assemble import open_app
from core.config.cache import Cache
from core.config.market import Market
from core.config.members import MemberSettings
from core.config.providers import Provider
from core.config.settings import Archive, HealthSettings, Pipeline, Settings, StoreSettings
from core.domain.events import RunEnded
from core.domain.run import RunRequest
from core.domain.stage import Preset, Step
from core.llm.port import Ask, Message
from core.pipeline.presets import depth, steps

NAMES = ("claude", "gpt5", "gemini", "deepseek", "qwen")
GRAPH = steps(Preset.STANDARD)
WAYS = ((False, False), (True, False), (False, True), (True, True))
P95 = 1.6448536269514722
LESSONS, AT_ONCE = 60, 4
QUICK_S, GOAL, GOAL_IF_QUICK = 0.5, 1.05, 1.15


class Run(NamedTuple):
    """One run: its seconds, its ballots, and its requests."""

    seconds: float
    ballots: float
    requests: float = 0


def deadline_s(median_s: float) -> float:
    """Return when a run with a deadline ends."""
    return 2 * depth(GRAPH) * median_s


def settings(base_url: str, folder: Path, median_s: float, *, hedge: bool, deadline: bool) -> Settings:
    pipeline = Pipeline(max_concurrency=1024)
    if deadline:
        pipeline = pipeline.model_copy(update={"run_timeout_s": deadline_s(median_s)})
    return Settings(
        store=StoreSettings(url=f"sqlite+aiosqlite:///{folder}/tail.db"),
        archive=Archive(dir=str(folder / "modelchats")),
        market=Market(prices=("sample",)),
        providers=(Provider(name="loopback", base_url=base_url, local=True),),
        members=tuple(
            MemberSettings(name=name, route=(f"loopback:{name}/model",), max_concurrency=32) for name in NAMES
        ),
        cache=Cache(enabled=False),
        health=HealthSettings(hedge=hedge),
        pipeline=pipeline,
    )


def bound(median_s: float, sigma: float, run: int, *, hedge: bool, deadline: bool) -> Run:
    """Return what the draws alone leave of a run."""
    late_s = median_s * math.exp(P95 * sigma)

    def latency_s(member: str, step: Step) -> float:
        first, second = (
            draw(median_s, sigma, run, f"{member}/model", step.stage, attempt) for attempt in (0, 1)
        )
        return min(first, late_s + second) if hedge else first

    ends = [_end(lambda step, member=member: latency_s(member, step)) for member in NAMES]
    if not deadline:
        return Run(max(ends), len(ends))
    limit_s = deadline_s(median_s)
    return Run(min(max(ends), limit_s), sum(end <= limit_s for end in ends))


def _end(latency_s: Callable[[Step], float]) -> float:
    ends: dict[Step, float] = {}
    for step, needs in GRAPH.items():
        ends[step] = max((ends[need] for need in needs), default=0.0) + latency_s(step)
    return max(ends.values())


async def practise(app: App) -> None:
    """Let each member answer often enough for its usual time to be known."""
    ask = Ask(messages=(Message(role="user", content=PRACTICE),), max_output_tokens=100)

    async def lesson(member: MemberSettings) -> None:
        for _ in range(LESSONS // AT_ONCE):
            await app._gateway.model_for(member).ask(ask)

    # Few at once: what questions wait for each other is not the model's time.
    await asyncio.gather(*(lesson(member) for member in app.settings.members for _ in range(AT_ONCE)))


async def measure(
    server: TailProcess, chosen: argparse.Namespace, sigma: float, *, hedge: bool, deadline: bool
) -> list[Run]:
    """Make all runs one after another."""
    made = []
    with tempfile.TemporaryDirectory() as name:
        app = await open_app(
            settings(server.base_url, Path(name), chosen.median, hedge=hedge, deadline=deadline)
        )
        try:
            # What a first run imports and opens is not what is measured.
            server.begin(0.0, -1)
            await one_run(app)
            if hedge:
                server.begin(sigma, -1)
                await practise(app)
            for run in range(chosen.runs):
                server.begin(sigma, run)
                seconds, ballots = await one_run(app)
                await asyncio.sleep(0.1)  # what was abandoned leaves the server
                made.append(Run(seconds, ballots, server.begin(sigma, -1)))
        finally:
            await app.close()
    return made


async def one_run(app: App) -> tuple[float, int]:
    """Return seconds and ballots of a run."""
    began, ended = time.perf_counter(), None
    async for event in app.run(RunRequest(ticker="AAPL", preset=Preset.STANDARD)):
        ended = event
    if not isinstance(ended, RunEnded):
        raise SystemExit("the run did not end")
    return time.perf_counter() - began, len(ended.record.ballots)


def tell(sigma: float, way: str, made: list[Run], bounds: list[Run], plain: float, goal: float) -> bool:
    """Print one row; return whether the goal is met."""
    figure, reference = (statistics.mean(run.seconds for run in runs) for runs in (made, bounds))
    ballots, possible = (statistics.mean(run.ballots for run in runs) for runs in (made, bounds))
    longest = max(run.seconds for run in made)
    requests = statistics.mean(run.requests for run in made) / len(NAMES) / len(GRAPH)
    met = figure / reference <= goal
    print(
        f"{sigma:>5} {way:<19} {figure:>7.3f}s {longest:>7.3f}s {reference:>7.3f}s {figure / reference:>6.3f}"
        f" {goal:>5.2f}  {'met' if met else 'MISSED':<6} {figure / plain:>8.2f} {ballots:>7.1f}"
        f" {possible:>8.1f} {requests:>8.2f}",
        flush=True,
    )
    return met


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--median", type=float, default=0.2, help="seconds of the median latency")
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--sigma", type=float, nargs="+", default=[0.3, 0.6, 1.0])
    chosen = parser.parse_args()
    goal = GOAL_IF_QUICK if chosen.median < QUICK_S else GOAL
    all_met = True
    print(
        f"{'sigma':>5} {'':<19} {'mean':>8} {'longest':>8} {'bound':>8} {'ratio':>6} {'goal':>5}  {'':<6} "
        f"{'of plain':>8} {'ballots':>7} {'possible':>8} {'requests':>8}"
    )
    with tail_process(chosen.median) as server:
        for sigma in chosen.sigma:
            plain = 0.0
            for hedge, deadline in WAYS:
                way = " and ".join(["hedged"] * hedge + ["deadline"] * deadline) or "plain"
                made = asyncio.run(measure(server, chosen, sigma, hedge=hedge, deadline=deadline))
                bounds = [
                    bound(chosen.median, sigma, run, hedge=hedge, deadline=deadline)
                    for run in range(chosen.runs)
                ]
                plain = plain or statistics.mean(run.seconds for run in made)
                all_met &= tell(sigma, way, made, bounds, plain, goal)
    return 0 if all_met else 1


if __name__ == "__main__":
    sys.exit(main())
