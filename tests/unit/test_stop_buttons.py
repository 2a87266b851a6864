"""The Stop button and the words of `/stop`: what they carry, and what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.arguments import StopArguments
from bot.cards import Notice, ProgressCard
from bot.desk import Desk
from bot.stop_arguments import stop
from bot.stop_buttons import decode, stop_button
from core.domain.errors import ConclaveError, Refused
from core.domain.ids import new_id
from core.domain.run import RunState
from tests import arena_facts
from tests.arena_double import ArenaDouble
from tests.desk_scene import BOB, arena
from tests.door_double import ALICE, DoorDouble, press


@pytest.mark.parametrize("signs", [8, 10])
def test_a_stop_button_carries_a_run_or_a_ticket(signs: int) -> None:
    run = new_id(signs)
    button = stop_button(run)
    assert button.label == "Stop"
    assert len(button.data) <= 64
    assert decode(button.data) == run


@given(st.text(max_size=80))
def test_data_of_another_making_is_refused_in_one_sentence(data: str) -> None:
    try:
        run = decode(data)
    except Refused as error:
        assert "too old" in str(error)
    else:
        assert stop_button(run).data == data


def test_no_button_is_made_of_what_could_not_be_read_back() -> None:
    with pytest.raises(ValueError, match="no button"):
        stop_button("NVDA!")


@pytest.mark.parametrize(
    ("words", "reference"), [([], None), (["nvda"], "NVDA"), (["4f7k2m9q"], "4f7k2m9q"), (["BRK.B"], "BRK.B")]
)
def test_stop_takes_a_ticker_or_a_run_or_nothing(words: list[str], reference: str | None) -> None:
    assert stop(words) == StopArguments(reference)


@pytest.mark.parametrize("words", [["NVDA", "AAPL"], ["??"], ["x" * 500]])
def test_stop_refuses_anything_else(words: list[str]) -> None:
    with pytest.raises(ConclaveError):
        stop(words)


class Stoppable(ArenaDouble):
    """An arena that remembers who has stopped what."""

    def __init__(self, once: str | None) -> None:
        super().__init__(arena().settings)
        record = arena_facts.record()
        self.records[record.run_id] = record.model_copy(
            update={"state": RunState.RUNNING, "once": once, "requested_by": BOB.id, "finished_at": None}
        )
        self.stopped: list[tuple[str, str]] = []
        self.stops = True

    async def stop(self, run_id: str, by: str) -> bool:
        self.stopped.append((run_id, by))
        return self.stops


async def test_only_an_admin_stops_a_run_that_a_subscription_asked_for() -> None:
    app = Stoppable(once="2026-01-05|NVDA|quick")
    desk, door = Desk(app), DoorDouble()
    data = stop_button(arena_facts.RUN_ID).data
    told = await desk.press(press(data, person=BOB), door)
    assert isinstance(told, Notice)
    assert told.text == "A subscription asked for this run of NVDA, so only an admin can stop it."
    assert app.stopped == []
    await desk.press(press(data, person=ALICE, delivery="p2"), door)
    assert app.stopped == [(arena_facts.RUN_ID, "Alice")]


async def test_who_asked_for_a_run_stops_it_and_a_card_has_one_stop_button() -> None:
    app = Stoppable(once=None)
    told = await Desk(app).press(press(stop_button(arena_facts.RUN_ID).data, person=BOB), DoorDouble())
    assert isinstance(told, Notice)
    assert app.stopped == [(arena_facts.RUN_ID, "Bob")]
    assert ProgressCard(title="t", subtitle="s", lines=()).stop is None


async def test_who_presses_a_second_time_does_not_read_that_nothing_was_stopped() -> None:
    app = Stoppable(once=None)
    app.stops = False
    told = await Desk(app).press(press(stop_button(arena_facts.RUN_ID).data, person=BOB), DoorDouble())
    assert told == Notice(text="The run of NVDA is over, or stops already.")


async def test_a_button_of_a_run_that_is_not_known_any_more_says_so() -> None:
    told = await Desk(arena()).press(press("x.zzzzzzzz"), DoorDouble())
    assert isinstance(told, Notice)
    assert "too old" in told.text
