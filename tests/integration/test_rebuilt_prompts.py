"""Every prompt of a run follows from its record, whatever the settings say today; what was changed shows."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text, update

from bot.program import Output
from bot.program_rerun import prompts
from core.app.app import App
from core.domain.errors import EvidenceAltered, NotFound, Refused
from core.domain.rebuilt import Mismatch
from core.domain.run import RunRecord
from core.domain.stage import Preset, Stage
from core.pipeline import prompt_terms, prompting
from core.pipeline.presets import RISK_VOICES
from core.store.tables import runs
from tests import arena
from tests.arena import Opening
from tests.loopback.model_replies import hangs
from tests.loopback.model_server import ModelServer
from tests.market_days import evening, market_days
from tests.program import conclave

pytest_plugins = ["tests.storage", "tests.arena_fixtures"]

OCTOBER = [f"2025-10-{day:02}" for day in (1, 2, 3, 6, 7, 8, 9)]
BARS = {day: f"{100 + n},{101 + n},{100 + n},{101 + n}" for n, day in enumerate(OCTOBER)}
HINDSIGHT = {
    "call": "The call was right.",
    "thesis": "Demand held as expected.",
    "lesson": "Let winners run.",
}
TWO = [
    {"name": "claude", "route": ["loopback:claude/claude-1"]},
    {"name": "buy_and_hold", "kind": "baseline"},
]
OTHER_SETTINGS: dict[str, Any] = {
    "trading": {"max_position": "0.5", "fee_bps": "7", "allow_short": True, "fill": "last"},
    "pipeline": {
        "debate_rounds": 4,
        "evidence_tokens": {"bars": 50, "news": 60, "total": 1000},
        "base_delay_s": 0.01,
    },
}
STEPS = {Preset.QUICK: 1, Preset.STANDARD: 12, Preset.DEEP: 17}
SAID = {
    Preset.QUICK: {Stage.DECISION},
    Preset.STANDARD: set(Stage),
    Preset.DEEP: set(Stage),
}
OF_SETTINGS = {Stage.MARKET, Stage.TRADER, *RISK_VOICES, Stage.DECISION}
"""The stages that read the bars or the rules of trading; what the others read is whole with both settings."""


@pytest.mark.parametrize("preset", list(Preset))
async def test_every_prompt_is_built_again_byte_for_byte_after_the_settings_have_changed(
    url: str, tmp_path: Path, preset: Preset
) -> None:
    async with market_days(tmp_path, url=url, members=TWO) as days:
        for ticker in ("NVDA", "AAPL", "SPY"):
            days.market.prices(ticker, BARS)
        days._models.opine("claude/claude-1", arena.opinion("claude", **HINDSIGHT))
        await days.run("NVDA", evening("2025-10-01"))
        await days.run("AAPL", evening("2025-10-01"))
        await days.keep(evening("2025-10-08"))
        assert await days.app.reflect() == 2
        record = await days.run("NVDA", evening("2025-10-09"), preset=preset)
        memory = record.voters[0].briefing.memory
        assert memory is not None
        assert memory.decisions
        assert memory.lessons
        await days.start(**OTHER_SETTINGS)

        found = await days.app.rebuilt(record.run_id)

        assert (found.terms_kept, found.roles_changed, found.clean) == (True, False, True)
        assert [(one.member, one.prompts, one.same) for one in found.members] == [
            ("claude", STEPS[preset], STEPS[preset]),
            ("buy_and_hold", STEPS[preset], STEPS[preset]),
        ]
        # Without terms of its own it is told by today's settings, and those are others.
        async with days.store.database.write() as connection:
            await connection.execute(update(runs).values(prompt_terms=None))
        by_today = await days.app.rebuilt(record.run_id)
        assert (by_today.terms_kept, by_today.roles_changed, by_today.clean) == (False, None, False)
        assert {one.stage for one in by_today.members[0].mismatches} == OF_SETTINGS & SAID[preset]


async def run_of_one(
    models: ModelServer, opening: Opening, tmp_path: Path, url: str
) -> tuple[App, RunRecord]:
    app = await opening(models.base_url, tmp_path, url=url, members=TWO)
    return app, await arena.finished(app, arena.request(members=("claude",)))


async def change(app: App, statement: str, **values: Any) -> None:
    async with app._store.database.write() as connection:
        done = await connection.execute(text(statement), values)
        assert done.rowcount >= 1


async def test_signs_that_no_database_holds_are_quoted_as_they_are_kept(
    models: ModelServer, opening: Opening, tmp_path: Path, url: str
) -> None:
    models.opine("claude/claude-1", arena.opinion("claude", argument="It grows\0 fast.", report="Up\0."))
    app, record = await run_of_one(models, opening, tmp_path, url)
    stages = {one.stage: one for one in (await app.model_chat(record.run_id, "claude")).stages}
    assert stages[Stage.BULL].output == "It grows\ufffd fast."
    assert "It grows\ufffd fast." in stages[Stage.RESEARCH].prompt
    assert (await app.rebuilt(record.run_id)).clean


async def test_a_changed_briefing_is_found_in_every_stage_that_was_told_of_it(
    models: ModelServer, opening: Opening, tmp_path: Path, url: str
) -> None:
    app, record = await run_of_one(models, opening, tmp_path, url)
    await change(app, "UPDATE seats SET briefing = replace(briefing, '10000.00', '10001.00')")
    (claude,) = (await app.rebuilt(record.run_id)).members
    assert {(one.stage, one.what) for one in claude.mismatches} == {
        (stage, "prompt")
        for stage in (
            *(Stage.TRADER, Stage.RISK_AGGRESSIVE, Stage.RISK_NEUTRAL, Stage.RISK_CONSERVATIVE),
            Stage.DECISION,
        )
    }
    assert (claude.prompts, claude.same) == (12, 7)


async def test_a_changed_text_is_found_where_it_stands_and_where_it_was_quoted(
    models: ModelServer, opening: Opening, tmp_path: Path, url: str
) -> None:
    app, record = await run_of_one(models, opening, tmp_path, url)
    await change(app, "UPDATE stages SET output = 'Sell all of it.' WHERE stage = 'bull'")
    (claude,) = (await app.rebuilt(record.run_id)).members
    assert [(one.stage, one.what) for one in claude.mismatches] == [
        (Stage.BULL, "text"),
        (Stage.RESEARCH, "prompt"),
    ]


async def test_a_changed_answer_is_found_although_no_prompt_quotes_it(
    models: ModelServer, opening: Opening, tmp_path: Path, url: str
) -> None:
    app, record = await run_of_one(models, opening, tmp_path, url)
    changed = "UPDATE stages SET answer = replace(answer, '\"BUY\"', '\"SELL\"') WHERE stage = 'decision'"
    await change(app, changed)
    (claude,) = (await app.rebuilt(record.run_id)).members
    assert [(one.stage, one.what) for one in claude.mismatches] == [
        (Stage.DECISION, "text"),
        (Stage.DECISION, "ballot"),
    ]


async def test_a_changed_prompt_is_found_at_its_sign(
    models: ModelServer, opening: Opening, tmp_path: Path, url: str
) -> None:
    app, record = await run_of_one(models, opening, tmp_path, url)
    kept = (await app.model_chat(record.run_id, "claude")).stages[0].prompt
    other = f"{kept[:99]}#{kept[100:]}"
    await change(app, "UPDATE stages SET prompt = :other WHERE stage = 'market'", other=other)
    (claude,) = (await app.rebuilt(record.run_id)).members
    assert claude.mismatches == (Mismatch(stage=Stage.MARKET, round=1, what="prompt", at=100),)


async def test_changed_evidence_is_refused_in_a_sentence(
    models: ModelServer, opening: Opening, tmp_path: Path, url: str
) -> None:
    app, record = await run_of_one(models, opening, tmp_path, url)
    await change(app, "UPDATE evidence SET canonical = replace(canonical, 'USD', 'EUR')")
    with pytest.raises(EvidenceAltered, match="was changed after it was stored"):
        await app.rebuilt(record.run_id)
    with pytest.raises(EvidenceAltered):
        await app.rerun_plan(record.run_id)


@pytest.fixture
def other_roles(tmp_path: Path) -> Iterator[Path]:
    """A folder of role files that can be changed; what was read of them is forgotten before and after."""
    folder = tmp_path / "roles"
    shutil.copytree(prompting._FOLDER, folder)
    yield folder
    prompting.role.cache_clear()
    prompt_terms.roles_sha256.cache_clear()


async def test_where_the_role_files_have_changed_the_command_says_so(
    models: ModelServer,
    opening: Opening,
    tmp_path: Path,
    other_roles: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    app, record = await run_of_one(models, opening, tmp_path, f"sqlite+aiosqlite:///{tmp_path / 'roles.db'}")
    assert await prompts(app, Output(as_json=False), record.run_id)
    told = capsys.readouterr().out
    assert "- claude: 12 of 12 prompts the same\n" in told
    assert told.endswith("Every prompt follows from the record, byte for byte.\n")

    trader = other_roles / "trader.md"
    trader.write_text(f"{trader.read_text(encoding='utf-8')}\nBe brave.\n", encoding="utf-8")
    monkeypatch.setattr(prompting, "_FOLDER", other_roles)
    prompting.role.cache_clear()
    prompt_terms.roles_sha256.cache_clear()
    assert not await prompts(app, Output(as_json=False), "AAPL")
    told = capsys.readouterr().out
    assert "claude: 11 of 12 prompts the same; the prompt of trader differs from sign " in told
    assert "The role texts have changed since this run" in told
    assert not await prompts(app, Output(as_json=True), record.run_id)
    document = json.loads(capsys.readouterr().out)
    assert (document["clean"], document["roles_changed"], document["same"]) == (False, True, 11)
    assert document["members"][0]["mismatches"][0]["stage"] == "trader"


async def test_a_run_that_goes_on_and_one_that_is_not_there_are_refused(
    models: ModelServer, opening: Opening, tmp_path: Path
) -> None:
    models.say_next("claude/claude-1", hangs())
    app = await opening(models.base_url, tmp_path, members=TWO)
    async for event in app.run(arena.request(members=("claude",), preset=Preset.QUICK)):
        run_id = event.record.run_id  # type: ignore[union-attr]
        break
    with pytest.raises(Refused, match="still goes on"):
        await app.rebuilt(run_id)
    with pytest.raises(Refused, match="still goes on"):
        await app.rerun_plan(run_id)
    with pytest.raises(NotFound, match="no finished run of MSFT"):
        await app.rebuilt("MSFT")
    await app.cancel(run_id)


def test_the_command_ends_with_1_where_there_is_no_run(empty_folder: Path) -> None:
    done = conclave(empty_folder, "rerun", "IBM", "--prompts")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.strip().splitlines()[-1].startswith("There is no finished run of IBM yet.")
    both = conclave(empty_folder, "rerun", "IBM", "--prompts", "--preset", "quick")
    assert both.returncode == 2
