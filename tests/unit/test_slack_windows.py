"""Pages, windows and forms on Slack: whatever they hold, Slack takes them, and nobody is called."""

from datetime import time

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.access import Role
from bot.cards import (
    Button,
    LeaderboardCard,
    MemberLine,
    StandingLine,
    SubscriptionLine,
    SummaryCard,
    SummaryLine,
)
from bot.home_page import HomeChannel, HomePage
from bot.request import Address
from bot.slack_forms import RunForm, run_form, settings_form, subscribe_form
from bot.slack_home import home_view
from bot.slack_modals import card_modal, modal
from bot.slack_requests import place_from, place_of, thread_from
from bot.window_cards import ReasoningWindow, VerdictWindow
from core.domain.ballot import Action
from core.domain.stage import Preset
from core.domain.subscribed import TermsShown
from core.domain.subscription import ChatTerms
from tests.arena_facts import AS_OF
from tests.card_samples import SAMPLES
from tests.loopback.slack_rules import interactive, notified, view_error
from tests.unit.test_slack_hostile_text import texts

HERE = Address("slack", "C0TRADING")
hostile = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def standing(text: str) -> StandingLine:
    names = ("medal", "rank", "member", "value", "pnl", "return_", "trades", "win_rate", "cash")
    return StandingLine(**dict.fromkeys(names, text or "x"))


def page(text: str, many: int) -> HomePage:
    line = SubscriptionLine(number="1", line=text, when=text, next=text, place=text)
    board = LeaderboardCard(
        title=text,
        subtitle=text,
        standings=(standing(text),) * many,
        facts=(text,) * 4,
        footer=text,
        caveat=text,
    )
    summary = SummaryCard(
        title=text,
        subtitle=text,
        lines=tuple(
            SummaryLine(ticker=f"T{n}", action=Action.BUY, headline=text, detail=text, votes=text)
            for n in range(many)
        ),
        footer=text,
        caveat=text + "!",
        buttons=tuple(Button(label=f"T{n}", data=f"r.run{n}") for n in range(many)),
    )
    return HomePage(
        title=text,
        intro=text,
        leaderboard=board,
        verdicts=summary,
        watchlist=(text or "x",) * 60,
        channels=tuple(HomeChannel(chat=f"C0{n}", lines=(line,) * 6, more=3) for n in range(many)),
        buttons=(Button(label=text, data="a.l"),),
        forms=(("ask", text), ("settings", text)),
        footer=text,
    )


@hostile
@given(texts, st.integers(0, 20))
def test_a_page_is_taken_whatever_it_tells(text: str, many: int) -> None:
    view = home_view(page(text, many), place_of(HERE))
    assert view_error(view, "home") is None
    assert notified(view) == []
    assert len(view["blocks"]) <= 100
    assert place_from(view["private_metadata"]) == HERE


@hostile
@given(texts, st.integers(0, 120))
def test_a_page_of_reasoning_is_taken_with_any_number_of_members(text: str, many: int) -> None:
    card = ReasoningWindow(
        title=text,
        subtitle=text,
        stage=text,
        position=text,
        body=text[:2_800],
        footer=text,
        member_buttons=tuple(Button(label=f"{n} {text}", data=f"w.k3v9.{n + 1}") for n in range(many)),
        member=f"3 {text}",
        verdict=Button(label="Verdict", data="r.k3v9"),
        post=Button(label="Post to thread", data="a.t.k3v9.1.1.1"),
    )
    view = modal(card, place_of(HERE, "1.5"), note=text, post=True)
    assert view_error(view) is None
    assert notified(view) == []
    assert {"conclave.verdict", "conclave.post"} <= {e["action_id"] for _, e in interactive(view["blocks"])}


@hostile
@given(texts, st.integers(0, 60))
def test_an_explained_verdict_is_taken_whatever_it_tells(text: str, many: int) -> None:
    lines = tuple(
        MemberLine(member=f"{n}{text}", action=None, rating="", detail=text, note=text) for n in range(many)
    )
    card = VerdictWindow(
        ticker=text,
        headline=text,
        decision=Action.SELL,
        rule=text,
        subtitle=text,
        facts=((text, text),) * 8,
        votes=(),
        members=lines,
        trades=(text,) * many,
        footer=text,
        story=text * 3,
        member_buttons=tuple(Button(label=f"{n} {text}", data=f"w.k3v9.{n + 1}") for n in range(many)),
        buttons=(Button(label=text, data="w.k3v9.1"),),
    )
    view = card_modal(card, place_of(HERE))
    assert view_error(view) is None
    assert notified(view) == []


def test_every_card_can_be_a_window() -> None:
    for name, card in SAMPLES.items():
        view = card_modal(card)
        assert view_error(view) is None, name
        assert len(view["title"]["text"]) <= 24


@hostile
@given(texts)
def test_the_forms_are_taken_whatever_stands_in_them(text: str) -> None:
    line = SubscriptionLine(
        number=text,
        line=text,
        when=text,
        next=text,
        buttons=(Button(label=text, data="s.0a1b2c3d.p.1"), Button(label=text, data="s.0a1b2c3d.d.1")),
    )
    shown = TermsShown(
        terms=ChatTerms(quiet_from=time(22), quiet_until=time(7), language="xx", preset=Preset.DEEP),
        zone=text or "UTC",
        preset=Preset.DEEP,
        now=AS_OF,
    )
    for view in (
        run_form(RunForm(Preset.QUICK, text, "C0TRADING", (text, text))),
        run_form(RunForm()),
        subscribe_form(HERE, (line,) * 30, text or "UTC", may_change=True, done=text),
        subscribe_form(HERE, (line,) * 30, "UTC", may_change=False),
        subscribe_form(Address("slack", "D0ALICE"), (), "UTC", may_change=True),
        settings_form(HERE, shown, Role.ADMIN, done=text),
        settings_form(HERE, shown, Role.RUNNER),
        settings_form(HERE, shown, Role.VIEWER),
    ):
        assert view_error(view) is None
        assert notified(view) == []


def test_a_setting_that_the_form_does_not_offer_is_kept_as_it_is() -> None:
    shown = TermsShown(terms=ChatTerms(language="xx"), zone="UTC", preset=Preset.STANDARD, now=AS_OF)
    view = settings_form(HERE, shown, Role.RUNNER)
    language = next(b["element"] for b in view["blocks"] if b["block_id"].startswith("language."))
    assert language["initial_option"]["value"] == "xx"


def test_a_window_knows_the_thread_of_the_message_from_which_it_was_opened() -> None:
    assert thread_from(place_of(HERE)) is None
    assert thread_from(place_of(HERE, "1.5")) == Address("slack", "C0TRADING", "1.5")
    in_thread = Address("slack", "C0TRADING", "1.2")
    assert thread_from(place_of(in_thread, "1.5")) == in_thread
    assert thread_from("{}") is None
    assert thread_from('{"chat": "C1", "thread": null, "card": 7}') is None
