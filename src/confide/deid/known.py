"""Find the values that the patient's own structured fields already name.

Guarantee: a value that was given is found wherever it stands, whatever its width, case, accents, traditional
characters, spaces or line breaks between its characters, hyphens or dots, and in the forms of
`confide.deid.known_forms`; a birth date in every format of `confide.deid.dates`. One pass over a text finds all
forms. Too short to be searched, and left to the context rules: numbers under three digits, single letters or Han.
"""

import itertools
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from ahocorasick import Automaton

from confide.deid.classes import NAME_CLASSES
from confide.deid.dates import DateHit, find_dates
from confide.deid.fold import fold
from confide.deid.hits import Hit
from confide.deid.known_forms import Form, birth_forms, births_in, forms_of
from confide.deid.lexicon import word_set
from confide.deid.spelling import simplified

_NOT_ALNUM: Final = re.compile(r"[\W_]+")
_GAP: Final = re.compile(r"[\s\-·•.,'()/_:;]{0,8}")
_HAN_GAP: Final = re.compile(r"[\s·•\-.']{0,8}")
_NAME_GAP: Final = re.compile(r"[\s·•\-.,']{0,8}")
_INSIDE_WORD: Final = re.compile(r"-?[ ]*\n[ ]*|-|'")  # Cas-\ntellanos
_FEW: Final = 60  # needles that are quicker found one by one than an automaton is made of them
_TIGHT: Final = 6  # a number or code of fewer characters is found only as it is written, or spaced as given
_DIGITS: Final = "0123456789"
_TITLE: Final = re.compile(
    r"(?:(?<![a-z])(?:mr|mrs|ms|miss|mister|madam|dr|doctor|prof|professor|nurse|patient|pt|sir)\.?|患者|病人|家属)\s*$",
    re.IGNORECASE,
)
_TITLE_BEHIND: Final = re.compile(r"\s*(?:先生|女士|小姐|太太|医生|医师|大夫|主任|护士|教授|老师)")
_CUE: Final = re.compile(
    r"(?:尾号|[后末][三四五六]位|[x*#.…]{2,}|last (?:four|4|six|6)(?: digits| characters)?|ending)"
    r"(?:数?字?(?:是|为)|in|with|of|are|is|[ :,#*x-])*$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Known:
    """All that is looked for in the documents of one patient. `repr` shows nothing of it."""

    forms: tuple[Form, ...] = field(repr=False)
    birth_dates: frozenset[date] = field(repr=False)
    needles: Mapping[str, list[int]] = field(repr=False)  # needle -> the places of its forms in `forms`
    automaton: Any = field(repr=False)  # of the needles; None where they are few


def known_values(values: Mapping[str, Sequence[str]], layer: str = "known") -> Known:
    """Prepare the values of a patient, class by class, for the search.

    Args:
        values: class of identifier -> values as the structured fields hold them.
        layer: first word of `found_by`: "known", or "sweep" for what was found in other documents.
    """
    forms: dict[tuple[str, int, str, str], Form] = {}
    births: set[date] = set()
    for kind, texts in values.items():
        for text in texts:
            if kind == "birth-date":
                births |= {day for hit in find_dates(fold(text).text.strip()) for day in hit.readings[:1]}
            births.update(births_in(kind, text))
            for form in forms_of(kind, text, layer):
                key = (form.needle, form.keep, form.need, form.type if kind in NAME_CLASSES else "")
                if key not in forms or forms[key].score < form.score:
                    forms[key] = form
    for day in births:
        for form in birth_forms(day, layer):
            forms.setdefault((form.needle, 0, "", ""), form)
    needles: dict[str, list[int]] = {}
    for i, form in enumerate(forms.values()):
        needles.setdefault(form.needle, []).append(i)
    automaton = _automaton(needles) if len(needles) > _FEW else None
    return Known(tuple(forms.values()), frozenset(births), needles, automaton)


def _automaton(needles: Mapping[str, list[int]]) -> Any:
    automaton = Automaton()
    for needle, found in needles.items():
        automaton.add_word(needle, found)
    automaton.make_automaton()
    return automaton


def _occurrences(skeleton: str, known: Known) -> Iterable[tuple[int, list[int]]]:
    """Return where a needle ends, and its forms: in order of the end, the longest needle first."""
    if known.automaton is not None:
        found: Iterable[tuple[int, list[int]]] = known.automaton.iter(skeleton)
        return found
    ends = []
    for needle, forms in known.needles.items():
        at = skeleton.find(needle)
        while at >= 0:
            ends.append((at + len(needle) - 1, -len(needle), forms))
            at = skeleton.find(needle, at + 1)
    return [(end, forms) for end, _, forms in sorted(ends)]


def find_known(text: str, known: Known, dates: Sequence[DateHit] = ()) -> list[Hit]:
    """Find all forms in a folded text; `dates` are the dates already read from it.

    >>> known = known_values({"name": ["张伟"], "record-number": ["ZY-00123"]})
    >>> text = "张 伟,住院号zy00123,张先生,ZHANG, Wei"
    >>> [text[hit.start:hit.end] for hit in find_known(text, known)]
    ['张 伟', 'zy00123', '张', 'ZHANG', 'ZHANG, Wei', 'Wei']
    """
    hits = [
        Hit(hit.start, hit.end, "birth-date", 1.0, "known:birth-date")
        for hit in dates
        if hit.grain == "day" and not known.birth_dates.isdisjoint(hit.readings)
    ]
    if not known.forms:
        return hits
    skeleton = simplified(_NOT_ALNUM.sub("", text.lower()))
    places: list[int] = []
    grown: dict[int, int] = {}  # form -> where a find that took a whole run of digits ended
    for end, found in _occurrences(skeleton, known):
        places = places or list(itertools.compress(range(len(text)), map(str.isalnum, text)))
        for number in found:
            form = known.forms[number]
            at = end + 1 - len(form.needle)
            if places[at] < grown.get(number, 0):
                continue
            hit = _check(text, places[at : end + 1], form)
            if hit is not None:
                hits.append(hit)
                if hit.end > places[at] + len(form.needle):
                    grown[number] = hit.end
    return hits


def _check(text: str, inside: list[int], form: Form) -> Hit | None:
    """Say whether the needle found at these places of the text is the value, and where it stands."""
    start, end = inside[0], inside[-1] + 1
    if end - start > len(form.needle) and not _fits(text, inside, form):
        return None
    if form.grows:
        while start > 0 and text[start - 1] in _DIGITS and text[start] in _DIGITS:
            start -= 1
        while end < len(text) and text[end] in _DIGITS and text[end - 1] in _DIGITS:
            end += 1
    elif not (_is_border(text, start - 1, start) and _is_border(text, end, end - 1)):
        return None
    if (form.need and not _has(text, inside, form)) or (form.eponym and _is_eponym(text, start, end)):
        return None
    if form.keep > 0:
        end = inside[form.keep - 1] + 1
    elif form.keep < 0:
        start = inside[form.keep]
    return Hit(start, end, form.type, form.score, form.rule)


def _fits(text: str, inside: list[int], form: Form) -> bool:
    """Say whether what stands between the characters of a find may stand there."""
    name = form.type in NAME_CLASSES
    if len(form.needle) < _TIGHT and form.needle[0].isascii() and not name:
        return False
    gaps = [
        (i, left + 1, right)
        for i, (left, right) in enumerate(itertools.pairwise(inside), 1)
        if right - left > 1
    ]
    usual = (_HAN_GAP if form.breaks is None else _NAME_GAP) if name else _GAP
    if not all(usual.fullmatch(text, left, right) for _, left, right in gaps):
        return False
    if form.breaks is None or len(gaps) == len(inside) - 1:  # s p a c e d
        return True
    return all(i in form.breaks or _INSIDE_WORD.fullmatch(text, left, right) for i, left, right in gaps)


def _has(text: str, inside: list[int], form: Form) -> bool:
    """Say whether a find of a short form has what tells it from an everyday word."""
    start, end = inside[0], inside[-1] + 1
    if form.need == "mixed":
        glued = (inside[i] for i in form.breaks or () if inside[i] == inside[i - 1] + 1)
        return text[start].isupper() and all(text[place].isupper() for place in glued)
    if form.need == "capital":
        return text[start].isupper()
    if form.need == "title":
        return bool(_TITLE.search(text, max(0, start - 12), start) or _TITLE_BEHIND.match(text, end))
    if form.need == "cue":
        return bool(_CUE.search(text, max(0, start - 28), start))
    letters = text[start:end]
    capitals = letters.upper() == letters
    return capitals and (form.need == "capitals" or letters.count(".") >= len(form.needle) - 1)


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
