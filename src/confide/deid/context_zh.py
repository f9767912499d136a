"""Read what Chinese keys, roles, titles, hospitals and places give away; the key stays, what is behind it goes.

One pass finds every word that may stand beside an identifier (`confide.deid.sieve`); regular expressions
look only there. Names are read by `confide.deid.names_zh`, hospitals and addresses by `confide.deid.places_zh`.
Works on folded text, which writes simplified characters.
"""

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Final

from confide.deid.columns import closed, find_columns
from confide.deid.hits import Hit
from confide.deid.lexicon import key_classes, word_set, words
from confide.deid.names_zh import (
    find_asked_names,
    find_dotted_names,
    find_led_names,
    find_names_before_sex,
    find_role_names,
    find_signatures,
    find_surnames,
    find_titled_names,
    read_names,
)
from confide.deid.places_zh import find_addresses, find_organisations, find_places
from confide.deid.sieve import Anchors

Places = Sequence[tuple[int, int]]
_H: Final = "\u3400-\u9fff"
_NUMBER: Final = re.compile(
    r"[+加]?[A-Za-z0-9(][A-Za-z0-9()*_/.-]{0,34}(?:[ -][A-Za-z0-9]*[0-9][A-Za-z0-9]*){0,4}"
)
_PHONE: Final = re.compile(
    r"[+(]?\(?[0-9OolI][0-9OolI() +.-]{3,24}[0-9OolI](?: ?[,/、或] ?[0-9][0-9 -]{5,20}[0-9])?"
)
_LINE: Final = re.compile(r"[^\n\r\t|;。:,]{2,60}(?:,[^\n\r;。:,]{0,8}[0-9号室楼]{1,4})?")
_HANDLE: Final = re.compile(r"@?[A-Za-z0-9_][A-Za-z0-9_.@-]{3,40}")
_TIGHT: Final = re.compile(r"[A-Za-z]{0,6}[A-Za-z0-9_-]{2,30}(?![A-Za-z0-9]| ?[%年月日周天岁个次])")
_PERMIT: Final = re.compile(rf"[{_H}]{{1,4}}字?第? ?[0-9]{{4,12}} ?号?|[A-Za-z0-9]{{5,20}}")
_AFTER_KEY: Final = re.compile(
    r" ?(?:\([^()\n:]{1,10}\))?(?:(?P<colon> {0,3}[:=]|[\t |]*[\t|])[\t |_]*|(?P<is>号?码?[是为] ?)|(?P<gap> {1,6})|)"
)
_SPACED_KEY: Final = re.compile(rf"[{_H}](?: {{1,6}}[{_H}]){{1,3}}(?= ?[:=\t|])")
_NO_VALUE: Final = ("不详", "同上", "无业", "退休", "未知", "同前", "不明", "拒绝", "保密", "待查", "未填")


@cache
def _anchors() -> Anchors:
    return Anchors(
        {
            "key": key_classes("zh"),
            "role": [role for kind in ("name", "kin", "staff") for role in words("zh", f"{kind}_roles")],
            "asked": ["会诊", "负责", "主刀", "阅片", "执行", "陪同"],
            "title": words("zh", "titles"),
            "sex": ["男", "女"],
            "unit": words("zh", "organisation_units"),
            "ward": ["病区", "病房", "科", "ICU"],
            "place": [*words("zh", "provinces"), *words("zh", "cities"), *words("zh", "towns")],
            "street": words("zh", "streets"),
            "lead": words("zh", "place_leads"),
            "bed": ["床"],
            "staff-lead": words("zh", "staff_leads"),
            "name-lead": [*words("zh", "name_leads"), "床"],
            "surname": ["姓"],
            "dot": ["·", "•"],
            "wechat": ["加", "微信", "微", "wx", "vx", "VX", "V信", "v信"],
        }
    )


def find_context_zh(text: str) -> list[Hit]:
    """Return what Chinese keys, roles, titles, hospital names and places give away.

    >>> text = "姓名:张伟 性别:男 住院号:ZY0012 住址:洛阳市西工区中州路8号 医师签名:李敏/王芳"
    >>> [text[hit.start:hit.end] for hit in find_context_zh(text)][:5]
    ['张伟', 'ZY0012', '洛阳市西工区中州路8号', '李敏', '王芳']
    """
    at = _anchors().find(text)
    hits = [*_behind_keys(text, at.get("key", ())), *_beds(text, at.get("bed", ()))]
    if "\t" in text or "|" in text:
        hits += find_columns(text, key_classes("zh"), _value)
    hits += find_role_names(text, at.get("role", ()))
    hits += find_asked_names(text, at.get("asked", ()))
    hits += find_titled_names(text, outermost(at.get("title", ())))
    hits += find_names_before_sex(text, at.get("sex", ()))
    hits += find_led_names(text, at.get("staff-lead", ()), "staff")
    hits += find_led_names(text, at.get("name-lead", ()), "name")
    hits += [
        *find_signatures(text),
        *find_surnames(text, at.get("surname", ())),
        *find_dotted_names(text, at.get("dot", ())),
        *_wechat(text, at.get("wechat", ())),
    ]
    hits += find_organisations(text, outermost(at.get("unit", ())), at.get("ward", ()), at.get("place", ()))
    hits += find_addresses(text, at.get("place", ()), at.get("street", ()))
    hits += find_places(text, at.get("place", ()), at.get("lead", ()))
    return hits


def outermost(places: Places) -> list[tuple[int, int]]:
    """Return the places that lie in no other: of 主任 and 医师 in 主任医师 only the whole.

    >>> outermost([(0, 2), (0, 4), (2, 4), (5, 6)])
    [(0, 4), (5, 6)]
    """
    kept: list[tuple[int, int]] = []
    last = -1
    for start, end in sorted(places, key=lambda place: (place[0], -place[1])):
        if end > last:
            kept.append((start, end))
            last = end
    return kept


def _behind_keys(text: str, places: Places) -> Iterator[Hit]:
    """Yield what stands behind keys; 姓 名 with spaces between is a key where a colon follows."""
    keys = key_classes("zh")
    for start, end in outermost(places):
        key = text[start:end]
        after = _AFTER_KEY.match(text, end)
        if after is None:
            continue
        if after.group("colon"):
            yield from _value(text, after.end(), keys[key], key)
        else:
            yield from _loose_value(text, after, keys[key], key)
    if " " not in text:
        return
    for match in _SPACED_KEY.finditer(text):
        key = match.group().replace(" ", "")
        key = next((key[n:] for n in range(len(key) - 1) if key[n:] in keys), "")
        if key and (after := _AFTER_KEY.match(text, match.end())):
            yield from _value(text, after.end(), keys[key], key)


def _value(text: str, at: int, kind: str, key: str) -> Iterator[Hit]:
    """Yield the value that stands at `at`, by the kind of value its class has."""
    rule = f"context:{key}"
    if kind in ("name", "kin", "staff"):
        yield from read_names(text, at, kind, key, strict=key in word_set("zh", "weak_keys"))
    elif kind in ("address", "organisation"):
        if match := _LINE.match(text, at):
            value = _until_next_key(match.group().rstrip())
            if (
                len(value) >= 2
                and not value.startswith(_NO_VALUE)
                and (not value.isascii() or (kind == "address" and any(c.isdigit() for c in value)))
            ):
                yield Hit(at, at + len(value), kind, 0.85, rule)
    elif kind in ("ethnicity", "occupation"):
        yield from _trait(text, at, kind, rule)
    elif kind == "permit":
        if match := _PERMIT.match(text, at):
            yield Hit(at, match.end(), kind, 0.9, rule)
    else:
        pattern = _PHONE if kind == "phone" else _HANDLE if kind in ("social", "email") else _NUMBER
        match = pattern.match(text, at)
        if match and any(c.isdigit() for c in match.group()):
            yield Hit(at, at + len(closed(match.group())), kind, 0.9, rule)
        elif match and kind in ("social", "email"):
            yield Hit(at, match.end(), kind, 0.8, rule)


def _loose_value(text: str, after: re.Match[str], kind: str, key: str) -> Iterator[Hit]:
    """Yield a value that no colon announces: 住院号 ZY0012, 微信wx_8812, 民族汉族, 签名 张伟."""
    at, rule = after.end(), f"context:{key}"
    if kind in ("name", "kin", "staff"):
        if key not in word_set("zh", "weak_keys") and (
            after.group("gap") or after.group("is") or key.endswith(("名", "字"))
        ):
            yield from read_names(text, at, kind, key, strict=True)
    elif kind in ("address", "organisation"):
        return  # what runs on without a colon is left to the rules of places
    elif kind == "ethnicity":
        yield from _trait(text, at, kind, rule)
    elif kind == "permit":
        if (match := _PERMIT.match(text, at)) and any(c.isdigit() for c in match.group()):
            yield Hit(at, match.end(), kind, 0.85, rule)
    elif kind == "phone":
        if (match := _PHONE.match(text, at)) and len(match.group()) >= 7:
            yield Hit(at, match.end(), kind, 0.85, rule)
    elif match := _TIGHT.match(text, at):
        value = match.group()
        digits = sum(c.isdigit() for c in value)
        if digits >= 3 or (kind == "social" and len(value) > 4):
            yield Hit(at, match.end(), kind, 0.85, rule)


_OCCUPATION: Final = re.compile(rf"[{_H}](?:[{_H}/、()-]){{1,14}}")
_ETHNIC: Final = re.compile(rf"[{_H}]{{1,5}}?族|[{_H}]{{1,4}}")


def _trait(text: str, at: int, kind: str, rule: str) -> Iterator[Hit]:
    if kind == "occupation":
        if (match := _OCCUPATION.match(text, at)) and not match.group().startswith(("不详", "未知", "同前")):
            value = match.group()
            ends = [value.find(key, 1) for key in words("zh", "occupation_ends")]
            yield Hit(at, at + min((n for n in ends if n > 0), default=len(value)), kind, 0.8, rule)
        return
    match, groups = _ETHNIC.match(text, at), word_set("zh", "ethnic_groups")
    if match is None:
        return
    value = match.group()
    if value.endswith("族") and value[:-1] in groups:
        yield Hit(at, match.end(), kind, 0.9, rule)
    elif length := next((n for n in range(len(value), 0, -1) if value[:n] in groups), 0):
        yield Hit(at, at + length, kind, 0.8, rule)


@cache
def _next_key() -> re.Pattern[str]:
    keys = [key for key in (*words("zh", "next_keys"), "职称", "邮编", "身份证") if len(key) > 1]
    return re.compile(
        rf"  |\t|\|| (?=[{_H}]{{2,6}} ?$|[于因系由患主入现]|[12][0-9]{{3}}年)"
        r"|,(?= ?(?:[12][0-9]{3}[-年./]|[0-9]{1,2}月))|" + "|".join(keys)
    )


def _until_next_key(value: str) -> str:
    """Cut a value where the next key of a header line begins."""
    at = _next_key().search(value, 1)
    return (value[: at.start()] if at else value).rstrip(" ,;")


_DIGIT_OR_SPACE: Final = frozenset("0123456789 ")
_NO_BED: Final = frozenset("位旁上头边档椅垫单")
_BED_NUMBER: Final = re.compile(r"(?:(?<![0-9A-Za-z.])[+加]?[0-9]{1,3}|(?<![0-9A-Za-z])[A-Z][0-9]{1,3}) ?$")


def _beds(text: str, places: Places) -> Iterator[Hit]:
    """Yield the number of a bed before its word: 12床, 加3床."""
    for start, end in places:
        if text[end : end + 1] in _NO_BED or text[start - 1 : start] not in _DIGIT_OR_SPACE:
            continue
        if match := _BED_NUMBER.search(text, max(0, start - 6), start):
            yield Hit(match.start(), start, "other-id", 0.6, "context:床")


_WECHAT: Final = re.compile(
    r"(?:我|微信|号)?[是为: ]{0,2}(?P<v>(?=[a-z_-]{0,20}[0-9_-])[a-z][a-z0-9_-]{5,19})(?![A-Za-z0-9@.])"
)


def _wechat(text: str, places: Places) -> Iterator[Hit]:
    """Yield WeChat names in speech: 加xiao_wei88."""
    for _, end in places:
        if match := _WECHAT.match(text, end):
            yield Hit(*match.span("v"), "social", 0.6, "context:wechat")
