"""The Home tab, shortcuts and forms of Slack, with `conclave serve` whole behind a real socket."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from bot.signs import ACTION_SIGNS
from core.app.app import App
from core.domain.ballot import Action
from core.domain.subscription import ChatTerms
from tests import arena
from tests.loopback.model_server import ModelServer
from tests.loopback.slack_rules import interactive
from tests.loopback.slack_scene import shown
from tests.loopback.slack_server import Fault, SlackServer
from tests.loopback.slack_state import Message, View
from tests.service import actions, served

ALICE, BOB, CAROL, MALLORY = "U0ALICE", "U0BOB", "U0CAROL", "U0MALLORY"
TRADING, READERS = "C0TRADING", "C0READERS"
BOUGHT = f"{ACTION_SIGNS[Action.BUY]} GOOG · BUY"
ASK, EXPLAIN = "conclave-form.ask", "conclave-form.explain"
pytestmark = pytest.mark.timeout(90)


class World(NamedTuple):
    models: ModelServer
    slack: SlackServer
    folder: Path


@pytest.fixture
async def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    async with ModelServer() as models, SlackServer() as slack:
        for name in arena.FIVE:
            models.opine(f"{name}/{name}-1", arena.opinion(name))
        monkeypatch.setenv("SLACK_BOT_TOKEN", slack.bot_token)
        monkeypatch.setenv("SLACK_APP_TOKEN", slack.app_token)
        monkeypatch.setattr("bot.slack_homes.NEWS_EVERY_S", 0.05)
        monkeypatch.setattr("bot.slack_homes.SPACING_S", 0.01)
        yield World(models, slack, tmp_path)
        assert slack.violations == []


@asynccontextmanager
async def serving(world: World) -> AsyncIterator[App]:
    app = await arena.opened(
        world.models.base_url,
        world.folder,
        arena={"watchlist": ["GOOG", "IBM"]},
        slack={"base_url": world.slack.base_url},
        access={
            "admins": [f"slack:{ALICE}"],
            "chats": [
                {"id": f"slack:{TRADING}", "role": "runner"},
                {"id": f"slack:{READERS}", "role": "viewer"},
            ],
            "people": [{"id": f"slack:{CAROL}", "role": "viewer"}],
        },
    )
    async with served(app):
        yield app


async def verdict_in(slack: SlackServer, channel: str) -> Message:
    def found() -> Message | None:
        return next((m for m in slack.messages(channel) if "conclave.why.0" in actions(m)), None)

    message = await slack.until(found, 15)
    assert isinstance(message, Message)
    return message


async def home_of(slack: SlackServer, user: str, text: str = "") -> View:
    """The person's page once it says `text`."""
    page = await slack.until(
        lambda: (seen := slack.page_of(user)) and text in shown(seen.blocks) and seen, 10
    )
    assert isinstance(page, View)
    return page


async def window(slack: SlackServer, user: str, title: str) -> View:
    """The modal on top once it has this title."""

    def found() -> View | None:
        return next((v for v in slack.views(user)[-1:] if v.view["title"]["text"] == title), None)

    view = await slack.until(found, 10)
    assert isinstance(view, View)
    return view


async def refusals(app: App, user: str) -> list[str]:
    """What was refused to a person, newest first."""
    deeds = await app.people.deeds.last(50)
    return [one.what for one in deeds if one.person == f"slack:{user}" and one.outcome == "refused"]


def fields(view: View) -> dict[str, str]:
    """The fields of a form by name, with the ids of their blocks."""
    return {b["block_id"].partition(".")[0]: b["block_id"] for b in view.blocks if b["type"] == "input"}


def ids(view: View) -> list[str]:
    return [element["action_id"] for _, element in interactive(view.blocks)]


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


# Asking the committee.


async def test_the_shortcut_asks_in_the_chosen_channel_as_that_person(world: World) -> None:
    slack = world.slack
    async with serving(world) as app:
        await slack.shortcut(ASK, ALICE)
        view = await window(slack, ALICE, "Ask the committee")
        slack.join(TRADING)
        sent = await slack.submit(view, ALICE, tickers="goog, ibm", preset="quick", chat=TRADING)
        assert sent.ack_s is not None
        assert sent.ack_s < 3
        assert slack.views(ALICE) == []
        await slack.until(
            lambda: len([m for m in slack.messages(TRADING) if "conclave.why.0" in actions(m)]) == 2, 15
        )
        record = await app.record("GOOG")
    assert (record.requested_by, record.requested_in) == (f"slack:{ALICE}", f"slack:{TRADING}")
    assert record.preset == "quick"


async def test_without_a_channel_the_run_comes_as_a_direct_message(world: World) -> None:
    slack = world.slack
    async with serving(world) as app:
        await slack.shortcut(ASK, ALICE)
        view = await window(slack, ALICE, "Ask the committee")
        await slack.submit(view, ALICE, tickers="GOOG", preset="quick", day="2013-02-01")
        await verdict_in(slack, "D0ALICE")
        record = await app.record("GOOG")
    assert record.requested_in == "slack:D0ALICE"
    assert record.as_of.date().isoformat() == "2013-02-01"


async def test_what_is_wrong_stands_under_its_field_and_nothing_runs(world: World) -> None:
    slack = world.slack
    async with serving(world) as app:
        await slack.shortcut(ASK, CAROL)
        view = await window(slack, CAROL, "Ask the committee")
        sent = await slack.submit(view, CAROL, tickers="GO@OG", chat=READERS, day="2999-01-04")
        assert sent.answer is not None
        assert sent.answer["response_action"] == "errors"
        errors = sent.answer["errors"]
        assert errors["tickers"] == "“GO@OG” is not a ticker. Did you mean GOOG?"
        assert errors["chat"].startswith("A run there needs the role runner; you are viewer.")
        assert "day" in errors
        assert slack.views(CAROL) == [view]
        assert await refusals(app, CAROL) == ["form: run"]
        many = await slack.submit(view, CAROL, tickers="A B C D E F", chat=TRADING)
        assert many.answer is not None
        assert many.answer["errors"] == {"tickers": "That is 6 tickers; one run takes up to 5."}
        assert world.models.requests == []


async def test_a_preset_written_by_hand_is_refused_under_its_field(world: World) -> None:
    slack = world.slack
    async with serving(world):
        await slack.shortcut(ASK, ALICE)
        view = await window(slack, ALICE, "Ask the committee")
        preset = next(b["element"] for b in view.blocks if b.get("block_id") == "preset")
        preset["options"].append({"text": preset["options"][0]["text"], "value": "quik"})
        sent = await slack.submit(view, ALICE, tickers="GOOG", preset="quik", chat=TRADING)
    assert sent.answer is not None
    assert sent.answer["errors"] == {"preset": "“quik” is not a preset. Did you mean quick?"}


async def test_run_without_a_ticker_opens_the_form_with_the_channel_it_was_typed_in(world: World) -> None:
    slack = world.slack
    async with serving(world):
        await slack.slash("/run", "", BOB, TRADING)
        view = await window(slack, BOB, "Ask the committee")
        await slack.submit(view, BOB, tickers="GOOG", preset="quick")
        await verdict_in(slack, TRADING)
        # Whoever may not run there gets the sentence that a typed command gets.
        await slack.slash("/conclave", "run", CAROL, READERS)
        await slack.until(lambda: slack.ephemerals(CAROL))
        assert slack.views(CAROL) == []


async def test_a_run_in_a_channel_without_the_app_says_to_its_person_how_to_invite_it(world: World) -> None:
    slack = world.slack
    slack.add_channel("C0SECRET", joined=False)
    async with serving(world):
        await slack.shortcut(ASK, ALICE)
        view = await window(slack, ALICE, "Ask the committee")
        await slack.submit(view, ALICE, tickers="GOOG", preset="quick", chat="C0SECRET")
        await slack.until(lambda: slack.ephemerals(ALICE))
    assert "/invite @Conclave" in slack.ephemerals(ALICE)[0].text
    assert world.models.requests == []


async def test_a_form_that_slack_delivers_twice_runs_once(world: World) -> None:
    slack = world.slack
    async with serving(world):
        await slack.shortcut(ASK, ALICE)
        view = await window(slack, ALICE, "Ask the committee")
        slack.join(TRADING)
        sent = await slack.submit(view, ALICE, tickers="GOOG", preset="quick", chat=TRADING)
        again = await slack._send("interactive", sent.payload)
        await slack._acked(again)
        await verdict_in(slack, TRADING)
        await slack.slash("/whoami", "", ALICE, TRADING)
        await slack.until(lambda: slack.ephemerals(ALICE))
        assert len(slack.messages(TRADING)) == 1


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


# Subscriptions and settings.


async def test_subscriptions_are_made_paused_and_deleted_in_the_form(world: World) -> None:
    slack = world.slack
    async with serving(world) as app:
        await slack.slash("/leaderboard", "", BOB, TRADING)
        await slack.wait_messages(TRADING)
        await slack.open_home(BOB)
        page = await home_of(slack, BOB, "Leaderboard")
        await slack.click(page, "conclave-form.open.subscribe.top", BOB)
        view = await window(slack, BOB, "Subscriptions")
        wrong = await slack.submit(view, BOB, topic="digest", when="whenever it rains")
        assert wrong.answer is not None
        assert list(wrong.answer["errors"]) == [fields(view)["when"]]
        await slack.submit(view, BOB, topic="verdicts", tickers="GOOG", when="weekdays 16:30")
        assert "Subscription 1 is made." in shown(view.blocks)
        twice = await slack.submit(view, BOB, topic="verdicts", tickers="GOOG", when="weekdays 16:30")
        assert twice.answer is not None
        assert twice.answer["response_action"] == "errors"
        await slack.click(view, "conclave-form.entry.0.0", BOB)
        await slack.until(lambda: "Number 1 is paused." in shown(view.blocks))
        (kept,) = await app.subscriptions.of_chat("slack", TRADING)
        assert (kept.subscription.state, kept.subscription.created_by) == ("paused", f"slack:{BOB}")
        await slack.click(view, "conclave-form.entry.0.1", BOB)
        await slack.until(lambda: "receives nothing by itself yet" in shown(view.blocks))
        assert await app.subscriptions.of_chat("slack", TRADING) == ()


async def test_the_page_behind_the_form_shows_at_once_what_was_changed_in_it(world: World) -> None:
    slack = world.slack
    async with serving(world):
        await slack.slash("/leaderboard", "", BOB, TRADING)
        await slack.wait_messages(TRADING)
        await slack.open_home(BOB)
        page = await home_of(slack, BOB, "None of your channels receives anything")
        await slack.click(page, "conclave-form.open.subscribe.top", BOB)
        view = await window(slack, BOB, "Subscriptions")
        await slack.submit(view, BOB, topic="digest", when="weekdays 16:30")
        await home_of(slack, BOB, "digest weekdays 16:30")
        await slack.click(view, "conclave-form.entry.0.1", BOB)
        await home_of(slack, BOB, "None of your channels receives anything")


async def test_a_form_that_is_closed_or_lies_too_deep_fails_nothing(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    slack = world.slack
    async with serving(world) as app:
        await slack.slash("/subscribe", "digest weekdays 09:00", ALICE, TRADING)
        await slack.wait_messages(TRADING)
        await slack.open_home(ALICE)
        page = await home_of(slack, ALICE, "digest weekdays 09:00")
        await slack.click(page, "conclave-form.open.subscribe.top", ALICE)
        view = await window(slack, ALICE, "Subscriptions")
        old = View(view.id, view.user, view.view, view.hash)
        slack.close_views(ALICE)
        await slack.click(old, "conclave-form.entry.0.1", ALICE)
        await home_of(slack, ALICE, "None of your channels receives anything")
        assert await app.subscriptions.of_chat("slack", TRADING) == ()
        # What is there no more is told on top, and on the third window in its place.
        await slack.click(page, "conclave-form.open.subscribe.top", ALICE)
        top = await window(slack, ALICE, "Subscriptions")
        for deep in (2, 3, 3):
            at, before = View(top.id, top.user, old.view, top.hash), top.hash
            await slack.click(at, "conclave-form.entry.0.1", ALICE)
            await slack.until(lambda before=before: slack.views(ALICE)[-1].hash != before)
            top = slack.views(ALICE)[-1]
            assert "This chat has no subscription 1." in shown(top.blocks)
            assert len(slack.views(ALICE)) == deep
    assert "An answer on Slack failed" not in caplog.text


async def test_another_channel_is_chosen_inside_the_form_and_a_viewer_only_looks(world: World) -> None:
    slack = world.slack
    async with serving(world) as app:
        await slack.slash("/leaderboard", "", BOB, TRADING)
        await slack.wait_messages(TRADING)
        await slack.open_home(BOB)
        page = await home_of(slack, BOB, "Leaderboard")
        await slack.click(page, "conclave-form.open.settings.top", BOB)
        view = await window(slack, BOB, "Settings")
        assert "zone" in fields(view)
        # Who may start runs is for admins to say.
        assert "runs_by" not in fields(view)
        await slack.click(view, "conclave-form.channel", BOB, option=READERS)
        await slack.until(lambda: "you need the role runner" in shown(view.blocks))
        assert fields(view) == {}
        await slack.click(view, "conclave-form.channel", BOB, option=TRADING)
        await slack.until(lambda: fields(view))
        # A form that was open while the role went away changes nothing.
        await app.subscriptions.set_terms("slack", TRADING, ChatTerms(runs_by="admin"))
        sent = await slack.submit(view, BOB, zone="berlin")
        assert sent.answer is not None
        assert "you need the role runner" in sent.answer["errors"][fields(view)["zone"]]
        assert await refusals(app, BOB) == ["form: settings"]
        slack.join("C0ELSEWHERE")
        await slack.click(view, "conclave-form.channel", BOB, option="C0ELSEWHERE")
        await slack.until(lambda: "no role in this channel" in shown(view.blocks))
        assert await refusals(app, BOB) == ["stranger: form: settings", "form: settings"]


async def test_an_admin_sets_the_terms_of_a_channel_in_the_form(world: World) -> None:
    slack = world.slack
    async with serving(world) as app:
        await slack.slash("/leaderboard", "", ALICE, TRADING)
        await slack.wait_messages(TRADING)
        await slack.open_home(ALICE)
        page = await home_of(slack, ALICE, "Leaderboard")
        await slack.click(page, "conclave-form.open.settings.top", ALICE)
        view = await window(slack, ALICE, "Settings")
        bad = await slack.submit(view, ALICE, zone="Berlinn", **{"from": "22:00"})
        assert bad.answer is not None
        assert bad.answer["errors"] == {
            fields(view)["zone"]: "I don't know that time zone. Did you mean Europe/Berlin?",
            fields(view)["until"]: "Quiet hours need both a beginning and an end, or neither.",
        }
        await slack.submit(
            view,
            ALICE,
            zone="berlin",
            until="07:00",
            cheaper="on",
            preset="quick",
            language="de",
            pictures="dark",
            runs_by="admin",
            **{"from": "22:00"},
        )
        assert "Saved." in shown(view.blocks)
        terms = (await app.subscriptions.terms("slack", TRADING)).terms
        assert (terms.zone, f"{terms.quiet_from}", f"{terms.quiet_until}") == (
            "Europe/Berlin",
            "22:00:00",
            "07:00:00",
        )
        assert (terms.cheaper, terms.preset, terms.language, terms.runs_by) == (True, "quick", "de", "admin")
        assert (terms.pictures, terms.dark) == (True, True)
        # From now on a runner is told so under the field.
        await slack.shortcut(ASK, BOB)
        form = await window(slack, BOB, "Ask the committee")
        sent = await slack.submit(form, BOB, tickers="GOOG", chat=TRADING)
        assert sent.answer is not None
        assert "needs the role admin" in sent.answer["errors"]["chat"]


# What takes long.


async def test_a_form_whose_check_takes_long_says_loading_and_then_what_came_of_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    slack = world.slack
    monkeypatch.setattr("bot.slack_shortcuts.ANSWER_S", 0.0)
    async with serving(world) as app:
        await slack.shortcut(ASK, ALICE)
        view = await window(slack, ALICE, "Ask the committee")
        slack.join(TRADING)
        sent = await slack.submit(view, ALICE, tickers="GOOG", preset="quick", chat=TRADING)
        assert sent.answer is not None
        assert sent.answer["response_action"] == "update"
        await slack.until(lambda: "The committee is asked." in shown(view.blocks))
        await verdict_in(slack, TRADING)
        slack.close_views(ALICE)
        await slack.slash("/leaderboard", "", ALICE, TRADING)
        await slack.open_home(ALICE)
        page = await home_of(slack, ALICE, "Leaderboard")
        await slack.click(page, "conclave-form.open.subscribe.top", ALICE)
        view = await window(slack, ALICE, "Subscriptions")
        form = View(view.id, view.user, view.view, view.hash)
        await slack.submit(view, ALICE, topic="alerts")
        await slack.until(lambda: "Subscription 1 is made." in shown(view.blocks))
        assert len(await app.subscriptions.of_chat("slack", TRADING)) == 1
        # The same again is refused, and that is told where the form was.
        again = View(view.id, view.user, form.view, view.hash)
        await slack.submit(again, ALICE, topic="alerts")
        await slack.until(lambda: "already" in shown(view.blocks))
        assert len(await app.subscriptions.of_chat("slack", TRADING)) == 1


async def test_a_form_opens_with_loading_where_its_facts_take_long(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    slack = world.slack
    monkeypatch.setattr("bot.slack_press.GRACE_S", 0.0)
    async with serving(world):
        await slack.shortcut(ASK, ALICE)
        await window(slack, ALICE, "Ask the committee")
        methods = [method for method, _ in slack.calls if method.startswith("views.")]
        assert methods == ["views.open", "views.update"]


async def test_a_trigger_that_is_too_old_opens_nothing_and_run_says_what_to_type(world: World) -> None:
    slack = world.slack
    async with serving(world):
        slack.fail_next("views.open", Fault("expired_trigger_id"))
        await slack.slash("/run", "", ALICE, TRADING)
        await slack.until(lambda: slack.ephemerals(ALICE))
        assert "Which ticker?" in slack.ephemerals(ALICE)[0].text
        assert slack.views(ALICE) == []
