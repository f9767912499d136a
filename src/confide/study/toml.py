"""Read a TOML text strictly into frozen dataclasses, and say in which line a mistake stands.

The dataclasses are the only description of the format: their types are checked here, and
`confide.study.schema` makes the JSON schema from the same fields. Knows no section by name.
"""

import re
import tomllib
import types
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from confide.errors import InvalidInput
from confide.types import Json
from confide.words import say

Section = TypeVar("Section")
_HEADER = re.compile(r"\s*(\[\[?)\s*([A-Za-z0-9_.-]+)\s*\]\]?\s*(#.*)?$")
_KEY = re.compile(r"\s*([A-Za-z0-9_-]+|\"[^\"]+\")\s*=")


class Lines:
    r"""Where each table and key of a TOML text stands, counted from 1.

    >>> Lines('[study]\nname = "a"\n').of("study", "name")
    2
    """

    def __init__(self, text: str) -> None:
        self._at: dict[tuple[str, str | None], int] = {}
        place = ""
        count: dict[str, int] = {}
        for number, line in enumerate(text.splitlines(), start=1):
            if header := _HEADER.match(line):
                place = header.group(2)
                if header.group(1) == "[[":
                    count[place] = count.get(place, -1) + 1
                    place = f"{place}.{count[place]}"
                self._at.setdefault((place, None), number)
            elif key := _KEY.match(line):
                self._at.setdefault((place, key.group(1).strip('"')), number)

    def of(self, place: str, key: str | None = None) -> int:
        """Return the line of `key` in `place` ("study", "stats.0"), else that of the table, else 1."""
        return self._at.get((place, key)) or self._at.get((place, None)) or 1


def read_text(path: Path) -> str:
    """Return the text of a TOML file.

    Raises:
        InvalidInput: there is no such file, or it is no UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise InvalidInput("study.no-study-file", file=path) from None
    except (UnicodeDecodeError, OSError):
        raise InvalidInput("study.unreadable", file=path) from None


def parse(text: str, file: str) -> Json:
    """Read TOML.

    Raises:
        InvalidInput: it is no TOML; names the line.
    """
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise InvalidInput("study.not-toml", file=file, line=1) from None
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"line (\d+)", str(error))
        number = int(line.group(1)) if line else text.count("\n") + 1
        raise InvalidInput("study.not-toml", file=file, line=number) from None


def read_section(kind: type[Section], table: object, place: str, lines: Lines, file: str) -> Section:
    """Make one section of `kind` from `table`, refusing what its fields do not describe.

    Raises:
        InvalidInput: unknown key, missing key, wrong type, or a value that the section refuses;
            names the line and what to write instead.
    """
    shown = _shown(place)
    if not isinstance(table, dict):
        raise InvalidInput("study.not-a-table", file=file, line=lines.of("", place), section=place)
    hints = get_type_hints(kind)
    known = {field.name: field for field in fields(kind) if field.init}  # type: ignore[arg-type]
    for key in table:
        if key not in known:
            raise InvalidInput(
                "study.unknown-key",
                file=file, line=lines.of(place, key), key=key, section=shown, known=", ".join(known),
            )  # fmt: skip
    values = {}
    for key, field in known.items():
        if key in table:
            values[key] = _fit(hints[key], table[key])
            if values[key] is MISSING:
                raise InvalidInput(
                    "study.wrong-type",
                    file=file, line=lines.of(place, key), key=key, section=shown, wanted=type_in_words(hints[key]),
                )  # fmt: skip
        elif field.default is MISSING and field.default_factory is MISSING:
            raise InvalidInput("study.missing-key", file=file, line=lines.of(place), key=key, section=shown)
    try:
        return kind(**values)
    except InvalidInput as error:
        key = next((str(error.public[name]) for name in ("field", "key") if name in error.public), "")
        raise InvalidInput(
            "study.refused",
            file=file,
            line=lines.of(place, key),
            section=shown,
            problem=str(error),
            advice=error.hint,
        ) from error


def read_sections(kind: type, text: str, file: str) -> tuple[dict[str, Any], Lines]:
    """Read a file of sections: each field of the dataclass `kind` is one, or an array of them, unless marked `inner`.

    Raises:
        InvalidInput: as `read_section`; or a section is unknown, or one without a default is missing.
    """
    tables, lines = parse(text, file), Lines(text)
    known = {each.name: each for each in fields(kind) if not each.metadata.get("inner")}
    for key in tables:
        if key not in known:
            line = lines.of(f"{key}.0" if isinstance(tables[key], list) else key, None)
            raise InvalidInput(
                "study.unknown-section", file=file, line=line, section=key, known=", ".join(known)
            )
    values, hints = {}, get_type_hints(kind)
    for name, field in known.items():
        if name in tables:
            values[name] = _read(hints[name], tables[name], name, lines, file)
        elif field.default is MISSING and field.default_factory is MISSING:
            raise InvalidInput("study.missing-section", file=file, line=1, section=name)
    return values, lines


def _read(kind: Any, table: Any, name: str, lines: Lines, file: str) -> Any:
    """Read one section, or each of an array of sections."""
    inner = [choice for choice in get_args(kind) if choice not in (type(None), Ellipsis)]
    section = inner[0] if inner else kind
    if not str(kind).startswith("tuple"):
        return read_section(section, table, name, lines, file)
    if not isinstance(table, list):
        raise InvalidInput("study.not-an-array", file=file, line=lines.of(name), section=name)
    choices = get_args(section) or (section,)
    return tuple(
        read_section(_chosen(choices, one), one, f"{name}.{at}", lines, file) for at, one in enumerate(table)
    )


def _chosen(choices: tuple[Any, ...], table: Any) -> Any:
    """Return the section that a table's `task` names; the first one where it names none of them."""
    task = table.get("task") if isinstance(table, dict) else None
    named = (each for each in choices if task in get_args(get_type_hints(each).get("task")))
    return next(named, choices[0])


def _shown(place: str) -> str:
    name, _, number = place.partition(".")
    return f"[[{name}]]" if number else f"[{name}]"


def _fit(hint: Any, value: Any) -> Any:
    """Return `value` as `hint` describes it, or MISSING where it does not fit."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        fitting = (_fit(choice, value) for choice in arguments if choice is not type(None))
        return next((fit for fit in fitting if fit is not MISSING), MISSING)
    if origin is Literal:
        return value if value in arguments and isinstance(value, str) else MISSING
    if origin is tuple:
        items = [_fit(arguments[0], item) for item in value] if isinstance(value, list) else [MISSING]
        return MISSING if MISSING in items else tuple(items)
    if origin is dict:
        pairs = (
            {key: _fit(arguments[1], item) for key, item in value.items()}
            if isinstance(value, dict)
            else None
        )
        return MISSING if pairs is None or any(item is MISSING for item in pairs.values()) else pairs
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    return value if type(value) is hint else MISSING


def type_in_words(hint: Any) -> str:
    """Say what a field wants, in the language in force."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return say("study.type.or").join(
            type_in_words(choice) for choice in arguments if choice is not type(None)
        )
    if origin is Literal:
        return say("study.type.or").join(f'"{choice}"' for choice in arguments)
    if origin is tuple:
        return say("study.type.list", of=type_in_words(arguments[0]))
    if origin is dict:
        return say("study.type.table", of=type_in_words(arguments[1]))
    return say(f"study.type.{hint.__name__}")
