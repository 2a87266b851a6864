"""What a person without the superuser's rights may read and write."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

NOBODY = 65534


@contextmanager
def as_somebody() -> Iterator[None]:
    """Do without the rights of the superuser, who may read every file."""
    if os.geteuid():
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@contextmanager
def open_folder() -> Iterator[Path]:
    """A folder into which everybody may look, unlike pytest's own; in it `closed`, into which nobody may."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "closed").mkdir(mode=0)
        try:
            yield folder
        finally:
            (folder / "closed").chmod(0o700)
