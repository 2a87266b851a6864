"""What stands behind `/remove`, `/restore` and `/reset`: one member."""

from collections.abc import Callable, Sequence

from bot.arguments import shown
from bot.named_member import MemberArguments
from core.domain.errors import Refused


def one_member(command: str) -> Callable[[Sequence[str]], MemberArguments]:
    """Return what reads the one member that `command` is about."""

    def read(words: Sequence[str]) -> MemberArguments:
        """Read one member.

        Raises:
            Refused: there is none, or more than one word.
        """
        if not words:
            raise Refused(f"Which member? Write for instance /{command} claude. /models lists them.")
        if len(words) > 1:
            said = shown(" ".join(words))
            raise Refused(f"One member at a time: write for instance /{command} claude, not “{said}”.")
        return MemberArguments(words[0])

    return read
