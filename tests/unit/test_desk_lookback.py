"""Looking back before a desk: files that a platform does not take, and buttons written by hand."""

import pytest

from bot.cards import Card, DialogueCard, Notice, SummaryCard
from bot.desk import Desk
from bot.door import DeliveryFailed, Flooded, Unsure
from core.app.chat_files import RunFiles
from core.domain.errors import NotFound
from core.domain.past import PastRuns
from core.domain.run import RunRecord
from tests import arena_facts
from tests.arena_double import ArenaDouble
from tests.desk_scene import BOB, MALLORY, arena
from tests.door_double import DoorDouble, press, request

FILES = RunFiles(
    run_id=arena_facts.RUN_ID, ticker="NVDA", name="conclave-NVDA-4f7k2m9q", markdown=b"# x", json_=b"{}"
)


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> ArenaDouble:
    async def run_files(self: ArenaDouble, reference: str, member: str | None = None) -> RunFiles:
        del self, reference, member
        return FILES

    async def past_runs(self: ArenaDouble, ticker: str | None, page: int, *, rows: int = 8) -> PastRuns:
        del self, page, rows
        return PastRuns(ticker=ticker, runs=(), total=0, page=1, pages=1)

    monkeypatch.setattr(ArenaDouble, "run_files", run_files)
    monkeypatch.setattr(ArenaDouble, "past_runs", past_runs)
    return arena()


async def exported(app: ArenaDouble, door: DoorDouble) -> list[str]:
    """Ask for the files; return what the chat has seen: names of files, and notices."""
    await Desk(app).handle(request("export run NVDA", BOB), door)
    return [
        door.files[message][0] if message in door.files else told(seen.now)
        for message, seen in door.messages.items()
    ]


def told(card: Card) -> str:
    assert isinstance(card, Notice), card
    return card.text


async def test_a_flood_is_waited_for_and_nothing_comes_twice(app: ArenaDouble) -> None:
    door = DoorDouble(pace_s=0.0)
    door.trouble = lambda kind, number: Flooded(7) if number == 2 else None
    assert await exported(app, door) == ["conclave-NVDA-4f7k2m9q.md", "conclave-NVDA-4f7k2m9q.json"]


async def test_a_file_that_is_not_taken_is_told_with_what_to_do(app: ArenaDouble) -> None:
    door = DoorDouble(pace_s=0.0)
    door.trouble = lambda kind, number: DeliveryFailed("it is too big.") if kind == "send_file" else None
    assert await exported(app, door) == [
        "The file conclave-NVDA-4f7k2m9q.md could not be posted: it is too big. Ask once more in a minute."
    ]


async def test_a_file_of_which_nobody_knows_whether_it_came_is_not_sent_again(app: ArenaDouble) -> None:
    door = DoorDouble(pace_s=0.0)
    door.trouble = lambda kind, number: Unsure("no answer") if kind == "send_file" else None
    (said,) = await exported(app, door)
    assert said.startswith("Nobody can say whether the file conclave-NVDA-4f7k2m9q.md has arrived.")
    assert door.calls.count("send_file") == 1


async def test_export_alone_explains_itself_and_so_does_a_history_without_runs(app: ArenaDouble) -> None:
    door = DoorDouble()
    await Desk(app).handle(request("export", BOB), door)
    card = door.last.now
    assert isinstance(card, DialogueCard)
    assert card.examples == ("/export run NVDA", "/export run NVDA claude")
    await Desk(app).handle(request("history NVDA", BOB, delivery="2"), door)
    assert isinstance(door.last.now, DialogueCard)


@pytest.mark.parametrize("data", ["h.0", "k.x.1.2", "o.1.z.1", "e.", "h.1.nvda", "e.UPPER", "k." + "9" * 60])
async def test_a_button_written_by_hand_is_answered_with_what_to_send(app: ArenaDouble, data: str) -> None:
    card = await Desk(app).press(press(data, BOB), DoorDouble())
    assert isinstance(card, Notice)
    assert "too old" in card.text


async def test_a_button_about_a_run_that_is_gone_says_so(
    app: ArenaDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def gone(self: ArenaDouble, run_id: str) -> RunRecord:
        raise NotFound("This run is too old to open. Send /run NVDA for a new one.")

    monkeypatch.setattr(ArenaDouble, "run_record", gone)
    door = DoorDouble()
    for number, data in enumerate(("e.zzzzzzzz", "k.zzzzzzzz.1.2.1")):
        card = await Desk(app).press(press(data, BOB, delivery=f"p{number}"), door)
        assert isinstance(card, Notice)
        assert "too old to open" in card.text
    assert door.files == {}


async def test_a_stranger_gets_nothing_by_any_of_these_buttons(app: ArenaDouble) -> None:
    door, desk = DoorDouble(), Desk(app)
    await desk.press(press("h.1", MALLORY, delivery="greeting"), door)
    for number, data in enumerate(("h.1", "o.1", f"e.{arena_facts.RUN_ID}", f"k.{arena_facts.RUN_ID}.1.2.1")):
        assert await desk.press(press(data, MALLORY, delivery=f"p{number}"), door) is None
    assert door.files == {}
    assert not isinstance(await desk.press(press("h.1", BOB, delivery="p9"), door), SummaryCard | Notice)
