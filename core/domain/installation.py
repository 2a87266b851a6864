"""A workspace of a chat platform in which somebody has installed our app."""

from typing import Annotated

from pydantic import Field

from core.domain.values import Frozen

Id = Annotated[str, Field(min_length=1, max_length=32)]


class Installation(Frozen):
    """What is known of a workspace, and the token with which we speak there. Its repr has no token."""

    team: Id
    team_name: str = ""
    enterprise: Id | None = None
    app: Id
    bot_user: Id
    bot: Id
    token: Annotated[str, Field(min_length=1, max_length=200, repr=False)]
    scopes: Annotated[str, Field(max_length=1000)] = ""
    installed_by: Id
