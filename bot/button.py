"""A button, which many cards have."""

from core.domain.values import Frozen


class Button(Frozen):
    """A button: what it says, and the short data it sends (`bot.buttons`), at most 64 bytes."""

    label: str
    data: str
