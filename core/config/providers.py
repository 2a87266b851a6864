"""The keys of `[[providers]]`: endpoints, the keys that open them, and what is known of their models."""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, model_validator

from core.config.field_types import HttpAddress, Name, Seconds, Text, Usd, UsdPerMtok
from core.config.secret import SecretRef
from core.domain.values import Frozen, Ratio

Tier = Literal["premium", "advanced", "specialised", "fast"]
Calls = Annotated[int, Field(ge=1, le=1024)]


class ProviderKey(Frozen):
    """One credential. `models` empty means any; `rpm` and `tpm` are requests and tokens a minute.

    `purposes` are words such as a tier, a stage, a member, a model's family or "fallback" (every hop of a
    route but the first): a key with purposes serves only calls that one of them fits, and is then preferred
    to keys without.
    """

    name: Name
    secret: SecretRef
    models: tuple[Text, ...] = ()
    purposes: tuple[Name, ...] = ()
    daily_usd: Usd | None = None
    daily_tokens: Annotated[int, Field(gt=0)] | None = None
    rpm: Annotated[int, Field(gt=0)] | None = None
    tpm: Annotated[int, Field(gt=0)] | None = None


class ProviderModel(Frozen):
    """What is known of one model of a provider; what is left out is the provider's, the member's, or unknown.

    Prices are in USD per million tokens. `context_tokens` is how much it reads and writes at most.
    `quality` (0 to 1) and `latency_s` are what is stated of it, for routing.
    """

    id: Text
    enabled: bool = True
    weight: Ratio | None = None
    tier: Tier | None = None
    max_concurrency: Calls | None = None
    timeout_s: Seconds | None = None
    context_tokens: Annotated[int, Field(ge=1024, le=100_000_000)] | None = None
    price_in_usd_per_mtok: UsdPerMtok | None = None
    price_out_usd_per_mtok: UsdPerMtok | None = None
    price_cached_usd_per_mtok: UsdPerMtok | None = None
    quality: Ratio | None = None
    latency_s: Seconds | None = None


class Provider(Frozen):
    """An OpenAI-compatible endpoint. A `local` one may go without a key; see `core.config.presets` too.

    `weight` is that of members whose route begins here and that have none of their own. `key_choice` says
    which of several fitting keys is used. `max_concurrency` None means no limit but the others. With
    `lists_prices` its list of models is read once a day, for prices and contexts that nobody has stated.
    """

    name: Name
    base_url: HttpAddress
    enabled: bool = True
    timeout_s: Seconds = 60.0
    local: bool = False
    weight: Ratio = Decimal(1)
    max_concurrency: Calls | None = None
    key_choice: Literal["least_used", "round_robin"] = "least_used"
    lists_prices: bool = False
    keys: tuple[ProviderKey, ...] = ()
    models: tuple[ProviderModel, ...] = ()

    @model_validator(mode="after")
    def _models_are_unique(self) -> "Provider":
        ids = [model.id for model in self.models]
        if twice := sorted({one for one in ids if ids.count(one) > 1}):
            raise ValueError(f"the model {twice[0]} is given twice; name each model of a provider once")
        return self

    def model(self, model_id: str) -> ProviderModel:
        """Return what is known of a model; of one that is not named nothing is."""
        return next((one for one in self.models if one.id == model_id), None) or ProviderModel(id=model_id)
