"""What chats asked to receive, when, and what became of each time."""

from collections.abc import Iterable
from datetime import datetime, time
from enum import StrEnum
from typing import Annotated, Literal, NamedTuple

from pydantic import AwareDatetime, Field

from core.domain.alert import AlertKind
from core.domain.stage import Preset
from core.domain.values import Frozen

EVERY_DAY = (1, 2, 3, 4, 5, 6, 7)
"""ISO weekdays, Monday first."""
WEEKDAYS = EVERY_DAY[:5]

Weekday = Annotated[int, Field(ge=1, le=7)]
Days = Annotated[tuple[Weekday, ...], Field(min_length=1, max_length=7)]


class Topic(StrEnum):
    """What a subscription is about; each has a message of its own."""

    VERDICTS = "verdicts"
    LEADERBOARD = "leaderboard"
    DIGEST = "digest"
    REVIEW = "review"
    COSTS = "costs"
    ALERTS = "alerts"


class AtTime(Frozen):
    """At a wall-clock time on some weekdays, in `zone`, or in the chat's time zone where that is None.

    A time that the clocks skip in spring means the moment at which they skip it; one that they show twice in
    autumn means the first.
    """

    form: Literal["time"] = "time"
    days: Days
    at: time
    zone: str | None = None


class AtSession(Frozen):
    """So many minutes after the open or close of an exchange's session (negative: before), on some weekdays.

    Each instrument goes by its own exchange, everything else by that of the arena.
    """

    form: Literal["session"] = "session"
    edge: Literal["open", "close"]
    minutes: Annotated[int, Field(ge=-720, le=720)] = 0
    days: Days = EVERY_DAY


class AtCron(Frozen):
    """At the times of a cron expression of five fields, read as a wall clock as in `AtTime`."""

    form: Literal["cron"] = "cron"
    expression: str
    zone: str | None = None


When = Annotated[AtTime | AtSession | AtCron, Field(discriminator="form")]


class Wanted(Frozen):
    """What to receive and when, as a person writes it in one line.

    `when` is None for alerts alone, which come when they happen. `tickers` are for verdicts, empty means the
    watchlist; `preset` None means the configured one.
    """

    topic: Topic
    when: When | None = None
    tickers: tuple[str, ...] = ()
    preset: Preset | None = None

    @property
    def on_watchlist(self) -> bool:
        """Say whether it is about the watchlist: the chat's own, or else the arena's."""
        return self.topic is Topic.VERDICTS and not self.tickers


class SubscriptionState(StrEnum):
    """Whether a subscription's slots come due. A deleted one is kept, for its slots tell what was posted."""

    ACTIVE = "active"
    PAUSED = "paused"
    DELETED = "deleted"


class Subscription(Frozen):
    """A chat's wish, kept. `number` is short and unique, for people; `thread` is a place in the chat.

    Telegram calls it a topic, which here is what a subscription is about.
    `reason` says why a subscription is paused where nobody asked for it, as when the chat is gone.
    """

    number: int
    platform: str
    chat: str
    thread: str | None = None
    wanted: Wanted
    state: SubscriptionState = SubscriptionState.ACTIVE
    reason: str | None = None
    created_by: str
    created_at: AwareDatetime

    @property
    def chat_id(self) -> str:
        """The chat as `[access]` names it, such as `telegram:-100123`."""
        return f"{self.platform}:{self.chat}"


class Origin(NamedTuple):
    """In which thread of its chat a subscription posts, None for the chat itself, and who made it."""

    thread: str | None
    created_by: str


class Noise(StrEnum):
    """How what comes by itself arrives: with the platform's sound, without it, or not at all."""

    ON = "on"
    SILENT = "silent"
    OFF = "off"


NOISY: tuple[str, ...] = (
    *(topic.value for topic in Topic if topic is not Topic.ALERTS),
    *(kind.value for kind in AlertKind),
)
"""What a chat can set a noise for: the topics, and in place of alerts each of their kinds."""


class ChatTerms(Frozen):
    """How a chat wants to be treated. `zone` None means the arena's time zone.

    From `quiet_from` to `quiet_until` of the chat's wall clock nothing is posted by itself: it comes after.
    `cheaper` allows a run that the budget no longer covers to be made with the preset `quick`. `language` is
    that of dates and numbers, such as `de`, None for English. `preset` is for runs that name none, None the
    configured one. `runs_by` is the least role that may start runs here. `noise` has what is not `on`, by
    topic or kind of alert. With `pictures`, tables and curves come as pictures, `dark` ones where set.
    """

    zone: str | None = None
    quiet_from: time | None = None
    quiet_until: time | None = None
    cheaper: bool = False
    language: str | None = None
    preset: Preset | None = None
    runs_by: Literal["runner", "admin"] = "runner"
    noise: tuple[tuple[str, Noise], ...] = ()
    pictures: bool = True
    dark: bool = False

    def noise_of(self, kind: str) -> Noise:
        """Return how a topic or kind of alert arrives."""
        return next((noise for about, noise in self.noise if about == kind), Noise.ON)

    def with_noise(self, kinds: Iterable[str], noise: Noise) -> "ChatTerms":
        """Return these terms with another noise for some of `NOISY`; what is `on` is left out."""
        loud = {kind: self.noise_of(kind) for kind in NOISY} | dict.fromkeys(kinds, noise)
        kept = tuple((kind, loud[kind]) for kind in NOISY if loud[kind] is not Noise.ON)
        return self.model_copy(update={"noise": kept})


class SlotState(StrEnum):
    """Where one time of a subscription stands. The last two are final."""

    DUE = "due"
    CLAIMED = "claimed"
    RUNNING = "running"
    DELIVERED = "delivered"
    FAILED = "failed"


class Planned(Frozen):
    """The next time of a subscription, before it is kept: see `Slot`."""

    key: str
    at: AwareDatetime
    due_at: AwareDatetime
    tickers: tuple[str, ...] = ()


class Slot(Frozen):
    """One time of one subscription; `(subscription, key)` is unique, so it is worked on once.

    `at` is when it was meant, `due_at` when work may begin (after quiet hours). `tickers` are those whose
    exchange trades then. `missed` is how many earlier times this one stands for; `late` says that it was
    taken up after its time, because nobody was there. `posted` counts the messages that the chat has
    received, and `posting` says that one more was on its way when that was noted last: after a crash nobody
    can know whether it arrived. `note` is the reason of a failure, or what was said instead of the message.
    """

    subscription: int
    key: str
    at: AwareDatetime
    due_at: AwareDatetime
    tickers: tuple[str, ...] = ()
    state: SlotState = SlotState.DUE
    missed: int = 0
    late: bool = False
    posted: int = 0
    posting: bool = False
    note: str | None = None
    ended_at: datetime | None = None


class Due(NamedTuple):
    """A slot that this process has claimed, with all that its work needs to know.

    `watchlist` is the chat's own, read with the claim for what is about it; empty where it has none.
    """

    subscription: Subscription
    terms: ChatTerms
    slot: Slot
    watchlist: tuple[str, ...] = ()

    @property
    def noise(self) -> Noise:
        """How it arrives in its chat. Of an alert, its key tells the kind."""
        topic = self.subscription.wanted.topic
        kind = self.slot.key.split(":", 2)[1:2] if topic is Topic.ALERTS else [topic.value]
        return self.terms.noise_of(kind[0]) if kind else Noise.ON


class Step(NamedTuple):
    """What a claim makes of a due slot: made by our own code alone, tens of thousands at once.

    `slot` is what to work on: the due one, or the newest of several missed ones, which then stands for all.
    With `dropped` it is too old to be worked on, and ends as failed with its `note`; `next` is then told, in
    `carried`, how many times were missed.
    """

    slot: Slot
    dropped: bool = False
    next: Planned | None = None
    carried: int = 0
