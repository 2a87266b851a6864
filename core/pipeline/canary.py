"""The canary: a word that no answer may hold; a member which obeys the texts that it reads gives itself away.

It follows from the hash of the evidence and stands in the system's text. No text in the evidence can know it,
so it gets into an answer only when a text from outside makes the member tell what it was told.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from core.domain.stage import SPOKEN, SPOKEN_BEFORE, StageRecord
from core.llm.extract import without_thoughts


def canary_of(sha256: str) -> str:
    """Return the word for the evidence with this hash; it cannot be told from the key of the fences."""
    return f"quince{hashlib.sha256(f'canary {sha256}'.encode()).hexdigest()[:10]}"


def speaks(canary: str, text: str, answer: Mapping[str, Any]) -> bool:
    """Say whether an answer holds the word, in any case and with any signs between its letters.

    `text` is what the model wrote, of which its thoughts do not count, and `answer` what was read from it.
    """
    said = text if text.lstrip().startswith("{") else without_thoughts(text)
    # Read fields count by themselves: in the text they may be written with escapes.
    read = json.dumps(answer, ensure_ascii=False, default=str)
    return any(canary in "".join(filter(str.isalnum, part.casefold())) for part in (said, read))


def marks_of(spoken: bool, is_ballot: bool, before: Iterable[StageRecord]) -> tuple[str, ...]:
    """Return the marks of a stage; the ballot is also marked for what earlier stages have said."""
    if spoken:
        return (SPOKEN,)
    if is_ballot and any(SPOKEN in record.marks for record in before):
        return (SPOKEN_BEFORE,)
    return ()
