"""A loopback model server whose latencies are drawn from a lognormal distribution, in a process of its own.

A draw depends on the run, the member, the stage and how often that was asked in the run, and on nothing else:
so whoever knows those can compute it. Reads one JSON command a line and answers each with a line: `run` and
`sigma` say what is drawn from now on; the answer tells how many requests came since the last one.
"""

import argparse
import asyncio
import contextlib
import json
import math
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from core.domain.stage import Stage
from core.pipeline.prompting import role
from tests.loopback.model_replies import ModelRequest, Reply, filled
from tests.loopback.model_server import ModelServer

PRACTICE = "practice"


def draw(median_s: float, sigma: float, run: int, member: str, stage: str, attempt: int) -> float:
    """Return the seconds that a request takes; the same for the same arguments, in every process."""
    chance = random.Random(f"{sigma} {run} {member} {stage} {attempt}")
    return median_s * math.exp(sigma * chance.gauss(0, 1))


class TailProcess:
    """The other end of such a process."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self.base_url = self._line()["base_url"]

    def begin(self, sigma: float, run: int) -> int:
        """Draw for this run from now on, and return how many requests came since the last one began."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"sigma": sigma, "run": run}) + "\n")
        self._process.stdin.flush()
        return int(self._line()["requests"])

    def _line(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        return dict(json.loads(self._process.stdout.readline()))


@contextlib.contextmanager
def tail_process(median_s: float) -> Iterator[TailProcess]:
    """Run the server."""
    command = [sys.executable, "-m", "benchmarks._tail_process", "--median", str(median_s)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield TailProcess(process)
    finally:
        process.terminate()
        process.wait(timeout=10)


class _Draws:
    def __init__(self, median_s: float) -> None:
        self._median_s = median_s
        self._sigma = 0.0
        self._run = 0
        self._asked: Counter[tuple[str, str]] = Counter()
        self._answer = filled()

    def begin(self, sigma: float, run: int) -> int:
        requests = self._asked.total()
        self._sigma, self._run = sigma, run
        self._asked.clear()
        return requests

    def __call__(self, request: ModelRequest) -> Reply:
        asked = request.messages[-1]["content"]
        # A stage's own words stand last in its prompt.
        stage = next((stage for stage in Stage if asked.endswith(role(stage))), PRACTICE)
        attempt = self._asked[request.model, stage]
        self._asked[request.model, stage] += 1
        delay_s = draw(self._median_s, self._sigma, self._run, request.model, stage, attempt)
        return replace(self._answer(request), delay_s=delay_s)


async def _serve(median_s: float) -> None:
    draws = _Draws(median_s)
    async with ModelServer(default=draws, keep_log=False) as server:
        print(json.dumps({"base_url": server.base_url}), flush=True)
        while line := await asyncio.to_thread(sys.stdin.readline):
            print(json.dumps({"requests": draws.begin(**json.loads(line))}), flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--median", type=float, required=True)
    asyncio.run(_serve(parser.parse_args().median))
