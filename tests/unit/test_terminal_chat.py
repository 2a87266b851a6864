"""`conclave chat` with lines from a pipe: commands, numbers that press buttons, and ways to leave."""

import io
from collections.abc import AsyncIterator

from rich.console import Console

from bot.terminal import Chat
from tests.arena_double import ArenaDouble


async def said(*typed: str, app: ArenaDouble | None = None) -> tuple[str, ArenaDouble]:
    """Type these lines, and return all that was printed."""

    async def lines() -> AsyncIterator[str]:
        for line in typed:
            yield line + "\n"

    app, file = app or ArenaDouble(), io.StringIO()
    await Chat(app, Console(file=file, width=100, highlight=False)).talk(lines())
    return file.getvalue(), app


async def test_the_chat_greets_and_ends_with_its_input() -> None:
    printed, _ = await said()
    assert "Many language models sit as one investment committee." in printed
    assert "›" not in printed, "a prompt is for a person who types"


async def test_a_command_is_answered_with_or_without_its_slash() -> None:
    with_slash, _ = await said("/leaderboard")
    without, _ = await said("leaderboard")
    assert "Leaderboard" in with_slash
    assert with_slash == without


async def test_a_run_ends_as_its_verdict_and_a_number_opens_a_members_reasoning() -> None:
    printed, app = await said("run NVDA", "1")
    assert [request.ticker for request in app.requests] == ["NVDA"]
    verdict, reasoning = printed.index("Agreement"), printed.index("claude-sonnet-4.5 on NVDA")
    assert verdict < reasoning
    assert "stage 12 of 12" in printed


async def test_a_number_presses_what_was_offered_last() -> None:
    printed, _ = await said("run NVDA", "1", "2")
    assert "stage 12 of 12" in printed
    # The reasoning offers Back first, then the stages, so 2 is the first of them.
    assert "stage 1 of 12" in printed


async def test_a_number_without_a_choice_says_so() -> None:
    printed, _ = await said("7", "run NVDA", "99", "0")
    assert "There is no choice 7 here." in printed
    assert "There is no choice 99 here." in printed
    assert "There is no choice 0 here." in printed


async def test_a_line_of_five_thousand_digits_is_answered() -> None:
    printed, _ = await said("7" * 5_000, "whoami")
    greeting, answer = printed.split("╯", 1)
    assert greeting
    assert "/help" in answer
    assert "terminal:" in answer
    assert "7" * 200 not in answer


async def test_words_to_leave_end_the_chat_and_what_follows_is_not_read() -> None:
    for word in ("exit", "QUIT", "/exit", "bye"):
        _, app = await said("  ", word, "run NVDA")
        assert app.requests == []


async def test_nonsense_and_commands_to_the_terminal_are_answered_harmlessly() -> None:
    printed, _ = await said("\x1b[2Jfrobnicate", "/", "[bold]x[/bold]")
    assert "\x1b" not in printed
    assert "/help" in printed


async def test_a_failed_run_is_told_in_one_sentence_and_the_chat_goes_on() -> None:
    app = ArenaDouble()
    app.failure, app.failure_at = ValueError("secret detail"), 3
    printed, _ = await said("run NVDA", "whoami", app=app)
    assert "Something went wrong" in printed
    assert "secret detail" not in printed
    assert "terminal:" in printed


async def test_a_line_subscribes_and_numbers_pause_and_delete() -> None:
    printed, app = await said("/subscribe digest weekdays 09:00", "subscriptions", "1", "2")
    assert "Subscription 1 is made" in printed
    assert "Thu 30 Oct 09:00 (New York)" in printed
    assert "Number 1 is paused." in printed
    assert "Nothing is subscribed here" in printed
    assert app.rows.due == {}


async def test_the_dialogue_goes_by_numbers() -> None:
    printed, app = await said("subscribe", "2", "1")
    assert "Leaderboard: when?" in printed
    assert "leaderboard fridays 17:00" in printed
    (kept,) = app.rows.kept.values()
    assert (kept.platform, kept.chat) == ("terminal", "terminal")


async def test_the_settings_of_the_terminal_are_its_own() -> None:
    printed, app = await said("settings timezone london", "settings", "unsubscribe all")
    assert "Europe/London" in printed
    assert list(app.rows.by_chat) == ["terminal:terminal"]
    assert "Nothing is subscribed here" in printed


async def test_numbers_choose_what_a_command_lacks_and_the_run_goes_on_as_if_typed() -> None:
    app = ArenaDouble()
    app.rows.ran = ("NVDA", "IBM")
    printed, _ = await said("1", "1", app=app)
    assert printed.index("See the leaderboard") < printed.index("Which ticker?") < printed.index("Agreement")
    assert [request.ticker for request in app.requests] == ["NVDA"]


async def test_cancel_and_what_may_have_been_meant_have_numbers_as_well() -> None:
    app = ArenaDouble()
    app.rows.ran = ("NVDA",)
    printed, _ = await said("run", "2", "rnu NVDA", "1", app=app)
    assert printed.index("Cancelled") < printed.index("Did you mean /run?") < printed.index("Agreement")
    assert len(app.requests) == 1
