"""Find the one JSON object in what a model wrote around it."""

import json
import re
from typing import Any

LONGEST_TEXT = 1_000_000

_THOUGHT = re.compile(r"<(think|thinking|reasoning)>.*?(?:</\1>|\Z)", re.DOTALL | re.IGNORECASE)
_LATE_END = re.compile(r"\A.*</(?:think|thinking|reasoning)>", re.DOTALL | re.IGNORECASE)
_OBJECT_START = re.compile(r'\{\s*["}]')


class NoSingleObject(ValueError):
    """The text does not hold exactly one JSON object; the sentence says what it holds instead."""


def without_thoughts(text: str) -> str:
    """Return `text` without blocks such as `<think>…</think>`, closed or not, opened or not."""
    if "<" not in text:
        return text.strip()
    return _LATE_END.sub("", _THOUGHT.sub("", text)).strip()


def json_object(text: str) -> str:
    """Return the text of the one outermost JSON object in `text`.

    Thoughts, code fences and prose around it are ignored.

    Raises:
        NoSingleObject: there is none, it is broken or cut off, a field is given twice, or there are more.
    """
    if len(text) > LONGEST_TEXT:
        raise NoSingleObject(f"the answer is longer than {LONGEST_TEXT} characters")
    bare = text.strip()
    if not bare.startswith("{"):
        bare = without_thoughts(text)
    found = ""
    position = 0
    while start := _OBJECT_START.search(bare, position):
        if found:
            raise NoSingleObject("the answer holds more than one JSON object")
        try:
            _, position = _DECODER.raw_decode(bare, start.start())
        except json.JSONDecodeError as error:
            raise NoSingleObject(f"the JSON is broken or cut off: {error.msg}") from None
        except RecursionError:
            raise NoSingleObject("the JSON is nested too deeply") from None
        found = bare[start.start() : position]
    if not found:
        raise NoSingleObject("the answer holds no JSON object")
    return found


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise NoSingleObject(f'the field "{twice[:40]}" is given twice')
    return fields


def _no_constant(name: str) -> Any:
    raise NoSingleObject(f"{name} is no JSON number")


_DECODER = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_no_constant)
