"""The tool that draws the pictures of the docs: it leaves nothing out, and its models read their evidence."""

from html import escape
from pathlib import Path

import pytest

from bot.slack_render import render as slack_render
from bot.telegram_render import render as telegram_render
from core.domain.ballot import Ballot
from tests import arena
from tests.card_samples import SAMPLES, VERDICT
from tests.gallery.said import MODELS, speaks
from tests.gallery.slack_look import Look
from tests.gallery.telegram_look import Seen, chat
from tests.loopback.model_server import ModelServer
from tests.loopback.slack_rules import interactive, strings

CHANNELS = {"C0TRADING": "trading"}


@pytest.mark.parametrize("kind", sorted(SAMPLES))
def test_slacks_look_draws_every_card_with_all_that_its_blocks_say(kind: str) -> None:
    blocks = slack_render(SAMPLES[kind]).blocks
    drawn = Look({}, CHANNELS).message(blocks)
    pressed = {id(element) for _, element in interactive(blocks)}
    assert pressed or "class='key" not in drawn
    for sort, text in strings([block for block in blocks if block["type"] != "actions"]):
        if sort != "mrkdwn":
            assert escape(text) in drawn


def test_telegrams_look_keeps_the_text_as_it_came_and_every_button() -> None:
    message = telegram_render(VERDICT)
    labels = tuple(tuple(label for label, _ in row) for row in message.keyboard)
    drawn = chat("/run NVDA", Seen(message.text_html, labels, unfolded=True))
    assert "/run NVDA" in drawn
    for line in message.text_html.split("\n"):
        assert line in drawn
    for label in (label for row in labels for label in row):
        assert f"<span>{escape(label)}</span>" in drawn


async def test_the_simulated_models_cast_their_ballots_with_figures_of_the_evidence_alone(
    tmp_path: Path,
) -> None:
    async with ModelServer() as models:
        for name in MODELS:
            models.always(name, speaks(name))
        members = [{"name": name, "route": [f"loopback:{name}"]} for name in MODELS]
        app = await arena.opened(models.base_url, tmp_path, members=members)
        try:
            record = await arena.finished(app, arena.request("GOOG"))
        finally:
            await app.close()
        evidence = models.requests[0].messages[-1]["content"]
    results = {seat.member: seat.result for seat in record.seats if seat.member in MODELS}
    assert all(isinstance(result, Ballot) for result in results.values())
    assert {result.action.value for result in results.values() if isinstance(result, Ballot)} == {
        "BUY",
        "HOLD",
        "SELL",
    }
    claude = results["claude"]
    assert isinstance(claude, Ballot)
    assert "801.20" in claude.reasoning
    assert "last price: 801.20" in evidence
