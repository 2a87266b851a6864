"""A router of somebody's own: what it says counts, and what it does wrong costs a line in the log."""

import asyncio
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from core.domain.routing import Situation
from core.routing.custom import Choose, CustomRouter, load_router
from core.routing.lineup import Candidate

HERE = Situation(ticker="NVDA")
TWO = [Candidate(name=name, route=(f"near:{name}",)) for name in ("one", "two")]


def router(choose: Choose, timeout_s: float = 5.0) -> CustomRouter:
    return CustomRouter("mine", timeout_s, load=lambda name: choose)


async def test_what_it_names_counts() -> None:
    def last(situation: Situation, candidates: Sequence[Candidate]) -> str:
        assert situation == HERE
        return candidates[-1].name

    assert await router(last).choose(HERE, TWO) == "two"


def fails(situation: Situation, candidates: Sequence[Candidate]) -> Any:
    raise KeyError("volatility")


def leaves(situation: Situation, candidates: Sequence[Candidate]) -> Any:
    raise SystemExit(3)


@pytest.mark.parametrize(
    ("choose", "said"),
    [(fails, "KeyError"), (leaves, "SystemExit"), (lambda situation, candidates: 7, "returned no name")],
)
async def test_what_it_does_wrong_is_logged_and_says_nothing(
    choose: Choose, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert await router(choose).choose(HERE, TWO) is None
    assert said in caplog.text
    assert "the rules choose" in caplog.text


async def test_one_that_hangs_is_left_alone_and_the_next_question_does_not_wait_for_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    go_on, begun = threading.Event(), threading.Event()

    def hangs(situation: Situation, candidates: Sequence[Candidate]) -> str:
        begun.set()
        go_on.wait(20)
        return "one"

    hanging = router(hangs, timeout_s=0.05)
    assert await hanging.choose(HERE, TWO) is None
    assert begun.is_set()
    assert await hanging.choose(HERE, TWO) is None
    assert "took more than 0.05 s" in caplog.text
    assert "still works on an earlier question" in caplog.text
    (thread,) = [one for one in threading.enumerate() if one.name == "router mine"]
    go_on.set()
    await asyncio.to_thread(thread.join, 20)
    assert await hanging.choose(HERE, TWO) == "one"


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A package with the router of the documentation, as an installer leaves it."""
    (tmp_path / "wild_router.py").write_text(
        "def choose(situation, candidates):\n"
        "    if situation.volatility is not None and situation.volatility > 0.8:\n"
        '        return "quantitative"\n'
        "    return min(candidates, key=lambda one: one.latency_s or 60).name\n"
    )
    about = tmp_path / "wild_router-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: wild-router\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[conclave.routers]\nwild = wild_router:choose\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield


@pytest.mark.usefixtures("installed")
async def test_it_is_found_by_its_entry_point() -> None:
    wild = CustomRouter("wild", 5.0)
    assert await wild.choose(HERE.model_copy(update={"volatility": 0.9}), TWO) == "quantitative"
    assert await wild.choose(HERE, TWO) == "one"
    with pytest.raises(LookupError, match="has the entry point other in the group"):
        load_router("other")
