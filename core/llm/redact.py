"""Make a provider's words fit to show: one short printable line without credentials.

Providers echo keys, whole or half masked, in their answers to a wrong key.
"""

import re

_LONGEST = 240
_CREDENTIAL = re.compile(
    r"""
      \bsk[-_][\w*.\-]{6,}
    | \b(?:pk|rk|gsk|xai|key|hf|ghp|github_pat)[-_](?=[\w*.\-]*\d)[\w*.\-]{6,}   # other vendors' prefixes
    | \bAIza[\w\-*]{10,}
    | (?<=[Bb]earer\s)\S+
    | (?<![\w\-])[\w\-]*\*{3,}[\w\-*]*  # a key that was half masked
    """,
    re.VERBOSE,
)
_HIDDEN = "[hidden]"


def plain_words(text: str, *secrets: str, longest: int = _LONGEST) -> str:
    """Return `text` as one printable line of at most `longest` signs, with every credential hidden."""
    for secret in secrets:
        if len(secret) >= 4:  # noqa: PLR2004 - a shorter "secret" is a placeholder, and would hide common words
            text = text.replace(secret, _HIDDEN)
    text = _CREDENTIAL.sub(_HIDDEN, text[: 20 * longest])
    words = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
    return words if len(words) <= longest else words[: longest - 1].rstrip() + "…"
