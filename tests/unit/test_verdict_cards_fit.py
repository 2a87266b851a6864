"""Both platforms take the verdict of any committee of thirty, and nothing that decides is missing from it."""

import re
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot import slack_render, telegram_render
from bot.cards import Button, DissentLine, MemberLine, VerdictCard
from bot.slack_blocks import MAX_TOTAL, weight
from bot.verdict_drafts import LEAST_NAME, drafts
from core.domain.ballot import Action
from tests.loopback import slack_rules, telegram_rules

FIGURES = "72 % · $0.013 · 31.1 s"
WHY = "Margins shrink while inventories grow."
REASONS = ("timeout: no answer within 120 s; ", 'no hop of the route answered: <html> & "x" ', "日本語 𝕏 ")
NAMES = ("claude-sonnet", "a.very-long_name-of-one-family-of-models", "日本語のとても長い名前", "𝕏-model")

reasons = st.builds(lambda text, size: (text * 100)[:size], st.sampled_from(REASONS), st.integers(0, 1_000))
trades = st.lists(reasons.map(lambda text: f"bought 2.496255 GOOG at $797.96 {text}"), max_size=30).map(tuple)
notes = st.none() | st.just("answered by openrouter:google/gemini-2.5-flash-lite-preview")

FOLLOWERS = (
    MemberLine(member="committee", action=Action.BUY, rating="", detail="71 %"),
    MemberLine(member="crowd", action=Action.HOLD, rating="", detail="50 % · Votes: 12 BUY, 12 SELL; a tie"),
)


@st.composite
def lines(draw: st.DrawFn, number: int) -> MemberLine:
    stem = draw(st.sampled_from(NAMES))
    name = f"{stem[: 40 - 3]}-{number:02d}"
    if draw(st.booleans()):
        return MemberLine(member=name, action=None, rating="", detail=f"abstained: {draw(reasons)}")
    action = draw(st.sampled_from(list(Action)))
    outlier = draw(st.booleans())
    return MemberLine(
        member=name, action=action, rating="Overweight", detail=FIGURES, outlier=outlier, note=draw(notes)
    )


@st.composite
def records(draw: st.DrawFn) -> VerdictCard:
    """Return a card as a record of a run would make it."""
    members = tuple(draw(lines(number)) for number in range(draw(st.integers(2, 30))))
    return verdict(
        members, draw(trades), draw(st.none() | reasons), draw(reasons.map(lambda text: text[:160]))
    )


def verdict(
    members: tuple[MemberLine, ...], traded: tuple[str, ...], rule: str | None = None, against: str = WHY
) -> VerdictCard:
    cast = [line for line in members if line.action]
    buys = sum(line.action is Action.BUY for line in cast)
    outliers = ", ".join(line.member for line in members if line.outlier)
    return VerdictCard(
        ticker="GOOG",
        headline="BUY",
        decision=Action.BUY,
        rule=rule,
        subtitle="standard · as of 2013-02-28 16:00 EST",
        facts=(
            ("Agreement", f"61 % · {buys} of {len(cast)} ballots · high consensus"),
            ("Confidence", "71 %"),
            ("Risk", "medium"),
            ("Stop loss", "$187.50"),
            ("Take profit", "$230.00"),
            *((("Outliers", outliers),) if outliers else ()),
            ("Abstained", f"{len(members) - len(cast)} of {len(members)}"),
            ("Cost", "$0.0613 · 61,534 tokens"),
            ("Time", "31.5 s"),
            ("Evidence", "34c04b85d620 · sample prices"),
        ),
        votes=tuple(
            (action, sum(line.action is action for line in cast), 0.5, "50 %")
            for action in (Action.BUY, Action.HOLD, Action.SELL)
        ),
        members=members,
        followers=FOLLOWERS,
        dissent=tuple(
            DissentLine(member=line.member, action=line.action, reason=against)
            for line in members
            if line.outlier and line.action
        ),
        trades=traded,
        footer="Run yfk74rqj · Paper trading, not advice.",
        caveat="Sample prices: real daily bars that end in March 2013, not today's market.",
        buttons=tuple(
            Button(label=line.member, data=f"w.yfk74rqj.{number}") for number, line in enumerate(members, 1)
        ),
    )


def on_telegram(card: VerdictCard) -> str:
    message = telegram_render.render(card)
    rows = [[{"text": label, "callback_data": data} for label, data in row] for row in message.keyboard]
    telegram_rules.check_keyboard({"inline_keyboard": rows})
    assert sum(map(len, rows)) == len(card.buttons)
    return telegram_rules.check_text(message.text_html, "HTML").text


def on_slack(card: VerdictCard) -> str:
    message = slack_render.render(card)
    assert slack_rules.message_error({"text": message.text, "blocks": message.blocks}, update=True) is None
    assert weight(message.blocks) <= MAX_TOTAL
    assert len(slack_rules.interactive(message.blocks)) == len(card.buttons)
    shown = [block for block in message.blocks if block["type"] != "actions"]
    return "\n".join("".join(text for _, text in slack_rules.strings(block)) for block in shown)


def told(card: VerdictCard) -> Iterator[tuple[str, str]]:
    """Yield what each platform shows, without the signs that nobody sees."""
    for platform, text in (("telegram", on_telegram(card)), ("slack", on_slack(card))):
        yield platform, text.replace("\u2060", "")


def found(name: str, text: str) -> bool:
    """Say whether a line of the text tells of this member, with its whole name or a shortened one."""
    whole = [re.escape(name)]
    short = [
        re.escape(name[:LEAST_NAME]) + "…" + re.escape(name[len(name) - tail :])
        for tail in range(len(name) - LEAST_NAME)
    ]
    pattern = rf"(?m)^(?:🟢|🟡|🔴|⚪) (?:{'|'.join(whole + short)})(?: |$)"
    return re.search(pattern, text) is not None


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(records())
def test_decision_votes_members_agreement_and_cost_stand_on_every_card(card: VerdictCard) -> None:
    for platform, text in told(card):
        assert "GOOG · BUY" in text, platform
        assert "61 %" in text, platform
        assert "$0.0613" in text, platform
        assert "31.5 s" in text, platform
        for action, count, _, _ in card.votes:
            assert re.search(rf"{action.value} *[█░]+ +{count} ", text), (platform, action)
        for line in (*card.members, *card.followers):
            assert found(line.member, text), (platform, line.member)
        marks = sum(line.outlier for line in card.members)
        assert len(re.findall(r"(?:◆|·)\soutlier\b", text)) == marks, platform
        assert text.count("72 %") >= sum(line.action is not None for line in card.members), platform


def committee(size: int, abstaining: int = 0, reason: str = "") -> tuple[MemberLine, ...]:
    return tuple(
        MemberLine(
            member=f"claude-sonnet-{number:02d}", action=None, rating="", detail=f"abstained: {reason}"
        )
        if number < abstaining
        else MemberLine(
            member=f"claude-sonnet-{number:02d}", action=Action.BUY, rating="Overweight", detail=FIGURES
        )
        for number in range(size)
    )


def bought(size: int) -> tuple[str, ...]:
    return tuple(
        f"claude-sonnet-{number:02d} bought 2.496255 GOOG at $797.96 for $1,991.91, fee $0.20"
        for number in range(size)
    )


def split(size: int) -> tuple[MemberLine, ...]:
    """Return a committee in which every second member is an outlier."""
    return tuple(
        line.model_copy(update={"action": Action.SELL, "outlier": True}) if number % 2 else line
        for number, line in enumerate(committee(size))
    )


def test_each_outliers_reason_has_a_line_of_its_own() -> None:
    card = verdict(split(6), bought(3))

    for platform, text in told(card):
        for line in card.dissent:
            assert f"◆ {line.member} SELL: {WHY}" in text.splitlines(), platform


def test_reasons_of_dissent_are_shortened_before_a_trade_is_left_out() -> None:
    long = "the margin of every segment shrinks " * 5
    card = verdict(split(20), bought(10), against=long.strip())

    for platform, text in told(card):
        assert all(trade in text for trade in card.trades), platform
        assert text.count("SELL: the margin of every segment shrinks") == 10, platform


def test_each_draft_has_the_reasons_of_all_outliers_or_of_none() -> None:
    shown = [draft.card.dissent for draft in drafts(verdict(split(30), bought(30), against="x" * 160))]

    assert {len(dissent) for dissent in shown} == {15, 0}
    assert max(len(line.reason) for line in shown[0]) == 160


def test_long_reasons_are_shortened_before_a_trade_is_left_out() -> None:
    card = verdict(committee(20, 12, "no answer within 120 s; " * 20), bought(8))

    for platform, text in told(card):
        assert all(trade in text for trade in card.trades), platform
        assert "more" not in text, platform
        assert text.count("abstained: no answer within 120 s") == 12, platform


def test_trades_that_find_no_room_are_counted() -> None:
    card = verdict(committee(30), tuple(trade + " because of it" * 20 for trade in bought(30)))

    for platform, text in told(card):
        shown = text.count("bought 2.496255")
        assert 0 <= shown < 30, platform
        assert f"… and {30 - shown} more" in text, platform


def test_many_long_reasons_do_not_hide_the_verdict_and_a_single_one_is_told() -> None:
    reason = "retry after 20 s; " * 20
    one, many = (verdict(committee(5, count, reason), ()) for count in (1, 5))

    assert all(text.count("retry after") == 20 for _, text in told(one))
    assert all(5 <= text.count("retry after") <= 40 for _, text in told(many))


def test_a_small_committee_is_shown_whole() -> None:
    card = verdict(committee(5, 1, "no answer within 120 s"), bought(4))

    for platform, text in told(card):
        assert text.count(FIGURES) == 4, platform
        assert all(trade in text for trade in card.trades), platform
        assert "…" not in text, platform


def test_names_of_one_family_differ_even_when_they_are_shortened() -> None:
    members = tuple(
        MemberLine(member=f"a-very-long-name-of-one-family-{n:02d}", action=None, rating="", detail="x" * 999)
        for n in range(30)
    )
    shown = [draft.card for draft in drafts(verdict(members, bought(30)))]

    for card in shown[:-1]:
        assert len({line.member for line in card.members}) == 30
        assert len({button.label for button in card.buttons}) == 30
    assert {line.member for line in shown[-1].members} == {"a-very-long-…"}


@pytest.mark.parametrize("size", [2, 12, 30])
def test_each_draft_is_shorter_than_the_one_before(size: int) -> None:
    card = verdict(committee(size, size // 2, "reason " * 200), bought(size))
    lengths = [len(draft.card.model_dump_json()) for draft in drafts(card)]

    assert lengths == sorted(lengths, reverse=True)
