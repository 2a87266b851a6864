"""How a key is shown, and how it is told that its secret has changed. The secret itself is never kept."""

import hashlib
import hmac
import secrets

_LEAST = 12
_SHOWN = 4
_SALT_BYTES = 6
_HASH_SIGNS = 16


def shown(name: str, secret: str) -> str:
    """Return a key for people: its name and last four signs; the name alone where the secret is short."""
    return f"{name} …{secret[-_SHOWN:]}" if len(secret) >= _LEAST else name


def mark_of(secret: str) -> str:
    """Return a salt and a short hash of a secret, by which the same secret is known again."""
    salt = secrets.token_hex(_SALT_BYTES)
    return f"{salt}:{_hash(salt, secret)}"


def is_marked(mark: str, secret: str) -> bool:
    """Say whether `mark` was made of this secret; a mark that is none fits every secret."""
    salt, _, known = mark.partition(":")
    return not known or hmac.compare_digest(known, _hash(salt, secret))


def _hash(salt: str, secret: str) -> str:
    return hashlib.sha256(f"{salt}:{secret}".encode()).hexdigest()[:_HASH_SIGNS]
