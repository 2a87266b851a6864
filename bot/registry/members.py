"""Who sits on the committee, and with which books: for admins."""

from bot.access import Role
from bot.member_arguments import one_member
from bot.registry.command import Command

MEMBERS: tuple[Command, ...] = (
    Command(
        name="remove",
        usage="/remove model",
        summary="Take a member out of the committee",
        detail="It takes part in no run from now on, and its waiting orders are cancelled. Its holdings stay "
        "and are valued, its stops still guard them, and all of its history stays readable. It asks first. "
        "/restore brings the member back.",
        role=Role.ADMIN,
        handler="remove",
        read=one_member("remove"),
    ),
    Command(
        name="restore",
        usage="/restore model",
        summary="Bring a removed member back",
        detail="The member takes part again from the next run on, with the books that it has.",
        role=Role.ADMIN,
        handler="restore",
        read=one_member("restore"),
    ),
    Command(
        name="reset",
        usage="/reset model",
        summary="Let a portfolio begin again with the initial cash",
        detail="In the season that is open: waiting orders are cancelled, every holding is closed at its "
        "last mark, and the cash is what all started with. Value, returns and what follows from them "
        "begin anew; trades and ballots still count, and the ledger keeps everything. It asks first.",
        role=Role.ADMIN,
        handler="reset",
        read=one_member("reset"),
    ),
)
