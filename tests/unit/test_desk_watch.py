"""The watchlist of a chat, from its commands and buttons to what is subscribed to."""

import pytest

from bot.cards import DialogueCard, Notice
from bot.request import Address
from tests.desk_scene import BOB
from tests.door_double import CHAT
from tests.unit.test_desk_subscriptions import CAROL, Scene, buttons_on, facts, told

ELSEWHERE = Address("telegram", "-100999")


@pytest.fixture
def scene() -> Scene:
    return Scene(arena={"watchlist": ["SPY"]})


async def test_a_chat_without_a_list_watches_that_of_the_arena_until_it_adds_one(scene: Scene) -> None:
    card = await scene.say("watch", BOB)
    assert facts(card) == {"The arena's": "SPY"}
    assert buttons_on(card) == ()
    card = await scene.say("watch add NVDA aapl")
    assert facts(card) == {"Own": "NVDA, AAPL"}
    assert isinstance(card, DialogueCard)
    assert card.text == "Added NVDA and AAPL."
    assert facts(await scene.say("watch", address=ELSEWHERE, person=BOB)) == {"The arena's": "SPY"}


async def test_a_button_removes_a_ticker_and_with_the_last_one_the_arenas_list_is_back(scene: Scene) -> None:
    card = await scene.say("watch add NVDA AAPL")
    card_after = await scene.click(card, "✕ NVDA")
    assert facts(card_after) == {"Own": "AAPL"}
    again = await scene.click(card, "✕ NVDA")
    assert told(again) == "This chat's watchlist has no NVDA. It has AAPL."
    assert facts(await scene.click(card_after, "✕ AAPL")) == {"The arena's": "SPY"}


async def test_a_viewer_looks_and_changes_nothing_by_a_line_or_a_button(scene: Scene) -> None:
    card = await scene.say("watch add NVDA")
    assert isinstance(await scene.say("watch add AAPL", BOB), Notice)
    assert isinstance(await scene.say("watch clear", BOB), Notice)
    assert isinstance(await scene.click(card, "✕ NVDA", BOB), Notice)
    assert facts(await scene.say("watch")) == {"Own": "NVDA"}


async def test_a_button_of_another_chat_does_nothing(scene: Scene) -> None:
    card = await scene.say("watch add NVDA")
    assert isinstance(await scene.press(buttons_on(card)[0].data, CAROL, ELSEWHERE), Notice)
    assert facts(await scene.say("watch")) == {"Own": "NVDA"}


async def test_no_list_is_longer_than_fifty(scene: Scene) -> None:
    await scene.say("watch add " + " ".join(f"T{number}" for number in range(49)))
    assert "50 tickers at most" in told(await scene.say("watch add NVDA AAPL"))
    assert facts(await scene.say("watch add NVDA"))["Own"].endswith("T48, NVDA")


async def test_what_is_subscribed_to_about_the_watchlist_follows_it_at_once(scene: Scene) -> None:
    await scene.say("subscribe verdicts watchlist weekdays 16:30")
    await scene.say("subscribe verdicts MSFT weekdays 16:30")
    assert scene.app.rows.due[1].tickers == ("SPY",)
    await scene.say("watch add NVDA AAPL")
    assert scene.app.rows.due[1].tickers == ("NVDA", "AAPL")
    assert scene.app.rows.due[2].tickers == ("MSFT",)
    await scene.say("watch clear")
    assert scene.app.rows.due[1].tickers == ("SPY",)


async def test_the_dialogue_offers_the_list_of_the_chat(scene: Scene) -> None:
    await scene.say("watch add NVDA")
    card = await scene.click(await scene.say("subscribe"), "Verdicts")
    assert buttons_on(card)[0].label == "Watchlist (NVDA)"


async def test_who_changes_a_watchlist_by_a_line_or_a_button_is_written_down_and_who_looks_is_not(
    scene: Scene,
) -> None:
    card = await scene.say("watch add NVDA AAPL")
    await scene.say("watch")
    await scene.click(card, "✕ NVDA")
    await scene.click(card, "✕ AAPL", BOB)
    assert [(deed.person, deed.what, deed.outcome) for deed in scene.app.people_rows.noted] == [
        (CAROL.id, "/watch add NVDA AAPL", "done"),
        (CAROL.id, "button: watch remove NVDA", "done"),
        (BOB.id, "button: watch remove AAPL", "refused"),
    ]


async def test_the_question_which_ticker_offers_those_of_the_chats_own_watchlist(scene: Scene) -> None:
    await scene.say("watch add NVDA AAPL")
    for address, offered in ((CHAT, ["NVDA", "AAPL"]), (ELSEWHERE, ["SPY"])):
        card = await scene.say("run", address=address)
        assert isinstance(card, Notice)
        assert [one.label for one in card.buttons][: len(offered)] == offered
