"""The forms in which dates are written, as data: three families, each with what triggers a closer look.

A form is tried only in the surroundings of a trigger, so that long texts without dates cost next to
nothing. `confide.deid.dates` reads the matches.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

MONTHS: Final = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_HAN_DIGITS: Final = {**{c: i for i, c in enumerate("零一二三四五六七八九")}, "〇": 0, "○": 0, "元": 1}


def han_number(text: str) -> int:
    """Read a number below 100 in digits or Han numerals; 0 when it is none.

    >>> han_number("二十三"), han_number("十"), han_number("07"), han_number("五")
    (23, 10, 7, 5)
    """
    if text.isascii():
        return int(text) if text.isdigit() else 0
    tens, ten, ones = text.partition("十")
    if not ten:
        return _HAN_DIGITS.get(text, 0)
    return 10 * (_HAN_DIGITS.get(tens, 0) if tens else 1) + (_HAN_DIGITS.get(ones, 0) if ones else 0)


def han_text(value: int) -> str:
    """Write a number from 1 to 99 in Han numerals.

    >>> han_text(23), han_text(10), han_text(5)
    ('二十三', '十', '五')
    """
    tens, ones = divmod(value, 10)
    return ("" if tens == 0 else "十" if tens == 1 else f"{'零一二三四五六七八九'[tens]}十") + (
        "零一二三四五六七八九"[ones] if ones else ""
    )


def zones(triggers: Iterable[tuple[int, int]], length: int, before: int, after: int) -> list[tuple[int, int]]:
    """Merge the surroundings of the triggers into stretches that do not overlap.

    >>> zones([(10, 12), (14, 15), (40, 41)], 42, 3, 4)
    [(7, 19), (37, 42)]
    """
    merged: list[tuple[int, int]] = []
    for start, end in triggers:
        low, high = max(0, start - before), min(length, end + after)
        if merged and low <= merged[-1][1]:
            merged[-1] = (merged[-1][0], high)
        else:
            merged.append((low, high))
    return merged


@dataclass(frozen=True, slots=True)
class Form:
    """One way to write a date, with groups y, m, d (a and b where the order is open) and o for st or th."""

    name: str
    regex: re.Pattern[str]
    score: float
    grain: str


@dataclass(frozen=True, slots=True)
class Family:
    """Forms that share a trigger; `around` is how far a date reaches before and behind it."""

    trigger: re.Pattern[str]
    around: tuple[int, int]
    forms: tuple[Form, ...]
    needs_digit: bool = False

    def triggers(self, text: str) -> Iterator[tuple[int, int]]:
        """Yield the places that deserve a closer look."""
        for match in self.trigger.finditer(text):
            start, end = match.span()
            if self.needs_digit and not _DIGIT.search(text, max(0, start - 10), end + 14):
                continue
            yield start, end


def _form(name: str, regex: str, score: float = 0.95, grain: str = "day") -> Form:
    return Form(name, re.compile(regex, re.IGNORECASE), score, grain)


_DIGIT: Final = re.compile("[0-9]")
_LEFT = r"(?=[0-9])(?<![0-9.])(?<![0-9][-/])"  # a look at the first character is quicker than one behind
_RIGHT = r"(?![0-9])(?![-/.][0-9])"
_Y = r"(?P<y>(?:18|19|20)[0-9]{2})"
_YY = r"(?P<y>(?:18|19|20)[0-9]{2}|[0-9]{2})"
_M, _D = r"(?P<m>[0-9]{1,2})", r"(?P<d>[0-9]{1,2})"
_D3 = r"(?P<d>[0-3]?[0-9])"
_ORD = r"(?P<o>st|nd|rd|th)?"
_HY = r"(?P<y>[一二][〇零○一二三四五六七八九]{3})"
_HM, _HD = r"(?P<m>[一二三四五六七八九十]{1,2})", r"(?P<d>[一二三四五六七八九十]{1,3})"
_MONTH = (
    r"(?P<m>jan(?:uary|\.)?|feb(?:ruary|\.)?|mar(?:ch|\.)?|apr(?:il|\.)?|may|june?\.?|july?\.?|aug(?:ust|\.)?"
    r"|sept?(?:ember|\.)?|oct(?:ober|\.)?|nov(?:ember|\.)?|dec(?:ember|\.)?)"
)
_UNIT = r"(?! ?(?:mg|ml|mm|cm|kg|g|mcg|units?|times|tablets?|days?|weeks?|months?|years?|percent|%))"
_NOT_LEADS = r"lead(?! (?:extraction|revision|placement|level|wire))"  # a 12 lead ECG
_JOINS = "at|and|to|by|with|for|in|on|from|was|is|seen|per|clinic|visit"
_NO_COUNT = rf"(?![0-9:A-Za-z/%]|\.[0-9]| ?(?:{_NOT_LEADS}|[ap]\.?m\b|h\b|hrs?\b|hours?)){_UNIT}"
# Behind a number that may be a year and may be counted, as in Jan 12 80 systolic: no word, no capitals.
_NO_MORE = rf"{_NO_COUNT}(?! (?-i:[A-Z]){{1,2}}(?![A-Za-z])| (?!(?:{_JOINS})(?![a-z]))(?-i:[a-z]){{2}})"

ZH_TAIL: Final = re.compile(r" ?(?:-|~|至|到|、|及|和) ?(?P<d>[0-3]?[0-9]) ?(?:日|号)")
EN_TAIL: Final = re.compile(
    r" ?(?:-|to|and) ?(?P<d>[0-3]?[0-9])(?:st|nd|rd|th)?(?:,? (?P<y>(?:19|20)[0-9]{2}))?(?![0-9])"
)

REPUBLIC: Final = 1911  # 民国1年 is the year after
_ZH: Final = (
    _form("republic", rf"民国 ?(?P<y>[0-9]{{1,3}}) ?年 ?{_M} ?月 ?{_D}(?: ?(?:日|号)|(?![0-9天]))"),
    _form("republic-month", rf"民国 ?(?P<y>[0-9]{{1,3}}) ?年 ?{_M} ?月(?:份)?(?! ?[0-9])", grain="month"),
    _form("zh", rf"(?=[0-9])(?<![0-9]){_YY} ?年 ?{_M} ?月 ?{_D}(?: ?(?:日|号)|(?![0-9天]))"),
    _form("zh-month", rf"(?=[0-9])(?<![0-9]){_Y} ?年 ?{_M} ?月(?:份)?(?! ?[0-9])", grain="month"),
    _form(
        "zh-month-day", rf"(?=[0-9])(?<![0-9年.])(?<!年 ){_M} ?月 ?{_D} ?(?:日|号)(?!线)", grain="month-day"
    ),
    _form("zh-relative", rf"(?:今|去|前|当|同|次)年 ?{_M} ?月(?:份)?(?! ?[0-9])", 0.9, "month-only"),
    _form(
        "zh-month-only", rf"(?=[0-9])(?<![0-9年.个]){_M} ?月(?:份|初|底|中旬|上旬|下旬)", 0.85, "month-only"
    ),
    _form("zh-han", rf"{_HY}年{_HM}月{_HD}(?:日|号)"),
    _form("zh-han-month", rf"{_HY}年{_HM}月(?![一二三四五六七八九十])", grain="month"),
    _form(
        "zh-han-month-day",
        rf"(?=[一二三四五六七八九十])(?<![年一二三四五六七八九十〇零]){_HM}月{_HD}(?:日|号)",
        grain="month-day",
    ),
)
_NUMERIC: Final = (
    _form("ymd", rf"{_LEFT}{_Y}(?P<s> ?[-/.] ?){_M}(?P=s){_D}{_RIGHT}"),
    _form("mdy", rf"{_LEFT}(?P<a>[0-3]?[0-9])(?P<s>[-/.])(?P<b>[0-3]?[0-9])(?P=s){_Y}{_RIGHT}"),
    _form(
        "mdy-short",
        rf"{_LEFT}(?<![Aa]pgar)(?<!APGAR)(?<![Aa]pgar )(?<!APGAR )(?<!Apgars )(?<!评分)(?<!评分[: ])(?P<a>[0-3]?[0-9])(?P<s>[-/])(?P<b>[0-3]?[0-9])(?P=s)(?P<y>[0-9]{{2}}){_RIGHT}(?! ?(?:mg|u|单位|方案))",
        0.8,
    ),
    _form(  # in a text with Han in it: 24/1/10 is the tenth of January
        "ymd-han",
        rf"{_LEFT}(?<!评分)(?<!评分[: ])(?P<y>1[3-9]|2[0-9]|30)(?P<s>[-/])(?P<m>0?[1-9]|1[0-2])(?P=s)(?P<d>0?[1-9]|[12][0-9]|3[01]){_RIGHT}(?! ?(?:mg|u|单位|方案))",
        0.85,
    ),
    _form(
        "mdy-dots",
        rf"{_LEFT}(?P<a>[0-3][0-9])\.(?P<b>[0-3][0-9])\.(?P<y>[0-9]{{2}}){_RIGHT}",
        0.6,
    ),
    _form(
        "ymd-dots",
        rf"{_LEFT}(?P<y>[12][0-9])\.(?P<m>[1-9]|1[0-2])\.(?P<d>[1-9]|[12][0-9]|3[01]){_RIGHT}",
        0.55,
    ),
    _form(
        "ymd-short",
        rf"{_LEFT}(?P<y>[0-9]{{2}})(?P<s>[-/.])(?P<m>0[1-9]|1[0-2])(?P=s)(?P<d>[0-3][0-9]){_RIGHT}",
        0.7,
    ),
    _form(
        "month-year",
        r"(?=[0-9])(?<![0-9./-])(?P<m>0?[1-9]|1[0-2])[-/](?P<y>(?:19|20)[0-9]{2})(?![0-9])(?![-/][0-9])",
        0.8,
        "month",
    ),
    _form("year-month", rf"{_LEFT}{_Y}[-/.](?P<m>0[1-9]|1[0-2])(?![0-9%])(?![-/.][0-9])", 0.6, "month"),
    _form(
        "month-day",
        r"(?=[01-9])(?:(?<=\bon )|(?<=since )|(?<=from )|(?<=until )|(?<=dated )|(?<=\bby )|(?<=thru )|(?<=through )|(?<=seen )|(?<=visit )|(?<=last )|(?<=Echo )|(?<=Labs ))"
        r"(?P<m>0?[1-9]|1[0-2])/(?P<d>[0-3]?[0-9])(?![0-9/%.]| ?(?:mg|ml|mm|cm|strength|pain))",
        0.7,
        "month-day",
    ),
)
_COMPACT: Final = (
    _form(
        "compact",
        r"(?=[12])(?<![0-9A-Za-z.])(?P<y>(?:19|20)[0-9]{2})(?P<m>0[1-9]|1[0-2])(?P<d>[0-3][0-9])(?![0-9A-Za-z]|\.[0-9])",
        0.7,
    ),
)
_EN: Final = (
    _form("en-mdy", rf"(?=[jfmasond])(?<![A-Za-z]){_MONTH},? ?{_D3}{_ORD},? ?(?:of )?{_Y}(?![0-9])"),
    _form(
        "en-mdy-short", rf"(?=[jfmasond])(?<![A-Za-z]){_MONTH} ?{_D3}{_ORD},? ?'(?P<y>[0-9]{{2}})(?![0-9])"
    ),
    _form(
        "en-dmy",
        rf"(?=[0-9])(?<![0-9A-Za-z]){_D3}{_ORD}(?: |-|/|(?: day)? of |){_MONTH}(?:,? |-|/|, of |){_Y}(?![0-9])",
    ),
    _form(
        "en-dmy-short", rf"(?=[0-9])(?<![0-9A-Za-z]){_D3}(?P<s>[-/]){_MONTH}(?P=s)(?P<y>[0-9]{{2}})(?![0-9])"
    ),
    _form(
        "en-dmy-spaced",
        rf"(?=[0-9])(?<![0-9A-Za-z.]){_D3}{_ORD}[ .-]?{_MONTH}[ .,-]{{0,2}}'?(?P<y>[0-9]{{2}}){_NO_COUNT}",
        0.85,
    ),
    _form(
        "en-mdy-spaced",
        rf"(?=[jfmasond])(?<![A-Za-z]){_MONTH} {_D3}{_ORD},? (?P<y>[0-9]{{2}}){_NO_MORE}",
        0.85,
    ),
    _form("en-ymd", rf"(?=[12])(?<![0-9A-Za-z]){_Y}(?: |-|/){_MONTH}(?: |-|/){_D3}(?![0-9])"),
    _form("en-my", rf"(?=[jfmasond])(?<![A-Za-z]){_MONTH}(?:,? |-|/| of ){_Y}(?![0-9])", grain="month"),
    _form(
        "en-md",
        rf"(?=[jfmasond])(?<![A-Za-z])(?<![0-9] ){_MONTH} ?{_D3}{_ORD}(?![0-9A-Za-z/%]| ?-?{_NOT_LEADS}){_UNIT}",
        0.9,
        "month-day",
    ),
    _form(
        "en-dm", rf"(?=[0-9])(?<![0-9A-Za-z.]){_D3}{_ORD}(?: | of |-){_MONTH}(?![A-Za-z])", 0.9, "month-day"
    ),
)
_ODD: Final = (
    _form(
        "ymd-odd",
        rf"{_LEFT}(?!2000,)(?P<y>(?:19|20)[0-9]{{2}})(?P<s>[\\,。、_])(?P<m>0?[1-9]|1[0-2])(?P=s)(?P<d>0?[1-9]|[12][0-9]|3[01])(?![0-9]| ?(?:ml|mg|u\b|单位|毫升))",
        0.8,
    ),
    _form(
        "ymd-colons", rf"{_LEFT}{_Y}:(?P<m>0[1-9]|1[0-2]):(?P<d>0[1-9]|[12][0-9]|3[01])(?![0-9:])", 0.8
    ),  # of a camera
)
_ROMAN: Final = (
    _form(
        "roman-month",
        rf"{_LEFT}(?<!v)(?<!ver)(?<!build )(?<!dose )(?<!version )(?P<d>0?[1-9]|[12][0-9]|3[01])(?P<s>[./-])"
        rf"(?P<r>(?!iv[/-][0-9]{{2}}(?![0-9]))(?:viii|vii|vi|v|iv|ix|iii|ii|i|xii|xi|x))(?P=s){_YY}(?![0-9])",
        0.8,
    ),
)
_FEASTS: Final = (  # never written in any other way than as a tag: which day they were is a calendar's to say
    _form(
        "holiday",
        r"(?-i:(?<![A-Za-z])(?:Christmas(?: Eve| Day)?(?![- \n](?:tree|disease|factor))|New Year'?s(?: Eve| Day)|Thanksgiving(?: Day)?|Good Friday"
        r"|Easter (?:Sunday|Monday|weekend)|(?:(?<=at )|(?<=on )|(?<=since )|(?<=before )|(?<=after )|(?<=last )|(?<=over )|(?<=until ))Easter(?! [A-Z])"
        r"|(?:Labor|Memorial|Independence|Veterans'?|Columbus|MLK|Presidents?'?s?|Boxing|Mother'?s|Father'?s|Valentine'?s|Australia|Canada|Anzac) Day"
        r"|(?:4th|Fourth) of July|Halloween|(?:Chinese|Lunar) New Year|Diwali)(?:,? (?:19|20)[0-9]{2}(?![A-Za-z0-9]|[-/.][0-9]))?(?![A-Za-z0-9]))",
        0.8,
        "holiday",
    ),
)
FAMILIES: Final = (
    Family(re.compile("月"), (12, 12), _ZH),
    Family(re.compile(r"[0-9] ?[-/.] ?[0-9]"), (16, 16), _NUMERIC),
    Family(re.compile(r"(?:19|20)[0-9]{2}[01][0-9][0-3][0-9]"), (2, 4), _COMPACT),
    Family(re.compile(r"(?:18|19|20)[0-9]{2}[\\,。、_:][0-9]{1,2}[\\,。、_:][0-9]"), (2, 4), _ODD),
    Family(re.compile(r"(?i)[0-9][./-][ivx]{1,4}[./-][0-9]"), (2, 6), _ROMAN),
    Family(
        re.compile("Christmas|New Year|Thanksgiving|Good Friday|Easter| Day(?![a-z])| of July|Halloween|Diwali"),
        (12, 20),
        _FEASTS,
    ),
    Family(
        re.compile(  # one class in front, which `re` runs along quickly
            r"[JjSsFfDdMmAaOoNn](?:(?<=[Jj])[Aa][Nn]|(?<=[JjSs])[UuEe][NnLlPp]|(?<=[FfDd])[Ee][BbCc]"
            r"|(?<=[MmAa])[AaPpUu][RrYyGg]|(?<=[OoNn])[CcOo][TtVv])"
        ),
        (18, 26),
        _EN,
        needs_digit=True,
    ),
)  # fmt: skip
