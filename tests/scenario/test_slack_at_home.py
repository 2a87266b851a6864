"""The Home tab of Slack, reasoning and explanations in windows, with `conclave serve` whole."""

import asyncio

import pytest

from core.domain.errors import StoreError
from tests.loopback.slack_rules import interactive
from tests.loopback.slack_scene import shown
from tests.loopback.slack_server import Fault, SlackServer
from tests.loopback.slack_state import Message, View
from tests.service import actions
from tests.slack_home_scene import (
    ALICE,
    ASK,
    BOB,
    BOUGHT,
    EXPLAIN,
    MALLORY,
    READERS,
    TRADING,
    World,
    home_of,
    ids,
    refusals,
    serving,
    verdict_in,
    window,
)

pytest_plugins = ("tests.slack_home_fixtures",)
pytestmark = pytest.mark.timeout(90)


# The Home tab.


async def test_the_page_shows_the_board_the_last_verdicts_the_watchlist_and_what_ones_channels_receive(
    world: World,
) -> None:
    slack = world.slack
    async with serving(world):
        await slack.slash("/run", "GOOG quick", ALICE, TRADING)
        await verdict_in(slack, TRADING)
        await slack.slash("/subscribe", "digest weekdays 09:00", ALICE, TRADING)
        await slack.wait_messages(TRADING, 2)
        envelope = await slack.open_home(ALICE)
        page = await home_of(slack, ALICE, "Latest verdicts")
    assert envelope.ack_s is not None
    assert envelope.ack_s < 3.0
    text = shown(page.blocks)
    for told in (
        "Leaderboard on sample prices",
        "claude",
        "GOOG BUY",
        "60 % agree",
        "IBM",
        "digest",
        "09:00",
    ):
        assert told in text, told
    assert {"conclave-form.open.ask.top", "conclave-form.open.subscribe.top"} <= set(ids(page))
    assert {"conclave-form.open.settings.top", "conclave.home.0", "conclave.home.1"} <= set(ids(page))
    channels = [
        part for part in str(page.blocks).split("'channel_id': ")[1:] if part.startswith(f"'{TRADING}'")
    ]
    assert len(channels) == 1


async def test_a_stranger_is_told_how_to_be_let_in_and_nothing_else(world: World) -> None:
    slack = world.slack
    async with serving(world) as app:
        await slack.slash("/run", "GOOG quick", ALICE, TRADING)
        await verdict_in(slack, TRADING)
        await slack.open_home(MALLORY)
        page = await home_of(slack, MALLORY)
        assert await app.homes.readers(10) == ()
        await slack.shortcut(ASK, MALLORY)
        form = await window(slack, MALLORY, "Ask the committee")
        sent = await slack.submit(form, MALLORY, tickers="GOOG", chat=READERS)
        assert sent.answer is not None
        assert "needs the role runner" in sent.answer["errors"]["chat"]
        assert await refusals(app, MALLORY) == ["form: run", "stranger: the Home tab"]
    text = shown(page.blocks)
    assert f"slack:{MALLORY}" in text
    assert "GOOG" not in text
    assert interactive(page.blocks) == []


async def test_who_has_a_role_by_a_channel_alone_has_a_page_after_asking_there(world: World) -> None:
    slack = world.slack
    async with serving(world):
        await slack.open_home(BOB)
        assert "private" in shown((await home_of(slack, BOB)).blocks)
        await slack.slash("/leaderboard", "", BOB, TRADING)
        await slack.wait_messages(TRADING)
        await slack.open_home(BOB)
        page = await home_of(slack, BOB, "Leaderboard")
        # The buttons of the page are pressed in the name of the channel that gives the role.
        await slack.click(page, "conclave.home.1", BOB)
        assert "/run" in shown((await window(slack, BOB, "Commands")).blocks)


async def test_a_page_is_brought_up_to_date_after_a_run_but_no_more_than_once_a_minute(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    slack = world.slack
    monkeypatch.setattr("bot.slack_homes.AGAIN_AFTER_S", 0.0)

    def published() -> int:
        return [method for method, _ in slack.calls].count("views.publish")

    async with serving(world):
        await slack.open_home(ALICE)
        await home_of(slack, ALICE, "Watchlist")
        await slack.slash("/run", "GOOG quick", ALICE, TRADING)
        await home_of(slack, ALICE, "GOOG BUY")
        monkeypatch.setattr("bot.slack_homes.AGAIN_AFTER_S", 3600.0)
        before = published()
        await slack.slash("/run", "IBM quick", ALICE, TRADING)
        await slack.until(
            lambda: len([m for m in slack.messages(TRADING) if "conclave.why.0" in actions(m)]) == 2, 15
        )
        await slack.slash("/whoami", "", ALICE, TRADING)
        await slack.until(lambda: slack.ephemerals(ALICE))
        assert published() == before
        monkeypatch.setattr("bot.slack_homes.AGAIN_AFTER_S", 0.0)
        await home_of(slack, ALICE, "IBM")


async def test_a_verdict_opens_from_the_page_with_its_reasons_and_leads_to_every_member(world: World) -> None:
    slack = world.slack
    async with serving(world):
        await slack.slash("/run", "GOOG quick", ALICE, TRADING)
        await verdict_in(slack, TRADING)
        await slack.open_home(ALICE)
        page = await home_of(slack, ALICE, "Latest verdicts")
        await slack.click(page, "conclave.latest.0", ALICE)
        view = await window(slack, ALICE, BOUGHT)
        text = shown(view.blocks)
        assert "5 members saw the same evidence and cast 5 ballots." in text
        assert "Why BUY:" in text
        assert "claude has looked at the figures." in text
        await slack.click(view, "conclave.member", ALICE, option="qwen · SELL 90 %")
        assert "qwen has looked" in shown((await window(slack, ALICE, "qwen on GOOG")).blocks)
        # Nobody else sees anything: there is no thread to post to.
        assert "conclave.post" not in ids(view)
        assert [one for one in ids(view) if one.startswith("conclave.more")] == []
        await slack.click(slack.views(ALICE)[-1], "conclave.verdict", ALICE)
        await window(slack, ALICE, BOUGHT)
        await slack.click(page, "conclave.home.0", ALICE)
        await window(slack, ALICE, "Leaderboard on sample p…")
        await slack.click(page, "conclave.home.1", ALICE)
        view = await window(slack, ALICE, "Commands")
        assert shown(view.blocks).splitlines().count("Commands") == 0, "the title has said it"


# Reasoning in a modal.


async def test_the_modal_chooses_the_member_and_posts_the_page_under_the_verdict_once(world: World) -> None:
    slack = world.slack
    async with serving(world):
        await slack.slash("/run", "GOOG quick", ALICE, TRADING)
        card = await verdict_in(slack, TRADING)
        await slack.click(card, "conclave.why.0", BOB)
        view = await window(slack, BOB, "claude on GOOG")
        await slack.click(view, "conclave.member", BOB, option="gpt5 · BUY 70 %")
        view = await window(slack, BOB, "gpt5 on GOOG")
        chosen = next(e for _, e in interactive(view.blocks) if e["action_id"] == "conclave.member")
        assert chosen["initial_option"]["text"]["text"] == "gpt5 · BUY 70 %"
        stale = View(view.id, view.user, view.view, view.hash)
        await slack.click(stale, "conclave.post", BOB)
        await slack.click(stale, "conclave.post", BOB)
        await slack.until(lambda: "Posted in the thread" in shown(slack.views(BOB)[-1].blocks))
        posted = [m for m in slack.messages(TRADING) if m.thread_ts == card.ts]
        assert len(posted) == 1
        assert "gpt5 has looked at the figures." in shown(posted[0].blocks)
        assert "conclave.post" not in ids(slack.views(BOB)[-1])


async def test_a_thread_that_is_closed_says_so_in_the_modal_and_may_be_tried_again(world: World) -> None:
    slack = world.slack
    async with serving(world):
        await slack.slash("/run", "GOOG quick", ALICE, TRADING)
        card = await verdict_in(slack, TRADING)
        await slack.click(card, "conclave.why.0", ALICE)
        view = await window(slack, ALICE, "claude on GOOG")
        slack.add_channel(TRADING, joined=False)
        await slack.click(view, "conclave.post", ALICE)
        await slack.until(lambda: "/invite @Conclave" in shown(slack.views(ALICE)[-1].blocks))
        slack.add_channel(TRADING)
        await slack.click(slack.views(ALICE)[-1], "conclave.post", ALICE)
        await slack.until(lambda: [m for m in slack.messages(TRADING) if m.thread_ts == card.ts])


async def opened_to_share(slack: SlackServer, card: Message, user: str) -> View:
    """The page of claude's reasoning in a new window of this person."""
    slack.close_views(user)
    await slack.click(card, "conclave.why.0", user)
    return await window(slack, user, "claude on GOOG")


async def shared(slack: SlackServer, view: View, user: str, words: str) -> str:
    """Press Post to thread, and return all that the window says once it has these words."""
    await slack.click(view, "conclave.post", user)
    await slack.until(lambda: words in shown(slack.views(user)[-1].blocks))
    return str(slack.views(user)[-1].blocks)


async def test_a_page_that_was_shared_before_is_not_posted_again_by_anybody_even_after_a_restart(
    world: World,
) -> None:
    slack = world.slack

    def posted() -> list[Message]:
        return [m for m in slack.messages(TRADING) if m.thread_ts == card.ts]

    async with serving(world):
        await slack.slash("/run", "GOOG quick", ALICE, TRADING)
        card = await verdict_in(slack, TRADING)
        mine, theirs = await opened_to_share(slack, card, ALICE), await opened_to_share(slack, card, BOB)
        await shared(slack, mine, ALICE, "Posted in the thread of the verdict, for everybody there.")
        (page,) = posted()
        told = await shared(slack, theirs, BOB, "Somebody else has posted this page in the thread of the")
        address = f"https://loopback.slack.com/archives/{TRADING}/p{page.ts.replace('.', '')}"
        assert f"{address}?thread_ts={card.ts}" in told
        assert "conclave.post" not in ids(slack.views(BOB)[-1])
    async with serving(world):
        again = await opened_to_share(slack, card, ALICE)
        await shared(slack, again, ALICE, "You have posted this page in the thread of the verdict already.")
        assert posted() == [page]
        # Where Slack tells no address the sentence stands alone; where the message is gone it comes anew.
        slack.fail_next("chat.getPermalink", Fault("internal_error"))
        view = await opened_to_share(slack, card, BOB)
        assert "archives" not in await shared(slack, view, BOB, "Somebody else has posted this page")
        slack.delete(page)
        view = await opened_to_share(slack, card, BOB)
        await shared(slack, view, BOB, "Posted in the thread of the verdict, for everybody there.")
        assert len(posted()) == 1


async def test_two_who_share_a_page_at_once_post_it_once(world: World) -> None:
    slack = world.slack
    async with serving(world):
        await slack.slash("/run", "GOOG quick", ALICE, TRADING)
        card = await verdict_in(slack, TRADING)
        people = (ALICE, BOB)
        views = [await opened_to_share(slack, card, user) for user in people]
        await asyncio.gather(
            *(slack.click(view, "conclave.post", user) for view, user in zip(views, people, strict=True))
        )
        for user in people:
            await slack.until(
                lambda user=user: "the thread of the verdict" in shown(slack.views(user)[-1].blocks)
            )
        assert len([m for m in slack.messages(TRADING) if m.thread_ts == card.ts]) == 1


async def test_a_page_of_which_slack_does_not_say_whether_it_took_it_is_not_sent_twice_at_once(
    world: World,
) -> None:
    slack = world.slack
    async with serving(world):
        await slack.slash("/run", "GOOG quick", ALICE, TRADING)
        card = await verdict_in(slack, TRADING)
        slack.fail_next("chat.postMessage", Fault(raw="<html>?", status=200))
        for user in (ALICE, BOB):
            view = await opened_to_share(slack, card, user)
            await shared(slack, view, user, "If it is not there in two minutes, post it again.")
            assert "conclave.post" in ids(slack.views(user)[-1])
        assert [m for m in slack.messages(TRADING) if m.thread_ts == card.ts] == []


async def test_a_page_that_stands_in_the_thread_is_told_as_posted_though_that_could_not_be_kept(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(*_: str) -> None:
        raise StoreError("The disk is full.")

    slack = world.slack
    async with serving(world) as app:
        monkeypatch.setattr(app.sharing, "posted", full)
        await slack.slash("/run", "GOOG quick", ALICE, TRADING)
        card = await verdict_in(slack, TRADING)
        view = await opened_to_share(slack, card, ALICE)
        await shared(slack, view, ALICE, "Posted in the thread of the verdict, for everybody there.")
        # Who presses at once does not post it a second time.
        view = await opened_to_share(slack, card, BOB)
        await shared(slack, view, BOB, "If it is not there in two minutes, post it again.")
        assert len([m for m in slack.messages(TRADING) if m.thread_ts == card.ts]) == 1


async def test_a_page_cannot_be_posted_under_a_verdict_that_somebody_has_deleted(world: World) -> None:
    slack = world.slack
    async with serving(world):
        await slack.slash("/run", "GOOG quick", ALICE, TRADING)
        card = await verdict_in(slack, TRADING)
        view = await opened_to_share(slack, card, ALICE)
        slack.delete(card)
        await shared(slack, view, ALICE, "The message of the verdict is not there any more")
        assert "conclave.post" not in ids(slack.views(ALICE)[-1])


# Explaining a verdict.


async def test_a_message_of_ours_is_explained_in_a_modal(world: World) -> None:
    slack = world.slack
    async with serving(world):
        await slack.slash("/run", "GOOG quick", ALICE, TRADING)
        card = await verdict_in(slack, TRADING)
        await slack.message_shortcut(EXPLAIN, card, BOB)
        view = await window(slack, BOB, BOUGHT)
        assert "Why BUY:" in shown(view.blocks)
        # By its text alone, where nothing was kept of the message: /why shows the same run again.
        await slack.slash("/why", "GOOG", ALICE, TRADING)
        await slack.wait_messages(TRADING, 2)
        slack.close_views(BOB)
        await slack.message_shortcut(EXPLAIN, slack.messages(TRADING)[1], BOB)
        view = await window(slack, BOB, BOUGHT)
        await slack.click(view, "conclave.member", BOB, option="claude · BUY 80 %")
        view = await window(slack, BOB, "claude on GOOG")
        assert "conclave.post" in ids(view)
        # A picture goes into the thread of the message.
        await slack.click(view, "conclave.verdict", BOB)
        view = await window(slack, BOB, BOUGHT)
        await slack.click(view, "conclave.more.0", BOB)
        thread = slack.messages(TRADING)[1].ts
        await slack.until(lambda: [m for m in slack.messages(TRADING) if m.thread_ts == thread])


async def test_a_message_of_somebody_else_or_without_a_run_gets_a_sentence(world: World) -> None:
    slack = world.slack
    async with serving(world):
        slack.join(TRADING)
        other = Message(TRADING, slack.write(TRADING), "run 0a1b2c3d is nice", [])
        await slack.message_shortcut(EXPLAIN, other, ALICE, ours=False)
        assert "not one of mine" in shown((await window(slack, ALICE, "Conclave")).blocks)
        slack.close_views(ALICE)
        await slack.slash("/leaderboard", "", ALICE, TRADING)
        board = (await slack.wait_messages(TRADING))[0]
        await slack.message_shortcut(EXPLAIN, board, ALICE)
        assert "no verdict in this message" in shown((await window(slack, ALICE, "Conclave")).blocks)


async def test_a_stranger_hears_its_ids_once_when_it_asks_for_an_explanation(world: World) -> None:
    slack = world.slack
    async with serving(world) as app:
        message = Message("C0ELSEWHERE", slack.write("C0ELSEWHERE"), "x", [])
        await slack.message_shortcut(EXPLAIN, message, MALLORY)
        assert f"slack:{MALLORY}" in shown((await window(slack, MALLORY, "Conclave")).blocks)
        slack.close_views(MALLORY)
        await slack.message_shortcut(EXPLAIN, message, MALLORY)
        await slack.slash("/whoami", "", ALICE, TRADING)
        await slack.until(lambda: slack.ephemerals(ALICE))
        assert slack.views(MALLORY) == []
        assert await refusals(app, MALLORY) == ["stranger: explain a verdict"]
