"""Removing a member from a chat: asked, confirmed, and what everybody sees of it afterwards."""

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.cards import DialogueCard, LeaderboardCard
from bot.member_documents import members_document
from bot.present.leaderboard import leaderboard_card
from bot.present.models import models_card
from bot.present.portfolio import portfolio_card
from core.app.wishes import wanted_from
from core.domain.books import OrderState
from core.domain.errors import Refused
from tests import arena
from tests.chat_scene import ALICE, BOB, Chat, told
from tests.market_days import LIVE, PRICED, Days, evening, market_days

WEEK = ["2025-10-27", "2025-10-28", "2025-10-29", "2025-10-30", "2025-10-31"]
TWO = {
    "members": [{"name": name, "route": [f"loopback:{name}/{name}-1"]} for name in ("claude", "gpt5")],
    "access": {"admins": [ALICE.id], "people": [{"id": BOB.id, "role": "runner"}]},
}


async def traded(days: Days) -> None:
    """Let both hold NVDA since the 28th, and both wait to buy more."""
    days.market.flat("NVDA", "100", WEEK)
    days.say("BUY", "gpt5", target_weight=0.1)
    await days.buy("NVDA", evening("2025-10-27"), 0.1)
    days.say("BUY", "gpt5", target_weight=0.2)
    await days.buy("NVDA", evening("2025-10-28"), 0.2)
    assert await days.shares("NVDA") == await days.shares("NVDA", "gpt5") == 10


async def test_after_a_yes_it_takes_no_part_and_its_books_stay(tmp_path: Path) -> None:
    async with market_days(tmp_path, **TWO) as days:
        await traded(days)
        chat = Chat(days)
        assert "needs the role admin; you are runner here" in told(await chat.say("remove claude", BOB))
        card = await chat.say("remove clau")
        assert isinstance(card, DialogueCard)
        assert card.title == "Remove claude from the committee?"
        assert "A waiting order is cancelled." in card.text
        assert told(await chat.click(card, "Yes, remove claude", BOB)).startswith("Only who asked")
        assert len(await days.store.books.pending(LIVE)) == 2
        done = await chat.click(card, "Yes, remove claude")
        assert isinstance(done, DialogueCard)
        assert done.title == "claude is removed"
        assert "1 waiting order cancelled." in done.text

        record = await days.run("NVDA", evening("2025-10-29"))
        assert [seat.member for seat in record.seats] == ["gpt5"]
        assert await days.shares("NVDA") == 10
        assert await days.value("2025-10-29") == 10_000
        assert told(await chat.say("remove claude")) == (
            "claude was removed already. /restore claude brings it back."
        )
        assert told(await chat.say("remove gpt5")).startswith("gpt5 is the last member that takes part")


async def test_everybody_sees_that_it_left_and_its_history(tmp_path: Path) -> None:
    async with market_days(tmp_path, **TWO) as days:
        await traded(days)
        chat = Chat(days)
        await chat.click(await chat.say("remove claude"), "Yes, remove claude")
        board = leaderboard_card(await days.app.leaderboard())
        assert isinstance(board, LeaderboardCard)
        warnings = {line.member: line.warning for line in board.standings}
        assert warnings == {"claude": "left on 2025-10-28", "gpt5": None}
        statement = await days.app.portfolio("claude")
        assert ("Left on", "2025-10-28") in portfolio_card(statement, ZoneInfo("UTC")).facts
        assert statement.fills
        (entry,) = [one for one in models_card(await days.app.members()).lines if one[0] == "claude"]
        assert entry[1].endswith("was removed, /restore claude brings it back")
        (document,) = [one for one in members_document(await days.app.members()) if one["member"] == "claude"]
        assert (document["enabled"], document["removed_at"][:10]) == (False, "2025-10-28")
        (run, _) = [r for r in await days.rows("orders") if r["member"] == "claude"]
        assert (await days.app.model_chat(run["run_id"], "claude")).result is not None


async def test_a_restart_does_not_bring_it_back_and_restore_does(tmp_path: Path) -> None:
    async with market_days(tmp_path, **TWO) as days:
        await traded(days)
        chat = Chat(days)
        await chat.click(await chat.say("remove claude"), "Yes, remove claude")
        await days.start()
        assert [seat.member for seat in (await days.run("NVDA", evening("2025-10-29"))).seats] == ["gpt5"]
        with pytest.raises(Refused, match="claude is not enabled, or was removed"):
            await days.run("NVDA", evening("2025-10-29"), members=("claude",))
        assert told(await chat.say("restore claude")) == "claude takes part again, from the next run on."
        assert told(await chat.say("restore claude")).startswith("claude was not removed")
        record = await days.run("NVDA", evening("2025-10-30"))
        assert [seat.member for seat in record.seats] == ["claude", "gpt5"]
        assert await days.app.audit() == ()


async def test_a_run_under_way_goes_on_with_it_but_its_ballot_does_not_trade(tmp_path: Path) -> None:
    async with market_days(tmp_path, **TWO) as days:
        await traded(days)
        days.clock.set(evening("2025-10-29"))
        app = days.app
        wanted = arena.request("NVDA", preset="quick")
        removed = False
        async for event in app.run(wanted):
            if not removed:
                removed = True
                await app.membership.remove(await app.member("claude"), ALICE.id)
            last = event
        record = arena.ended([last])
        assert {ballot.member for ballot in record.ballots} == {"claude", "gpt5"}
        mine = [order for order in record.orders if order.member == "claude"]
        assert [(order.state, order.reason) for order in mine] == [
            (OrderState.CANCELLED, "the member was removed")
        ]


async def test_a_removed_model_costs_a_subscription_nothing(tmp_path: Path) -> None:
    two = {**TWO, "members": [*PRICED["members"], {**PRICED["members"][0], "name": "gpt5"}]}
    async with market_days(tmp_path, **two) as days:
        line = ["verdicts", "$NVDA", "after", "close"]
        before = await days.app.subscriptions.subscribe(
            "telegram", "-1", None, person=ALICE.id, wanted=wanted_from(line)
        )
        assert before.estimate is not None
        assert before.estimate.models == 2
        await days.app.membership.remove(await days.app.member("gpt5"), ALICE.id)
        after = await days.app.subscriptions.subscribe(
            "telegram", "-2", None, person=ALICE.id, wanted=wanted_from(line)
        )
        assert after.estimate is not None
        assert after.estimate.models == 1


async def test_one_member_must_be_named(tmp_path: Path) -> None:
    async with market_days(tmp_path, **TWO) as days:
        chat = Chat(days)
        assert told(await chat.say("remove")).startswith("Which member? Write for instance /remove claude.")
        assert told(await chat.say("remove claude gpt5")).startswith("One member at a time")
        assert told(await chat.say("remove nobody")).startswith("No model is called “nobody”.")
