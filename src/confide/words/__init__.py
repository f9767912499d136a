"""Every sentence that a user sees, in English and Chinese, by key.

`en/ROOM.toml` and `zh/ROOM.toml` hold the same keys; `tests/test_words.py` fails on a key that is
missing or unused. Knows no feature: a room calls `say("room.key", field=value)`.
"""

import os
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import Any

LANGUAGES = ("en", "zh")
_FOLDER = Path(__file__).parent


def _language_of_the_machine() -> str:
    wanted = os.environ.get("CONFIDE_LANGUAGE") or os.environ.get("LC_ALL") or os.environ.get("LANG") or "en"
    return "zh" if wanted.lower().startswith("zh") else "en"


_language: ContextVar[str | None] = ContextVar("language", default=None)


def language() -> str:
    """Return the language in force: "en" or "zh"."""
    return _language.get() or _language_of_the_machine()


@contextmanager
def speaking(wanted: str | None) -> Iterator[None]:
    """Say everything inside the block in `wanted`; None leaves the language as it is."""
    token = _language.set(wanted or _language.get())
    try:
        yield
    finally:
        _language.reset(token)


@cache
def _room(name: str, wanted: str) -> dict[str, Any]:
    return tomllib.loads((_FOLDER / wanted / f"{name}.toml").read_text(encoding="utf-8"))


def say(key: str, /, **fields: object) -> str:
    """Return the sentence of `key` ("room.key" or deeper) in the language in force.

    Raises:
        KeyError: no such key, or a field that the sentence names was not given; a mistake of ours.

    >>> with speaking("en"):
    ...     say("error.invalid-input.sentence", field="epsilon", wanted="above 0", found=-1)
    'epsilon: wanted above 0, found -1'
    """
    room, *path = key.split(".")
    value: Any = _room(room, language())
    for step in path:
        value = value[step]
    if not isinstance(value, str):
        raise KeyError(key)
    return value.format_map(fields)
