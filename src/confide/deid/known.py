"""Find the values that the patient's own structured fields already name.

Guarantee: a value that was given is found wherever it stands, whatever its width, case, accents, spaces or
line breaks between its characters, hyphens or dots; a birth date in every format of `confide.deid.dates`.
Too short to be searched, and left to the context rules: numbers under three digits, single letters or Han.
"""

import itertools
import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from confide.deid.classes import NAME_CLASSES
from confide.deid.dates import DateHit, find_dates
from confide.deid.fold import fold, normal
from confide.deid.hits import Hit
from confide.deid.lexicon import word_set, words

_GAP: Final = re.compile(r"[\s\-·•.,'()/_:;]{0,8}")
_NAME_GAP: Final = re.compile(r"[\s·•\-.,']{0,8}")
_TIGHT: Final = 6  # a number or code of fewer characters is found only as it is written, or spaced as given
_DIGITS: Final = "0123456789"
_HAN: Final = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_PART_OF_ADDRESS: Final = re.compile(r"[\s,;，；、]+")
_UNITS: Final = re.compile(r"(?<=[省市区县旗镇乡村路街道巷弄])")


@dataclass(frozen=True, slots=True)
class Form:
    """One thing to look for: the letters and digits of a value, and how a find counts.

    `keep`: characters of the needle that are the span (a surname before a title); 0 for all of them.
    `capital`: the find must begin with a capital, because the word is also an everyday one.
    """

    needle: str = field(repr=False)
    type: str
    score: float
    rule: str
    keep: int = 0
    capital: bool = False
    eponym: bool = False


@dataclass(frozen=True, slots=True)
class Known:
    """All that is looked for in the documents of one patient. `repr` shows nothing of it."""

    forms: tuple[Form, ...] = field(repr=False)
    birth_dates: frozenset[date] = field(repr=False)


def known_values(values: Mapping[str, Sequence[str]], layer: str = "known") -> Known:
    """Prepare the values of a patient, class by class, for the search.

    Args:
        values: class of identifier -> values as the structured fields hold them.
        layer: first word of `found_by`: "known", or "sweep" for what was found in other documents.
    """
    forms: dict[tuple[str, int, str], Form] = {}
    births: set[date] = set()
    for kind, texts in values.items():
        for text in texts:
            if kind == "birth-date":
                births |= {day for hit in find_dates(fold(text).text.strip()) for day in hit.readings[:1]}
            for form in _forms(kind, text, layer):
                key = (form.needle, form.keep, form.type if kind in NAME_CLASSES else "")
                if key not in forms or forms[key].score < form.score:
                    forms[key] = form
    for day in births:
        for needle in (f"{day:%Y%m%d}", f"{day:%d%m%Y}", f"{day:%m%d%Y}", f"{day:%y%m%d}"):
            forms.setdefault((needle, 0, ""), Form(needle, "birth-date", 0.8, f"{layer}:birth-date"))
    return Known(tuple(forms.values()), frozenset(births))


def _forms(kind: str, text: str, layer: str) -> Iterator[Form]:
    if kind in ("date", "birth-date", "age"):
        return
    if kind in NAME_CLASSES:
        yield from _name_forms(kind, text, layer)
        return
    whole = normal(text)
    if len(whole) >= 3 or (len(whole) == 2 and not whole.isdigit()):
        yield Form(whole, kind, 1.0, f"{layer}:{kind}")
    if kind in ("address", "place", "organisation"):
        yield from _address_parts(kind, text, layer)
    elif whole.isdigit() and len(bare := whole.lstrip("0")) >= 5:
        yield Form(bare, kind, 0.95, f"{layer}:{kind}")
    if kind == "phone" and whole.isdigit():
        for prefix in ("0086", "86", "001", "1"):
            if whole.startswith(prefix) and len(rest := whole.removeprefix(prefix)) >= 10:
                yield Form(rest, kind, 1.0, f"{layer}:{kind}")
    if kind == "email" and len(local := normal(text.partition("@")[0])) >= 4:
        yield Form(local, kind, 0.8, f"{layer}:{kind}-part")


def _name_forms(kind: str, text: str, layer: str) -> Iterator[Form]:
    whole, rule = normal(text), f"{layer}:{kind}"
    if len(whole) < 2:
        return
    if _HAN.match(whole):
        yield Form(whole, kind, 1.0, rule)
        yield from _han_parts(kind, whole, rule)
        return
    tokens = [normal(token) for token in re.split(r"[\s,.·]+", fold(text).text) if normal(token)]
    capital = len(tokens) == 1 and whole in word_set("en", "common_words")
    yield Form(whole, kind, 1.0, rule, capital=capital, eponym=len(tokens) == 1)
    if len(tokens) < 2:
        return
    orders = [tokens[::-1], [tokens[-1], *tokens[:-1]], [*tokens[1:], tokens[0]], [tokens[0], tokens[-1]]]
    for order in [*orders, [tokens[-1], tokens[0]], [tokens[0][0], tokens[-1]], [tokens[-1][0], tokens[0]]]:
        yield Form("".join(order), kind, 0.95, rule, capital=len(order[0]) == 1)
    everyday = word_set("en", "common_words")
    for token in tokens:
        if len(token) >= 2:
            yield Form(
                token, kind, 0.9, f"{rule}-part", capital=token in everyday or len(token) < 4, eponym=True
            )


def split_han_name(name: str) -> tuple[str, str]:
    """Split a Han name into surname and given name.

    >>> split_han_name("欧阳明月"), split_han_name("张伟")
    (('欧阳', '明月'), ('张', '伟'))
    """
    if len(name) > 2 and name[:2] in word_set("zh", "compound_surnames"):
        return name[:2], name[2:]
    return name[:1], name[1:]


def _han_parts(kind: str, whole: str, rule: str) -> Iterator[Form]:
    if len(whole) > 4:
        return
    surname, given = split_han_name(whole)
    if len(given) >= 2:
        yield Form(given, kind, 0.8, f"{rule}-part")
    for title in words("zh", "titles"):
        yield Form(surname + title, kind, 0.8, f"{rule}-title", keep=len(surname))
    for familiar in ("老", "小"):
        yield Form(familiar + surname, kind, 0.6, f"{rule}-title", keep=-len(surname))


def _address_parts(kind: str, text: str, layer: str) -> Iterator[Form]:
    folded = fold(text).text
    if not _HAN.search(folded):
        for part in re.split(r"[,;\n]+", folded):
            if len(piece := normal(part)) >= 4:
                yield Form(
                    piece, kind, 0.9, f"{layer}:{kind}-part", capital=piece in word_set("en", "common_words")
                )
            street = re.sub(r"^\s*\d+\s+", "", part)
            if len(street.split()) >= 2 and len(piece := normal(street)) >= 6:
                yield Form(piece, kind, 0.9, f"{layer}:{kind}-part")
            for number in re.findall(r"[0-9]{5}", part):
                yield Form(number, kind, 0.8, f"{layer}:{kind}-part")
        return
    units = [normal(unit) for piece in _PART_OF_ADDRESS.split(folded) for unit in _UNITS.split(piece)]
    units = [unit for unit in units if unit]
    provinces = word_set("zh", "provinces")
    for i, unit in enumerate(units):
        if len(unit) >= 3 and unit.rstrip("省市") not in provinces:
            yield Form(unit, kind, 0.8, f"{layer}:{kind}-part")
        if i and (rest := "".join(units[i:])) and len(rest) >= 4:
            yield Form(rest, kind, 0.9, f"{layer}:{kind}-part")


def find_known(text: str, known: Known, dates: Sequence[DateHit] = ()) -> list[Hit]:
    """Find all forms in a folded text; `dates` are the dates already read from it.

    >>> known = known_values({"name": ["张伟"], "record-number": ["ZY-00123"]})
    >>> text = "张 伟,住院号zy00123,张先生"
    >>> [text[hit.start:hit.end] for hit in find_known(text, known)]
    ['张 伟', '张', 'zy00123']
    """
    hits = [
        Hit(hit.start, hit.end, "birth-date", 1.0, "known:birth-date")
        for hit in dates
        if hit.grain == "day" and not known.birth_dates.isdisjoint(hit.readings)
    ]
    if not known.forms:
        return hits
    lower = text.lower()
    places = [i for i, c in enumerate(lower) if c.isalnum()]
    skeleton = "".join([lower[i] for i in places])
    for form in known.forms:
        at = skeleton.find(form.needle)
        while at >= 0:
            hit = _check(text, places, at, form)
            after = at + 1
            if hit is not None:
                hits.append(hit)
                if hit.end > places[at] + len(form.needle):  # grown to a whole run of digits
                    after = max(after, bisect_left(places, hit.end))
            at = skeleton.find(form.needle, after)
    return hits


def _check(text: str, places: list[int], at: int, form: Form) -> Hit | None:
    """Say whether the needle found at `at` of the skeleton is the value, and where in the text."""
    inside = places[at : at + len(form.needle)]
    start, end = inside[0], inside[-1] + 1
    if end - start > len(form.needle):
        if len(form.needle) < _TIGHT and form.needle[0].isascii() and form.type not in NAME_CLASSES:
            return None
        gap = _NAME_GAP if form.type in NAME_CLASSES else _GAP
        for left, right in itertools.pairwise(inside):
            if right - left > 1 and not gap.fullmatch(text, left + 1, right):
                return None
    if sum(c.isdigit() for c in form.needle) >= _TIGHT and not form.rule.endswith("birth-date"):
        while start > 0 and text[start - 1] in _DIGITS and text[start] in _DIGITS:
            start -= 1
        while end < len(text) and text[end] in _DIGITS and text[end - 1] in _DIGITS:
            end += 1
    elif not (_is_border(text, start - 1, start) and _is_border(text, end, end - 1)):
        return None
    if form.capital and not text[start].isupper():
        return None
    if form.eponym and _is_eponym(text, start, end):
        return None
    if form.keep > 0:
        end = inside[form.keep - 1] + 1
    elif form.keep < 0:
        start = inside[form.keep]
    return Hit(start, end, form.type, form.score, form.rule)


def _is_border(text: str, outside: int, inside: int) -> bool:
    """Say whether a word or number ends between two neighbouring places."""
    if not 0 <= outside < len(text):
        return True
    out, own = text[outside], text[inside]
    if own in "0123456789":
        return out not in "0123456789"
    if own.isascii():
        return not (out.isascii() and out.isalpha())
    return True


_EPONYM_TAIL: Final = re.compile(r"(?:'s|s')?[\s-]+([A-Za-z]+)|[\s-]*([\u4e00-\u9fff]{1,2})")


def _is_eponym(text: str, start: int, end: int) -> bool:
    """Say whether the word is the name of a disease or sign here: Parkinson's disease, Murphy sign."""
    match = _EPONYM_TAIL.match(text, end)
    if match is None:
        return False
    if match.group(1):
        return match.group(1).lower() in word_set("en", "eponym_tails")
    return match.group(2)[0] in "病征" or match.group(2) in ("综合", "氏病", "氏征", "试验")
