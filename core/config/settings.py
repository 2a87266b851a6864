"""Every key of the configuration, with its default. `config.example.toml` says the same in prose."""

import re
from decimal import Decimal
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, model_validator

from core.config.secret import SecretRef
from core.domain.member import MemberKind
from core.domain.stage import Preset
from core.domain.values import Frozen, Ratio

Seconds = Annotated[float, Field(gt=0, le=86_400)]
Usd = Annotated[Decimal, Field(gt=0, max_digits=18, decimal_places=8, allow_inf_nan=False)]
BasisPoints = Annotated[Decimal, Field(ge=0, le=1000, allow_inf_nan=False)]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$")]
PriceVendorName = Literal["yfinance", "alpha_vantage", "csv", "sample"]

BASELINES = ("buy_and_hold", "momentum", "mean_reversion", "trend", "coin_flip")


def _http_address(value: str) -> str:
    if not re.fullmatch(r"https?://[^\s/?#]+[^\s]*", value):
        raise ValueError("must be an address that starts with http:// or https://")
    return value


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("must be a time zone such as America/New_York or UTC") from None
    return value


HttpAddress = Annotated[str, AfterValidator(_http_address)]
Zone = Annotated[str, AfterValidator(_zone)]
ChatId = Annotated[str, Field(pattern=r"^(telegram:-?[0-9]+|slack:[A-Z0-9]+)$")]


class Arena(Frozen):
    """The competition. `strict`: a ballot served by another model family is an abstention."""

    initial_cash: Annotated[Decimal, Field(gt=0, max_digits=18, decimal_places=2)] = Decimal("10000.00")
    benchmark: str = "SPY"
    watchlist: tuple[str, ...] = ()
    timezone: Zone = "America/New_York"
    strict: bool = True


class Archive(Frozen):
    """Where finished ModelChats are written as JSON files."""

    dir: str = "modelchats"


class StoreSettings(Frozen):
    """The database. SQLite by default; PostgreSQL with `postgresql+asyncpg://`."""

    url: Annotated[str, Field(pattern=r"^(sqlite\+aiosqlite:///|postgresql\+asyncpg://).+")] = (
        "sqlite+aiosqlite:///conclave.db"
    )


class CsvVendor(Frozen):
    """Daily bars from files `date,open,high,low,close,volume`."""

    dir: str = ""
    pattern: Annotated[str, Field(pattern=r"^[^/\\]*\{ticker\}[^/\\]*$")] = "{ticker}.csv"


class YfinanceVendor(Frozen):
    """Live prices from Yahoo. `base_url` empty means Yahoo's own address."""

    base_url: HttpAddress | Literal[""] = ""
    timeout_s: Seconds = 10.0


class AlphaVantageVendor(Frozen):
    """Live prices from Alpha Vantage."""

    base_url: HttpAddress = "https://www.alphavantage.co"
    key: SecretRef = SecretRef("env:ALPHA_VANTAGE_API_KEY")
    timeout_s: Seconds = 10.0


class Market(Frozen):
    """Vendors; each list is a fallback chain, in order. `max_age_sessions` is when a last bar is stale."""

    prices: Annotated[tuple[PriceVendorName, ...], Field(min_length=1)] = ("yfinance", "alpha_vantage")
    news: tuple[str, ...] = ()
    fundamentals: tuple[str, ...] = ()
    sentiment: tuple[str, ...] = ()
    max_age_sessions: Annotated[int, Field(ge=1, le=60)] = 3
    csv: CsvVendor = CsvVendor()
    yfinance: YfinanceVendor = YfinanceVendor()
    alpha_vantage: AlphaVantageVendor = AlphaVantageVendor()


class ProviderKey(Frozen):
    """One credential. `models` empty means any; `rpm` and `tpm` are requests and tokens a minute."""

    name: Name
    secret: SecretRef
    models: tuple[str, ...] = ()
    daily_usd: Usd | None = None
    rpm: Annotated[int, Field(gt=0)] | None = None
    tpm: Annotated[int, Field(gt=0)] | None = None


class Provider(Frozen):
    """An OpenAI-compatible endpoint. A `local` one may go without a key."""

    name: Name
    base_url: HttpAddress
    timeout_s: Seconds = 60.0
    local: bool = False
    keys: tuple[ProviderKey, ...] = ()


class MemberSettings(Frozen):
    """A competitor. `route` lists `provider:model id`, first choice first.

    Prices are in USD per million tokens.
    """

    name: Name
    kind: Literal[MemberKind.LLM, MemberKind.BASELINE] = MemberKind.LLM
    route: tuple[str, ...] = ()
    tier: Literal["premium", "advanced", "specialised", "fast"] | None = None
    weight: Ratio = Decimal(1)
    enabled: bool = True
    max_concurrency: Annotated[int, Field(ge=1, le=256)] = 8
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    max_output_tokens: Annotated[int, Field(ge=64, le=200_000)] = 4096
    price_in_usd_per_mtok: Annotated[Decimal, Field(ge=0)] = Decimal(0)
    price_out_usd_per_mtok: Annotated[Decimal, Field(ge=0)] = Decimal(0)

    @model_validator(mode="after")
    def _kind_fits(self) -> "MemberSettings":
        if self.kind is MemberKind.BASELINE and self.name not in BASELINES:
            raise ValueError(f"a baseline is one of {', '.join(BASELINES)}, not {self.name}")
        if self.kind is MemberKind.LLM and not self.route:
            raise ValueError(f'member {self.name} needs route = ["provider:model id"]')
        bad = [hop for hop in self.route if not all(hop.partition(":")[::2])]
        if bad:
            raise ValueError(f'route of {self.name}: "{bad[0]}" is not "provider:model id"')
        return self


class Pipeline(Frozen):
    """How a run goes. Times in seconds; `max_steps` model calls a member and run."""

    preset: Preset = Preset.STANDARD
    stage_timeout_s: Seconds = 120.0
    run_timeout_s: Seconds = 900.0
    max_steps: Annotated[int, Field(ge=1, le=200)] = 30
    max_retries: Annotated[int, Field(ge=0, le=10)] = 3
    base_delay_s: Annotated[float, Field(ge=0, le=60)] = 1.0
    debate_rounds: Annotated[int, Field(ge=2, le=5)] = 2
    max_concurrency: Annotated[int, Field(ge=1, le=1024)] = 64


class Consensus(Frozen):
    """How ballots are counted. `threshold` belongs to methods that have one."""

    method: Literal["weighted", "majority"] = "weighted"
    threshold: Ratio = Decimal("0.5")
    high_consensus: Ratio = Decimal("0.7")
    min_members: Annotated[int, Field(ge=1)] = 2
    min_confidence: Ratio = Decimal("0.0")
    weights: Literal["configured"] = "configured"


class Trading(Frozen):
    """How ballots become trades. Basis points are hundredths of a percent."""

    max_position: Annotated[Decimal, Field(gt=0, le=1)] = Decimal("0.25")
    fee_bps: BasisPoints = Decimal("1.0")
    slippage_bps: BasisPoints = Decimal("2.0")
    fractional: bool = True
    allow_short: Literal[False] = False
    fill: Literal["next_open", "last"] = "next_open"
    min_order_usd: Annotated[Decimal, Field(ge=0)] = Decimal("1.00")


class Budget(Frozen):
    """Limits in USD; None means none. `tiers` limits each tier's day."""

    daily_usd: Usd | None = None
    per_run_usd: Usd | None = None
    per_chat_daily_usd: Usd | None = None
    tiers: dict[Literal["premium", "advanced", "specialised", "fast"], Usd] = Field(default_factory=dict)


class Telegram(Frozen):
    """The Telegram bot. Off while its token is missing."""

    token: SecretRef = SecretRef("env:TELEGRAM_BOT_TOKEN")
    base_url: HttpAddress = "https://api.telegram.org/bot"
    mode: Literal["polling", "webhook"] = "polling"


class Slack(Frozen):
    """The Slack app. Off while its tokens are missing."""

    bot_token: SecretRef = SecretRef("env:SLACK_BOT_TOKEN")
    app_token: SecretRef = SecretRef("env:SLACK_APP_TOKEN")
    signing_secret: SecretRef = SecretRef("env:SLACK_SIGNING_SECRET")
    base_url: HttpAddress = "https://slack.com/api/"
    mode: Literal["socket", "http"] = "socket"


class AccessChat(Frozen):
    """A chat whose members have a role there."""

    id: ChatId
    role: Literal["viewer", "runner"]


class AccessPerson(Frozen):
    """A person with a role everywhere."""

    id: ChatId
    role: Literal["viewer", "runner", "admin"]


class Access(Frozen):
    """Who may do what. Deny by default."""

    admins: tuple[ChatId, ...] = ()
    chats: tuple[AccessChat, ...] = ()
    people: tuple[AccessPerson, ...] = ()


class Http(Frozen):
    """The HTTP door; not in effect in this version."""

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)] = 8080
    token: SecretRef = SecretRef("env:CONCLAVE_HTTP_TOKEN")


class Cache(Frozen):
    """Answer cache; not in effect in this version."""

    ttl_s: dict[str, int] = Field(default_factory=dict)


class Settings(Frozen):
    """The whole configuration."""

    arena: Arena = Arena()
    archive: Archive = Archive()
    store: StoreSettings = StoreSettings()
    market: Market = Market()
    providers: tuple[Provider, ...] = ()
    members: tuple[MemberSettings, ...] = ()
    pipeline: Pipeline = Pipeline()
    consensus: Consensus = Consensus()
    trading: Trading = Trading()
    budget: Budget = Budget()
    telegram: Telegram = Telegram()
    slack: Slack = Slack()
    access: Access = Access()
    http: Http = Http()
    cache: Cache = Cache()
    routing: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _names_fit_together(self) -> "Settings":
        for what, names in (
            ("provider", [provider.name for provider in self.providers]),
            ("member", [member.name for member in self.members]),
        ):
            twice = {name for name in names if names.count(name) > 1}
            if twice:
                raise ValueError(f"the {what} name {min(twice)} is given twice; names are unique")
        known = {provider.name for provider in self.providers}
        for member in self.members:
            for hop in member.route:
                provider = hop.partition(":")[0]
                if provider not in known:
                    listed = ", ".join(sorted(known)) or "none"
                    raise ValueError(
                        f'route of {member.name}: provider "{provider}" is not configured ({listed})'
                    )
        return self
