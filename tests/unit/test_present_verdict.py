"""What the card at the end of a run says, fact by fact."""

from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from bot.buttons import OpenReasoning, decode
from bot.cards import DissentLine, MemberLine, VerdictCard
from bot.present.verdict import verdict_card
from core.domain.ballot import Abstention, AbstentionKind, Action, Rating
from core.domain.books import Clamp, OrderState, Side
from core.domain.run import RunRecord, RunState
from core.domain.usage import ServedBy
from core.domain.verdict import Verdict
from tests import arena_facts
from tests.arena_facts import ballot, record, seats

ZONE = ZoneInfo("America/New_York")
MEMBERS = {member.name: member for member in arena_facts.MEMBERS}
SAMPLE = "Sample prices: real daily bars that end in March 2013, not today's market."


def card_of(run: RunRecord | None = None) -> VerdictCard:
    return verdict_card(run or record(), MEMBERS, ZONE)


def line(name: str, run: RunRecord | None = None) -> MemberLine:
    return next(line for line in card_of(run).members if line.member == name)


def verdict(**changes: object) -> Verdict:
    return arena_facts.VERDICT.model_copy(update=changes)


def test_the_decision_is_the_headline_and_the_moment_stands_below() -> None:
    card = card_of()
    assert (card.ticker, card.headline, card.decision) == ("NVDA", "BUY", Action.BUY)
    assert card.rule is None
    assert card.subtitle == "standard · as of 2025-10-29 16:00 EDT"


def test_the_facts_are_complete_and_in_order() -> None:
    assert card_of().facts == (
        ("Agreement", "75 % · 3 of 4 ballots · high consensus"),
        ("Confidence", "71 %"),
        ("Risk", "medium"),
        ("Stop loss", "$186.50"),
        ("Take profit", "$236.00"),
        ("Outliers", "gemini-2.5-pro"),
        ("Abstained", "1 of 5"),
        ("Cost", "$0.079 · 61,234 tokens"),
        ("Time", "7.3 s"),
        ("Evidence", "3f2a9c01d4e8 · csv prices"),
    )


def test_what_is_not_there_takes_no_line() -> None:
    bare = Verdict(
        decision=Action.BUY,
        method="weighted",
        agreement=Decimal(1),
        weighted_confidence=Decimal("0.64"),
        votes={Action.BUY: 1},
        weighted_votes={Action.BUY: Decimal(1)},
    )
    only_a_rule = [ballot("momentum", Rating.BUY, "0.64")]
    assert card_of(record(verdict=bare, seats=seats(only_a_rule))).facts == (
        ("Agreement", "100 % · 1 of 1 ballot"),
        ("Confidence", "64 %"),
        ("Time", "7.3 s"),
        ("Evidence", "3f2a9c01d4e8 · csv prices"),
    )


def test_the_votes_stand_from_favourable_to_unfavourable_with_their_weighted_share() -> None:
    assert card_of().votes == (
        (Action.BUY, 3, 0.7576, "76 %"),
        (Action.HOLD, 1, 0.2424, "24 %"),
        (Action.SELL, 0, 0.0, "0 %"),
    )


def test_a_models_line_has_action_rating_confidence_cost_and_time() -> None:
    found = line("claude-sonnet-4.5")
    assert (found.action, found.rating) == (Action.BUY, "Overweight")
    assert found.detail == "72 % · $0.034 · 6.1 s"
    assert not found.outlier


def test_a_rules_line_has_neither_cost_nor_time() -> None:
    assert line("momentum").detail == "64 %"


def test_a_learned_weight_stands_with_its_sample_and_a_calibrated_confidence_behind_the_stated_one() -> None:
    assert line("gpt-5").detail == "81 % (counts 74 %) · weight 0.83 (41 settled) · $0.029 · 7.2 s"


def test_every_outlier_has_its_reason_and_without_a_verdict_nobody_differs() -> None:
    reason = "Earnings momentum outweighs the valuation."
    assert card_of().dissent == (DissentLine(member="gemini-2.5-pro", action=Action.HOLD, reason=reason),)
    assert card_of(arena_facts.running()).dissent == ()


def test_an_outlier_is_marked_in_its_line() -> None:
    assert [line.member for line in card_of().members if line.outlier] == ["gemini-2.5-pro"]


@pytest.mark.parametrize(
    ("reason", "detail"),
    [
        (
            "no answer within 120 s at the stage research",
            "abstained: no answer within 120 s at the stage research",
        ),
        ("It refused.\nTwice.", "abstained: It refused. Twice"),
        ("", "abstained: timeout"),
    ],
)
def test_an_abstention_has_its_reason_and_no_action(reason: str, detail: str) -> None:
    absent = Abstention(member="claude-sonnet-4.5", kind=AbstentionKind.TIMEOUT, reason=reason)
    found = line("claude-sonnet-4.5", record(seats=seats([absent])))
    assert (found.action, found.rating, found.detail) == (None, "", detail)


@pytest.mark.parametrize(
    ("provider", "model", "note"),
    [
        ("openrouter", "anthropic/claude-sonnet-4.5", None),
        ("openrouter", "anthropic/claude-sonnet-4.5-20250929", None),
        ("openrouter", "claude-sonnet-4.5", None),
        ("openrouter", "Anthropic/Claude-Sonnet-4.5", None),
        ("direct", "claude-sonnet-4.5", "answered by direct:claude-sonnet-4.5"),
        ("openrouter", "anthropic/claude-haiku-4.5", "answered by openrouter:anthropic/claude-haiku-4.5"),
        (
            "openrouter",
            "anthropic/claude-sonnet-4.5-mini",
            "answered by openrouter:anthropic/claude-sonnet-4.5-mini",
        ),
    ],
)
def test_a_note_names_the_model_that_answered_where_it_is_another(
    provider: str, model: str, note: str | None
) -> None:
    served = ballot("claude-sonnet-4.5", Rating.BUY, "0.7").model_copy(
        update={"served_by": ServedBy(provider=provider, model=model)}
    )
    assert line("claude-sonnet-4.5", record(seats=seats([served]))).note == note


def test_the_members_stand_in_the_order_of_their_seats_each_with_a_button_of_short_ids() -> None:
    card = card_of()
    names = [seat.member for seat in arena_facts.seats()]
    assert [line.member for line in card.members] == names
    assert [button.label for button in card.buttons] == names
    for number, button in enumerate(card.buttons, 1):
        assert decode(button.data) == OpenReasoning(arena_facts.RUN_ID, number)
        assert button.label not in button.data


def test_trades_are_fills_waiting_orders_and_cancelled_ones_with_every_clamp_and_reason() -> None:
    assert card_of().trades == (
        "claude-sonnet-4.5 bought 12.072 NVDA at $207.08 for $2,499.89, fee $0.25 (kept to 25 % of equity)",
        "gpt-5 will buy 9.65 NVDA at the next open, about $207.04",
        "momentum did not buy 0.003 NVDA: it is worth less than the smallest order of $1.00",
    )


def test_the_clamps_of_order_and_fill_stand_together_once_each() -> None:
    kept = Clamp(rule="max_position", note="kept to 25 % of equity.")
    cash = Clamp(rule="cash", note="cut to the cash at hand")
    orders = (arena_facts.order("gpt-5", "5", OrderState.FILLED, clamps=(kept,)),)
    fills = (arena_facts.fill("gpt-5", "4", "100").model_copy(update={"clamps": (kept, cash)}),)
    (trade,) = card_of(record(orders=orders, fills=fills)).trades
    assert trade.endswith("(kept to 25 % of equity; cut to the cash at hand)")


def test_a_sale_reads_as_one_and_a_free_one_has_no_fee() -> None:
    sold = arena_facts.fill("gpt-5", "4", "100").model_copy(
        update={"side": Side.SELL, "amount_usd": Decimal(400), "fee_usd": Decimal(0)}
    )
    assert card_of(record(orders=(), fills=(sold,))).trades == ("gpt-5 sold 4 NVDA at $100.00 for $400.00",)


def test_an_order_that_was_cancelled_at_once_names_no_shares() -> None:
    nothing = arena_facts.order(
        "gpt-5",
        "0",
        OrderState.CANCELLED,
        side=Side.SELL,
        reason="nothing to sell, and short positions are off",
    )
    assert card_of(record(orders=(nothing,), fills=())).trades == (
        "gpt-5 did not sell NVDA: nothing to sell, and short positions are off",
    )


def test_the_footer_names_the_run_and_that_it_is_paper_only() -> None:
    assert card_of().footer == "Run 4f7k2m9q · Paper trading, not advice."


def test_what_must_be_said_of_the_prices_stands_on_the_card() -> None:
    assert card_of().caveat is None
    assert card_of(record(caveat=SAMPLE)).caveat == SAMPLE


def test_a_tie_is_hold_and_says_by_which_rule() -> None:
    rule = "Tie between BUY and SELL at 50 % each: a tie is HOLD."
    card = card_of(record(verdict=verdict(decision=Action.HOLD, rule=rule)))
    assert (card.headline, card.decision, card.rule) == ("HOLD", Action.HOLD, rule)


def test_no_verdict_says_why_and_claims_no_agreement() -> None:
    rule = "Only 1 ballot was cast; 2 ballots are needed."
    none = Verdict(
        decision=None,
        rule=rule,
        method="weighted",
        votes={Action.BUY: 1},
        weighted_votes={Action.BUY: Decimal(1)},
    )
    card = card_of(record(verdict=none))
    assert (card.headline, card.decision, card.rule) == ("No verdict", None, rule)
    assert not {"Agreement", "Confidence", "Outliers"} & set(dict(card.facts))


def test_without_any_ballot_there_are_no_bars() -> None:
    none = Verdict(decision=None, rule="No ballot was cast.", method="weighted", votes={}, weighted_votes={})
    assert card_of(record(verdict=none, seats=seats([arena_facts.RESULTS[3]]))).votes == ()


@pytest.mark.parametrize(
    ("state", "reason", "headline", "rule"),
    [
        (RunState.CANCELLED, None, "Stopped", "The run was stopped; what was done is kept."),
        (RunState.CANCELLED, "stopped on request", "Stopped", "stopped on request"),
        (RunState.FAILED, "The database is full.", "Failed", "The database is full."),
        (RunState.FAILED, None, "Failed", "The run failed; what was done is kept."),
        (RunState.RUNNING, None, "Not finished", "This run still goes on."),
    ],
)
def test_a_run_that_did_not_finish_says_what_became_of_it(
    state: RunState, reason: str | None, headline: str, rule: str
) -> None:
    card = card_of(arena_facts.running(state=state, reason=reason))
    assert (card.headline, card.decision, card.rule) == (headline, None, rule)
    assert card.trades == ()
    assert {line.detail for line in card.members} == {"no result"}


def test_a_member_that_the_arena_does_not_know_any_more_is_still_shown() -> None:
    card = verdict_card(record(), {}, ZONE)
    assert len(card.members) == 5
    assert all(line.note is None for line in card.members)


def followers(run: RunRecord) -> list[tuple[str, Action | None, str]]:
    return [(line.member, line.action, line.detail) for line in card_of(run).followers]


def test_the_committee_and_the_crowd_have_lines_of_their_own_and_are_in_no_count() -> None:
    card = card_of(record(seats=arena_facts.followed()))
    plain = card_of()
    assert followers(record(seats=arena_facts.followed())) == [
        ("committee", Action.BUY, "71 %"),
        ("crowd", Action.SELL, "60 % · Votes: 1 BUY, 2 SELL"),
    ]
    # On Telegram and Slack the action alone is a colour, which not everybody can tell.
    assert [line.rating for line in card.followers] == ["Buy", "Sell"]
    assert (card.members, card.facts, card.buttons) == (plain.members, plain.facts, plain.buttons)


def test_a_follower_without_a_ballot_says_why() -> None:
    no_verdict = Abstention(member="committee", kind=AbstentionKind.NO_VERDICT, reason="only 1 cast")
    no_votes = Abstention(member="crowd", kind=AbstentionKind.NO_VOTES, reason="nobody voted")
    assert followers(record(seats=arena_facts.followed(committee=no_verdict, crowd=no_votes))) == [
        ("committee", None, "no verdict"),
        ("crowd", None, "nobody voted"),
    ]
    seats = arena_facts.followed(committee=None, crowd=None)
    assert [detail for *_, detail in followers(arena_facts.running(seats=seats))] == [
        "waits for the verdict",
        "the vote goes on",
    ]
    stopped = record(seats=seats, state=RunState.CANCELLED, verdict=None, orders=(), fills=())
    assert [detail for *_, detail in followers(stopped)] == ["no result", "no result"]


def test_trades_of_followers_stand_behind_those_of_the_members() -> None:
    fill = arena_facts.fill("committee", "5", "207.08")
    run = record(seats=arena_facts.followed(), fills=(fill, *arena_facts.FILLS))
    assert [line.split()[0] for line in card_of(run).trades] == [
        "claude-sonnet-4.5",
        "gpt-5",
        "momentum",
        "committee",
    ]
