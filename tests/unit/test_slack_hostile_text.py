"""Whatever a model writes, Slack takes the message, nobody is called, and no body is lost."""

import re

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.cards import (
    AlertCard,
    BinLine,
    Button,
    CalibrationCard,
    CallLine,
    Card,
    DialogueCard,
    DigestCard,
    DissentLine,
    HelpCard,
    JudgeLine,
    LeaderboardCard,
    Lines,
    MemberLine,
    ModelsCard,
    Notice,
    PortfolioCard,
    ProgressCard,
    ProgressLine,
    ReasoningCard,
    ReviewCard,
    SeasonCard,
    StandingLine,
    SubscriptionLine,
    SubscriptionsCard,
    SummaryCard,
    SummaryLine,
    VerdictCard,
)
from bot.slack_modals import loading_modal, modal, notice_modal
from bot.slack_render import PAGE_SIZE, render
from bot.slack_text import JOINER, clamp_bytes, harmless, literal, pieces, units
from core.domain.ballot import Action
from tests.loopback.slack_rules import (
    MAX_TEXT_UPDATED_BYTES,
    block_errors,
    blocks_size,
    message_error,
    notified,
    strings,
    view_error,
)

SNIPPETS = [
    "<!channel> ",
    "<!here|x>",
    "<@U0ALICE>",
    "<#C0TRADING|x>",
    "@channel",
    "@HERE ",
    "@everyone",
    "https://evil.example/a",
    "<https://evil.example|click>",
    "www.evil.example",
    "mailto:a@b.c",
    "*bold* _it_ ~no~ `code`",
    "```\nblock\n```",
    "<think>hm</think>",
    "| a | b |\n|---|---|\n",
    "&amp; & < >",
    "שלום עולם",
    "\u202eevil\u202c",
    "👩‍👩‍👧‍👦🚀",
    "\x00\x07\r\n\u2028",
    "\ud800",
    "日本語",
    "\n\n",
    " ",
    '\\"',
]
words = st.one_of(st.sampled_from(SNIPPETS), st.text(max_size=40))
texts = st.lists(words, max_size=12).map("".join)
long_texts = st.one_of(
    texts,
    st.builds(lambda piece, times: piece * times, st.sampled_from(SNIPPETS), st.integers(1, 3000)),
    st.builds(lambda piece: (piece + " ") * 400, words),
    st.just("x" * 2188),
    st.just("y" * 11_000),
)
datas = st.from_regex(r"[wp]\.[a-z0-9]{8}\.[0-9]{1,3}\.[0-9]{1,2}\.[0-9]{1,2}", fullmatch=True)
button_lists = st.lists(st.builds(Button, label=texts, data=datas), max_size=60).map(tuple)
actions = st.sampled_from([*Action, None])
maybe = st.none() | long_texts


def rows(*kinds: st.SearchStrategy[str], upto: int) -> st.SearchStrategy[tuple[tuple[str, ...], ...]]:
    return st.lists(st.tuples(*kinds), max_size=upto).map(tuple)


members = st.builds(
    MemberLine,
    member=texts,
    action=actions,
    rating=texts,
    detail=long_texts,
    outlier=st.booleans(),
    note=maybe,
)
standings = st.builds(
    StandingLine, **dict.fromkeys(set(StandingLine.model_fields) - {"warning"}, texts), warning=maybe
)
votes = st.tuples(st.sampled_from(list(Action)), st.integers(0, 99), st.floats(allow_nan=True), texts)
progress_lines = st.builds(
    ProgressLine,
    member=texts,
    state=st.sampled_from(["waiting", "working", "done", "failed"]),
    detail=long_texts,
    action=actions,
)
dissents = st.builds(DissentLine, member=texts, action=st.sampled_from(list(Action)), reason=long_texts)
lists_of_texts = st.lists(long_texts, max_size=12).map(tuple)
tones = st.sampled_from(["info", "warning", "error"])
reasonings = st.builds(
    ReasoningCard,
    title=long_texts,
    subtitle=long_texts,
    stage=texts,
    position=texts,
    body=long_texts.map(lambda text: text[:PAGE_SIZE]),
    key_points=lists_of_texts,
    footer=long_texts,
    caveat=maybe,
    page_buttons=button_lists,
    stage_buttons=button_lists,
)
verdicts = st.builds(
    VerdictCard,
    ticker=texts,
    headline=texts,
    decision=actions,
    rule=maybe,
    subtitle=long_texts,
    facts=rows(texts, long_texts, upto=25),
    votes=st.lists(votes, max_size=3).map(tuple),
    members=st.lists(members, max_size=40).map(tuple),
    followers=st.lists(members, max_size=2).map(tuple),
    dissent=st.lists(dissents, max_size=40).map(tuple),
    trades=lists_of_texts,
    footer=long_texts,
    caveat=maybe,
    buttons=button_lists,
)
portfolios = st.builds(
    PortfolioCard,
    title=texts,
    facts=rows(texts, texts, upto=12),
    holdings=rows(*[texts] * 5, upto=40),
    levels=lists_of_texts,
    pending=lists_of_texts,
    fills=lists_of_texts,
    history=lists_of_texts,
    footer=texts,
    caveat=maybe,
)
bin_lists = st.lists(
    st.builds(
        BinLine, said=texts, right=texts, ballots=texts, worth=texts, fraction=st.floats(), mark=st.floats()
    ),
    max_size=20,
).map(tuple)
calibrations = st.builds(
    CalibrationCard,
    title=texts,
    facts=rows(texts, texts, upto=12),
    bins=bin_lists,
    legend=long_texts,
    footer=texts,
    caveat=maybe,
)
call_lists = st.lists(
    st.builds(
        CallLine,
        subject=texts,
        action=st.sampled_from(list(Action)),
        detail=long_texts,
        earned=texts,
        good=st.none() | st.booleans(),
    ),
    max_size=40,
).map(tuple)
section_lists = st.lists(
    st.builds(Lines, title=texts, lines=lists_of_texts, more=st.integers(0, 9)), max_size=8
).map(tuple)
judge_lists = st.lists(
    st.builds(JudgeLine, member=texts, verdict=texts, figures=lists_of_texts), max_size=20
).map(tuple)
posted = st.one_of(
    st.builds(
        DigestCard,
        title=texts,
        subtitle=texts,
        story=long_texts,
        verdicts=call_lists,
        verdicts_more=st.integers(0, 9),
        sections=section_lists,
        footer=long_texts,
        caveat=maybe,
        note=maybe,
    ),
    st.builds(
        ReviewCard,
        title=texts,
        subtitle=texts,
        story=long_texts,
        judges=judge_lists,
        legend=long_texts,
        calls=st.lists(st.tuples(texts, call_lists), max_size=4).map(tuple),
        sections=section_lists,
        footer=long_texts,
        caveat=maybe,
        note=maybe,
    ),
    st.builds(
        SummaryCard,
        title=texts,
        subtitle=texts,
        lines=st.lists(
            st.builds(
                SummaryLine, ticker=texts, action=actions, headline=texts, detail=long_texts, votes=long_texts
            ),
            max_size=40,
        ).map(tuple),
        footer=long_texts,
        caveat=maybe,
        note=maybe,
        buttons=button_lists,
    ),
    st.builds(
        AlertCard,
        sign=st.sampled_from(["stop", "take_profit", "flip", "model_down", "budget"]),
        headline=texts,
        text=long_texts,
        footer=long_texts,
        caveat=maybe,
        buttons=button_lists,
    ),
)
standing_lists = st.lists(standings, max_size=60).map(tuple)
progress_lists = st.lists(progress_lines, max_size=30).map(tuple)
entries = st.builds(
    SubscriptionLine,
    number=texts,
    line=texts,
    when=texts,
    next=long_texts,
    place=texts,
    buttons=st.lists(st.builds(Button, label=texts, data=datas), max_size=2).map(tuple),
)
cards: st.SearchStrategy[Card] = st.one_of(
    st.builds(Notice, text=long_texts, tone=tones, reference=st.none() | texts, buttons=button_lists),
    st.builds(
        ProgressCard,
        title=long_texts,
        subtitle=long_texts,
        lines=progress_lists,
        caveat=maybe,
        votes=maybe,
        buttons=button_lists,
    ),
    verdicts,
    reasonings,
    st.builds(
        LeaderboardCard, title=texts, subtitle=texts, standings=standing_lists, footer=texts, caveat=maybe
    ),
    portfolios,
    calibrations,
    posted,
    st.builds(
        SeasonCard,
        title=texts,
        facts=rows(texts, texts, upto=12),
        past=rows(texts, long_texts, upto=60),
        footer=texts,
    ),
    st.builds(ModelsCard, title=texts, lines=rows(texts, long_texts, upto=60), footer=texts),
    st.builds(
        SubscriptionsCard,
        title=texts,
        lines=st.lists(entries, max_size=8).map(tuple),
        footer=texts,
        done=maybe,
        page_buttons=st.lists(st.builds(Button, label=texts, data=datas), max_size=2).map(tuple),
    ),
    st.builds(
        DialogueCard,
        title=texts,
        text=long_texts,
        facts=rows(texts, long_texts, upto=12),
        examples=st.lists(texts, max_size=12).map(tuple),
        footer=texts,
        buttons=st.lists(st.builds(Button, label=texts, data=datas), max_size=12).map(tuple),
    ),
    st.builds(
        HelpCard,
        title=texts,
        intro=long_texts,
        commands=rows(texts, texts, upto=40),
        groups=st.lists(st.tuples(texts, st.integers(-2, 30)), max_size=5).map(tuple),
        footer=texts,
        buttons=button_lists,
    ),
)

relaxed = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


def seen(text: str) -> str:
    return re.sub(r"\s+", "", harmless(text))


@relaxed
@given(cards)
def test_slack_takes_every_card_and_nobody_is_called(card: Card) -> None:
    message = render(card)

    assert message_error({"text": message.text, "blocks": message.blocks}, update=True) is None
    assert blocks_size(message.blocks) <= 12_500
    assert notified(message.blocks) == []
    assert notified(message.text) == []
    assert len(message.text.encode()) < MAX_TEXT_UPDATED_BYTES


@relaxed
@given(reasonings)
def test_a_page_of_reasoning_is_shown_whole_in_the_message_and_in_the_modal(card: ReasoningCard) -> None:
    view = modal(card, metadata="C0TRADING")

    assert view_error(view) is None
    assert notified(view) == []
    for blocks in (render(card).blocks, view["blocks"]):
        shown = "".join(text for _, text in strings([b for b in blocks if b["type"] == "section"]))
        assert seen(card.body) in seen(shown) or not seen(card.body)


@relaxed
@given(long_texts)
def test_notices_fit_a_modal(text: str) -> None:
    assert view_error(notice_modal(Notice(text=text), "m" * 4000)) is None
    assert view_error(loading_modal()) is None


@relaxed
@given(long_texts, st.integers(60, 3000))
def test_cutting_into_pieces_loses_no_visible_sign(text: str, limit: int) -> None:
    clean = harmless(text)
    cut = pieces(clean, limit)

    assert re.sub(r"\s", "", "".join(cut)) == re.sub(r"\s", "", clean)
    assert all(units(piece) <= limit for piece in cut)


@relaxed
@given(long_texts, st.integers(20, 4000))
def test_a_text_cut_by_bytes_is_escaped_and_never_ends_inside_an_entity(text: str, limit: int) -> None:
    cut = clamp_bytes(harmless(text), limit)

    assert len(cut.encode()) <= limit
    assert not re.search(r"[<>]|&(?!amp;|lt;|gt;)", cut)


@relaxed
@given(texts)
def test_making_a_text_harmless_twice_changes_nothing_more(text: str) -> None:
    assert harmless(harmless(text)) == harmless(text)


def test_a_person_sees_the_same_text_after_it_was_made_harmless() -> None:
    assert (
        harmless("ask @channel at https://x.example").replace(JOINER, "")
        == "ask @channel at https://x.example"
    )
    assert literal("a*b* <c> & d").replace(JOINER, "") == "a*b* &lt;c&gt; &amp; d"


def test_the_strict_rules_do_refuse_what_slack_refuses() -> None:
    section = {"type": "section", "text": {"type": "plain_text", "text": "x" * 3001}}
    assert block_errors([section]) == ["must be less than 3001 characters [json-pointer:/blocks/0/text/text]"]
    one = {"type": "button", "text": {"type": "plain_text", "text": "a"}, "value": "v"}
    many = {"type": "actions", "elements": [one | {"action_id": str(place)} for place in range(26)]}
    assert block_errors([many]) == ["no more than 25 items allowed [json-pointer:/blocks/0/elements]"]
    assert message_error({"text": "é" * 2001}, update=True) == {"error": "msg_too_long"}
    assert message_error({}) == {"error": "no_text"}
    assert notified("see <!here>, @everyone and <https://x.example|y>") != []
    divider = {"type": "divider", "block_id": "same"}
    assert block_errors([divider, divider]) == ["block_id already exists [json-pointer:/blocks/1]"]
    assert message_error({"text": "x", "blocks": [{"type": "divider"}] * 51}) is not None
    long = [{"type": "section", "text": {"type": "plain_text", "text": "x" * 2900}}] * 5
    assert message_error({"text": "x", "blocks": long}) == {"error": "msg_blocks_too_long"}
