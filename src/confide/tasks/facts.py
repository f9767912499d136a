"""Hold a report against what it was written from: findings and drugs with their negation, numbers with their units.

Words come from public lists (`facts.toml`, the drugs of `confide.deid.lexicon`), never from a corpus. What no list
holds is not looked for, so a report without a mistake here may still be wrong: this finds mistakes, it proves nothing.
Scores of patients' texts are identified figures, for the inside edition; `status` says so.
"""

import re
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

from confide.deid.lexicon import words
from confide.types import Json, Language

_DRUGS = {
    "en": (("clinical_en", "drugs"),),
    "zh": (("clinical_zh", "drugs"), ("clinical_zh", "prescriptions")),
}
_UNITS = {
    "mg": "mg", "milligram": "mg", "milligrams": "mg", "毫克": "mg", "g": "g", "gram": "g", "grams": "g", "克": "g",
    "mcg": "mcg", "microgram": "mcg", "micrograms": "mcg", "微克": "mcg", "ml": "ml", "cc": "ml", "毫升": "ml",
    "l": "l", "升": "l", "%": "%", "percent": "%", "mmhg": "mmHg", "毫米汞柱": "mmHg", "bpm": "/min", "次/分": "/min",
    "mmol/l": "mmol/l", "mg/dl": "mg/dl", "cm": "cm", "厘米": "cm", "公分": "cm", "mm": "mm", "毫米": "mm", "kg": "kg",
    "公斤": "kg", "斤": "jin", "pounds": "lb", "pound": "lb", "lbs": "lb", "lb": "lb", "degrees": "°", "度": "°", "℃": "°",
    "hours": "h", "hour": "h", "小时": "h", "minutes": "min", "minute": "min", "分钟": "min", "days": "d", "day": "d",
    "天": "d", "日": "d", "weeks": "w", "week": "w", "周": "w", "星期": "w", "months": "mo", "month": "mo", "个月": "mo",
    "years": "y", "year": "y", "yrs": "y", "年": "y", "岁": "y", "times": "×", "次": "×", "tablets": "tab", "tablet": "tab",
    "片": "tab", "粒": "cap", "支": "amp",
}  # fmt: skip
_DIGITS = {c: str(i) for i, c in enumerate("零一二三四五六七八九")} | {"两": "2", "〇": "0"}
_SPOKEN = {
    "one": "1",
    "two": "2",
    "three": "3",
    "four": "4",
    "five": "5",
    "six": "6",
    "seven": "7",
    "eight": "8",
    "nine": "9",
    "ten": "10",
    "eleven": "11",
    "twelve": "12",
}
_NUMBER = r"(?<![\d.])\d+(?:\.\d+)?"
_QUANTITY = {
    "en": re.compile(
        rf"({_NUMBER}|\b(?:{'|'.join(_SPOKEN)})\b)[ -]*"
        rf"({'|'.join(re.escape(u) for u in sorted(_UNITS, key=len, reverse=True) if u.isascii())})(?![a-z])"
    ),
    "zh": re.compile(
        rf"({_NUMBER}|[零一二三四五六七八九十两半]{{1,3}})\s*"
        rf"({'|'.join(re.escape(u) for u in sorted(_UNITS, key=len, reverse=True))})(?![a-z])"
    ),
}
_PRESSURE = re.compile(r"(?<!\d)(\d{2,3})\s*(?:/|over)\s*(\d{2,3})(?!\d)")
_DENIED = {
    # a denial reaches to the end of its clause: over commas of a list, not over "but" or a full stop
    "en": re.compile(
        r"\b(?:no|not|denies|denied|deny|without|negative for|never|none)\b(?:(?!\bbut\b|[.;:?!\n]).)*$"
    ),
    "zh": re.compile(r"(?:无明显|没有|否认|未见|未|无|非|不是|排除|不伴)[^，。；！？：,;\n]{0,12}$"),
}


@dataclass(frozen=True, order=True, slots=True)
class Fact:
    """One thing that a text says. Of a patient: shown to nobody."""

    kind: str  # "finding", "drug", "quantity"
    what: str = field(repr=False)
    denied: bool = field(default=False, repr=False)


def facts(text: str, language: Language) -> frozenset[Fact]:
    """Return what `text` says, each fact once.

    >>> sorted(fact.what for fact in facts("Denies chest pain. Aspirin 81 mg daily for two weeks.", "en"))
    ['2 w', '81 mg', 'aspirin', 'chest pain']
    >>> facts("无高血压，服用阿司匹林100毫克", "zh") == {
    ...     Fact("finding", "高血压", True), Fact("drug", "阿司匹林"), Fact("quantity", "100 mg")}
    True
    """
    small = text.lower()
    found = {Fact("quantity", each) for each in _quantities(small, language)}
    pattern, meanings = _terms(language)
    for hit in pattern.finditer(small):
        kind, what = meanings[hit[0]]
        before = small[max(0, hit.start() - 80) : hit.start()]
        found.add(Fact(kind, what, bool(_DENIED[language].search(before))))
    return frozenset(found)


def _quantities(small: str, language: Language) -> Iterable[str]:
    for hit in _PRESSURE.finditer(small):
        yield f"{hit[1]}/{hit[2]}"
    for hit in _QUANTITY[language].finditer(small):
        yield f"{_value(hit[1])} {_UNITS[hit[2]]}"


def _value(number: str) -> str:
    """Return a number as digits: "2.50" is 2.5, "十二" and "twelve" are 12, "半" is 0.5."""
    if number[0].isdigit():
        return f"{float(number):g}"
    if number in _SPOKEN:
        return _SPOKEN[number]
    if number == "半":
        return "0.5"
    tens, ten, ones = number.partition("十")
    if ten:
        return str(10 * int(_DIGITS.get(tens, "1")) + int(_DIGITS.get(ones, "0")))
    return "".join(_DIGITS.get(c, "") for c in number) or number


@cache
def _terms(language: Language) -> tuple[re.Pattern[str], dict[str, tuple[str, str]]]:
    """Return a pattern of all listed words, longest first, and what each of them means."""
    listed = tomllib.loads(files(__package__).joinpath("facts.toml").read_text(encoding="utf-8"))
    meanings = {
        drug.lower(): ("drug", drug.lower())
        for of, key in _DRUGS[language]
        for drug in words(of, key)
        if len(drug) > 1
    }
    for kind, key in (("drug", f"{language}_drugs"), ("finding", language)):
        for entry in listed[key]:
            same = entry.lower().split("=")
            meanings.update(dict.fromkeys(same, (kind, same[0])))
    together = "|".join(re.escape(word) for word in sorted(meanings, key=len, reverse=True))
    return re.compile(rf"(?<![a-z])(?:{together})(?![a-z])" if language == "en" else together), meanings


def faithfulness(pairs: Sequence[tuple[str, str]], language: Language) -> Json:
    """Score reports against the texts that they were written from, over all pairs together.

    Args:
        pairs: (what the report was written from, the report), of held-out patients.
        language: of both.

    Returns:
        `precision`: share of the reports' facts that stand in their prompts; `recall`: share of the prompts' facts that
        stand in the reports; `contradicted`: share of the reports' facts that the prompt states the other way round; None
        where there is nothing to divide by. A denied finding and the finding are two facts.

    >>> faithfulness([("fever for 3 days, no cough", "cough and fever")], "en")["precision"]
    0.5
    """
    told = wanted = right = against = 0
    for prompt, report in pairs:
        known, said = facts(prompt, language), facts(report, language)
        told, wanted, right = told + len(said), wanted + len(known), right + len(said & known)
        against += sum(Fact(each.kind, each.what, not each.denied) in known for each in said - known)
    return {
        "precision": right / told if told else None,
        "recall": right / wanted if wanted else None,
        "contradicted": against / told if told else None,
        "facts_told": told,
        "facts_known": wanted,
        "reports": len(pairs),
        "status": "identified",
    }
