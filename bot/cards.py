"""Everything that Conclave can show a person, as facts in words, before any platform's markup.

`bot.present` makes these from what core returns; a renderer of each platform draws them natively.
All strings are plain text and may hold anything that a model wrote: renderers escape them.
"""

from typing import Literal

from bot.answer_card import AnswerCard
from bot.button import Button as Button  # noqa: PLC0414 - whoever draws cards finds it here
from bot.calibration_cards import BinLine as BinLine  # noqa: PLC0414 - handed on
from bot.calibration_cards import CalibrationCard as CalibrationCard  # noqa: PLC0414 - handed on
from bot.compare_card import CompareCard
from bot.cost_cards import CostCard
from bot.digest_cards import DigestCard, HealthCard, ReviewCard
from bot.evidence_card import EvidenceCard
from core.domain.ballot import Action
from core.domain.values import Frozen


class Notice(Frozen):
    """One clear sentence: a refusal, a usage, a confirmation. `reference` finds it in the log.

    `buttons` do what the sentence asks: choose what was missing, or what may have been meant.
    """

    text: str
    tone: Literal["info", "warning", "error"] = "info"
    reference: str | None = None
    buttons: tuple[Button, ...] = ()


class ProgressLine(Frozen):
    """One member of a run that goes on.

    `detail` is its stage, its action with confidence, or why it failed.
    """

    member: str
    state: Literal["waiting", "working", "done", "failed"]
    detail: str
    action: Action | None = None


class ProgressCard(Frozen):
    """A run that goes on: "Asking 5 members about NVDA".

    `votes` is how people have voted so far, "3 BUY, 1 SELL", and `buttons` are for voting; None and no
    buttons where votes are not taken. `stop` is the button that ends the run.
    """

    title: str
    subtitle: str
    lines: tuple[ProgressLine, ...]
    caveat: str | None = None
    votes: str | None = None
    buttons: tuple[Button, ...] = ()
    stop: Button | None = None


class MemberLine(Frozen):
    """One member on the verdict card. `detail` is "72 % · $0.013 · 6.1 s", or why it abstained.

    A learned weight stands in `detail` with its sample, a calibrated confidence behind the stated one.
    `note` names the model that answered where it is not the one asked for.
    """

    member: str
    action: Action | None
    rating: str
    detail: str
    outlier: bool = False
    note: str | None = None


class DissentLine(Frozen):
    """A member that is for something else than the verdict, and its strongest reason in one line."""

    member: str
    action: Action
    reason: str


class VerdictCard(Frozen):
    """The end of a run. `headline` is the decision or "No verdict"; `facts` are label and value pairs.

    `votes` has each action with its count, bar fraction 0..1 and weighted share in words. `followers` are
    the committee and the crowd, whose ballots are in no count. `dissent` has a line an outlier. `trades` has
    one line a fill, pending or cancelled order, clamps included. `buttons` has one per member that was heard,
    `more_buttons` are about the run as a whole.
    """

    ticker: str
    headline: str
    decision: Action | None
    rule: str | None
    subtitle: str
    facts: tuple[tuple[str, str], ...]
    votes: tuple[tuple[Action, int, float, str], ...]
    members: tuple[MemberLine, ...]
    followers: tuple[MemberLine, ...] = ()
    dissent: tuple[DissentLine, ...] = ()
    trades: tuple[str, ...]
    footer: str
    caveat: str | None = None
    buttons: tuple[Button, ...] = ()
    more_buttons: tuple[Button, ...] = ()


class PictureCard(Frozen):
    """A picture, and the same facts in words.

    `png` is the picture, empty where the door shows none; `name` is that of its file. `caption` has a line a
    fact, the most telling first, and `alt` tells in a few sentences what is to be seen, for who hears it.
    `stamp` says to the second when it was drawn.
    """

    name: str
    png: bytes
    title: str
    caption: tuple[str, ...]
    alt: str
    footer: str
    caveat: str | None = None
    stamp: str = ""
    buttons: tuple[Button, ...] = ()


class ReasoningCard(Frozen):
    """One page of one member's ModelChat. `body` fits the platform's page.

    `stage_buttons` jump to a stage, `page_buttons` go back and forth; `position` is
    "stage 5 of 12 · page 1 of 2"; `checks` are what was found wrong with the stage, a sentence each.
    """

    title: str
    subtitle: str
    stage: str
    position: str
    body: str
    key_points: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()
    footer: str
    caveat: str | None = None
    page_buttons: tuple[Button, ...] = ()
    stage_buttons: tuple[Button, ...] = ()


class StandingLine(Frozen):
    """One row of the leaderboard, in words.

    `score` is the figure of the card's `metric`; where there is one, `cash` gives way to it and is empty.
    `moved` is how many ranks the member has moved since the session before: "▲2", "▼1", "•", or empty where
    that is not known.
    """

    medal: str
    rank: str
    member: str
    value: str
    pnl: str
    return_: str
    trades: str
    win_rate: str
    cash: str
    warning: str | None = None
    score: str = ""
    moved: str = ""


class LeaderboardCard(Frozen):
    """The ranking of the members.

    `metric` heads the column of scores, and is empty where the other columns show by what they are ranked.
    `facts` are sentences about all of them: the benchmark, the committee and the crowd beside the models.
    `luck` has a member and a sentence each for the first ones: whether it can be told from the benchmark.
    `stamp` says to the second when the card was made, where it can be made anew in place.
    """

    title: str
    subtitle: str
    standings: tuple[StandingLine, ...]
    metric: str = ""
    facts: tuple[str, ...] = ()
    luck: tuple[tuple[str, str], ...] = ()
    footer: str
    caveat: str | None = None
    stamp: str = ""
    buttons: tuple[Button, ...] = ()


class PortfolioCard(Frozen):
    """One member's books. `holdings` rows are ticker, shares, average cost, mark, value or warning.

    `levels` says at which prices holdings are closed; `history` what happened that no ballot asked for.
    `position` is "holdings, page 2 of 3", empty at the beginning; `buttons` turn to more, and show the chart
    of a holding.
    """

    title: str
    facts: tuple[tuple[str, str], ...]
    holdings: tuple[tuple[str, str, str, str, str], ...]
    levels: tuple[str, ...] = ()
    pending: tuple[str, ...]
    fills: tuple[str, ...]
    history: tuple[str, ...] = ()
    footer: str
    caveat: str | None = None
    position: str = ""
    buttons: tuple[Button, ...] = ()


class SeasonCard(Frozen):
    """Where the season stands: `facts` are label and value pairs, `past` the name and winner of others."""

    title: str
    facts: tuple[tuple[str, str], ...]
    past: tuple[tuple[str, str], ...] = ()
    footer: str


class ModelsCard(Frozen):
    """A list of names with a line about each: the members of the arena, or its seasons."""

    title: str
    lines: tuple[tuple[str, str], ...]
    footer: str


class SubscriptionLine(Frozen):
    """One subscription: its number, as one would write it, its times in words, and when it comes next.

    `when` is empty for what comes when it happens, `place` where it is posted into the chat itself.
    `buttons` pause or resume it and delete it.
    """

    number: str
    line: str
    when: str
    next: str
    place: str = ""
    buttons: tuple[Button, ...] = ()


class SubscriptionsCard(Frozen):
    """A page of the subscriptions of a chat. `done` says what a button has just changed."""

    title: str
    lines: tuple[SubscriptionLine, ...]
    footer: str
    done: str | None = None
    page_buttons: tuple[Button, ...] = ()


class DialogueCard(Frozen):
    """One step of a dialogue: a question with its choices, or what has come of it.

    `facts` are label and value pairs, `examples` commands to type instead of pressing.
    """

    title: str
    text: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    examples: tuple[str, ...] = ()
    footer: str = ""
    buttons: tuple[Button, ...] = ()


class HelpCard(Frozen):
    """Commands with their usage and one line each, or one in detail. `buttons` run examples.

    `groups` are titles, each with how many of the commands stand under it; the rest have none.
    """

    title: str
    intro: str
    commands: tuple[tuple[str, str], ...]
    groups: tuple[tuple[str, int], ...] = ()
    footer: str
    buttons: tuple[Button, ...] = ()


class SummaryLine(Frozen):
    """One ticker of a summary. `headline` is the decision, or why there is none.

    `detail` has agreement, confidence and price, `votes` is "4 BUY, 1 HOLD · against: qwen (SELL)".
    """

    ticker: str
    action: Action | None
    headline: str
    detail: str = ""
    votes: str = ""


class SummaryCard(Frozen):
    """Several verdicts at once; `buttons` open the card of each run, `note` as above."""

    title: str
    subtitle: str
    lines: tuple[SummaryLine, ...]
    footer: str
    caveat: str | None = None
    note: str | None = None
    buttons: tuple[Button, ...] = ()


class AlertCard(Frozen):
    """One event, told at once: `headline` in a few words, `text` in one or two sentences."""

    sign: Literal["stop", "take_profit", "flip", "model_down", "budget", "season", "key", "route"]
    headline: str
    text: str
    footer: str
    caveat: str | None = None
    buttons: tuple[Button, ...] = ()


AskedCard = (
    Notice
    | ProgressCard
    | VerdictCard
    | PictureCard
    | ReasoningCard
    | EvidenceCard
    | LeaderboardCard
    | PortfolioCard
    | SeasonCard
    | ModelsCard
    | CalibrationCard
    | CompareCard
    | SubscriptionsCard
    | DialogueCard
    | HelpCard
    | AnswerCard
)
"""What answers a person."""

PostedCard = DigestCard | ReviewCard | SummaryCard | AlertCard | HealthCard | CostCard
"""What is posted without anybody asking, and what looks like that."""

Card = AskedCard | PostedCard
