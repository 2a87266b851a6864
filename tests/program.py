"""The program as its users start it: a process of its own, in a folder where its config.toml is found."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CONFIG = """
[store]
url = "sqlite+aiosqlite:///{folder}/conclave.db"
[archive]
dir = "{folder}/modelchats"
[market]
prices = ["sample"]
"""
"""Everything inside of one folder, and prices that need no network."""


def conclave(folder: Path, *words: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    """Start the program in `folder`, let it read what was `typed`, and return how it ended."""
    return subprocess.run(  # noqa: S603 - our own program, with words that these tests choose
        [sys.executable, "-m", "bot", *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "NO_COLOR": "1"},
        input=typed,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
