"""What a scripted member says in each stage about the pack of docs/evidence.md.

Every figure stands in there, or follows from figures beside it.
"""

from typing import Any

from core.domain.stage import Stage

SAID: dict[Stage, dict[str, Any]] = {
    Stage.MARKET: {
        "report": (
            "The trend is up on every horizon: the last price of 286.91 stands above the 20-day "
            "average of 274.79, the 50-day average of 269.42 and the 200-day average of 267.94, and "
            "those stand in that order. MACD at 3.92 is above its signal of 2.95. The close is "
            "above the upper Bollinger band of 286.01 and RSI is 66.9, so the move is stretched but "
            "not extreme. It came on thin trading: the volume ratio is 0.58. ATR of 4.96 makes "
            "moves of some 1.7 % a day normal."
        ),
        "key_points": [
            "Price above its 20-, 50- and 200-day averages",
            "Close above the upper band of 286.01 on a volume ratio of 0.58",
        ],
        "sentiment": "bullish",
    },
    Stage.NEWS: {
        "report": (
            "Minutes before this run IBM was reported to beat on revenue while software grows "
            "slower. That is the one item that is new to the price, and it cuts both ways: software "
            "carries the margin. On the day before, analysts had raised their targets, so part of "
            "the beat was expected. The quantum centre in Chicago changes no figure soon. Against "
            "it stands the market: stocks slipped on trade worries, and unemployment rose to 4.3 "
            "percent from 4.2."
        ),
        "key_points": ["Revenue beat, but software grows slower", "Targets were raised the day before"],
        "sentiment": "neutral",
    },
    Stage.FUNDAMENTALS: {
        "report": (
            "The newest quarter that is filed here, to June, has revenue of 16.977 billion USD at a "
            "gross margin of 58.8 % and an operating margin of 17.7 %. The last full year brought "
            "62.753 billion USD of revenue, only 1.44 % more than the year before, but 11.76 "
            "billion USD of free cash flow. Debt is the weak side: 58.396 billion USD in total, "
            "2.14 times equity. The quarter that was reported today is not filed yet and is not in "
            "these figures. No ratios of the moment are given, so nothing is said of price."
        ),
        "key_points": [
            "Free cash flow of 11.76 billion USD a year",
            "Debt 2.14 times equity, revenue growth 1.44 %",
        ],
        "sentiment": "neutral",
    },
    Stage.SENTIMENT: {
        "report": (
            "Two posts are given, both marked bullish by their writers: one of the afternoon that "
            "likes the shares into the report, one after the close that calls the beat solid. Two "
            "voices are no sample. They say that holders are pleased, which after a rise of 7.7 % "
            "in 20 sessions is no surprise, and nothing of what others will pay tomorrow."
        ),
        "key_points": ["Two bullish posts, too few to lean on"],
        "sentiment": "bullish",
    },
    Stage.BULL: {
        "argument": (
            "Own it because three things agree. The trend is whole, with 286.91 above all three "
            "averages and 6.5 % above the 50-day average. The business has just beaten on revenue, "
            "after a year of 11.76 billion USD of free cash flow. And targets are being raised, not "
            "cut. The case depends on one thing: that slower software is a pause. A software "
            "business that shrinks in the filing of this quarter would show that it is not. The "
            "stretched close is real, but RSI of 66.9 is below 70, and strong trends live there for "
            "weeks."
        ),
        "key_points": ["6.5 % above the 50-day average", "Depends on software growing again"],
        "sentiment": "bullish",
    },
    Stage.BEAR: {
        "argument": (
            "Do not pay 286.91 for it. Revenue grew 1.44 % in the last full year, and the part that "
            "was to change that, software, has just slowed. The close is above the upper band of "
            "286.01 on a volume ratio of 0.58: few have bought this price. Debt of 58.396 billion "
            "USD, 2.14 times equity, leaves little room for a bad year. The report came after the "
            "close, so this price does not know it yet, and what is loved by holders and raised by "
            "analysts has most to lose at the open."
        ),
        "key_points": ["Software slows at a stretched price", "The price does not know the report yet"],
        "sentiment": "bearish",
    },
    Stage.RESEARCH: {
        "recommendation": "Overweight",
        "rationale": (
            "The bull has the better evidence on the trend and on cash; the bear has the better "
            "point on timing. A trend above three rising averages and 11.76 billion USD of free "
            "cash flow are worth owning, but the slower software is news that the price has not "
            "met, so a part is enough."
        ),
        "strongest_point_of_losing_side": (
            "The close of 286.91 was made before the report, so nobody has yet paid for slower software."
        ),
        "key_points": ["Own a part, because the report is not in the price"],
        "sentiment": "bullish",
    },
    Stage.TRADER: {
        "action": "BUY",
        "reasoning": (
            "Buy half of what is allowed. The stop stands just under the 20-day average of 274.79, "
            "some 2.5 ATR below, where the trend would no longer be whole. The target asks for 3.7 "
            "ATR, so there is more to win than to lose. The cash is there."
        ),
        "target_weight": 0.12,
        "stop_loss": 274.5,
        "take_profit": 305.0,
        "key_points": ["Half the allowed weight", "Stop under the 20-day average"],
        "sentiment": "bullish",
    },
    Stage.RISK_AGGRESSIVE: {
        "argument": (
            "The plan is too small for a trend above three averages. A weight of 0.2 with the same "
            "stop loses 0.9 % of equity at worst, which is cheap for a business that has just "
            "beaten."
        ),
        "key_points": ["A weight of 0.2 risks 0.9 % of equity"],
        "sentiment": "bullish",
    },
    Stage.RISK_NEUTRAL: {
        "argument": (
            "The plan fits. At 0.12 and a stop of 274.5 a wrong call costs 0.5 % of equity. A gap "
            "at the open after the report may jump over the stop, and the small weight is what pays "
            "for that."
        ),
        "key_points": ["0.5 % of equity at the stop", "A gap may jump over it"],
        "sentiment": "neutral",
    },
    Stage.RISK_CONSERVATIVE: {
        "argument": (
            "Wait for the open. The report came out after the close, software slows, and the close "
            "is above the upper band of 286.01. If it must be now, not more than the plan's 0.12."
        ),
        "key_points": ["Wait for the open, or stay at 0.12"],
        "sentiment": "bearish",
    },
    Stage.DECISION: {
        "rating": "Overweight",
        "action": "BUY",
        "confidence": 0.58,
        "target_weight": 0.12,
        "stop_loss": 274.5,
        "take_profit": 305.0,
        "risk_level": "medium",
        "horizon": "2 to 6 weeks",
        "reasoning": (
            "The trend is whole: 286.91 is above the 50-day average of 269.42 and the 200-day "
            "average of 267.94, with MACD above its signal. IBM has just beaten on revenue and "
            "earns 11.76 billion USD of free cash flow a year. Slower software and debt of 2.14 "
            "times equity speak for a part and not for the whole. The stop stands under the 20-day "
            "average."
        ),
        "answer_to_objection": (
            "The close was made before the report, so slower software is not in the price. That is "
            "why the weight is half of what is allowed: with the stop at 274.5 a wrong call costs "
            "0.5 % of equity."
        ),
        "key_points": ["Trend and cash for it, timing against it", "Half the allowed weight"],
        "sentiment": "bullish",
    },
}
