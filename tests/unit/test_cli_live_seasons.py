"""`conclave season` as the program is started."""

import json
from pathlib import Path

from tests.program import conclave


def test_a_season_is_started_ended_shown_and_listed(empty_folder: Path) -> None:
    alone = conclave(empty_folder, "season", "--json")
    assert alone.returncode == 0, alone.stderr
    assert json.loads(alone.stdout)["season"] is None
    started = conclave(empty_folder, "season", "start", "winter", "--to", "2099-12-31", "--json")
    assert started.returncode == 0, started.stderr
    found = json.loads(started.stdout)
    assert (found["season"]["name"], found["season"]["state"]) == ("winter", "open")
    assert (found["season"]["last_day"], found["before"]) == ("2099-12-31", None)

    refused = conclave(empty_folder, "season", "start", "spring")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "This ends the season winter" in refused.stderr
    assert "the command again with --yes." in refused.stderr

    ended = conclave(empty_folder, "season", "end", "--yes", "--json")
    assert ended.returncode == 0, ended.stderr
    final = json.loads(ended.stdout)["final"]
    assert final["season"] == "winter"
    assert {one["value_usd"] for one in final["standings"]} == {"10000.00"}

    shown = conclave(empty_folder, "season", "show", "winter", "--picture", "final.png")
    assert shown.returncode == 0, shown.stderr
    assert "Final table of winter" in shown.stdout
    assert (empty_folder / "final.png").read_bytes().startswith(b"\x89PNG")
    (line,) = json.loads(conclave(empty_folder, "season", "list", "--json").stdout)
    assert (line["name"], line["kind"], line["state"]) == ("winter", "live", "ended")
    assert conclave(empty_folder, "audit").returncode == 0


def test_what_cannot_be_is_one_sentence(empty_folder: Path) -> None:
    for words, told in (
        (("show", "winter"), "There is no final table of winter"),
        (("show", "Win_ter"), "“Win_ter” is no season"),
        (("start", "sample"), "There is a season called sample already"),
        (("start", "winter", "--to", "Friday"), "“Friday” is no day: write it like 2025-12-31."),
        (("end", "--on", "2099-01-01"), "No season has begun yet"),
    ):
        ended = conclave(empty_folder, "season", *words)
        assert (ended.returncode, ended.stdout) == (1, "")
        assert told in ended.stderr
        assert len(ended.stderr.splitlines()) == 1
