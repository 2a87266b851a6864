"""A run as files: whole, safe whatever models wrote, bounded, and without who asked."""

import asyncio
import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.app.chat_files import RunFiles, files_of
from core.app.inflight import reason_of_stop
from core.domain.ballot import Abstention
from core.domain.errors import Refused
from core.domain.run import RunState
from core.domain.stage import ModelChat, Stage
from tests import arena_facts

NAMES = ("claude-sonnet-4.5", "gpt-5")
PIECES = [
    "`", "```", "````\n", "# x\n", "<script>", "\n", "~~~\n", "[a](b)", "- ", "x", "\u202e", "\x1b", "\ud800",
]  # fmt: skip
NASTY = st.lists(st.sampled_from(PIECES), max_size=40).map("".join)


async def files(chats: dict[str, ModelChat], **more: object) -> RunFiles:
    async def chat_of(name: str) -> ModelChat:
        return chats[name]

    return await files_of(arena_facts.record(), list(chats), chat_of, **more)  # type: ignore[arg-type]


def said(text: str, prompt: str = "Argue.") -> dict[str, ModelChat]:
    stage = arena_facts.stage(NAMES[0], Stage.BULL, text, prompt=prompt, key_points=(text,))
    return {NAMES[0]: arena_facts.chat(NAMES[0]).model_copy(update={"stages": (stage,)})}


def outside_of_fences(markdown: str) -> list[str]:
    """The lines that a reader of Markdown takes for markup: those between no fences."""
    lines, fence = [], ""
    for line in markdown.split("\n"):
        run = re.match(r"`{3,}", line)
        if fence:
            if run and line.strip() == run[0] and len(run[0]) >= len(fence):
                fence = ""
        elif run:
            fence = run[0]
        else:
            lines.append(line)
    assert not fence, "a fence is open at the end"
    return lines


async def test_every_word_of_every_stage_is_in_both_files() -> None:
    chats = {name: arena_facts.chat(name) for name in NAMES}
    made = await files(chats)
    markdown, document = made.markdown.decode(), json.loads(made.json_)
    for chat in chats.values():
        for stage in chat.stages:
            assert stage.output in markdown
    assert [ModelChat.model_validate(one) for one in document["members"]] == list(chats.values())
    for fact in (arena_facts.SHA, "BUY", "SHA-256", "openrouter:anthropic/claude-sonnet-4.5", "0.00285 USD"):
        assert fact in markdown
    assert document["run"]["evidence_sha256"] == arena_facts.SHA
    assert len(document["run"]["seats"]) == len(arena_facts.record().seats)


async def test_who_asked_and_where_is_in_neither_file() -> None:
    record = arena_facts.record(requested_by="telegram:1001", requested_in="telegram:-100123")

    async def chat_of(name: str) -> ModelChat:
        return arena_facts.chat(name)

    made = await files_of(record, NAMES, chat_of)
    for content in (made.markdown, made.json_):
        assert b"telegram:" not in content


async def test_who_stopped_a_run_is_in_neither_file() -> None:
    record = arena_facts.record(state=RunState.CANCELLED, reason=reason_of_stop("Bob Builder"))

    async def chat_of(name: str) -> ModelChat:
        return arena_facts.chat(name)

    made = await files_of(record, NAMES, chat_of)
    for content in (made.markdown, made.json_):
        assert b"Bob" not in content
        assert b"stopped on request" in content


async def test_the_files_are_named_after_ticker_run_and_member_and_safe_for_any_system() -> None:
    made = await files(said("x"))
    assert [name for name, _ in made.files] == ["conclave-NVDA-4f7k2m9q.md", "conclave-NVDA-4f7k2m9q.json"]
    record = arena_facts.record(ticker="^GS/..\\PC")

    async def chat_of(name: str) -> ModelChat:
        return arena_facts.chat(NAMES[0])

    odd = await files_of(record, ["a"], chat_of, only="cla:ude")
    assert re.fullmatch(r"[A-Za-z0-9._-]+", odd.name)
    assert odd.name.endswith("-4f7k2m9q-cla_ude")


@settings(max_examples=150, deadline=None)
@given(text=NASTY, prompt=NASTY)
def test_nothing_that_a_model_writes_gets_out_of_its_fence(text: str, prompt: str) -> None:
    made = asyncio.run(files(said(f"EVIL {text}", f"EVIL {prompt}")))
    markdown = made.markdown.decode()
    for line in outside_of_fences(markdown):
        if "EVIL" in line:
            assert re.fullmatch(r"- (`+) ?EVIL.*\1", line), "a key point stands in code of one line"
            ticks = re.match(r"- (`+)", line)
            assert ticks is not None
            inside = line[len(ticks[0]) : -len(ticks[1])]
            assert all(len(run) != len(ticks[1]) for run in re.findall("`+", inside))
    assert "\x1b" not in markdown
    assert "\u202e" not in markdown
    json.loads(made.json_)


async def test_a_file_that_would_be_too_large_is_refused_and_says_what_to_do() -> None:
    with pytest.raises(Refused, match="Ask for one model: /export run NVDA claude"):
        await files(said("word " * 300_000), most_bytes=1024 * 1024)


async def test_a_member_that_abstained_or_said_nothing_is_there_with_its_reason() -> None:
    chat = arena_facts.chat(NAMES[0]).model_copy(update={"stages": ()})
    markdown = (await files({NAMES[0]: chat})).markdown.decode()
    assert "It finished no stage." in markdown
    abstained = next(one for one in arena_facts.record().abstentions)
    assert isinstance(abstained, Abstention)
    assert abstained.reason.split()[0] in markdown


async def test_letters_that_no_encoding_has_do_not_stop_it() -> None:
    made = await files(said("lone \ud800 surrogate"))
    assert b"lone" in made.markdown
    json.loads(made.json_)
