"""The program killed without warning, at any moment, and continued."""

import asyncio
import json
import os
import random
import re
import signal
import sqlite3
import sys
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from tests import arena
from tests.loopback.model_replies import hangs
from tests.loopback.model_server import ModelServer

ROOT = Path(__file__).resolve().parent.parent.parent
pytestmark = pytest.mark.timeout(120)


def write_config(folder: Path, base_url: str) -> Path:
    members = "".join(
        f'[[members]]\nname = "{name}"\nroute = ["loopback:{name}/{name}-1"]\n' for name in arena.FIVE
    )
    config = folder / "config.toml"
    config.write_text(
        f'[store]\nurl = "sqlite+aiosqlite:///{folder}/conclave.db"\n'
        f'[archive]\ndir = "{folder}/modelchats"\n[market]\nprices = ["sample"]\n'
        # What the cache keeps of stages that were not stored is not what is counted here.
        "[cache]\nenabled = false\n"
        '[budget]\nper_run_usd = "5.00"\n'
        f'[[providers]]\nname = "loopback"\nbase_url = "{base_url}"\nlocal = true\n{members}'
    )
    return config


async def started(config: Path, *words: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot",
        "run",
        *words,
        "--config",
        str(config),
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


def rows(folder: Path, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(folder / "conclave.db")) as database:
        return database.execute(query).fetchall()


@pytest.mark.parametrize("seed", [1, 2])
async def test_a_run_killed_twice_at_random_moments_is_whole_and_pays_for_no_stored_stage_again(
    seed: int, tmp_path: Path
) -> None:
    moments = random.Random(seed)
    async with ModelServer(latency_s=0.03) as models:
        for name in arena.FIVE:
            models.opine(f"{name}/{name}-1", arena.opinion(name))
        config = write_config(tmp_path, models.base_url)
        process = await started(config, "GOOG")
        await asyncio.wait_for(models.until_asked(moments.randint(1, 30)), 30)
        process.send_signal(signal.SIGKILL)
        _, log = await process.communicate()
        (run_id,) = re.findall(r"run ([0-9a-z]{8}) asks", log.decode())
        stored = rows(tmp_path, "SELECT COUNT(*) FROM stages")[0][0]
        asked = len(models.requests)

        process = await started(config, "--resume", run_id)
        await asyncio.wait_for(models.until_asked(asked + moments.randint(1, 20)), 40)
        process.send_signal(signal.SIGKILL)
        await process.communicate()
        stored = rows(tmp_path, "SELECT COUNT(*) FROM stages")[0][0]
        asked = len(models.requests)

        process = await started(config, "--resume", run_id, "--json")
        out, log = await process.communicate()
        assert process.returncode == 0, log.decode()
    (document,) = json.loads(out)
    assert document["run_id"] == run_id
    assert len(document["ballots"]) == 5
    assert len(models.requests) - asked == 60 - int(str(stored))
    assert rows(tmp_path, "SELECT COUNT(*) FROM stages")[0][0] == 60
    fills = Counter(member for (member,) in rows(tmp_path, "SELECT member FROM fills"))
    assert fills == {"claude": 1, "gpt5": 1, "gemini": 1, "committee": 1}
    assert len(list((tmp_path / "modelchats" / run_id).iterdir())) == 5
    # What was under way at each kill may have been billed; nothing of the run is held any more.
    assert rows(tmp_path, "SELECT COUNT(*) FROM calls WHERE outcome = 'lost'")[0][0]
    assert rows(tmp_path, "SELECT COUNT(*) FROM budget_holds") == [(0,)]


async def test_ctrl_c_keeps_what_is_done_and_says_how_to_go_on(tmp_path: Path) -> None:
    async with ModelServer(latency_s=0.05) as models:
        # One never answers, or on a busy machine all might be done before the key is pressed.
        models.always("qwen/qwen-1", hangs())
        config = write_config(tmp_path, models.base_url)
        process = await started(config, "GOOG")
        await asyncio.wait_for(models.until_asked(25), 30)
        process.send_signal(signal.SIGINT)
        out, log = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode == 1
    assert out == b""
    assert "conclave run --resume" in log.decode()
    assert "Traceback" not in log.decode()
    assert rows(tmp_path, "SELECT state FROM runs") == [("running",)]
