"""Let go of guesses at dates and numbers that score, count or measure: 8/10, 176/85, 12 lead, version 2.1.3, the early 1990s.

Looks only at a guess and what stands beside it, in a folded text. Written from texts in which the network was wrong; a
number that may as well be a day stays one.
"""

import re
from typing import Final

from confide.deid.hits import Hit

# A date holds a year, a month by its name or sign, or two numbers with a mark between.
_DATED: Final = re.compile(
    r"(?i)[年月日号號]|(?<![0-9])(?:1[89]|20)[0-9]{2}(?![0-9])|(?<![0-9])[0-9]{6}|(?<![0-9])[0-9]{8}|'[0-9]{2}|[0-9]{1,2}(?:st|nd|rd|th)"
    r"|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|[初正廿腊]|[一二三四五六七八九十〇零]{2}"
    r"|[0-9]{1,4} ?[-./] ?[0-9]{1,4}|[0-9][./ -][ivx]{1,4}[./ -][0-9]"
)
_OUT_OF_TEN: Final = re.compile(r"(?:[0-9]|10)/10")
_SCORED: Final = re.compile(r"(?i)pain|scale|score|rated|rates|ivp? for|nrs|vas|疼痛|评分|評分|痛")
_FIGURES: Final = re.compile(r"[+#]?[0-9]{1,3}s?(?:[/:.][0-9]{1,3}s?)?")
_PAIR: Final = re.compile(r"([0-9]{1,2}) ?[-/.] ?([0-9]{1,2})")
_COUNTED: Final = re.compile(  # what stands behind a number that counts or measures, and does not begin another word
    r"(?i) ?(?:(?:days?|d(?!/c)|wks?|weeks?|months?|mths?|hrs?|hours?|mins?|yrs?|years?|units?|mg|ml|kg|cm|mm|mmol)"
    r"(?![a-z]|[ -][0-9]| (?:team|shift|assist))|%|°|strength|power|天(?![坛津气])|周(?![一二三四五六日末])|岁(?!末)|次(?![日晨年])|个(?!人)|倍|度(?!过))"
)
_TIME: Final = re.compile(r"(?i)(?:t|at )?[0-9]{1,2}[:时点h][0-9]{0,2}分?(?::[0-9]{2})?(?: ?[ap]\.?m\.?|z)?")
_DONE: Final = re.compile("[^0-9A-Za-z ,;。]{0,6}(?:切|术)|[年行做]")  # 92.11胆囊切除
_SPAN_OF_TIME: Final = re.compile("[1-9]年(?![行住因在诊入出做术])")  # a year of one figure is written 08年
_NUMERALS: Final = re.compile("[一二三四五六七八九十]{1,3}(?=[度分点块床人岁斤])")
_MEASURED: Final = re.compile(
    r"(?i)\b(?:a1c|hgb?|hb|cr|k|na|bun|inr|wbc|plt|tsh|temp|ph|ef|bmi|albumin|lactate)[ :=|\n]{1,3}(?:was |of |is )?$"
)
_DECADE: Final = re.compile("(?i)(?:(?:the|early|mid|late)[ -])*(?:19|20)?[0-9]0'?s")
_STAGE: Final = re.compile(r"(?i)\b(?:stage|grade) $")
_POINTS: Final = re.compile(r"(?i)\b(?:phq-?[29]|gad-?7|barthel) $|评分:? ?(?:[0-9]{1,2}-){0,2}$")
_MURMUR: Final = re.compile(
    r" (?:SEM|inch|murmur|(?:systolic|diastolic) murmur|motor (?:strength|power))(?![A-Za-z])"
)
_BOTTLES: Final = re.compile(r"(?:1/2|1/4|2/2|2/4|3/4|4/4) (?:NS|BCx|blood cultures?|bottles?)(?![A-Za-z])")
_LEADS: Final = re.compile("(?:3|5|6|12|15)[ -]?leads?(?![A-Za-z])")
_DATED_RESULT: Final = re.compile("(?::| was| is| =|,)? ?[0-9]")  # Hb 3.11: 9.8
_VERSION: Final = re.compile(r"(?i)(?:\bver|version|版本?)[ .:=]{0,2}$")
_MAY_DO: Final = re.compile(
    r"(?i) (?:also |not |well |still )?(?:be|have|need|go|take|return|want|get|start|try|use|resume|shower|eat|drink|drive)\b"
)
_DATED_MAY: Final = re.compile(r"(?i)\b(?:in|since|last|this|next|until|by|early|late|mid|of|from) $")
_SEASONS: Final = frozenset({"winter", "summer", "spring", "autumn"})


def identifies_nobody(text: str, hit: Hit) -> bool:
    """Say whether a find is but a score, a count, a pair of measurements (8/10, 176/85, 142), the word No or one small letter.

    >>> numbers = ("142", "841/876", "30:2", "4471902", "B-12/7", "+86", "No")
    >>> [identifies_nobody(value, Hit(0, len(value), "other-id", 0.6, "tagger:other-id")) for value in numbers]
    [True, True, True, False, False, True, True]
    >>> [identifies_nobody(text, Hit(5, 9, "date", 0.6, "tagger:date")) for text in ("pain 8/10", "seen 8/10")]
    [True, False]
    >>> identifies_nobody("he may be late", Hit(3, 6, "date", 0.6, "tagger:date"))
    True
    """
    value = text[hit.start : hit.end]
    if hit.type == "date":
        out_of_ten = _OUT_OF_TEN.fullmatch(value) and _SCORED.search(text, max(0, hit.start - 40), hit.start)
        return bool(out_of_ten) or not _DATED.search(value) or _is_no_day(text, hit, value)
    if hit.type == "name":
        return len(value) == 1 and "a" <= value <= "z"
    if hit.type == "place":
        return value.casefold() in _SEASONS
    return hit.type == "other-id" and (bool(_FIGURES.fullmatch(value)) or value.casefold() == "no")


def _is_no_day(text: str, hit: Hit, value: str) -> bool:
    """Say whether a guess at a date is two numbers of which none can be a day, a count, a version, or the verb may."""
    if pair := _PAIR.fullmatch(value):
        before = (text, max(0, hit.start - 16), hit.start)
        if _POINTS.search(*before) or _MURMUR.match(text, hit.end) or _BOTTLES.match(text, hit.start):
            return True
        if int(pair.group(2)) <= 6 and _STAGE.search(*before):
            return True
        low, high = sorted(map(int, pair.groups()))
        if low == 0 or low > 12 or _COUNTED.match(text, hit.end):
            return True
        if high > 31:  # 3/98 is a month of a year
            return high < 40 or ("." in value and not _DONE.match(text, hit.end))
        measured = "." in value and _MEASURED.search(text, max(0, hit.start - 16), hit.start)
        return bool(measured) and not _DATED_RESULT.match(text, hit.end)
    if _DECADE.fullmatch(value):
        return True
    if value.casefold() == "may":
        return bool(_MAY_DO.match(text, hit.end)) and not _DATED_MAY.search(
            text, max(0, hit.start - 8), hit.start
        )
    if value.count(".") == 2 and _VERSION.search(text, max(0, hit.start - 10), hit.start):
        return True
    if _SPAN_OF_TIME.match(text, hit.start, hit.end + 1):
        return len(value) == 2 and text[max(0, hit.start - 1) : hit.start] not in ("于", "自", "从", "在")
    return value.isalpha() and bool(_NUMERALS.match(text, hit.start)) and len(value) <= 3


def is_measured(text: str, start: int, end: int) -> bool:
    """Say whether a number counts or measures, or is a time of day: what is left of 5 May 10 mg, of 3/5/24 10:22."""
    return bool(_COUNTED.match(text, end) or _TIME.fullmatch(text, start, end) or _LEADS.match(text, start))
