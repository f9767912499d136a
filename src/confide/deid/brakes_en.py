"""Say which English guesses at names are clinical: eponyms by their tail, drugs, germs, scores, units without a name.

Looks only at the words around a hit. The lists are `lists/clinical_en.toml`; titles, keys and first names are those
of `lists/en.toml`. Called by `confide.deid.brakes`.
"""

import re
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from typing import Final

from confide.deid.classes import NAME_CLASSES
from confide.deid.lexicon import eponym_words, key_classes, word_set, words

_LIST: Final = "clinical_en"
_WORD: Final = re.compile(r"[A-Za-z0-9]+(?:[/'][A-Za-z0-9]+)*'?")
_AROUND: Final = 60
_LONGEST: Final = 6  # words in a listed term


Word = re.Match[str]


def rest(text: str, start: int, end: int, kind: str) -> tuple[int, int] | None:
    """Return what stays of the hit `text[start:end]`: its place, a shorter one, or None for nothing.

    >>> text = "Foley removed. Foley saw her."
    >>> rest(text, 0, 5, "name"), rest(text, 15, 20, "name")
    (None, (15, 20))
    """
    around = _words_around(text, start, end)
    first, last = _inside(around, start, end)
    if first == last:
        return start, end
    if kind == "name" and _is_led(text, start):
        return None if _in_saying(around, first, last) else (start, end)
    if kind != "name" and (
        _is_unit(text, around, first, last) or _is_key(text, start, ("organisation", "address"))
    ):
        return None if _is_unit(text, around, first, last) else (start, end)
    if _in_term(around, first, last):
        return None
    if _has_person_beside(text, around, first, last):
        return start, end
    if _is_alone(text, around, first, last, kind):
        return None
    clinical = _eponym_end(text, around, first, last)
    if clinical is None:
        return start, end
    return None if clinical >= last else (around[clinical].start(), end)


def in_saying(text: str, start: int, end: int) -> bool:
    """Say whether `text[start:end]` and words before it are a listed saying of three words or more.

    >>> in_saying("a cup of Earl Grey", 9, 18), in_saying("saw Dr. Grey", 8, 12)
    (True, False)
    """
    around = _words_around(text, start, end)
    first, last = _inside(around, start, end)
    return first < last and _in_saying(around, first, last)


def _words_around(text: str, start: int, end: int) -> list[Word]:
    low = max(0, start - _AROUND)
    while 0 < low < start and text[low - 1].isalnum():
        low += 1
    return list(_WORD.finditer(text, low, min(len(text), end + _AROUND)))


def _plain(word: str) -> str:
    """Return a word in lower case, without 's."""
    return word.lower().removesuffix("'s").rstrip("'")


def _inside(around: list[Word], start: int, end: int) -> tuple[int, int]:
    """Return the numbers of the first word of the hit and of the first one behind it; words come in order."""
    first = 0
    while first < len(around) and around[first].end() <= start:
        first += 1
    last = first
    while last < len(around) and around[last].start() < end:
        last += 1
    return (first, last) if first < last else (0, 0)


# -- what speaks for a person


@cache
def _title() -> re.Pattern[str]:
    titles = {*words("en", "titles"), *words("en", "staff_titles"), "Patient", "Pt", "Nurse", "Dear", "Hon"}
    backwards = "|".join(title[::-1] for title in sorted(titles))
    return re.compile(
        rf"\n?(?: ?\.?[A-Z])?\s{{0,2}}\.?(?i:{backwards})(?![A-Za-z])"
        r"|\n? ?(?:(?:dna|&) ,?|,)[A-Za-z'-]+[A-Z] \.?(?:srD|SRD|srd)(?![A-Za-z])"
    )


def _is_led(text: str, start: int) -> bool:
    """Say whether a title or a key stands right before; titles are read backwards, from the hit on: that is quick."""
    before = text[max(0, start - 41) : start][::-1]
    return bool(_title().match(before)) or _is_key(text, start, NAME_CLASSES)


_KEY: Final = re.compile(r"(?<![A-Za-z])([A-Za-z][A-Za-z '/.-]{0,40}?) ?[:=#]\s{0,3}$")


def _is_key(text: str, start: int, kinds: tuple[str, ...]) -> bool:
    """Say whether the key of such a class stands right before, with its colon."""
    if not text[max(0, start - 5) : start].rstrip().endswith((":", "=", "#")):
        return False  # a quick look first
    match = _KEY.search(text, max(0, start - 48), start)
    if match is None:
        return False
    spoken, classes = match.group(1).lower().split(), key_classes("en")
    return any(classes.get(" ".join(spoken[i:])) in kinds for i in range(len(spoken)))


@cache
def _degree() -> re.Pattern[str]:
    return re.compile(rf",? (?:{'|'.join(map(re.escape, words('en', 'degrees')))})(?![A-Za-z])")


def _has_person_beside(text: str, around: list[Word], first: int, last: int) -> bool:
    """Say whether a first name, an initial or a degree stands at the word: John Cooper, Cooper, MD."""
    names = word_set("en", "first_names")
    end = around[last - 1].end()
    if _degree().match(text, end):
        return True
    after = around[last] if last < len(around) else None
    if after and text[end : after.start()] == ", " and text[after.start() : after.end()] in names:
        return True
    if last - first > 1 and text[around[first].start() : around[first].end()] in names:
        return True
    before = text[around[first - 1].start() : around[first].start()] if first else ""
    return before.rstrip() in names if before[-1:] == " " else False


# -- terms and words that are gone by themselves


@cache
def _terms() -> frozenset[str]:
    """Return all listed terms of several words, and germs, drugs, materials and plants of one, in plain words."""
    kinds = ("eponym_pairs", "drugs", "materials", "organisms", "sayings")
    return frozenset(_joined(term) for kind in kinds for term in words(_LIST, kind))


def _joined(term: str) -> str:
    return " ".join(_plain(word) for word in _WORD.findall(term))


def _in_term(around: list[Word], first: int, last: int) -> bool:
    """Say whether a listed term of two words or more covers the hit."""
    return any(term in _terms() for term in _covering(around, first, last, least=2))


def _in_saying(around: list[Word], first: int, last: int) -> bool:
    """Say whether the title before the hit belongs to a saying: a can of Dr Pepper."""
    return first > 0 and any(term in _sayings() for term in _covering(around, first - 1, last, least=3))


@cache
def _sayings() -> frozenset[str]:
    return frozenset(map(_joined, words(_LIST, "sayings")))


def _covering(around: list[Word], first: int, last: int, *, least: int) -> Iterator[str]:
    """Yield the runs of `least` words or more that cover the hit, where a listed term of as many words begins alike."""
    for low in range(max(0, last - _LONGEST), first + 1):
        head = _plain(around[low].group())
        for n in _lengths().get(head, ()):
            if n >= least and last <= low + n <= len(around):
                yield " ".join([head, *(_plain(word.group()) for word in around[low + 1 : low + n])])


@cache
def _lengths() -> dict[str, set[int]]:
    """Return first word -> how many words the listed terms have that begin with it."""
    found: dict[str, set[int]] = {}
    for term in _terms():
        head, *others = term.split(" ")
        found.setdefault(head, set()).add(1 + len(others))
    return found


_PLACED: Final = re.compile(r"(?:in|from|at|near|of|to) $")
_DOSE: Final = re.compile(r",? ?\(?[0-9][0-9.,/-]* ?(?:mg|mcg|ml|g|units?|%|u)(?![A-Za-z])")
_NUMERAL: Final = re.compile(r"[0-9IVXivx/+-]+[a-eA-E]?|class|grade|score|stage|of|[0-9]+/[0-9]+")


def _is_alone(text: str, around: list[Word], first: int, last: int, kind: str) -> bool:
    """Say whether the whole hit is a drug, a germ, a material, a score, or a name that nobody bears."""
    start, end = around[first].start(), around[last - 1].end()
    value = text[start:end]
    plain = " ".join(_plain(word.group()) for word in around[first:last])
    if plain in _terms():
        return kind == "name" or kind == "organisation" or not _PLACED.search(text, max(0, start - 6), start)
    possessive = value + "'s" if text.startswith("'s", end) else value
    if value in word_set(_LIST, "eponyms_alone") or possessive in word_set(_LIST, "eponyms_alone"):
        return True
    if value in word_set(_LIST, "careful_drugs"):
        return _is_given(text, around, first, last)
    head = text[start : around[first].end()]
    if head in word_set(_LIST, "scales") or value in word_set(_LIST, "scales"):
        more = [text[word.start() : word.end()] for word in around[first + 1 : last]]
        return value in word_set(_LIST, "scales") or all(_NUMERAL.fullmatch(each) for each in more)
    return False


def _is_given(text: str, around: list[Word], first: int, last: int) -> bool:
    """Say whether a drug is meant: a dose or a form stands behind it, a word of giving before it."""
    if _DOSE.match(text, around[last - 1].end()):
        return True
    behind = _plain(around[last].group()) if last < len(around) and _joins(text, around, last) else ""
    before = _plain(around[first - 1].group()) if first else ""
    return behind in word_set(_LIST, "drug_company") and (
        before in word_set(_LIST, "drug_heads")
        or behind not in ("d", "dr", "q", "placed", "birth", "im", "er")
    )


# -- eponyms


_HYPHENED: Final = 6  # no eponym is of more names
_GAPS: Final = (" ", "-", "\n", "  ", "/", " \n")
_ARTICLE: Final = frozenset({"the", "a", "an", "his", "her", "their", "him", "them"})
_DEEDS: Final = frozenset(
    {
        "removed",
        "placed",
        "inserted",
        "discontinued",
        "changed",
        "pulled",
        "secured",
        "dc'd",
        "d/c'd",
        "dcd",
        "dc",
    }
)
_OWNED: Final = frozenset({"result", "results", "came", "pending", "ordered", "done", "for", "notes", "note"})
_RESULTS: Final = frozenset({"test", "tests", "positive", "negative", "absent", "present", "patient", "type"})


@cache
def _listed() -> frozenset[str]:
    return frozenset(word.lower() for word in words(_LIST, "eponyms"))


@cache
def _common() -> dict[str, frozenset[str]]:
    return {name.lower(): frozenset(map(_joined, tails)) for name, tails in eponym_words(_LIST).items()}


def _joins(text: str, around: list[Word], i: int) -> bool:
    """Say whether nothing but a space or a hyphen parts word `i` from the one before."""
    return text[around[i - 1].end() : around[i].start()] in _GAPS


def _eponym_end(text: str, around: list[Word], first: int, last: int) -> int | None:
    """Return the number of the first word behind the eponym that the hit begins with; None when it is none."""
    low, high = first, first + 1
    while low > 0 and high - low < _HYPHENED and text[around[low - 1].end() : around[low].start()] == "-":
        low -= 1
    while (
        high < len(around)
        and high - low < _HYPHENED
        and text[around[high - 1].end() : around[high].start()] == "-"
    ):
        if _tail_of(text, around, low, high):
            break
        high += 1
    if (
        high < last
        and high - low == 1
        and (_plain(around[high].group()) in _listed() or _plain(around[high].group()) in _common())
    ):
        high += 1  # two names without a hyphen
    if taken := _tail_of(text, around, low, high):
        return high + taken
    if _tail_in_han(text, around[high - 1].end()) and high >= last:
        return high
    if (
        high >= last
        and high - low == 1
        and _plain(around[low].group()) in _listed()
        and _in_company(text, around, low)
    ):
        return high
    return None


def _tail_of(text: str, around: list[Word], low: int, high: int) -> int:
    """Return how many words behind the name `around[low:high]` make it an eponym; 0 when none does."""
    if high >= len(around) or not _joins(text, around, high):
        return 0
    tail = _plain(around[high].group())
    own = text[around[high].start() : around[high].end()].endswith("'s")
    two = (
        f"{tail} {_plain(around[high + 1].group())}"
        if high + 1 < len(around) and _joins(text, around, high + 1)
        else ""
    )
    names = [_plain(word.group()) for word in around[low:high]]
    next_word = two.partition(" ")[2]
    rare = any(name in _listed() for name in names)
    paired = len(names) > 1 and (rare or all(name in _common() for name in names))
    if rare or paired:
        wanted = tail in word_set(_LIST, "tails_any") | word_set(_LIST, "tails_bare") | word_set(
            _LIST, "tails_listed"
        )
        return int(wanted and not own)
    common = _common().get(names[0], frozenset()) if len(names) == 1 else frozenset()
    if two in common:
        return 2
    if tail in common and not own:
        spoilt = next_word in _ARTICLE if tail in _DEEDS else tail in _RESULTS and next_word in _OWNED
        return int(not spoilt)
    return int(_tail_of_any(text, around, low, high, tail))


def _tail_of_any(text: str, around: list[Word], low: int, high: int, tail: str) -> bool:
    """Say whether the tail makes an eponym of a name that is not listed, and that is no usual first name."""
    value = text[around[low].start() : around[high - 1].end()]
    if (
        not value[:1].isupper()
        or value in word_set("en", "first_names")
        or value in word_set("en", "stop_words")
    ):
        return False
    if tail in word_set(_LIST, "tails_any"):
        return True
    return tail in word_set(_LIST, "tails_bare") and not value.endswith(("'s", "'"))


def _tail_in_han(text: str, end: int) -> bool:
    """Say whether a Chinese tail follows: Murphy征, Glasgow 评分."""
    from confide.deid.brakes_zh import tail_at  # each language asks the other one for its tails

    at = end + len(re.match(r"(?:'s)? ?", text[end : end + 3]).group())  # type: ignore[union-attr]  # matches nothing, too
    return not text[at : at + 1].isascii() and tail_at(text, at, "tails_listed") > 0


_AND: Final = re.compile(r"(?:'s|')?(?:, | and |, and |/| or |, or )")


def _in_company(text: str, around: list[Word], i: int) -> bool:
    """Say whether a head stands before a listed name, or another listed one beside it: Kernig and Brudzinski."""
    if i and _joins(text, around, i) and _plain(around[i - 1].group()) in word_set(_LIST, "heads"):
        return True
    beside = [
        (a, b)
        for a, b in pairwise(w for w in around if _plain(w.group()) not in ("and", "or"))
        if around[i] in (a, b)
    ]
    return any(
        _plain(a.group()) in _listed()
        and _plain(b.group()) in _listed()
        and _AND.fullmatch(text[a.end() : b.start()])
        for a, b in beside
    )


# -- units without a name of their own


_HALF_A_NAME: Final = frozenset(
    ("General", "University", "Memorial", "Community", "County", "City", "State", "Regional", "College", "Children's", "Childrens", "Women's", "Veterans", "Military", "Academy", "Institute", "District", "Town", "Church", "House", "Charity", "Heart")
)  # fmt: skip
_OF_NAME: Final = re.compile(r" (?:of|for|at) (?:the )?[A-Z]")


def _is_unit(text: str, around: list[Word], first: int, last: int) -> bool:
    """Say whether the hit is a hospital, ward or home that says nothing of which one: skilled nursing facility."""
    plain = [_plain(word.group()) for word in around[first:last]]
    spoken = [text[word.start() : word.end()] for word in around[first:last]]
    general, units = word_set(_LIST, "generic_organisations"), word_set(_LIST, "organisation_units")
    if not all(
        word in general or text_word.lower() in general for word, text_word in zip(plain, spoken, strict=True)
    ):
        return False
    if not any(word in units for word in plain) or not _HALF_A_NAME.isdisjoint(spoken):
        return False
    if _OF_NAME.match(text, around[last - 1].end()):
        return False
    if first == 0 or not _joins(text, around, first):
        return True
    before = text[around[first - 1].start() : around[first - 1].end()]
    return (
        before.islower()
        or before in word_set("en", "stop_words")
        or before in word_set("en", "organisation_generic")
    )
