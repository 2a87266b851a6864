"""Cards of every kind, as a real run would make them: the one list that the tests of all platforms draw."""

from bot.cards import (
    BinLine,
    Button,
    CalibrationCard,
    Card,
    DissentLine,
    HelpCard,
    LeaderboardCard,
    MemberLine,
    ModelsCard,
    Notice,
    PortfolioCard,
    ProgressCard,
    ProgressLine,
    ReasoningCard,
    SeasonCard,
    StandingLine,
    VerdictCard,
)
from core.domain.ballot import Action
from tests import compare_facts, evidence_facts, posted_facts, presented_samples
from tests.subscription_samples import DIALOGUE, SUBSCRIPTIONS

CAVEAT = "Sample prices from 2013, for trying things out: not today's market."

NOTICE = Notice(
    text="I don't know the ticker NVDAA. Did you mean NVDA?",
    tone="error",
    reference="k3v9x2ma",
    buttons=(Button(label="NVDA", data="m.run NVDA"),),
)

PROGRESS = ProgressCard(
    title="Asking 5 members about NVDA",
    subtitle="standard · as of 29 Oct 2025, 16:00 EDT · 5 models, 60 calls, about $0.41",
    lines=(
        ProgressLine(member="claude", state="working", detail="bull · 5 of 12"),
        ProgressLine(member="gpt-4.1", state="done", detail="BUY 72 %", action=Action.BUY),
        ProgressLine(member="gemini", state="waiting", detail="waiting"),
        ProgressLine(member="grok", state="failed", detail="abstained: no answer within 60 s"),
        ProgressLine(member="deepseek", state="done", detail="HOLD 55 %", action=Action.HOLD),
    ),
    caveat=CAVEAT,
    votes="3 BUY, 1 SELL",
    stop=Button(label="Stop", data="x.k3v9x2ma"),
    buttons=(
        Button(label="Buy", data="v.k3v9x2ma.b"),
        Button(label="Hold", data="v.k3v9x2ma.h"),
        Button(label="Sell", data="v.k3v9x2ma.s"),
    ),
)

VERDICT = VerdictCard(
    ticker="NVDA",
    headline="BUY",
    decision=Action.BUY,
    rule=None,
    subtitle="standard · as of 29 Oct 2025, 16:00 EDT",
    facts=(
        ("Agreement", "75 % · 3 of 4 ballots · high consensus"),
        ("Confidence", "71 %"),
        ("Risk", "medium"),
        ("Stop loss", "$191.50"),
        ("Take profit", "$232.00"),
        ("Outliers", "deepseek"),
        ("Abstained", "1 of 5"),
        ("Cost", "$0.0613 · 48,210 tokens"),
        ("Time", "14.2 s"),
        ("Evidence", "9f31c2ab · csv prices"),
    ),
    votes=((Action.BUY, 3, 0.78, "78 %"), (Action.HOLD, 1, 0.22, "22 %"), (Action.SELL, 0, 0.0, "0 %")),
    members=(
        MemberLine(member="claude", action=Action.BUY, rating="Overweight", detail="72 % · $0.013 · 6.1 s"),
        MemberLine(member="gpt-4.1", action=Action.BUY, rating="Buy", detail="81 % · $0.021 · 9.8 s"),
        MemberLine(
            member="gemini",
            action=Action.BUY,
            rating="Buy",
            detail="61 % · $0.004 · 4.0 s",
            note="answered by openrouter:google/gemini-2.5-flash",
        ),
        MemberLine(member="grok", action=None, rating="", detail="abstained: no answer within 60 s"),
        MemberLine(
            member="deepseek", action=Action.HOLD, rating="Hold", detail="55 % · $0.002 · 7.4 s", outlier=True
        ),
    ),
    followers=(
        MemberLine(member="committee", action=Action.BUY, rating="Buy", detail="71 %"),
        MemberLine(member="crowd", action=Action.BUY, rating="Buy", detail="70 % · Votes: 3 BUY, 1 SELL"),
    ),
    dissent=(
        DissentLine(
            member="deepseek",
            action=Action.HOLD,
            reason="RSI 71 is stretched & the upper band at $209.80 is near.",
        ),
    ),
    trades=(
        "claude will buy 12.052031 NVDA at the next open, about $207.04 (kept to 25 % of the portfolio)",
        "gpt-4.1 bought 12.052031 NVDA at $207.08 for $2,495.73, fee $0.25",
    ),
    footer="Run k3v9x2ma · Paper trading, not advice.",
    buttons=tuple(
        Button(label=name, data=f"w.k3v9x2ma.{number}")
        for number, name in enumerate(("claude", "gpt-4.1", "gemini", "grok", "deepseek"), 1)
    ),
)

_STAGES = (
    *("Market", "News", "Fundam.", "Sentiment", "Bull", "Bear", "Research", "Trader"),
    *("Risk +", "Risk =", "Risk −", "Decision"),
)

REASONING = ReasoningCard(
    title="claude on NVDA",
    subtitle="BUY 72 % · Overweight · as of 29 Oct 2025, 16:00 EDT",
    stage="Bull",
    position="stage 5 of 12 · page 1 of 2",
    body=(
        "The trend is intact: price $207.04 stands above its 20-day (188.12), 50-day (181.70) and 200-day "
        "(149.23) averages, and momentum is positive but not extreme (RSI 14 at 68.4).\n\n"
        "Volume was 1.4 times its average on the breakout, which argues against a false move. "
        "If the averages hold, resistance is far above; a stop at 191.50 limits the loss to 7.5 %.\n\n"
        "Against this stands the valuation, which the data given do not let me judge. I therefore call this "
        "Overweight and not Buy, with a target weight of 25 % and a horizon of three months. "
        "A close below the 50-day average would end the thesis."
    ),
    key_points=("Above all three averages", "Volume 1.4× on the breakout", "Stop at 191.50"),
    checks=("Check: cites 181.70; evidence says 183.40.",),
    footer="answered by openrouter:anthropic/claude-sonnet-4.5 · 4,021 tokens · $0.0013 · 1.2 s",
    page_buttons=(
        Button(label="◀ Back", data="p.k3v9x2ma.1.4.1"),
        Button(label="Next ▶", data="p.k3v9x2ma.1.5.2"),
    ),
    stage_buttons=tuple(
        Button(label=name, data=f"p.k3v9x2ma.1.{ordinal}.1") for ordinal, name in enumerate(_STAGES, 1)
    ),
)

LEADERBOARD = LeaderboardCard(
    title="Leaderboard",
    subtitle="Everyone started with $10,000.00",
    standings=(
        StandingLine(
            medal="🥇", rank="1", member="claude", value="$10,412.20", pnl="+$412.20", return_="+4.12 %",
            trades="7", win_rate="57 %", cash="$7,904.02",
        ),
        StandingLine(
            medal="🥈", rank="2", member="gpt-4.1", value="$10,021.75", pnl="+$21.75", return_="+0.22 %",
            trades="11", win_rate="45 %", cash="$2,512.88",
        ),
        StandingLine(
            medal="🥉", rank="3", member="buy_and_hold", value="$9,998.10", pnl="-$1.90", return_="-0.02 %",
            trades="1", win_rate="—", cash="$7,501.00",
        ),
        StandingLine(
            medal="", rank="4", member="deepseek", value="—", pnl="—", return_="—",
            trades="3", win_rate="—", cash="$5,120.40", warning="no usable price for AAPL",
        ),
    ),
    footer="Marks of 29 Oct 2025 · Paper trading, not advice.",
)  # fmt: skip

PORTFOLIO = PortfolioCard(
    title="Portfolio of claude",
    facts=(
        ("Value", "$10,412.20"),
        ("P&L", "+$412.20 · +4.12 %"),
        ("Cash", "$5,408.00"),
        ("Started with", "$10,000.00"),
    ),
    holdings=(
        ("NVDA", "12.052031", "$207.08", "$210.11", "$2,532.25"),
        ("BRK.B", "5", "$490.10", "$494.39", "$2,471.95"),
        ("TSLA", "4 short", "$440.10", "$446.00", "−$1,784.00"),
        ("AAPL", "3.5", "$231.00", "—", "no usable price: the last bar is 9 sessions old"),
    ),
    levels=("NVDA: stop $190.00, take-profit $240.00", "TSLA: stop $480.00"),
    pending=("will sell 5 BRK.B at the next open, about $494.39",),
    fills=("29 Oct 2025 bought 12.052031 NVDA at $207.08 for $2,495.73, fee $0.25 (kept to 25 %)",),
    history=(
        "29 Oct 2025 fees for borrowed TSLA so far: −$0.44",
        "28 Oct 2025 BRK.B split 1,500 for 1: 0.003333 became 5",
        "27 Oct 2025 dividend of AAPL: +$0.91",
    ),
    footer="Live books, marked 29 Oct 2025, 16:00 EDT · Paper trading, not advice.",
    caveat="AAPL cannot be priced, so the value leaves it out.",
)

MODELS = ModelsCard(
    title="The committee",
    lines=(
        ("claude", "openrouter:anthropic/claude-sonnet-4.5 → openai:gpt-4.1 · weight 1"),
        ("trend", "baseline, a rule without a model · weight 0.5"),
        ("grok", "openrouter:x-ai/grok-4 · weight 1 · does not take part"),
    ),
    footer="2 of 3 members take part in every run.",
)

CALIBRATION = CalibrationCard(
    title="How far to trust claude",
    facts=(
        ("1 session", "53 % of 45 right"),
        ("5 sessions", "60 % of 42 right"),
        ("20 sessions", "n/a · 6 ballots"),
        ("Judged", "42 ballots after 5 sessions · 7 HOLDs left out"),
        ("Brier", "0.251 · 42 ballots"),
        ("ECE", "11.4 % · 42 ballots"),
        ("Weight", "1 configured"),
        ("Learned", "0.8712 · 42 ballots, worth 18.4 · not in use"),
    ),
    bins=(
        BinLine(said="60–70 %", right="58 %", ballots="12", worth="61 %", fraction=0.58, mark=0.66),
        BinLine(said="70–80 %", right="62 %", ballots="21", worth="67 %", fraction=0.62, mark=0.75),
        BinLine(said="90–100 %", right="100 %", ballots="109", worth="100 %", fraction=1.0, mark=0.97),
    ),
    legend="Bars: how often it was right, by what it said; │ is what it said, worth what that counts as.",
    footer="Live ballots, settled up to 29 Oct 2025, 16:00 EDT · Paper trading, not advice.",
)

HELP = HelpCard(
    title="Commands",
    intro="Ask the committee, open its reasoning, follow its portfolios.",
    commands=(
        ("/run NVDA [AAPL …] [quick|standard|deep]", "Ask the committee about a ticker"),
        ("/why NVDA [model] [stage]", "Open the verdict and each model's reasoning"),
        ("/leaderboard", "Rank the models by the value of their portfolios"),
        ("/whoami", "Show your ids and your role here"),
    ),
    groups=(("The committee", 2), ("How they stand", 1)),
    footer="/help run explains one command. Paper trading, not advice.",
    buttons=(Button(label="Leaderboard", data="mn.leaderboard"),),
)

SEASON = SeasonCard(
    title="Season autumn",
    facts=(
        ("State", "open"),
        ("First day", "2025-09-01"),
        ("Session", "41 of 85"),
        ("Leader", "gpt, +4.20 %"),
    ),
    past=(("summer", "🥇 claude, +9.10 % · 2025-06-02 to 2025-08-29"), ("spring", "nobody won")),
    footer="/leaderboard ranks everybody. Paper trading, not advice.",
)

NO_VERDICT = VerdictCard(
    ticker="NVDA",
    headline="No verdict",
    decision=None,
    rule="One ballot was cast; at least 2 are needed.",
    subtitle="quick · as of 29 Oct 2025, 16:00 EDT",
    facts=(("Abstained", "4 of 5"),),
    votes=(),
    members=(MemberLine(member="gpt-4.1", action=Action.HOLD, rating="Hold", detail="50 %"),),
    trades=(),
    footer="Run k3v9x2ma · Paper trading, not advice.",
    caveat=CAVEAT,
)

_RANKED = tuple(
    line.model_copy(update={"score": score, "moved": moved})
    for line, score, moved in zip(
        LEADERBOARD.standings, ("1.21", "0.40", "-0.02", "n/a"), ("▲2", "▼1", "•", ""), strict=True
    )
)

FULL: dict[str, Card] = {
    "full verdict": VERDICT.model_copy(
        update={"caveat": CAVEAT, "more_buttons": (Button(label="Picture", data="f.n.v.k3v9x2ma"),)}
    ),
    "verdict of several models": VERDICT.model_copy(
        update={
            "members": (
                VERDICT.members[0].model_copy(
                    update={"note": "analysts: gemini-2.5-flash; debate, judge, decision: claude-sonnet-4.5"}
                ),
                VERDICT.members[1].model_copy(
                    update={"detail": "81 % · $0.00 · 0.4 s", "note": "12 stages from cache"}
                ),
                *VERDICT.members[2:],
            )
        }
    ),
    "full reasoning": REASONING.model_copy(update={"caveat": CAVEAT}),
    "ranking by a metric": LEADERBOARD.model_copy(
        update={
            "caveat": CAVEAT,
            "metric": "Sharpe",
            "standings": _RANKED,
            "luck": (("claude", "Better than SPY in 71 % of 1,000 resamplings: may be luck."),),
        }
    ),
    "full calibration": CALIBRATION.model_copy(update={"caveat": CAVEAT}),
    "full comparison": compare_facts.CARDS["ballots of two"].model_copy(update={"caveat": CAVEAT}),
    "full digest": posted_facts.CARDS["digest"].model_copy(update={"caveat": CAVEAT, "verdicts_more": 3}),
    "full review": posted_facts.CARDS["review"].model_copy(
        update={"caveat": CAVEAT, "note": posted_facts.LATE}
    ),
    "full summary": posted_facts.CARDS["summary"].model_copy(update={"caveat": CAVEAT}),
}
"""Cards with what they seldom have."""

SAMPLES: dict[str, Card] = {
    "notice": NOTICE,
    "progress": PROGRESS,
    "verdict": VERDICT,
    "no verdict": NO_VERDICT,
    "reasoning": REASONING,
    "leaderboard": LEADERBOARD,
    "portfolio": PORTFOLIO,
    "season card": SEASON,
    "models": MODELS,
    "calibration": CALIBRATION,
    "subscriptions": SUBSCRIPTIONS,
    "dialogue": DIALOGUE,
    "help": HELP,
    **posted_facts.CARDS,
    **compare_facts.CARDS,
    **evidence_facts.CARDS,
    **presented_samples.CARDS,
    **FULL,
}
"""Every kind of card with ordinary content: what all three platforms show, see `tests.drawn_cards`."""
