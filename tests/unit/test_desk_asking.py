"""Commands from buttons, missing words and near misses, before a desk."""

from decimal import Decimal

import pytest

from bot.cards import Card, DialogueCard, HelpCard, LeaderboardCard, Notice, ProgressCard, VerdictCard
from bot.desk import Desk
from bot.request import Address
from core.app.pricework import RunPrice
from core.domain.errors import UnknownTicker
from tests import arena_facts
from tests.desk_scene import BOB, MALLORY, answered, arena
from tests.door_double import ALICE, DoorDouble, press


async def pressed(app: object, data: str, **more: object) -> Card | None:
    desk = Desk(app)  # type: ignore[arg-type]
    try:
        return await desk.press(press(data, **more), DoorDouble())  # type: ignore[arg-type]
    finally:
        await desk.close()


def labels(card: object) -> list[str]:
    assert isinstance(card, Notice)
    return [button.label for button in card.buttons]


async def test_a_run_without_a_ticker_offers_the_watchlist_then_what_was_run_last_and_a_way_out() -> None:
    app = arena(arena={"watchlist": ["AAPL", "BTC-USD"]})
    app.rows.ran = ("NVDA", "AAPL")
    card = await answered(app, DoorDouble(), "run")
    assert labels(card) == ["AAPL", "BTC-USD", "NVDA", "Cancel"]
    assert isinstance(card, Notice)
    assert card.text == "Which ticker? Write for instance /run NVDA."


async def test_the_question_is_for_the_one_who_asked_alone_where_the_door_can() -> None:
    app, door = arena(arena={"watchlist": ["AAPL"]}), DoorDouble()
    await answered(app, door, "run")
    assert door.last.only_for == ALICE


async def test_why_offers_only_what_was_run_and_vote_what_goes_on() -> None:
    app = arena(arena={"watchlist": ["AAPL"]})
    app.rows.ran, app.going_on = ("NVDA",), ("IBM",)
    assert labels(await answered(app, DoorDouble(), "why")) == ["NVDA", "Cancel"]
    assert labels(await answered(app, DoorDouble(), "vote", delivery="2")) == ["IBM", "Cancel"]


async def test_while_no_run_goes_on_there_is_nothing_to_vote_on() -> None:
    assert await answered(arena(), DoorDouble(), "vote") == Notice(
        text="No run goes on, and votes count only while one does. Start one: /run NVDA", tone="warning"
    )


async def test_watch_offers_to_add_what_is_not_watched_and_to_remove_what_is() -> None:
    app = arena(arena={"watchlist": ["AAPL", "MSFT"]})
    app.rows.ran = ("NVDA", "AAPL")
    assert labels(await answered(app, DoorDouble(), "watch add")) == ["NVDA", "Cancel"]
    assert labels(await answered(app, DoorDouble(), "watch remove", delivery="2")) == [
        "AAPL",
        "MSFT",
        "Cancel",
    ]


async def test_compare_asks_for_one_model_after_the_other_and_never_for_the_same_twice() -> None:
    names = [member.name for member in arena_facts.MEMBERS if member.enabled]
    first = await answered(arena(), DoorDouble(), "compare")
    assert labels(first) == [*names, "Cancel"]
    assert isinstance(first, Notice)
    then = await pressed(arena(), first.buttons[0].data)
    assert labels(then) == [*names[1:], "Cancel"]
    assert isinstance(then, Notice)
    assert then.text.startswith("With which other model?")
    assert labels(await answered(arena(), DoorDouble(), f"compare {names[1].upper()}")) == [
        *(name for name in names if name != names[1]),
        "Cancel",
    ]


async def test_without_anything_to_offer_the_sentence_stands_alone() -> None:
    assert labels(await answered(arena(), DoorDouble(), "run")) == []


async def test_a_long_watchlist_leaves_room_for_what_was_run() -> None:
    app = arena(arena={"watchlist": [f"T{number}" for number in range(50)]})
    app.rows.ran = ("NVDA", "IBM")
    shown = labels(await answered(app, DoorDouble(), "run"))
    assert len(shown) == 12
    assert {"NVDA", "IBM", "Cancel"} <= set(shown)


async def test_a_stage_without_a_model_offers_the_models() -> None:
    shown = labels(await answered(arena(), DoorDouble(), "why NVDA bear"))
    assert shown == [*(member.name for member in arena_facts.MEMBERS if member.enabled), "Cancel"]


async def test_a_viewer_is_told_about_the_role_before_any_ticker_is_asked_for() -> None:
    card = await answered(arena(arena={"watchlist": ["AAPL"]}), DoorDouble(), "run", person=BOB)
    assert card == Notice(
        text="/run needs the role runner; you are viewer here. Ask an admin of this committee.",
        tone="warning",
    )


async def test_a_pressed_run_is_a_typed_run_and_the_button_is_answered_at_once() -> None:
    app, door = arena(), DoorDouble()
    desk = Desk(app)
    card = await desk.press(press("m.run NVDA quick"), door)
    assert card == DialogueCard(title="/run NVDA quick", footer="The answer comes in a message of its own.")
    assert door.messages == {}
    for task in tuple(desk._going_on):
        await task
    (asked,) = app.requests
    assert (asked.ticker, asked.preset, asked.requested_by) == ("NVDA", "quick", ALICE.id)
    assert asked.requested_in == "telegram:-100123"
    assert isinstance(door.last.now, VerdictCard)


async def test_a_pressed_run_beside_its_card_opens_nothing_else() -> None:
    app, door = arena(), DoorDouble()
    desk = Desk(app)
    assert await desk.press(press("mn.run NVDA"), door) is None
    await desk.close()


async def test_the_same_press_delivered_twice_runs_once() -> None:
    app, door = arena(), DoorDouble()
    desk = Desk(app)
    await desk.press(press("m.run NVDA", delivery="p7"), door)
    assert await desk.press(press("m.run NVDA", delivery="p7"), door) is None
    for task in tuple(desk._going_on):
        await task
    assert len(app.requests) == 1


async def test_a_viewer_who_writes_the_data_of_a_run_by_hand_runs_nothing() -> None:
    app = arena()
    card = await pressed(app, "m.run NVDA", person=BOB)
    assert isinstance(card, Notice)
    assert "needs the role runner" in card.text
    assert app.requests == []


async def test_a_stranger_who_presses_gets_nothing_but_the_greeting() -> None:
    card = await pressed(arena(), "m.leaderboard", person=MALLORY)
    assert isinstance(card, Notice)
    assert "This committee is private" in card.text


@pytest.mark.parametrize("data", ["m.xyzzy", "m.run ???", "m.run A B C D E F", "m.why", "mn.why", "m.\x00"])
async def test_data_written_by_hand_are_answered_with_a_sentence(data: str) -> None:
    assert isinstance(await pressed(arena(), data), Notice)


async def test_reading_commands_answer_where_the_button_was() -> None:
    assert isinstance(await pressed(arena(), "m.leaderboard"), LeaderboardCard)
    assert isinstance(await pressed(arena(), "mn.help"), HelpCard)


async def test_cancel_says_that_nothing_was_done() -> None:
    card = await pressed(arena(), "m.-")
    assert isinstance(card, DialogueCard)
    assert card.title == "Cancelled"


async def test_a_button_cannot_list_other_chats_in_a_group() -> None:
    card = await pressed(arena(), "m.subscriptions all")
    assert isinstance(card, Notice)
    assert "private chat" in card.text
    assert not isinstance(
        await pressed(arena(), "m.subscriptions all", address=Address("telegram", "1001")), Notice
    )


async def test_too_many_runs_from_buttons_are_refused_with_a_sentence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bot.desk.MOST_GOING_ON", 0)
    card = await pressed(arena(), "m.run NVDA")
    assert isinstance(card, Notice)
    assert "Send /run NVDA again" in card.text


async def test_an_unknown_ticker_is_offered_better_below_its_run() -> None:
    app, door = arena(), DoorDouble()
    app.failure = UnknownTicker(
        "I don't know the ticker NVDAA. Did you mean NVDA?", wrong="NVDAA", near=(("NVDA", "NVDA"),)
    )
    card = await answered(app, door, "run NVDAA quick --members claude")
    assert isinstance(card, Notice)
    assert card.text == "I don't know the ticker NVDAA. Did you mean NVDA?"
    assert [button.data for button in card.buttons] == ["m.run NVDA quick --members=claude"]


@pytest.mark.parametrize(
    ("text", "data"),
    [("rnu NVDA", "m.run NVDA"), ("help leaderbord", "m.help leaderboard"), ("NVDA", "m.run NVDA")],
)
async def test_a_misspelt_command_is_offered_as_it_may_have_been_meant(text: str, data: str) -> None:
    card = await answered(arena(), DoorDouble(), text)
    assert isinstance(card, Notice)
    assert [button.data for button in card.buttons] == [data]


async def test_a_dear_run_is_asked_about_and_begins_with_the_press_of_a_button(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app, door = arena(budget={"confirm_above_usd": "0.10"}), DoorDouble()

    async def price_of(requests: object) -> RunPrice:
        return RunPrice(5, 60, Decimal("0.41"))

    monkeypatch.setattr(app, "price_of", price_of)
    card = await answered(app, door, "run NVDA AAPL quick")
    assert isinstance(card, Notice)
    assert card.text == "5 models, 60 calls, about $0.41: go?"
    assert [(button.label, button.data) for button in card.buttons] == [
        ("Go", "m.run NVDA AAPL quick --yes"),
        ("Cancel", "m.-"),
    ]
    assert app.requests == []
    assert isinstance(await pressed(app, card.buttons[0].data), DialogueCard)
    await answered(app, door, "run NVDA --yes", delivery="3")
    assert "NVDA" in {one.ticker for one in app.requests}


@pytest.mark.parametrize(
    ("price", "told"),
    [
        (RunPrice(5, 60, Decimal("0.41")), " · 5 models, 60 calls, about $0.41"),
        (RunPrice(2, 2, None), " · 2 models, 2 calls, at a cost that nobody knows yet"),
        (RunPrice(3, 3, Decimal(0)), ""),
        (RunPrice(0, 0, Decimal(0)), ""),
    ],
)
async def test_a_run_that_just_begins_says_what_it_presumably_costs(price: RunPrice, told: str) -> None:
    app, door = arena(), DoorDouble()
    app.price = price
    await answered(app, door, "run NVDA")
    (message,) = door.messages.values()
    begun = [card.subtitle for card in message.cards if isinstance(card, ProgressCard) and card.lines]
    assert begun
    assert {subtitle.partition("EDT")[2] for subtitle in begun} == {told}


async def test_a_question_that_no_button_can_carry_says_what_to_send(monkeypatch: pytest.MonkeyPatch) -> None:
    app = arena(budget={"confirm_above_usd": "0.10"})

    async def price_of(requests: object) -> RunPrice:
        return RunPrice(1, 12, None)

    monkeypatch.setattr(app, "price_of", price_of)
    card = await answered(app, DoorDouble(), f"run NVDA --members {'x' * 40},claude")
    assert isinstance(card, Notice)
    assert card.text.startswith(
        "1 model, 12 calls, at a cost that nobody knows yet: go? Then send /run NVDA --members="
    )
    assert not card.buttons
