"""A replay: the committee goes through a stretch of the past, session by session, with books of its own."""

import hashlib
from datetime import date
from decimal import Decimal
from enum import StrEnum

from pydantic import model_validator

from core.domain.season import Season
from core.domain.stage import Preset
from core.domain.values import Frozen


class Every(StrEnum):
    """On which sessions a replay asks the committee: each one, or the last of each week."""

    SESSION = "session"
    WEEK = "week"


class ReplayPlan(Frozen):
    """What a replay does. Two replays with the same plan are the same replay.

    The committee is asked about each of `tickers` at the close of sessions from `first` to `last`.
    `config_hash` is that of the settings, so that a changed configuration is another replay.
    """

    first: date
    last: date
    tickers: tuple[str, ...]
    every: Every
    members: tuple[str, ...]
    preset: Preset
    config_hash: str

    @model_validator(mode="after")
    def _makes_sense(self) -> "ReplayPlan":
        if self.last < self.first:
            raise ValueError("the last day lies before the first")
        return self

    @property
    def season(self) -> Season:
        """The name of the season that this plan has unless it is given another."""
        digest = hashlib.sha256(self.model_dump_json().encode()).hexdigest()
        return Season(f"replay-{digest[:8]}")


class ReplayProgress(Frozen):
    """How far a replay is, after a session: sessions and runs done of all, and USD spent.

    `seconds_left` is None before there is a measure.
    """

    season: Season
    session: date | None
    sessions_done: int
    sessions: int
    runs_done: int
    runs: int
    cost_usd: Decimal
    seconds_left: float | None = None
