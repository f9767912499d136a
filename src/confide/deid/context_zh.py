"""Read Chinese keys and their values: header lines, numbers behind a word, hospitals, places.

The value behind the key is the identifier; the key stays. Names are read by `confide.deid.names_zh`.
Works on folded text.
"""

import re
from collections.abc import Iterator
from functools import cache
from typing import Final

from confide.deid.hits import Hit
from confide.deid.lexicon import key_classes, words
from confide.deid.names_zh import find_role_names, find_titled_names, read_names

_H: Final = "\u3400-\u9fff"

_WEAK: Final = {
    "患者",
    "病人",
    "患儿",
    "医师",
    "医生",
    "护士",
    "父亲",
    "母亲",
    "丈夫",
    "妻子",
    "家属",
    "联系人",
    "配偶",
    "发药",
    "调配",
}
_NUMBER: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9*_/.-]{0,30}(?:[ -][A-Za-z0-9]*[0-9][A-Za-z0-9]*){0,4}")
_PHONE: Final = re.compile(r"\+?[0-9(][0-9() +-]{4,24}[0-9](?: ?[,/、] ?[0-9][0-9 -]{5,20}[0-9])?")
_LINE: Final = re.compile(r"[^\n\r;。:,，]{2,60}(?:,[^\n\r;。:,]{0,8}[0-9号室楼]{1,4})?")
_WORD: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@-]{3,40}")
_COLON: Final = re.compile(r" ?[:=] ?")


def find_context_zh(text: str) -> list[Hit]:
    """Return what Chinese keys, roles, titles and hospital names give away.

    >>> text = "姓名:张伟 性别:男 住院号:ZY0012 住址:洛阳市西工区中州路8号 医师签名:李敏/王芳"
    >>> [text[hit.start:hit.end] for hit in find_context_zh(text)][:5]
    ['张伟', 'ZY0012', '洛阳市西工区中州路8号', '李敏', '王芳']
    """
    hits = [*_behind_colons(text), *_numbers_behind_words(text), *find_role_names(text)]
    hits += [*find_titled_names(text), *_organisations(text), *_places(text)]
    return hits


def _behind_colons(text: str) -> Iterator[Hit]:
    """Yield the values of `KEY: value`, the longest key that ends before the colon deciding."""
    keys = key_classes("zh")
    for colon in _COLON.finditer(text):
        before = text[max(0, colon.start() - 14) : colon.start()].rstrip(")").replace(" ", "")
        key = next((before[-n:] for n in range(min(10, len(before)), 1, -1) if before[-n:] in keys), None)
        if key is not None:
            yield from _value(text, colon.end(), keys[key], key)


def _value(text: str, at: int, kind: str, key: str) -> Iterator[Hit]:
    """Yield the value of one key, by the kind of value its class has."""
    rule = f"context:{key}"
    if kind in ("name", "kin", "staff"):
        yield from read_names(text, at, kind, key, strict=key in _WEAK)
        return
    if kind in ("address", "organisation"):
        if match := _LINE.match(text, at):
            value = _until_next_key(match.group().rstrip())
            if (
                len(value) >= 2
                and not value.isascii()
                and value[:2] not in ("不详", "同上", "无业", "退休", "未知")
            ):
                yield Hit(at, at + len(value), kind, 0.85, rule)
        return
    pattern = _PHONE if kind == "phone" else _WORD if kind in ("social", "email") else _NUMBER
    if (match := pattern.match(text, at)) and any(c.isdigit() for c in match.group()):
        yield Hit(at, match.end(), kind, 0.9, rule)
    elif match and kind in ("social", "email"):
        yield Hit(at, match.end(), kind, 0.8, rule)


def _until_next_key(value: str) -> str:
    """Cut a value where the next key of a header line begins."""
    at = re.search(r"(?:  |\t| (?=[\u3400-\u9fff]{2,6} ?$))", value)
    value = value[: at.start()] if at else value
    for key in (
        "电话",
        "联系",
        "邮编",
        "性别",
        "年龄",
        "职业",
        "民族",
        "婚姻",
        "入院",
        "病史",
        "身份证",
        "手机",
        "出生日期",
        "住院号",
    ):
        if (place := value.find(key)) > 0:
            value = value[:place]
    return value.rstrip()


_WORD_NUMBER: Final = re.compile(
    r"(?P<key>住院号|门诊号|病案号|病历号|登记号|就诊号|就诊卡号|检查号|标本号|影像号|病理号|条码号|编号|医保卡?号|社保卡?号|银行卡号?|卡号|[账帐]号"
    r"|身份证号?码?|护照号?码?|微信号?|[Qq][Qq]号?码?|手机号?码?|电话号?码?|工号|床号|车牌号?|邮编|序列号|ID号?)"
    r" ?(?:是|为|:|,)? ?(?P<v>[A-Za-z0-9][A-Za-z0-9_-]{2,30})"
)
_BED: Final = re.compile(r"(?<![0-9.])(?:[+加]?[0-9]{1,3}) ?床(?![位旁上头边档])")


def _numbers_behind_words(text: str) -> Iterator[Hit]:
    """Yield numbers right behind their word, without a colon: 住院号 ZY0012, 微信wx_8812, 12床."""
    keys = key_classes("zh")
    for match in _WORD_NUMBER.finditer(text):
        value, key = match.group("v"), match.group("key").upper()
        kind = next(
            (keys[k] for k in (key, key + "号", key.removesuffix("码"), key[:2]) if k in keys), "other-id"
        )
        if any(c.isdigit() for c in value) or (kind == "social" and len(value) > 4):
            yield Hit(match.start("v"), match.end("v"), kind, 0.85, f"context:{match.group('key')}")
    for match in _BED.finditer(text):
        yield Hit(match.start(), match.end() - 1, "other-id", 0.6, "context:床")


@cache
def _organisation() -> re.Pattern[str]:
    return re.compile("|".join(words("zh", "organisation_units")))


_CUT: Final = re.compile(
    r".*(?:[在于至到从往由经我去就的是为及与曾来住过家者院然说现哪病转]|自(?!治)|(?<!协)和)|.*(?:转入|送至|外院|当地|患者|毕业)"
)


@cache
def _generic() -> re.Pattern[str]:
    return re.compile("第[一二三四五六七八九十0-9]+|" + "|".join(words("zh", "organisation_generic")))


def _organisations(text: str) -> Iterator[Hit]:
    """Yield hospitals, schools and firms that have a name of their own; 当地医院 and 三甲医院 have none."""
    for match in _organisation().finditer(text):
        run = re.search(rf"[{_H}]*$", text[max(0, match.start() - 16) : match.start()])
        before = run.group() if run else ""
        before = _CUT.sub("", before)
        own = _generic().sub("", before)
        places = any(place in before for place in (*words("zh", "provinces"), *words("zh", "cities")))
        named = re.search(r"[\u3400-\u9fff]{2,4}[省市县区州镇乡]", before)
        if places or (named and len(own) >= 2) or (len(own) >= 2 and _looks_like_unit(before, match.group())):
            yield Hit(match.start() - len(before), match.end(), "organisation", 0.7, "context:organisation")
        elif re.fullmatch(r"第[一二三四五六七八九十]+(?:人民|附属|中心)?", before):
            yield Hit(match.start() - len(before), match.end(), "organisation", 0.55, "context:organisation")


def _looks_like_unit(before: str, unit: str) -> bool:
    """Say whether a name with no place in it is that of a unit: 仁济医院, 红星小学."""
    if unit in ("医院", "卫生院", "小学", "中学", "派出所"):
        return len(before) <= 4 and bool(
            re.search(
                "协和|同济|仁济|瑞金|华西|湘雅|同仁|安贞|阜外|宣武|天坛|友谊|华山|中山|解放军|武警", before
            )
        )
    return "大学" in before or "附属" in before


_TAIL: Final = r"[0-9A-Za-z一二三四五六七八九十-]{1,6}(?:号院|号楼|号|弄|栋|幢|座|单元|门|层|楼|室|户|组|队)"
_UNIT: Final = (
    rf"[{_H}]{{1,6}}?(?:自治区|自治州|自治县|街道|大道|大街|胡同|小区|花园|公寓|大厦|新村|社区"
    r"|省|市|县|区|旗|镇|乡|村|庄|屯|路|街|巷|弄|苑)"
)


@cache
def _place_patterns() -> tuple[tuple[str, float, re.Pattern[str]], ...]:
    provinces, cities = "|".join(words("zh", "provinces")), "|".join(words("zh", "cities"))
    kinds = "省|市|自治区|壮族自治区|回族自治区|维吾尔自治区"
    start = rf"(?:(?:{provinces})(?:{kinds})?(?:{cities})?市?|(?:{cities})市?)"
    return (
        ("address", 0.85, re.compile(rf"{start}(?:{_UNIT}|{_TAIL}){{1,8}}")),
        (
            "address",
            0.8,
            re.compile(rf"[{_H}]{{2,5}}(?:路|街|大道|大街|巷|弄|胡同|村|小区){_TAIL}(?:{_TAIL}){{0,4}}"),
        ),
        ("place", 0.7, re.compile(rf"(?:{cities})市?|(?:{provinces})(?:省|自治区)?[{_H}]{{2,4}}(?:市|县)")),
    )


_NOT_PLACE: Final = re.compile(r"[病院医科军]区$|[你我他哪那这什么]|地区$|部位|超市|门市")
_LEAD: Final = re.compile(r".*[住在于自现到从是为址籍的往]|.*(?:患者|家人)")


def _places(text: str) -> Iterator[Hit]:
    """Yield addresses of two parts and more, and towns by name."""
    for kind, score, pattern in _place_patterns():
        for match in pattern.finditer(text):
            value = match.group()
            if _NOT_PLACE.search(value):
                continue
            lead = _LEAD.match(value) if score == 0.8 else None
            start = match.start() + (lead.end() if lead and lead.end() < len(value) - 3 else 0)
            yield Hit(start, match.end(), kind, score, f"context:{kind}")
