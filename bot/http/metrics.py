"""What Prometheus reads: counters and histograms of this process, in a registry of its own.

Labels have a bounded number of values: names come from the configuration, kinds from our own lists, and
whatever else turns up counts as `other`. Ids, tickers, chats and persons are no labels.
"""

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from itertools import product

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.metrics_core import Metric

from core.config import Settings
from core.domain.asking import Asked
from core.domain.ballot import Abstention, AbstentionKind, Action, Ballot, MemberResult
from core.domain.books import Standing
from core.domain.calls import Call, CallOutcome
from core.domain.events import MemberFinished, RunEnded, RunEvent, RunStarted
from core.domain.member import FOLLOWERS
from core.domain.run import RunRecord
from core.domain.stage import Preset, Stage

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
OTHER = "other"
ABSTAINED = "abstained"
STATES = {"closed": 0, "half_open": 1, "open": 2}
FAILURES = ("gone", "flooded", "failed", "unsure")
PLATFORMS = ("telegram", "slack", "terminal")
MOST_RULES = 50
_CALL_S = (0.25, 0.5, 1, 2, 4, 8, 15, 30, 60, 120, 300)
_RUN_S = (1, 2, 5, 10, 20, 40, 80, 160, 320, 640, 1280)
_SHORT_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_CONFIDENCE = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)


class Names:
    """The values that a label may have; of others the first `more` are taken too, the rest are `other`."""

    def __init__(self, known: Iterable[str], *, more: int = 0) -> None:
        self._known = set(known)
        self._more = more

    @property
    def known(self) -> frozenset[str]:
        """All of them but `other`, as far as they are known yet."""
        return frozenset(self._known)

    def of(self, name: str) -> str:
        """Return the name itself, or `other`."""
        if name in self._known:
            return name
        if self._more and name:
            self._more -= 1
            self._known.add(name)
            return name
        return OTHER


class _OwnRegistry(CollectorRegistry):
    """A registry that says of no counter when it was created: that doubles the series and nobody reads it."""

    def collect(self) -> Iterator[Metric]:
        for metric in super().collect():
            metric.samples = [one for one in metric.samples if not one.name.endswith("_created")]
            yield metric


class Metrics:
    """Counts what core tells; a `core.domain.measures.Measures`."""

    def __init__(self, settings: Settings) -> None:
        registry = self.registry = _OwnRegistry(auto_describe=False)
        routes = {hop for member in settings.members for hop in member.hops}
        routes |= {hop for model in settings.routing.models for hop in model.route}
        stated = {f"{one.name}:{model.id}" for one in settings.providers for model in one.models}
        self._members = Names([*(member.name for member in settings.members), *FOLLOWERS])
        self._providers = Names(provider.name for provider in settings.providers)
        self._models = Names(hop.partition(":")[2] for hop in routes | stated)
        self._keys = Names(key.name for provider in settings.providers for key in provider.keys)
        self._routed = Names([*(member.name for member in settings.members), *routes, *stated])
        self._rules = Names((rule.name for rule in settings.routing.rules), more=MOST_RULES)
        self._platforms = Names(PLATFORMS)
        self._failures = Names(FAILURES)
        self._stages = Names([*Stage, "none"])
        self._runs(registry)
        self._calls(registry)
        self._service(registry)
        self._begin(settings, routes)

    def _runs(self, registry: CollectorRegistry) -> None:
        self.runs_started = Counter(
            "conclave_runs_started",
            "Runs on which this process began to work.",
            ["preset"],
            registry=registry,
        )
        self.runs_finished = Counter(
            "conclave_runs_finished", "Runs that ended here, by verdict.", ["decision"], registry=registry
        )
        self.run_seconds = Histogram(
            "conclave_run_seconds",
            "From the start of a run to its verdict.",
            ["preset"],
            buckets=_RUN_S,
            registry=registry,
        )
        self.ballots = Counter(
            "conclave_member_decisions", "What members decided.", ["member", "action"], registry=registry
        )
        self.abstentions = Counter(
            "conclave_member_abstentions",
            "Why members cast no ballot.",
            ["member", "kind"],
            registry=registry,
        )
        self.confidence = Histogram(
            "conclave_member_confidence",
            "The confidence of ballots, 0 to 1.",
            ["member"],
            buckets=_CONFIDENCE,
            registry=registry,
        )
        self.member_seconds = Histogram(
            "conclave_member_seconds",
            "A member's whole way to its ballot.",
            ["member"],
            buckets=_RUN_S,
            registry=registry,
        )
        self.member_tokens = Counter(
            "conclave_member_tokens", "Tokens of a member's ballots.", ["member"], registry=registry
        )
        self.member_cost = Counter(
            "conclave_member_cost_usd", "Cost of a member's ballots in USD.", ["member"], registry=registry
        )

    def _calls(self, registry: CollectorRegistry) -> None:
        model = ["provider", "model"]
        self.calls = Counter(
            "conclave_calls", "Calls to models, by how they ended.", [*model, "outcome"], registry=registry
        )
        self.call_seconds = Histogram(
            "conclave_call_seconds",
            "Calls to models that were answered.",
            [*model, "stage"],
            buckets=_CALL_S,
            registry=registry,
        )
        self.call_tokens = Counter(
            "conclave_call_tokens", "Tokens of calls.", [*model, "kind"], registry=registry
        )
        self.call_cost = Counter("conclave_call_cost_usd", "Cost of calls in USD.", model, registry=registry)
        self.retries = Counter("conclave_retries", "Calls that were sent again.", model, registry=registry)
        self.cooldowns = Counter(
            "conclave_key_cooldowns",
            "How often a key was left alone.",
            ["provider", "key"],
            registry=registry,
        )
        self.cooldown_seconds = Counter(
            "conclave_key_cooldown_seconds",
            "For how long keys were left alone.",
            ["provider", "key"],
            registry=registry,
        )
        self.breaker = Gauge(
            "conclave_breaker_state", "0 closed, 1 half-open, 2 open.", model, registry=registry
        )
        self.lookups = Counter(
            "conclave_cache_lookups", "Questions to the cache.", ["stage", "result"], registry=registry
        )
        self.routed = Counter(
            "conclave_routed", "Questions by the model chosen, and why.", ["model", "rule"], registry=registry
        )
        self.routed_confidence = Histogram(
            "conclave_routed_confidence",
            "The confidence of answers to single questions, 0 to 1.",
            ["model"],
            buckets=_CONFIDENCE,
            registry=registry,
        )
        self.disagreed = Counter(
            "conclave_routed_disagreed", "Questions on which a second model disagreed.", registry=registry
        )

    def _service(self, registry: CollectorRegistry) -> None:
        def gauge(name: str, text: str, labels: Collection[str] = ()) -> Gauge:
            return Gauge(name, text, labels, registry=registry)

        self.store_up = gauge("conclave_store_up", "1 if the database answered for this reading, else 0.")
        self.in_flight = gauge("conclave_runs_in_flight", "Runs that go on, in all processes.")
        self.readers = gauge("conclave_http_readers", "Who follows a run as a stream of events, here.")
        self.deciding = gauge("conclave_http_questions", "Single questions being answered, here.")
        self.due = gauge("conclave_queue_depth", "Slots of subscriptions that are due.")
        self.late = gauge("conclave_queue_late", "Slots that are due for more than two minutes.")
        self.lag = gauge("conclave_queue_lag_seconds", "For how long the oldest slot has been due.")
        self.shut = gauge("conclave_chats_shut", "Chats in which nothing may be posted.")
        self.connected = gauge("conclave_platform_connected", "1 if a platform is connected.", ["platform"])
        self.budget_left = gauge("conclave_budget_left_usd", "What is left of today's budget.", ["scope"])
        self.budget_limit = gauge("conclave_budget_limit_usd", "Today's budget.", ["scope"])
        self.values = gauge(
            "conclave_member_value_usd", "What a portfolio of the leaderboard is worth.", ["member"]
        )
        self.returns = gauge("conclave_member_return", "Its return, as a fraction.", ["member"])
        self.deliveries = Counter(
            "conclave_deliveries",
            "What chats subscribed to and got.",
            ["platform", "late"],
            registry=registry,
        )
        self.delivery_failures = Counter(
            "conclave_delivery_failures", "What was not taken.", ["platform", "kind"], registry=registry
        )
        self.database_seconds = Histogram(
            "conclave_database_seconds",
            "Transactions with the database, with what they waited for.",
            ["kind"],
            buckets=_SHORT_S,
            registry=registry,
        )
        self.requests = Counter(
            "conclave_http_requests", "Answers by path.", ["path", "method", "status"], registry=registry
        )
        self.request_seconds = Histogram(
            "conclave_http_request_seconds", "Answers.", ["path"], buckets=_SHORT_S, registry=registry
        )

    def _begin(self, settings: Settings, routes: Iterable[str]) -> None:
        """Show as 0 what can be counted: Prometheus sees no gain in a counter that appears with its first.

        Runs and questions are rare, and the first is as good as any other. Stages of calls are left out, and
        questions that no rule decided; there would be too many.
        """
        members = sorted(self._members.known)
        hops = [tuple(hop.partition(":")[::2]) for hop in sorted(routes)]
        keys = [(one.name, key.name) for one in settings.providers for key in one.keys]
        chosen = sorted({one.member or one.route[0] for one in settings.routing.models})
        single: list[tuple[Counter | Histogram, Iterable[str]]] = [
            (self.runs_started, Preset),
            (self.runs_finished, (*Action, "none")),
            (self.run_seconds, Preset),
            (self.confidence, members),
            (self.member_seconds, members),
            (self.routed_confidence, chosen),
            (self.member_tokens, members),
            (self.member_cost, members),
        ]
        several = [
            (self.ballots, product(members, (*Action, ABSTAINED))),
            (self.abstentions, product(members, AbstentionKind)),
            (self.retries, hops),
            (self.call_cost, hops),
            (self.routed, product(chosen, sorted(self._rules.known))),
            (self.calls, ((*hop, outcome) for hop, outcome in product(hops, CallOutcome))),
            (self.lookups, product(sorted(self._stages.known), ("hit", "miss"))),
            (self.cooldowns, keys),
            (self.cooldown_seconds, keys),
            (self.deliveries, product(PLATFORMS, ("true", "false"))),
            (self.delivery_failures, product(PLATFORMS, FAILURES)),
        ]
        for metric, names in single:
            for name in names:
                metric.labels(name)
        for counter, rows in several:
            for row in rows:
                counter.labels(*row)

    def ranked(self, standings: Iterable[Standing]) -> None:
        """Show what portfolios are worth; one that cannot be priced has no value, and not that of before."""
        self.values.clear()
        self.returns.clear()
        for one in standings:
            member = self._members.of(one.member)
            if member == OTHER:
                continue  # many could be it, and their values cannot be added
            if one.value_usd is not None:
                self.values.labels(member).set(float(one.value_usd))
            if one.return_ratio is not None:
                self.returns.labels(member).set(float(one.return_ratio))

    def text(self) -> bytes:
        """Return everything in Prometheus' text form."""
        return generate_latest(self.registry)

    def told(self, event: RunEvent) -> None:
        """Count the beginning and the end of runs, and every member's result."""
        match event:
            case RunStarted() if not event.resumed:
                self.runs_started.labels(event.record.preset.value).inc()
            case MemberFinished():
                self._finished(event.result)
            case RunEnded():
                self._ended(event.record, event.record.finished_at)
            case _:
                return

    def _ended(self, record: RunRecord, finished_at: datetime | None) -> None:
        verdict = record.verdict
        decision = verdict.decision.value if verdict and verdict.decision else "none"
        self.runs_finished.labels(decision).inc()
        if finished_at is not None:
            seconds = (finished_at - record.started_at).total_seconds()
            self.run_seconds.labels(record.preset.value).observe(max(seconds, 0.0))

    def _finished(self, result: MemberResult) -> None:
        member = self._members.of(result.member)
        match result:
            case Ballot():
                self.ballots.labels(member, result.action.value).inc()
                self.confidence.labels(member).observe(float(result.confidence))
            case Abstention():
                self.ballots.labels(member, ABSTAINED).inc()
                self.abstentions.labels(member, result.kind.value).inc()
        self.member_seconds.labels(member).observe(result.latency_ms / 1000)
        self.member_tokens.labels(member).inc(result.spend.tokens)
        self.member_cost.labels(member).inc(float(result.spend.cost_usd))

    def called(self, call: Call) -> None:
        """Count a call; one from the cache is a look-up alone, which `looked_up` tells."""
        if call.from_cache:
            return
        names = self._providers.of(call.provider), self._models.of(call.model)
        self.calls.labels(*names, call.outcome.value).inc()
        if call.outcome is CallOutcome.ANSWERED:  # refusals come at once and would flatter the rest
            stage = self._stages.of(call.stage or "none")
            self.call_seconds.labels(*names, stage).observe(call.latency_ms / 1000)
        spend = call.spend
        for kind, tokens in (
            ("prompt", spend.prompt_tokens),
            ("completion", spend.completion_tokens),
            ("cached", spend.cached_tokens),
            ("reasoning", spend.reasoning_tokens),
        ):
            self.call_tokens.labels(*names, kind).inc(tokens)
        self.call_cost.labels(*names).inc(float(spend.cost_usd))

    def asked(self, answer: Asked) -> None:
        """Count which model was chosen, by which rule, and how sure it was."""
        routed = answer.routed
        model = self._routed.of(routed.member or (routed.route[0] if routed.route else ""))
        self.routed.labels(model, self._rules.of(routed.rule)).inc()
        if isinstance(answer.result, Ballot):
            self.routed_confidence.labels(model).observe(float(answer.result.confidence))
        if answer.disagreed:
            self.disagreed.inc()

    def retried(self, provider: str, model: str) -> None:
        """Count a repeated call."""
        self.retries.labels(self._providers.of(provider), self._models.of(model)).inc()

    def cooled(self, provider: str, key: str, seconds: float) -> None:
        """Count that a key is left alone."""
        names = self._providers.of(provider), self._keys.of(key)
        self.cooldowns.labels(*names).inc()
        self.cooldown_seconds.labels(*names).inc(max(seconds, 0.0))

    def broke(self, provider: str, model: str, state: str) -> None:
        """Show how a breaker is now."""
        gauge = self.breaker.labels(self._providers.of(provider), self._models.of(model))
        gauge.set(STATES.get(state, STATES["open"]))

    def looked_up(self, stage: str, *, hit: bool) -> None:
        """Count a look into the cache of answers."""
        self.lookups.labels(self._stages.of(stage or "none"), "hit" if hit else "miss").inc()

    def delivered(self, platform: str, *, late: bool) -> None:
        """Count what has arrived in a chat."""
        self.deliveries.labels(self._platforms.of(platform), "true" if late else "false").inc()

    def undelivered(self, platform: str, kind: str) -> None:
        """Count what a platform did not take."""
        self.delivery_failures.labels(self._platforms.of(platform), self._failures.of(kind)).inc()

    def transacted(self, kind: str, seconds: float) -> None:
        """Note how long the database took."""
        self.database_seconds.labels(kind).observe(max(seconds, 0.0))

    def answered(self, path: str, method: str, status: int, seconds: float) -> None:
        """Count an answer of the HTTP interface; `path` is as it was registered, with its placeholders."""
        self.requests.labels(path, method, str(status)).inc()
        self.request_seconds.labels(path).observe(max(seconds, 0.0))
