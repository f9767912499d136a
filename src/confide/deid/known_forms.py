"""The forms in which a value that is known may stand in a text: what `confide.deid.known` looks for.

Names in pinyin, initials, orders, with titles and by their parts; numbers without what stands before them and by
their last digits; addresses by their parts. A form says what else must hold where it is found, as short forms
are everyday words too. Knows no text.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Final, Literal, NamedTuple

from confide.deid.classes import DATE_CLASSES, NAME_CLASSES, PLACE_CLASSES
from confide.deid.fold import fold, normal
from confide.deid.lexicon import word_set, words
from confide.deid.spelling import simplified, spellings, split_han_name, toned

Need = Literal["", "capital", "mixed", "capitals", "dots", "title", "cue"]
HAN: Final = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_PART_OF_ADDRESS: Final = re.compile(r"[\s,;，；、]+")
_BETWEEN_WORDS: Final = re.compile(r"[\s,.·]+")
_UNITS: Final = re.compile(r"(?<=[省市区县旗镇乡村路街道巷弄])")
_GROWS: Final = 6  # digits of a number that counts inside a longer one as well
_STREET: Final = {
    "street": "st", "road": "rd", "avenue": "ave", "drive": "dr", "lane": "ln", "boulevard": "blvd", "court": "ct",
    "place": "pl", "square": "sq", "terrace": "ter", "highway": "hwy", "parkway": "pkwy", "apartment": "apt",
}  # fmt: skip


class Form(NamedTuple):
    """One thing to look for: the letters and digits of a value, and how a find counts. `repr` shows no value.

    `keep`: characters of the needle that are the span (a surname before a title), from its end if below zero; 0
    for all of them. `breaks`: where words of the needle may stand apart; None for anywhere. `need`: what else
    must hold: a capital at the front, one before every break that has no gap as well ("mixed"), capitals only, dots between them, a title beside it, a cue before it.
    """

    needle: str
    type: str
    score: float
    rule: str
    keep: int = 0
    need: Need = ""
    eponym: bool = False
    breaks: frozenset[int] | None = None

    def __repr__(self) -> str:
        return f"Form({self.type}, {self.rule})"

    @property
    def grows(self) -> bool:
        """Say whether a find takes all of the run of digits that it stands in."""
        if self.need or self.type == "birth-date" or self.needle.isalpha():
            return False
        return sum(c.isdigit() for c in self.needle) >= _GROWS


def forms_of(kind: str, text: str, layer: str) -> Iterator[Form]:
    """Yield the forms of one value; `layer` is the first word of `found_by`."""
    if kind in (*DATE_CLASSES, "age"):
        return
    if layer == "sweep":
        yield from _swept_forms(kind, text, f"{layer}:{kind}")
        return
    if kind in NAME_CLASSES:
        yield from _name_forms(kind, text, f"{layer}:{kind}")
        return
    whole, rule = simplified(normal(text)), f"{layer}:{kind}"
    if len(whole) >= 3 or (len(whole) == 2 and not whole.isdigit()):
        yield Form(whole, kind, 1.0, rule)
    if kind in PLACE_CLASSES:
        yield from _address_parts(kind, text, rule)
    elif kind == "email":
        if len(local := normal(text.partition("@")[0])) >= 4:
            yield Form(local, kind, 0.8, f"{rule}-part")
    elif whole.isascii():
        yield from _number_parts(kind, whole, text, rule)


_FUNCTION_WORDS: Final = frozenset(
    ("at", "by", "on", "in", "of", "to", "for", "from", "with", "and", "the", "is", "was")
)  # of a find that began too soon


def _swept_forms(kind: str, text: str, rule: str) -> Iterator[Form]:
    """Yield the few forms of what was found in another place: the whole, and the parts of a name.

    They count less than values that were given. What rules or the tagger found is too little to go by for initials or pinyin, and every document has many of it.
    """
    whole = simplified(normal(text))
    if kind not in NAME_CLASSES or HAN.match(whole):
        if len(whole) >= 3 or (len(whole) == 2 and not whole.isdigit()):
            yield Form(whole, kind, 0.9, rule)
        if kind in NAME_CLASSES and len(given := split_han_name(whole)[1]) >= 2 and len(whole) <= 4:
            yield Form(given, kind, 0.8, f"{rule}-part")
        return
    tokens = [token for token in map(normal, _BETWEEN_WORDS.split(fold(text).text)) if token]
    alone: Need = "capital" if len(tokens) == 1 and _is_everyday(whole, kind) else ""
    yield joined(tokens, kind, 0.9, rule, need=alone, eponym=len(tokens) == 1)
    for token in dict.fromkeys(tokens if len(tokens) > 1 else ()):
        if len(token) >= 2 and not (token == tokens[0] and token in _FUNCTION_WORDS):
            need: Need = "capital" if _is_everyday(token, kind) or len(token) < 4 else ""
            yield joined([token], kind, 0.8, f"{rule}-part", need=need, eponym=True)


def _is_everyday(token: str, kind: str) -> bool:
    """Say whether a swept part of a name is a word as well; of staff, of the body and what is done to it, too: Dr. Bone."""
    return token in word_set("en", "common_words") or (
        kind == "staff" and token in word_set("en", "body_words")
    )


def birth_forms(day: date, layer: str) -> Iterator[Form]:
    """Yield a date of birth in digits alone; with signs between them `confide.deid.dates` reads it."""
    for needle in (f"{day:%Y%m%d}", f"{day:%d%m%Y}", f"{day:%m%d%Y}", f"{day:%y%m%d}"):
        yield Form(needle, "birth-date", 0.8, f"{layer}:birth-date")


def births_in(kind: str, text: str) -> Iterator[date]:
    """Yield the date of birth that a resident ID holds."""
    digits = normal(text)
    if kind == "resident-id" and len(digits) in (15, 18):
        written = digits[6:14] if len(digits) == 18 else f"19{digits[6:12]}"
        try:
            yield date.fromisoformat(written)
        except ValueError:
            return


def _number_parts(kind: str, whole: str, text: str, rule: str) -> Iterator[Form]:
    if whole.isdigit() and len(bare := whole.lstrip("0")) >= 5:
        yield Form(bare, kind, 0.95, rule)
    if len(digits := whole.lstrip("abcdefghijklmnopqrstuvwxyz")) >= 6 and digits.isdigit():
        yield Form(digits, kind, 0.9, f"{rule}-part")
    if kind == "phone" and whole.isdigit():
        yield from _phone_parts(whole, text, rule)
    if kind == "resident-id" and len(whole) == 18:
        yield Form(whole[:6] + whole[8:17], kind, 1.0, rule)  # the same in 15 digits
    if len(whole) >= 8:
        for length in (4, 6):
            yield Form(whole[-length:], kind, 0.9, f"{rule}-tail", need="cue")


def _phone_parts(whole: str, text: str, rule: str) -> Iterator[Form]:
    """Yield a phone number without country code, without area code, and without extension."""
    for prefix in ("0086", "86", "001", "1", "852", "853", "886"):
        if whole.startswith(prefix) and len(rest := whole.removeprefix(prefix)) >= 8 + 2 * (len(prefix) < 3):
            yield Form(rest, "phone", 1.0, rule)
    pieces = [normal(piece) for piece in re.split(r"[^0-9]+", fold(text).text)]
    pieces = [piece for piece in pieces if piece]
    for cut in range(1, len(pieces)):
        if len(rest := "".join(pieces[cut:])) >= 7:  # behind the area code, however it was set apart
            yield Form(rest, "phone", 0.9, f"{rule}-part")
        if len(rest := "".join(pieces[:cut])) >= 10:  # before the extension
            yield Form(rest, "phone", 0.95, rule)
    if whole.startswith("0"):
        area = 3 if whole[1] in "12" else 4
        if len(rest := whole[area:]) in (7, 8):
            yield Form(rest, "phone", 0.9, f"{rule}-part")


def _name_forms(kind: str, text: str, rule: str) -> Iterator[Form]:
    whole = simplified(normal(text))
    if len(whole) < 2:
        return
    if HAN.match(whole):
        yield Form(whole, kind, 1.0, rule)
        if len(whole) <= 4:
            yield from _han_parts(kind, whole, rule)
            yield from _pinyin(kind, whole, rule)
        return
    family, comma, rest = fold(text).text.partition(",")
    in_order = f"{rest} {family}" if comma else family  # Smith, John
    tokens = [token for token in map(normal, _BETWEEN_WORDS.split(in_order)) if token]
    yield from _latin_name(kind, tokens, text, rule)


def joined(
    tokens: Sequence[str], kind: str, score: float, rule: str, *, need: Need = "", eponym: bool = False
) -> Form:
    """Return the form of words that stand one after another."""
    breaks, at = [], 0
    for token in tokens[:-1]:
        at += len(token)
        breaks.append(at)
    return Form(
        "".join(tokens), kind, score, rule, need=need, eponym=eponym, breaks=frozenset(breaks)
    )  # fmt: skip


def _latin_name(kind: str, tokens: list[str], text: str, rule: str) -> Iterator[Form]:
    everyday = word_set("en", "common_words")
    alone: Need = "capital" if len(tokens) == 1 and tokens[0] in everyday else ""
    yield joined(tokens, kind, 1.0, rule, need=alone, eponym=len(tokens) == 1)
    if len(tokens) > 1:
        first, last = tokens[0], tokens[-1]
        initials = [token[0] for token in tokens]
        orders = [
            tokens[::-1], [last, *tokens[:-1]], [*tokens[1:], first], [first, last], [last, first],
        ]  # fmt: skip
        for order in orders:
            yield joined(order, kind, 0.95, rule)
        for order in (
            [first[0], last], [last[0], first], [*initials[:-1], last], [first, *initials[1:-1], last],
            [last, first, *initials[1:-1]], [last, first[0]], [last, *initials[:-1]], [first, last[0]],
            [first, *initials[1:]],
        ):  # fmt: skip
            yield joined(order, kind, 0.95, rule, need="mixed")
        yield from _initials(
            kind, [initials, [*initials[1:], initials[0]], [first[0], last[0]], initials[:2]], rule
        )
        if len(tokens) > 2:
            yield joined(tokens[1:], kind, 0.9, f"{rule}-part")  # Van Houten
    halves = [normal(half) for half in re.split(r"[\s,.·\-]+", fold(text).text) if "-" in text]
    for token in dict.fromkeys([*tokens, *halves] if len(tokens) > 1 or halves else ()):
        if len(token) >= 2:
            need: Need = "capital" if token in everyday or len(token) < 4 else ""
            yield joined([token], kind, 0.9, f"{rule}-part", need=need, eponym=True)


def _initials(kind: str, orders: Sequence[Sequence[str]], rule: str) -> Iterator[Form]:
    if rule.startswith("sweep"):  # what was found by rule alone is not sure enough for that
        return
    for order in orders:
        need: Need = "dots" if "".join(order).upper() in word_set("people", "abbreviations") else "capitals"
        if len(order) > 1:
            yield joined(order, kind, 0.7, f"{rule}-initials", need=need)


def _pinyin(kind: str, whole: str, rule: str) -> Iterator[Form]:
    """Yield a Han name in Latin letters: in whole, swapped, shortened, by its parts, with numbers for tones."""
    surname, given = split_han_name(whole)
    name = f"{rule}-pinyin"
    if given and (tones := toned(whole)):
        cut = len(surname)
        yield joined(tones, kind, 0.95, name)
        yield joined([*tones[cut:], *tones[:cut]], kind, 0.95, name)
    for family in spellings(surname, surname=True):
        last = "".join(family)
        short = len(last) < 4 or last in word_set("en", "common_words")
        yield joined(family, kind, 0.85, f"{name}-part", need="title" if short else "capital")
        for syllables in spellings(given) if given else ():
            letters = [syllable[0] for syllable in syllables]
            for order in ([*family, *syllables], [*syllables, *family]):
                yield joined(order, kind, 0.95, name)
            for order in (
                [*letters, last], [last, *letters], [letters[0], last], [last, letters[0]],
                [last[0], *syllables], [*syllables, last[0]],
            ):  # fmt: skip
                yield joined(order, kind, 0.9, name, need="mixed")
            yield from _initials(kind, [[last[0], *letters], [*letters, last[0]]], rule)
    for syllables in spellings(given) if given else ():
        needed: Need = (
            "" if len(joint := "".join(syllables)) >= 6 else "capital" if len(joint) > 2 else "title"
        )
        if joint in word_set("en", "common_words"):
            needed = "title"
        yield joined(syllables, kind, 0.8, f"{name}-part", need=needed)


def _han_parts(kind: str, whole: str, rule: str) -> Iterator[Form]:
    surname, given = split_han_name(whole)
    if len(given) >= 2:
        yield Form(given, kind, 0.8, f"{rule}-part")
    for title in (*words("zh", "titles"), "氏", "太太", "夫人", "老"):
        yield Form(surname + title, kind, 0.8, f"{rule}-title", keep=len(surname))
    for part in {surname, given[-1:]} - {""}:
        for familiar in ("老", "小", "阿") if part == surname else ("小", "阿"):
            if familiar + part not in word_set("people", "no_familiar"):
                yield Form(familiar + part, kind, 0.6, f"{rule}-title", keep=-len(part))


def _address_parts(kind: str, text: str, rule: str) -> Iterator[Form]:
    folded = fold(text).text
    part = f"{rule}-part"
    if HAN.search(folded):
        yield from _han_address_parts(kind, simplified(folded), part)
        return
    everyday = word_set("en", "common_words")
    for short in dict.fromkeys((folded, _abbreviated(folded))):
        if short != folded:
            yield Form(normal(short), kind, 0.95, rule)
        for piece in re.split(r"[,;\n]+", short):
            if len(whole := normal(piece)) >= 4:
                yield Form(whole, kind, 0.9, part, need="capital" if whole in everyday else "")
            street = re.sub(r"^\s*\d+\s+", "", piece)
            if len(street.split()) >= 2 and len(whole := normal(street)) >= 6:
                yield Form(whole, kind, 0.9, part)
            for number in re.findall(r"[0-9]{5}", piece):
                yield Form(number, kind, 0.8, part)


def _abbreviated(address: str) -> str:
    """Return an address with its streets shortened.

    >>> _abbreviated("12 Oak Street, Springfield")
    '12 Oak st, Springfield'
    """
    return re.sub(r"[A-Za-z]+", lambda found: _STREET.get(found.group().lower(), found.group()), address)


def _han_address_parts(kind: str, folded: str, rule: str) -> Iterator[Form]:
    units = [normal(unit) for piece in _PART_OF_ADDRESS.split(folded) for unit in _UNITS.split(piece)]
    units = [unit for unit in units if unit]
    provinces = word_set("zh", "provinces")
    for i, unit in enumerate(units):
        if len(unit) >= 3 and unit.rstrip("省市") not in provinces:
            yield Form(unit, kind, 0.8, rule)
        if i and (rest := "".join(units[i:])) and len(rest) >= 4:
            yield Form(rest, kind, 0.9, rule)
