"""The composition root: the one place where real parts are chosen and joined."""

import os
from collections.abc import Mapping
from decimal import Decimal

from core.app.agenda import Agenda
from core.app.app import App
from core.app.digests import Digests
from core.app.estimates import Estimates
from core.app.known_chats import KnownChats
from core.app.live_seasons import LiveSeasons
from core.app.people import People
from core.app.polls import Polls
from core.app.questions import Questions
from core.app.quotas import Quotas
from core.app.replays import Replays
from core.app.resets import Resets
from core.app.runs import Runs
from core.app.scoreboard import Scoreboard
from core.app.season_reports import SeasonReports
from core.app.subscriptions import Subscriptions
from core.app.watch import Watch
from core.app.watchlists import Watchlists
from core.clock import Clock, SystemClock
from core.config import Settings
from core.domain.measures import Relay
from core.domain.member import MemberKind
from core.llm.gateway import Gateway
from core.market.calendar import MarketCalendar
from core.market.chain import build_chain
from core.market.evidence_vendors import build_gatherer
from core.market.yahoo_search import YahooSearch
from core.pipeline.committee import Committee
from core.pipeline.importing import Importer
from core.store.member_rows import Wanted
from core.store.store import Store


async def open_app(
    settings: Settings, *, clock: Clock | None = None, environ: Mapping[str, str] | None = None
) -> App:
    """Open the arena that `settings` describe: migrate the store, seat the members, join the parts.

    Raises:
        StoreError: the database cannot be opened or is newer than this program.
        ConfigError: a part cannot be built from the settings, or the database's password cannot be read.
    """
    clock = clock or SystemClock()
    environ = os.environ if environ is None else environ
    store = await Store.open(settings.store.address(environ), clock)
    measures = store.database.measures = Relay()
    try:
        voters = [(m.name, m.kind, settings.weight_of(m), m.route, m.enabled) for m in settings.members]
        stages = {member.name: member.stages for member in settings.members}
        await store.members.seat([*voters, *_followers(settings)], stages)
        calendar = MarketCalendar()
        prices = build_chain(settings, calendar, clock)
        gatherer = build_gatherer(settings, clock, store.vendor_answers)
        gateway = Gateway(
            settings,
            environ=environ,
            clock=clock,
            states=store.providers,
            book=store.budgets,
            log=store.calls.log,
            answers=store.model_answers,
            measures=measures,
        )
        gateway.listed = await store.listed.all()
    except BaseException:
        await store.close()
        raise
    committee = Committee(
        settings, store, prices, calendar, gateway, clock, gatherer=gatherer, measures=measures
    )
    scoreboard = Scoreboard(store, settings, clock)
    estimates = Estimates(store, settings, calendar)
    people = People(store, settings, clock, Quotas(store, settings, estimates, clock))
    runs = Runs(committee, store, clock, people)
    subscriptions = Subscriptions(store, settings, calendar, clock)
    return App(
        settings,
        clock,
        store=store,
        prices=prices,
        gatherer=gatherer,
        committee=committee,
        gateway=gateway,
        runs=runs,
        live=LiveSeasons(settings, store, calendar, committee.keeper, scoreboard, clock),
        questions=Questions(
            settings, store, committee, gateway, scoreboard, people, clock, measures=measures
        ),
        replays=Replays(settings, store, calendar, gateway, clock, gatherer),
        importer=Importer(settings, store, prices, calendar, committee.keeper, clock),
        polls=Polls(store, calendar, clock),
        scoreboard=scoreboard,
        reports=SeasonReports(store, scoreboard, settings, clock),
        digests=Digests(store, scoreboard, settings, calendar, clock),
        subscriptions=subscriptions,
        watchlists=Watchlists(store, settings, calendar, clock, subscriptions),
        known_chats=KnownChats(store, settings, subscriptions, clock),
        agenda=Agenda(store, settings, calendar, clock),
        watch=Watch(store, scoreboard, settings, gateway, clock, people),
        estimates=estimates,
        resets=Resets(store, calendar, committee.keeper, clock),
        people=people,
        places=store.places,
        reflecting=committee.reflecting,
        measures=measures,
        search=_search(settings, clock),
    )


def _search(settings: Settings, clock: Clock) -> YahooSearch | None:
    """Return Yahoo's search where prices come from Yahoo: what it suggests can be had then."""
    asked = YahooSearch.name in settings.market.prices
    return YahooSearch(settings.market.yfinance, clock) if asked else None


def _followers(settings: Settings) -> list[Wanted]:
    """Return the members that no configuration names: they follow verdicts and votes, and weigh nothing."""
    kinds = [MemberKind.COMMITTEE] * settings.arena.committee + [MemberKind.CROWD] * settings.arena.crowd
    return [(kind.value, kind, Decimal(0), (), True) for kind in kinds]
