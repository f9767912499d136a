"""What stands in place of one cell of a table, or of one field of a note: text, a day, or a number of years.

Guarantee: unless the policy keeps the class, an identifier never stays. Knows no frame.
"""

import re
from datetime import date, datetime, timedelta
from typing import Any, Final

from confide.deid.classes import DATE_CLASSES
from confide.deid.dates import find_dates
from confide.deid.fold import fold
from confide.deid.replace import OLD, Replacer, as_wide

_CLOCK: Final = re.compile(
    r"[ T][0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,9})?)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?"
)


def cell(tool: Replacer, kind: str, value: Any) -> Any:
    """Return what stands in place of one cell: text for text, a day for a day, a number of years for one.

    Guarantee: unless the policy keeps the class, an identifier never stays; null stays null.
    """
    if value is None or (tool.action(kind) == "keep" and not isinstance(value, str)):
        return value
    if kind in DATE_CLASSES and isinstance(value, date):  # datetime is a date as well
        return _day(tool, kind, value)
    if kind == "age" and isinstance(value, int | float) and not isinstance(value, bool):
        return _years(tool, value)
    return text_cell(tool, kind, written(value))


def written(value: object) -> str:
    """Write a cell as text; an id that a column of fractions holds as 4471.0 is 4471."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _day(tool: Replacer, kind: str, value: date) -> date | int | None:
    """Return a day moved, its year, or nothing; the time of day stays."""
    action = tool.action(kind)
    born = value.date() if isinstance(value, datetime) else value
    if kind == "birth-date" and tool.caps and tool.is_old_day(born):
        return None
    if action == "year":
        return value.year
    if action != "shift":
        return None
    try:
        return value + timedelta(days=tool.days)
    except OverflowError:
        return None


def _years(tool: Replacer, value: float) -> float | str | None:
    """Return an age as a number: 90 stands for 90 and more; a band of five years when generalised."""
    action = tool.action("age")
    if action == "redact" or value != value:
        return None
    if value >= OLD:
        return type(value)(OLD) if action == "cap" else f"{OLD}+"
    return value if action == "cap" else tool.age_cell(str(int(value)))


def text_cell(tool: Replacer, kind: str, value: str) -> str:
    """Return what stands in place of a whole cell or field of text."""
    plain = fold(value).text.strip()
    if not plain:
        return value
    if kind in DATE_CLASSES:
        hits = find_dates(plain)
        fits = len(hits) == 1 and hits[0].start == 0
        doubtful = not fits or not hits[0].readings
        if tool.action(kind, doubtful=doubtful) == "keep":
            return value
        new = tool.day(kind, hits[0] if fits else None, plain, doubtful=doubtful)
        if (
            fits
            and kind != "birth-date"
            and tool.action(kind, doubtful=doubtful) == "shift"
            and _CLOCK.fullmatch(rest := plain[hits[0].end :])
        ):
            new += rest  # as in a column of times
        return as_wide(value, new)
    if tool.action(kind) == "keep":
        return value
    if kind == "age":
        return tool.age_cell(plain)
    return as_wide(value, tool.value(kind, plain, found_by="known"))
