"""Instruments, ratios and statements of Alpha Vantage over a real socket."""

import asyncio
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from core.clock import ManualClock
from core.domain.errors import (
    BadVendorData,
    VendorRateLimited,
)
from core.domain.evidence_items import Identity
from core.market.alpha_vantage_evidence import AlphaVantageEvidence
from core.market.figures import STATEMENT_FIGURES, STATEMENT_RATIOS
from tests.alpha_vantage_scene import (
    FUNCTIONS,
    KEY,
    asked,
    refusal,
)
from tests.loopback.alpha_vantage_bodies import (
    cash_report,
    earnings,
    income_report,
    overview,
    statement,
)
from tests.loopback.alpha_vantage_server import (
    BURST_NOTE,
    AlphaVantageServer,
)

pytest_plugins = ("tests.alpha_vantage_fixtures",)


class TestIdentityAndSnapshot:
    async def test_the_overview_says_what_the_instrument_is(
        self, alpha_vantage_evidence: AlphaVantageEvidence
    ) -> None:
        assert await alpha_vantage_evidence.identity("$ibm") == Identity(
            vendor="alpha_vantage",
            name="International Business Machines",
            kind="stock",
            exchange="NYSE",
            currency="USD",
            sector="Technology",
            industry="Information Technology Services",
        )

    async def test_the_ratios_of_the_overview_are_a_snapshot_of_now(
        self, alpha_vantage_evidence: AlphaVantageEvidence, alpha_vantage_clock: ManualClock
    ) -> None:
        snapshot = await alpha_vantage_evidence.snapshot("IBM")

        assert snapshot is not None
        assert snapshot.at == alpha_vantage_clock.now()
        assert [(figure.name, str(figure.value), figure.unit) for figure in snapshot.figures] == [
            ("market cap", "286803001000", "USD"),
            ("trailing PE", "36.5200", "ratio"),
            ("forward PE", "24.9400", "ratio"),
            ("price to book", "10.2800", "ratio"),
            ("dividend yield", "0.0219", "ratio"),
            ("beta", "0.7010", "ratio"),
            ("price to sales", "4.3850", "ratio"),
            ("EV to EBITDA", "25.1234", "ratio"),
            ("return on equity", "0.3020", "ratio"),
        ]

    async def test_both_share_one_question_also_when_asked_at_the_same_time(
        self, alpha_vantage: AlphaVantageServer, alpha_vantage_evidence: AlphaVantageEvidence
    ) -> None:
        await asyncio.gather(
            alpha_vantage_evidence.identity("IBM"),
            alpha_vantage_evidence.snapshot("IBM"),
            alpha_vantage_evidence.identity("IBM"),
        )

        assert alpha_vantage.asked == [{"function": "OVERVIEW", "symbol": "IBM", "apikey": KEY}]

    async def test_an_answer_serves_for_two_minutes_only(
        self,
        alpha_vantage: AlphaVantageServer,
        alpha_vantage_evidence: AlphaVantageEvidence,
        alpha_vantage_clock: ManualClock,
    ) -> None:
        await alpha_vantage_evidence.identity("IBM")
        alpha_vantage_clock.advance(121)
        await alpha_vantage_evidence.identity("IBM")

        assert len(alpha_vantage.asked) == 2

    async def test_an_unknown_symbol_is_nothing(self, alpha_vantage_evidence: AlphaVantageEvidence) -> None:
        assert await alpha_vantage_evidence.identity("NOSUCH") is None
        assert await alpha_vantage_evidence.snapshot("NOSUCH") is None

    async def test_none_and_dashes_are_no_figures_and_no_names(
        self, alpha_vantage: AlphaVantageServer, alpha_vantage_evidence: AlphaVantageEvidence
    ) -> None:
        held = {name: "-" for name in overview("IBM") if "Ratio" in name or "PE" in name or "EV" in name}
        alpha_vantage.told["OVERVIEW", "IBM"] = overview(
            "IBM", **held, Sector="None", Industry=None, Beta="None", DividendYield="", Currency="None"
        )

        identity, snapshot = (
            await alpha_vantage_evidence.identity("IBM"),
            await alpha_vantage_evidence.snapshot("IBM"),
        )

        assert identity is not None
        assert (identity.sector, identity.industry, identity.currency) == ("", "", "")
        assert snapshot is not None
        assert [figure.name for figure in snapshot.figures] == ["market cap", "return on equity"]

    @pytest.mark.parametrize("name", [None, "None", "", " ", "\u200b", "\u202e\u0000"])
    async def test_without_a_name_that_can_be_seen_there_is_no_identity(
        self,
        alpha_vantage: AlphaVantageServer,
        alpha_vantage_evidence: AlphaVantageEvidence,
        name: str | None,
    ) -> None:
        alpha_vantage.told["OVERVIEW", "IBM"] = overview("IBM", Name=name)

        assert await alpha_vantage_evidence.identity("IBM") is None

    @pytest.mark.parametrize(
        "changed",
        [
            {"Symbol": "AAPL"},
            {"Symbol": None},
            {"Symbol": 7},
            {"Name": ["x"]},
            {"Beta": "much"},
            {"Beta": True},
            {"Beta": "Infinity"},
            {"Beta": {"raw": 1}},
            {"MarketCapitalization": "1e400"},
            {"MarketCapitalization": "9" * 1_000},
        ],
    )
    async def test_an_overview_of_another_shape_or_ticker_is_refused_by_name(
        self,
        alpha_vantage: AlphaVantageServer,
        alpha_vantage_evidence: AlphaVantageEvidence,
        changed: dict[str, Any],
    ) -> None:
        alpha_vantage.told["OVERVIEW", "IBM"] = {**overview("IBM"), **changed}

        failure = await refusal(alpha_vantage_evidence.identity("IBM"))

        assert type(failure) is BadVendorData
        assert "IBM" in failure.reason

    async def test_a_class_of_shares_is_asked_for_with_a_dash(
        self, alpha_vantage: AlphaVantageServer, alpha_vantage_evidence: AlphaVantageEvidence
    ) -> None:
        alpha_vantage.told["OVERVIEW", "BRK-B"] = overview("BRK.B", Name="Berkshire")

        identity = await alpha_vantage_evidence.identity("BRK.B")

        assert identity is not None
        assert identity.name == "Berkshire"


class TestFilings:
    async def test_statements_are_one_filing_a_period_with_the_figures_in_their_order(
        self, alpha_vantage_evidence: AlphaVantageEvidence
    ) -> None:
        filings = await alpha_vantage_evidence.filings("IBM")

        assert [(filing.period_end.isoformat(), filing.annual) for filing in filings] == [
            ("2024-12-31", True),
            ("2023-12-31", True),
            ("2025-06-30", False),
            ("2024-06-30", False),
        ]
        figures = filings[0].figures
        known = [name for name in STATEMENT_FIGURES if name != "diluted EPS"]
        assert [figure.name for figure in figures] == [*known, *STATEMENT_RATIOS]
        values = {figure.name: (str(figure.value), figure.unit) for figure in figures}
        assert values["revenue"] == ("62753000000", "USD")
        assert values["shares outstanding"] == ("937200000", "shares")
        assert values["free cash flow"] == ("11760000000", "USD")
        assert values["revenue growth"] == ("0.0144", "ratio")

    async def test_earnings_that_companies_adjust_are_not_told_as_diluted_earnings(
        self, alpha_vantage_evidence: AlphaVantageEvidence
    ) -> None:
        names = {
            figure.name for filing in await alpha_vantage_evidence.filings("IBM") for figure in filing.figures
        }

        assert "diluted EPS" not in names

    async def test_figures_became_known_on_the_day_of_the_report_of_their_period_where_that_is_told(
        self, alpha_vantage_evidence: AlphaVantageEvidence
    ) -> None:
        filings = await alpha_vantage_evidence.filings("IBM")

        reported = [date(2025, 1, 29), None, date(2025, 7, 23), None]
        assert [filing.reported_on for filing in filings] == reported
        assert {(filing.filed_on, filing.lag_days) for filing in filings} == {(None, None)}

    @pytest.mark.parametrize("day", ["None", "-", "2024-12-31", "2024-06-01", "2027-01-01"])
    async def test_a_day_of_report_that_cannot_be_is_not_known(
        self, alpha_vantage: AlphaVantageServer, alpha_vantage_evidence: AlphaVantageEvidence, day: str
    ) -> None:
        alpha_vantage.told["EARNINGS", "IBM"] = earnings("IBM", [("2024-12-31", day)])

        assert {filing.reported_on for filing in await alpha_vantage_evidence.filings("IBM")} == {None}

    async def test_a_year_that_ends_on_a_saturday_is_matched_with_its_report_and_the_year_before(
        self, alpha_vantage: AlphaVantageServer, alpha_vantage_evidence: AlphaVantageEvidence
    ) -> None:
        reports = [income_report("2024-09-28", "110"), income_report("2023-09-30", "100")]
        alpha_vantage.told["INCOME_STATEMENT", "IBM"] = statement("IBM", reports)
        alpha_vantage.told["BALANCE_SHEET", "IBM"] = alpha_vantage.told["CASH_FLOW", "IBM"] = statement(
            "IBM", []
        )
        alpha_vantage.told["EARNINGS", "IBM"] = earnings("IBM", [("2024-09-30", "2024-10-31")])

        latest = (await alpha_vantage_evidence.filings("IBM"))[0]

        assert latest.reported_on == date(2024, 10, 31)
        assert latest.figures[-1].name == "revenue growth"
        assert latest.figures[-1].value == Decimal("0.1000")

    async def test_four_functions_are_asked_at_least_a_second_apart(
        self,
        alpha_vantage: AlphaVantageServer,
        alpha_vantage_evidence: AlphaVantageEvidence,
        alpha_vantage_clock: ManualClock,
    ) -> None:
        await alpha_vantage_evidence.filings("IBM")

        assert asked(alpha_vantage) == FUNCTIONS
        assert len(alpha_vantage_clock.slept) == 3
        assert min(alpha_vantage_clock.slept) >= 1.0

    async def test_only_one_is_asked_where_there_are_no_statements(
        self, alpha_vantage: AlphaVantageServer, alpha_vantage_evidence: AlphaVantageEvidence
    ) -> None:
        alpha_vantage.told["INCOME_STATEMENT", "SPY"] = statement("SPY", [])

        assert await alpha_vantage_evidence.filings("NOSUCH") == ()
        assert await alpha_vantage_evidence.filings("SPY") == ()
        assert asked(alpha_vantage) == ["INCOME_STATEMENT"] * 2

    async def test_what_was_answered_before_a_refusal_is_not_asked_again(
        self, alpha_vantage: AlphaVantageServer, alpha_vantage_evidence: AlphaVantageEvidence
    ) -> None:
        prepared = [
            alpha_vantage.told["INCOME_STATEMENT", "IBM"],
            alpha_vantage.told["BALANCE_SHEET", "IBM"],
            BURST_NOTE,
        ]
        alpha_vantage.next_answers.extend(prepared)

        assert type(await refusal(alpha_vantage_evidence.filings("IBM"))) is VendorRateLimited
        assert len(await alpha_vantage_evidence.filings("IBM")) == 4
        assert asked(alpha_vantage) == [*FUNCTIONS[:3], *FUNCTIONS[2:]]

    async def test_none_and_dashes_are_no_figures_and_periods_without_any_are_left_out(
        self, alpha_vantage: AlphaVantageServer, alpha_vantage_evidence: AlphaVantageEvidence
    ) -> None:
        nothing = dict.fromkeys(income_report(""), "None")
        reports = [
            {**nothing, "fiscalDateEnding": "2024-12-31", "netIncome": "-5", "totalRevenue": "-"},
            {**nothing, "fiscalDateEnding": "2023-12-31"},
        ]
        alpha_vantage.told["INCOME_STATEMENT", "IBM"] = statement("IBM", reports)
        for function in ("BALANCE_SHEET", "CASH_FLOW", "EARNINGS"):
            del alpha_vantage.told[function, "IBM"]

        (filing,) = await alpha_vantage_evidence.filings("IBM")

        assert [(figure.name, figure.value, figure.unit) for figure in filing.figures] == [
            ("net income", Decimal(-5), "")
        ]

    @pytest.mark.parametrize("place", range(4))
    @pytest.mark.parametrize(
        "body",
        [
            {"symbol": "AAPL", "annualReports": [], "quarterlyReports": []},
            {"annualReports": []},
            {"symbol": "IBM", "annualReports": {}, "quarterlyEarnings": {}},
            {"symbol": "IBM", "annualReports": [None], "quarterlyEarnings": [None]},
            {"symbol": "IBM", "annualReports": [{}], "quarterlyEarnings": [{}]},
            {
                "symbol": "IBM",
                "annualReports": [{"fiscalDateEnding": 20241231}],
                "quarterlyEarnings": [{"fiscalDateEnding": 20241231}],
            },
            {
                "symbol": "IBM",
                "annualReports": [{"fiscalDateEnding": "9999-12-31"}],
                "quarterlyEarnings": [{"fiscalDateEnding": "9999-12-31"}],
            },
        ],
    )
    async def test_wrong_shapes_of_any_function_are_refused_by_name(
        self,
        alpha_vantage: AlphaVantageServer,
        alpha_vantage_evidence: AlphaVantageEvidence,
        place: int,
        body: dict[str, Any],
    ) -> None:
        alpha_vantage.told[FUNCTIONS[place], "IBM"] = body

        failure = await refusal(alpha_vantage_evidence.filings("IBM"))

        assert type(failure) is BadVendorData
        assert "IBM" in failure.reason

    @pytest.mark.parametrize("figure", ["many", "NaN1", "1e999", "9" * 100, True, [1], {"raw": 1}])
    async def test_figures_that_are_no_numbers_are_refused(
        self, alpha_vantage: AlphaVantageServer, alpha_vantage_evidence: AlphaVantageEvidence, figure: Any
    ) -> None:
        alpha_vantage.told["CASH_FLOW", "IBM"] = statement(
            "IBM", [cash_report("2024-12-31", operatingCashflow=figure)]
        )

        assert type(await refusal(alpha_vantage_evidence.filings("IBM"))) is BadVendorData

    async def test_statements_of_one_period_in_two_currencies_are_refused(
        self, alpha_vantage: AlphaVantageServer, alpha_vantage_evidence: AlphaVantageEvidence
    ) -> None:
        alpha_vantage.told["CASH_FLOW", "IBM"] = statement(
            "IBM", [cash_report("2024-12-31", reportedCurrency="TWD")]
        )

        assert "two currencies" in str(await refusal(alpha_vantage_evidence.filings("IBM")))
