"""The pack that the page about evidence shows is the one that members would read."""

from pathlib import Path

import pytest

from tests.gallery.evidence_pack import PAGE, pack, page_with
from tests.vendors_scene import KEYS, all_vendors

pytest_plugins = ("tests.yfinance_scene",)


async def test_the_page_shows_a_whole_pack_as_members_read_it_today(
    tmp_path: Path, fresh_yfinance: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, key in KEYS.items():
        monkeypatch.setenv(name, key)
    async with all_vendors(tmp_path) as vendors:
        text = await pack(vendors)
    page = PAGE.read_text("utf-8")

    assert text in page, "write it anew: python -m tests.gallery.evidence_pack"
    assert page_with(text, page) == page
