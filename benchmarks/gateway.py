"""Calls per second of a member's whole path, beside the bare SDK and beside LiteLLM's Router.

    python -m benchmarks.gateway [--calls 600] [--rounds 7] [--at-once 20 200]

All three send the same request to one loopback server, which is a process of its own, as they are:
`benchmarks._gateway_ours` says what our path has to do, and `_gateway_litellm` what the Router has. LiteLLM
is installed once from the package index, pinned, into an environment of its own. The sides take turns in
every round, in another order each time, and a ratio is the median of those of the rounds. Clients share one
core and the server has the other, where there are two. Other work on the machine slows calls a second, and
hardly the processor time that a call takes, so goals go by calls a second of processor time; the ratio by
wall time stands beside it.

The second table is what it takes to import each, and to have it ready to ask: a new process each time.
"""

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks._model_process import model_server
from benchmarks.model_calls import MODEL, OUTPUT_TOKENS, PROMPT, Decision
from core.llm.answer_schema import answer_schema

HERE = Path(__file__).parent
ROOT = HERE.parent
LITELLM = "litellm==1.110.2"
OURS, BARE, ROUTER = "our whole path", "bare SDK", "LiteLLM's Router"
GOALS = {BARE: 0.6, ROUTER: 2.5}
WARM_UP = 400
Json = dict[str, Any]


class Took(NamedTuple):
    """What one batch took, a call: seconds of wall, user and system."""

    wall: float
    user: float
    system: float

    @property
    def cpu(self) -> float:
        return self.user + self.system


class Worker:
    """One side in its process."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self.peak_mb = 0.0

    def say(self, told: Json) -> Json:
        """Send a line and return the one that comes back."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(told) + "\n")
        self._process.stdin.flush()
        if not (line := self._process.stdout.readline()):
            raise SystemExit("a side ended before its time")
        return dict(json.loads(line))

    def batch(self, calls: int, at_once: int) -> Took:
        """Make so many calls, so many at once."""
        took = self.say({"calls": calls, "at_once": at_once})
        self.peak_mb = took["peak_mb"]
        return Took(*(took[name] / calls for name in Took._fields))


def litellm_python() -> Path:
    """Return the interpreter that has LiteLLM, which is installed first where it is not there."""
    home = Path(tempfile.gettempdir()) / f"conclave-benchmark-{LITELLM.replace('==', '-')}"
    python = home / "bin" / "python"
    if not (home / "ready").exists():
        print(f"Installing {LITELLM} into an environment of its own (once) ...", file=sys.stderr)
        venv.create(home, with_pip=True, clear=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", LITELLM], check=True)
        (home / "ready").touch()
    return python


@contextlib.contextmanager
def workers(request: Json, litellm: Path) -> Iterator[dict[str, Worker]]:
    """Run all sides; each is ready."""
    commands: dict[str, list[str | Path]] = {
        OURS: [sys.executable, "-m", "benchmarks._gateway_ours"],
        BARE: [sys.executable, HERE / "_gateway_bare.py"],
        ROUTER: [litellm, HERE / "_gateway_litellm.py"],
    }
    with contextlib.ExitStack() as stack:
        found = {}
        for name, command in commands.items():
            process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
            )
            stack.callback(_end, process)
            found[name] = Worker(process)
            found[name].say(request)
        yield found


def _end(process: "subprocess.Popen[str]") -> None:
    assert process.stdin is not None
    process.stdin.close()
    try:
        process.wait(timeout=30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def measured(sides: dict[str, Worker], chosen: argparse.Namespace, at_once: int) -> dict[str, list[Took]]:
    """Let the sides take turns."""
    names = list(sides)
    found: dict[str, list[Took]] = {name: [] for name in names}
    for number in range(chosen.rounds):
        first = number % len(names)
        for name in names[first:] + names[:first]:
            found[name].append(sides[name].batch(chosen.calls, at_once))
    return found


def tell(found: dict[str, list[Took]], at_once: int) -> bool:
    """Print one row a side, and return whether all goals are met."""
    all_met = True
    for name, rounds in found.items():
        wall, user, cpu = (
            statistics.median(getattr(one, what) for one in rounds) for what in ("wall", "user", "cpu")
        )
        row = (
            f"{name:<18} {at_once:>7} {1 / wall:>8.0f} {1 / cpu:>9.0f} {user * 1000:>9.2f} {cpu * 1000:>8.2f}"
        )
        if name in GOALS:
            by_cpu, by_wall = (
                statistics.median(
                    getattr(theirs, what) / getattr(own, what)
                    for own, theirs in zip(found[OURS], rounds, strict=True)
                )
                for what in ("cpu", "wall")
            )
            met = by_cpu >= GOALS[name]
            all_met &= met
            row += f" {by_wall:>8.2f} {by_cpu:>8.2f} {GOALS[name]:>5.1f}  {'met' if met else 'MISSED'}"
        print(row)
    return all_met


READY = {
    "core.llm.gateway, imported": "import core.llm.gateway",
    "our path, ready to ask": (
        "from core.llm.gateway import Gateway\n"
        "from core.config.settings import Settings\n"
        "from core.config.members import MemberSettings\n"
        "from core.config.providers import Provider\n"
        "there = Provider(name='loopback', base_url='http://127.0.0.1:1/v1', local=True)\n"
        "member = MemberSettings(name='member', route=('loopback:model',))\n"
        "gateway = Gateway(Settings(providers=(there,), members=(member,)))\n"
        "gateway._connections.client(there, '', '')\n"
        "gateway.model_for(member)\n"
    ),
    "bare SDK, ready to ask": (
        "from openai import AsyncOpenAI, DefaultAioHttpClient\n"
        "AsyncOpenAI(api_key='made-up', base_url='http://127.0.0.1:1/v1', http_client=DefaultAioHttpClient())"
        ".chat.completions.create\n"
    ),
    "LiteLLM's Router, ready to ask": (
        "import os\nos.environ['LITELLM_LOCAL_MODEL_COST_MAP'] = 'True'\n"
        "from _gateway_litellm import router_of\n"
        "router_of('http://127.0.0.1:1/v1', 'model', ['made-up']).acompletion\n"
    ),
}


def started(python: str | Path, words: str, folder: Path) -> tuple[float, float, float]:
    """Return seconds of wall and of the processor, and peak memory in MB, of a process that runs this."""
    began = time.perf_counter()
    tells = f"{words}\n{(HERE / '_gateway_drive.py').read_text()}\nprint(peak_mb())"
    process = subprocess.Popen([python, "-c", tells], cwd=folder, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    told = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    if status:
        raise SystemExit("a side could not be made ready")
    return time.perf_counter() - began, used.ru_utime + used.ru_stime, float(told)


def tell_start(litellm: Path, rounds: int) -> None:
    """Print what it takes to have each side ready."""
    print(f"\n{'':<32} {'wall':>7} {'CPU':>7} {'peak memory':>12}")
    taken: dict[str, list[tuple[float, float, float]]] = {name: [] for name in READY}
    for number in range(rounds + 1):
        for name, words in READY.items():
            theirs = "litellm" in words
            one = started(litellm if theirs else sys.executable, words, HERE if theirs else ROOT)
            if number:  # the first warms the disk cache
                taken[name].append(one)
    for name, all_ in taken.items():
        wall, cpu, peak = (statistics.median(column) for column in zip(*all_, strict=True))
        print(f"{name:<32} {wall:>6.2f}s {cpu:>6.2f}s {peak:>9.0f} MB")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--calls", type=int, default=600)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--at-once", type=int, nargs="+", default=[20, 200])
    chosen = parser.parse_args()
    schema = answer_schema(Decision)
    shape = {"name": schema.name, "schema": schema.json_schema, "strict": True}
    litellm = litellm_python()
    all_met = True
    print(
        f"{'':<18} {'at once':>7} {'calls/s':>8} {'per CPU s':>9} {'user ms':>9} {'CPU ms':>8} "
        f"{'ours is':>8} {'by CPU':>8} {'goal':>5}"
    )
    cores = sorted(os.sched_getaffinity(0))
    # A process that is started has the core of whoever starts it.
    os.sched_setaffinity(0, cores[-1:])
    with model_server(0.0) as base_url:
        os.sched_setaffinity(0, cores[:1])
        request = {
            "base_url": base_url,
            "model": MODEL,
            "keys": ["made-up-one", "made-up-two"],
            "messages": [{"role": turn.role, "content": turn.content} for turn in PROMPT],
            "max_tokens": OUTPUT_TOKENS,
            "response_format": {"type": "json_schema", "json_schema": shape},
        }
        with workers(request, litellm) as sides:
            for side in sides.values():
                side.batch(WARM_UP, max(chosen.at_once))
            for at_once in chosen.at_once:
                all_met &= tell(measured(sides, chosen, at_once), at_once)
            peaks = ", ".join(f"{name} {side.peak_mb:.0f} MB" for name, side in sides.items())
            print(f"peak memory after all calls: {peaks}")
    tell_start(litellm, chosen.rounds)
    return 0 if all_met else 1


if __name__ == "__main__":
    sys.exit(main())
