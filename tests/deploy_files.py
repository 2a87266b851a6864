"""What `deploy/` hands out, read for the tests of it."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from core.config import load_settings
from core.config.settings import Settings

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "deploy"
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
ENV_EXAMPLE = (DEPLOY / ".env.example").read_text(encoding="utf-8")
UNIT = DEPLOY / "conclave.service"
HANDED_OUT = sorted(
    path
    for path in [*DEPLOY.rglob("*"), ROOT / ".dockerignore"]
    if path.is_file() and "secrets" not in path.parts and "__pycache__" not in path.parts
)
DEFAULTED = re.compile(r"\$\{([A-Z0-9_]+):-([^}]*)\}")
ALWAYS = {"bot", "postgres", "prometheus", "grafana"}
FOUR = {"deepseek-coder", "qwen-coder", "fingpt", "phi3"}


def filled(value: str) -> str:
    """A text of the compose file, as it is where .env sets nothing."""
    return DEFAULTED.sub(lambda match: match[2], value)


def tool(name: str, mend: str) -> str:
    """The path of a program; a build machine must have it."""
    found = shutil.which(name)
    if found is None and os.environ.get("CI"):
        pytest.fail(f"{name} is missing: {mend}")
    if found is None:
        pytest.skip(f"{name} is not here: {mend}")
    return found


def ran(*command: str) -> subprocess.CompletedProcess[str]:
    """What a program of this machine said and how it ended."""
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 - ours


def laid_out(folder: Path, include: str, config: str = "config.toml") -> Settings:
    """The settings of a configuration that is handed out, with `include` as its first line."""
    for name in (config, "models.toml", "models-ollama.toml"):
        shutil.copy(DEPLOY / name, folder)
    file = folder / config
    text = file.read_text(encoding="utf-8")
    assert text.count("\ninclude = []") == 1
    file.write_text(text.replace("\ninclude = []", f"\ninclude = {include}"), encoding="utf-8")
    return load_settings(file, {})
