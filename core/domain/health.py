"""How the service is: what is due next, what became of the last, and how far behind it is."""

from datetime import date

from pydantic import AwareDatetime

from core.domain.chat import KnownChat
from core.domain.provider_health import ProviderHealth
from core.domain.subscription import Due
from core.domain.values import Frozen


class Health(Frozen):
    """The state of the arena at `at`.

    `upcoming` are the next slots that are due, the soonest first, and `ended` the last that ended, the newest
    first. `lag_s` is for how many seconds the oldest slot that nobody has taken up is overdue. `runs` is how
    many runs go on, and `session` the last one through which the books of the season were carried. `shut`
    are the chats in which nothing may be posted. `providers` is how the process that answers finds them.
    """

    at: AwareDatetime
    runs: int
    session: date | None
    upcoming: tuple[Due, ...]
    ended: tuple[Due, ...]
    lag_s: float
    shut: tuple[KnownChat, ...] = ()
    providers: tuple[ProviderHealth, ...] = ()
