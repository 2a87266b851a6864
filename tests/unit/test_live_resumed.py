"""What the line of a member says while a run goes on, above all after a restart."""

from zoneinfo import ZoneInfo

from bot.present.run import RunProgress
from core.domain.events import RunStarted, StageFinished, StageStarted
from core.domain.stage import Stage
from tests import arena_facts

MEMBER = "gpt-5"


def details(progress: RunProgress) -> dict[str, str]:
    return {line.member: line.detail for line in progress.card().lines}


def test_a_resumed_run_counts_on_from_what_was_done_before() -> None:
    record = arena_facts.running()
    done = [Stage.MARKET, Stage.NEWS, Stage.FUNDAMENTALS, Stage.SENTIMENT]
    progress = RunProgress("NVDA", ZoneInfo("UTC")).apply(RunStarted(record=record, resumed=True))
    for number, stage in enumerate(done, 1):
        progress = progress.apply(
            StageFinished(run_id=record.run_id, member=MEMBER, stage=stage, done=number, total=12)
        )
    progress = progress.apply(StageStarted(run_id=record.run_id, member=MEMBER, stage=Stage.BULL))
    assert details(progress)[MEMBER] == "bull · 5 of 12"
    assert "resumed" in progress.card().subtitle
