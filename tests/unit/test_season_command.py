"""`/season`: everybody may look, admins start and end, and what cannot be undone asks first."""

from datetime import date

import pytest

from bot.arguments import SeasonArguments
from bot.cards import Card, DialogueCard, LeaderboardCard, Notice, SeasonCard
from bot.commands import parse
from bot.desk import Desk
from bot.request import Person
from bot.season_target import season_of_target
from core.domain.errors import NotFound, Refused
from core.domain.live_season import FinalTable, LiveSeason, SeasonStarted, SeasonStatus
from core.domain.season import Season
from tests.arena_double import ArenaDouble
from tests.desk_scene import BOB, arena
from tests.door_double import ALICE, DoorDouble, press, request
from tests.season_facts import AUTUMN, FINAL, STATUS


class SeasonedArena(ArenaDouble):
    """An arena with a season that goes on and one that has ended; notes what is started and ended."""

    def __init__(self) -> None:
        super().__init__(arena().settings)
        self.status: SeasonStatus = STATUS
        self.done: list[object] = []

    async def season_status(self) -> SeasonStatus:
        return self.status

    async def freeze_if_due(self, now: object = None) -> None:
        return None

    async def final_table(self, season: Season) -> FinalTable:
        if season != FINAL.season:
            raise NotFound("none")
        return FINAL

    async def start_season(
        self, season: Season, first: date | None = None, last: date | None = None
    ) -> SeasonStarted:
        self.done.append(("start", season, first, last))
        return SeasonStarted(live=AUTUMN, before=FINAL)

    async def end_season(self) -> FinalTable | None:
        self.done.append("end")
        return FINAL if self.status.is_open else None

    async def end_season_on(self, day: date) -> LiveSeason:
        self.done.append(("end", day))
        return AUTUMN.model_copy(update={"last_day": day})


async def asked(app: ArenaDouble, text: str, person: Person = ALICE) -> Card:
    door = DoorDouble()
    await Desk(app).handle(request(text, person=person, delivery=text), door)
    return door.last.now


async def test_everybody_sees_where_the_season_stands_and_how_others_ended() -> None:
    app = SeasonedArena()
    assert isinstance(await asked(app, "/season", BOB), SeasonCard)
    final = await asked(app, "/season summer", BOB)
    assert isinstance(final, LeaderboardCard)
    assert final.title == "Final table of summer"
    assert isinstance(await asked(app, "/season live", BOB), LeaderboardCard)


@pytest.mark.parametrize("text", ["/season start winter", "/season end confirm", "/season end on 2025-12-31"])
async def test_only_an_admin_starts_and_ends_seasons(text: str) -> None:
    app = SeasonedArena()
    card = await asked(app, text, BOB)
    assert isinstance(card, Notice)
    assert card.text.startswith(f"/season {text.split()[1]} needs the role admin; you are viewer here.")
    assert app.done == []


async def pressed(
    app: ArenaDouble, card: Card, label: str, person: Person = ALICE, *, delivery: str = "p1"
) -> Card | None:
    assert isinstance(card, DialogueCard)
    data = next(one.data for one in card.buttons if one.label == label)
    return await Desk(app).press(press(data, person, delivery=delivery), DoorDouble())


async def test_what_freezes_a_season_is_done_when_it_is_sent_again_with_confirm() -> None:
    app = SeasonedArena()
    card = await asked(app, "/season start winter from 2026-01-02 to 2026-03-31")
    assert isinstance(card, DialogueCard)
    again = "/season start winter from 2026-01-02 to 2026-03-31 confirm"
    assert card.title == "End the season autumn for good?"
    assert card.text == ("Waiting orders are cancelled, and nothing in it changes any more. gpt leads it.")
    assert card.footer == f"Only Alice can confirm it, within a minute. Or send {again}."
    assert app.done == []
    started = await asked(app, again)
    assert isinstance(started, Notice)
    assert started.text.startswith("The season autumn is open")
    assert app.done == [("start", "winter", date(2026, 1, 2), date(2026, 3, 31))]


async def test_a_season_starts_by_the_button_of_who_asked_once() -> None:
    app = SeasonedArena()
    card = await asked(app, "/season start winter from 2026-01-02 to 2026-03-31")
    yes = "Yes, end autumn, and start winter"
    started = await pressed(app, card, yes)
    assert isinstance(started, DialogueCard)
    assert started.text.startswith("The season autumn is open")
    assert app.done == [("start", "winter", date(2026, 1, 2), date(2026, 3, 31))]
    again = await pressed(app, card, yes, delivery="p2")
    assert isinstance(again, Notice)
    assert again.text == "This question has been answered already."
    assert len(app.done) == 1


async def test_a_season_whose_name_is_too_long_for_a_button_is_confirmed_by_words() -> None:
    app = SeasonedArena()
    name = "a-name-that-is-longer-than-any-button"
    card = await asked(app, f"/season start {name}")
    assert isinstance(card, DialogueCard)
    assert card.buttons == ()
    assert card.examples == (f"/season start {name} confirm",)
    await asked(app, f"/season start {name} confirm")
    assert app.done == [("start", name, None, None)]


async def test_the_end_asks_first_and_then_shows_the_final_table() -> None:
    app = SeasonedArena()
    card = await asked(app, "/season end")
    assert isinstance(card, DialogueCard)
    assert card.footer.endswith("Or send /season end confirm.")
    assert isinstance(await asked(app, "/season end confirm"), LeaderboardCard)
    assert app.done == ["end"]
    assert isinstance(await pressed(app, card, "Yes, end autumn"), LeaderboardCard)
    assert app.done == ["end", "end"]


@pytest.mark.parametrize(("words", "label"), [
    ("/season end", "Yes, end autumn"),
    ("/season start winter", "Yes, end autumn, and start winter"),
])  # fmt: skip
async def test_a_yes_ends_only_the_season_that_was_asked_about(words: str, label: str) -> None:
    app = SeasonedArena()
    card = await asked(app, words)
    other = AUTUMN.model_copy(update={"season": Season("spring")})
    app.status = STATUS.model_copy(update={"live": other})
    refused = await pressed(app, card, label)
    assert isinstance(refused, Notice)
    assert refused.text.startswith("Another season has begun meanwhile, and nothing was done.")
    assert app.done == []


@pytest.mark.parametrize("target", ["", "winter", "winter~x~~0000", "wi_nter~~~0000", "winter~~~~~"])
def test_a_target_that_was_written_by_hand_is_refused(target: str) -> None:
    with pytest.raises(Refused, match="nothing was done"):
        season_of_target(target)


async def test_a_day_to_end_on_can_be_changed_and_is_not_asked_for_twice() -> None:
    app = SeasonedArena()
    card = await asked(app, "/season end on 2026-02-27")
    assert isinstance(card, Notice)
    assert card.text == "The season autumn ends with the close of the last session until 2026-02-27."
    assert app.done == [("end", date(2026, 2, 27))]


async def test_without_an_open_season_nothing_is_asked() -> None:
    app = SeasonedArena()
    app.status = SeasonStatus(live=None)
    await asked(app, "/season start winter")
    assert app.done == [("start", "winter", None, None)]
    card = await asked(app, "/season end")
    assert isinstance(card, Notice)
    assert card.text.startswith("No season is open")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("/season", SeasonArguments()),
        ("/season Summer", SeasonArguments("show", Season("summer"))),
        ("/season end --on 2025-12-31", SeasonArguments("end", last=date(2025, 12, 31))),
        (
            "/season start x --to 2025-12-31 CONFIRM",
            SeasonArguments("start", Season("x"), None, date(2025, 12, 31), confirmed=True),
        ),
    ],
)
def test_words_are_read(text: str, wanted: SeasonArguments) -> None:
    assert parse(text)[1] == wanted


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("/season start", "What is the season to be called? Write for instance /season start winter"),
        ("/season start winter soon", "“soon” is not understood here."),
        ("/season start winter to", "“to” is not understood here."),
        ("/season start winter to Friday", "“friday” is no day: write it like 2025-12-31."),
        ("/season start win_ter", "“win_ter” is no season: a season's name has"),
        ("/season a b", "One season at a time"),
        ("/season end on 2025-12-31 please", "Write /season end, or with the last day"),
    ],
)
def test_what_cannot_be_read_is_refused_with_what_to_write(text: str, told: str) -> None:
    with pytest.raises(Refused) as refused:
        parse(text)
    assert str(refused.value).startswith(told)
