"""A person's own page from facts, and verdicts told in prose."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.access import Role
from bot.cards import VerdictCard
from bot.home_page import HomePage
from bot.present.explain import story_of, verdict_window
from bot.present.home import MOST_LINES, TOP, home_page, stranger_page
from bot.present.verdict import verdict_card
from core.config.settings import Scores
from core.domain.ballot import Ballot
from core.domain.run import RunState
from core.domain.subscribed import Listed
from core.domain.subscription import Subscription, Topic, Wanted
from tests import arena_facts, standings_facts

ZONE = ZoneInfo("America/New_York")
NOW = arena_facts.FINISHED + timedelta(hours=1)


def listed(number: int) -> Listed:
    found = Subscription(
        number=number,
        platform="slack",
        chat="C0TRADING",
        wanted=Wanted(topic=Topic.ALERTS),
        created_by="slack:U0ALICE",
        created_at=NOW,
    )
    return Listed(subscription=found, line="alerts on", when=None, zone="UTC")


def page(role: Role = Role.RUNNER, **more: object) -> HomePage:
    facts = {"latest": (), "watchlist": (), "channels": ()} | more
    return home_page(
        role,
        standings_facts.LEADERBOARD,
        Scores(),
        facts["latest"],  # type: ignore[arg-type]
        facts["watchlist"],  # type: ignore[arg-type]
        facts["channels"],  # type: ignore[arg-type]
        ZONE,
        NOW,
    )


def test_the_page_has_the_top_of_the_board_and_a_button_for_each_verdict() -> None:
    made = page(latest=(arena_facts.record(),), watchlist=("NVDA",))
    assert made.leaderboard is not None
    assert 0 < len(made.leaderboard.standings) <= TOP
    assert made.verdicts is not None
    assert [one.data for one in made.verdicts.buttons] == [f"r.{arena_facts.RUN_ID}"]
    assert made.watchlist == ("NVDA",)
    assert "2025-10-29" in made.footer


def test_a_viewer_is_offered_no_form_to_run() -> None:
    assert [form for form, _ in page(Role.VIEWER).forms] == ["subscribe", "settings"]
    assert [form for form, _ in page(Role.RUNNER).forms] == ["ask", "subscribe", "settings"]


def test_channels_without_subscriptions_are_left_out_and_long_ones_shortened() -> None:
    many = [listed(number) for number in range(1, MOST_LINES + 4)]
    made = page(channels=(("C0QUIET", ()), ("C0TRADING", many)))
    (channel,) = made.channels
    assert (channel.chat, len(channel.lines), channel.more) == ("C0TRADING", MOST_LINES, 3)
    assert made.no_channels == ""
    assert page(channels=(("C0QUIET", ()),)).no_channels


def test_a_stranger_learns_its_id_and_nothing_of_the_arena() -> None:
    made = stranger_page("slack:U0MALLORY")
    assert "slack:U0MALLORY" in made.intro
    assert (made.leaderboard, made.verdicts, made.forms, made.buttons) == (None, None, (), ())


def test_the_story_counts_the_votes_and_gives_the_reasons_of_who_was_for_it() -> None:
    record = arena_facts.record()
    verdict = record.verdict
    assert verdict is not None
    told, *why = story_of(record).splitlines()
    assert f"{len(record.voters)} members saw the same evidence" in told
    assert f"they make {verdict.decision}, with" in told
    assert why[0] == f"Why {verdict.decision}:"
    for_it = [one.member for one in record.ballots if one.action is verdict.decision]
    assert [line.removeprefix("• ").split(" (")[0] for line in why[1:]] == for_it
    assert all(one.member in told for one in record.abstentions)


def test_a_long_reason_is_cut_between_words() -> None:
    record = arena_facts.record()
    long = "because of this " * 100
    seats = tuple(
        seat.model_copy(update={"result": seat.result.model_copy(update={"reasoning": long})})
        if isinstance(seat.result, Ballot)
        else seat
        for seat in record.seats
    )
    lines = story_of(record.model_copy(update={"seats": seats})).splitlines()[2:]
    assert lines
    assert all(line.endswith(("this …", "because …", "of …")) for line in lines)


@pytest.mark.parametrize(
    ("verdict", "sentence"),
    [(None, "They have not been counted yet."), ("none", "they decide nothing. Too few agree.")],
)
def test_a_run_without_a_decision_says_why(verdict: str | None, sentence: str) -> None:
    record = arena_facts.record()
    assert record.verdict is not None
    undecided = record.verdict.model_copy(update={"decision": None, "rule": "Too few agree."})
    changed = record.model_copy(update={"verdict": undecided if verdict else None})
    assert sentence in story_of(changed)
    assert "Why" not in story_of(changed)


def test_a_run_in_which_nobody_voted_says_so() -> None:
    record = arena_facts.record()
    seats = tuple(seat.model_copy(update={"result": None}) for seat in record.seats)
    empty = record.model_copy(update={"seats": seats, "verdict": None, "state": RunState.FAILED})
    assert story_of(empty).endswith("cast no ballot, so there is no verdict.")


def test_a_window_is_the_same_card_with_more() -> None:
    record = arena_facts.record()
    members = {member.name: member for member in arena_facts.MEMBERS}
    card = verdict_card(record, members, ZONE)
    window = verdict_window(card, record)
    assert isinstance(window, VerdictCard)
    assert all(getattr(window, name) == getattr(card, name) for name in VerdictCard.model_fields)
    assert len(window.member_buttons) == len(record.voters)
