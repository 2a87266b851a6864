"""The member that a command is about."""

from dataclasses import dataclass


@dataclass(frozen=True)
class MemberArguments:
    """A member's name, or a part of it that only one has."""

    member: str
