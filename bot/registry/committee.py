"""Asking the committee, and reading what it said."""

from bot import arguments, ask_arguments, stop_arguments, vote_arguments
from bot.access import Role
from bot.registry.command import Command, always

COMMITTEE: tuple[Command, ...] = (
    Command(
        name="run",
        usage="/run NVDA [AAPL …] [quick|standard|deep] [2025-10-29]",
        summary="Ask the committee about a ticker",
        detail="Every model gets the same evidence, argues through its stages and casts a ballot; the "
        "ballots become a verdict, and each model trades its own paper portfolio. Up to five "
        "tickers at once, and then one card has all their verdicts. quick asks one question a model, "
        "standard twelve, deep adds rounds of debate. "
        "With a date, or a time such as 2025-10-29T15:30:00-04:00, they see only what was known then; a date "
        "means after that day's close. --members asks only some of them, and a part of each name is enough. "
        "--preset and --as-of work as in the terminal, and --yes skips the question about a dear run.",
        role=Role.RUNNER,
        handler="run",
        read=arguments.run,
        aliases=("analyse", "analyze"),
    ),
    Command(
        name="ask",
        usage="/ask NVDA [model] [private] [simple|complex]",
        summary="Ask one model that fits the question",
        detail="The same evidence as in a run, but one model and one question: quick and cheap, and no "
        "portfolio trades on it. Rules choose the model by what goes on in the market, and the answer says "
        "which and why. With a model's name, or a part of it, you choose. private asks only models that run "
        "here; simple, analysis, complex and urgent say how much thinking you want. --stake 12000 says what "
        "the order is worth in USD: a large one needs a second model that agrees.",
        role=Role.RUNNER,
        handler="ask",
        read=ask_arguments.ask,
    ),
    Command(
        name="why",
        usage="/why NVDA [model] [stage]",
        summary="Open the verdict and each model's reasoning",
        detail="Shows the latest run of a ticker, or the run with an id. With a model, its reasoning stage "
        "by stage; with a stage too (market, news, fundamentals, sentiment, bull, bear, research, trader, "
        "risk_aggressive, risk_neutral, risk_conservative, decision), from there on. "
        "A part of the model's name is enough: /why NVDA claude bear. /why NVDA evidence opens what all of "
        "them were given: what came from which vendor, what was missing and why, and every item with its "
        "time and link.",
        role=Role.VIEWER,
        handler="why",
        read=arguments.why,
    ),
    Command(
        name="vote",
        usage="/vote NVDA buy|sell|hold [70]",
        summary="Vote while the committee decides",
        detail="In each run that goes on, one vote a person counts, with a confidence in percent if you "
        "give one. Another vote of yours replaces it until the run ends. What most people voted is then "
        "traded in the portfolio of the crowd, and a tie is HOLD, so that the leaderboard shows whether "
        "people beat the models. The buttons below a run that goes on do the same.",
        role=Role.VIEWER,
        handler="vote",
        read=vote_arguments.vote,
    ),
    Command(
        name="stop",
        usage="/stop [NVDA]",
        summary="Stop a run that goes on",
        detail="Stops the run of a ticker, or the one with an id; without either, the one of this chat. Who "
        "asked for it may stop it, and so may an admin of that chat; one that a subscription asked for, only "
        "an admin. "
        "It ends for everybody who follows it; what was done is kept, and /why shows it. The button below a "
        "run that goes on does the same.",
        role=Role.VIEWER,
        handler="stop",
        read=stop_arguments.stop,
        noted=always,
    ),
)
