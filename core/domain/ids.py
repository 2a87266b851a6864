"""Short ids that fit into buttons and are easy to type."""

import secrets

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


def new_id(length: int = 8) -> str:
    """Return a random id of `length` signs (5 bits each) without look-alike letters."""
    # 32 signs divide the 256 values of a byte evenly.
    return "".join(ALPHABET[byte % len(ALPHABET)] for byte in secrets.token_bytes(length))
