"""What was paid for an answer that could not be used is kept, also where a deadline cuts what follows it.

Of what is cut nobody tells the cost, so an estimate of it is added.
"""

from decimal import Decimal
from pathlib import Path

from core.domain.ballot import Abstention, AbstentionKind
from core.domain.run import RunRecord
from core.domain.stage import Preset
from core.pipeline.spending import spent_today
from tests import arena
from tests.arena import Opening
from tests.loopback.model_replies import (
    ModelRequest,
    Reply,
    hangs,
    junk,
    server_error,
    with_cost,
)
from tests.loopback.model_server import ModelServer

pytest_plugins = ["tests.storage", "tests.arena_fixtures"]

MODEL = "claude/claude-1"
HALF = with_cost(0.02, "I would rather not say.")
PRICED = {"price_in_usd_per_mtok": 1, "price_out_usd_per_mtok": 2}
CLAUDE = [{"name": "claude", "route": [f"loopback:{MODEL}"], **PRICED}]
PAID = Decimal("0.02")
"""What `HALF` costs."""
AT_MOST = Decimal("0.01")
"""More than any prompt of these tests and half a second of an answer could cost at `PRICED`."""


def claude_of(record: RunRecord) -> Abstention:
    (abstention,) = [one for one in record.abstentions if one.member == "claude"]
    return abstention


async def test_a_repair_that_comes_too_late_leaves_what_the_first_answer_cost(
    models: ModelServer, opening: Opening, tmp_path: Path
) -> None:
    models.say_next(MODEL, HALF, hangs())
    app = await opening(models.base_url, tmp_path, members=CLAUDE, pipeline={"stage_timeout_s": 0.5})
    record = await arena.finished(app, arena.request(preset=Preset.QUICK))
    late = claude_of(record)
    assert (late.kind, late.reason) == (AbstentionKind.TIMEOUT, "decision: no answer within 0.5 s")
    assert len(models.asked(MODEL)) == 2
    assert (late.spend.calls, late.spend.estimated_calls) == (2, 1)
    cost = late.spend.cost_usd
    assert PAID < cost < PAID + AT_MOST
    assert (await app.run_record(record.run_id)).cost_usd == cost
    kept = await spent_today(app.settings, app._store, app.clock)
    assert kept[f"day:{app._gateway.today().isoformat()}"] == cost


async def test_the_deadline_of_the_run_leaves_it_as_well(
    models: ModelServer, opening: Opening, tmp_path: Path
) -> None:
    models.say_next(MODEL, HALF, hangs())
    app = await opening(models.base_url, tmp_path, members=CLAUDE, pipeline={"run_timeout_s": 0.5})
    late = claude_of(await arena.finished(app, arena.request(preset=Preset.QUICK)))
    assert late.kind is AbstentionKind.TIMEOUT
    assert (late.spend.calls, late.spend.estimated_calls) == (2, 1)
    assert PAID < late.spend.cost_usd < PAID + AT_MOST


async def test_a_stage_that_ends_because_another_failed_leaves_what_it_had_paid(
    models: ModelServer, opening: Opening, tmp_path: Path
) -> None:
    # Four analysts begin at once and say nothing of use; of those who are asked again three think for ever.
    again: list[ModelRequest] = []

    def behave(request: ModelRequest) -> Reply:
        if "could not be used" not in str(request.messages):
            return HALF(request)
        again.append(request)
        return (junk() if len(again) == 4 else hangs())(request)

    models.always(MODEL, behave)
    app = await opening(models.base_url, tmp_path, members=CLAUDE, pipeline={"max_retries": 0})
    failed = claude_of(await arena.finished(app, arena.request()))
    assert failed.kind is AbstentionKind.BAD_ANSWER
    assert failed.spend.estimated_calls == 3
    assert 4 * PAID < failed.spend.cost_usd < 4 * PAID + 3 * AT_MOST


async def test_a_repair_that_the_server_refuses_costs_nothing_more(
    models: ModelServer, opening: Opening, tmp_path: Path
) -> None:
    models.say_next(MODEL, HALF, server_error())
    app = await opening(models.base_url, tmp_path, members=CLAUDE, pipeline={"max_retries": 0})
    failed = claude_of(await arena.finished(app, arena.request(preset=Preset.QUICK)))
    assert (failed.spend.cost_usd, failed.spend.estimated_calls) == (PAID, 0)


async def test_an_answer_that_was_mended_in_time_is_counted_once(
    models: ModelServer, opening: Opening, tmp_path: Path
) -> None:
    models.say_next(MODEL, HALF, with_cost(0.03))
    app = await opening(models.base_url, tmp_path, members=CLAUDE)
    record = await arena.finished(app, arena.request(preset=Preset.QUICK))
    (ballot,) = record.ballots
    assert (ballot.spend.cost_usd, ballot.spend.calls) == (Decimal("0.05"), 2)
