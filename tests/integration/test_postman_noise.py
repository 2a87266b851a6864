"""What a chat has made silent comes without a sound, and what it has turned off does not come at all."""

import pytest

from bot.cards import AlertCard
from bot.present.notices import TURNED_OFF
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
