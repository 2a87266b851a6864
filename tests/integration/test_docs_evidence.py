"""The pack and the ModelChat on the page about evidence are those that members would read and leave today."""

from pathlib import Path

import pytest

from core.domain.ballot import Ballot
from core.domain.stage import Stage
from tests.gallery.evidence_pack import MARKET, PAGE, frozen, page_with, shown
from tests.gallery.model_chat import chat_text, model_chat
from tests.vendors_scene import KEYS, all_vendors

pytest_plugins = ("tests.yfinance_scene",)


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, key in KEYS.items():
        monkeypatch.setenv(name, key)


async def test_the_page_shows_a_whole_pack_and_a_whole_modelchat_as_they_are_today(
    tmp_path: Path, fresh_yfinance: None, keys: None
) -> None:
    async with all_vendors(tmp_path) as vendors:
        texts = await shown(vendors)
    page = PAGE.read_text("utf-8")

    assert all(text in page for text in texts.values()), "anew: python -m tests.gallery.evidence_pack"
    assert page_with(texts, page) == page


async def test_the_modelchat_has_all_stages_whole_and_cites_nothing_that_the_pack_does_not_say(
    tmp_path: Path, fresh_yfinance: None, keys: None
) -> None:
    async with all_vendors(tmp_path) as vendors:
        evidence = await frozen(vendors.settings(**MARKET))
    chat = await model_chat(evidence)
    text = chat_text(chat, evidence)

    assert [stage.stage for stage in chat.stages] == list(Stage)
    assert isinstance(chat.result, Ballot)
    assert [stage.marks for stage in chat.stages] == [()] * 12
    assert {str(stage.served_by) for stage in chat.stages} == {"scripted:claude"}
    assert all(stage.output in text for stage in chat.stages)
    assert chat.stages[-1].prompt.split("\n\n", 1)[0] in text
    assert text.count("[[news_items ") == 1
