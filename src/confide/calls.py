"""Read the one small grammar of `study.toml`: `name` or `name(argument, …)`.

Measures (`mean(stay_days, 0, 60)`), and features (`category(sex, F, M)`) are written in it. An
argument is a bare word, a number, or text in double quotes. Knows no measure and no feature.
"""

import re
from dataclasses import dataclass

from confide.errors import InvalidInput

_SHAPE = re.compile(r"\s*([a-z][a-z0-9_-]*)\s*(?:\((.*)\))?\s*", re.DOTALL)
_ARGUMENT = re.compile(r'\s*(?:"([^"]*)"|([^",()]+?))\s*(,|$)')


@dataclass(frozen=True, slots=True)
class Call:
    """One call as it was written: its name and its arguments, all as text."""

    name: str
    arguments: tuple[str, ...]


def parse_call(text: str) -> Call:
    """Read one call.

    Raises:
        InvalidInput: `text` is not of the form `name` or `name(argument, …)`.

    >>> parse_call('mean(stay_days, 0, 60)')
    Call(name='mean', arguments=('stay_days', '0', '60'))
    >>> parse_call('category(race, "Other, unknown", Asian)').arguments
    ('race', 'Other, unknown', 'Asian')
    """
    shape = _SHAPE.fullmatch(text)
    if shape is None:
        raise InvalidInput("error.call", found=text)
    name, inside = shape.group(1), shape.group(2)
    arguments: list[str] = []
    at = 0
    while inside is not None and at < len(inside):
        argument = _ARGUMENT.match(inside, at)
        if argument is None or (argument.end() == len(inside) and argument.group(3) == ","):
            raise InvalidInput("error.call", found=text)
        quoted, bare, _ = argument.groups()
        arguments.append(bare if quoted is None else quoted)
        at = argument.end()
    return Call(name, tuple(arguments))
