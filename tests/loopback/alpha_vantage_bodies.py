"""What Alpha Vantage says about companies and news, field by field as it does."""

from collections.abc import Mapping, Sequence
from typing import Any

NO_ARTICLES = {
    "Information": "No articles found. Please adjust the time range or refer to the API documentation "
    "https://www.alphavantage.co/documentation#newsapi and try again."
}
INVALID_INPUTS = {
    "Information": "Invalid inputs. Please refer to the API documentation "
    "https://www.alphavantage.co/documentation#newsapi and try again."
}
PREMIUM_ENDPOINT = {
    "Information": "Thank you for using Alpha Vantage! This is a premium endpoint. You may subscribe to any "
    "of the premium plans at https://www.alphavantage.co/premium/ to instantly unlock all premium endpoints"
}
BURST_NOTE_THAT_NAMES_THE_DAY = {
    "Information": "Thank you for using Alpha Vantage! Please consider spreading out your free API requests "
    "more sparingly (1 request per second). You may subscribe to any of the premium plans at "
    "https://www.alphavantage.co/premium/ to lift the free key rate limit (25 requests per day), raise the "
    "per-second burst limit, and instantly unlock all premium endpoints"
}


def overview(symbol: str, **changed: Any) -> dict[str, Any]:
    """A good answer of function=OVERVIEW."""
    return {
        "Symbol": symbol,
        "AssetType": "Common Stock",
        "Name": "International Business Machines",
        "Description": "A company that makes computers.",
        "CIK": "51143",
        "Exchange": "NYSE",
        "Currency": "USD",
        "Country": "USA",
        "Sector": "TECHNOLOGY",
        "Industry": "INFORMATION TECHNOLOGY SERVICES",
        "Address": "ONE NEW ORCHARD ROAD, ARMONK, NY, UNITED STATES, 10504",
        "OfficialSite": "https://www.ibm.com",
        "FiscalYearEnd": "December",
        "LatestQuarter": "2025-09-30",
        "MarketCapitalization": "286803001000",
        "EBITDA": "14624000000",
        "PERatio": "36.52",
        "PEGRatio": "2.138",
        "BookValue": "29.84",
        "DividendPerShare": "6.7",
        "DividendYield": "0.0219",
        "EPS": "8.41",
        "ProfitMargin": "0.121",
        "ReturnOnEquityTTM": "0.302",
        "RevenueTTM": "65402000000",
        "AnalystTargetPrice": "287.22",
        "TrailingPE": "36.52",
        "ForwardPE": "24.94",
        "PriceToSalesRatioTTM": "4.385",
        "PriceToBookRatio": "10.28",
        "EVToRevenue": "5.2",
        "EVToEBITDA": "25.12345",
        "Beta": "0.701",
        "52WeekHigh": "319.35",
        "SharesOutstanding": "934735000",
        "DividendDate": "2025-12-10",
        "ExDividendDate": "2025-11-10",
        **changed,
    }


def statement(
    symbol: str, annual: Sequence[Mapping[str, Any]], quarterly: Sequence[Mapping[str, Any]] = ()
) -> dict[str, Any]:
    """A good answer of INCOME_STATEMENT, BALANCE_SHEET or CASH_FLOW; their reports are made below."""
    return {"symbol": symbol, "annualReports": list(annual), "quarterlyReports": list(quarterly)}


def income_report(end: str, revenue: str = "62753000000", **changed: Any) -> dict[str, Any]:
    return {
        "fiscalDateEnding": end,
        "reportedCurrency": "USD",
        "grossProfit": "35551000000",
        "totalRevenue": revenue,
        "costOfRevenue": "27202000000",
        "costofGoodsAndServicesSold": "127000000",
        "operatingIncome": "10074000000",
        "sellingGeneralAndAdministrative": "19688000000",
        "researchAndDevelopment": "7479000000",
        "operatingExpenses": "25477000000",
        "investmentIncomeNet": "None",
        "netInterestIncome": "-1712000000",
        "interestIncome": "747000000",
        "interestExpense": "1712000000",
        "nonInterestIncome": "None",
        "otherNonOperatingIncome": "None",
        "depreciation": "2168000000",
        "depreciationAndAmortization": "4667000000",
        "incomeBeforeTax": "5797000000",
        "incomeTaxExpense": "-218000000",
        "interestAndDebtExpense": "None",
        "netIncomeFromContinuingOperations": "6015000000",
        "comprehensiveIncomeNetOfTax": "None",
        "ebit": "7509000000",
        "ebitda": "12176000000",
        "netIncome": "6023000000",
        **changed,
    }


def balance_report(end: str, **changed: Any) -> dict[str, Any]:
    return {
        "fiscalDateEnding": end,
        "reportedCurrency": "USD",
        "totalAssets": "137175000000",
        "totalCurrentAssets": "34482000000",
        "cashAndCashEquivalentsAtCarryingValue": "13947000000",
        "cashAndShortTermInvestments": "14591000000",
        "inventory": "1289000000",
        "totalNonCurrentAssets": "102694000000",
        "intangibleAssetsExcludingGoodwill": "10661000000",
        "investments": "None",
        "totalLiabilities": "109783000000",
        "totalCurrentLiabilities": "33142000000",
        "shortTermDebt": "5857000000",
        "currentDebt": "None",
        "longTermDebt": "54836000000",
        "shortLongTermDebtTotal": "58396000000",
        "totalShareholderEquity": "27307000000",
        "treasuryStock": "None",
        "retainedEarnings": "151163000000",
        "commonStock": "61380000000",
        "commonStockSharesOutstanding": "937200000",
        **changed,
    }


def cash_report(end: str, **changed: Any) -> dict[str, Any]:
    return {
        "fiscalDateEnding": end,
        "reportedCurrency": "USD",
        "operatingCashflow": "13445000000",
        "paymentsForOperatingActivities": "None",
        "proceedsFromOperatingActivities": "None",
        "changeInOperatingLiabilities": "None",
        "depreciationDepletionAndAmortization": "4667000000",
        "capitalExpenditures": "1685000000",
        "changeInReceivables": "None",
        "profitLoss": "6023000000",
        "cashflowFromInvestment": "-4937000000",
        "cashflowFromFinancing": "-7079000000",
        "dividendPayout": "6147000000",
        "changeInExchangeRate": "None",
        "netIncome": "6023000000",
        **changed,
    }


def earnings(symbol: str, rows: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """A good answer of function=EARNINGS; rows are the end of a quarter and the day of its report."""
    return {
        "symbol": symbol,
        "annualEarnings": [{"fiscalDateEnding": end, "reportedEPS": "10.33"} for end, _ in rows[:1]],
        "quarterlyEarnings": [
            {
                "fiscalDateEnding": end,
                "reportedDate": day,
                "reportedEPS": "3.92",
                "estimatedEPS": "3.75",
                "surprise": "0.17",
                "surprisePercentage": "4.5333",
                "reportTime": "post-market",
            }
            for end, day in rows
        ],
    }


def news_item(
    title: str, published: Any, scores: Sequence[tuple[str, str, str]] = (), **changed: Any
) -> dict[str, Any]:
    """One item of a feed; scores are ticker, relevance, score."""
    return {
        "title": title,
        "url": f"https://news.example/{title.replace(' ', '-').lower()[:40]}",
        "time_published": published,
        "authors": ["A. Writer"],
        "summary": f"{title}, in a few words more.",
        "banner_image": "https://news.example/picture.jpeg",
        "source": "Example News",
        "category_within_source": "n/a",
        "source_domain": "news.example",
        "topics": [
            {"topic": "Financial Markets", "relevance_score": "0.875462"},
            {"topic": "Technology", "relevance_score": "1.0"},
        ],
        "overall_sentiment_score": 0.181711,
        "overall_sentiment_label": "Somewhat-Bullish",
        "ticker_sentiment": [
            {
                "ticker": ticker,
                "relevance_score": relevance,
                "ticker_sentiment_score": score,
                "ticker_sentiment_label": "Neutral",
            }
            for ticker, relevance, score in scores
        ],
        **changed,
    }


def news_feed(items: Sequence[Any]) -> dict[str, Any]:
    """A good answer of function=NEWS_SENTIMENT."""
    return {
        "items": str(len(items)),
        "sentiment_score_definition": "x <= -0.35: Bearish; -0.35 < x <= -0.15: Somewhat-Bearish; "
        "-0.15 < x < 0.15: Neutral; 0.15 <= x < 0.35: Somewhat_Bullish; x >= 0.35: Bullish",
        "relevance_score_definition": "0 < x <= 1, with a higher score indicating higher relevance.",
        "feed": list(items),
    }
