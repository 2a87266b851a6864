"""The report is one whole document, says all that there is, and refers to nothing outside of it."""

import base64
import hashlib
import re
import tracemalloc
from collections.abc import Sequence
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.cli_report import write
from bot.cli_work import season_named
from bot.present.numbers import MINUS
from bot.report import render, write_report
from bot.report.charts import drawdown_charts, equity_charts, thinned
from bot.report.passages import Passages
from bot.report.view import overview, page_view
from core.domain.errors import Refused
from core.domain.run import RunRecord, RunState
from core.domain.scores import Figure, Metric
from core.domain.season_report import Place, SeasonReport
from core.domain.stage import ModelChat, Stage
from tests.report_facts import chats_of, evidence_of, report, run
from tests.report_figures import MINIMUMS, sessions
from tests.report_hostile import ATTACKS, hostile_report
from tests.rights import as_somebody, open_folder

VOID = {"meta", "link", "br", "img", "input", "hr"}


class Reader(HTMLParser):
    """Notes what is open, every attribute, and the text of each element by its tag."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.texts: dict[str, list[str]] = {}
        self.everything: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)
            self.texts.setdefault(tag, []).append("")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open:
            self.texts[self.open[-1]][-1] += data
        self.everything.append(data)

    @property
    def text(self) -> str:
        return "".join(self.everything)


@pytest.fixture(scope="module")
def season() -> SeasonReport:
    return report(runs=4)


@pytest.fixture(scope="module")
def page(season: SeasonReport) -> str:
    return render(season)


@pytest.mark.parametrize("make", [lambda: report(runs=4), hostile_report, lambda: report(runs=0)])
def test_the_document_is_well_formed_and_its_ids_are_its_own(make: Any) -> None:
    read = Reader(render(make()))
    assert read.open == []
    ids = [value for _, name, value in read.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    named = {
        value for _, name, values in read.attributes if name == "aria-labelledby" for value in values.split()
    }
    linked = {value[1:] for _, name, value in read.attributes if name == "href"}
    assert named | linked <= set(ids)


@pytest.mark.parametrize("make", [lambda: report(runs=4), hostile_report])
def test_nothing_in_the_document_refers_to_anything_outside_of_it(make: Any) -> None:
    text = render(make())
    read = Reader(text)
    addresses = {"href", "src", "srcset", "action", "data", "poster", "background", "xlink:href", "style"}
    assert [one for one in read.attributes if one[1] in addresses and not one[2].startswith("#")] == []
    assert not [one for one in read.attributes if one[1].startswith("on")]
    assert len(read.texts["script"]) == len(read.texts["style"]) == 1
    for own in (*read.texts["script"], *read.texts["style"]):
        assert not re.search(
            r"https?:|//[a-z]|url\(|@import|fetch\(|XMLHttp|eval\(|innerHTML", own.replace("// ", "")
        )


def test_the_policy_allows_exactly_the_style_and_the_script_that_are_there(page: str) -> None:
    read = Reader(page)
    (policy,) = [value for tag, name, value in read.attributes if tag == "meta" and "default-src" in value]
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules["default-src"] == "'none'"
    assert "unsafe" not in policy
    for kind, tag in (("style-src", "style"), ("script-src", "script")):
        (own,) = read.texts[tag]
        assert rules[kind] == f"'sha256-{base64.b64encode(hashlib.sha256(own.encode()).digest()).decode()}'"


def test_everything_of_the_season_is_on_the_page(season: SeasonReport, page: str) -> None:
    told = " ".join(Reader(page).text.split())
    for card in season.scorecards:
        assert card.member in told
    for record in season.runs:
        assert record.run_id in told
        assert record.evidence_sha256 in told
        assert record.verdict
        for dissent in record.verdict.dissent:
            assert f"{dissent.member} ({dissent.action}): {dissent.reason}" in told
    for chat in season.chats:
        for stage in chat.stages:
            assert stage.output in told
            assert stage.prompt.rsplit("\n", 1)[1] in told
    assert "dividend of $0.75 a share" in told
    assert "Made at 2013-03-02 09:30 UTC" in told
    assert "Sample prices: real daily bars" in told
    assert "Paper trading, not advice." in told
    assert "The committee is at rank 3 of 12, ahead of 3 of 5 models." in told


def test_times_are_shown_in_the_arenas_zone(season: SeasonReport) -> None:
    assert "Made at 2013-03-02 04:30 EST" in Reader(render(season, ZoneInfo("America/New_York"))).text


def test_a_figure_below_its_sample_says_how_many_there_are(season: SeasonReport) -> None:
    card = season.scorecards[0]
    few = card.figures | {
        Metric.SHARPE: Figure(value=None, sample=3),
        Metric.WIN_RATE: Figure(value=None, sample=1),
        Metric.CALMAR: Figure(value=None, sample=60),
    }
    cards = (card.model_copy(update={"figures": few, "luck": None}), *season.scorecards[1:])
    told = Reader(render(season.model_copy(update={"scorecards": cards}))).text
    assert "n/a (3 of 20 days)" in told
    assert "n/a (1 of 5 closed trades)" in told
    assert "n/a (60 days)" in told
    assert "too short a record to compare with SPY." in told


def test_an_empty_season_says_so() -> None:
    empty = report(
        runs=0,
        scorecards=(),
        curves=(),
        benchmark_curve=(),
        calibrations=(),
        corporate_actions=(),
        first=None,
        last=None,
    )
    told = Reader(render(empty)).text
    for sentence in (
        "Nobody has any books",
        "No fill yet.",
        "No run yet.",
        "No ballot is settled yet.",
        "No marks yet.",
    ):
        assert sentence in told


def test_a_run_without_a_verdict_says_why(season: SeasonReport) -> None:
    stopped = run(1).model_copy(update={"state": RunState.CANCELLED, "verdict": None})
    told = Reader(render(season.model_copy(update={"runs": (stopped,)}))).text
    assert "The run was stopped; what was done is kept." in told


def test_hostile_text_stands_there_as_text() -> None:
    season = hostile_report()
    told = Reader(render(season)).text
    for attack in ATTACKS[:-2]:
        assert attack in told
    assert "nul \N{REPLACEMENT CHARACTER} bell" in told
    render(season).encode("utf-8")


@given(st.text())
def test_any_output_of_a_model_comes_back_from_the_page(text: str) -> None:
    season = report(runs=1, with_chats=False, curves=(), scorecards=(), calibrations=())
    chat = chats_of(season.runs[0])[0]
    stage = chat.stages[0].model_copy(update={"output": text, "prompt": text})
    chat = chat.model_copy(update={"stages": (stage,)})
    read = Reader(render(season.model_copy(update={"chats": (chat,)})))
    assert read.open == []
    kept = re.sub(
        r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]", "\ufffd", text
    )
    assert read.texts["div"].count(kept) >= 2


def test_a_passage_of_all_prompts_stands_in_a_run_once(season: SeasonReport, page: str) -> None:
    for record in season.runs:
        assert page.count(evidence_of(record)) == 1
    assert page.count("signs as above]") == len(season.chats) - len(season.runs)


@given(
    st.lists(
        st.sampled_from(["[[evidence 0123456789ab]]", "[[/evidence 0123456789ab]]", "a" * 400, "b", ""]),
        max_size=12,
    )
)
def test_the_pieces_of_a_prompt_are_the_prompt(lines: list[str]) -> None:
    prompt = "\n".join(lines)
    passages = Passages("p")
    for _ in range(2):
        assert "".join(part.text for part in passages.parts(prompt)) == prompt
    assert all(part.said for part in passages.parts(prompt) if part.name)


async def test_a_written_report_is_the_rendered_one(season: SeasonReport, page: str, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_text("older")
    await write_report(season, path)
    assert path.read_text(encoding="utf-8") == page
    assert list(tmp_path.iterdir()) == [path]


async def test_a_report_that_fails_leaves_the_older_one_and_nothing_else(
    season: SeasonReport, tmp_path: Path
) -> None:
    path = tmp_path / "report.html"
    path.write_text("older")

    async def broken(record: RunRecord) -> Sequence[ModelChat]:
        if record is season.runs[2]:
            raise RuntimeError("the database went away")
        return ()

    with pytest.raises(RuntimeError, match="went away"):
        await write_report(season, path, chats_of=broken)
    assert path.read_text() == "older"
    assert list(tmp_path.iterdir()) == [path]


async def test_a_place_that_cannot_be_written_is_refused_in_one_sentence(
    season: SeasonReport, tmp_path: Path
) -> None:
    for path in (tmp_path / "no" / "such.html", tmp_path):
        with pytest.raises(Refused, match="The report cannot be written to"):
            await write_report(season, path)
    assert list(tmp_path.iterdir()) == []
    with open_folder() as folder, as_somebody(), pytest.raises(Refused, match=r"html: Permission denied\.$"):
        await write_report(season, folder / "closed" / "report.html")


async def test_memory_does_not_grow_with_the_number_of_modelchats(tmp_path: Path) -> None:
    padding = "reasoning " * 4000

    async def chats(record: RunRecord) -> Sequence[ModelChat]:
        return [
            chat.model_copy(
                update={"stages": tuple(each.model_copy(update={"output": padding}) for each in chat.stages)}
            )
            for chat in chats_of(record)
        ]

    peaks, sizes = [], []
    for runs in (4, 40):
        season = report(runs=runs, with_chats=False)
        path = tmp_path / f"{runs}.html"
        tracemalloc.start()
        await write_report(season, path, chats_of=chats)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        sizes.append(path.stat().st_size)
    assert sizes[1] > 15_000_000
    assert sizes[1] > 8 * sizes[0]
    assert peaks[1] < 1.5 * peaks[0] + 1_000_000


def test_thinning_keeps_the_extremes_the_end_and_the_gaps() -> None:
    points: list[tuple[Any, float | None]] = [
        (day, float(index % 17)) for index, day in enumerate(sessions())
    ]
    points[50], points[60] = (points[50][0], 99.0), (points[60][0], -99.0)
    points[70] = (points[70][0], None)
    kept = thinned(points, 30)
    assert len(kept) <= 45
    assert {points[50], points[60], points[70], points[-1]} <= set(kept)
    assert list(kept) == sorted(kept, key=lambda each: each[0])


@settings(max_examples=30)
@given(
    st.lists(st.one_of(st.none(), st.decimals(min_value=-(10**12), max_value=10**12, places=2)), max_size=20)
)
def test_any_values_make_charts_within_their_frames(values: list[Decimal | None]) -> None:
    season = report(runs=0)
    first = season.curves[0]
    days = tuple(day._replace(value_usd=value) for day, value in zip(first.values, values, strict=False))
    odd = season.model_copy(update={"curves": (first._replace(values=days), *season.curves[1:])})
    for chart in (*equity_charts(odd), *drawdown_charts(odd)):
        for trace in chart.traces:
            numbers = [float(each) for each in re.findall(r"-?\d+\.\d", trace.path)]
            assert all(-0.1 <= x <= chart.frame.width for x in numbers[::2])
            assert all(-0.1 <= y <= chart.frame.height for y in numbers[1::2])


class Arena:
    """What the command asks of the arena."""

    def __init__(self, facts: SeasonReport) -> None:
        self.facts = facts
        self.asked: list[object] = []
        self.settings = type("S", (), {"arena": type("A", (), {"timezone": "America/New_York"})})

    async def season_report(self, season: object, *, with_chats: bool) -> SeasonReport:
        self.asked.append((season, with_chats))
        return self.facts

    async def model_chat(self, run_id: str, member: str) -> ModelChat:
        record = next(each for each in self.facts.runs if each.run_id == run_id)
        return next(chat for chat in chats_of(record, (Stage.DECISION,)) if chat.member == member)


async def test_the_command_writes_the_season_with_or_without_its_modelchats(empty_folder: Path) -> None:
    arena = Arena(report(runs=2, with_chats=False))
    written = await write(arena, None, None, with_chats=True)
    assert written == Path("conclave-report-replay-2012-spring.html")
    assert arena.asked == [(None, False)]
    whole = Reader((empty_folder / written).read_text(encoding="utf-8")).text
    assert whole.count("As decision: ") == 20
    assert "EST" in whole
    short = await write(arena, season_named("live"), Path("short.html"), with_chats=False)
    assert arena.asked[-1] == ("live", False)
    assert "As decision: " not in short.read_text(encoding="utf-8")


def test_a_season_that_cannot_be_is_refused() -> None:
    with pytest.raises(Refused, match=r"“\.\./evil” is no season: a season's name has"):
        season_named("../evil")


def test_minus_and_minimums_are_written_as_on_the_cards(page: str) -> None:
    assert f"{MINUS}5.18 %" in page
    assert f"Below {MINIMUMS.days} daily returns" in page


def test_a_benchmark_without_prices_is_said_to_have_none(season: SeasonReport) -> None:
    cards = tuple(card.model_copy(update={"luck": None}) for card in season.scorecards)
    text = Reader(render(season.model_copy(update={"benchmark_curve": (), "scorecards": cards}))).everything
    said = " ".join(text)
    assert f"There are no prices of {season.benchmark}, the benchmark, in this season." in said
    assert f"no prices of {season.benchmark} to compare with." in said
    assert "beside the same money" not in said
    assert "block bootstrap" not in said


def test_members_of_the_same_value_share_a_rank_and_nobody_is_ahead_of_his_equals() -> None:
    season = report(runs=1)
    models = [card for card in season.scorecards if card.kind == "llm"][:2]
    committee = next(card for card in season.scorecards if card.kind == "committee")
    cards = (committee, *models)
    places = {committee.member: Place(1, "🥇"), models[0].member: Place(1, "🥇"), models[1].member: Place(3)}
    tied = season.model_copy(
        update={"scorecards": cards, "places": places, "models": 2, "committee_beats": 1}
    )
    assert overview(tied) == ["The committee is at rank 1 of 3, ahead of 1 of 2 models."]
    assert [(row.rank, row.medal) for row in page_view(tied, ZoneInfo("UTC"))["standings"]] == [
        (1, "🥇"),
        (1, "🥇"),
        (3, ""),
    ]
    unpriced = tied.model_copy(update={"places": places | {committee.member: Place(0)}})
    assert overview(unpriced) == []
