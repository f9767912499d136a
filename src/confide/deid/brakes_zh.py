"""Say which Chinese guesses at names are clinical: 墨菲征, 白术, 速效救心丸, 当地医院.

Looks only at the characters around a hit. The lists are `lists/clinical_zh.toml`; roles, keys, titles, surnames and
units are those of `lists/zh.toml`. Called by `confide.deid.brakes`.
"""

import re
from collections.abc import Iterable
from functools import cache
from typing import Final

from confide.deid.classes import NAME_CLASSES
from confide.deid.lexicon import eponym_words, key_classes, word_set, words

_LIST: Final = "clinical_zh"
_H: Final = "\u3400-\u9fff"
_LONGEST: Final = 14
_KINDS: Final = (
    "herbs",
    "prescriptions",
    "drugs",
    "organisms",
    "materials",
    "sayings",
    "unlike_names",
    "everyday",
    "eponyms_alone",
)


def rest(text: str, start: int, end: int, kind: str) -> tuple[int, int] | None:
    """Return what stays of the hit `text[start:end]`: its place, a shorter one, or None for nothing.

    >>> rest("墨菲征阴性", 0, 2, "name"), rest("李墨菲征求意见", 0, 3, "name")
    (None, (0, 3))
    """
    if kind == "organisation" or kind in ("place", "address"):
        if _is_unit(text, start, end):
            return None
        if _is_key(text, start, ("organisation", "address")):
            return start, end
    elif is_led(text, start) or _is_titled(text, end):
        return start, end
    if _is_term(text, start, end) or _is_list_of_terms(text, start, end):
        return None
    clinical = _eponym_end(text, start, end)
    if clinical is None:
        return start, end
    left = _LEFT.match(text, clinical, end)
    at = left.end() if left else clinical
    return (at, end) if end - at > 1 and at > start else None


_LEFT: Final = re.compile(r"[\s、,;:。和与及()+±-]*(?:阴性|阳性|可疑|未引出|[阴阳])?[\s、,;:。和与及()+±-]*")


# -- what speaks for a person


def is_somebody(text: str, start: int, end: int, *, is_certain: bool = False) -> bool:
    """Say whether Han that are a word, or begin like one, are somebody: by a role, a title, or what people do beside them.

    Three Han that only begin like a word are. A colon behind who speaks does not make one: 医生:明白. One Han needs a
    title, and where it ends a word as well (我院方主任), a certain guess.

    >>> [is_somebody(text, 3, 5) for text in ("请病人丁香,男", "每日服丁香2粒", "医生:明白", "处方医师签")]
    [True, False, False, False]
    """
    if text[max(0, start - 1) : start + 1] in word_set("zh", "brakes_before") and (
        not is_certain or text[start] == "于"
    ):
        return False
    if end - start > 2 and text[start:end] not in word_set("zh", "brakes"):
        return True
    if end == start + 1:
        return _is_titled(text, end) and not _UNDER.match(text, start)
    led = is_led(text, start) and not _SPEAKER.search(text, max(0, start - 6), start)
    return led or _is_titled(text, end) or _does_what_people_do(text, start, end)


_UNDER: Final = re.compile(
    "[于由向](?:医[生师]|主任|护士长?|教授|专家)的?(?:指导|处|协助|监护|陪同|安排|帮助|操作|评估|建议|咨询)"
)
_SPEAKER: Final = re.compile(rf"(?:^|[^{_H}])(?:医生|护士|患者|病人|家属|主任|患儿): ?$")


_TITLES: Final = tuple(
    f"{title}{end}" for title in ("Dr", "Mr", "Mrs", "Ms", "Prof") for end in ("", ".", " ", ". ")
)
_SIGNS: Final = frozenset(":=_|")


@cache
def _leads() -> dict[str, tuple[str, ...]]:
    """Return last character -> the roles and keys of names that end with it."""
    roles = [role for kind in ("name", "kin", "staff") for role in words("zh", f"{kind}_roles")]
    keys = [key for key, kind in key_classes("zh").items() if kind in NAME_CLASSES]
    found: dict[str, list[str]] = {}
    for lead in dict.fromkeys([*roles, *keys]):
        found.setdefault(lead[-1], []).append(lead)
    return {last: tuple(leads) for last, leads in found.items()}


def is_led(text: str, start: int) -> bool:
    """Say whether a role or key stands right before: no more than a remark in brackets and four signs or blanks apart."""
    low, line = max(0, start - 24), text[start - 1 : start] == "\n"
    if text.endswith(_TITLES, low, start) or (line and text.endswith(_TITLES, low, start - 1)):
        return True
    for end in range(start, max(low, start - 5 - line), -1):
        if _ends_with_lead(text, low, end):
            return True
        if not (text[end - 1].isspace() or text[end - 1] in _SIGNS):
            return False
    return False


def _ends_with_lead(text: str, low: int, end: int) -> bool:
    last = text[end - 1]
    if text.endswith(_leads().get(last, ()), low, end):
        return True
    if last != ")" or (bracket := text.rfind("(", max(low + 1, end - 10), end)) < 0:
        return False
    remark = text[bracket + 1 : end - 1]
    return (
        ")" not in remark
        and "\n" not in remark
        and text.endswith(_leads().get(text[bracket - 1], ()), low, bracket)
    )


def _is_titled(text: str, end: int) -> bool:
    return text.startswith(_titles().get(text[end : end + 1], ()), end) and not text.startswith("某", end)


@cache
def _titles() -> dict[str, tuple[str, ...]]:
    """Return first character -> the titles that begin with it."""
    found: dict[str, list[str]] = {}
    for title in words("zh", "titles"):
        found.setdefault(title[0], []).append(title)
    return {first: tuple(titles) for first, titles in found.items()}


def _is_key(text: str, start: int, kinds: tuple[str, ...]) -> bool:
    if not text[max(0, start - 3) : start].rstrip().endswith((":", "=")):
        return False  # a quick look first
    before = re.search(r"([^\s:=,。;]{1,14}) ?[:=] ?$", text[max(0, start - 18) : start])
    if before is None:
        return False
    key, classes = before.group(1), key_classes("zh")
    return any(classes.get(key[i:]) in kinds for i in range(len(key)))


# -- herbs, drugs, germs, points


@cache
def _terms() -> frozenset[str]:
    return frozenset(term for kind in _KINDS for term in words(_LIST, kind))


@cache
def _clinical() -> frozenset[str]:
    """Return the terms that are more than everyday words."""
    return frozenset(term for kind in _KINDS if kind != "everyday" for term in words(_LIST, kind))


@cache
def _careful() -> frozenset[str]:
    """Return the terms that may be a person's name: those listed, and two characters that begin with a surname."""
    surnames = word_set("zh", "surnames") | word_set("zh", "careful_surnames")
    short = {term for term in _terms() if len(term) == 2 and term[0] in surnames}
    sure = word_set("zh", "brakes") | word_set(_LIST, "everyday")
    return (frozenset(short) - sure) | word_set(_LIST, "careful") | word_set(_LIST, "acupoints")


@cache
def _lengths() -> dict[str, tuple[int, ...]]:
    """Return first character -> how long the terms are that begin with it."""
    return _by_first(_terms() | _careful())


def _by_first(terms: Iterable[str]) -> dict[str, tuple[int, ...]]:
    found: dict[str, set[int]] = {}
    for term in terms:
        found.setdefault(term[0], set()).add(len(term))
    return {first: tuple(sorted(lengths)) for first, lengths in found.items()}


def _is_term(text: str, start: int, end: int) -> bool:
    """Say whether a listed term covers the hit; one that may be a name needs company."""
    lengths = _lengths()
    for low in range(max(0, end - _LONGEST), start + 1):
        for length in lengths.get(text[low], ()):
            high = low + length
            if not end <= high <= len(text):
                continue
            term = text[low:high]
            if term in _careful():
                if _has_company(text, low, high):
                    return True
            elif term in _terms() and (len(term) > 2 or (low, high) == (start, end)):
                return term in _clinical() or not _does_what_people_do(text, low, high)
    return False


_DOES: Final = re.compile(
    r"代签|签|陪|夫妇|, ?[男女]|,电话|/|来[院诊电]|送[来入]|同意|要求|值班|接[诊电]|沟通|于[昨今]日"
)
_IS_CALLED: Final = re.compile("(?:叫|经管:?|双胞胎|女儿|儿子|[找由请跟与]|联系|会诊:|妈妈|爸爸|/)$")


def _does_what_people_do(text: str, start: int, end: int) -> bool:
    """Say whether what stands beside an everyday word makes it somebody's name: 花生陪同来院."""
    return bool(_DOES.match(text, end) or _IS_CALLED.search(text, max(0, start - 4), start))


_PART: Final = re.compile(rf"[{_H}A-Za-z0-9]+")


def _is_list_of_terms(text: str, start: int, end: int) -> bool:
    """Say whether the hit is several herbs or drugs in a row."""
    parts = _PART.findall(text[start:end])
    return len(parts) > 1 and all(part in _terms() or part in _careful() for part in parts)


_DOSE: Final = re.compile(
    r"[ (]{0,2}(?:各|炒|先煎|后下|包煎|冲服|烊化)?[0-9]{1,4}(?:\.[0-9]+)?(?: ?- ?[0-9]+)? ?(?:克|g(?![A-Za-z])|mg|ml|毫克|毫升|枚|条|片|粒|丸|支|袋|ug|u(?![A-Za-z]))"
    r"|片|丸|汤|散|饮|膏|胶囊|颗粒|注射液|口服液|糖浆|滴丸|栓|贴|穴|缓释|肠溶|钳|[ (]?(?:先煎|后下|包煎|冲服|烊化)"
)
_GIVING: Final = re.compile(
    r"(?:服用|口服|给予|予以|加用|停用|改用|换用|联用|联合|合用|使用|应用|续服|规律服|静滴|静脉滴注|静注|肌注|吸入|外用|外敷|煎服|针刺|取穴|艾灸|按揉|点按|配穴|主穴|穴位)[ :]?$"
)
_BEHIND: Final = re.compile(rf"[ 、,]{{1,3}}([{_H}]{{2,6}})")
_BEFORE: Final = re.compile(
    rf"([{_H}]{{2,6}})(?: ?[0-9]{{1,3}} ?(?:g|克|mg|枚|条))?(?:\([{_H}]{{1,4}}\))?[ 、,]{{1,3}}$"
)


def _has_company(text: str, start: int, end: int) -> bool:
    """Say whether a dose or form stands behind, a word of giving before, or another term beside."""
    if _DOSE.match(text, end) or _GIVING.search(text, max(0, start - 8), start):
        return True
    if (behind := _BEHIND.match(text, end)) and _holds_term(behind.group(1)):
        return True
    before = _BEFORE.search(text, max(0, start - 20), start)
    return before is not None and _holds_term(before.group(1))


def _holds_term(run: str) -> bool:
    """Say whether a run begins or ends with a term, two characters or more."""
    some = _clinical() | word_set(_LIST, "acupoints")
    return any(run[:n] in some or run[-n:] in some for n in range(2, len(run) + 1))


# -- eponyms


_FOREIGN: Final = re.compile("[尔斯德特勒克姆夫普托罗茨林]")


@cache
def _sure_needed() -> frozenset[str]:
    """Return the listed names that might be those of people here: short, begun by a surname, not plainly foreign."""
    surnames = word_set("zh", "surnames") | word_set("zh", "careful_surnames")
    short = (name for name in words(_LIST, "eponyms") if len(name) <= 3 and name[0] in surnames)
    return frozenset(name for name in short if name[-1] != "氏" and not _FOREIGN.search(name[2:]))


def tail_at(text: str, at: int, section: str) -> int:
    """Return the length of the tail of this section that stands at `at`; 0 when none does, or another word.

    >>> tail_at("墨菲征阴性", 2, "tails_listed"), tail_at("墨菲征求", 2, "tails_listed")
    (1, 0)
    """
    lengths = _tail_lengths(section).get(text[at : at + 1])
    if lengths is None or any(text[at : at + n] in word_set(_LIST, "tail_brakes") for n in (2, 3)):
        return 0
    tails = word_set(_LIST, section)
    return next((n for n in reversed(lengths) if text[at : at + n] in tails and len(text) >= at + n), 0)


@cache
def _tail_lengths(section: str) -> dict[str, tuple[int, ...]]:
    """Return first character -> how long the tails of a section are that begin with it, up to eight."""
    return _by_first(tail for tail in words(_LIST, section) if len(tail) <= 8)


@cache
def _names() -> frozenset[str]:
    return word_set(_LIST, "eponyms") | frozenset(eponym_words(_LIST))


@cache
def _name_lengths() -> dict[str, tuple[int, ...]]:
    return _by_first(_names())


def _eponym_end(text: str, start: int, end: int) -> int | None:
    """Return where the eponym with its tail ends that covers the beginning of the hit; None when there is none."""
    names, lengths, last = _names(), _name_lengths(), min(len(text), start + 12)
    ends = [
        high + taken
        for low in range(max(0, start - 8), start + 1)
        for length in lengths.get(text[low], ())
        if start < (high := low + length) <= last and text[low:high] in names
        if (taken := _tail_of(text, low, high))
    ]
    if ends:
        return max(ends)
    behind = tail_at(text, end, "tails_any")
    return end + behind if behind else None


def _tail_of(text: str, low: int, high: int) -> int:
    """Return the length of the tail that makes an eponym of the name `text[low:high]`; 0 when there is none."""
    name = text[low:high]
    own = eponym_words(_LIST).get(name, ())
    taken = max((len(tail) for tail in own if text.startswith(tail, high)), default=0)
    if taken and not any(text[high : high + n] in word_set(_LIST, "tail_brakes") for n in (2, 3)):
        return taken
    if name not in word_set(_LIST, "eponyms"):
        return 0
    at = high + (text[high : high + 1] == " ")
    if name in _sure_needed():
        taken = max(tail_at(text, at, "tails_sure"), tail_at(text, at, "tails_any"))
    else:
        taken = max(tail_at(text, at, "tails_listed"), tail_at(text, at, "tails_any"))
    return taken + at - high if taken else 0


# -- units without a name of their own


_NUMBERED: Final = re.compile("第[一二三四五六七八九十0-9]+")
_LOCAL: Final = re.compile("[当本外某上下附就他其另几两多一各大小三二专私公个正基]")
_LEADS: Final = frozenset("在往去到至由从于经赴我就送转入回及和与的后曾来院为是")


@cache
def _general() -> re.Pattern[str]:
    some = {
        *words("zh", "organisation_generic"),
        *words(_LIST, "generic_organisations"),
        *words("zh", "organisation_units"),
    }
    return re.compile(f"(?:{'|'.join(sorted(map(re.escape, some), key=len, reverse=True))})+")


def _is_unit(text: str, start: int, end: int) -> bool:
    """Say whether the hit is a unit that says nothing of which one, and no name runs into it from before."""
    value = text[start:end]
    if not value.endswith(words("zh", "organisation_units")) or _NUMBERED.search(value):
        return False
    if not _general().fullmatch(value):
        return False
    before = text[start - 1 : start] if start else ""
    return bool(_LOCAL.match(value)) or not re.match(f"[{_H}A-Za-z0-9]", before) or before in _LEADS
