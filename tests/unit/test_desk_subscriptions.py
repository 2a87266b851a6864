"""Subscribing in a chat, whichever it is: by a line, by buttons, and who may."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot import confirming
from bot.cards import Card, DialogueCard, Notice, SubscriptionsCard
from bot.confirming import Confirmation
from bot.dialogue_buttons import Change, Choose, Deed, encode, mark_of
from bot.request import Address
from core.domain.subscription import SubscriptionState, Topic
from tests.desk_scene import BOB, MALLORY
from tests.desk_subscription_scene import (
    CAROL,
    ELSEWHERE,
    TOPIC,
    Scene,
    button,
    buttons_on,
    facts,
    told,
)
from tests.door_double import ALICE, CHAT, press, request


@pytest.fixture
def scene() -> Scene:
    return Scene()


async def test_one_line_subscribes_and_says_when_it_comes_first(scene: Scene) -> None:
    card = await scene.say("subscribe digest weekdays 09:00", address=TOPIC)
    assert facts(card) == {
        "What": "digest weekdays 09:00",
        "When": "on weekdays at 09:00 (America/New_York)",
        "Next": "Thu 30 Oct 09:00 (New York)",
    }
    kept = scene.app.rows.kept[1]
    assert (kept.chat, kept.thread, kept.created_by) == ("-100123", "7", CAROL.id)
    assert scene.app.rows.due[1].key == "2025-10-30T13:00Z"


async def test_the_dialogue_asks_for_tickers_and_time_and_ends_with_what_a_line_would_have_made() -> None:
    scene = Scene(arena={"watchlist": ["NVDA", "BTC-USD"]})
    scene.app.rows.ran = ("AAPL", "MSFT")
    card: Card | None = await scene.say("subscribe", address=CHAT)
    assert [one.label for one in buttons_on(card)] == [
        "Verdicts", "Leaderboard", "Digest", "Weekly review", "Costs", "Alerts", "Cancel",
    ]  # fmt: skip
    card = await scene.click(card, "Verdicts")
    assert [one.label for one in buttons_on(card)] == [
        "Watchlist (NVDA, BTC-USD)", "AAPL", "MSFT", "All 2", "Cancel",
    ]  # fmt: skip
    card = await scene.click(card, "All 2")
    assert isinstance(card, DialogueCard)
    assert card.title == "Verdicts on AAPL, MSFT: when?"
    card = await scene.click(card, "Weekdays 16:30")
    assert facts(card)["What"] == "verdicts AAPL,MSFT weekdays 16:30"
    assert facts(card)["Cost"] == "costs nothing: only rules without a model take part"
    assert scene.app.rows.kept[1].wanted.tickers == ("AAPL", "MSFT")
    gone = await scene.click(card, "Delete 1")
    assert isinstance(gone, DialogueCard)
    assert gone.examples == ("/subscribe verdicts AAPL,MSFT weekdays 16:30",)
    assert scene.app.rows.kept[1].state is SubscriptionState.DELETED


async def test_the_watchlist_is_chosen_as_such_so_that_it_may_change() -> None:
    scene = Scene(arena={"watchlist": ["NVDA"]})
    card = await scene.click(await scene.say("subscribe"), "Verdicts")
    card = await scene.click(await scene.click(card, "Watchlist (NVDA)"), "After the close")
    assert facts(card)["What"] == "verdicts watchlist daily after close"
    assert scene.app.rows.kept[1].wanted.tickers == ()


async def test_without_a_watchlist_verdicts_on_it_are_refused(scene: Scene) -> None:
    assert "no watchlist" in told(await scene.say("subscribe verdicts watchlist weekdays 16:30"))
    card = await scene.click(await scene.say("subscribe"), "Verdicts")
    assert [one.label for one in buttons_on(card)] == ["Cancel"]


async def test_alerts_need_no_time(scene: Scene) -> None:
    card = await scene.click(await scene.say("subscribe"), "Alerts")
    assert facts(card) == {"What": "alerts", "When": "when it happens"}
    assert scene.app.rows.due == {}


async def test_another_time_is_explained_with_lines_that_can_be_read(scene: Scene) -> None:
    scene.app.rows.ran = ("AAPL",)
    card = await scene.click(await scene.say("subscribe"), "Verdicts")
    card = await scene.click(await scene.click(card, "AAPL"), "Another time…")
    assert isinstance(card, DialogueCard)
    assert all("AAPL" in example for example in card.examples)
    for example in card.examples:
        assert isinstance(await scene.say(example.removeprefix("/")), DialogueCard)
    back = await scene.click(card, "◀ Back")
    assert isinstance(back, DialogueCard)
    assert back.title == "Verdicts on AAPL: when?"


async def test_cancel_leaves_everything_as_it_was(scene: Scene) -> None:
    card = await scene.click(await scene.say("subscribe"), "Cancel")
    assert isinstance(card, DialogueCard)
    assert card.title == "Nothing was changed"
    assert scene.app.rows.kept == {}


async def test_a_wish_that_the_chat_has_already_is_refused_with_its_number(scene: Scene) -> None:
    await scene.say("subscribe digest before open")
    assert "subscription 1" in told(await scene.say("subscribe digest before the open"))
    pressed = await scene.click(await scene.click(await scene.say("subscribe"), "Digest"), "Before the open")
    assert "subscription 1" in told(pressed)
    assert len(scene.app.rows.kept) == 1


async def test_a_chat_has_as_many_as_are_configured_and_no_more() -> None:
    scene = Scene(schedule={"max_per_chat": 2})
    for hour in (9, 10):
        assert isinstance(await scene.say(f"subscribe digest daily {hour}:00"), DialogueCard)
    assert "2 subscriptions" in told(await scene.say("subscribe digest daily 11:00"))
    assert isinstance(await scene.say("subscribe digest daily 11:00", address=ELSEWHERE), DialogueCard)
    await scene.say("unsubscribe 1")
    assert isinstance(await scene.say("subscribe digest daily 11:00"), DialogueCard)


async def test_a_number_before_the_wish_changes_that_subscription(scene: Scene) -> None:
    await scene.say("subscribe digest daily 09:00")
    card = await scene.say("subscribe 1 leaderboard fridays 17:00")
    assert isinstance(card, DialogueCard)
    assert card.title == "Subscription 1 is changed"
    assert facts(card)["Next"] == "Fri 31 Oct 17:00 (New York)"
    assert "no subscription 9" in told(await scene.say("subscribe 9 digest daily 09:00"))


async def test_a_paused_one_stays_paused_when_it_is_changed(scene: Scene) -> None:
    await scene.say("subscribe digest daily 09:00")
    await scene.click(await scene.say("subscriptions"), "Pause 1")
    card = await scene.say("subscribe 1 digest daily 10:00")
    assert facts(card)["Next"] == "paused"
    assert scene.app.rows.due == {}


async def test_the_list_shows_each_with_its_next_time_in_the_zone_of_the_chat(scene: Scene) -> None:
    await scene.say("subscribe digest daily 09:00", address=TOPIC)
    await scene.say("subscribe alerts on")
    await scene.say("settings timezone Europe/London")
    card = await scene.say("subscriptions", BOB)
    assert isinstance(card, SubscriptionsCard)
    assert card.title == "2 subscriptions"
    first, second = card.lines
    assert (first.number, first.line, first.place) == ("1", "digest daily 09:00", "in its topic")
    assert first.next == "next Thu 30 Oct 09:00 (London)"
    assert (second.line, second.when, second.next) == ("alerts", "", "when it happens")


async def test_pause_and_resume_by_the_buttons_of_the_list(scene: Scene) -> None:
    await scene.say("subscribe digest daily 09:00")
    card = await scene.click(await scene.say("subscriptions"), "Pause 1")
    assert isinstance(card, SubscriptionsCard)
    assert (card.done, card.lines[0].next) == ("Number 1 is paused.", "paused")
    assert scene.app.rows.due == {}
    scene.app.clock.advance(timedelta(days=3).total_seconds())
    card = await scene.click(card, "Resume 1")
    assert isinstance(card, SubscriptionsCard)
    assert (card.done, card.lines[0].next) == ("Number 1 is active again.", "next Sun 2 Nov 09:00 (New York)")
    again = await scene.press(encode(Change(mark_of(CHAT), Deed.RESUME, 1)))
    assert isinstance(again, SubscriptionsCard)
    assert again.done == "Number 1 was active already."


async def test_a_pause_that_nobody_asked_for_has_its_reason(scene: Scene) -> None:
    await scene.say("subscribe digest daily 09:00")
    await scene.app.rows.pause(1, "the chat was closed to me")
    card = await scene.say("subscriptions")
    assert isinstance(card, SubscriptionsCard)
    assert card.lines[0].next == "paused: the chat was closed to me"


async def test_a_long_list_has_pages(scene: Scene) -> None:
    for hour in range(1, 19):
        await scene.say(f"subscribe digest daily {hour}:00")
    card: Card | None = await scene.say("subscriptions")
    assert isinstance(card, SubscriptionsCard)
    assert (card.title, len(card.lines)) == ("18 subscriptions · page 1 of 3", 8)
    card = await scene.click(await scene.click(card, "2 ▶"), "3 ▶")
    assert isinstance(card, SubscriptionsCard)
    assert [line.number for line in card.lines] == ["17", "18"]
    assert [one.label for one in card.page_buttons] == ["◀ 2"]


async def test_unsubscribe_by_number_and_by_the_button_of_the_list(scene: Scene) -> None:
    await scene.say("subscribe digest daily 09:00")
    await scene.say("subscribe digest daily 10:00")
    await scene.say("unsubscribe 1")
    assert scene.app.rows.kept[1].state is SubscriptionState.DELETED
    card: Card | None = await scene.say("unsubscribe")
    assert [one.label for one in buttons_on(card)] == ["Delete 2"]
    card = await scene.click(card, "Delete 2")
    assert isinstance(card, DialogueCard)
    assert card.title == "Nothing is subscribed here"
    assert "/subscribe digest daily 10:00" in card.text
    assert "no subscription 1" in told(await scene.say("unsubscribe 1"))


async def test_all_go_only_after_a_second_word_of_the_same_person_within_a_minute(scene: Scene) -> None:
    for hour in (9, 10, 11):
        await scene.say(f"subscribe digest daily {hour}:00")
    card = await scene.say("unsubscribe all")
    assert isinstance(card, DialogueCard)
    assert card.title == "Delete all 3 subscriptions of this chat?"
    assert len(scene.app.rows.due) == 3
    assert "Only who asked" in told(await scene.click(card, "Yes, delete 3 subscriptions", ALICE))
    scene.app.clock.advance(61)
    assert "The minute to confirm is over" in told(await scene.click(card, "Yes, delete 3 subscriptions"))
    assert len(scene.app.rows.due) == 3
    kept = await scene.click(await scene.say("unsubscribe all"), "No")
    assert isinstance(kept, DialogueCard)
    assert len(scene.app.rows.due) == 3
    gone = await scene.click(await scene.say("unsubscribe all"), "Yes, delete 3 subscriptions")
    assert isinstance(gone, DialogueCard)
    assert gone.text == "3 subscriptions deleted."
    assert scene.app.rows.due == {}


async def test_a_confirmation_that_was_made_to_last_is_refused(scene: Scene) -> None:
    await scene.say("subscribe digest daily 09:00")
    later = int((scene.app.clock.now() + timedelta(hours=1)).timestamp())
    forged = Confirmation(confirming.Deed.UNSUBSCRIBE_ALL, "", mark_of(CAROL), mark_of(CHAT), later, "abc")
    card = await scene.press(confirming.encode(forged))
    assert "nothing was done" in told(card)
    assert len(scene.app.rows.due) == 1


async def test_viewers_look_and_change_nothing(scene: Scene) -> None:
    await scene.say("subscribe digest daily 09:00")
    shown = await scene.say("subscriptions", BOB)
    dialogue = await scene.say("subscribe")
    settings = await scene.say("settings", BOB)
    for text in ("subscribe", "subscribe digest daily 10:00", "unsubscribe all", "settings quiet off"):
        assert "needs the role runner; you are viewer here" in told(await scene.say(text, BOB))
    for card, label in (
        (shown, "Pause 1"), (dialogue, "Digest"), (dialogue, "Cancel"), (settings, "Quiet 22:00–07:00"),
    ):  # fmt: skip
        assert "needs the role runner" in told(await scene.click(card, label, BOB))
    for refused in (await scene.click(shown, "Delete 1", BOB), await scene.say("unsubscribe 1", BOB)):
        assert told(refused) == (
            "Subscription 1 is somebody else's; who made it or a runner of this chat may delete it."
        )
    assert len(scene.app.rows.due) == 1


async def test_who_made_a_subscription_ends_it_though_no_runner_any_more(scene: Scene) -> None:
    await scene.say("subscribe digest daily 09:00")
    kept = scene.app.rows.kept
    kept[1] = kept[1].model_copy(update={"created_by": BOB.id})
    assert isinstance(await scene.say("unsubscribe 1", BOB), DialogueCard)
    assert kept[1].state is SubscriptionState.DELETED


async def test_a_stranger_is_greeted_once_and_nothing_happens(scene: Scene) -> None:
    assert "This committee is private" in told(await scene.say("subscribe digest daily 09:00", MALLORY))
    dialogue = await scene.say("subscribe")
    assert await scene.click(dialogue, "Alerts", MALLORY) is None
    assert scene.app.rows.kept == {}


async def test_another_chat_can_neither_see_nor_touch_them(scene: Scene) -> None:
    await scene.say("subscribe digest daily 09:00")
    card = await scene.say("subscriptions", address=ELSEWHERE)
    assert isinstance(card, DialogueCard)
    for text in ("unsubscribe 1", "subscribe 1 alerts on"):
        assert "no subscription 1" in told(await scene.say(text, ALICE, ELSEWHERE))
    for deed in Deed:
        forged = encode(Change(mark_of(ELSEWHERE), deed, 1))
        assert "no subscription 1" in told(await scene.press(forged, ALICE, ELSEWHERE))
    assert len(scene.app.rows.due) == 1


async def test_a_button_that_was_carried_into_another_chat_is_refused(scene: Scene) -> None:
    data = encode(Choose(mark_of(CHAT), Topic.ALERTS))
    assert "belongs to another chat" in told(await scene.press(data, ALICE, ELSEWHERE))
    assert scene.app.rows.kept == {}


@pytest.mark.parametrize("data", ["s.x", "s.00000000.a.v.z", "s.00000000.t.z.Nowhere/City"])
async def test_data_written_by_hand_are_refused(scene: Scene, data: str) -> None:
    assert isinstance(await scene.press(data.replace("00000000", mark_of(CHAT))), Notice | DialogueCard)
    assert scene.app.rows.kept == {}
    assert scene.app.rows.by_chat == {}


async def test_admins_see_all_chats_but_only_where_nobody_else_reads_it(scene: Scene) -> None:
    await scene.say("subscribe digest daily 09:00")
    await scene.say("subscribe alerts on", address=ELSEWHERE)
    assert "needs the role admin" in told(await scene.say("subscriptions all"))
    assert "private chat" in told(await scene.say("subscriptions all", ALICE))
    asked = request("subscriptions all", ALICE, Address("telegram", "1001"), "private")
    await scene.desk.handle(replace(asked, private=True), scene.door)
    card = scene.door.last.now
    assert isinstance(card, SubscriptionsCard)
    assert [(line.line, line.place) for line in card.lines] == [
        ("digest daily 09:00", "telegram:-100123"),
        ("alerts", "telegram:-100999"),
    ]
    assert buttons_on(card) == ()


async def test_settings_are_shown_changed_and_set_back(scene: Scene) -> None:
    await scene.say("subscribe digest daily 23:00")
    card: Card | None = await scene.say("settings", BOB)
    assert facts(card)["Time zone"] == "America/New_York, that of the arena"
    card = await scene.click(card, "Quiet 22:00–07:00")
    assert facts(card)["Quiet hours"].startswith("22:00 to 07:00")
    slot = scene.app.rows.due[1]
    assert slot.due_at - slot.at == timedelta(hours=8)
    listed = await scene.say("subscriptions")
    assert isinstance(listed, SubscriptionsCard)
    assert listed.lines[0].next == (
        "next Thu 30 Oct 07:00 (New York), after the quiet hours; its time is Wed 29 Oct 23:00"
    )
    card = await scene.click(await scene.click(card, "Time zone…"), "London")
    assert facts(card)["Time zone"] == "Europe/London"
    card = await scene.click(card, "Allow cheaper runs")
    assert facts(card)["Cheaper runs"].startswith("allowed")
    assert scene.app.rows.by_chat["telegram:-100123"].zone == "Europe/London"
    card = await scene.click(card, "Defaults")
    assert facts(card)["Time zone"] == "America/New_York, that of the arena"
    assert scene.app.rows.due[1].due_at == scene.app.rows.due[1].at


async def test_a_press_that_is_delivered_twice_counts_once(scene: Scene) -> None:
    card = await scene.say("subscribe")
    one = press(button(card, "Alerts"), CAROL, delivery="twice")
    assert isinstance(await scene.desk.press(one, scene.door), DialogueCard)
    assert await scene.desk.press(one, scene.door) is None
    assert len(scene.app.rows.kept) == 1


async def test_what_quiet_hours_hold_back_is_released_by_new_ones_and_not_lost(scene: Scene) -> None:
    await scene.say("settings quiet 22:00-07:00")
    await scene.say("subscribe digest daily 23:00")
    held = scene.app.rows.due[1]
    scene.app.clock.advance((held.at + timedelta(hours=1) - scene.app.clock.now()).total_seconds())
    await scene.say("settings quiet 22:00-09:00")
    longer = scene.app.rows.due[1]
    assert (longer.key, longer.due_at - held.due_at) == (held.key, timedelta(hours=2))
    await scene.say("settings quiet off")
    released = scene.app.rows.due[1]
    assert released.key == held.key
    assert timedelta(0) <= scene.app.clock.now() - released.due_at < timedelta(minutes=1)


async def test_what_nobody_has_taken_up_in_time_stays_as_late_as_it_is(scene: Scene) -> None:
    await scene.say("subscribe digest daily 23:00")
    slot = scene.app.rows.due[1]
    scene.app.clock.advance(timedelta(days=2).total_seconds())
    await scene.say("settings timezone London")
    assert scene.app.rows.due[1] == slot
