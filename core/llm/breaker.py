"""Whether a route (a model of a provider) works: what its last calls have shown, and when it is left alone.

A route is closed (used), open (left alone), or half-open: its time is over, and one call tries it while the
others go elsewhere, or wait for what it finds where they have nowhere else to go. Only failures that tell of
the route count: no connection, a server's error, no answer in time, junk in place of an answer. A key that is
told to slow down or a request that is wrong says nothing of it.
"""

import asyncio
import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from core.clock import Clock
from core.config.settings import HealthSettings
from core.domain.errors import JunkAnswer, ModelFailure, ModelServerFailed, ModelTimeout, RouteDown
from core.domain.provider_health import Condition, RouteHealth, RouteState
from core.llm.notes import Notes

LONGEST_OPEN_S = 900.0
SAMPLES = 200
ENOUGH_SAMPLES = 20
"""Below so many answers nothing is said of how long one takes."""
_MOST_KEPT = 1000
_DEGRADED_SHARE = 0.1
_FEW = 5
_TWICE = 2


def tells_of_route(failure: ModelFailure) -> bool:
    """Say whether a failure is the route's, and not the key's, the request's or the budget's."""
    return isinstance(failure, ModelServerFailed | ModelTimeout | JunkAnswer)


def _nobody(provider: str, model: str, state: str) -> None:
    """Tell nobody of a breaker that has changed."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """The leave to make one call, begun at this monotonic time; `probe` is the one that tries a route."""

    began: float
    probe: bool = False


class _Window:
    """When the last calls ended and whether well, at most so many; how many failed is counted on the way."""

    def __init__(self) -> None:
        self.failures = 0
        self._calls: deque[tuple[float, bool]] = deque()

    def __len__(self) -> int:
        return len(self._calls)

    def add(self, at: float, *, good: bool) -> None:
        self._calls.append((at, good))
        self.failures += not good
        if len(self._calls) > _MOST_KEPT:
            self._drop()

    def prune(self, oldest: float) -> None:
        """Drop all that ended before `oldest`."""
        while self._calls and self._calls[0][0] < oldest:
            self._drop()

    def first_failure(self) -> float:
        """Return when the first of the failures was, of which there must be one."""
        return next(at for at, good in self._calls if not good)

    def clear(self) -> None:
        self._calls.clear()
        self.failures = 0

    def _drop(self) -> None:
        _, good = self._calls.popleft()
        self.failures -= not good


class Breaker:
    """The breaker of one route. `clock_text` shows a moment to people; `broke` hears of each new state."""

    def __init__(
        self,
        provider: str,
        model: str,
        settings: HealthSettings,
        notes: Notes,
        clock: Clock,
        clock_text: Callable[[datetime], str] = lambda at: f"{at:%H:%M} UTC",
        *,
        broke: Callable[[str, str, str], None] = _nobody,
    ) -> None:
        self.provider = provider
        self.model = model
        self._settings = settings
        self._notes = notes
        self._clock = clock
        self._clock_text = clock_text
        self._broke = broke
        self._told = ""
        self._window = _Window()
        self._latencies: deque[int] = deque(maxlen=SAMPLES)
        self._in_a_row = 0
        self._row_began = 0.0
        self._reason = ""
        self._open_since: datetime | None = None
        self._until: datetime | None = None
        self._reopened = 0
        self._probing: asyncio.Event | None = None
        self._noted_at: datetime | None = None
        self._condition: Condition | None = None
        self._condition_since: datetime | None = None

    @property
    def state(self) -> Literal["closed", "open", "half_open"]:
        """Where the breaker stands now."""
        self._adopt()
        if self._open_since is None:
            return "closed"
        return "half_open" if self._probing is not None or self._is_over() else "open"

    async def admit(self, *, patient: bool) -> Ticket:
        """Give leave to call. `patient`: wait for the call that tries the route, instead of failing at once.

        Raises:
            RouteDown: the route is left alone now.
        """
        await self._notes.refresh()
        self._adopt()
        while self._open_since is not None:
            if self._probing is None and self._is_over():
                return self._probe()
            if self._probing is None or not patient:
                raise self.refusal()
            await self._probing.wait()
        return Ticket(self._clock.monotonic())

    def force(self) -> Ticket:
        """Give leave to call whatever the state is: somebody wants to know."""
        self._adopt()
        if self._open_since is None or self._probing is not None:
            return Ticket(self._clock.monotonic())
        return self._probe()

    def refusal(self) -> RouteDown:
        """Return the failure of a call that is not made."""
        since = self._clock_text(self._open_since or self._clock.now())
        return RouteDown(f"{self.provider}:{self.model} has been down since {since}: {self._bare_reason()}")

    def answered(self, ticket: Ticket, latency_ms: int | None = None) -> None:
        """Count a call that a model has answered, well or badly."""
        slow_s = self._settings.slow_s
        slow = slow_s is not None and latency_ms is not None and latency_ms > slow_s * 1000
        self._window.add(self._clock.monotonic(), good=not slow)
        if latency_ms is not None:
            self._latencies.append(latency_ms)
        self._in_a_row = 0
        if self._open_since is not None and (ticket.probe or self._probing is None):
            self._close()
        self.let_go(ticket)
        if slow and self._open_since is None:
            self._reason = f"answers take longer than {slow_s:g} s"
            self._open_if_many()
        self._look()

    def failed(self, ticket: Ticket, reason: str) -> None:
        """Count a call that failed because of the route."""
        now = self._clock.monotonic()
        self._window.add(now, good=False)
        self._reason = reason
        if not self._in_a_row:
            self._row_began = ticket.began
        self._in_a_row += 1
        if self._open_since is not None:
            if ticket.probe:
                self._reopened += 1
                self._open()
        elif self._in_a_row >= self._settings.failures and now - self._row_began >= self._settings.failing_s:
            self._open()
        else:
            self._open_if_many()
        self.let_go(ticket)
        self._look()

    def abandoned(self, ticket: Ticket, waited_ms: int) -> None:
        """End a call that lost against a quicker one; what it would have taken is longer than `waited_ms`.

        Without the slow ones the usual time would shrink with each that is given up, and more and more calls
        would be sent twice. One that was given up before the usual time says nothing of it.
        """
        usual_s = self.p95_s()
        if usual_s is not None and waited_ms >= usual_s * 1000:
            self._latencies.append(waited_ms)
        self.let_go(ticket)

    def let_go(self, ticket: Ticket) -> None:
        """End a call that says nothing of the route; of one that tried it, the next may try."""
        if ticket.probe and self._probing is not None:
            self._probing.set()
            self._probing = None
            self._tell()

    def p95_s(self) -> float | None:
        """Return how many seconds 19 of 20 answers took at most; None before there are 20."""
        if len(self._latencies) < ENOUGH_SAMPLES:
            return None
        return _quantile(sorted(self._latencies), 0.95) / 1000

    def health(self, members: tuple[str, ...] = ()) -> RouteHealth:
        """Return how the route is."""
        self._adopt()
        self._look()
        self._prune()
        latencies = sorted(self._latencies)
        troubled = self._condition in {Condition.DEGRADED, Condition.DOWN}
        return RouteHealth(
            model=self.model,
            condition=self._condition or Condition.HEALTHY,
            since=self._condition_since,
            until=self._until if self._open_since else None,
            reason=self._bare_reason() if troubled else "",
            breaker=self.state,
            calls=len(self._window),
            failures=self._window.failures,
            p50_ms=round(_quantile(latencies, 0.5)) if latencies else None,
            p95_ms=round(_quantile(latencies, 0.95)) if latencies else None,
            members=members,
        )

    def _probe(self) -> Ticket:
        self._probing = asyncio.Event()
        self._tell()
        return Ticket(self._clock.monotonic(), probe=True)

    def _tell(self) -> None:
        opened = "open" if self._probing is None else "half_open"
        state = "closed" if self._open_since is None else opened
        if state != self._told:
            self._told = state
            self._broke(self.provider, self.model, state)

    def _is_over(self) -> bool:
        return self._until is None or self._clock.now() >= self._until

    def _open_if_many(self) -> None:
        self._prune()
        calls, bad = len(self._window), self._window.failures
        many = calls >= self._settings.min_calls and bad >= calls * self._settings.failure_share
        # Many at one moment are one hiccup; retries get over it.
        if many and self._clock.monotonic() - self._window.first_failure() >= self._settings.failing_s:
            self._open()

    def _open(self) -> None:
        now = self._clock.now()
        self._open_since = self._open_since or now
        open_s = min(self._settings.open_s * 2.0 ** min(self._reopened, 20), LONGEST_OPEN_S)
        self._until = now + timedelta(seconds=max(open_s, self._settings.open_s))
        self._note(down=True, since=self._open_since, until=self._until)

    def _close(self) -> None:
        was_down_since = self._open_since
        self._shut()
        self._note(down=False, since=self._clock.now(), was_down_since=was_down_since)

    def _shut(self) -> None:
        self._open_since = self._until = None
        self._reopened = self._in_a_row = 0
        self._window.clear()

    def _note(
        self,
        *,
        down: bool,
        since: datetime,
        until: datetime | None = None,
        was_down_since: datetime | None = None,
    ) -> None:
        now = self._clock.now()
        self._noted_at = now
        self._notes.put_route(
            RouteState(
                provider=self.provider,
                model=self.model,
                down=down,
                since=since,
                until=until,
                was_down_since=was_down_since,
                reason=self._bare_reason(),
                at=now,
            )
        )

    def _adopt(self) -> None:
        """Take over what another process, or this one before a restart, has noted last."""
        note = self._notes.routes.get((self.provider, self.model))
        if note is None or (self._noted_at is not None and note.at <= self._noted_at):
            return
        self._noted_at = note.at
        if note.down:
            self._open_since, self._until, self._reason = note.since, note.until, note.reason
        elif self._open_since is not None:
            self._shut()
        self._look()

    def _look(self) -> None:
        """Notice when the condition changes."""
        self._tell()
        condition = self._now()
        if condition is not self._condition:
            self._condition = condition
            down = condition is Condition.DOWN
            self._condition_since = self._open_since if down else self._clock.now()

    def _now(self) -> Condition | None:
        if self._open_since is not None:
            return Condition.DOWN
        if not self._window:
            return self._condition if self._condition is Condition.HEALTHY else self._unknown()
        many = len(self._window) >= _FEW and self._window.failures >= len(self._window) * _DEGRADED_SHARE
        return Condition.DEGRADED if many or self._in_a_row >= _TWICE else Condition.HEALTHY

    def _unknown(self) -> Condition | None:
        """Nothing was asked lately: what was wrong before may be over."""
        return None if self._condition is None else Condition.HEALTHY

    def _prune(self) -> None:
        self._window.prune(self._clock.monotonic() - self._settings.window_s)

    def _bare_reason(self) -> str:
        return self._reason.removeprefix(f"{self.provider}:{self.model} ") or "its calls failed"


def _quantile(ordered: list[int], share: float) -> float:
    """Return the smallest value that at least this share of the values do not exceed."""
    return float(ordered[max(math.ceil(share * len(ordered)) - 1, 0)])
