"""Whole runs while a provider misbehaves: they go on, and say who has answered in its place."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.present.health import health_card, health_facts
from core.domain.alert import Alert, AlertKind
from core.domain.ballot import AbstentionKind
from core.domain.provider_health import Condition, KeyCondition
from core.domain.stage import Preset
from core.domain.subscription import Topic, Wanted
from tests import arena
from tests.arena import Opening
from tests.loopback import model_replies as say
from tests.loopback.model_server import ModelServer

pytest_plugins = ("tests.arena_fixtures",)

MODEL = "claude/claude-1"
ENVIRON = {"FIRST_KEY": "made-up-first-key-3f9a", "SECOND_KEY": "made-up-second-key-77c1"}
SWIFT = {"base_delay_s": 0.01, "max_retries": 1, "stage_timeout_s": 20.0}
STRICT = {"failures": 2, "failing_s": 0, "open_s": 600}
ZONE = ZoneInfo("America/New_York")
ADMIN, BOB = "telegram:1", "telegram:2"


@pytest.fixture
async def second() -> AsyncIterator[ModelServer]:
    async with ModelServer() as server:
        server.opine(MODEL, arena.opinion("claude"))
        yield server


def sections(
    first: ModelServer, second: ModelServer | None = None, patience_s: float = 10.0, **more: Any
) -> dict[str, Any]:
    """One member that both serve, the second in the place of the first, which has `patience_s` to answer."""
    providers = [
        {
            "name": name,
            "base_url": server.base_url,
            "timeout_s": patience_s if name == "first" else 10.0,
            "keys": [{"name": "main", "secret": f"env:{name.upper()}_KEY"}],
        }
        for name, server in (("first", first), ("second", second))
        if server
    ]
    route = [f"{provider['name']}:{MODEL}" for provider in providers]
    return {
        "providers": providers,
        "members": [{"name": "claude", "route": route}],
        "consensus": {"min_members": 1},
        "arena": {"committee": False, "crowd": False},
        "pipeline": SWIFT,
        **more,
    }


async def run(opening: Opening, folder: Path, **facts: Any) -> Any:
    app = await opening("", folder, environ=ENVIRON, **facts)
    return app, await arena.finished(app, arena.request(preset=Preset.QUICK))


@pytest.mark.parametrize(
    "behaviour",
    [
        say.rate_limited("3600"),
        say.rate_limited(),
        say.out_of_credit(),
        say.echoes_key(),
        say.refused(403, "no access"),
        say.refused(404, "no such model"),
        say.server_error(),
        say.server_error(529),
        say.error_inside(),
        say.error_inside(code=502),
        say.hangs(),
        say.drips(),
        say.junk(),
        say.junk("null", "application/json"),
    ],
)
async def test_a_run_survives_any_providers_death_and_says_who_answered(
    models: ModelServer, second: ModelServer, tmp_path: Path, opening: Opening, behaviour: say.Behaviour
) -> None:
    models.always(MODEL, behaviour)
    app, record = await run(opening, tmp_path, **sections(models, second, patience_s=0.3))
    (ballot,) = record.ballots
    assert (ballot.served_by.provider, ballot.served_by.model) == ("second", MODEL)
    assert record.verdict.decision is not None
    (stage,) = (await app.model_chat(record.run_id, "claude")).stages
    assert stage.served_by.provider == "second"
    assert stage.spend.calls == 1 + len(models.asked(MODEL))


async def test_an_answer_without_usage_is_a_ballot_of_the_first(
    models: ModelServer, second: ModelServer, tmp_path: Path, opening: Opening
) -> None:
    models.always(MODEL, say.filled(arena.opinion("claude"), usage=None))
    _, record = await run(opening, tmp_path, **sections(models, second))
    assert record.ballots[0].served_by.provider == "first"


async def test_another_model_in_the_answer_is_disclosed_and_no_ballot_of_this_one(
    models: ModelServer, second: ModelServer, tmp_path: Path, opening: Opening
) -> None:
    models.always(MODEL, say.filled(arena.opinion("claude"), model="meta-llama/llama-3-8b"))
    _, record = await run(opening, tmp_path, **sections(models, second))
    (absent,) = record.abstentions
    assert "first:meta-llama/llama-3-8b answered instead of claude" in absent.reason


async def test_a_refusal_in_the_middle_of_a_run_moves_the_rest_of_it(
    models: ModelServer, second: ModelServer, tmp_path: Path, opening: Opening
) -> None:
    good = say.filled(arena.opinion("claude"))
    models.say_next(MODEL, good, good, good)
    models.always(MODEL, say.echoes_key())
    app = await opening("", tmp_path, environ=ENVIRON, **sections(models, second))
    record = await arena.finished(app, arena.request())
    stages = (await app.model_chat(record.run_id, "claude")).stages
    assert {stage.served_by.provider for stage in stages} == {"first", "second"}
    assert record.ballots[0].served_by.provider == "second"
    assert ENVIRON["FIRST_KEY"] not in record.model_dump_json()
    assert len(models.asked(MODEL)) <= 3 + 4  # at most the calls that were under way together


async def test_a_member_whose_only_route_is_down_abstains_at_once_with_the_reason(
    models: ModelServer, tmp_path: Path, opening: Opening
) -> None:
    models.always(MODEL, say.server_error())
    app, _ = await run(opening, tmp_path, **sections(models, health=STRICT))
    asked = len(models.requests)
    record = await arena.finished(app, arena.request("MSFT", preset=Preset.QUICK))
    (absent,) = record.abstentions
    assert absent.kind is AbstentionKind.FAILED
    assert f"claude's only route first:{MODEL} has been down since " in absent.reason
    assert len(models.requests) == asked


async def test_a_route_that_is_down_is_passed_over_before_a_run_and_after_a_restart(
    models: ModelServer, second: ModelServer, tmp_path: Path, opening: Opening
) -> None:
    models.always(MODEL, say.server_error())
    app, _ = await run(opening, tmp_path, **sections(models, second, health=STRICT))
    await app._gateway.notes.written()
    asked = len(models.requests)
    for _ in range(2):
        app, record = await run(opening, tmp_path, **sections(models, second, health=STRICT))
        assert record.ballots[0].served_by.provider == "second"
    assert len(models.requests) == asked


async def test_how_models_and_keys_are_is_shown_and_told(
    models: ModelServer, second: ModelServer, tmp_path: Path, opening: Opening
) -> None:
    facts = sections(models, second, health=STRICT, access={"admins": [ADMIN]})
    app = await opening("", tmp_path, environ=ENVIRON, **facts)
    before, wanted = app.clock.now() - timedelta(hours=1), Wanted(topic=Topic.ALERTS)
    for chat, person in (("-1", ADMIN), ("-2", BOB)):
        await app._store.subscriptions.add("telegram", chat, None, wanted, person, before, None, limit=9)
    models.say_next(MODEL, say.server_error(), say.server_error())
    second.always(MODEL, say.echoes_key())
    await arena.finished(app, arena.request(preset=Preset.QUICK))
    await app._gateway.notes.written()

    health = await app.health(())
    first, other = health.providers
    assert (first.condition, other.condition) == (Condition.DOWN, Condition.DOWN)
    assert (first.routes[0].breaker, first.routes[0].members) == ("open", ("claude",))
    assert other.keys[0].condition is KeyCondition.REFUSED
    shown = {
        role: health_card(health, {}, ZONE, here="", all_chats=role == "admin")
        for role in ("admin", "viewer")
    }
    assert shown["admin"].title == "The service is well, but not every model"
    said = {role: card.model_dump_json() for role, card in shown.items()}
    assert "main …77c1 of second: refused since" in said["admin"]
    assert "77c1" not in said["viewer"]
    assert f"first:{MODEL}: down since" in said["viewer"]
    document = json.dumps(health_facts(health, {}))
    assert not any(secret in document for secret in ENVIRON.values())

    found = {(alert.kind, alert.happened): alert for alert in await app.look_out()}
    assert set(found) == {(AlertKind.ROUTE, "down"), (AlertKind.KEY, "refused")}
    assert await app.look_out() == ()
    waiting = await app._store.slots.upcoming(50)
    told = sorted((due.subscription.chat, due.slot.key.split(":")[1]) for due in waiting)
    assert told == [("-1", "key"), ("-1", "route"), ("-2", "route")]


async def test_a_route_that_is_back_is_told_once(
    models: ModelServer, tmp_path: Path, opening: Opening
) -> None:
    facts = sections(models, health=STRICT | {"open_s": 0.05})
    app = await opening("", tmp_path, environ=ENVIRON, **facts)
    before, wanted = app.clock.now() - timedelta(hours=1), Wanted(topic=Topic.ALERTS)
    await app._store.subscriptions.add("telegram", "-1", None, wanted, BOB, before, None, limit=9)
    models.say_next(MODEL, say.server_error(), say.server_error())
    await arena.finished(app, arena.request(preset=Preset.QUICK))
    await app._gateway.notes.written()
    told: list[Alert] = list(await app.look_out())
    await app.clock.sleep(0.1)
    record = await arena.finished(app, arena.request("MSFT", preset=Preset.QUICK))
    await app._gateway.notes.written()
    told += await app.look_out()
    told += await app.look_out()
    assert record.ballots
    assert [alert.happened for alert in told] == ["down", "back"]
    assert told[1].since == told[0].at
