"""Finished ModelChats as JSON files, one a member and run, for people and tools without the database."""

import asyncio
import os
from pathlib import Path
from tempfile import NamedTemporaryFile

from core.domain.stage import ModelChat


class Archive:
    """A folder of `RUN/MEMBER.json`. A file is there whole or not at all."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, chat: ModelChat) -> Path:
        """Return where a ModelChat belongs; ids and member names are safe as file names."""
        return self._folder / chat.run_id / f"{chat.member}.json"

    async def holds(self, chat: ModelChat) -> bool:
        """Say whether the file of this member and run is there, with the same stages and result."""
        return await asyncio.to_thread(self._holds, chat)

    def _holds(self, chat: ModelChat) -> bool:
        try:
            return ModelChat.model_validate_json(self.path(chat).read_text(encoding="utf-8")) == chat
        except (OSError, ValueError):
            return False

    async def write(self, chat: ModelChat) -> Path:
        """Write a ModelChat, replacing an earlier file of the same member and run.

        Raises:
            OSError: the folder cannot be written.
        """
        return await asyncio.to_thread(self._write, chat)

    def _write(self, chat: ModelChat) -> Path:
        target = self.path(chat)
        target.parent.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile(
            "w", dir=target.parent, suffix=".part", delete=False, encoding="utf-8"
        ) as part:
            part.write(chat.model_dump_json(indent=2))
            part.flush()
            os.fsync(part.fileno())
        Path(part.name).replace(target)
        return target
