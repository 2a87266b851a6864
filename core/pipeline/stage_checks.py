"""What is checked of a stage once a model has written it; what is found stands on the stage as marks."""

import logging
from collections.abc import Iterable, Iterator
from decimal import Decimal, InvalidOperation
from functools import cached_property
from typing import Any

from core.domain.stage import Stage, StageRecord
from core.pipeline.author import Draft, View
from core.pipeline.claims import Claims
from core.pipeline.facts import briefing_text

UNANSWERED = "gives no answer to the strongest objection"
_LEVELS = ("target_weight", "stop_loss", "take_profit", "confidence")

log = logging.getLogger(__name__)


class StageChecks:
    """Checks the stages of one member in one run. Made ready with the first stage that a model wrote."""

    def __init__(self, view: View) -> None:
        self._view = view

    def marks(self, stage: Stage, draft: Draft, done: Iterable[StageRecord]) -> tuple[str, ...]:
        """Return the marks of a stage; `done` are the member's stages before it.

        A rule computes its figures from the evidence, so what no model wrote is not checked.
        """
        if draft.served_by is None:
            return ()
        answers = [draft.answer, *(record.answer for record in done)]
        found = self._claims.check([draft.output, *draft.key_points], _levels(answers))
        if found.unknown:
            log.debug("%s: %d numbers are not in the evidence", stage, found.unknown)
        unanswered = stage is Stage.DECISION and not draft.answer.get("answer_to_objection")
        return (*found.marks, *([UNANSWERED] if unanswered else []))

    @cached_property
    def _claims(self) -> Claims:
        view = self._view
        books = briefing_text(view.briefing, view.evidence.ticker, view.terms)
        return Claims(view.evidence, [view.facts.text, books])


def _levels(answers: Iterable[dict[str, Any]]) -> Iterator[Decimal]:
    """Tell the levels, weights and confidences in answers as they are stored."""
    for answer in answers:
        for name in _LEVELS:
            try:
                value = Decimal(str(answer.get(name)))
            except InvalidOperation:
                continue
            if value.is_finite():
                yield value
