"""What `conclave check` found."""

from typing import Literal

from core.domain.values import Frozen


class Check(Frozen):
    """One configured thing, whether it works, and how to mend it if not. `off`: not configured, or unused."""

    name: str
    state: Literal["ok", "failed", "off"]
    detail: str
    mend: str | None = None
