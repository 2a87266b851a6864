"""What a chat is told at once, because waiting for a digest would be too late."""

from decimal import Decimal
from enum import StrEnum
from typing import Literal

from pydantic import AwareDatetime

from core.domain.ballot import Action
from core.domain.season import Season
from core.domain.values import Frozen


class AlertKind(StrEnum):
    """What has happened. `season`: it has ended, and its final table is there.

    `key`: one is out; this is an admin's concern, and told in chats that an admin has subscribed to alerts.
    `route`: it is down, or back.
    """

    STOP = "stop"
    TAKE_PROFIT = "take_profit"
    FLIP = "flip"
    MODEL_DOWN = "model_down"
    BUDGET = "budget"
    SEASON = "season"
    KEY = "key"
    ROUTE = "route"


class Alert(Frozen):
    """One event. `key` names it for ever, so that it is told once whoever notices it, and however often.

    `members` are whose levels were hit, who hold the ticker of a flip, or the model that is down. `price` is
    in USD a share, at which a level closed the holding. A flip is from verdict `before` to `after`.
    `percent` of `limit_usd` is what a budget has spent: 80 or 100. `reason` is why a model is down, or whose
    budget it is. `chat` is the only chat that it concerns, None where it concerns all. `subject` is the key
    or the route that it is about, `happened` what became of it, and `since` when a route that is back went
    down.
    """

    key: str
    kind: AlertKind
    at: AwareDatetime
    season: Season | None = None
    members: tuple[str, ...] = ()
    ticker: str | None = None
    run_id: str | None = None
    price: Decimal | None = None
    before: Action | None = None
    after: Action | None = None
    percent: int | None = None
    limit_usd: Decimal | None = None
    reason: str | None = None
    subject: str | None = None
    happened: Literal["refused", "no_credit", "down", "back"] | None = None
    since: AwareDatetime | None = None
    chat: str | None = None
