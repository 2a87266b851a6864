"""How the first admin is known: by a one-time code that only whoever runs the program can see."""

import secrets
from collections.abc import Collection
from datetime import timedelta
from hashlib import sha256
from typing import NamedTuple

from core.clock import Clock
from core.domain.errors import NotAllowed, Refused
from core.store.store import Store

GOOD_FOR = timedelta(minutes=10)
MAX_TRIES = 5
_SIGNS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Without signs that look like another, such as 0 and O."""
_LENGTH = 8


class Claim(NamedTuple):
    """A code that waits for somebody to type it in a chat."""

    number: int
    code: str


class Claims:
    """One code at a time. It is good for ten minutes, once, and for five tries of anybody."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def open(self) -> Claim:
        """Make a code such as `K7QM-2XDR`; an earlier one that nobody has used is worth nothing any more."""
        signs = "".join(secrets.choice(_SIGNS) for _ in range(_LENGTH))
        code = f"{signs[: _LENGTH // 2]}-{signs[_LENGTH // 2 :]}"
        now = self._clock.now()
        return Claim(await self._store.claims.put(_hashed(code), now, now + GOOD_FOR), code)

    async def take(self, code: str, person: str) -> None:
        """Make a person admin everywhere. `person` is a platform id; case and dashes do not matter.

        Raises:
            NotAllowed: the code is wrong; after five wrong ones it is worth nothing.
            Refused: no code waits.
        """
        match await self._store.claims.take(_hashed(code), person, self._clock.now(), MAX_TRIES):
            case None:
                raise Refused(
                    "No code waits to be claimed, or it is too old. Whoever runs Conclave gets one with "
                    "conclave setup telegram, or conclave setup slack."
                )
            case False:
                raise NotAllowed("That is not the code. Type it as conclave setup shows it.")

    async def waits(self) -> bool:
        """Say whether a code waits that somebody may still claim."""
        return await self._store.claims.waits(self._clock.now(), MAX_TRIES)

    async def has_admin(self, platform: str, configured: Collection[str]) -> bool:
        """Say whether a platform has an admin, `configured` or made by a claim or another admin."""
        if any(person.startswith(f"{platform}:") for person in configured):
            return True
        return await self._store.claims.has_admin(platform)

    async def claimed_by(self, claim: Claim) -> str | None:
        """Return the platform id of whoever has claimed a code, or None."""
        return await self._store.claims.claimed_by(claim.number)


def _hashed(code: str) -> str:
    signs = "".join(sign for sign in code.upper() if sign.isalnum())
    return sha256(signs.encode("utf-8", "surrogatepass")).hexdigest()
