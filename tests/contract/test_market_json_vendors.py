"""What holds for every vendor that is asked for JSON, whatever its service answers."""

import gzip
import json
import logging
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from hypothesis import given, settings
from hypothesis import strategies as st

from core.domain.errors import (
    BadVendorData,
    VendorFailure,
    VendorNotConfigured,
    VendorRateLimited,
    VendorTimeout,
    VendorUnreachable,
)
from core.domain.evidence_items import MOST_SIGNS, MacroReading, Mood
from core.market.json_http import BODY_LIMIT
from tests.hostile_text import FRAGMENTS
from tests.loopback.fred_server import RATE_LIMITED as FRED_RATE_LIMITED
from tests.loopback.json_vendor import HalfABody
from tests.loopback.json_vendors_scene import KEY, KEY_NAME, NAMES, VendorScene, vendor_scene
from tests.loopback.reddit_server import BLOCKED_PAGE
from tests.loopback.reddit_server import RATE_LIMITED as REDDIT_RATE_LIMITED
from tests.loopback.stocktwits_server import RATE_LIMITED as STOCKTWITS_RATE_LIMITED

LONGEST_SENTENCE = 200
RATE_LIMITS = {
    "stocktwits": STOCKTWITS_RATE_LIMITED,
    "reddit": REDDIT_RATE_LIMITED,
    "fred": FRED_RATE_LIMITED,
}


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY_NAME, KEY)


@pytest.fixture(params=NAMES)
async def scene(request: pytest.FixtureRequest) -> AsyncIterator[VendorScene]:
    async with vendor_scene(request.param) as running:
        yield running


async def refusal(scene: VendorScene) -> VendorFailure:
    with pytest.raises(VendorFailure) as caught:
        await scene.ask()
    assert caught.value.vendor == scene.vendor.name
    assert KEY not in repr(caught.value) + str(caught.value.__context__) + repr(vars(scene.vendor))
    assert len(str(caught.value)) < LONGEST_SENTENCE
    return caught.value


async def test_a_good_answer_gives_items_that_name_their_vendor_and_time(scene: VendorScene) -> None:
    (item,) = await scene.ask()

    assert item.vendor == scene.vendor.name
    assert (item.released_on if isinstance(item, MacroReading) else item.at) is not None


async def test_a_rate_limit_is_one_and_says_nothing_of_how_long(scene: VendorScene) -> None:
    limit = RATE_LIMITS[scene.vendor.name]
    scene.server.next_answers.append(
        web.json_response(limit, status=429, headers={"Retry-After": "31536000"})
    )

    failure = await refusal(scene)

    assert type(failure) is VendorRateLimited
    assert "slow down" in str(failure)
    assert "31536000" not in str(failure)


async def test_a_rate_limit_inside_a_200_is_one_too(scene: VendorScene) -> None:
    scene.server.next_answers.append(RATE_LIMITS[scene.vendor.name])

    assert type(await refusal(scene)) is VendorRateLimited


@pytest.mark.parametrize("status", [401, 403])
async def test_a_vendor_that_lets_nobody_in_is_away_unless_there_is_a_key_to_blame(
    scene: VendorScene, status: int
) -> None:
    scene.server.next_answers.append(web.Response(status=status, text=BLOCKED_PAGE, content_type="text/html"))

    failure = await refusal(scene)

    keyed = scene.vendor.name == "fred"
    assert type(failure) is (VendorNotConfigured if keyed else VendorUnreachable)
    assert f"HTTP {status}" in str(failure)
    assert "pardner" not in str(failure)


@pytest.mark.parametrize("status", [204, 410, 418, 500, 502, 503])
async def test_any_other_status_is_a_failure(scene: VendorScene, status: int) -> None:
    scene.server.next_answers.append(web.Response(status=status))

    failure = await refusal(scene)

    assert type(failure) is VendorUnreachable
    assert f"answered HTTP {status}" in str(failure)


async def test_a_page_that_is_not_there_is_not_taken_for_an_instrument_that_is_not(
    scene: VendorScene,
) -> None:
    scene.server.next_answers.append(web.Response(status=404, text="<html>no such page</html>"))

    assert type(await refusal(scene)) is VendorUnreachable


async def test_a_redirect_is_not_followed(scene: VendorScene) -> None:
    to = {"Location": f"{scene.server.base_url}/elsewhere"}
    scene.server.next_answers.append(web.Response(status=302, headers=to))

    assert "HTTP 302" in str(await refusal(scene))
    assert len(scene.server.asked) == 1


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "not json",
            "<!doctype html><html><body>Just a moment…</body></html>",
            '{"data": ',
            "[" * 100_000,
        ),
        *("null", "7", "[]", '"text"', "{}", "NaN", "1" * 5_000, '{"response": {"status": "soon"}}'),
        *('{"messages": {}}', '{"data": {"children": {}}}', '{"observations": {}}', '{"data": null}'),
        *(
            '{"error": {"code": 1}, "error_code": "x", "response": 7}',
            '["\\ud800"]',
        ),
    ],
)
async def test_junk_and_wrong_shapes_are_refused_by_name(scene: VendorScene, text: str) -> None:
    scene.server.next_answers.append(web.Response(text=text))

    assert type(await refusal(scene)) is BadVendorData


@pytest.mark.parametrize("constant", ["NaN", "Infinity", "-Infinity"])
async def test_a_number_that_is_none_spoils_the_answer_wherever_it_stands(
    scene: VendorScene, constant: str
) -> None:
    text = json.dumps(scene.good[0])[:-1] + f', "added": {constant}}}'
    scene.server.next_answers.append(web.Response(text=text))

    assert type(await refusal(scene)) is BadVendorData


async def test_half_a_body_is_no_answer(scene: VendorScene) -> None:
    scene.server.next_answers.append(HalfABody(json.dumps(scene.good[0])))

    assert type(await refusal(scene)) is VendorUnreachable


@pytest.mark.parametrize("packed", [False, True])
async def test_a_huge_body_is_not_read_to_its_end(scene: VendorScene, packed: bool) -> None:
    body = json.dumps({"padding": "x" * 2 * BODY_LIMIT, **scene.good[0]}).encode()
    scene.server.next_answers.append(
        web.Response(body=gzip.compress(body), headers={"Content-Encoding": "gzip"})
        if packed
        else web.Response(body=body)
    )

    assert type(await refusal(scene)) is BadVendorData


async def test_a_body_that_says_it_is_packed_and_is_not_is_no_answer(scene: VendorScene) -> None:
    scene.server.next_answers.append(web.Response(body=b"plain", headers={"Content-Encoding": "gzip"}))

    assert type(await refusal(scene)) is VendorUnreachable


@pytest.mark.parametrize("name", NAMES)
async def test_a_vendor_that_says_nothing_is_left_after_its_time(name: str) -> None:
    async with vendor_scene(name, timeout_s=0.05) as scene:
        scene.server.mute = True

        failure = await refusal(scene)

        assert type(failure) is VendorTimeout
        assert "within 0.05 seconds" in str(failure)


@pytest.mark.parametrize("name", NAMES)
async def test_a_dead_address_is_unreachable_and_no_key_shows_in_any_trace(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        async with vendor_scene(name, address="http://127.0.0.1:9") as scene:
            failure = await refusal(scene)

    assert type(failure) is VendorUnreachable
    assert "127.0.0.1:9 could not be reached" in str(failure)
    assert failure.__suppress_context__
    assert KEY not in caplog.text


async def test_a_closed_vendor_opens_again(scene: VendorScene) -> None:
    await scene.ask()
    await scene.vendor.close()

    assert len(await scene.ask()) == 1


async def test_the_vendor_is_told_who_asks_and_gets_no_cookie_back(scene: VendorScene) -> None:
    first = web.json_response(scene.good[0])
    first.set_cookie("tracker", "1")
    scene.server.next_answers.extend([first, *scene.good[1:]])
    await scene.ask()
    await scene.ask()

    for asked in scene.server.asked:
        assert asked.headers["User-Agent"] == "conclave/1 (paper trading committee)"
        assert "Cookie" not in asked.headers


_numbers = st.integers() | st.floats() | st.sampled_from([10**400, -(10**30), 1e308, 5e-324])
_texts = (
    st.text(max_size=20)
    | st.sampled_from(FRAGMENTS)
    | st.just("\u200b" * 3_000)
    | st.just("\ud800")
    | st.just("1e999999999")
)
_scalars = st.none() | st.booleans() | _numbers | _texts
_json = st.recursive(
    _scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_texts, inner, max_size=3)
)
_bodies = _json.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=50)


def _places(value: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place within a body, so that any one of them can be spoiled."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [here, *(place for key, one in inner for place in _places(one, (*here, key)))]


def _spoiled(value: Any, place: tuple[Any, ...], junk: Any) -> Any:
    if not place:
        return junk
    changed = value.copy()
    changed[place[0]] = _spoiled(value[place[0]], place[1:], junk)
    return changed


def assert_is_valid(item: Mood | MacroReading, name: str) -> None:
    again = type(item).model_validate_json(item.model_dump_json())
    assert again == item
    assert item.vendor == name
    text = item.title + item.unit if isinstance(item, MacroReading) else item.text
    assert len(text) <= 2 * MOST_SIGNS
    assert text.isprintable()


async def answers_well(scene: VendorScene) -> None:
    try:
        items = await scene.ask()
    except VendorFailure as failure:
        assert len(str(failure)) < LONGEST_SENTENCE
        assert KEY not in str(failure)
        return
    for item in items:
        assert_is_valid(item, scene.vendor.name)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=20)
@given(bodies=st.lists(_bodies, min_size=1, max_size=15))
async def test_any_body_is_a_failure_or_valid_items(name: str, bodies: list[bytes]) -> None:
    async with vendor_scene(name) as scene:
        for body in bodies:
            scene.server.next_answers.append(web.Response(body=body))
            await answers_well(scene)
            scene.server.next_answers.clear()


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=20)
@given(data=st.data())
async def test_a_good_answer_with_junk_at_any_place_is_a_failure_or_valid_items(
    name: str, data: st.DataObject
) -> None:
    async with vendor_scene(name) as scene:
        for _ in range(10):
            which = data.draw(st.integers(0, len(scene.good) - 1))
            place = data.draw(st.sampled_from(_places(scene.good[which])))
            bodies = list(scene.good)
            bodies[which] = _spoiled(bodies[which], place, data.draw(_json))
            scene.server.next_answers.extend(web.Response(body=json.dumps(body).encode()) for body in bodies)
            await answers_well(scene)
            scene.server.next_answers.clear()
