"""The shortcuts and forms of Slack, with `conclave serve` whole behind a real socket."""

import pytest

from bot.slack_fields import changed_in
from core.domain.stage import Preset
from core.domain.subscription import NOISY, ChatTerms, Noise
from tests.loopback.slack_scene import shown
from tests.loopback.slack_server import Fault
from tests.loopback.slack_state import View
from tests.service import actions
from tests.slack_home_scene import (
    ALICE,
    ASK,
    BOB,
    CAROL,
    READERS,
    TRADING,
    World,
    fields,
    form_of,
    home_of,
    refusals,
    serving,
    verdict_in,
    window,
)

pytest_plugins = ("tests.slack_home_fixtures",)
pytestmark = pytest.mark.timeout(90)


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


# Subscriptions and settings.


async def test_subscriptions_are_made_paused_and_deleted_in_the_form(world: World) -> None:
    slack = world.slack
    async with serving(world) as app:
        view = await form_of(slack, BOB, "subscribe", "Subscriptions")
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
        view = await form_of(slack, BOB, "subscribe", "Subscriptions")
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
        view = await form_of(slack, BOB, "settings", "Settings")
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
        view = await form_of(slack, ALICE, "settings", "Settings")
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


async def test_the_form_shows_and_sets_how_each_kind_of_post_arrives(world: World) -> None:
    slack = world.slack
    async with serving(world) as app:
        view = await form_of(slack, BOB, "settings", "Settings")
        noisy = {name.partition("-")[2] for name in fields(view) if name.startswith("noise-")}
        assert noisy == set(NOISY)
        await slack.submit(view, BOB, **{"noise-digest": "silent", "noise-flip": "off"})
        assert "Saved." in shown(view.blocks)
        terms = (await app.subscriptions.terms("slack", TRADING)).terms
        assert terms.noise == (("digest", Noise.SILENT), ("flip", Noise.OFF))
        # What is set stands in the fields, so that sending the form again changes nothing.
        await slack.submit(view, BOB, preset="quick")
        kept = (await app.subscriptions.terms("slack", TRADING)).terms
        assert (kept.noise, kept.preset) == (terms.noise, "quick")
        digest = next(b["element"] for b in view.blocks if b["block_id"] == fields(view)["noise-digest"])
        assert digest["initial_option"]["value"] == "silent"
        # A value written by hand is refused under its field.
        digest["options"].append({"text": digest["options"][0]["text"], "value": "loud"})
        sent = await slack.submit(view, BOB, **{"noise-digest": "loud"})
        assert sent.answer is not None
        told = "“loud” is none of on, silent, off. Choose one of them."
        assert sent.answer["errors"] == {fields(view)["noise-digest"]: told}
        # Whoever only looks reads it as well.
        await app.subscriptions.set_terms("slack", READERS, terms)
        await slack.click(view, "conclave-form.channel", BOB, option=READERS)
        await slack.until(lambda: "silent: digest; off: verdicts turned round" in shown(view.blocks))


async def test_what_was_changed_elsewhere_while_a_form_of_settings_was_open_stays_unless_it_is_chosen_there(
    world: World,
) -> None:
    slack = world.slack
    async with serving(world) as app:
        view = await form_of(slack, BOB, "settings", "Settings")
        changed = (await app.subscriptions.terms("slack", TRADING)).terms.with_noise(["digest"], Noise.OFF)
        changed = changed.model_copy(update={"preset": Preset.DEEP})
        await app.subscriptions.set_terms("slack", TRADING, changed)
        await slack.submit(view, BOB, **{"noise-flip": "silent"})
        kept = (await app.subscriptions.terms("slack", TRADING)).terms
        assert (kept.noise, kept.preset) == ((("digest", Noise.OFF), ("flip", Noise.SILENT)), "deep")
        # The form shows now what holds, and takes back what is chosen there.
        await slack.submit(view, BOB, **{"noise-digest": "on", "preset": "quick"})
        kept = (await app.subscriptions.terms("slack", TRADING)).terms
        assert (kept.noise, kept.preset) == ((("flip", Noise.SILENT),), "quick")


@pytest.mark.parametrize(
    "blocks", [None, {}, [None], [{"element": None}], [{"element": {"initial_option": {"value": 1}}}]]
)
def test_a_form_of_another_shape_keeps_what_was_entered(blocks: object) -> None:
    entered = {"values": {"preset": {"a": {"selected_option": {"value": "quick"}}}}}
    assert changed_in({"state": entered, "blocks": blocks}) == {"preset": "quick"}


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
