"""A whole pack of evidence, and sentences about it: right ones of all kinds, and wrong ones."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from core.domain.bars import Bar, Quote
from core.domain.evidence import Evidence, Indicators
from core.domain.evidence_items import (
    Figure,
    Filing,
    Identity,
    MacroReading,
    Mood,
    NewsItem,
    Snapshot,
)

AS_OF = datetime(2025, 11, 12, 21, 0, tzinfo=UTC)
LAST = date(2025, 11, 12)


def figure(name: str, value: str, unit: str = "") -> Figure:
    return Figure(name=name, value=Decimal(value), unit=unit)


def _bars() -> tuple[Bar, ...]:
    made = []
    for number in range(40):
        close = Decimal("199.80") - Decimal("0.37") * (39 - number)
        made.append(
            Bar(
                date=LAST - timedelta(days=39 - number),
                open=close - Decimal("0.21"),
                high=close + Decimal("1.13"),
                low=close - Decimal("0.94"),
                close=close,
                volume=182_400_000 + number * 10_007,
            )
        )
    return tuple(made)


def pack() -> Evidence:
    return Evidence(
        ticker="NVDA",
        as_of=AS_OF,
        source="csv",
        quote=Quote(price=Decimal("199.80"), at=AS_OF, session=LAST, session_open=False),
        indicators=Indicators.model_validate(
            {
                "sma_20": "196.2854",
                "sma_50": "191.7012",
                "sma_200": "165.0931",
                "ema_12": "197.6120",
                "ema_26": "194.8830",
                "macd": "2.7290",
                "macd_signal": "2.3125",
                "macd_histogram": "0.4165",
                "rsi_14": "71.2430",
                "atr_14": "5.1370",
                "bollinger_upper": "203.9114",
                "bollinger_middle": "196.2854",
                "bollinger_lower": "188.6594",
                "return_1": "0.0019",
                "return_5": "0.0231",
                "return_20": "0.0867",
                "return_60": "0.1423",
                "volatility_20": "0.3182",
                "volume_ratio_20": "1.2840",
            }
        ),
        bars=_bars(),
        identity=Identity(vendor="yfinance", name="NVIDIA Corporation", kind="stock", currency="USD"),
        news=(
            NewsItem(
                title="Nvidia signs $10 billion supply deal, shares jump 3.5%",
                summary="The order covers 260,000 accelerators.",
                vendor="yfinance",
                published_at=AS_OF,
            ),
        ),
        fundamentals=(
            Filing(
                vendor="yfinance",
                period_end=date(2025, 7, 31),
                annual=False,
                filed_on=date(2025, 8, 28),
                figures=(
                    figure("revenue", "46743000000", "USD"),
                    figure("net income", "26422000000", "USD"),
                    figure("gross margin", "0.7242"),
                    figure("diluted EPS", "1.08", "USD"),
                    figure("free cash flow", "13450000000", "USD"),
                ),
            ),
            Filing(
                vendor="yfinance",
                period_end=date(2025, 4, 30),
                annual=False,
                filed_on=date(2025, 5, 29),
                figures=(figure("revenue", "44062000000", "USD"), figure("net income", "18775000000")),
            ),
        ),
        snapshot=Snapshot(
            vendor="yfinance",
            at=AS_OF,
            figures=(
                figure("trailing P/E", "56.92"),
                figure("forward P/E", "30.41"),
                figure("market cap", "4862000000000", "USD"),
                figure("dividend yield", "0.0002"),
                figure("beta", "2.12"),
            ),
        ),
        sentiment=(
            Mood(vendor="alpha_vantage", at=AS_OF, score=Decimal("0.2871"), voices=38),
            Mood(vendor="stocktwits", at=AS_OF, text="loaded at 188.20, target 240"),
        ),
        macro=(
            MacroReading(
                vendor="fred",
                series="FEDFUNDS",
                title="Fed funds rate",
                unit="%",
                period=date(2025, 10, 1),
                released_on=date(2025, 11, 3),
                value=Decimal("3.87"),
            ),
        ),
    )


RIGHT = (
    "The price is 1.3 ATR above its 20-day average.",
    "The stock trades at 1.2 standard deviations above its mean of the year.",
    "The price is 199.80, well above the SMA 50 of 191.70.",
    "Last close $199.80; RSI 71.2 signals overbought conditions.",
    "RSI(14) at 71 is stretched.",
    "The 50-day moving average (191.70) and the 200-day moving average (165.09) both rise.",
    "NVDA trades at about $200 after a strong month.",
    "MACD of 2.73 stays above its signal line of 2.31, histogram 0.42.",
    "ATR is 5.14, or 2.6% of the price.",
    "The price is 4.2% above its 50-day average.",
    "The stock sits 8.10 above the SMA 50 at 191.70.",
    "The upper Bollinger band at 203.91 is 4.11 away.",
    "The 20-session return of 8.67% beats the 5-session return of 2.3%.",
    "20-day volatility is 31.8%, and the volume ratio is 1.28x.",
    "Volatility is roughly a third, 0.32.",
    "Revenue of $46.7 billion grew 6.1% over the quarter before, 44.06 billion.",
    "Net income of $26.4bn on revenue of $46.74bn is a margin of 56.5%.",
    "Gross margin of 72.4% leaves room.",
    "The trailing P/E of 56.9 is rich; the forward P/E of 30.4 less so.",
    "P/E of 57 against a sector at 25.",
    "Market cap is $4.86 trillion.",
    "EPS was 1.08, so four such quarters give 4.32.",
    "The Fed funds rate at 3.87% is no headwind.",
    "News sentiment of 0.29 over 38 voices is mildly bullish.",
    "A $10 billion supply deal and a jump of 3.5% are in the headlines.",
    "I would set the stop at 188.00 and take profit at 221.50.",
    "Target weight 20%, confidence 0.65, horizon 2 to 6 weeks.",
    "If the price falls to 181.30, the thesis is broken.",
    "A close below 185.50 would end the trend.",
    "Support lies at 187.25, resistance near 204.60.",
    "A fair value of 240 rests on a P/E of 40.",
    "AMD trades at a P/E of 45.2 and Microsoft at 35.1.",
    "Microsoft's P/E of 35.1 is lower.",
    "Analysts expect revenue of $54.2 billion next quarter.",
    "A year ago the price was 148.88.",
    "On 2025-10-20 it closed at 191.29.",
    "On 3 November the price was 202.49, says memory.",
    "RSI above 70 is overbought; RSI below 30 is oversold.",
    "Data centre revenue of $41.1 billion dominates.",
    "The price target of 250.00 is a stretch.",
    "Over the last 12 sessions the close rose 9 times out of 12.",
    "The weekly RSI of 66.4 is calmer.",
    "A 2.5% risk per trade with a position of 15% is enough.",
    "The S&P 500 and the Nasdaq 100 hold their 50-day averages.",
    "In Q3 FY26 the 10-Q of 2025 showed no surprise.",
    "The price moved from 185.37 to 199.80, or 7.8%.",
    "A pullback to a price of 191.70 or 190.00 could be bought.",
    "MACD (12, 26, 9) is positive at 2.729.",
    "The EMA 12 (197.61) leads the EMA 26 (194.88) by 2.73.",
    "Reward to risk is 1.8 with the stop 11.80 away.",
    "Typical P/E of 25.0 for semiconductors.",
    "Price/earnings of 56.92 is high, PEG unknown.",
    "The price trades 21% over the 200-day SMA.",
    "Peers have an average P/E of 28.3.",
    "We bought at an average price of 171.44.",
    "The price could reach 215.00 with RSI at 80.",
    "Volume of 182.8 million is 1.28 times the mean.",
    "Beta of 2.1 doubles market moves.",
    "The 200-day line, near 165, is far below.",
    "Dividend yield of 0.02% is immaterial.",
    "Free cash flow was $13.5 billion, 29% of revenue.",
    "Position: 5% of equity at a price of 195.00.",
    "- **P/E**: 56.9x trailing, 30.4x forward",
    "Two ATRs of 10.27 below the price give 189.53.",
    "With RSI in the 70s, momentum is stretched.",
    "Trailing stop at 2.0 ATR, i.e. 189.53.",
    "The RSI reached 84.6 in June.",
    "price 199.80, target 220, stop 189, reward/risk 1.87",
    "Its price is up 14.2% in 60 sessions, and the RSI at 71.24 warns.",
)
"""Nothing here is to be marked: it is right, or it is no claim about the figures of this pack."""

WRONG: tuple[tuple[str, str], ...] = (
    ("The price is 181.30 and the trend is up.", "cites 181.30; evidence says 199.80"),
    ("The last price of $212.45 is stretched.", "cites 212.45; evidence says 199.80"),
    ("NVDA trades at $174.10 today.", "cites 174.10; evidence says 199.80"),
    ("NVDA closed at 204.75, well above all averages.", "cites 204.75; evidence says 199.80"),
    ("With the last close at 178.88, momentum is strong.", "cites 178.88; evidence says 199.80"),
    ("RSI at 45 is neutral.", "cites 45; evidence says 71.24"),
    ("RSI(14) is 58.3, so there is room.", "cites 58.3; evidence says 71.24"),
    ("Momentum is weak, RSI 34.", "cites 34; evidence says 71.24"),
    ("The SMA 50 of 180.20 holds.", "cites 180.20; evidence says 191.70"),
    ("The 200-day moving average (149.95) is rising.", "cites 149.95; evidence says 165.09"),
    ("The stock is above its SMA 20 at 177.45.", "cites 177.45; evidence says 196.29"),
    ("EMA 12: 212.31, a good sign.", "cites 212.31; evidence says 197.61"),
    ("MACD at 4.85 is firmly positive.", "cites 4.85; evidence says 2.73"),
    ("The signal line is 3.64, and MACD stays above.", "cites 3.64; evidence says 2.31"),
    ("ATR of 9.75 means wide swings.", "cites 9.75; evidence says 5.14"),
    ("The upper Bollinger band at 214.60 caps the move.", "cites 214.60; evidence says 203.91"),
    ("The 20-session return of 15.4% is impressive.", "cites 15.4%; evidence says 8.7%"),
    ("The volume ratio is 2.6, a clear confirmation.", "cites 2.6; evidence says 1.28"),
    ("A P/E of 32 is cheap.", "cites 32; evidence says 56.92"),
    ("The forward P/E of 41.7 is demanding.", "cites 41.7; evidence says 30.41"),
    ("Revenue of $57.0 billion shows the demand.", "cites 57.0 billion; evidence says 46.74 billion"),
    ("The gross margin of 61.5% is healthy.", "cites 61.5%; evidence says 72.4%"),
    ("EPS of 1.62 is strong.", "cites 1.62; evidence says 1.08"),
    ("Beta is 1.35, so risk is moderate.", "cites 1.35; evidence says 2.12"),
    ("- RSI 14: 62.0", "cites 62.0; evidence says 71.24"),
    ("Momentum fades: RSI 45 (neutral).", "cites 45; evidence says 71.24"),
    ("Price: $187.40; SMA 50: $191.70.", "cites 187.40; evidence says 199.80"),
    ("P/E: 45.1x", "cites 45.1; evidence says 56.92"),
    ("The trailing P/E of 48 is fair.", "cites 48; evidence says 56.92"),
    ("The Fed funds rate at 5.25% weighs on growth.", "cites 5.25%; evidence says 3.87%"),
)
"""Each of these names a figure of the pack and gives it wrongly, with the mark that tells so."""
