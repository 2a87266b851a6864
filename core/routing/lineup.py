"""Who can answer a single question, under which names, and who stands in where a name is not configured."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from decimal import Decimal

from core.config.providers import Provider, Tier
from core.config.routing import ROLES
from core.config.settings import Settings
from core.domain.errors import Refused, Unknown
from core.domain.member import MemberKind
from core.domain.near import did_you_mean, near
from core.domain.values import Frozen, Ratio

_PROMPT_SHARE = 3
"""Prompts are so many times as long as answers, for one price of both."""


class Candidate(Frozen):
    """Somebody who can be asked: a member, or a route of its own, then without `member`.

    `price_usd` is stated USD per million tokens, three of the prompt to one of the answer; None is unknown,
    and local ones are free. `local` says that nothing leaves this machine.
    """

    name: str
    member: str = ""
    route: tuple[str, ...]
    tier: Tier | None = None
    local: bool = False
    price_usd: Decimal | None = None
    quality: Ratio | None = None
    latency_s: float | None = None


class Lineup:
    """All candidates in the order of the configuration, members first, and what their other names are."""

    def __init__(
        self,
        candidates: Sequence[Candidate],
        names: Mapping[str, str],
        local: Collection[str],
        routes: Collection[str] = (),
    ) -> None:
        self.candidates = tuple(candidates)
        self._by_name = {one.name: one for one in candidates}
        self._names = dict(names)
        self._local = frozenset(local)
        self._routes = frozenset(routes) | {hop for one in candidates for hop in one.route}

    def within(self, *, only_local: bool = False, down: Collection[str] = ()) -> "Lineup":
        """Return the line-up without routes that may not be used now; who has none left is not in it.

        With `only_local` it has local endpoints alone. What is `down` is left out unless all is.
        """
        usable = [
            _cut(one, lambda hop: not only_local or self.is_local(hop), local=only_local or one.local)
            for one in self.candidates
        ]
        kept = [one for one in usable if one.route]
        healthy = [one for one in (_cut(one, lambda hop: hop not in down) for one in kept) if one.route]
        return Lineup(healthy or kept, self._names, self._local, () if only_local else self._routes)

    def is_local(self, hop: str) -> bool:
        """Say whether a hop `provider:model id` of a route stays on this machine."""
        return hop.partition(":")[0] in self._local

    def named(self, name: str) -> Candidate | None:
        """Return who has this name by the configuration, or None."""
        return self._by_name.get(self._names.get(name, name))

    def best(self, name: str) -> Candidate:
        """Return who answers to a name that rules use; somebody always does.

        One that is not configured, or not to be had, is stood in for by tier, stated price, quality and
        latency; see `docs/routing.md`.

        Raises:
            Refused: there is nobody at all.
        """
        if not self.candidates:
            raise Refused("No language model takes part. Enable one under [[members]] in the configuration.")
        return self.named(name) or _STAND_INS.get(name, _balanced)(self.candidates)

    def preferred(self, text: str) -> Candidate:
        """Return whom a person means by a name, a part of one, or a route `provider:model id`.

        Raises:
            Unknown: nobody, or several; with what may have been meant.
        """
        wanted = text.strip().casefold()
        names = [*self._by_name, *(name for name in self._names if self.named(name))]
        for hop in self._routes:
            if hop.casefold() == wanted:
                owner = next((one for one in self.candidates if hop in one.route), None)
                if owner is None or owner.route[0] != hop:
                    return Candidate(
                        name=hop,
                        route=(hop,),
                        local=self.is_local(hop),
                        member=owner.member if owner else "",
                        tier=owner.tier if owner else None,
                    )
                return owner
        exact = [name for name in names if name.casefold() == wanted]
        if not exact and wanted in ROLES:
            return self.best(wanted)
        found = exact or [name for name in names if wanted and wanted in name.casefold()]
        chosen = {self._names.get(name, name) for name in found}
        if len(chosen) == 1:
            return self._by_name[chosen.pop()]
        raise _unknown(text, found or names, names)


def lineup_of(settings: Settings, enabled: Collection[str]) -> Lineup:
    """Return who can be asked by these settings; of the members those that are `enabled`."""
    providers = {provider.name: provider for provider in settings.providers if provider.enabled}
    local = {provider.name for provider in providers.values() if provider.local}
    candidates: list[Candidate] = []
    tiers = {model.member: model.tier for model in settings.routing.models if model.member and model.tier}
    for member in settings.members:
        if member.kind is not MemberKind.LLM or member.name not in enabled:
            continue
        stated = (member.price_in_usd_per_mtok, member.price_out_usd_per_mtok)
        tier = tiers.get(member.name) or member.tier
        candidates += _candidate(member.name, member.name, member.route, tier, providers, stated)
    names: dict[str, str] = {}
    for model in settings.routing.models:
        if model.member:
            names[model.name] = model.member
        else:
            candidates += _candidate(model.name, "", model.route, model.tier, providers)
    routes = [f"{one.name}:{model.id}" for one in providers.values() for model in one.models if model.enabled]
    return Lineup(candidates, names, local, routes)


def _candidate(
    name: str,
    member: str,
    route: Iterable[str],
    tier: Tier | None,
    providers: Mapping[str, Provider],
    stated: tuple[Decimal, Decimal] = (Decimal(0), Decimal(0)),
) -> list[Candidate]:
    hops = [hop for hop in route if _usable(hop, providers)]
    if not hops:
        return []
    provider, _, model_id = hops[0].partition(":")
    known = providers[provider].model(model_id)
    local = all(providers[hop.partition(":")[0]].local for hop in hops)
    price_in, price_out = known.price_in_usd_per_mtok, known.price_out_usd_per_mtok
    prices = (stated[0] if price_in is None else price_in, stated[1] if price_out is None else price_out)
    price = (prices[0] * _PROMPT_SHARE + prices[1]) / (_PROMPT_SHARE + 1) if any(prices) else None
    return [
        Candidate(
            name=name,
            member=member,
            route=tuple(hops),
            tier=tier or known.tier,
            local=local,
            price_usd=Decimal(0) if local else price,
            quality=known.quality,
            latency_s=known.latency_s,
        )
    ]


def _usable(hop: str, providers: Mapping[str, Provider]) -> bool:
    provider, _, model_id = hop.partition(":")
    return provider in providers and providers[provider].model(model_id).enabled


def _cut(one: Candidate, may: Callable[[str], bool], local: bool | None = None) -> Candidate:
    route = tuple(hop for hop in one.route if may(hop))
    return one.model_copy(update={"route": route, "local": one.local if local is None else local})


def _balanced(pool: Sequence[Candidate]) -> Candidate:
    """The first of the tier advanced; else the first that is neither premium nor fast; else the first."""
    between = [one for one in pool if one.tier not in {"premium", "fast"}]
    return next(iter([*_of_tier(pool, "advanced"), *between, *pool]))


def _specialised(pool: Sequence[Candidate]) -> Candidate:
    return next(iter(_of_tier(pool, "specialised")), None) or _balanced(pool)


def _premium(pool: Sequence[Candidate]) -> Candidate:
    """The best of the tier premium, else of all: by stated quality, then by stated price."""
    return max(
        _of_tier(pool, "premium") or pool,
        key=lambda one: (one.quality or Decimal(0), one.price_usd or Decimal(0)),
    )


def _fast(pool: Sequence[Candidate]) -> Candidate:
    """The quickest of the tier fast, else of those whose latency is stated; else the cheapest."""
    fast = _of_tier(pool, "fast") or [one for one in pool if one.latency_s is not None]
    return min(fast, key=lambda one: (one.latency_s is None, one.latency_s or 0)) if fast else _cheapest(pool)


def _cheapest(pool: Sequence[Candidate]) -> Candidate:
    """The one of the lowest stated price; those without one come last."""
    return min(pool, key=lambda one: (one.price_usd is None, one.price_usd or Decimal(0)))


def _local(pool: Sequence[Candidate]) -> Candidate:
    return _premium([one for one in pool if one.local] or [_cheapest(pool)])


def _of_tier(pool: Sequence[Candidate], tier: str) -> list[Candidate]:
    return [one for one in pool if one.tier == tier]


_STAND_INS: Mapping[str, Callable[[Sequence[Candidate]], Candidate]] = {
    "financial": _specialised,
    "quantitative": _specialised,
    "fast": _fast,
    "balanced": _balanced,
    "premium": _premium,
    "local": _local,
    "cheapest": _cheapest,
}


def _unknown(text: str, listed: Sequence[str], names: Sequence[str]) -> Unknown:
    said = f"“{text.strip()[:40]}”"
    meant = near(text, names) if list(listed) == list(names) else ()
    if meant:
        question = did_you_mean(meant)
        return Unknown(f"No model is called {said}. {question}", wrong=text.strip(), near=_typed(meant))
    what = "No model is called" if list(listed) == list(names) else "Several models match"
    shown = tuple(dict.fromkeys(listed))[:8]
    return Unknown(
        f"{what} {said}. Choose one of: {', '.join(shown) or 'none yet'}.",
        wrong=text.strip(),
        near=_typed(shown),
    )


def _typed(names: Iterable[str]) -> tuple[tuple[str, str], ...]:
    return tuple((name, name) for name in names)
