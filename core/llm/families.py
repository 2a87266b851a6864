"""Which models are of one family."""

import re


def family_of(model_id: str) -> str:
    """Return the family of a model id: the first word of its last part, for instance "claude" or "gpt".

    Vendors add dates, sizes and order words freely (`claude-sonnet-4.5`, `claude-4.5-sonnet-20250929`), so
    nothing finer can be compared.
    """
    base = model_id.rpartition("/")[2].lower()
    word = re.match(r"[a-z]+", base)
    return word.group() if word else base
