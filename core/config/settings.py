"""Every key of the configuration, with its default. `config.example.toml` says the same in prose."""

import json
from collections.abc import Iterable, Mapping
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Annotated, Literal, get_args

from pydantic import Field, field_validator, model_validator

from core.config.access import Access
from core.config.cache import Cache
from core.config.database_address import is_postgres, takes_password, with_password
from core.config.field_types import (
    BasisPoints,
    DatabaseAddress,
    HttpAddress,
    HttpAddressOrNone,
    Name,
    Seconds,
    Text,
    Ticker,
    Usd,
    Zone,
)
from core.config.market import Market
from core.config.members import MemberSettings
from core.config.providers import Provider, Tier
from core.config.routing import Routing
from core.config.secret import SecretRef
from core.domain.member import FOLLOWERS, MemberKind
from core.domain.stage import Preset
from core.domain.values import Frozen, Ratio

ConsensusMethod = Literal[
    "weighted", "majority", "supermajority", "threshold_execute", "conviction", "median_rating"
]
METHOD_NAMES: tuple[ConsensusMethod, ...] = get_args(ConsensusMethod)
THRESHOLDS: Mapping[str, Fraction] = {
    "supermajority": Fraction(2, 3),
    "threshold_execute": Fraction(3, 4),
    "conviction": Fraction(1, 3),
}
"""The consensus methods that have a threshold, each with its own where none is configured."""


class Arena(Frozen):
    """The competition. `strict`: a ballot served by another model family is an abstention.

    `committee` and `crowd` seat the two members that follow the verdicts and the chats' votes.
    """

    initial_cash: Annotated[Decimal, Field(gt=0, le=10**9, decimal_places=2, allow_inf_nan=False)] = Decimal(
        "10000.00"
    )
    benchmark: Ticker = "SPY"
    watchlist: tuple[Ticker, ...] = ()
    timezone: Zone = "America/New_York"
    strict: bool = True
    committee: bool = True
    crowd: bool = True


class Archive(Frozen):
    """Where finished ModelChats are written as JSON files."""

    dir: Text = "modelchats"


class StoreSettings(Frozen):
    """The database. SQLite by default; PostgreSQL with `postgresql+asyncpg://`.

    `password` is that of the user whom the address names, so that the address itself can be shown; a SQLite
    file has none.
    """

    url: DatabaseAddress = "sqlite+aiosqlite:///conclave.db"
    password: SecretRef | None = None

    @model_validator(mode="after")
    def _password_has_a_user(self) -> "StoreSettings":
        if self.password is not None and is_postgres(self.url) and not takes_password(self.url):
            raise ValueError("with password, url must name a user, and no other password")
        return self

    def address(self, environ: Mapping[str, str] | None = None) -> str:
        """Return the whole address, the password included: for whoever connects, and never to be shown.

        Raises:
            ConfigError: the variable or file of the password is missing or empty.
        """
        if self.password is None or not is_postgres(self.url):
            return self.url
        return with_password(self.url, self.password.reveal(environ))


Tokens = Annotated[int, Field(ge=0, le=100_000)]


class EvidenceTokens(Frozen):
    """How many tokens each section of the evidence may take in a prompt, and all together.

    Tokens are counted by the rule of `core.domain.tokens`.
    """

    total: Annotated[int, Field(ge=1000, le=400_000)] = 10_000
    bars: Tokens = 2_500
    news: Tokens = 3_000
    fundamentals: Tokens = 2_000
    ratios: Tokens = 500
    sentiment: Tokens = 2_000
    macro: Tokens = 1_000


class Pipeline(Frozen):
    """How a run goes. Times in seconds; `max_steps` model calls a member and run.

    `memory`: members look back at settled ballots, and remember them when they decide.
    """

    preset: Preset = Preset.STANDARD
    stage_timeout_s: Seconds = 120.0
    run_timeout_s: Seconds = 900.0
    max_steps: Annotated[int, Field(ge=1, le=200)] = 30
    max_retries: Annotated[int, Field(ge=0, le=10)] = 3
    base_delay_s: Annotated[float, Field(ge=0, le=60)] = 1.0
    debate_rounds: Annotated[int, Field(ge=2, le=5)] = 2
    max_concurrency: Annotated[int, Field(ge=1, le=1024)] = 64
    memory: bool = True
    evidence_tokens: EvidenceTokens = EvidenceTokens()


class Stakes(Frozen):
    """Which fraction of the ballots must be for a decision whose largest order is above an amount in USD."""

    above_usd: Usd
    agreement: Annotated[Decimal, Field(ge=0, le=1, decimal_places=6, allow_inf_nan=False)]


class Consensus(Frozen):
    """How ballots are counted. `threshold` None means the method's own; some methods have none.

    `stakes` are in the order of their amounts, and a higher one never asks for less agreement.
    """

    method: ConsensusMethod = "weighted"
    threshold: Annotated[Decimal, Field(ge=0, le=1, decimal_places=6, allow_inf_nan=False)] | None = None
    high_consensus: Ratio = Decimal("0.7")
    min_members: Annotated[int, Field(ge=1)] = 2
    min_confidence: Ratio = Decimal("0.0")
    weights: Literal["configured", "learned"] = "configured"
    stakes: tuple[Stakes, ...] = ()

    @field_validator("stakes")
    @classmethod
    def _rise(cls, stakes: tuple[Stakes, ...]) -> tuple[Stakes, ...]:
        for lower, higher in pairwise(stakes):
            if lower.above_usd >= higher.above_usd:
                raise ValueError("must be listed from the lowest above_usd to the highest, each once")
            if lower.agreement > higher.agreement:
                raise ValueError("must not ask for less agreement above a higher amount")
        return stakes


class Trading(Frozen):
    """How ballots become trades. Basis points are hundredths of a percent; rates are fractions a year."""

    max_position: Annotated[Decimal, Field(gt=0, le=1, allow_inf_nan=False)] = Decimal("0.25")
    max_gross_exposure: Annotated[Decimal, Field(gt=0, le=5, allow_inf_nan=False)] = Decimal("1.0")
    fee_bps: BasisPoints = Decimal("1.0")
    slippage_bps: BasisPoints = Decimal("2.0")
    fractional: bool = True
    fill: Literal["next_open", "last"] = "next_open"
    min_order_usd: Annotated[Decimal, Field(ge=0, le=1_000_000, allow_inf_nan=False)] = Decimal("1.00")
    daily_drawdown_brake: Ratio = Decimal("0.05")
    stop_cooldown_sessions: Annotated[int, Field(ge=0, le=60)] = 1
    cash_interest: Ratio = Decimal(0)
    allow_short: bool = False
    borrow_fee: Ratio = Decimal("0.03")
    maintenance_margin: Annotated[Decimal, Field(gt=0, le=1, allow_inf_nan=False)] = Decimal("0.30")


class Scores(Frozen):
    """How members are scored. `risk_free` is a fraction a year; below a minimum sample an estimate is n/a."""

    risk_free: Annotated[Decimal, Field(ge=-1, le=1, allow_inf_nan=False)] = Decimal(0)
    min_days: Annotated[int, Field(ge=2, le=1000)] = 20
    min_trades: Annotated[int, Field(ge=1, le=1000)] = 5
    min_settled: Annotated[int, Field(ge=1, le=1000)] = 10
    bootstrap_samples: Annotated[int, Field(ge=200, le=100_000)] = 2000
    confidence_level: Annotated[float, Field(ge=0.5, le=0.999)] = 0.95


class Budget(Frozen):
    """Limits in USD; None means none. `tiers` limits each tier's day.

    A run that is estimated to cost more than `confirm_above_usd` is asked about first; None never asks.
    `when_short` says what becomes of one that would cost more than the day has left.
    """

    daily_usd: Usd | None = None
    per_run_usd: Usd | None = None
    per_chat_daily_usd: Usd | None = None
    per_person_daily_usd: Usd | None = None
    confirm_above_usd: Usd | None = None
    when_short: Literal["refuse", "degrade"] = "refuse"
    tiers: dict[Tier, Usd] = Field(default_factory=dict)


class HealthSettings(Frozen):
    """When a route counts as down, and what then. Times in seconds.

    `failures` in a row, or `failure_share` of at least `min_calls` within `window_s`, open a route for
    `open_s` if they went on for `failing_s`. Answers slower than `slow_s` count for that share.
    """

    failures: Annotated[int, Field(ge=1, le=1000)] = 5
    failing_s: Annotated[float, Field(ge=0, le=3600)] = 5.0
    failure_share: Annotated[Decimal, Field(gt=0, le=1, decimal_places=6, allow_inf_nan=False)] = Decimal(
        "0.5"
    )
    min_calls: Annotated[int, Field(ge=2, le=1000)] = 20
    window_s: Seconds = 300.0
    slow_s: Seconds | None = None
    open_s: Seconds = 60.0
    hedge: bool = False


class Schedule(Frozen):
    """What chats receive by themselves. `grace_minutes`: how late a missed time is still delivered."""

    max_per_chat: Annotated[int, Field(ge=1, le=1000)] = 20
    grace_minutes: Annotated[int, Field(ge=0, le=10_080)] = 360


class Telegram(Frozen):
    """The Telegram bot. Off while its token is missing. The webhook's keys are for that mode alone."""

    token: SecretRef = SecretRef("env:TELEGRAM_BOT_TOKEN")
    base_url: HttpAddress = "https://api.telegram.org/bot"
    mode: Literal["polling", "webhook"] = "polling"
    webhook_url: HttpAddressOrNone = ""
    webhook_secret: SecretRef = SecretRef("env:TELEGRAM_WEBHOOK_SECRET")
    rich: bool = True


class Slack(Frozen):
    """The Slack app. Off while its tokens are missing.

    With a `client_id` many workspaces may install it, and their tokens take the place of `bot_token`.
    """

    bot_token: SecretRef = SecretRef("env:SLACK_BOT_TOKEN")
    app_token: SecretRef = SecretRef("env:SLACK_APP_TOKEN")
    signing_secret: SecretRef = SecretRef("env:SLACK_SIGNING_SECRET")
    base_url: HttpAddress = "https://slack.com/api/"
    mode: Literal["socket", "http"] = "socket"
    connections: Annotated[int, Field(ge=1, le=10)] = 2
    client_id: Annotated[str, Field(max_length=32, pattern=r"^[0-9A-Za-z.]*$")] = ""
    client_secret: SecretRef = SecretRef("env:SLACK_CLIENT_SECRET")
    plan_blocks: bool = False


LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class HttpToken(Frozen):
    """A further token of the HTTP door; what is asked with it is asked by `http:<name>`."""

    name: Name
    secret: SecretRef


class Http(Frozen):
    """The HTTP door. Off without the section.

    `token` is that of `http:main`. `requests_per_minute` holds for each token, and for each address without.
    """

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)] = 8080
    token: SecretRef = SecretRef("env:CONCLAVE_HTTP_TOKEN")
    tokens: tuple[HttpToken, ...] = ()
    requests_per_minute: Annotated[int, Field(ge=1, le=100_000)] = 120

    @property
    def is_local(self) -> bool:
        """Whether only this machine can connect."""
        return self.host in LOOPBACK


class Settings(Frozen):
    """The whole configuration. `include` names files that were laid under this one; see `including`."""

    include: tuple[Text, ...] = ()
    arena: Arena = Arena()
    archive: Archive = Archive()
    store: StoreSettings = StoreSettings()
    market: Market = Market()
    providers: tuple[Provider, ...] = ()
    members: tuple[MemberSettings, ...] = ()
    pipeline: Pipeline = Pipeline()
    consensus: Consensus = Consensus()
    trading: Trading = Trading()
    scores: Scores = Scores()
    budget: Budget = Budget()
    health: HealthSettings = HealthSettings()
    schedule: Schedule = Schedule()
    telegram: Telegram = Telegram()
    slack: Slack = Slack()
    access: Access = Access()
    http: Http = Http()
    cache: Cache = Cache()
    routing: Routing = Routing()

    @model_validator(mode="after")
    def _names_fit_together(self) -> "Settings":
        mistakes = [
            *_given_twice("provider", (provider.name for provider in self.providers)),
            *_given_twice("member", (member.name for member in self.members)),
            *_given_twice("token", ("main", *(token.name for token in self.http.tokens))),
            *_reserved(member.name for member in self.members),
            *self._unknown_providers(),
        ]
        for provider in self.providers:
            mistakes += _given_twice(f"provider {provider.name}'s key", (key.name for key in provider.keys))
        if "members" in self.model_fields_set:
            # Without members in the file the default ones sit; who they are is not known here.
            mistakes += self.routing_mistakes()
        if mistakes:
            raise ValueError("\n".join(mistakes))
        return self

    def weight_of(self, member: MemberSettings) -> Decimal:
        """Return how much a member's ballots count: its own weight, or else its first model's."""
        if "weight" in member.model_fields_set or not member.route:
            return member.weight
        name, _, model_id = member.route[0].partition(":")
        provider = next((one for one in self.providers if one.name == name), None)
        if provider is None:
            return member.weight
        own = provider.model(model_id).weight
        return provider.weight if own is None else own

    def routing_mistakes(self) -> list[str]:
        """Return one sentence for each name in `[routing]` that nothing here has."""
        voices = (member.name for member in self.members if member.kind is MemberKind.LLM)
        return self.routing.mistakes(voices, (provider.name for provider in self.providers))

    def _unknown_providers(self) -> Iterable[str]:
        known = {provider.name for provider in self.providers}
        for member in self.members:
            for where, route in member.routes():
                for provider in dict.fromkeys(hop.partition(":")[0] for hop in route):
                    if provider not in known:
                        listed = ", ".join(sorted(known)) or "none"
                        yield (
                            f"members[{member.name}].{where} names the provider {json.dumps(provider)}, "
                            f"which is not configured; configured: {listed}"
                        )


def _given_twice(what: str, names: Iterable[str]) -> list[str]:
    """Return one sentence for each name that occurs again, big and small letters being the same."""
    seen: set[str] = set()
    sentences = []
    for name in names:
        if name.casefold() in seen:
            sentences.append(f"the {what} name {name} is given twice; names are unique")
        seen.add(name.casefold())
    return sentences


def _reserved(names: Iterable[str]) -> Iterable[str]:
    """Return one sentence for each name that belongs to a member which follows, in big or small letters."""
    for name in names:
        if name.casefold() in FOLLOWERS:
            yield (
                f"the member name {name} is reserved: arena.{name.casefold()} seats the member of that name; "
                "choose another"
            )
