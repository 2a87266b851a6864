"""One card of each kind with ordinary content, as the Slack tests show them."""

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
from tests import compare_facts, posted_facts
from tests.subscription_samples import DIALOGUE, SUBSCRIPTIONS

MEMBERS = ("claude-sonnet", "gpt", "gemini-pro", "deepseek", "buy_and_hold")
CAVEAT = "Sample prices from 2013, for trying things out: not today's market."
STAGES = ("Market", "News", "Fundamentals", "Sentiment", "Bull", "Bear", "Research", "Trader")
RISKS = ("Risk · aggressive", "Risk · neutral", "Risk · conservative", "Decision")


def _standing(medal: str, rank: str, member: str, *money: str) -> StandingLine:
    value, pnl, change = money
    return StandingLine(
        medal=medal,
        rank=rank,
        member=member,
        value=value,
        pnl=pnl,
        return_=change,
        trades="4",
        win_rate="50 %",
        cash="$7,512.20",
        warning="no usable price for ACME" if rank == "4" else None,
    )


SAMPLES: dict[str, Card] = {
    "season": SeasonCard(
        title="Season autumn",
        facts=(
            ("State", "open"),
            ("First day", "2025-09-01"),
            ("Last day", "2025-12-31"),
            ("Session", "41 of 85"),
            ("Left", "44 sessions"),
            ("Leader", "gpt, +4.20 %"),
        ),
        past=(("summer", "🥇 claude-sonnet, +9.10 % · 2025-06-02 to 2025-08-29"), ("spring", "nobody won")),
        footer="/leaderboard ranks everybody. Paper trading, not advice.",
    ),
    "notice": Notice(
        text="I don't know the ticker NVDAA. Did you mean NVDA?", tone="warning", reference="k3v9x0aa"
    ),
    "progress": ProgressCard(
        title="Asking 5 members about NVDA",
        subtitle="standard · as of 2025-10-29 16:00 EDT",
        lines=(
            ProgressLine(member="claude-sonnet", state="done", detail="BUY 72 %", action=Action.BUY),
            ProgressLine(member="gpt", state="done", detail="SELL 61 %", action=Action.SELL),
            ProgressLine(member="gemini-pro", state="working", detail="bull · 5 of 12"),
            ProgressLine(member="deepseek", state="failed", detail="timeout: no answer within 120 s"),
            ProgressLine(member="buy_and_hold", state="waiting", detail="waiting"),
        ),
        caveat=CAVEAT,
        votes="3 BUY, 1 SELL",
        buttons=(
            Button(label="Buy", data="v.k3v9x0aa.b"),
            Button(label="Hold", data="v.k3v9x0aa.h"),
            Button(label="Sell", data="v.k3v9x0aa.s"),
        ),
    ),
    "verdict": VerdictCard(
        ticker="NVDA",
        headline="BUY",
        decision=Action.BUY,
        rule=None,
        subtitle="standard · as of 2025-10-29 16:00 EDT",
        facts=(
            ("Agreement", "75 % · 3 of 4 ballots · high consensus"),
            ("Confidence", "70 %"),
            ("Risk", "medium"),
            ("Stop loss", "$187.50"),
            ("Take profit", "$230.00"),
            ("Outliers", "gpt"),
            ("Abstained", "1 of 5"),
            ("Cost", "$0.061 · 48,210 tokens"),
            ("Time", "31.4 s"),
            ("Evidence", "4f1b0c9d2e7a · csv prices"),
        ),
        votes=((Action.BUY, 3, 0.74, "74 %"), (Action.HOLD, 0, 0.0, "0 %"), (Action.SELL, 1, 0.26, "26 %")),
        members=(
            MemberLine(
                member="claude-sonnet",
                action=Action.BUY,
                rating="Overweight",
                detail="72 % · $0.021 · 29.7 s",
            ),
            MemberLine(
                member="gpt", action=Action.SELL, rating="Sell", detail="61 % · $0.018 · 24.0 s", outlier=True
            ),
            MemberLine(
                member="gemini-pro",
                action=Action.BUY,
                rating="Buy",
                detail="68 % · $0.013 · 31.2 s",
                note="answered by openrouter:google/gemini-2.5-flash instead of google/gemini-2.5-pro",
            ),
            MemberLine(
                member="deepseek", action=None, rating="", detail="abstained, timeout: no answer within 120 s"
            ),
            MemberLine(member="buy_and_hold", action=Action.BUY, rating="Buy", detail="100 %"),
        ),
        followers=(
            MemberLine(member="committee", action=Action.BUY, rating="Buy", detail="70 %"),
            MemberLine(member="crowd", action=None, rating="", detail="nobody voted"),
        ),
        dissent=(
            DissentLine(
                member="gpt",
                action=Action.SELL,
                reason="RSI 71 is stretched & the upper band at $209.80 is near.",
            ),
        ),
        trades=(
            "claude-sonnet buys 12.065817 NVDA at the next open (about $2,500.00)",
            "gpt sells nothing: it holds no NVDA",
            "buy_and_hold buys 12.065817 NVDA at $207.20, fee $0.25 · cut to the position limit of 25 %",
        ),
        footer="Run k3v9x0aa · Paper trading, not advice",
        buttons=tuple(
            Button(label=name, data=f"w.k3v9x0aa.{place}") for place, name in enumerate(MEMBERS, 1)
        ),
    ),
    "no verdict": VerdictCard(
        ticker="NVDA",
        headline="No verdict",
        decision=None,
        rule="One ballot was cast; at least 2 are needed.",
        subtitle="quick · as of 2025-10-29 16:00 EDT",
        facts=(("Abstained", "4 of 5"),),
        votes=(),
        members=(MemberLine(member="gpt", action=Action.HOLD, rating="Hold", detail="50 %"),),
        trades=(),
        footer="Run k3v9x0ab · Paper trading, not advice",
        caveat=CAVEAT,
    ),
    "reasoning": ReasoningCard(
        title="claude-sonnet on NVDA",
        subtitle="BUY 72 % · Overweight · as of 2025-10-29 16:00 EDT",
        stage="Bull",
        position="stage 5 of 12 · page 1 of 2",
        body="The close of $207.04 lies 6 % above the 20-day average & 14 % above the 50-day one.\n\n"
        "1. Momentum: RSI 71 is *stretched*, yet MACD still widens.\n"
        "2. Volume: 1.4 × its 20-day mean on up days, <0.9 on down days.\n\n"
        "@channel this would page nobody, and https://example.com/pump is no link.",
        key_points=("Trend and volume agree", "RSI above 70 is the main risk"),
        footer="answered by openrouter:anthropic/claude-sonnet-4.5 · 3,812 tokens · $0.0021 · 4.2 s",
        page_buttons=(
            Button(label="◀ Back", data="p.k3v9x0aa.1.4.1"),
            Button(label="Next ▶", data="p.k3v9x0aa.1.5.2"),
        ),
        stage_buttons=tuple(
            Button(label=stage, data=f"p.k3v9x0aa.1.{place}.1")
            for place, stage in enumerate(STAGES + RISKS, 1)
        ),
    ),
    "leaderboard": LeaderboardCard(
        title="Leaderboard",
        subtitle="Everyone started with $10,000.00",
        standings=(
            _standing("🥇", "1", "claude-sonnet", "$10,432.18", "+$432.18", "+4.32 %"),
            _standing("🥈", "2", "buy_and_hold", "$10,211.00", "+$211.00", "+2.11 %"),
            _standing("🥉", "3", "gemini-pro", "$9,988.41", "−$11.59", "−0.12 %"),
            _standing("", "4", "deepseek", "—", "—", "—"),
        ),
        footer="Marks of 2025-10-29 · Paper trading, not advice",
        caveat=CAVEAT,
    ),
    "portfolio": PortfolioCard(
        title="Portfolio of claude-sonnet",
        facts=(
            ("Value", "$10,432.18"),
            ("P&L", "+$432.18 · +4.32 %"),
            ("Cash", "$7,512.20"),
            ("Started with", "$10,000.00"),
        ),
        holdings=(
            ("NVDA", "12.065817", "$201.03", "$207.04", "$2,498.11"),
            ("AAPL", "1.5", "$270.10", "$281.25", "$421.87"),
            ("TSLA", "4 short", "$440.10", "$446.00", "−$1,784.00"),
            ("ACME", "100", "$1.00", "—", "no usable price"),
        ),
        levels=("NVDA: stop $190.00, take-profit $240.00", "TSLA: stop $480.00"),
        pending=("buy 3 MSFT at the next open (about $1,620.00)",),
        fills=(
            "2025-10-29 bought 12.065817 NVDA at $201.03, fee $0.25",
            "2025-10-28 bought 1.5 AAPL at $270.10",
        ),
        history=(
            "2025-10-29 fees for borrowed TSLA so far: −$0.44",
            "2025-10-28 AAPL split 1.5 for 1: 1 became 1.5",
        ),
        footer="Live books, marked 2025-10-29 16:00 EDT · Paper trading, not advice",
    ),
    "models": ModelsCard(
        title="The committee",
        lines=(
            ("claude-sonnet", "openrouter:anthropic/claude-sonnet-4.5 · weight 1"),
            ("gpt", "openrouter:openai/gpt-5 → openai:gpt-5 · weight 1"),
            ("buy_and_hold", "baseline, a rule without a model · weight 0.5"),
        ),
        footer="3 of 3 members take part in every run.",
    ),
    "calibration": CalibrationCard(
        title="How far to trust claude-sonnet",
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
            BinLine(said="90–100 %", right="100 %", ballots="9", worth="", fraction=1.0, mark=0.97),
        ),
        legend="Bars: how often it was right, by what it said; │ is what it said, worth what that counts as.",
        footer="Live ballots, settled up to 2025-10-29 16:00 EDT · Paper trading, not advice",
        caveat=CAVEAT,
    ),
    "subscriptions": SUBSCRIPTIONS,
    "dialogue": DIALOGUE,
    "help": HelpCard(
        title="Commands",
        intro="Ask the committee, open its reasoning, follow its portfolios.",
        commands=(
            ("/run NVDA [AAPL …] [quick|standard|deep]", "Ask the committee about a ticker"),
            ("/why NVDA [model] [stage]", "Open the verdict and each model's reasoning"),
            ("/leaderboard", "Rank the models by the value of their portfolios"),
        ),
        footer="/help run explains one command. Paper trading, not advice",
    ),
    **posted_facts.CARDS,
    **compare_facts.CARDS,
}
