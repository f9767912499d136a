"""Our own word lists, read once from `lists/`: en.toml, zh.toml, and clinical words in clinical_en.toml, clinical_zh.toml."""

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


@cache
def key_classes(language: str) -> dict[str, str]:
    """Return the keys of header lines and the class of what stands behind them.

    >>> key_classes("zh")["住院号"], key_classes("en")["mrn"]
    ('record-number', 'record-number')
    """
    return {key: kind for kind, keys in _read(language)["keys"].items() for key in keys}


@cache
def eponym_words(language: str) -> dict[str, tuple[str, ...]]:
    """Return the names of many people that are eponyms, too, and the words that must follow each.

    >>> "criteria" in eponym_words("clinical_en")["Jones"]
    True
    """
    return {name: tuple(tails) for name, tails in _read(language)["common_eponyms"].items()}
