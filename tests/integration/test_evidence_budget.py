"""The configured budgets of the evidence hold in what models are sent."""

import re
from pathlib import Path
from typing import Any

import pytest

from core.domain.stage import Stage
from core.domain.tokens import tokens
from core.pipeline import committee
from core.pipeline.evidence import build_evidence
from tests import arena, full_pack
from tests.arena import Opening
from tests.injected import stage_of
from tests.loopback.model_server import ModelServer

pytest_plugins = ["tests.arena_fixtures"]


async def test_every_model_reads_the_same_pack_cut_to_the_configured_budgets(
    models: ModelServer, tmp_path: Path, opening: Opening, monkeypatch: pytest.MonkeyPatch
) -> None:
    def frozen(*arguments: Any, **more: Any) -> Any:
        return build_evidence(*arguments, **{**more, "gathered": full_pack.gathered()})

    monkeypatch.setattr(committee, "build_evidence", frozen)
    limits = {"news": 400, "sentiment": 0, "bars": 300}
    app = await opening(models.base_url, tmp_path, pipeline={"evidence_tokens": limits})
    await arena.finished(app, arena.request())

    sent = {stage: set[str]() for stage in Stage}
    for request in models.requests:
        sent[stage_of(request)].add(request.messages[1]["content"].partition("[[/evidence")[0])
    assert all(len(packs) == 1 for packs in sent.values())
    (whole,) = sent[Stage.DECISION]
    assert "news: 3 items, times in UTC, 17 older items are left out" in whole
    assert "sentiment: 0 items, times in UTC, 20 older items are left out" in whole
    assert re.search(r"\nlast ([5-9]|1[0-9]) of ", whole)
    (news,) = sent[Stage.NEWS]
    assert "news: 3 items" in news
    assert "macro: 15 readings" in news
    assert "fundamentals:" not in news
    (trader,) = sent[Stage.TRADER]
    assert "news" not in trader
    assert tokens(trader) < tokens(news) < tokens(whole)
