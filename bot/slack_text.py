"""Text for Slack: made harmless, measured as Slack measures, cut without loss."""

import re

# An invisible word joiner breaks what Slack would read as a mention or a link, and a person sees no change.
JOINER = "\u2060"
ELLIPSIS = "…"

_BREAK_LATE = 0.6
_ONE_UNIT = 0xFFFF
_LINE_ENDS = re.compile(r"\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_UNSEEN = re.compile(
    r"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]"
)
_SURROGATES = re.compile(r"[\ud800-\udfff]")
# These ask for no word end after them, because a later cut could make one.
_BROADCAST = re.compile(r"(?<=@)(?=channel|here|everyone|group)", re.IGNORECASE)
_SPECIAL = re.compile(r"(?<=<)(?=[!@#]|[a-z][a-z0-9+.-]*:)", re.IGNORECASE)
_ADDRESS = re.compile(r"(?<=:)(?=//)|(?<=www)(?=\.)", re.IGNORECASE)
_MARKUP = re.compile(r"[*_~`]")


def harmless(text: str) -> str:
    """Return the text with nothing left in it that Slack could read as a mention, a link or a control sign.

    What a person can see stays; line ends become newlines, and signs that turn the direction of writing go.
    """
    text = _SURROGATES.sub("\ufffd", _UNSEEN.sub("", _LINE_ENDS.sub("\n", text)))
    for pattern in (_BROADCAST, _SPECIAL, _ADDRESS):
        text = pattern.sub(JOINER, text)
    return text


def escape(text: str) -> str:
    """Replace the three signs that Slack wants replaced in mrkdwn and in `text`."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def literal(text: str) -> str:
    """Return harmless text as mrkdwn that shows it as it is: no bold, no code, no link."""
    return escape(_MARKUP.sub(rf"{JOINER}\g<0>{JOINER}", harmless(text)))


def one_line(text: str) -> str:
    """Return harmless text with every run of white space as one space."""
    return " ".join(harmless(text).split())


def units(text: str) -> int:
    """Return the length that Slack may count at most: UTF-16 units, with `&`, `<` and `>` escaped."""
    return sum(_width(sign) for sign in text)


def _width(sign: str) -> int:
    return {"&": 5, "<": 4, ">": 4}.get(sign) or (2 if ord(sign) > _ONE_UNIT else 1)


def _fitting(text: str, limit: int) -> int:
    """Return how many leading signs of `text` have at most `limit` units together."""
    used = 0
    for count, sign in enumerate(text):
        used += _width(sign)
        if used > limit:
            return count
    return len(text)


def clamp(text: str, limit: int) -> str:
    """Return the text, cut to `limit` units with "…" at the end where it is longer."""
    if units(text) <= limit:
        return text
    return text[: _fitting(text, limit - 1)].rstrip() + ELLIPSIS


def clamp_bytes(text: str, limit: int) -> str:
    """Return the escaped text, cut so that it has at most `limit` bytes of UTF-8."""
    if len(escape(text).encode()) <= limit:
        return escape(text)
    used = len(ELLIPSIS.encode())
    kept = 0
    for sign in text:
        used += len(escape(sign).encode())
        if used > limit:
            break
        kept += 1
    return escape(text[:kept].rstrip()) + ELLIPSIS


def pieces(text: str, limit: int) -> list[str]:
    """Cut the text into pieces of at most `limit` units, at a line end or space where one is near.

    Nothing but pieces of pure white space is left out, because Slack refuses a text without a sign.
    """
    found = []
    while text:
        end = _fitting(text, limit)
        if end < len(text):
            near = max(text.rfind("\n", 0, end), text.rfind(" ", 0, end))
            end = near + 1 if near > end * _BREAK_LATE else end
        found.append(text[:end])
        text = text[end:]
    return [piece for piece in found if piece.strip()]
