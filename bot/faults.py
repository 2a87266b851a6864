"""What a person sees of an error: one sentence, and for a bug a reference to find it in the log."""

import logging

from bot.cards import Notice
from bot.offers import alternatives
from bot.present.numbers import retold
from core.domain.errors import ConclaveError, Refused
from core.domain.ids import new_id

_log = logging.getLogger(__name__)


def notice_of(error: Exception, doing: str, text: str = "") -> Notice:
    """Return what to tell about `error`; call it while handling that error.

    A `ConclaveError` is told in its own words. Anything else is a bug: its traceback goes to the log under
    a short reference, and only that reference is told. `doing` says in the log what was being done. `text`
    is the command that failed: where the error knows what may have been meant, buttons send it like that.
    """
    if isinstance(error, Refused):
        return Notice(text=retold(str(error)), tone="warning", buttons=alternatives(error, text))
    if isinstance(error, ConclaveError):
        _log.warning("%s: %s", doing, error)
        return Notice(text=retold(str(error)), tone="error", buttons=alternatives(error, text))
    reference = new_id(6)
    _log.error("%s failed (reference %s)", doing, reference, exc_info=error)
    return Notice(
        text=f"Something went wrong here. Ask the admin to look for {reference} in the log.",
        tone="error",
        reference=reference,
    )
