"""What may be shown of a value in an error, and what may not because it could be a secret."""

import json
import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches

HIDDEN = "(not shown)"
DEEPEST = 20
"""How many tables and arrays may stand inside each other; a deeper document is refused unread."""

_SECRET_WORD = re.compile(r"secret|token|passw|credential|api.?key|^key$|_key$|^auth", re.IGNORECASE)
_SECRET_NAMES = ("secret", "token", "password", "api_key", "bot_token", "app_token", "signing_secret", "key")
_OPEN_NAMES = {"max_output_tokens", "keys", "max_tokens", "tokens"}
_REFERENCE = re.compile(r"(?:env:[A-Za-z_][A-Za-z0-9_]*|file:[^\s]+)", re.ASCII)
# A long run of letters with digits in it, a known prefix, or a sign-in inside an address.
_SECRET_LOOKS = re.compile(
    r"(?=[A-Za-z+=_-]*[0-9])[A-Za-z0-9+=_-]{20,}"
    r"|\b(?:sk|pk|rk|xox[a-z]|xapp|ghp|gho|gsk|hf|AKIA|AIza)[-_][^\s\"']+"
    r"|(?:AKIA|AIza)[A-Za-z0-9_-]{6,}"
    r"|\b[0-9]{5,}:[A-Za-z0-9_-]{10,}"
    r"|[^\s\"'/]+@[^\s\"']+"
    r"|(?<=[?&;])[^\s\"'=&]+=[^\s\"'&]+"
    r"|-----BEGIN.*"
)
_LONGEST_SHOWN = 60
_SHORTEST_SCRUBBED = 6


def names_a_secret(key: str) -> bool:
    """Say whether a secret stands behind a key of this name, a misspelt one included."""
    if key in _OPEN_NAMES:
        return False
    return bool(_SECRET_WORD.search(key) or get_close_matches(key.lower(), _SECRET_NAMES, 1, 0.75))


class Concealer:
    """Makes texts fit to be shown, knowing the file's own secrets and those of the environment."""

    def __init__(self, tree: object, environ: Mapping[str, str]) -> None:
        found = {value.strip() for name, value in environ.items() if names_a_secret(name.lower())}
        found.update(text for text in _behind_secret_names(tree) if not _REFERENCE.fullmatch(text))
        known = sorted((text for text in found if len(text) >= _SHORTEST_SCRUBBED), key=len, reverse=True)
        self._secrets = [form for text in known for form in {text, _quoted(text), json.dumps(text)[1:-1]}]

    def line(self, text: str) -> str:
        """Return `text` as one printable line, without any secret and without what looks like one."""
        for secret in self._secrets:
            text = text.replace(secret, HIDDEN)
        text = _SECRET_LOOKS.sub(HIDDEN, text)
        return "".join(sign if sign.isprintable() else " " for sign in text)

    def value(self, value: object) -> str:
        """Return a value as TOML would write it, cut when it is long; tables and arrays only by kind."""
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, dict):
            return "a table"
        if isinstance(value, list | tuple):
            return "an array"
        text = self.line(f'"{_quoted(value)}"' if isinstance(value, str) else str(value))
        if HIDDEN in text:
            return HIDDEN
        return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)[1:-1]


def _behind_secret_names(tree: object, *, secret: bool = False, depth: int = 0) -> Iterator[str]:
    if depth > DEEPEST:
        return
    if isinstance(tree, dict):
        for key, value in tree.items():
            yield from _behind_secret_names(value, secret=secret or names_a_secret(key), depth=depth + 1)
    elif isinstance(tree, list):
        for value in tree:
            yield from _behind_secret_names(value, secret=secret, depth=depth + 1)
    elif secret and isinstance(tree, str):
        yield tree.strip()
