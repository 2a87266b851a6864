"""What core tells whoever measures: plain facts at the moment when they happen, and nothing that is kept.

Core knows no library of metrics. It calls these methods; `bot` turns them into whatever is watched.
"""

import logging
from collections.abc import Callable
from typing import Protocol

from core.domain.asking import Asked
from core.domain.calls import Call
from core.domain.events import RunEvent

_log = logging.getLogger(__name__)


class Measures(Protocol):
    """Hears facts. Each method returns at once, never raises, and keeps nothing that grows without bound.

    Names of members, providers, models and keys are those of the configuration, or what somebody else made
    of them: whoever counts by them bounds how many there are.
    """

    def told(self, event: RunEvent) -> None:
        """Hear an event of a run that this process works on; each once, whoever else listens to the run."""
        ...

    def called(self, call: Call) -> None:
        """Hear of a call to a model that has ended, or was answered from the cache (`from_cache`)."""
        ...

    def asked(self, answer: Asked) -> None:
        """Hear the answer of one routed model."""
        ...

    def retried(self, provider: str, model: str) -> None:
        """Hear that a call is sent once more after it failed."""
        ...

    def cooled(self, provider: str, key: str, seconds: float) -> None:
        """Hear that a key is left alone for so many seconds."""
        ...

    def broke(self, provider: str, model: str, state: str) -> None:
        """Hear of a circuit breaker that is now `closed`, `half_open` or `open`."""
        ...

    def looked_up(self, stage: str, *, hit: bool) -> None:
        """Hear whether the cache of answers had what a stage asked for."""
        ...

    def delivered(self, platform: str, *, late: bool) -> None:
        """Hear of a digest, or what else a chat subscribed to, that has arrived."""
        ...

    def undelivered(self, platform: str, kind: str) -> None:
        """Hear of a message that a platform did not take; `kind` is a word such as `gone` or `flooded`."""
        ...

    def transacted(self, kind: str, seconds: float) -> None:
        """Hear how long a transaction with the database took; `kind` is `read`, `write` or `ping`."""
        ...


class Relay:
    """Tells everything to each of those that were added, in their order. Without any it costs nothing.

    One that raises, against its promise, is logged and disturbs neither the others nor who tells.
    """

    def __init__(self) -> None:
        self._listeners: list[Measures] = []

    def add(self, listener: Measures) -> None:
        """Tell this one too from now on."""
        self._listeners.append(listener)

    def remove(self, listener: Measures) -> None:
        """Tell this one nothing more."""
        if listener in self._listeners:
            self._listeners.remove(listener)

    def told(self, event: RunEvent) -> None:
        """Pass it on, as all that follow."""
        self._each(lambda one: one.told(event))

    def called(self, call: Call) -> None:
        """Pass it on."""
        self._each(lambda one: one.called(call))

    def asked(self, answer: Asked) -> None:
        """Pass it on."""
        self._each(lambda one: one.asked(answer))

    def retried(self, provider: str, model: str) -> None:
        """Pass it on."""
        self._each(lambda one: one.retried(provider, model))

    def cooled(self, provider: str, key: str, seconds: float) -> None:
        """Pass it on."""
        self._each(lambda one: one.cooled(provider, key, seconds))

    def broke(self, provider: str, model: str, state: str) -> None:
        """Pass it on."""
        self._each(lambda one: one.broke(provider, model, state))

    def looked_up(self, stage: str, *, hit: bool) -> None:
        """Pass it on."""
        self._each(lambda one: one.looked_up(stage, hit=hit))

    def delivered(self, platform: str, *, late: bool) -> None:
        """Pass it on."""
        self._each(lambda one: one.delivered(platform, late=late))

    def undelivered(self, platform: str, kind: str) -> None:
        """Pass it on."""
        self._each(lambda one: one.undelivered(platform, kind))

    def transacted(self, kind: str, seconds: float) -> None:
        """Pass it on."""
        self._each(lambda one: one.transacted(kind, seconds))

    def _each(self, tell: Callable[[Measures], None]) -> None:
        for one in self._listeners:
            try:
                tell(one)
            except Exception:  # noqa: BLE001 - who measures must never stop what is measured
                _log.exception("a measure failed")
