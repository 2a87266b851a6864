"""Models asked the same again, over a real socket, with the evidence in another order."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from bot import arguments
from bot.member_documents import members_document
from bot.present.stability import steadiness
from bot.program import Output
from bot.program_stability import check
from core.domain.ballot import Action
from core.domain.errors import Refused
from core.domain.run import RunRequest
from core.domain.stage import Preset
from core.pipeline.facts import SECTIONS
from core.pipeline.stability import shuffled
from tests import arena
from tests.arena import Opening
from tests.loopback.model_replies import ModelRequest, filled, junk, with_cost
from tests.loopback.model_server import ModelServer
from tests.program import conclave

pytest_plugins = ["tests.storage", "tests.arena_fixtures"]

_BEGINS = re.compile(r"^(indicators|last \d+ of|news|fundamentals|sentiment)", re.MULTILINE)
TWO = {
    "members": [
        *({"name": name, "route": [f"loopback:{name}/{name}-1"]} for name in ("claude", "gpt5")),
        {"name": "momentum", "kind": "baseline"},
    ]
}
SENT = {"indicators", "bars", "news", "fundamentals", "sentiment"}
GOOG = RunRequest(ticker="goog", preset=Preset.QUICK)


def first_section(request: ModelRequest) -> str:
    begins = _BEGINS.findall(request.messages[-1]["content"])
    return "bars" if begins[0].startswith("last") else str(begins[0])


def follows_the_first(request: ModelRequest) -> dict[str, Any]:
    """BUY where figures come first, else SELL."""
    buys = first_section(request) in {"indicators", "bars"}
    action, rating = ("BUY", "Buy") if buys else ("SELL", "Sell")
    return {**arena.opinion("gpt5"), "action": action, "rating": rating, "target_weight": None}


async def test_who_always_says_the_same_is_stable_and_who_follows_the_first_section_is_not(
    models: ModelServer, opening: Opening, tmp_path: Path
) -> None:
    models.always("gpt5/gpt5-1", filled(follows_the_first))
    app = await opening(models.base_url, tmp_path, **TWO)
    plan = await app.stability_plan(GOOG, times=8, seed=3)
    assert [model.name for model in plan.members] == ["claude", "gpt5"]
    assert plan.usd == 0
    assert models.asked("claude/claude-1") == []

    steady, moved = await app.stability(plan)

    orders = shuffled(8, 3)
    # Of the sections that a pack without ratios and figures of the economy does not have, nothing is sent.
    first = [next(name for name in order if name in SENT) for order in orders]
    expected = [Action.BUY if name in {"indicators", "bars"} else Action.SELL for name in first]
    assert len(set(expected)) == 2
    assert (steady.actions, steady.is_stable) == ((Action.BUY,) * 8, True)
    assert list(moved.actions) == expected
    assert not moved.is_stable
    assert len({request.messages[-1]["content"] for request in models.asked("claude/claude-1")}) == 8
    assert {first_section(request) for request in models.asked("gpt5/gpt5-1")} <= set(SECTIONS)
    assert await app.stabilities() == {"claude": steady, "gpt5": moved}


async def test_a_check_leaves_no_run_no_order_and_no_book(
    models: ModelServer, opening: Opening, tmp_path: Path
) -> None:
    app = await opening(models.base_url, tmp_path, **TWO)
    await app.stability(await app.stability_plan(GOOG, times=2))
    assert await app.seasons() == ()
    assert (await app.past_runs(None, 1)).total == 0


async def test_an_older_finding_gives_way_to_a_newer_one(
    models: ModelServer, opening: Opening, tmp_path: Path
) -> None:
    app = await opening(models.base_url, tmp_path, **TWO)
    request = GOOG.model_copy(update={"members": ("claude",)})
    await app.stability(await app.stability_plan(request, times=2))
    await app.stability(await app.stability_plan(request, times=3))
    assert len((await app.stabilities())["claude"].actions) == 3


async def test_a_model_that_gives_no_ballot_is_told_as_such(
    models: ModelServer, opening: Opening, tmp_path: Path
) -> None:
    models.always("gpt5/gpt5-1", junk())
    app = await opening(models.base_url, tmp_path, pipeline={"max_retries": 0}, **TWO)
    claude, gpt5 = await app.stability(await app.stability_plan(GOOG, times=2))
    assert claude.is_stable
    assert gpt5.actions == (None, None)


async def test_what_it_costs_counts_against_the_budget_of_the_day(
    models: ModelServer, opening: Opening, tmp_path: Path
) -> None:
    models.always("claude/claude-1", with_cost(0.02))
    keys = [{"name": "main", "secret": "env:KEY", "daily_usd": 2}]
    priced = {"price_in_usd_per_mtok": 1, "price_out_usd_per_mtok": 2}
    sections = {
        "budget": {"daily_usd": 1},
        "providers": [{"name": "loopback", "base_url": models.base_url, "keys": keys}],
        "members": [{"name": "claude", "route": ["loopback:claude/claude-1"], **priced}],
    }
    app = await opening(models.base_url, tmp_path, environ={"KEY": "k"}, **sections)
    plan = await app.stability_plan(GOOG, times=3)
    assert plan.usd is not None
    assert plan.usd > 0
    (found,) = await app.stability(plan)
    assert found.spend.cost_usd > 0
    day = f"day:{app._gateway.today().isoformat()}"
    assert await app._gateway.budget.spent(day) == found.spend.cost_usd
    key = f"key:loopback:main:{app._gateway.today().isoformat()}"
    assert await app._gateway.budget.spent(key) == found.spend.cost_usd
    again = await opening(models.base_url, tmp_path, environ={"KEY": "k"}, **sections)
    await again.stability(await again.stability_plan(GOOG, times=2))
    assert await again._gateway.budget.spent(day) > found.spend.cost_usd


@pytest.mark.parametrize(
    ("names", "times", "seed", "sentence"),
    [
        (("momentum",), 5, 1, "momentum is a rule"),
        ((), 1, 1, "Ask from 2 to 50 times"),
        ((), 51, 1, "Ask from 2 to 50 times"),
        ((), 5, -1, "A seed is a whole number"),
    ],
)
async def test_what_cannot_be_asked_is_refused_in_a_sentence(
    models: ModelServer,
    opening: Opening,
    tmp_path: Path,
    names: tuple[str, ...],
    times: int,
    seed: int,
    sentence: str,
) -> None:
    app = await opening(models.base_url, tmp_path, **TWO)
    with pytest.raises(Refused, match=sentence):
        await app.stability_plan(GOOG.model_copy(update={"members": names}), times=times, seed=seed)


async def test_the_terminal_tells_the_cost_before_it_asks_and_then_what_was_found(
    models: ModelServer, opening: Opening, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    app = await opening(models.base_url, tmp_path, **TWO)
    wanted = arguments.run(["GOOG", "--members", "claude", "--as-of", "2012-10-01"])
    await check(app, Output(as_json=True), wanted, times=3, seed=1)
    told = capsys.readouterr()
    assert told.err.strip() == "Asking 1 model 3 times about GOOG: about $0."
    (document,) = json.loads(told.out)
    assert (document["actions"], document["stable"]) == (["BUY", "BUY", "BUY"], True)
    await check(app, Output(as_json=False), wanted, times=2, seed=1)
    assert "same action 2 of 2 times: 2 BUY" in capsys.readouterr().out


def test_the_command_says_in_a_sentence_what_is_missing(empty_folder: Path) -> None:
    done = conclave(empty_folder, "stability", "GOOG", "-k", "3", "--sample")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.strip().splitlines()[-1].startswith("No language model takes part.")


async def test_a_check_without_any_ballot_does_not_hide_a_better_one(
    models: ModelServer, url: str, opening: Opening, tmp_path: Path
) -> None:
    app = await opening(models.base_url, tmp_path, url=url, pipeline={"max_retries": 0}, **TWO)
    request = GOOG.model_copy(update={"members": ("claude",)})
    (better,) = await app.stability(await app.stability_plan(request, times=3))
    models.always("claude/claude-1", junk())
    (silent,) = await app.stability(await app.stability_plan(request, times=2))
    assert silent.actions == (None, None)
    shown = (await app.stabilities())["claude"]
    assert shown == better.model_copy(update={"silent_at": silent.at})
    assert steadiness(shown).endswith(f"; no ballot when asked on {silent.at:%Y-%m-%d}")
    documents = {one["member"]: one for one in members_document(await app.members(), {"claude": shown})}
    assert documents["claude"]["stability"]["silent_at"] is not None

    models.opine("claude/claude-1", arena.opinion("claude"))
    (newest,) = await app.stability(await app.stability_plan(request, times=2))
    assert (await app.stabilities())["claude"] == newest


async def test_of_a_model_that_never_gave_a_ballot_the_newest_check_is_told(
    models: ModelServer, opening: Opening, tmp_path: Path
) -> None:
    models.always("gpt5/gpt5-1", junk())
    app = await opening(models.base_url, tmp_path, pipeline={"max_retries": 0}, **TWO)
    request = GOOG.model_copy(update={"members": ("gpt5",)})
    await app.stability(await app.stability_plan(request, times=3))
    (newest,) = await app.stability(await app.stability_plan(request, times=2))
    assert (await app.stabilities())["gpt5"] == newest
