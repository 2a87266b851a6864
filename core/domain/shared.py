"""A page of reasoning that somebody has shared with a chat."""

from typing import NamedTuple


class Shared(NamedTuple):
    """Who has shared a page, and in which message it stands; None while it is on its way."""

    person: str
    message: str | None
