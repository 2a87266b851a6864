"""What a chat has made silent comes without a sound, and what it has turned off does not come at all."""

from collections.abc import AsyncIterator

import pytest

from bot.cards import AlertCard
from bot.digest_cards import DigestCard
from bot.present.notices import TURNED_OFF
from core.domain.errors import Refused
from core.domain.events import RunEvent
from core.domain.run import RunRequest
from core.domain.stage import Preset
from core.domain.subscription import ChatTerms, Noise
from tests.postman_scene import CHAT, Opening, Process

pytest_plugins = ("tests.postman_fixtures",)


async def loud(process: Process, kind: str, noise: Noise) -> None:
    terms = ChatTerms().with_noise([kind], noise)
    await process.app.subscriptions.set_terms("telegram", CHAT, terms)


@pytest.mark.parametrize("line", ["digest daily 09:30", "review daily 09:30", "leaderboard daily 09:30"])
async def test_a_report_comes_with_the_noise_that_the_chat_has_set(starting: Opening, line: str) -> None:
    process = await starting()
    topic = line.partition(" ")[0]
    await loud(process, topic, Noise.SILENT)
    await process.subscribes(line)
    await process.works()
    assert process.door.messages
    assert all(shown.silent for shown in process.door.messages.values())


async def test_what_is_off_is_not_made_and_its_time_ends_with_a_note(starting: Opening) -> None:
    process = await starting(arena={"watchlist": ["NVDA"]})
    await loud(process, "verdicts", Noise.OFF)
    await process.subscribes("verdicts NVDA weekdays 16:30")
    await process.works()
    assert process.shown == []
    assert await process.ended() == [("delivered", TURNED_OFF)]
    assert await process.app._store.runs.latest("NVDA") is None
    assert (await process.next_slot()).missed == 0


async def test_an_alert_has_the_noise_of_its_own_kind(starting: Opening) -> None:
    process = await starting()
    await loud(process, "stop", Noise.OFF)
    await process.alarms("alert:stop:live:NVDA:2025-10-29")
    await process.works()
    assert process.shown == []
    await loud(process, "model_down", Noise.SILENT)
    process.app.clock.advance(60)
    await process.alarms("alert:model_down:claude:k3xq9d2m", "-100999")
    await process.works()
    by_chat = {shown.address.chat: shown.silent for shown in process.door.messages.values()}
    assert by_chat == {CHAT: True, "-100999": False}
    assert all(isinstance(card, AlertCard) for card in process.shown)


async def test_what_comes_by_itself_is_written_as_its_chat_reads(starting: Opening) -> None:
    process = await starting()
    german = ChatTerms(language="de", zone="Europe/Berlin")
    await process.app.subscriptions.set_terms("telegram", CHAT, german)
    for chat in (CHAT, "-100999"):
        await process.subscribes("digest daily 09:30", chat)
    await process.works()
    digests = {
        shown.address.chat: card.subtitle
        for shown in process.door.messages.values()
        for card in shown.cards
        if isinstance(card, DigestCard)
    }
    assert "29.10.2025" in digests[CHAT]
    assert "CET" in digests[CHAT]
    assert "2025-10-29" in digests["-100999"]


async def test_a_scheduled_run_without_a_preset_is_made_with_that_of_its_chat(
    starting: Opening, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = await starting()
    asked: list[RunRequest] = []

    async def run(request: RunRequest) -> AsyncIterator[RunEvent]:
        asked.append(request)
        raise Refused("enough")
        yield

    monkeypatch.setattr(process.app._scheduled, "_run", run)
    await process.app.subscriptions.set_terms("telegram", CHAT, ChatTerms(preset=Preset.QUICK))
    await process.subscribes("verdicts NVDA weekdays 09:30")
    await process.subscribes("verdicts NVDA weekdays 09:30 deep")
    for due in await process.app.agenda.claim(("telegram",)):
        assert await process.app.scheduled_run(due, "NVDA") == "enough"
    assert sorted(request.preset for request in asked) == [Preset.DEEP, Preset.QUICK]
