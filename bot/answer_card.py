"""The card of what one model answers."""

from bot.button import Button
from core.domain.ballot import Action
from core.domain.values import Frozen


class AnswerCard(Frozen):
    """What one model says about an instrument. `headline` is the decision, or "No answer".

    `model` says who answered, and `why` in a sentence why it was chosen. `facts` are label and value pairs.
    `body` is its reasoning, or why there is none, `notes` what was cut, confirmed or contradicted, a sentence
    each. `buttons` open all that it wrote, and ask the whole committee.
    """

    ticker: str
    headline: str
    decision: Action | None
    subtitle: str
    model: str
    why: str
    facts: tuple[tuple[str, str], ...]
    body: str
    notes: tuple[str, ...] = ()
    footer: str
    caveat: str | None = None
    buttons: tuple[Button, ...] = ()
