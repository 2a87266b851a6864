"""How much of a pack of evidence came from which vendor, and who gave nothing."""

from collections.abc import Iterator
from typing import NamedTuple

from core.domain.evidence import Evidence
from core.domain.evidence_items import EvidenceKind


class Origin(NamedTuple):
    """How many items of one kind came from which vendor."""

    kind: str
    vendor: str
    items: int


def origins(evidence: Evidence) -> Iterator[Origin]:
    """Tell from which vendor the items of each kind came."""
    yield Origin("prices", evidence.source, len(evidence.bars))
    if evidence.identity is not None:
        yield Origin(EvidenceKind.IDENTITY.value, evidence.identity.vendor, 1)
    snapshot = [evidence.snapshot.vendor] if evidence.snapshot is not None else []
    kinds = (
        (EvidenceKind.NEWS, [item.vendor for item in evidence.news]),
        (EvidenceKind.FUNDAMENTALS, [*(filing.vendor for filing in evidence.fundamentals), *snapshot]),
        (EvidenceKind.SENTIMENT, [mood.vendor for mood in evidence.sentiment]),
        (EvidenceKind.MACRO, [reading.vendor for reading in evidence.macro]),
    )
    for kind, vendors in kinds:
        for vendor in dict.fromkeys(vendors):
            yield Origin(kind.value, vendor, vendors.count(vendor))
