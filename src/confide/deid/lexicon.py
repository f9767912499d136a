"""Our own short word lists, read once from `lists/en.toml` and `lists/zh.toml`."""

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def _read(language: str) -> dict[str, Any]:
    path = files(__package__).joinpath("lists", f"{language}.toml")
    return tomllib.loads(path.read_text(encoding="utf-8"))


@cache
def words(language: str, key: str) -> tuple[str, ...]:
    """Return one list in its order; a list written as one text is a list of characters.

    >>> words("zh", "surnames")[:3]
    ('王', '李', '张')
    """
    return tuple(dict.fromkeys(_read(language)[key]))


@cache
def word_set(language: str, key: str) -> frozenset[str]:
    """Return one list as a set."""
    return frozenset(words(language, key))
