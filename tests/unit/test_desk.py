"""Where every command and every pressed button arrives: who is answered, how often, and with what."""

import asyncio
import logging

import pytest

from bot.buttons import OpenReasoning, TurnTo, encode
from bot.cards import (
    Button,
    CalibrationCard,
    HelpCard,
    LeaderboardCard,
    ModelsCard,
    Notice,
    PortfolioCard,
    ProgressCard,
    ReasoningCard,
    VerdictCard,
)
from bot.desk import POST_TRIES, Desk
from bot.door import ChatGone, DeliveryFailed, Flooded
from bot.request import Address
from core.domain.errors import StoreError
from core.domain.run import RunRequest
from core.domain.scores import Metric
from core.domain.stage import Preset
from tests import arena_facts
from tests.arena_double import ArenaDouble
from tests.counted_slices import CountedSlices
from tests.desk_scene import BOB, MALLORY, answered, arena
from tests.door_double import ALICE, CHAT, DoorDouble, press, request

ELSEWHERE = Address("telegram", "-100999")
OPEN_CLAUDE = encode(OpenReasoning(arena_facts.RUN_ID, 1))


@pytest.fixture
def app() -> ArenaDouble:
    return arena()


@pytest.fixture
def door() -> DoorDouble:
    return DoorDouble()


@pytest.mark.parametrize(
    ("text", "card"),
    [
        ("run NVDA", VerdictCard),
        ("why NVDA", VerdictCard),
        ("why NVDA claude", ReasoningCard),
        ("vote NVDA buy", Notice),
        ("leaderboard", LeaderboardCard),
        ("portfolio", LeaderboardCard),
        ("portfolio claude", PortfolioCard),
        ("models", ModelsCard),
        ("models claude", CalibrationCard),
        ("members gpt-5", CalibrationCard),
        ("whoami", Notice),
        ("help", HelpCard),
        ("help run", HelpCard),
        ("start", HelpCard),
        ("", HelpCard),
        ("TOP", LeaderboardCard),
    ],
)
async def test_each_command_gives_its_card(app: ArenaDouble, door: DoorDouble, text: str, card: type) -> None:
    assert isinstance(await answered(app, door, text), card)
    assert len(door.messages) == 1
    assert door.last.address == CHAT


async def test_a_ranking_is_asked_for_by_metric_period_and_net(app: ArenaDouble, door: DoorDouble) -> None:
    for text in ("leaderboard", "top drawdown 7d", "leaderboard net return"):
        await answered(app, door, text, delivery=text)
    assert app.ranked == [
        (None, "all", Metric.VALUE, False),
        (None, "7d", Metric.MAX_DRAWDOWN, False),
        (None, "all", Metric.RETURN, True),
    ]
    card = await answered(app, door, "leaderboard sharp", delivery="4")
    assert card == Notice(text="“sharp” is not a metric. Did you mean sharpe?", tone="warning")


async def test_a_run_is_asked_for_as_it_was_written_and_in_whose_name(
    app: ArenaDouble, door: DoorDouble
) -> None:
    await answered(app, door, "run nvda 2025-10-29 quick --members claude,gpt")
    assert app.requests == [
        RunRequest(
            ticker="NVDA",
            preset=Preset.QUICK,
            as_of=arena_facts.AS_OF,
            members=("claude", "gpt"),
            requested_by=ALICE.id,
            requested_in=CHAT.chat_id,
        )
    ]


async def test_a_run_without_a_preset_takes_the_configured_one(door: DoorDouble) -> None:
    app = arena(pipeline={"preset": "deep"})
    await answered(app, door, "run NVDA")
    assert app.requests[0].preset is Preset.DEEP


async def test_a_run_is_one_message_that_begins_as_progress_and_ends_as_the_verdict(
    app: ArenaDouble, door: DoorDouble
) -> None:
    await answered(app, door, "run NVDA")
    (message,) = door.messages.values()
    assert isinstance(message.cards[0], ProgressCard)
    assert isinstance(message.now, VerdictCard)
    assert message.only_for is None


async def test_each_of_several_tickers_has_its_own_message(app: ArenaDouble, door: DoorDouble) -> None:
    await answered(app, door, "run NVDA AAPL MSFT")
    cards = [message.now for message in door.messages.values()]
    assert sorted(card.ticker for card in cards if isinstance(card, VerdictCard)) == ["AAPL", "MSFT", "NVDA"]


async def test_a_wrong_command_is_answered_with_what_was_meant_for_that_person_alone(
    app: ArenaDouble, door: DoorDouble
) -> None:
    card = await answered(app, door, "rnu NVDA")
    assert card == Notice(
        text="I don't know the command “rnu”. Did you mean /run?",
        tone="warning",
        buttons=(Button(label="/run", data="m.run NVDA"),),
    )
    assert door.last.only_for == ALICE


async def test_a_viewer_may_look_but_not_run(app: ArenaDouble, door: DoorDouble) -> None:
    assert isinstance(await answered(app, door, "why NVDA", person=BOB), VerdictCard)
    card = await answered(app, door, "run NVDA", person=BOB, delivery="2")
    assert card == Notice(
        text="/run needs the role runner; you are viewer here. Ask an admin of this committee.",
        tone="warning",
    )
    assert app.requests == []


async def test_help_lists_only_what_the_person_may_send(app: ArenaDouble, door: DoorDouble) -> None:
    def usages(card: object) -> str:
        assert isinstance(card, HelpCard)
        return " ".join(usage for usage, _ in card.commands)

    assert "/run" in usages(await answered(app, door, "help"))
    assert "/run" not in usages(await answered(app, door, "help", person=BOB, delivery="2"))


async def test_whoami_tells_the_ids_as_the_configuration_names_them(
    app: ArenaDouble, door: DoorDouble
) -> None:
    card = await answered(app, door, "whoami", person=BOB)
    assert card == Notice(text="You are Bob (telegram:1002), viewer in this chat (telegram:-100123).")
    assert door.last.only_for == BOB


async def test_a_stranger_hears_their_ids_once_and_then_nothing_and_nothing_is_run_or_claimed(
    app: ArenaDouble, door: DoorDouble
) -> None:
    desk = Desk(app)
    for number, text in enumerate(("run NVDA", "run NVDA", "whoami", "why NVDA claude")):
        await desk.handle(request(text, person=MALLORY, delivery=str(number)), door)
    assert await desk.press(press(OPEN_CLAUDE, person=MALLORY), door) is None
    (message,) = door.messages.values()
    assert message.now == Notice(
        text="This committee is private. To be let in, give its admin your ids: "
        "you are telegram:6666 in chat telegram:-100123.",
        tone="warning",
    )
    assert message.only_for == MALLORY
    assert app.requests == []
    assert app.claimed == set()


async def test_a_stranger_who_presses_first_is_greeted_instead_of_shown_anything(
    app: ArenaDouble, door: DoorDouble
) -> None:
    desk = Desk(app)
    card = await desk.press(press(OPEN_CLAUDE, person=MALLORY), door)
    assert isinstance(card, Notice)
    assert "telegram:6666" in card.text
    assert await desk.press(press(OPEN_CLAUDE, person=MALLORY, delivery="p2"), door) is None
    assert app.claimed == set()


async def test_in_a_private_chat_a_strangers_one_id_is_told_once(app: ArenaDouble, door: DoorDouble) -> None:
    card = await answered(app, door, "start", person=MALLORY, address=Address("telegram", "6666"))
    assert isinstance(card, Notice)
    assert card.text.count("telegram:6666") == 1
    assert card.text.endswith("you are telegram:6666.")


async def test_the_same_stranger_is_greeted_once_in_each_chat(app: ArenaDouble, door: DoorDouble) -> None:
    for number, where in enumerate((CHAT, ELSEWHERE, CHAT, ELSEWHERE)):
        await Desk(app).handle(request("start", person=MALLORY, address=where, delivery=str(number)), door)
    assert [message.address for message in door.messages.values()] == [CHAT, ELSEWHERE]


async def test_a_request_that_the_platform_delivers_again_runs_once_and_is_answered_once(
    app: ArenaDouble, door: DoorDouble
) -> None:
    desk = Desk(app)
    for _ in range(3):
        await desk.handle(request("run NVDA", delivery="7"), door)
    assert len(app.requests) == 1
    assert len(door.messages) == 1


async def test_a_press_that_the_platform_delivers_again_opens_nothing_more(
    app: ArenaDouble, door: DoorDouble
) -> None:
    desk = Desk(app)
    assert isinstance(await desk.press(press(OPEN_CLAUDE), door), ReasoningCard)
    assert await desk.press(press(OPEN_CLAUDE), door) is None
    assert isinstance(await desk.press(press(OPEN_CLAUDE, delivery="p2"), door), ReasoningCard)


async def test_the_same_delivery_id_on_two_platforms_is_two_deliveries(app: ArenaDouble) -> None:
    terminal = Address("terminal", "terminal")
    desk, door = Desk(app), DoorDouble("terminal")
    await desk.handle(request("start", delivery="7"), door)
    await desk.handle(request("start", address=terminal, delivery="7"), door)
    assert len(door.messages) == 2


async def test_runs_give_way_to_whoever_typed_or_pressed_until_they_have_an_answer(
    app: ArenaDouble, door: DoorDouble
) -> None:
    desk, waited = Desk(app), list[int]()
    ask = app.claim_delivery

    async def claim_delivery(platform: str, delivery: str) -> bool:
        waited.append(len(app.courtesy.visits))
        return await ask(platform, delivery)

    app.claim_delivery = claim_delivery  # type: ignore[method-assign]
    await desk.press(press(OPEN_CLAUDE), door)
    await desk.handle(request("/models"), door)
    assert waited == [1, 1]
    assert not app.courtesy.visits


async def test_of_many_messages_that_are_ready_together_some_are_drawn_in_each_turn_of_the_loop(
    app: ArenaDouble, door: DoorDouble
) -> None:
    desk, app.courtesy.drawing = Desk(app), (slices := CountedSlices())
    await asyncio.gather(*(desk.handle(request("run NVDA", delivery=str(n)), door) for n in range(3)))
    assert slices.begun >= len(door.messages) == 3


async def test_a_viewer_may_press_every_button(app: ArenaDouble, door: DoorDouble) -> None:
    card = await Desk(app).press(press(OPEN_CLAUDE, person=BOB), door)
    assert isinstance(card, ReasoningCard)


@pytest.mark.parametrize("data", ["", "w.", "w.4f7k2m9q.0", "run NVDA", "p.4f7k2m9q.1.1", "w.4f7k2m9q.1\n"])
async def test_a_button_that_somebody_wrote_by_hand_is_refused(
    app: ArenaDouble, door: DoorDouble, data: str
) -> None:
    card = await Desk(app).press(press(data), door)
    assert isinstance(card, Notice)
    assert "button is too old" in card.text


async def test_the_button_of_a_run_that_is_gone_says_so_and_is_not_taken_for_a_ticker(
    app: ArenaDouble, door: DoorDouble
) -> None:
    app.records["other"] = arena_facts.record(run_id="other", ticker="ZZZZ2222")
    for wish in (OpenReasoning("zzzz2222", 1), TurnTo("zzzz2222", 1, 1, 1)):
        card = await Desk(app).press(press(encode(wish), delivery=encode(wish)), door)
        assert card == Notice(
            text="This run is too old to open. Send /run NVDA for a new one.", tone="warning"
        )


async def test_the_button_of_a_member_that_is_gone_says_so(app: ArenaDouble, door: DoorDouble) -> None:
    card = await Desk(app).press(press(encode(OpenReasoning(arena_facts.RUN_ID, 99))), door)
    assert isinstance(card, Notice)
    assert "no such model any more" in card.text


async def test_a_bug_becomes_a_reference_that_finds_its_traceback_in_the_log(
    app: ArenaDouble, door: DoorDouble, caplog: pytest.LogCaptureFixture
) -> None:
    app.busy = ZeroDivisionError("the inside of the machine")
    card = await answered(app, door, "why NVDA")
    assert isinstance(card, Notice)
    assert card.tone == "error"
    assert card.reference is not None
    assert card.text == f"Something went wrong here. Ask the admin to look for {card.reference} in the log."
    (logged,) = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert card.reference in logged.getMessage()
    assert "“why NVDA”" in logged.getMessage()
    assert "ZeroDivisionError: the inside of the machine" in caplog.text
    assert "Traceback" in caplog.text


async def test_a_bug_behind_a_button_becomes_a_reference_too(
    app: ArenaDouble, door: DoorDouble, caplog: pytest.LogCaptureFixture
) -> None:
    app.busy = ZeroDivisionError("the inside of the machine")
    card = await Desk(app).press(press(OPEN_CLAUDE), door)
    assert isinstance(card, Notice)
    assert card.reference is not None
    assert "inside of the machine" not in card.text
    assert card.reference in caplog.text


async def test_a_bug_in_the_midst_of_a_run_ends_its_message_with_a_reference(
    app: ArenaDouble, door: DoorDouble, caplog: pytest.LogCaptureFixture
) -> None:
    app.failure, app.failure_at = ZeroDivisionError("the inside of the machine"), 5
    card = await answered(app, door, "run NVDA")
    assert isinstance(card, Notice)
    assert card.reference is not None
    assert "machine" not in card.text
    assert card.reference in caplog.text
    assert len(door.messages) == 1


async def test_an_error_that_is_for_people_is_told_in_its_own_words(
    app: ArenaDouble, door: DoorDouble, caplog: pytest.LogCaptureFixture
) -> None:
    app.busy = StoreError("The database is locked; try again.")
    card = await answered(app, door, "why NVDA")
    assert card == Notice(text="The database is locked; try again.", tone="error")
    assert "The database is locked" in caplog.text
    assert "Traceback" not in caplog.text


async def test_an_answer_that_the_platform_does_not_take_is_offered_again(
    app: ArenaDouble, door: DoorDouble
) -> None:
    door.trouble = lambda kind, number: DeliveryFailed("no") if number < 3 else None
    await answered(app, door, "leaderboard")
    assert door.calls == ["send"] * 3
    assert app.clock.slept == [1.0, 2.0]


async def test_a_flooded_platform_is_given_the_time_that_it_asks_for(
    app: ArenaDouble, door: DoorDouble
) -> None:
    door.trouble = lambda kind, number: Flooded(7.5) if number == 1 else None
    await answered(app, door, "leaderboard")
    assert app.clock.slept == [7.5]


@pytest.mark.parametrize(
    ("trouble", "calls"),
    [
        (DeliveryFailed("no"), POST_TRIES),
        (ChatGone("kicked"), 1),
        (Flooded(3600.0), 1),
        (ValueError("cannot be drawn"), 1),
    ],
)
async def test_an_answer_that_cannot_be_delivered_is_given_up_and_raises_nothing(
    app: ArenaDouble, door: DoorDouble, trouble: Exception, calls: int
) -> None:
    door.trouble = lambda kind, number: trouble
    await Desk(app).handle(request("leaderboard"), door)
    assert door.messages == {}
    assert len(door.calls) == calls


async def test_a_log_line_says_who_asked_for_what_and_nothing_more(
    app: ArenaDouble, door: DoorDouble, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    await answered(app, door, "why NVDA claude")
    assert caplog.messages == ["telegram:1001 in telegram:-100123: /why"]
