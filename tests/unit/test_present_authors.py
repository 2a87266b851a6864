"""Who wrote what in one short line."""

import pytest

from bot.present.authors import note, wrote
from core.domain.ballot import Authorship, Rating
from core.domain.stage import Stage
from tests import arena_facts


def by(**models: str) -> list[Authorship]:
    """One author for each keyword, whose value lists its stages."""
    names = {
        "flash": "openrouter:google/gemini-2.5-flash",
        "sonnet": "openrouter:anthropic/claude-sonnet-4.5",
    }
    return [Authorship(model=names[name], stages=tuple(said.split())) for name, said in models.items()]


@pytest.mark.parametrize(
    ("authors", "line"),
    [
        ([], None),
        (
            by(flash="market news fundamentals sentiment", sonnet="research decision"),
            "analysts: gemini-2.5-flash; judge, decision: claude-sonnet-4.5",
        ),
        (
            by(flash="market sentiment bull", sonnet="bear risk_aggressive risk_neutral risk_conservative"),
            "market, sentiment, bull: gemini-2.5-flash; bear, risk: claude-sonnet-4.5",
        ),
        (
            by(flash="risk_neutral", sonnet="trader"),
            "risk neutral: gemini-2.5-flash; trader: claude-sonnet-4.5",
        ),
    ],
)
def test_stages_go_by_the_name_of_their_group_where_all_of_it_is_there(
    authors: list[Authorship], line: str | None
) -> None:
    assert wrote(authors) == line


def test_two_models_of_one_name_are_told_apart_by_provider_and_maker() -> None:
    authors = [
        Authorship(model="openrouter:deepseek/deepseek-r1:free", stages=("market",)),
        Authorship(model="openrouter:other/deepseek-r1:free", stages=("bull",)),
        Authorship(model="local:phi", stages=("bear",)),
    ]
    assert wrote(authors) == (
        "market: openrouter:deepseek/deepseek-r1:free; bull: openrouter:other/deepseek-r1:free; bear: phi"
    )


def test_every_stage_has_a_name_in_the_line() -> None:
    for stage in Stage:
        line = wrote([Authorship(model="p:a", stages=(stage.value,)), Authorship(model="p:b", stages=("x",))])
        assert line is not None
        assert "_" not in line


def test_a_note_has_another_model_who_wrote_what_and_what_was_free_in_this_order() -> None:
    ballot = arena_facts.ballot("claude", Rating.BUY, "0.7")
    assert note(ballot, None) is None
    full = ballot.model_copy(
        update={"written_by": tuple(by(flash="market", sonnet="decision")), "from_cache": 1}
    )
    assert note(full, "answered by p:x") == (
        "answered by p:x · market: gemini-2.5-flash; decision: claude-sonnet-4.5 · 1 stage from cache"
    )
