"""Compose the models of one process from the configuration.

A member's model in one run is

    Cached(Staged(Routed([Retrying(Stepped(Budgeted(Paced(Concurrent(Endpoint))))) for each hop of a route])))

read from outside to inside, and each place has its reason:

* what the cache has is no call at all: it takes no step, no money and no place;
* each stage may have a route of its own;
* the steps of a run count every call that is sent, retries and fallbacks too;
* a hop retries before the route moves on;
* a retry reserves anew, and no reservation is held while it backs off;
* who waits for the key's pace has its money already, so that waiting is never in vain;
* a place among the concurrent calls is held only while a request is under way: the member's own place is
  taken before the common one, so that a busy member cannot hold what others could use.
"""

import asyncio
import os
import random
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from core.clock import Clock, SystemClock
from core.config.providers import Provider, ProviderKey
from core.config.settings import MemberSettings, Route, Settings
from core.domain.errors import AuthenticationFailed, ConfigError
from core.llm.budget import Budget, BudgetedModel
from core.llm.cache import AnswerCache, CachedModel, Hit, NoAnswers, SharedAnswers, nobody
from core.llm.connections import Connections
from core.llm.dialect import Dialects
from core.llm.endpoint import EndpointModel
from core.llm.limits import ConcurrentModel, Pace, PacedModel, SteppedModel, Steps
from core.llm.port import LanguageModel
from core.llm.prices import prices_of
from core.llm.probe import probe_endpoint
from core.llm.retry import RetryingModel
from core.llm.route import DeadEnd, RoutedModel
from core.llm.scopes import day_scope, key_scope, limits_of, tier_scope
from core.llm.staged import StagedModel, at_hop


class Gateway:
    """All models of one process: they share connections, limits, paces, dialects and the budget.

    `environ` is where `env:` secrets are looked up (the process's own by default); `spent` is what each
    scope of `core.llm.scopes` has spent before; `answers` is where the cache keeps answers. The SDK is
    imported when the first model is made; nothing is sent until it is asked. For one event loop; `close` at
    the end.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        environ: Mapping[str, str] | None = None,
        clock: Clock | None = None,
        rng: random.Random | None = None,
        spent: Mapping[str, Decimal] | None = None,
        answers: AnswerCache | None = None,
    ) -> None:
        self._settings = settings
        self._environ = os.environ if environ is None else environ
        self._clock = clock or SystemClock()
        self._rng = rng or random.Random()  # noqa: S311 - spreads retries; no secret depends on it
        self._zone = ZoneInfo(settings.arena.timezone)
        self._providers = {provider.name: provider for provider in settings.providers}
        self._connections = Connections()
        self._dialects = Dialects()
        self._all_calls = asyncio.Semaphore(settings.pipeline.max_concurrency)
        self._member_calls: dict[str, asyncio.Semaphore] = {}
        self._paces: dict[tuple[str, str], Pace] = {}
        self._shared = SharedAnswers(settings.cache, answers or NoAnswers(), self._clock)
        self.budget = Budget(limits_of(settings), spent)

    def today(self) -> date:
        """Return the day that daily budgets count: the arena's."""
        return self._clock.now().astimezone(self._zone).date()

    def model_for(
        self,
        member: MemberSettings,
        *,
        scopes: tuple[str, ...] = (),
        steps_used: int = 0,
        cache_on: str | None = None,
        hit: Hit = nobody,
    ) -> LanguageModel:
        """Return the model of a member for one run.

        `scopes` are what its calls count against, such as the run and the chat; the day, the member's
        tier and the key are added here. `steps_used` counts the calls of a run that is being resumed.
        `cache_on` is the SHA-256 of the evidence that is asked about: answers may then come from the cache,
        of which `hit` hears, and are kept in it. Without it every question is asked anew, as whoever samples
        a model, repeats a run or replays the past must do.
        A hop without a usable key fails with `AuthenticationFailed` when it is asked.
        """
        steps = Steps(self._settings.pipeline.max_steps, steps_used)

        def routed(route: Route) -> LanguageModel:
            return RoutedModel([self._hop(self._at(member, route, hop), hop, scopes, steps) for hop in route])

        model = StagedModel(member, routed)
        return model if cache_on is None else CachedModel(model, self._shared, member, cache_on, hit=hit)

    async def prepare(self) -> None:
        """Import the SDK off the event loop, ahead of the first call."""
        await self._connections.prepare()

    async def probe(self, provider: Provider) -> None:
        """Check that a provider answers and takes each of its keys; costs nothing.

        Raises:
            ModelFailure: the first thing that is wrong, in one sentence.
        """
        if not provider.keys and not provider.local:
            raise AuthenticationFailed(_no_key_sentence(provider))
        for key in provider.keys or (None,):
            secret = self._reveal(provider, key) if key else ""
            client = self._connections.client(provider, key.name if key else "", secret)
            await probe_endpoint(client, provider, openrouter=_is_openrouter(provider), now=self._clock.now())

    async def close(self) -> None:
        """Close all connections."""
        await self._connections.close()

    def _at(self, member: MemberSettings, route: Route, hop: str) -> MemberSettings:
        provider, _, model_id = hop.partition(":")
        return at_hop(member, route, hop, self._providers[provider].model(model_id))

    def _hop(self, member: MemberSettings, hop: str, scopes: tuple[str, ...], steps: Steps) -> LanguageModel:
        provider_name, _, model_id = hop.partition(":")
        provider = self._providers[provider_name]
        try:
            key, secret = self._key(provider, model_id)
        except AuthenticationFailed as failure:
            sentence = failure.reason
            return DeadEnd(lambda: AuthenticationFailed(sentence))
        key_name = key.name if key else ""
        prices = prices_of(member, provider, model_id)
        pipeline = self._settings.pipeline
        model: LanguageModel = EndpointModel(
            self._connections.client(provider, key_name, secret),
            provider_name=provider.name,
            model_id=model_id,
            key_name=key_name,
            timeout_s=provider.timeout_s,
            temperature=member.temperature,
            prices=prices,
            clock=self._clock,
            dialects=self._dialects,
        )
        model = ConcurrentModel(model, self._calls_of(member), self._all_calls)
        if key and (key.rpm or key.tpm):
            model = PacedModel(model, self._pace(provider, key))
        own_scopes = self._scopes_of(member, provider, key, scopes)
        model = BudgetedModel(model, self.budget, prices, own_scopes, name=hop)
        model = SteppedModel(model, steps)
        return RetryingModel(model, pipeline.max_retries, pipeline.base_delay_s, self._clock, self._rng)

    def _key(self, provider: Provider, model_id: str) -> tuple[ProviderKey | None, str]:
        """Return the first key that serves the model and can be read, and its secret."""
        fitting = [key for key in provider.keys if not key.models or model_id in key.models]
        problems: list[str] = []
        for key in fitting:
            try:
                return key, self._reveal(provider, key)
            except AuthenticationFailed as failure:
                problems.append(failure.reason)
        if provider.local:
            return None, ""
        if problems:
            raise AuthenticationFailed("; ".join(problems))
        if provider.keys:
            raise AuthenticationFailed(f"no key of provider {provider.name} lists the model {model_id}")
        raise AuthenticationFailed(_no_key_sentence(provider))

    def _reveal(self, provider: Provider, key: ProviderKey) -> str:
        try:
            secret = key.secret.reveal(self._environ)
        except ConfigError as error:
            raise AuthenticationFailed(f"key {key.name} of provider {provider.name}: {error}") from None
        if not secret.isascii() or not secret.isprintable() or " " in secret:
            raise AuthenticationFailed(
                f"key {key.name} of provider {provider.name}: {key.secret} holds signs that no key has"
            )
        return secret

    def _scopes_of(
        self, member: MemberSettings, provider: Provider, key: ProviderKey | None, scopes: tuple[str, ...]
    ) -> Callable[[], tuple[str, ...]]:
        def own_scopes() -> tuple[str, ...]:
            day = self.today()
            tier = (tier_scope(member.tier, day),) if member.tier else ()
            paid_by = (key_scope(provider.name, key.name, day),) if key else ()
            return (*scopes, day_scope(day), *tier, *paid_by)

        return own_scopes

    def _calls_of(self, member: MemberSettings) -> asyncio.Semaphore:
        return self._member_calls.setdefault(member.name, asyncio.Semaphore(member.max_concurrency))

    def _pace(self, provider: Provider, key: ProviderKey) -> Pace:
        return self._paces.setdefault(
            (provider.name, key.name), Pace(rpm=key.rpm, tpm=key.tpm, clock=self._clock)
        )


def _no_key_sentence(provider: Provider) -> str:
    return f"provider {provider.name} has no key: add one under [[providers.keys]], or set local = true"


def _is_openrouter(provider: Provider) -> bool:
    host = urlsplit(provider.base_url).hostname or ""
    return host == "openrouter.ai" or host.endswith(".openrouter.ai")
