import hashlib
import json
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from core.domain.bars import Bar, BarSeries
from core.domain.evidence import Evidence
from core.domain.evidence_items import Gathered
from core.market.indicators import indicators
from core.pipeline.evidence import EVIDENCE_BARS, build_evidence
from core.pipeline.facts import evidence_text
from tests.evidence_double import filing

AS_OF = datetime(2025, 10, 29, 20, tzinfo=UTC)
prices = st.decimals(Decimal("0.000001"), Decimal(1_000_000), places=6)


@st.composite
def series(draw: st.DrawFn) -> BarSeries:
    figures = draw(st.lists(st.tuples(prices, prices, st.integers(0, 10**12)), min_size=1, max_size=40))
    bars = tuple(
        Bar(
            date=date(2025, 1, 1) + timedelta(days=number),
            open=one,
            high=max(one, two),
            low=min(one, two),
            close=two,
            volume=volume,
        )
        for number, (one, two, volume) in enumerate(figures)
    )
    return BarSeries(
        ticker="NVDA", source="csv", as_of=AS_OF, bars=bars, caveat=draw(st.none() | st.text(max_size=20))
    )


def flat(count: int, **changed: Any) -> BarSeries:
    bars = tuple(
        Bar(
            date=date(2024, 1, 1) + timedelta(days=number),
            open=Decimal(10 + number),
            high=Decimal(11 + number),
            low=Decimal(9 + number),
            close=Decimal("10.5") + number,
            volume=1000,
        )
        for number in range(count)
    )
    return BarSeries(**{"ticker": "NVDA", "source": "csv", "as_of": AS_OF, "bars": bars, **changed})


def test_the_pack_says_what_was_known_at_the_moment_and_from_where() -> None:
    evidence = build_evidence(flat(300, caveat="old prices"), session_open=True)

    assert (evidence.ticker, evidence.source, evidence.as_of) == ("NVDA", "csv", AS_OF)
    assert evidence.caveat == "old prices"
    assert evidence.price == Decimal("309.5")
    assert (evidence.quote.at, evidence.quote.session) == (AS_OF, evidence.bars[-1].date)
    assert evidence.quote.session_open
    assert (evidence.news, evidence.fundamentals, evidence.sentiment) == ((), (), ())


def test_indicators_use_every_bar_and_the_pack_shows_the_newest() -> None:
    long = flat(300)

    evidence = build_evidence(long, session_open=False)

    assert evidence.indicators == indicators(long.bars)
    assert evidence.bars == long.bars[-EVIDENCE_BARS:]
    assert not evidence.quote.session_open


@settings(deadline=None, max_examples=50)
@given(series(), st.booleans())
def test_the_same_input_gives_the_same_bytes_and_hash(given_series: BarSeries, session_open: bool) -> None:
    one = build_evidence(given_series, session_open=session_open)
    again = BarSeries.model_validate_json(given_series.model_dump_json())
    two = build_evidence(again, session_open=session_open)

    assert one.canonical.encode() == two.canonical.encode()
    assert one.sha256 == two.sha256 == hashlib.sha256(one.canonical.encode()).hexdigest()


@settings(deadline=None, max_examples=50)
@given(series(), st.sampled_from(["USD", "EUR"]))
def test_the_canonical_text_is_the_whole_pack_as_sorted_json(given_series: BarSeries, currency: str) -> None:
    evidence = build_evidence(given_series.model_copy(update={"currency": currency}), session_open=False)
    fields = evidence.model_dump(mode="json")
    for later in (
        "identity",
        "snapshot",
        "macro",
        "absences",
        *(["converted_from"] if currency == "USD" else []),
    ):
        del fields[later]

    whole = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert evidence.canonical == whole


def test_a_pack_from_before_reports_were_told_apart_from_filings_keeps_its_text_and_hash() -> None:
    filed = filing("2025-06-30", "2025-08-01")
    told = Gathered(fundamentals=(filed, filing("2025-03-31", lag_days=45)))
    old = json.loads(build_evidence(flat(3), session_open=False, gathered=told).model_dump_json())
    for one in old["fundamentals"]:
        del one["reported_on"]
    for later in ("identity", "snapshot", "macro", "absences", "converted_from"):
        del old[later]
    text = json.dumps(old, sort_keys=True, separators=(",", ":"), ensure_ascii=False)

    assert Evidence.model_validate_json(text).canonical == text


def test_the_day_of_a_report_is_in_the_pack_and_survives_a_round_trip() -> None:
    told = Gathered(fundamentals=(filing("2025-06-30", reported_on=date(2025, 7, 23)),))
    pack = build_evidence(flat(3), session_open=False, gathered=told)

    assert '"reported_on":"2025-07-23"' in pack.canonical
    assert Evidence.model_validate_json(pack.canonical) == pack


@settings(deadline=None, max_examples=50)
@given(series())
def test_a_round_trip_through_json_keeps_value_and_hash(given_series: BarSeries) -> None:
    evidence = build_evidence(given_series, session_open=False)

    for text in (evidence.canonical, evidence.model_dump_json()):
        read = Evidence.model_validate_json(text)
        assert read == evidence
        assert read.sha256 == evidence.sha256


def test_the_same_moment_in_another_zone_gives_the_same_hash() -> None:
    new_york = AS_OF.astimezone(timezone(timedelta(hours=-4)))

    one = build_evidence(flat(30), session_open=False)
    two = build_evidence(flat(30, as_of=new_york), session_open=False)

    assert one.sha256 == two.sha256
    assert json.loads(one.canonical)["as_of"] == "2025-10-29T20:00:00Z"


def test_any_difference_changes_the_hash() -> None:
    base = flat(30)
    changed = [
        build_evidence(base, session_open=True),
        build_evidence(flat(31), session_open=False),
        build_evidence(flat(30, source="yfinance"), session_open=False),
        build_evidence(flat(30, as_of=AS_OF + timedelta(microseconds=1)), session_open=False),
        build_evidence(flat(30, caveat="x"), session_open=False),
    ]

    hashes = {evidence.sha256 for evidence in [build_evidence(base, session_open=False), *changed]}

    assert len(hashes) == len(changed) + 1


def test_a_foreign_listing_says_its_currency_and_others_keep_their_bytes() -> None:
    home = build_evidence(flat(30), session_open=False)
    abroad = build_evidence(flat(30, currency="EUR"), session_open=False)

    assert (home.currency, home.converted_from) == ("USD", None)
    assert "converted_from" not in home.canonical
    assert (abroad.currency, abroad.converted_from) == ("USD", "EUR")
    assert '"converted_from":"EUR"' in abroad.canonical
    assert Evidence.model_validate_json(abroad.canonical) == abroad
    assert evidence_text(home).startswith("instrument: NVDA (USD)\n")
    assert evidence_text(abroad).startswith("instrument: NVDA (USD, traded in EUR)\n")


def test_a_copy_with_other_fields_has_bytes_and_a_hash_of_its_own() -> None:
    evidence = build_evidence(flat(30), session_open=False)
    kept = evidence.sha256

    other = evidence.model_copy(update={"source": "yfinance"})

    assert other.sha256 == build_evidence(flat(30, source="yfinance"), session_open=False).sha256
    assert evidence.sha256 == kept != other.sha256
