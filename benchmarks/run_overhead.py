"""Wall time of a whole run over its bound: depth of the pipeline times the latency of a call.

Five members, standard preset (12 calls a member, 6 of them one after another), a model server in its own
process with a fixed latency, sample prices, SQLite, ModelChats archived. The reference is the bound; a peer
that asks one call after another needs 12 latencies.

    python -m benchmarks.run_overhead [--latency 1.0 --latency 0.2] [--rounds 3]
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from pathlib import Path

from benchmarks._model_process import model_server
from core.app.assemble import open_app
from core.config.cache import Cache
from core.config.market import Market
from core.config.members import MemberSettings
from core.config.providers import Provider
from core.config.settings import Archive, Settings, StoreSettings
from core.domain.events import RunEnded
from core.domain.run import RunRequest
from core.domain.stage import Preset
from core.pipeline.presets import depth, steps

GOALS = {1.0: 1.05, 0.2: 1.15}


def settings(base_url: str, folder: Path) -> Settings:
    names = ["claude", "gpt5", "gemini", "deepseek", "qwen"]
    return Settings(
        store=StoreSettings(url=f"sqlite+aiosqlite:///{folder}/bench.db"),
        archive=Archive(dir=str(folder / "modelchats")),
        market=Market(prices=("sample",)),
        providers=(Provider(name="loopback", base_url=base_url, local=True),),
        members=tuple(MemberSettings(name=name, route=(f"loopback:{name}/model",)) for name in names),
        cache=Cache(enabled=False),
    )


async def measure(latency_s: float, rounds: int) -> list[float]:
    walls = []
    with model_server(latency_s) as base_url, tempfile.TemporaryDirectory() as folder:
        app = await open_app(settings(base_url, Path(folder)))
        try:
            for number in range(rounds + 1):
                began = time.perf_counter()
                ended = None
                async for event in app.run(RunRequest(ticker="AAPL", preset=Preset.STANDARD)):
                    ended = event
                wall = time.perf_counter() - began
                if not isinstance(ended, RunEnded) or len(ended.record.ballots) != 5:
                    raise SystemExit("the run did not end with five ballots")
                if number:  # the first run imports libraries and opens connections
                    walls.append(wall)
        finally:
            await app.close()
    return walls


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--latency", type=float, action="append")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    chain = depth(steps(Preset.STANDARD))
    calls = len(steps(Preset.STANDARD))
    print(f"{'latency':>8} {'wall (median)':>14} {'bound':>8} {'ratio':>7} {'goal':>6} {'one by one':>11}")
    for latency in arguments.latency or [1.0, 0.2]:
        wall = statistics.median(asyncio.run(measure(latency, arguments.rounds)))
        bound = chain * latency
        goal = GOALS.get(latency)
        print(
            f"{latency:>7.2f}s {wall:>13.3f}s {bound:>7.2f}s {wall / bound:>7.3f} "
            f"{goal or '-':>6} {calls * latency:>10.2f}s"
        )


if __name__ == "__main__":
    main()
