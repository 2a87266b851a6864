"""The proof that no prompt knows the future: it holds, and it fails where the future comes through."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

import pytest

from bot import program_evidence
from bot.program import Output
from core.clock import ManualClock
from core.config import Settings
from core.config.loading import settings_from
from core.domain.errors import VendorRateLimited, VendorUnreachable
from core.domain.evidence_items import EvidenceKind
from core.domain.lookahead import LookaheadReport
from core.market import gathering
from core.market.calendar import MarketCalendar, Session, Sessions
from core.market.chain import build_chain
from core.market.evidence_port import Missing, Partly
from core.market.gathering import Gatherer, KindChain
from core.pipeline.evidence import build_evidence
from core.pipeline.lookahead import look_ahead, prompts_of
from tests.evidence_double import (
    EvidenceDouble,
    asked,
    filing,
    identity,
    mood,
    news,
    reading,
)

if TYPE_CHECKING:
    from core.app.app import App

AS_OF = datetime(2012, 11, 20, 21, tzinfo=UTC)
NOW = datetime(2025, 10, 29, tzinfo=UTC)
DAY = timedelta(days=1)
KEPT = (AS_OF - 600 * DAY).date(), (AS_OF + 60 * DAY).date()
SAID: dict[str, Any] = {
    "identity": identity("Google Inc."),
    "news": (
        news("Known before", AS_OF - DAY, url="https://news.example/1"),
        news("Known at that moment", AS_OF),
        news("A second later", AS_OF + timedelta(seconds=1)),
        news("Known before", AS_OF + DAY, url="https://news.example/1"),
        news("Nobody knows when", None),
    ),
    "filings": (
        filing("2012-09-30", "2012-10-18"),
        filing("2012-09-30", "2012-11-21"),
        filing("2012-06-30"),
        filing("2012-10-31"),
        filing("2012-12-31", annual=True),
    ),
    "moods": (mood("Calm", AS_OF - DAY), mood("Wild", AS_OF + DAY), mood("When?", None)),
    "readings": (
        reading("GDP", "2012-07-01", "2012-10-26", "2.0"),
        reading("GDP", "2012-07-01", "2012-11-29", "2.7"),
    ),
}


def settings() -> Settings:
    return settings_from({"market": {"prices": ["sample"]}}, {}, name="test")


def gatherer(**said: Any) -> Gatherer:
    vendor = asked("one", EvidenceDouble(**{**SAID, **said}), clock=ManualClock(NOW))
    chains = {kind: KindChain((vendor,), True) for kind in EvidenceKind}
    return Gatherer(chains, (vendor,), settings().market.evidence)


async def checked(gathering: Gatherer) -> LookaheadReport:
    calendar, clock = MarketCalendar(), ManualClock(NOW)
    prices = build_chain(settings(), calendar, clock, KEPT)
    return await look_ahead(settings(), prices, gathering, calendar, "GOOG", AS_OF)


async def test_no_future_of_any_vendor_changes_a_byte_of_any_prompt() -> None:
    report = await checked(gatherer())
    assert report.clean, [trial for trial in report.trials if trial.differs]
    assert report.prompts == 17
    assert {(trial.vendor, trial.how) for trial in report.trials} == {
        (vendor, how) for vendor in ("sample", "one") for how in ("removed", "changed")
    }
    assert all(trial.items > 5 for trial in report.trials)


@pytest.mark.parametrize(
    ("cut", "where"),
    [
        ("cut_news", "news"),
        ("cut_moods", "sentiment"),
        ("cut_filings", "fundamentals"),
        ("cut_readings", "macro"),
    ],
)
async def test_a_cut_that_lets_the_future_through_is_found(
    monkeypatch: pytest.MonkeyPatch, cut: str, where: str
) -> None:
    monkeypatch.setattr(f"core.market.gathering.{cut}", lambda said, *_, **__: tuple(said))
    report = await checked(gatherer())
    assert not report.clean
    told = {trial.differs for trial in report.trials if trial.vendor == "one"}
    assert told == {f"the evidence, in {where}"}


class Ahead:
    """Sessions that take the next close for one that has been."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sessions, name)

    def last_closed(self, at: datetime) -> Session:
        return self._sessions.after(self._sessions.last_closed(at).day)


async def test_prices_that_know_the_future_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    async def sessions(self: Any, ticker: str) -> Ahead:
        found = self._calendar.of(ticker)
        await found.load()
        return Ahead(found)

    monkeypatch.setattr("core.market.chain.check_time", lambda *_, **__: None)
    monkeypatch.setattr("core.market.chain.PriceChain._sessions", sessions)
    report = await checked(gatherer())
    assert not report.clean
    assert {trial.what for trial in report.trials if trial.differs} == {"prices"}


async def test_a_vendor_that_fails_now_and_answers_later_is_no_look_ahead() -> None:
    answers = iter([VendorRateLimited("one", "asks left for now"), *[SAID["news"]] * 9])

    def sometimes() -> Any:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    assert (await checked(gatherer(news=sometimes))).clean


def two_vendors(**said: Any) -> Gatherer:
    """The first of the chain answers all, so that the second one, which has what is said, is not asked."""
    clock = ManualClock(NOW)
    first, second = asked("one", EvidenceDouble(**SAID), clock=clock), EvidenceDouble(**said)
    vendors = (first, asked("second", second, clock=clock))
    chains = {kind: KindChain(vendors, True) for kind in EvidenceKind}
    return Gatherer(chains, vendors, settings().market.evidence)


def proved(report: LookaheadReport) -> dict[tuple[str, str], str | None]:
    return {(proof.vendor, proof.what): proof.unproved for proof in report.alone}


async def test_each_vendor_is_proved_alone_also_where_another_one_answers_before_it() -> None:
    report = await checked(two_vendors(**SAID))

    kinds = ("news", "fundamentals", "sentiment", "macro")
    pairs = {("sample", "prices"), *((name, kind) for name in ("one", "second") for kind in kinds)}
    assert proved(report) == dict.fromkeys(pairs)
    assert all(trial.items for proof in report.alone for trial in proof.trials)
    assert report.clean
    assert report.unproved == ()


@pytest.mark.parametrize(
    ("kind", "item", "where"),
    [
        ("news", news("Told by the second", AS_OF + DAY, vendor="second"), "news"),
        ("moods", mood("Told by the second", AS_OF + DAY, vendor="second"), "sentiment"),
    ],
)
async def test_the_future_of_a_vendor_that_is_asked_only_when_others_fail_is_found(
    monkeypatch: pytest.MonkeyPatch, kind: str, item: Any, where: str
) -> None:
    cut = getattr(gathering, f"cut_{kind}")

    def leaky(said: Any, *rest: Any, **more: Any) -> Any:
        let_through = tuple(one for one in said if one.vendor == "second")
        return (*let_through, *cut([one for one in said if one.vendor != "second"], *rest, **more))

    monkeypatch.setattr(gathering, f"cut_{kind}", leaky)
    report = await checked(two_vendors(**SAID | {kind: (item,)}))

    assert not report.clean
    assert {trial.differs for trial in report.trials} == {None}
    changed = {(one.vendor, trial.differs) for one in report.alone for trial in one.trials if trial.differs}
    assert changed == {("second", f"the evidence, in {where}")}


async def test_of_a_vendor_that_is_away_or_has_nothing_it_is_said_that_nothing_is_proved() -> None:
    away = VendorUnreachable("second", "could not be reached.")
    report = await checked(two_vendors(news=SAID["news"], filings=away))

    told = proved(report)
    assert (told["second", "news"], told["one", "fundamentals"]) == (None, None)
    assert told["second", "fundamentals"] == "could not be reached"
    assert told["second", "sentiment"] == told["second", "macro"] == "has none"
    assert [(one.vendor, one.what) for one in report.unproved] == [
        ("second", "fundamentals"),
        ("second", "sentiment"),
        ("second", "macro"),
    ]
    assert all(one.trials == () for one in report.unproved)
    assert report.clean


async def test_an_answer_that_lacks_parts_is_proved_for_what_it_has() -> None:
    half = Partly(SAID["readings"], (Missing("UNRATE", VendorRateLimited("one", "asks to slow down")),))
    report = await checked(gatherer(readings=half))

    assert proved(report)["one", "macro"] is None
    assert report.clean


async def test_the_answer_lists_each_vendor_and_names_unproved(
    capsys: pytest.CaptureFixture[str],
) -> None:
    report = await checked(two_vendors(news=SAID["news"]))

    class Told:
        async def look_ahead(self, *_: object) -> LookaheadReport:
            return report

    assert await program_evidence.look_ahead(cast("App", Told()), Output(as_json=False), "GOOG", AS_OF)
    lines = capsys.readouterr().out.splitlines()
    alone = lines[lines.index("Each vendor alone, as if no other were configured:") + 1 :]
    assert alone[0].startswith("- sample (prices): answers of the future, ")
    assert alone[0].endswith(" changed; not a byte changes")
    assert "- second (fundamentals): unproved, has none" in alone
    assert alone[-1] == (
        "No prompt knows anything of the time after that moment. "
        "Unproved: second (fundamentals), second (sentiment), second (macro)."
    )


async def test_without_any_future_nothing_is_proved() -> None:
    report = await checked(gatherer())
    quiet = report.model_copy(
        update={"trials": tuple(one.model_copy(update={"items": 0}) for one in report.trials), "alone": ()}
    )
    assert not quiet.clean


async def test_the_known_past_is_in_the_prompts_and_the_future_is_not() -> None:
    calendar, clock = MarketCalendar(), ManualClock(NOW)
    series = await build_chain(settings(), calendar, clock, KEPT).bars("GOOG", AS_OF)
    gathered = await gatherer().gather("GOOG", AS_OF, live=False)
    prompts = prompts_of(build_evidence(series, session_open=False, gathered=gathered), settings())
    knows = {name for name, text in prompts.items() if "Known at that moment" in text}
    assert knows == {"news round 1", "decision round 1"}
    assert not any("A second later" in text for text in prompts.values())
