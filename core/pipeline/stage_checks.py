"""What is checked of a stage once a model has written it; what is found stands on the stage as marks."""

import logging
from collections.abc import Iterable, Iterator
from decimal import Decimal, InvalidOperation
from functools import cached_property
from typing import Any
from weakref import WeakKeyDictionary

from core.domain.stage import Stage, StageRecord
from core.pipeline.author import Draft, View
from core.pipeline.claim_numbers import values_of
from core.pipeline.claims import Claims
from core.pipeline.facts import Facts, briefing_text
from core.pipeline.memory_text import memory_text

UNANSWERED = "gives no answer to the strongest objection"
_LEVELS = ("target_weight", "stop_loss", "take_profit", "confidence")

log = logging.getLogger(__name__)


class StageChecks:
    """Checks the stages of one member in one run."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._prepared = False

    def prepare(self) -> None:
        """Do what takes longest, once for all members of a run: whoever has an answer then hears soon."""
        if self._prepared:
            return
        self._prepared = True
        try:
            _claims(self._view)
        except Exception:
            log.exception("the checks of %s could not be prepared", self._view.evidence.ticker)

    def marks(self, stage: Stage, draft: Draft, done: Iterable[StageRecord]) -> tuple[str, ...]:
        """Return the marks of a stage; `done` are the member's stages before it.

        A rule computes its figures from the evidence, so what no model wrote is not checked. A check that
        fails inside finds nothing: the answer is paid for, and stays.
        """
        if draft.served_by is None:
            return ()
        try:
            return self._marks(stage, draft, done)
        except Exception:
            log.exception("the check of %s failed inside", stage)
            return ()

    def _marks(self, stage: Stage, draft: Draft, done: Iterable[StageRecord]) -> tuple[str, ...]:
        answers = [draft.answer, *(record.answer for record in done)]
        own = [*_levels(answers), *self._books, *(self._remembered if stage is Stage.DECISION else ())]
        found = _claims(self._view).check([draft.output, *draft.key_points], own)
        if found.unknown:
            log.debug("%s: %d numbers are not in the evidence", stage, found.unknown)
        unanswered = stage is Stage.DECISION and not draft.answer.get("answer_to_objection")
        return (*found.marks, *([UNANSWERED] if unanswered else []))

    @cached_property
    def _books(self) -> tuple[Decimal, ...]:
        view = self._view
        return tuple(values_of([briefing_text(view.briefing, view.evidence.ticker, view.terms)]))

    @cached_property
    def _remembered(self) -> tuple[Decimal, ...]:
        """The figures of the member's own memory, which it reads where it decides and nowhere else."""
        memory = self._view.memory
        return tuple(values_of([memory_text(memory, self._view.evidence.ticker)])) if memory else ()


_OF_RUNS: WeakKeyDictionary[Facts, Claims] = WeakKeyDictionary()
"""All members of a run read the same evidence, whose figures are sorted once."""


def _claims(view: View) -> Claims:
    if view.facts not in _OF_RUNS:
        _OF_RUNS[view.facts] = Claims(view.evidence, [view.facts.text])
    return _OF_RUNS[view.facts]


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
