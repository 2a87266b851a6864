"""Questions that stay on this machine, and what is asked where there is no way out."""

from pathlib import Path
from typing import Any

import pytest

from core.domain.errors import Refused
from tests.arena import Opening
from tests.asking_scene import wanted
from tests.loopback.model_replies import server_error
from tests.loopback.model_server import ModelServer

pytest_plugins = (
    "tests.storage",
    "tests.arena_fixtures",
)


def near_and_far(near: str, far: str, members: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "providers": [
            {"name": "ollama", "base_url": near, "local": True},
            {"name": "far", "base_url": far, "keys": [{"name": "main", "secret": "env:FAR"}]},
        ],
        "members": members,
        "environ": {"FAR": "sk-far"},
    }


BOTH = [
    {"name": "claude", "route": ["far:claude/claude-1", "ollama:claude/claude-1"], "tier": "premium"},
    {"name": "qwen", "route": ["far:qwen/qwen-1"], "tier": "fast"},
    {"name": "deepseek", "route": ["ollama:deepseek/deepseek-1", "far:deepseek/deepseek-1"]},
]


@pytest.mark.parametrize(
    "request_",
    [
        {},
        {"task": "simple"},
        {"task": "complex", "stake_usd": "50000"},
        {"model_preference": "claude"},
        {"context": {"offline": True}, "private": False},
        {"urgent": True, "context": {"has_position": True, "volume_ratio": "9"}},
    ],
)
async def test_a_private_question_never_leaves_local_endpoints(
    models: ModelServer, opening: Opening, tmp_path: Path, request_: dict[str, Any]
) -> None:
    models.always("deepseek/deepseek-1", server_error())  # failing must not lead out either
    async with ModelServer() as far:
        app = await opening(models.base_url, tmp_path, **near_and_far(models.base_url, far.base_url, BOTH))
        asked = await app.ask(wanted(**{"private": True, **request_}))
        assert far.requests == []
        assert models.requests != []
        assert all(hop.startswith("ollama:") for hop in asked.routed.route)
        stages = (await app.asked(asked.id)).stages
        assert {stage.served_by.provider for stage in stages if stage.served_by} <= {"ollama"}


async def test_a_private_question_does_not_take_the_routes_of_stages_to_the_outside(
    models: ModelServer, opening: Opening, tmp_path: Path
) -> None:
    async with ModelServer() as far:
        members = [
            {
                "name": "deepseek",
                "route": ["ollama:deepseek/deepseek-1"],
                "stages": {"decision": ["far:claude/claude-1"]},
            }
        ]
        app = await opening(models.base_url, tmp_path, **near_and_far(models.base_url, far.base_url, members))
        asked = await app.ask(wanted(private=True))
        assert far.requests == []
        assert asked.served_by is not None
        assert asked.served_by.provider == "ollama"
        # Other questions go where the answer says that they went, too.
        asked = await app.ask(wanted())
        assert asked.routed.route == ("ollama:deepseek/deepseek-1",)
        assert far.requests == []


async def test_a_private_question_is_refused_where_nothing_is_local(
    models: ModelServer, opening: Opening, tmp_path: Path
) -> None:
    async with ModelServer() as far:
        sections = near_and_far(models.base_url, far.base_url, BOTH[1:2])
        app = await opening(models.base_url, tmp_path, **sections)
        with pytest.raises(Refused, match="The question is private, and no local model takes part"):
            await app.ask(wanted(private=True))
        both = await opening(models.base_url, tmp_path, **near_and_far(models.base_url, far.base_url, BOTH))
        with pytest.raises(Refused, match="qwen is not local, and the question is private"):
            await both.ask(wanted(private=True, model_preference="qwen"))
        assert far.requests == []


async def test_without_a_network_local_models_answer(
    models: ModelServer, opening: Opening, tmp_path: Path
) -> None:
    async with ModelServer() as far:
        sections = near_and_far(models.base_url, far.base_url, BOTH)
        app = await opening(models.base_url, tmp_path, **sections, routing={"offline": True})
        asked = await app.ask(wanted())
        assert asked.routed.rule == "offline"
        assert asked.routed.reason == "No remote model can be reached, so claude answers as the local model."
        assert far.requests == []


async def test_what_is_known_to_be_down_is_not_asked_and_if_all_that_is_far_is_down_there_is_no_network(
    models: ModelServer, opening: Opening, tmp_path: Path
) -> None:
    async with ModelServer() as far:
        app = await opening(models.base_url, tmp_path, **near_and_far(models.base_url, far.base_url, BOTH))
        down = {"far:claude/claude-1"}

        async def known_down() -> set[str]:
            return down

        app._gateway.down = known_down
        asked = await app.ask(wanted(model_preference="claude"))
        assert asked.routed.route[0] == "ollama:claude/claude-1"
        assert far.requests == []
        down |= {"far:qwen/qwen-1", "far:deepseek/deepseek-1"}
        assert (await app.ask(wanted())).routed.rule == "offline"
        assert far.requests == []
