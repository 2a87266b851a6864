"""What a run will cost is told before it begins, and weighed against what the day has left."""

from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy import func, select

from bot.program import Output, run
from core.domain.calls import CallOutcome
from core.domain.errors import Refused
from core.domain.run import ASKED_ONCE, RunRequest
from core.domain.stage import Preset
from core.store.call_tables import calls
from core.store.column_types import COST_PLACES, Exact
from tests import arena
from tests.loopback import model_replies as say
from tests.market_days import PRICED, Days, evening, market_days

TICKERS = ("NVDA", "AAPL", "MSFT", "GOOG", "AMZN", "META", "TSLA", "IBM")
WEEK = ["2025-10-24", "2025-10-27", "2025-10-28"]
QUICK, STANDARD = Decimal("0.0208"), Decimal("0.376")
"""By the tokens that such runs usually need, at $8 a million."""


@pytest_asyncio.fixture
async def days(tmp_path: Path) -> AsyncIterator[Days]:
    async with market_days(tmp_path, **PRICED) as scene:
        for ticker in TICKERS:
            scene.market.flat(ticker, "100", WEEK[:2])
        scene.clock.set(evening("2025-10-27"))
        scene.say("HOLD")
        yield scene


def wanted(preset: Preset = Preset.STANDARD, **more: str) -> RunRequest:
    return RunRequest.model_validate({"ticker": "NVDA", "preset": preset, **more})


async def test_the_price_counts_models_calls_and_dollars(days: Days) -> None:
    assert await days.app.price_of([wanted(), wanted(Preset.QUICK)]) == (1, 13, STANDARD + QUICK)


async def test_a_run_that_has_begun_is_priced_by_its_own_preset_and_members(days: Days) -> None:
    record = await arena.finished(days.app, wanted(Preset.QUICK))
    assert (await days.app.price_of_run(record))[:2] == (1, 1)


async def test_only_what_is_dearer_than_the_limit_is_asked_about(days: Days) -> None:
    app = await days.start(budget={"confirm_above_usd": "0.10"})
    assert await app.price_to_confirm([wanted(Preset.QUICK)]) is None
    assert await app.price_to_confirm([wanted()]) == (1, 12, STANDARD)
    assert await days.start() and await days.app.price_to_confirm([wanted()]) is None


async def test_a_run_that_costs_more_than_is_left_is_refused_in_a_sentence(days: Days) -> None:
    app = await days.start(budget={"daily_usd": "0.12"})
    with pytest.raises(Refused) as refused:
        await arena.finished(app, wanted())
    assert str(refused.value) == (
        "Not run: it would cost about $0.38, and the budget for the day has $0.12 left."
    )
    assert days._models.requests == []
    assert (await arena.finished(app, wanted(Preset.QUICK))).caveat is None


async def test_or_it_is_made_with_the_next_cheaper_preset_and_says_so(days: Days) -> None:
    app = await days.start(budget={"daily_usd": "0.12", "when_short": "degrade"})
    record = await arena.finished(app, wanted(Preset.DEEP))
    assert record.preset is Preset.QUICK
    assert record.caveat == "quick instead of deep: $0.12 left of $0.12 for the day"
    poor = await days.start(budget={"daily_usd": "0.01", "when_short": "degrade"})
    with pytest.raises(Refused, match=r"^Not run: it would cost about \$0"):
        await arena.finished(poor, wanted())


async def test_a_request_that_may_be_sent_again_is_refused_and_not_changed(days: Days) -> None:
    app = await days.start(budget={"daily_usd": "0.12", "when_short": "degrade"})
    with pytest.raises(Refused, match=r"^Not run: it would cost about \$0"):
        await arena.finished(app, wanted(Preset.DEEP, once=f"{ASKED_ONCE}a:0"))
    assert days._models.requests == []


async def test_a_person_has_a_limit_of_their_own_and_another_person_has_not_spent_it(days: Days) -> None:
    app = await days.start(budget={"per_person_daily_usd": "0.07"})
    ann, bob = ({"requested_by": f"slack:U{name}", "requested_in": "slack:C1"} for name in ("ANN", "BOB"))
    hers = [await arena.finished(app, wanted(Preset.QUICK, ticker=one, **ann)) for one in TICKERS]
    assert hers[0].ballots
    assert Decimal(0) < sum(record.cost_usd for record in hers) <= Decimal("0.07")
    (stopped,) = hers[-1].abstentions
    assert "the budget of $0.07 of this person for the day is used up" in stopped.reason
    assert (await arena.finished(app, wanted(Preset.QUICK, ticker="IBM", **bob))).ballots


async def test_every_call_of_a_run_is_recorded_for_whom_and_what_it_was(days: Days) -> None:
    days._models.say_next("claude/claude-1", say.server_error())
    app = await days.start(budget={"daily_usd": "5"}, pipeline={"base_delay_s": 0, "max_retries": 1})
    person = {"requested_by": "slack:U1", "requested_in": "slack:C1"}
    record = await arena.finished(app, wanted(Preset.QUICK, **person))
    async with days.store.database.read() as connection:
        failed, made = (await connection.execute(select(calls).order_by(calls.c.number))).mappings().all()
        total = (
            await connection.execute(select(func.sum(calls.c.cost_usd, type_=Exact(COST_PLACES))))
        ).scalar()
    assert (failed["outcome"], made["outcome"]) == (CallOutcome.FAILED, CallOutcome.ANSWERED)
    assert (made["run_id"], made["season"], made["stage"]) == (record.run_id, "live", "decision")
    assert (made["chat"], made["person"], made["member"]) == ("slack:C1", "slack:U1", "claude")
    assert made["evidence_sha256"] == record.evidence_sha256
    assert await app._gateway.budget.spent(f"day:{app._gateway.today()}") == total == record.cost_usd
    assert await app._gateway.budget.reserved(f"day:{app._gateway.today()}") == 0


async def test_the_program_asks_no_script_and_names_the_way_to_say_yes(
    days: Days, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    app = await days.start(budget={"confirm_above_usd": "0.10"})
    options = {"preset": Preset.STANDARD, "members": (), "as_of": None}
    with pytest.raises(Refused, match=r"^1 model, 12 calls, about \$0\.38: add --yes to run it\.$"):
        await run(app.settings, Output(as_json=True), ("NVDA",), **options)
    asked: list[str] = []

    class Terminal:
        def isatty(self) -> bool:
            return True

        def readline(self) -> str:
            asked.append(capsys.readouterr().err)
            return "n\n"

    monkeypatch.setattr("sys.stdin", Terminal())
    assert await run(app.settings, Output(as_json=False), ("NVDA",), **options) is False
    assert asked[0].endswith("1 model, 12 calls, about $0.38: go? [y/N] ")
    assert days._models.requests == []


async def test_the_program_says_what_a_run_will_presumably_cost_before_it_begins(
    days: Days, capsys: pytest.CaptureFixture[str]
) -> None:
    app = await days.start()
    options = {"preset": Preset.QUICK, "members": (), "as_of": days.clock.now()}
    assert await run(app.settings, Output(as_json=True), ("NVDA",), **options)
    told = capsys.readouterr().err
    assert told.index("1 model, 1 call, about $") < told.index("NVDA: run ")
