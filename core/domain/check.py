"""What an inspection of the installation found, one line a part."""

from typing import Literal

from core.domain.values import Frozen


class Check(Frozen):
    """One inspected part: `off` means that it is not configured, which is no failure.

    `detail` is what was seen, without secrets; `mend` says what to do about a failure.
    """

    name: str
    state: Literal["ok", "failed", "off"]
    detail: str
    mend: str | None = None
