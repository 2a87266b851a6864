"""Secrets by reference: the file says where one is, never what it is."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from core.domain.errors import ConfigError

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}", re.ASCII)


class SecretRef:
    """A reference `env:NAME` or `file:PATH`. Its text and repr are the reference, never the secret."""

    __slots__ = ("_reference",)

    def __init__(self, reference: str) -> None:
        scheme, _, rest = reference.partition(":")
        named = _VARIABLE.fullmatch(rest) if scheme == "env" else rest.strip()
        if scheme not in {"env", "file"} or not named:
            # The value itself may be a secret that someone pasted, so it is not repeated.
            raise ValueError('must be a reference "env:NAME" or "file:PATH", not the secret itself')
        self._reference = reference

    def reveal(self, environ: Mapping[str, str] | None = None) -> str:
        """Return the secret.

        Raises:
            ConfigError: the variable or file is missing or empty.
        """
        scheme, _, rest = self._reference.partition(":")
        if scheme == "env":
            value = (os.environ if environ is None else environ).get(rest, "")
            missing = f"the environment variable {rest} is not set"
        else:
            missing = f"the secret file {rest} cannot be read or is empty"
            try:
                value = Path(rest).expanduser().read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError):
                value = ""
        if not value.strip():
            raise ConfigError(f"{missing}.")
        return value.strip()

    def present(self, environ: Mapping[str, str] | None = None) -> bool:
        """Say whether the secret can be read."""
        try:
            self.reveal(environ)
        except ConfigError:
            return False
        return True

    def __str__(self) -> str:
        return self._reference

    def __repr__(self) -> str:
        return f"SecretRef({self._reference!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SecretRef) and other._reference == self._reference

    def __hash__(self) -> int:
        return hash(self._reference)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Let Pydantic read a reference from a string and write it back as one."""
        return core_schema.no_info_plain_validator_function(
            cls._validate, serialization=core_schema.plain_serializer_function_ser_schema(str)
        )

    @classmethod
    def _validate(cls, value: object) -> "SecretRef":
        if isinstance(value, SecretRef):
            return value
        if not isinstance(value, str):
            raise ValueError('must be a reference "env:NAME" or "file:PATH"')  # noqa: TRY004 - Pydantic wants ValueError
        return cls(value)
