"""One member's ModelChat, page by page, and the members as a list."""

from datetime import timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.cards import Notice, ReasoningCard
from bot.present import words
from bot.present.models import models_card
from bot.present.reasoning import Page, nothing_to_read, page_at, page_of, pages, reasoning_card
from core.domain.ballot import Abstention, AbstentionKind, Action
from core.domain.member import Member, MemberKind
from core.domain.memory import Reflection
from core.domain.season import Season
from core.domain.stage import ModelChat, Stage, StageRecord
from core.domain.usage import ServedBy
from tests import arena_facts

ZONE = ZoneInfo("America/New_York")
CLAUDE = arena_facts.MEMBERS[0]
OUTPUTS = st.text(max_size=300) | st.integers(0, 60).map(lambda count: "A sentence of it. " * count)
POINTS = st.lists(st.text(max_size=60), max_size=6).map(tuple)


def chat_of(*stages: StageRecord) -> ModelChat:
    return arena_facts.chat().model_copy(update={"stages": stages})


def stage(output: str, which: Stage = Stage.BULL, **more: object) -> StageRecord:
    return arena_facts.stage(CLAUDE.name, which, output, **more)


def card_of(
    chat: ModelChat, number: int = 0, member: Member = CLAUDE, size: int = 500, **run: object
) -> ReasoningCard:
    book = pages(chat, size)
    return reasoning_card(
        book, book[number], record=arena_facts.record(**run), chat=chat, member=member, zone=ZONE
    )


REFLECTION = Reflection(
    season=Season.LIVE,
    run_id=arena_facts.RUN_ID,
    member=CLAUDE.name,
    ticker="NVDA",
    decided_at=arena_facts.AS_OF,
    settled_at=arena_facts.AS_OF + timedelta(days=7),
    action=Action.BUY,
    confidence=Decimal("0.72"),
    return_ratio=Decimal("0.0321"),
    alpha=Decimal("-0.011"),
    text="The call was right. Margins held. Wait for volume.",
    lesson="Wait for volume.",
    written_at=arena_facts.AS_OF + timedelta(days=7, hours=1),
)


@pytest.mark.parametrize(
    ("changes", "outcome"),
    [
        ({}, "return +3.21 %, alpha −1.10 %"),
        ({"alpha": None}, "return +3.21 %"),
        ({"action": Action.HOLD}, "return +3.21 %"),
    ],
)
def test_what_a_member_wrote_later_follows_where_it_decided_and_nowhere_else(
    changes: dict[str, object], outcome: str
) -> None:
    written = REFLECTION.model_copy(update=changes)
    chat = arena_facts.chat().model_copy(update={"reflection": written})
    with_it = [page for page in pages(chat, 2_000) if "Looking back" in page.body]
    assert [page.stage.stage for page in with_it] == [Stage.DECISION]
    assert with_it[0].body.endswith(f"\n\nLooking back after 5 sessions ({outcome}): {written.text}")


def visible(*texts: str) -> str:
    return "".join("".join(texts).split())


@given(OUTPUTS, POINTS, st.integers(20, 200))
def test_no_sign_of_a_stage_is_lost_and_every_page_keeps_to_its_size(
    output: str, points: tuple[str, ...], size: int
) -> None:
    book = pages(chat_of(stage(output, key_points=points)), size)
    body = visible(*(page.body for page in book))
    assert body.startswith(visible(output))
    for point in points:
        shown_apart = " ".join(point.split()) in book[0].key_points
        assert shown_apart or visible(point) in body
    for page in book:
        assert len(page.body) + sum(len(point) + 2 for point in page.key_points) <= size


@given(OUTPUTS, st.integers(20, 200))
def test_the_pages_of_a_stage_are_numbered_without_gaps(output: str, size: int) -> None:
    book = pages(chat_of(stage("Short."), stage(output, Stage.BEAR)), size)
    assert [page.number for page in book if page.ordinal == 2] == list(range(1, book[-1].of + 1))
    assert [page.ordinal for page in book] == sorted(page.ordinal for page in book)


def test_key_points_stand_once_on_the_first_page() -> None:
    book = pages(chat_of(stage("Words. " * 100, key_points=("Growth",))), 300)
    assert [page.key_points for page in book] == [("Growth",), (), ()]


def test_a_page_tells_who_on_what_which_stage_and_where() -> None:
    card = card_of(arena_facts.chat(), 10)
    assert card.title == "claude-sonnet-4.5 on NVDA"
    assert card.subtitle == "BUY 72 % · Overweight · as of 2025-10-29 16:00 EDT"
    assert (card.stage, card.position) == ("Bear", "stage 6 of 12 · page 1 of 2")
    assert card.key_points == ("Data centre revenue still grows", "Valuation leaves little room")


def test_a_stage_of_one_page_names_no_page() -> None:
    assert card_of(chat_of(stage("Short."))).position == "stage 1 of 1"


def test_the_footer_tells_who_answered_and_what_it_used() -> None:
    assert card_of(chat_of(stage("Short."))).footer == (
        "answered by openrouter:anthropic/claude-sonnet-4.5 · 1,520 tokens · $0.0028 · 1.0 s · "
        "run 4f7k2m9q · Paper trading, not advice."
    )


@pytest.mark.parametrize(
    ("cached", "reasoning", "told"),
    [
        (0, 0, " · 1,520 tokens · "),
        (1_000, 0, " · 1,520 tokens (1,000 cached) · "),
        (1_000, 300, " · 1,520 tokens (1,000 cached, 300 for reasoning) · "),
    ],
)
def test_the_footer_tells_which_tokens_the_provider_had_read_before_and_which_nobody_sees(
    cached: int, reasoning: int, told: str
) -> None:
    used = arena_facts.spend("0.00285", 1_520).model_copy(
        update={"cached_tokens": cached, "reasoning_tokens": reasoning}
    )
    assert told in card_of(chat_of(stage("Growth slows.", spend=used))).footer


def test_the_footer_says_when_another_model_answered_than_was_asked() -> None:
    other = stage("Short.", served_by=ServedBy(provider="direct", model="claude-haiku"))
    assert card_of(chat_of(other)).footer.startswith(
        "answered by direct:claude-haiku instead of openrouter:anthropic/claude-sonnet-4.5 · "
    )


def test_a_rule_is_not_said_to_have_answered() -> None:
    computed = stage("SMA 50 is above SMA 200.", served_by=None)
    card = card_of(chat_of(computed), member=arena_facts.MEMBERS[4])
    assert card.footer == "computed by a rule, no model · run 4f7k2m9q · Paper trading, not advice."


def test_the_caveat_of_the_prices_stands_on_every_page() -> None:
    assert card_of(arena_facts.chat(), 3, caveat="Sample prices.").caveat == "Sample prices."


def test_the_ends_of_the_book_have_one_page_button_and_the_middle_two() -> None:
    chat = arena_facts.chat()
    last = len(pages(chat, 500)) - 1
    labels = [[button.label for button in card_of(chat, number).page_buttons] for number in (0, 5, last)]
    assert labels == [["Next ▶"], ["◀ Back", "Next ▶"], ["◀ Back"]]


def test_the_stages_have_short_labels_and_a_later_round_its_number() -> None:
    chat = chat_of(stage("One."), stage("Two.", round_=2), stage("Three.", Stage.RISK_CONSERVATIVE))
    assert [button.label for button in card_of(chat).stage_buttons] == ["Bull", "Bull 2", "Risk −"]
    assert card_of(chat, 1).stage == "Bull, round 2"


def test_an_asked_stage_opens_at_its_first_page_and_none_means_the_decision() -> None:
    book = pages(arena_facts.chat(), 500)
    bear, last = page_of(book, Stage.BEAR), page_of(book, None)
    assert bear is not None
    assert last is not None
    assert (bear.stage.stage, bear.number) == (Stage.BEAR, 1)
    assert (last.stage.stage, last.number) == (Stage.DECISION, 1)
    assert page_of((), None) is None
    assert page_of(book[:2], Stage.BEAR) is None


@given(st.integers(-3, 99), st.integers(-3, 99))
def test_any_numbers_give_a_page_of_that_stage_or_none(ordinal: int, number: int) -> None:
    found: Page | None = page_at(pages(arena_facts.chat(), 500), ordinal, number)
    assert (found is None) == (not 1 <= ordinal <= 12)
    assert found is None or found.ordinal == ordinal


@pytest.mark.parametrize("which", list(Stage))
def test_every_stage_has_a_title_a_label_for_a_button_and_a_name(which: Stage) -> None:
    assert words.stage_title(which)
    assert len(words.stage_label(which)) <= 14
    assert "_" not in words.stage_title(which) + words.stage_label(which) + words.stage_name(which)


def test_each_member_is_listed_with_its_route_or_rule_its_weight_and_whether_it_takes_part() -> None:
    card = models_card(arena_facts.MEMBERS)
    assert dict(card.lines) == {
        "claude-sonnet-4.5": "openrouter:anthropic/claude-sonnet-4.5 → direct:claude-sonnet-4.5 · weight 1",
        "gpt-5": "openrouter:openai/gpt-5 · weight 1",
        "gemini-2.5-pro": "openrouter:google/gemini-2.5-pro · weight 0.8",
        "grok-4": "openrouter:x-ai/grok-4 · weight 1",
        "momentum": "baseline, a rule without a model · weight 0.5",
        "coin_flip": "baseline, a rule without a model · does not take part",
    }
    assert card.footer == "5 of 6 members take part in every run."
    followed = models_card([*arena_facts.MEMBERS, *arena_facts.FOLLOWERS])
    assert dict(followed.lines[-2:]) == {
        "committee": "follows the verdicts",
        "crowd": "follows the votes of people",
    }
    assert followed.footer == card.footer


@pytest.mark.parametrize("kind", list(MemberKind))
def test_every_kind_of_member_is_told_in_words(kind: MemberKind) -> None:
    member = Member(number=1, name="one", kind=kind, weight=Decimal(1))
    about, _, weight = models_card([member]).lines[0][1].partition(" · ")
    assert about.replace(" ", "").isalpha() or "," in about
    assert weight == ("" if kind.follows else "weight 1")


def test_of_a_follower_the_reason_of_its_ballot_is_what_there_is_to_read() -> None:
    chat = arena_facts.chat().model_copy(
        update={"member": "crowd", "stages": (), "result": arena_facts.CROWD_BALLOT}
    )
    assert nothing_to_read(chat, None) == Notice(
        text="crowd in run 4f7k2m9q on NVDA: SELL 60 % · Sell. Votes: 1 BUY, 2 SELL."
    )
    nobody = Abstention(member="crowd", kind=AbstentionKind.NO_VOTES, reason="nobody voted")
    assert nothing_to_read(chat.model_copy(update={"result": nobody}), None) == Notice(
        text="crowd in run 4f7k2m9q on NVDA: abstained: nobody voted."
    )
