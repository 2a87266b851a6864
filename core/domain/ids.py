"""Short ids that fit into buttons and are easy to type."""

import secrets

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


def new_id(length: int = 8) -> str:
    """Return a random id of `length` signs (5 bits each) without look-alike letters."""
    return "".join(secrets.choice(ALPHABET) for _ in range(length))
