"""Compose the models of one process from the configuration.

A member's model in one run is

    Cached(Staged(Routed([one hop for each of a route])))
    one hop = Fitting(Retrying(Guarded(Pooled([one key for each of the hop]))))
    one key = Budgeted(Stepped(Concurrent(Recorded(Racing(Endpoint)))))

read from outside to inside, and each place has its reason:

* what the cache has is no call at all: it takes no step, no money and no place;
* each stage may have a route of its own;
* a prompt that a hop cannot read is sent nowhere, and the route moves on;
* a hop retries before the route moves on, and a route that is down ends the retries;
* a retry may change the key; a key that is refused, at rest or spent is changed at once;
* the steps of a run count every call that is sent, retries and fallbacks too, and none that its key's money
  or pace has kept from being sent;
* a retry reserves anew under the key that serves it, and no reservation is held while it backs off;
* a key's turn is booked with the money, in one step for all processes, and waited for with it in hand;
* a place among the concurrent calls is held only while a request is under way: the member's own place is
  taken before the common ones, so that a busy member cannot hold what others could use;
* a request that loses a race ends inside all of these, so that they count what it cost.
* what is recorded is what was sent, and one reservation pays for one record.
"""

import asyncio
import os
import random
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import partial
from zoneinfo import ZoneInfo

from core.clock import Clock, SystemClock
from core.config.members import MemberSettings, Route
from core.config.providers import Provider, ProviderKey
from core.config.settings import Settings
from core.courtesy import Courtesy
from core.domain.calls import Caller, Purpose
from core.domain.errors import AuthenticationFailed, ModelFailure
from core.domain.listed import ListedModel
from core.domain.measures import Measures, Relay
from core.domain.paces import Pace
from core.domain.provider_health import ProviderHealth
from core.llm.books import BudgetBook
from core.llm.breaker import Breaker
from core.llm.budget import LEASE, Budget, BudgetedModel
from core.llm.cache import AnswerCache, CachedModel, NoAnswers, SharedAnswers
from core.llm.connections import Connections
from core.llm.dialect import Dialects
from core.llm.endpoint import EndpointModel
from core.llm.families import family_of
from core.llm.guard import FittingModel, GuardedModel
from core.llm.hedge import HedgedModel, RacingModel
from core.llm.keyring import Keyring, Opened
from core.llm.limits import ConcurrentModel, SteppedModel, Steps
from core.llm.model_list import ask_list
from core.llm.notes import Notes
from core.llm.opening import Secrets, no_key_sentence
from core.llm.overview import down_hops, overview
from core.llm.pool import PooledKey, PooledModel
from core.llm.port import Answer, Ask, LanguageModel
from core.llm.prices import most_tokens, prices_of
from core.llm.probe import is_openrouter, probe_endpoint
from core.llm.recording import CallForm, CallLog, NoLog, RecordedModel, ToldLog
from core.llm.retry import RetryingModel
from core.llm.route import DeadEnd, RoutedModel
from core.llm.scopes import limits_of
from core.llm.staged import StagedModel, at_hop
from core.llm.states import KeptInMemory, KeyStates

_ALMOST_ALL = 0.9
_SOMEBODY_WAITS = {Purpose.ASK, Purpose.CHECK}


class Gateway:
    """All models of one process: they share connections, limits, paces, dialects and the budget.

    `environ` is where `env:` secrets are looked up (the process's own by default). `book` keeps the budgets
    and `log` the record of every call; without them the budgets are this process's alone, and begin with what
    `spent` says of the scopes of `core.llm.scopes`. What is noted of keys and routes is shared by all whose
    `states` are the same, and `answers` is where the cache keeps answers. `measures` hears of it all.
    `listed` may be set to what providers list of their models. The SDK is imported when the first model is
    made; nothing is sent until it is asked. For one event loop; `close` at the end.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        environ: Mapping[str, str] | None = None,
        clock: Clock | None = None,
        rng: random.Random | None = None,
        spent: Mapping[str, Decimal] | None = None,
        states: KeyStates | None = None,
        book: BudgetBook | None = None,
        log: CallLog | None = None,
        answers: AnswerCache | None = None,
        measures: Measures | None = None,
    ) -> None:
        self._settings = settings
        self._secrets = Secrets(os.environ if environ is None else environ)
        self._clock = clock or SystemClock()
        self._rng = rng or random.Random()  # noqa: S311 - spreads retries; no secret depends on it
        self._zone = ZoneInfo(settings.arena.timezone)
        self._providers = {provider.name: provider for provider in settings.providers}
        self._connections = Connections()
        self.courtesy = Courtesy()
        self._all_calls = asyncio.Semaphore(settings.pipeline.max_concurrency)
        self._semaphores: dict[str, asyncio.Semaphore] = {}
        self._breakers: dict[tuple[str, str], Breaker] = {}
        self.listed: Mapping[tuple[str, str], ListedModel] = {}
        self.notes = Notes(states or KeptInMemory(), self._clock)
        self._dialects = Dialects(self.notes, self._clock)
        self._measures: Measures = measures or Relay()
        first_rest_s = settings.pipeline.base_delay_s
        self._keyring = Keyring(self.notes, self._clock, first_rest_s, cooled=self._measures.cooled)
        self._log = ToldLog(log or NoLog(), self._measures.called)
        self.budget = Budget(
            limits_of(settings),
            spent,
            book=book,
            clock=self._clock,
            zone=self._zone,
            lease=LEASE + timedelta(seconds=settings.pipeline.stage_timeout_s),
        )
        self._shared = SharedAnswers(
            settings.cache,
            answers or NoAnswers(),
            self._clock,
            looked=lambda stage, hit: self._measures.looked_up(stage, hit=hit),
        )

    def today(self) -> date:
        """Return the day that daily budgets count: the arena's."""
        return self._clock.now().astimezone(self._zone).date()

    def model_for(
        self,
        member: MemberSettings,
        *,
        caller: Caller | None = None,
        scopes: tuple[str, ...] = (),
        steps_used: int = 0,
        cache_on: str | None = None,
    ) -> LanguageModel:
        """Return the model of a member for one run.

        Its calls are recorded as `caller`'s and count against all that this tells: the day, the run, the
        season, the chat, the person, the tier; and against the key, and whatever else `scopes` name.
        `steps_used` counts the calls of a run that is being resumed.
        `cache_on` is the SHA-256 of the evidence that is asked about: answers may then come from the cache,
        and are kept in it. Without it every question is asked anew, as whoever samples a model, repeats a run
        or replays the past must do.
        A hop without a usable key fails with `AuthenticationFailed` when it is asked.
        """
        steps = Steps(self._settings.pipeline.max_steps, steps_used)
        asking = caller or Caller(member=member.name)

        def routed(route: Route) -> LanguageModel:
            hops = [
                self._hop(self._at(member, route, hop), number, asking, scopes, steps)
                for number, hop in enumerate(route)
            ]
            if self._settings.health.hedge:
                hops[0] = self._hedged(route, hops)
            return RoutedModel(hops, member.name)

        model = StagedModel(member, routed)
        if cache_on is None:
            return model
        return CachedModel(model, self._shared, member, cache_on, hit=partial(self._hit, member, asking))

    def _hit(self, member: MemberSettings, caller: Caller, ask: Ask, answer: Answer) -> None:
        """Record an answer that came from the cache: it cost nothing. Only a first hop's answers are kept."""
        route = member.route_of(ask.stage)
        provider, _, model_id = route[0].partition(":")
        of_tier = caller.model_copy(update={"tier": self._at(member, route, route[0]).tier})
        form = CallForm(caller=of_tier, provider=provider, model=model_id, clock=self._clock)
        self._log.add(form.from_cache(ask, answer), ())

    def trial_of(self, member: MemberSettings, hop: str) -> LanguageModel:
        """Return one hop of a member to be tried once, even where it is left alone now."""
        caller = Caller(purpose=Purpose.CHECK, member=member.name)
        steps = Steps(self._settings.pipeline.max_steps)
        return self._hop(self._at(member, (hop,), hop), 0, caller, (), steps, trial=True)

    async def health(self) -> tuple[ProviderHealth, ...]:
        """Return how every provider is to which an enabled member is routed, its keys and its models."""
        await self.notes.refresh()
        return overview(self._settings, self._secrets.opened_or_none, self._keyring, self._breaker)

    async def down(self) -> frozenset[str]:
        """Return each `provider:model id` that is known not to answer now, by its breaker or its keys."""
        known = await self.health()
        noted = {*self._breakers, *self.notes.routes}
        return down_hops(known, [self._breaker(*one) for one in noted if one[0] in self._providers])

    def shown(self, provider: Provider, key: ProviderKey) -> str:
        """Return a key for people: its name, and the last four signs of its secret."""
        opened = self._secrets.opened_or_none(provider, key)
        return opened.shown if opened else key.name

    async def prepare(self) -> None:
        """Import the SDK off the event loop, ahead of the first call."""
        await self._connections.prepare()

    async def probe(self, provider: Provider) -> None:
        """Check that a provider answers and takes each of its keys; costs nothing.

        Raises:
            ModelFailure: the first thing that is wrong, in one sentence.
        """
        if not provider.keys and not provider.local:
            raise AuthenticationFailed(no_key_sentence(provider))
        await self.notes.refresh()
        failures: list[ModelFailure] = []
        for key in provider.keys or (None,):
            try:
                await self._probe(provider, key)
            except ModelFailure as failure:
                failures.append(failure)
        if failures:
            raise failures[0]

    async def list_models(self, provider: Provider) -> tuple[ListedModel, ...]:
        """Return what a provider lists of its models now; costs nothing.

        Raises:
            ModelFailure: there is no such list to be had.
        """
        key = next((one for one in provider.keys if self._secrets.opened_or_none(provider, one)), None)
        opened = self._secrets.opened(provider, key)
        client = self._connections.client(provider, opened.name, opened.secret)
        return await ask_list(client, provider, self._clock.now())

    async def _probe(self, provider: Provider, key: ProviderKey | None) -> None:
        opened = self._secrets.opened(provider, key)
        client = self._connections.client(provider, opened.name, opened.secret)
        try:
            await probe_endpoint(client, provider, openrouter=is_openrouter(provider), now=self._clock.now())
        except AuthenticationFailed as failure:
            if key:
                self._keyring.refuse(opened, failure.reason)
            raise
        self._keyring.found_good(opened)

    async def close(self) -> None:
        """Write what was noted of keys and routes and what answers wait, and close all connections."""
        await self.notes.close()
        await self._shared.close()
        await self._connections.close()

    def _at(self, member: MemberSettings, route: Route, hop: str) -> MemberSettings:
        provider, _, model_id = hop.partition(":")
        return at_hop(member, route, hop, self._providers[provider].model(model_id))

    def _hop(
        self,
        member: MemberSettings,
        number: int,
        caller: Caller,
        scopes: tuple[str, ...],
        steps: Steps,
        *,
        trial: bool = False,
    ) -> LanguageModel:
        hop = member.route[number]
        provider_name, _, model_id = hop.partition(":")
        provider = self._providers[provider_name]
        known = provider.model(model_id)
        if not (provider.enabled and known.enabled):
            return DeadEnd(lambda: ModelFailure(f"{hop} is switched off in the configuration"))
        try:
            keys = self._secrets.keys(provider, model_id)
        except AuthenticationFailed as failure:
            sentence = failure.reason
            return DeadEnd(lambda: AuthenticationFailed(sentence))
        pipeline = self._settings.pipeline
        pooled = [self._pooled(member, hop, key, opened, caller, scopes, steps) for key, opened in keys]
        model = pooled[0].model
        if keys[0][0] is not None:
            fallback = "fallback" if number else ""
            model = PooledModel(
                pooled,
                self._keyring,
                self._clock,
                provider=provider_name,
                model_id=model_id,
                words=(member.tier or known.tier or "", member.name, family_of(model_id), fallback),
                choice=provider.key_choice,
            )
        model = GuardedModel(
            model,
            self._breaker(provider_name, model_id),
            self._clock,
            patient=number == len(member.route) - 1,
            hang_s=pipeline.stage_timeout_s * _ALMOST_ALL,
            forced=trial,
        )
        retries = 0 if trial else pipeline.max_retries
        again = partial(self._measures.retried, provider_name, model_id)
        model = RetryingModel(model, retries, pipeline.base_delay_s, self._clock, self._rng, again=again)
        listed = self.listed.get((provider_name, model_id))
        context = known.context_tokens or (listed.context_tokens if listed else None)
        return FittingModel(model, context, who=hop) if context else model

    def _pooled(
        self,
        member: MemberSettings,
        hop: str,
        key: ProviderKey | None,
        opened: Opened,
        caller: Caller,
        scopes: tuple[str, ...],
        steps: Steps,
    ) -> PooledKey:
        provider, model_id = self._providers[opened.provider], hop.partition(":")[2]
        prices = prices_of(member, provider, model_id, self.listed.get((provider.name, model_id)))
        form = CallForm(
            caller=caller.model_copy(update={"tier": member.tier}),
            provider=provider.name,
            model=model_id,
            key=opened.name,
            scopes=scopes,
            clock=self._clock,
            zone=self._zone,
        )
        model: LanguageModel = EndpointModel(
            self._connections.client(provider, opened.name, opened.secret),
            provider_name=provider.name,
            model_id=model_id,
            key_name=opened.name,
            timeout_s=provider.model(model_id).timeout_s or provider.timeout_s,
            temperature=member.temperature,
            prices=prices,
            clock=self._clock,
            dialects=self._dialects,
            base_url=provider.base_url,
        )
        if self._settings.health.hedge:
            model = RacingModel(model, prices, hop, self._clock)
        model = RecordedModel(model, form, self._log, prices)
        courtesy = None if caller.purpose in _SOMEBODY_WAITS else self.courtesy
        model = ConcurrentModel(model, *self._places(member, provider, model_id), courtesy=courtesy)
        model = SteppedModel(model, steps)
        paced = key and (key.rpm or key.tpm)
        pace = Pace(provider.name, key.name, key.rpm, key.tpm) if key and paced else None
        model = BudgetedModel(model, self.budget, prices, form, name=hop, pace=pace)
        return PooledKey(
            opened,
            model,
            frozenset(word.casefold() for word in key.purposes) if key else frozenset(),
            (lambda ask: self.budget.has_room(pace, most_tokens(ask))) if pace else (lambda _: True),
        )

    def _hedged(self, route: Route, hops: Sequence[LanguageModel]) -> LanguageModel:
        """Return the first hop with a second chance: the next hop of the same family, or itself once more."""
        provider, _, model_id = route[0].partition(":")
        family, second = family_of(model_id), hops[0]
        if len(hops) > 1 and family_of(route[1].partition(":")[2]) == family:
            second = hops[1]
        return HedgedModel(hops[0], second, self._breaker(provider, model_id).p95_s, self._clock)

    def _breaker(self, provider: str, model_id: str) -> Breaker:
        known = self._breakers.get((provider, model_id))
        if known is None:
            settings = self._settings.health
            known = Breaker(
                provider,
                model_id,
                settings,
                self.notes,
                self._clock,
                self._in_zone,
                broke=self._measures.broke,
            )
            self._breakers[provider, model_id] = known
        return known

    def _in_zone(self, at: datetime) -> str:
        """Return a moment as people of the arena read it; the day only where it is not today."""
        local = at.astimezone(self._zone)
        return f"{local:%H:%M}" if local.date() == self.today() else f"{local:%Y-%m-%d %H:%M}"

    def _places(
        self, member: MemberSettings, provider: Provider, model_id: str
    ) -> Iterator[asyncio.Semaphore]:
        """Yield where a call needs a place: its member's, its model's, its provider's, and that of all."""
        model = provider.model(model_id)
        for name, most in (
            (f"member {member.name}", member.max_concurrency),
            (f"model {provider.name}:{model_id}", model.max_concurrency),
            (f"provider {provider.name}", provider.max_concurrency),
        ):
            if most is not None:
                yield self._semaphores.setdefault(name, asyncio.Semaphore(most))
        yield self._all_calls
