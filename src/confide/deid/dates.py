"""Read dates in the ways that Chinese and English notes write them, and write them back moved.

Durations (3月余, 2周, 每日, 10余年) and bare years are not dates. A day that does not exist (2023-02-30) is
found with the score of doubt and has no reading. The forms stand in `date_forms`. Works on folded
text; how far a date moves is the caller's.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Final

from confide.deid.date_forms import (
    EN_TAIL,
    FAMILIES,
    MONTHS,
    REPUBLIC,
    ZH_TAIL,
    Form,
    han_number,
    han_text,
    zones,
)

DOUBT: Final = 0.4
_HAN: Final = re.compile("[\u3400-\u9fff]")
_PIVOT: Final = 30  # two-digit years up to this one are of the 2000s
_ROMAN: Final = {
    roman: at
    for at, roman in enumerate(
        ["i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii"], start=1
    )
}
_LEAP: Final = 2020  # the year of a day that has none


@dataclass(frozen=True, slots=True)
class DateHit:
    """A date in a folded text.

    `readings`: the days it can mean, the likeliest first; empty when there is no such day. `grain` is "day",
    "month" (year and month), "month-day" or "month-only" (no year: it is taken from the dates around), or "holiday" (no readings).
    `parts` are the places of year, month, day and ordinal inside `text`.
    """

    start: int
    end: int
    grain: str
    score: float
    rule: str
    text: str = field(repr=False)
    readings: tuple[date, ...] = field(repr=False)
    parts: tuple[tuple[str, int, int], ...] = field(repr=False)


def find_dates(text: str) -> list[DateHit]:
    """Return the dates of a folded text in order; none overlaps another.

    >>> [hit.readings[0].isoformat() for hit in find_dates("2023年5月1日,病史3月,03/04/2023, 4 May 2023")]
    ['2023-05-01', '2023-03-04', '2023-05-04']
    >>> find_dates("2023-02-30")[0].score
    0.4
    """
    found: list[DateHit] = []
    is_latin = text.isascii() or not _HAN.search(text)
    for family in FAMILIES:
        for low, high in zones(family.triggers(text), len(text), *family.around):
            for form in family.forms:
                if is_latin and form.name == "ymd-han":
                    continue
                for match in form.regex.finditer(text, low, high):
                    if match.end() == high < len(text):
                        continue  # may be cut; the zone of a later trigger holds all of it
                    hit = _read(form, match)
                    if hit is not None:
                        found.append(hit)
    best = _without_overlap(found if is_latin else _one_order(found))
    best = _without_overlap([*best, *_tails(text, best)])
    return _with_weekdays(text, _prefer_evident_order(_with_years(best)))


def _one_order(hits: list[DateHit]) -> list[DateHit]:
    """Let go of the readings with the year first where a short date of the same text has none: 20/12/22, 1/7/23."""
    first = {(hit.start, hit.end) for hit in hits if hit.rule == "ymd-han"}
    short = {(hit.start, hit.end) for hit in hits if hit.rule == "mdy-short"}
    return hits if short <= first else [hit for hit in hits if hit.rule != "ymd-han"]


def _read(form: Form, match: re.Match[str]) -> DateHit | None:
    """Turn a match into a hit; None when it is no date at all."""
    start, groups = match.start(), {name: value for name, value in match.groupdict().items() if value}
    month = groups.get("m", "")
    if month.rstrip(".") in {"may", "mar", "march"} and form.grain == "month-day":
        return None  # "may 2 tablets": the verb
    parts = tuple(
        (name, match.start(name) - start, match.end(name) - start)
        for name in ("y", "m", "d", "a", "b", "o", "r")
        if name in groups
    )
    year = _LEAP
    if "y" in groups:
        year = int(groups["y"]) + REPUBLIC if _is_of_republic(form.name) else _year(groups["y"])
    pairs: list[tuple[str, str]]
    if form.grain == "holiday":
        pairs = []
    elif "a" in groups:
        pairs = [(groups["a"], groups["b"]), (groups["b"], groups["a"])]
    elif "r" in groups:
        pairs = [(str(_ROMAN.get(groups["r"].lower(), 0)), groups["d"])]
    else:
        pairs = [(month, groups.get("d", "15"))]
    readings = []
    for m, d in pairs:
        day = _day(year, _month(m), han_number(d))
        if day is not None and day not in readings:
            readings.append(day)
    score = form.score if readings or form.grain == "holiday" else DOUBT
    return DateHit(start, match.end(), form.grain, score, form.name, match.group(), tuple(readings), parts)


def _year(text: str) -> int:
    value = han_number(text) if text.isascii() else int("".join(str(han_number(c)) for c in text))
    if len(text) > 2:
        return value
    return value + (2000 if value <= _PIVOT else 1900)


def _is_of_republic(rule: str) -> bool:
    return rule.startswith("republic")


def _month(text: str) -> int:
    if text.isascii() and not text.isdigit():
        short = text[:3].lower()
        return next((i + 1 for i, name in enumerate(MONTHS) if name.startswith(short)), 0)
    return han_number(text)


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except (ValueError, OverflowError):
        return None


def _without_overlap(hits: list[DateHit]) -> list[DateHit]:
    """Keep the longest of overlapping hits; among equals the surer."""
    kept: list[DateHit] = []
    end = -1
    for hit in sorted(hits, key=lambda h: (h.start, h.start - h.end, -h.score)):
        if hit.start >= end:
            kept.append(hit)
            end = hit.end
        elif hit.end - hit.start > kept[-1].end - kept[-1].start:
            kept[-1] = hit
            end = hit.end
    return kept


def _tails(text: str, hits: list[DateHit]) -> Iterator[DateHit]:
    """Yield the second day of `5月1日至3日` and of `May 1-5, 2023`."""
    for hit in hits:
        if hit.grain not in ("day", "month-day") or not hit.readings:
            continue
        han = text[hit.end - 1] in "日号" or hit.rule in ("zh", "republic")
        pattern = ZH_TAIL if han else EN_TAIL if hit.rule == "en-md" else None
        if pattern is None or not (match := pattern.match(text, hit.end)):
            continue
        start, first = match.start("d"), hit.readings[0]
        last = _day(first.year, first.month, int(match.group("d")))
        year = match.groupdict().get("y")
        if last and year:
            last = _day(int(year), last.month, last.day)
        names = [name for name in ("d", "y") if match.groupdict().get(name)]
        yield DateHit(
            start,
            match.end(),
            "day" if year else hit.grain,
            0.9 if last else DOUBT,
            "tail",
            text[start : match.end()],
            (last,) if last else (),
            tuple((name, match.start(name) - start, match.end(name) - start) for name in names),
        )


_WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_HAN_WEEKDAYS: Final = "一二三四五六日"
_NAMED: Final = (
    r"(?P<w>mon(?:day)?|tue(?:s(?:day)?)?|wed(?:s|nesday)?|thu(?:rs(?:day)?|r)?|fri(?:day)?|sat(?:urday)?|sun(?:day)?"
    r"|(?:星期|礼拜)[一二三四五六日天]|周[一二三四五六日天](?![\u3400-\u9fff](?<![入出来复就随到手门查返行住上下早晚])))"
)
_NAMED_BEFORE: Final = re.compile(rf"(?i)(?<![A-Za-z]){_NAMED}\.?,? ?[-–(]?(?:the )?$")
_NAMED_BEHIND: Final = re.compile(rf"(?i),? ?[-–]? ?(?P<b>\()?{_NAMED}(?(b)\)|(?![A-Za-z]))(?! ?[0-9%]| up)")
_OF_SOMEBODY: Final = re.compile(
    r"(?:\b(?i:dr|mr|mrs|ms|miss|prof|name)[.:]?|[A-Z][a-z]+:?|O2) ?$"
)  # Dr. Sun, Wei Sun


def _with_weekdays(text: str, hits: list[DateHit]) -> list[DateHit]:
    """Take in the weekday beside a day, so that it moves along: one that stayed would tell how far, but for weeks.

    Only a weekday that the day has: in Dr. Sun 5/6/2024 there is none.
    """
    out: list[DateHit] = []
    for hit in hits:
        if hit.grain in ("day", "month-day") and hit.readings:
            hit = _with_weekday(text, hit, out[-1].end if out else 0)
        out.append(hit)
    return out


def _with_weekday(text: str, hit: DateHit, low: int) -> DateHit:
    """Take in a weekday behind a day, else before it, from `low` on."""
    behind = _NAMED_BEHIND.match(text, hit.end)
    if behind and _number_of(behind["w"]) == hit.readings[0].weekday():
        place = (behind.start("w") - hit.start, behind.end("w") - hit.start)
        return replace(
            hit, end=behind.end(), parts=(*hit.parts, ("w", *place)), text=text[hit.start : behind.end()]
        )
    before = _NAMED_BEFORE.search(text, max(low, hit.start - 18), hit.start)
    if not before or _number_of(before["w"]) != hit.readings[0].weekday():
        return hit
    at = before.start("w")
    if before["w"].lower() in ("sun", "sat") and _OF_SOMEBODY.search(text, max(0, at - 16), at):
        return hit
    off = hit.start - at
    parts = tuple((name, start + off, end + off) for name, start, end in hit.parts)
    return replace(hit, start=at, parts=(("w", 0, len(before["w"])), *parts), text=text[at : hit.end])


def _number_of(weekday: str) -> int:
    if not weekday.isascii():
        return _HAN_WEEKDAYS.index(weekday[-1].replace("天", "日"))
    return next(i for i, name in enumerate(_WEEKDAYS) if name.startswith(weekday[:3].lower()))


def _like_weekday(days: int, old: str) -> str:
    """Write the weekday so many days later as `old` is written."""
    number = (_number_of(old) + days) % 7
    if not old.isascii():
        new = _HAN_WEEKDAYS[number]
        return old[:-1] + ("天" if new == "日" and "天" in old else new)
    name = _WEEKDAYS[number] if old.lower().endswith("day") else _WEEKDAYS[number][:3]
    return name.upper() if old.isupper() else name.capitalize() if old[0].isupper() else name


def _with_years(hits: list[DateHit]) -> list[DateHit]:
    """Give days without a year the year of the date before them, or else of the first date behind them."""
    dated = [h for h in hits if h.grain in ("day", "month") and h.readings and h.rule != "tail"]
    year = dated[0].readings[0].year if dated else None
    out = []
    for hit in hits:
        if hit.grain in ("day", "month") and hit.readings:
            year = hit.readings[0].year
        elif hit.readings and year is not None:
            moved = _day(year, hit.readings[0].month, hit.readings[0].day)
            hit = replace(hit, readings=(moved,)) if moved else hit
        out.append(hit)
    return out


def _prefer_evident_order(hits: list[DateHit]) -> list[DateHit]:
    """Read 03/04/2023 as day first when only that order fits the other dates of the same text."""
    numeric = [hit for hit in hits if hit.rule.startswith("mdy") and hit.readings]
    first = {_first_is_day(hit) for hit in numeric} - {None}
    if first != {True}:
        return hits
    return [
        replace(hit, readings=hit.readings[::-1]) if hit in numeric and len(hit.readings) == 2 else hit
        for hit in hits
    ]


def _first_is_day(hit: DateHit) -> bool | None:
    """Say whether the first number must be the day; None when both orders are possible."""
    if len(hit.readings) == 2:
        return None
    a, b = (int(hit.text[start:end]) for name, start, end in hit.parts if name in "ab")
    return None if a == b else a > 12


def move_date(hit: DateHit, days: int) -> str | None:
    """Return the text of the date moved by `days`, written in its own format; None when there is no such day.

    >>> [move_date(hit, -30) for hit in find_dates("2023年05月01日; May 1st, 2023; 01/05/23; 3月5日")]
    ['2023年04月01日', 'April 1st, 2023', '12/06/22', '2月3日']
    """
    if not hit.readings:
        return None
    try:
        day = hit.readings[0] + timedelta(days=days)
    except OverflowError:
        return None
    return None if _is_of_republic(hit.rule) and day.year <= REPUBLIC else write_date(hit, day)


def write_date(hit: DateHit, day: date) -> str:
    """Write another day in the format of a hit."""
    shown = {name: hit.text[start:end] for name, start, end in hit.parts}
    numbers = [value for name, value in shown.items() if name in "mdab" and value.isdigit()]
    if any(value.startswith("0") for value in numbers):
        padded = True
    elif any(len(value) == 1 for value in numbers):
        padded = False
    else:
        padded = "月" not in hit.text and not any(c.isalpha() for c in hit.text)
    month_first = "a" in shown and hit.readings[0].month == int(shown["a"])
    out = hit.text
    for name, start, end in sorted(hit.parts, key=lambda part: -part[1]):
        old = hit.text[start:end]
        if name == "y":
            new = _like_year(day.year, old)
            if _is_of_republic(hit.rule):
                new = str(day.year - REPUBLIC).zfill(len(old) if old.startswith("0") else 0)
        elif name == "m" or (name in "ab" and (name == "a") == month_first):
            new = _like_month(day.month, old, padded=padded, tight=not re.search("[ ,]", hit.text))
        elif name == "o":
            new = _ordinal(day.day, old)
        elif name == "w":
            new = _like_weekday((day - hit.readings[0]).days, old)
        elif name == "r":
            new = _like_roman(day.month, old)
        else:
            new = _like_number(day.day, old, padded=padded)
        out = out[:start] + new + out[end:]
    return out


def _like_number(value: int, old: str, *, padded: bool) -> str:
    if not old.isascii():
        return han_text(value)
    return f"{value:02d}" if padded else str(value)


def _like_year(year: int, old: str) -> str:
    if not old.isascii():
        zero = "〇" if "〇" in old or "零" not in old else "零"
        return "".join(zero if c == "0" else "零一二三四五六七八九"[int(c)] for c in f"{year:04d}")
    return f"{year % 100:02d}" if len(old) == 2 else f"{year:04d}"


def _like_month(month: int, old: str, *, padded: bool, tight: bool) -> str:
    """Write a month as `old` is written; May, which has no short form, is one in 05-MAY-23."""
    if not old.isascii() or old.isdigit():
        return _like_number(month, old, padded=padded)
    name = MONTHS[month - 1]
    bare = old.rstrip(".")
    if len(bare) <= 4 and bare.lower() not in (("june", "july") if tight else ("may", "june", "july")):
        name = name[:3] + ("." if old.endswith(".") else "")
    return name.upper() if bare.isupper() else name.capitalize() if bare[0].isupper() else name


def _like_roman(month: int, old: str) -> str:
    new = next(roman for roman, number in _ROMAN.items() if number == month)
    return new.upper() if old.isupper() else new


def _ordinal(day: int, old: str) -> str:
    ending = "th" if 10 < day < 14 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
    return ending.upper() if old.isupper() else ending
