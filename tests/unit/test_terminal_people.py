"""Whoever sits at the terminal is admin: roles and the audit trail as in chats, drawn for the terminal."""

import io
from collections.abc import AsyncIterator

from rich.console import Console

from bot.terminal import Chat
from core.domain.people import Role
from tests.arena_double import ArenaDouble


async def said(app: ArenaDouble, *typed: str) -> str:
    """Type these lines, and return all that was printed."""

    async def lines() -> AsyncIterator[str]:
        for line in typed:
            yield line + "\n"

    file = io.StringIO()
    await Chat(app, Console(file=file, width=110, highlight=False)).talk(lines())
    return file.getvalue()


async def test_roles_are_given_and_listed_at_the_terminal() -> None:
    app = ArenaDouble()
    printed = await said(
        app, "/people telegram:1002 runner", "people slack:U0BOB admin", "people 1002 viewer"
    )
    assert "telegram:1002 is runner everywhere now." in printed
    assert "Which platform? Write telegram:1002 or slack:1002." in printed
    assert await app.people.role("telegram:1002", "telegram:-1") is Role.RUNNER
    assert await app.people.admins() == ("slack:U0BOB",)


async def test_someone_who_waits_is_let_in_by_a_number_at_the_terminal() -> None:
    app = ArenaDouble()
    await app.people.ask("telegram:6666", "Mallory [bold]x", "telegram:6666", None)
    printed = await said(app, "people", "2")
    assert "Mallory [bold]x (telegram:6666)" in printed
    assert "Approved as runner by terminal" in printed
    assert await app.people.role("telegram:6666", "telegram:6666") is Role.RUNNER


async def test_the_audit_trail_turns_its_pages_at_the_terminal() -> None:
    app = ArenaDouble()
    for number in range(12):
        await app.people.deeds.note("telegram:6", "telegram:-1", "7", f"/run {number}", "refused", "no role")
    printed = await said(app, "audit", "1")
    first, second = printed.index("Page 1 of 2"), printed.index("Page 2 of 2")
    assert "telegram:6 in telegram:-1 (thread 7): /run 11 · no role" in printed[:first]
    assert "/run 1 · no role" in printed[first:second]
