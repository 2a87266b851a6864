"""Cards, pages and windows that presenters make of facts: the larger part of `tests.card_samples`."""

from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from bot.access import Role
from bot.cards import Card, HealthCard
from bot.commands import REGISTRY
from bot.digest_cards import Lines
from bot.home_page import HomePage
from bot.missing import Lacks, Missing
from bot.people_buttons import ShowAudit
from bot.picture_buttons import Form, ShowRanking
from bot.present.alerts import alert_card
from bot.present.answer import answer_card, answer_page, tests_card
from bot.present.asking import ask_notice, begun_card, cancelled_card
from bot.present.audit import audit_card
from bot.present.calibration import calibration_card
from bot.present.costs import costs_card
from bot.present.dialogue import ask_tickers, ask_topic
from bot.present.explain import reasoning_window, verdict_window
from bot.present.help import command_card, help_card, start_card
from bot.present.home import home_page, stranger_page
from bot.present.leaderboard import leaderboard_card
from bot.present.past import export_card, history_card
from bot.present.people import asked_notice, decided_card, invitation_card, outcome_notice, people_card
from bot.present.pictures import chart_picture, ranking_picture, refreshable, votes_picture_card
from bot.present.portfolio import portfolio_card
from bot.present.providers import provider_lines
from bot.present.reasoning import pages, reasoning_card
from bot.present.season import confirm_notice, final_card, season_card
from bot.present.settings import ask_noise, ask_preset, settings_card
from bot.present.verdict import verdict_card
from bot.present.watchlist import watchlist_card
from core.app.watchlists import Watchlist
from core.config.access import Access
from core.config.routing import RoutingTest
from core.config.settings import Scores
from core.domain.alert import Alert, AlertKind
from core.domain.past import PastRun, PastRuns
from core.domain.people import Deed, Grant, Invitation
from core.domain.stage import Preset
from core.domain.subscribed import Listed, TermsShown
from core.domain.subscription import ChatTerms, Noise, Subscription, Topic, Wanted
from core.routing.ab import report
from tests import arena_facts, ask_facts, season_facts, standings_facts
from tests.cost_facts import COSTS, OWN_COSTS
from tests.picture_facts import history
from tests.provider_facts import PROVIDERS
from tests.report_facts import fill
from tests.report_figures import bars

ZONE = ZoneInfo("America/New_York")
AT = datetime(2025, 10, 29, 20, tzinfo=UTC)
MARK = "0123abcd"
_MADE = "Updated 16:03:22 (New York)"
_BY_NAME = {member.name: member for member in arena_facts.MEMBERS}
_RECORD = arena_facts.record()
_VERDICT = verdict_card(_RECORD, _BY_NAME, ZONE)
_CHAT = arena_facts.chat()
_BOOK = pages(_CHAT, 1_700)
_MEMBER = _BY_NAME[_CHAT.member]
_PAGE = reasoning_card(_BOOK, _BOOK[0], record=_RECORD, chat=_CHAT, member=_MEMBER, zone=ZONE)
_BOARD = leaderboard_card(standings_facts.LEADERBOARD, Scores())

TESTS = (
    report(
        RoutingTest(name="second_opinion", a="balanced", b="premium"),
        [
            *ask_facts.trials("a", 40, cost="0.004", latency_ms=2_000),
            *ask_facts.trials("b", 38, answered_each=2, cost="0.04", latency_ms=6_000),
        ],
    ),
    report(RoutingTest(name="shorter", kind="prompt", a="house", b="short.md", enabled=False), []),
)
TERMS = TermsShown(
    terms=ChatTerms(
        zone="Europe/Berlin",
        quiet_from=time(22),
        quiet_until=time(7),
        language="de",
        preset=Preset.DEEP,
        noise=(("digest", Noise.SILENT),),
    ),
    zone="Europe/Berlin",
    preset=Preset.DEEP,
    now=AT,
)
RUNS = PastRuns(
    ticker=None,
    runs=(
        PastRun(
            run_id="4f7k2m9q",
            ticker="NVDA",
            as_of=AT,
            verdict=arena_facts.VERDICT,
            horizon=5,
            return_ratio=Decimal("0.0512"),
        ),
        PastRun(run_id="5h8n3p2r", ticker="AAPL", as_of=AT - timedelta(days=1), verdict=None),
    ),
    total=14,
    page=2,
    pages=3,
)


def invitation(**more: object) -> Invitation:
    """Somebody who asks to be let into a group."""
    values = {
        "number": 7,
        "person": "telegram:6666",
        "name": "Mallory",
        "chat": "telegram:-100",
        "asked_at": AT,
    }
    return Invitation.model_validate({**values, "expires_at": AT + timedelta(days=1), **more})


def _deed(number: int, outcome: str, note: str) -> Deed:
    return Deed.model_validate(
        {"number": number, "at": AT, "person": "slack:U0BOB", "chat": "slack:C0TRADING", "thread": ""}
        | {"what": "/run NVDA", "outcome": outcome, "note": note}
    )


def _listed(number: int, **more: object) -> Listed:
    found = Subscription(
        number=number,
        platform="slack",
        chat="C0TRADING",
        wanted=Wanted(topic=Topic.ALERTS),
        created_by="slack:U0ALICE",
        created_at=AT,
    )
    return Listed.model_validate(
        {"subscription": found, "line": "alerts", "when": None, "zone": "UTC"} | more
    )


_DECIDED = {"state": "approved", "role": "runner", "decided_by": "telegram:1001", "decided_at": AT}
_GRANTS = tuple(
    Grant(person=f"telegram:{n}", chat="telegram:-100", role="viewer", granted_by="telegram:1001", at=AT)
    for n in range(2_001, 2_016)
)

PICTURE = ranking_picture(_BOARD, b"a picture", ShowRanking(Form.TABLE), _MADE)

CARDS: dict[str, Card] = {
    "missing word": ask_notice(
        Missing("Which ticker? Send /run NVDA, or choose one.", lacks=Lacks.TICKER, command="run"),
        [("NVDA", "NVDA"), ("AAPL", "AAPL")],
    ),
    "asked to be let in": asked_notice("telegram:6666", "telegram:-100"),
    "let in": outcome_notice(invitation(**_DECIDED)),
    "new season": confirm_notice(season_facts.STATUS, "/season new winter"),
    "unfinished verdict": verdict_card(
        arena_facts.record(
            verdict=arena_facts.VERDICT.model_copy(
                update={"decision": None, "rule": "1 ballot, 2 needed", "outliers": (), "dissent": ()}
            ),
            orders=(),
        ),
        _BY_NAME,
        ZONE,
    ),
    "verdict of a record": _VERDICT,
    "verdict window": verdict_window(_VERDICT, _RECORD),
    "reasoning window": reasoning_window(_PAGE, _BOOK[0], _RECORD, _MEMBER),
    "ranking as a picture": PICTURE,
    "votes as a picture": votes_picture_card(_VERDICT, b"a picture", arena_facts.RUN_ID, _MADE),
    "chart": chart_picture(
        history(bars("GOOG"), [fill(3, "gpt-5")], caveat="Sample prices."),
        b"a picture",
        2,
        _MADE,
    ),
    "refreshable leaderboard": refreshable(_BOARD, ShowRanking(Form.TABLE), _MADE, pictures=True),
    "final leaderboard": final_card(season_facts.FINAL),
    "portfolio of a statement": portfolio_card(standings_facts.STATEMENT, ZONE, number=1),
    "season": season_card(season_facts.STATUS, ZONE),
    "calibration of a record": calibration_card(standings_facts.CALIBRATION, ZONE),
    "history": history_card(RUNS, ZONE),
    "no history": history_card(RUNS.model_copy(update={"ticker": "NVDA", "runs": ()}), ZONE),
    "export": export_card(RUNS, ZONE),
    "invitation": invitation_card(invitation(), ZONE),
    "decided invitation": decided_card(invitation(**_DECIDED), ZONE),
    "people": people_card(Access(), _GRANTS, [invitation()], chat="telegram:-100", done="Bob is runner now."),
    "audit": audit_card(
        [_deed(2, "refused", "viewer, runner needed"), _deed(1, "done", "")],
        ZONE,
        shown=ShowAudit(50, 2, everywhere=True),
        kept=40,
    ),
    "settings": settings_card(TERMS, chat=MARK, done="The language is German now."),
    "presets": ask_preset(MARK),
    "noise": ask_noise(MARK, TERMS.terms),
    "topics": ask_topic(MARK),
    "tickers": ask_tickers(MARK, ["NVDA", "BRK.B"], ["SAP.DE"]),
    "watchlist": watchlist_card(Watchlist(tickers=("NVDA", "AAPL"), own=True, added=("AAPL",)), chat=MARK),
    "answer": answer_card(ask_facts.CONFIRMED, ZONE),
    "contradicted answer": answer_card(ask_facts.CONTRADICTED, ZONE),
    "unsure answer": answer_card(ask_facts.UNSURE, ZONE),
    "no answer": answer_card(ask_facts.UNANSWERED, ZONE),
    "what was written to a question": answer_page(ask_facts.RECORD, 1, 1_700, ZONE),
    "tests of the routing": tests_card(TESTS),
    "cancelled": cancelled_card(),
    "begun": begun_card("run NVDA"),
    "whole help": help_card(REGISTRY),
    "help with one command": command_card(next(one for one in REGISTRY if one.name == "run")),
    "start": start_card(),
    "season alert": alert_card(
        Alert(key="alert:season:autumn", kind=AlertKind.SEASON, at=AT, season="autumn", reason="autumn"), ZONE
    ),
    "key alert": alert_card(
        Alert(
            key="alert:key:openrouter:main",
            kind=AlertKind.KEY,
            at=AT,
            subject="main …3f9a of openrouter",
            happened="refused",
            reason="openrouter:openai/gpt-5 refused the request (401): No auth credentials found",
        ),
        ZONE,
    ),
    "route alert": alert_card(
        Alert(
            key="alert:route:openrouter:openai/gpt-5:down",
            kind=AlertKind.ROUTE,
            at=AT,
            members=("gpt5",),
            subject="openrouter:openai/gpt-5",
            happened="down",
            reason="did not answer within 60 s",
        ),
        ZONE,
    ),
    "health of models": HealthCard(
        title="The service is well, but not every model",
        subtitle="2025-10-29 16:00 EDT",
        sections=tuple(provider_lines(PROVIDERS, ZONE, keys=True)),
        footer="/subscriptions shows what comes to this chat.",
    ),
    "costs": costs_card(COSTS, ZONE),
    "costs of a chat without much": costs_card(OWN_COSTS, ZONE),
    "costs of a day, posted": costs_card(COSTS, ZONE, note="Due at 18:00, delivered at 18:20.", turns=False),
    "health": HealthCard(
        title="Not all is well",
        subtitle="2025-10-29 16:00 EDT",
        sections=(
            Lines(title="Now", lines=("Telegram: connected", "Slack: disconnected, trying again")),
            Lines(title="Due next", lines=("digest daily after close, 2025-10-29 16:30 · here",), more=2),
        ),
        footer="/subscriptions shows what comes to this chat.",
    ),
}

HOMES: dict[str, HomePage] = {
    "stranger": stranger_page("slack:U0MALLORY"),
    "viewer": home_page(Role.VIEWER, standings_facts.LEADERBOARD, Scores(), (), (), (), ZONE, AT),
    "runner": home_page(
        Role.RUNNER,
        standings_facts.LEADERBOARD,
        Scores(),
        (_RECORD,),
        ("NVDA", "AAPL", "BRK.B"),
        (("C0TRADING", [_listed(number) for number in range(1, 9)]), ("D0ALICE", [_listed(9)])),
        ZONE,
        AT,
    ),
}
