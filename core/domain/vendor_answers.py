"""How an answer of a vendor of evidence is named, so that it can be used again."""

from enum import StrEnum
from typing import NamedTuple

from core.domain.evidence_items import EvidenceKind


class Question(StrEnum):
    """What a vendor may be asked; its value is also the name of the vendor's method."""

    IDENTITY = "identity"
    NEWS = "news"
    FILINGS = "filings"
    SNAPSHOT = "snapshot"
    MOODS = "moods"
    READINGS = "readings"

    @property
    def kind(self) -> EvidenceKind:
        """The kind of evidence that an answer is."""
        return _KINDS[self]


_KINDS = {
    Question.IDENTITY: EvidenceKind.IDENTITY,
    Question.NEWS: EvidenceKind.NEWS,
    Question.FILINGS: EvidenceKind.FUNDAMENTALS,
    Question.SNAPSHOT: EvidenceKind.FUNDAMENTALS,
    Question.MOODS: EvidenceKind.SENTIMENT,
    Question.READINGS: EvidenceKind.MACRO,
}


class AnswerKey(NamedTuple):
    """What was asked of whom.

    `subject` is the ticker, or empty for what is of no one instrument. `span` tells answers apart that were
    asked for other times: a day or a moment in ISO 8601, "now", or empty where no time was asked for.
    """

    question: Question
    vendor: str
    subject: str
    span: str
