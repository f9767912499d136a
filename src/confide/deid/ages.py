"""Read ages in Chinese and English: 92岁, 九十二岁, 92-year-old, ninety-two years old, in her nineties.

The span of an age in Chinese holds the word 岁; in English only the number, so that the sentence stays whole.
Durations (3月, 10余年, for 5 years) are not ages. Works on folded text.
"""

import re
from dataclasses import dataclass
from typing import Final

from confide.deid.date_forms import han_number, zones

_ONES: Final = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
_TEENS: Final = [
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_TENS: Final = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_WORD: Final = (
    rf"(?:(?:{'|'.join(_TENS)})(?:[- ](?:{'|'.join(_ONES)}))?|{'|'.join(_TEENS)}"
    rf"|(?:a |one )?hundred(?: and)?(?: (?:{'|'.join(_ONES)}))?)"
)
_SPAN: Final = r"(?P<n>[0-9]{1,3}(?:\.[0-9])?|" + _WORD + ")"

_OLD: Final = (
    r"(?= ?-? ?years?[ -](?:old|young)| ?-? ?y[/.]?o[mfwb]{0,2}(?![a-z])| ?y\.o\.| ?-? ?yrs?[ -]?old| (?:years?|yrs?) of age"
    r"| ?-? ?year-old|yF|yM| ?y/[of]| ?(?:y|yrs?\.?) ?/ ?[mf](?![a-z/]))"
)
_NO_UNIT: Final = (
    r"(?![0-9A-Za-z%]|\.[0-9]|[- ](?:one|two|three|four|five|six|seven|eight|nine)"
    r"| ?(?:months?|weeks?|days?|hours?))"
)
_AGED: Final = r"(?=a)(?<![A-Za-z])(?:(?:aged?|age is|age of|at age|age:)[ :|\t]{1,3}|age ?= ?)"
_NINETIES: Final = (
    r"(?=[emln9])(?<![A-Za-z0-9])(?P<s>(?:early |mid |late |mid-)?(?P<n>nineties|90'?s|90s))(?![A-Za-z])"
)

_FORMS: Final = (
    re.compile(r"(?=[0-9])(?P<s>(?<![0-9.])(?P<n>[0-9]{1,3})(?:\.[0-9])? ?(?:余|多)?(?:周|虚)?岁)"),
    re.compile(r"(?P<s>(?P<n>[一二两三四五六七八九]?[百十][零〇一二三四五六七八九十]{0,3}|[二三四五六七八九]十)(?:余|多|来)?(?:周|虚)?岁)"),
    re.compile(r"年龄(?:为|是)?[: ]{0,3}(?P<s>(?P<n>[0-9]{1,3}))(?![0-9.年]|岁| ?[个月天]| ?[-/][0-9]+(?![0-9]| ?(?:[床号]|cm|kg)))"),
    re.compile(r"(?P<s>(?P<n>九)旬|(?P<c>期颐|耄耋))"),
    re.compile(r"[虚周]岁(?P<s>(?P<n>九十[一二三四五六七八九]?|一?百[零〇]?[一二三四五六七八九]?))(?!岁)"),
    re.compile(r"(?:今年|享年|终年|现年)(?P<s>(?P<n>[0-9]{2,3}))(?![0-9.]|岁| ?[年月个天斤次])"),
    re.compile(r"[/,( ][男女][/, ](?P<s>(?P<n>[0-9]{1,3}))(?![0-9.年]|岁| ?[个月天]| ?[-/][0-9]+(?![0-9]| ?(?:[床号]|cm|kg)))"),
    re.compile(rf"(?=[0-9aefhnost])(?<![0-9A-Za-z.])(?P<s>{_SPAN}){_OLD}", re.IGNORECASE),
    re.compile(rf"{_AGED}(?P<s>{_SPAN}){_NO_UNIT}", re.IGNORECASE),
    re.compile(_NINETIES, re.IGNORECASE),
    re.compile(r"(?=[adltp])(?<![A-Za-z])(?:died at|lived to(?: be)?|turned|turning|turns|passed away at|age at death:?) (?P<s>(?P<n>[0-9]{2,3}))(?![0-9%]|\.[0-9])", re.IGNORECASE),
    re.compile(r"(?=[19])(?<![0-9A-Za-z.])(?P<s>(?P<n>9[0-9]|1[01][0-9])) {0,2}[Yy](?![A-Za-z/])"),
    re.compile(  # 94M with CHF, but not T 97F with chills
        r"(?<![0-9A-Za-z.])(?<!T )(?<!T: )(?<!emp )(?<!of )(?<!to )(?<!max )(?P<s>(?P<n>9[0-7](?= ?F)|(?:9[0-9]|1[01][0-9])(?= ?M))) ?[MF]"
        r"(?=(?:,| (?:with|w/|s/p|p/w|presents?|presenting|who|h/o|hx|admitted|here|c/o|from|brought|found)(?![A-Za-z])))"
    ),
    re.compile(r"(?i)\b(?:pt|patient|he|she) is (?:an? )?(?P<s>(?P<n>9[0-9]|1[01][0-9]))(?= ?[MF]\b|[.,;](?![0-9])| and |$)"),
    re.compile(r"(?i)(?<![a-z])(?P<s>(?:super)?centenarian|nonagenarian)"),
    re.compile(r"[A-Z][a-z]+, (?P<s>(?P<n>9[0-9]|1[01][0-9])),"),
    re.compile(r"(?=/)/ ?(?:M|F|[Mm]ale|[Ff]emale) ?/ ?(?P<s>(?P<n>9[0-9]|1[01][0-9])) ?(?:/|$)"),
)  # fmt: skip
_HAN_TRIGGER: Final = re.compile("岁|年龄|旬|期颐|耄耋|今年|[享终现]年|[/,( ][男女][/, ]")
_LATIN_TRIGGER: Final = re.compile(
    r"[YyAaNn0-9DdLlTtWw,/](?:(?<=[Yy])(?:[Ee][Aa][Rr]|[Rr][Ss]?[ -]|/|\.?[Oo]|[FMfm])|(?<=[Aa])[Gg][Ee]"
    r"|(?<=[Nn])[Ii][Nn][Ee][Tt][Ii][Ee]|(?<=9)0|(?<=[0-9]) {0,2}[Yy](?![A-Za-z/])|(?i:(?<=d)ied at|(?<=l)ived to|(?<=t)urn(?:ed|ing|s) "
    r"|(?<=w)ay at)|(?<=[Nn])(?:onagenarian|tenarian)|(?<=[91])[01]?[0-9] ?[MF](?![A-Za-z])|(?<=9)[0-9](?=[.,; ]|$)|(?<=[,/]) ?(?:9[0-9]|1[01][0-9]) ?[,/])"  # one class in front, which `re` runs along quickly
)
_AROUND: Final = (40, 48)  # further than any form reaches from its trigger


@dataclass(frozen=True, slots=True)
class AgeHit:
    """An age in a folded text and its years; `han` when it is written in Chinese."""

    start: int
    end: int
    years: int
    han: bool


def find_ages(text: str) -> list[AgeHit]:
    """Return the ages of a folded text; none overlaps another.

    >>> [(hit.years, hit.han) for hit in find_ages("患者92岁,病史10余年,九十五岁")]
    [(92, True), (95, True)]
    >>> [hit.years for hit in find_ages("a 45-year-old man, aged ninety-two, for 5 years; in her 90s")]
    [45, 92, 90]
    """
    found: list[AgeHit] = []
    for trigger, forms, han in ((_HAN_TRIGGER, _FORMS[:7], True), (_LATIN_TRIGGER, _FORMS[7:], False)):
        if han and text.isascii():
            continue
        for low, high in zones((match.span() for match in trigger.finditer(text)), len(text), *_AROUND):
            for form in forms:
                for match in form.finditer(text, low, high):
                    years = _years(match.groupdict().get("n"))
                    if years is not None and 0 <= years <= 130:
                        found.append(AgeHit(match.start("s"), match.end("s"), years, han))
    kept: list[AgeHit] = []
    for hit in sorted(found, key=lambda h: (h.start, -h.end)):
        if not kept or hit.start >= kept[-1].end:
            kept.append(hit)
    return kept


def _years(text: str | None) -> int | None:
    if text is None:
        return 90  # 耄耋, 期颐
    if text[0].isdigit():
        return int(float(text.rstrip("'sS")))
    if text.isascii():
        return _english(text.lower())
    if text == "九":
        return 90
    hundreds, hundred, rest = text.partition("百")
    if hundred:
        return 100 * (han_number(hundreds) if hundreds else 1) + (
            han_number(rest.lstrip("零〇")) if rest else 0
        )
    return han_number(text)


def _english(text: str) -> int | None:
    if text.startswith("nineties"):
        return 90
    years = 0
    for word in re.split(r"[- ]", text):
        if word in _TENS:
            years += 20 + 10 * _TENS.index(word)
        elif word in _TEENS:
            years += 10 + _TEENS.index(word)
        elif word in _ONES:
            years += 1 + _ONES.index(word) if "hundred" not in text or word != "one" else 0
        elif word == "hundred":
            years += 100
    return years or None
