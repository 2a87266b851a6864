"""What a person is told about the subscriptions of a chat."""

from datetime import datetime
from decimal import Decimal

from core.domain.stage import Preset
from core.domain.subscription import ChatTerms, Slot, Subscription
from core.domain.values import Frozen


class Estimate(Frozen):
    """What a subscription to verdicts may cost.

    `models` is how many of the members ask models; with none it costs nothing. `usd_a_day` is in USD, the
    mean over the coming four weeks, and None where nobody can know it yet. `has_run` says whether a run
    with its preset has finished.
    """

    models: int
    usd_a_day: Decimal | None = None
    has_run: bool = False


class Listed(Frozen):
    """A subscription as it is shown.

    `line` is how a person would write it, `when` its times in words, None for what comes when it happens.
    `zone` is the time zone of the chat, and `slot` its next time, None while it is paused.
    """

    subscription: Subscription
    line: str
    when: str | None
    zone: str
    slot: Slot | None = None


class Subscribed(Frozen):
    """What has come of a wish; `estimate` is there for verdicts, which cost money."""

    listed: Listed
    estimate: Estimate | None = None


class TermsShown(Frozen):
    """The terms of a chat, its time zone and preset (its own or the arena's), and the present moment."""

    terms: ChatTerms
    zone: str
    preset: Preset
    now: datetime
