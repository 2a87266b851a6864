"""How a chat is treated: each setting by a line and by buttons, who may change it, what it does."""

import pytest

from bot.cards import Card, DialogueCard, LeaderboardCard, Notice, SubscriptionsCard
from bot.request import Address
from core.domain.at_place import AtPlace
from core.domain.quota import QuotaSpent
from core.domain.stage import Preset
from core.domain.subscribed import TermsShown
from core.domain.subscription import NOISY, ChatTerms, Noise
from tests.desk_scene import BOB, MALLORY
from tests.door_double import ALICE, CHAT
from tests.unit.test_desk_subscriptions import CAROL, Scene, buttons_on, facts

SPACE = "\N{NO-BREAK SPACE}"


@pytest.fixture
def scene() -> Scene:
    return Scene()


def terms(scene: Scene) -> ChatTerms:
    return scene.app.rows.by_chat.get(CHAT.chat_id, ChatTerms())


async def test_a_line_and_a_button_change_the_same(scene: Scene) -> None:
    for line, path, label in (
        ("language de", "Language…", "de"),
        ("preset deep", "Preset…", "Deep"),
        ("pictures off", None, "No pictures"),
        ("dark on", None, "Dark pictures"),
    ):
        await scene.say("settings default")
        await scene.say(f"settings {line}")
        by_line = terms(scene)
        await scene.say("settings default")
        card: Card | None = await scene.say("settings")
        card = await scene.click(card, path) if path else card
        await scene.click(card, label)
        assert terms(scene) == by_line != ChatTerms()


async def test_noise_is_set_for_each_kind_by_two_buttons(scene: Scene) -> None:
    card = await scene.click(await scene.say("settings"), "Noise…")
    assert [label for label, _ in facts(card).items()] == [one.label for one in buttons_on(card)][:-1]
    card = await scene.click(card, "Stops hit")
    assert [one.label for one in buttons_on(card)] == ["On", "Silent", "Off", "◀ Back"]
    card = await scene.click(card, "Silent")
    assert terms(scene).noise == (("stop", Noise.SILENT),)
    assert facts(card)["Noise"] == "silent: stops hit"
    card = await scene.say("settings noise alerts off")
    assert terms(scene).noise_of("stop") is terms(scene).noise_of("season") is Noise.OFF
    assert terms(scene).noise_of("digest") is Noise.ON
    card = await scene.say("settings noise all on")
    assert terms(scene).noise == ()
    assert facts(card)["Noise"] == "everything comes with a sound"


async def test_the_settings_are_shown_as_the_chat_reads_from_the_moment_it_says_so(scene: Scene) -> None:
    await scene.say("settings quiet 22:00-07:00")
    card = await scene.say("settings language en-US")
    assert facts(card)["Quiet hours"].startswith("10:00 PM to 7:00 AM")
    assert facts(card)["Language"] == "American: 12/31/2025 4:05 PM, $1,234.50. Words stay English"


async def test_what_a_chat_is_shown_follows_its_language_and_other_chats_stay(
    scene: Scene,
) -> None:
    await scene.say("subscribe digest weekdays 15:30")
    await scene.say("settings language en-US")
    listed = await scene.say("subscriptions")
    assert isinstance(listed, SubscriptionsCard)
    assert listed.lines[0].next.endswith("3:30 PM (New York)")
    await scene.say("settings language de")
    assert f"{SPACE}$" in (await scene.say("leaderboard", ALICE)).model_dump_json()
    other = await scene.say("leaderboard", ALICE, Address("telegram", "-100999"))
    assert f"{SPACE}$" not in other.model_dump_json()


async def test_a_runners_change_never_undoes_what_an_admin_sets_at_the_same_moment(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = ChatTerms()
    await scene.say("settings runs admin", ALICE)

    async def stale(platform: str, chat: str) -> TermsShown:
        return scene.app.subscriptions._shown(seen)

    at = scene.app.places.at

    async def stale_place(person: str, chat: str) -> AtPlace:
        return (await at(person, chat))._replace(terms=seen)

    monkeypatch.setattr(scene.app.subscriptions, "terms", stale)
    monkeypatch.setattr(scene.app.places, "at", stale_place)
    card = await scene.say("settings language de")
    assert isinstance(card, Notice)
    assert "Somebody else has just changed these settings" in card.text
    monkeypatch.undo()
    assert terms(scene).runs_by == "admin"


async def test_money_in_a_refusal_is_written_in_the_language_of_the_chat(scene: Scene) -> None:
    await scene.say("settings language de")
    scene.app.failure = QuotaSpent("Not started: your $2.00 of today are used up.")
    card = await scene.say("run NVDA")
    assert isinstance(card, Notice)
    assert card.text == f"Not started: your 2,00{SPACE}$ of today are used up."


async def test_only_an_admin_says_who_may_run(scene: Scene) -> None:
    refused = await scene.say("settings runs admin", CAROL)
    assert isinstance(refused, Notice)
    assert "admin" in refused.text
    assert isinstance(await scene.click(await scene.say("settings"), "Only admins run", CAROL), Notice)
    assert terms(scene).runs_by == "runner"
    card = await scene.click(await scene.say("settings"), "Only admins run", ALICE)
    assert facts(card)["Who may run"] == "admins only"
    await scene.say("settings pictures off", CAROL)
    await scene.say("settings default", CAROL)
    assert terms(scene) == ChatTerms(runs_by="admin"), "the defaults of a runner leave that alone"
    await scene.say("settings default", ALICE)
    assert terms(scene) == ChatTerms()


async def test_a_viewer_may_look_and_change_nothing(scene: Scene) -> None:
    card = await scene.say("settings", BOB)
    assert isinstance(card, DialogueCard)
    for one in buttons_on(card):
        assert isinstance(await scene.press(one.data, BOB), Notice)
    assert isinstance(await scene.say("settings language de", BOB), Notice)
    assert terms(scene) == ChatTerms()


async def test_a_run_that_names_no_preset_is_made_with_that_of_the_chat(scene: Scene) -> None:
    await scene.say("settings preset quick")
    await scene.say("run NVDA")
    await scene.say("run NVDA deep")
    assert [asked.preset for asked in scene.app.requests] == [Preset.QUICK, Preset.DEEP]


def test_terms_keep_only_what_is_not_on() -> None:
    quiet = ChatTerms().with_noise(NOISY, Noise.SILENT).with_noise(["digest"], Noise.ON)
    assert quiet.noise_of("digest") is Noise.ON
    assert len(quiet.noise) == len(NOISY) - 1
    assert quiet.with_noise(NOISY, Noise.ON) == ChatTerms()


async def test_a_stranger_who_asks_inline_is_offered_nothing_and_written_down_once(scene: Scene) -> None:
    for text in ("N", "NV", "NVDA"):
        assert await scene.desk.inquire(MALLORY, text, 0, 2_000) is None
    noted = [(deed.person, deed.what, deed.outcome) for deed in await scene.app.people.deeds.last(9)]
    assert noted == [(MALLORY.id, "stranger: inline", "refused")]


async def test_what_is_offered_while_a_person_writes_elsewhere_is_as_their_private_chat_reads(
    scene: Scene,
) -> None:
    told = []
    for language in (None, "de"):
        await scene.app.subscriptions.set_terms(
            "telegram", BOB.id.partition(":")[2], ChatTerms(language=language)
        )
        found = await scene.desk.inquire(BOB, "leaderboard", 0, 2_000)
        assert found is not None
        (board,) = found.offered
        assert isinstance(board.card, LeaderboardCard)
        told.append(board.card.standings[0].value.strip())
    assert told == ["$10,231.40", f"10.231,40{SPACE}$"]
