"""Read Chinese hospitals, schools and firms by their last word, and addresses down to the room.

当地医院 and 三甲医院 have no name of their own and stay. Works on folded text, at the places of words that
`confide.deid.context_zh` has found.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Final

from confide.deid.hits import Hit
from confide.deid.lexicon import word_set, words

Places = Sequence[tuple[int, int]]
_H: Final = "\u3400-\u9fff"
_RUN: Final = re.compile(rf"[{_H}]*$")
_CUT: Final = re.compile(
    r".*(?:[在于至到从往由经我去就的是为及与曾来住过家者院然说现哪病转诊送赴遵请向让给系据距离]|自(?!治)|(?<!协)和|转入|送至|外院|当地|患者|毕业|联系|途中|首诊|根据|附近|隔壁|曾经)"
)
_NAMED: Final = re.compile(rf"[{_H}]{{2,4}}[省市县区州镇乡旗]")
_NUMBERED: Final = re.compile(r"第[一二三四五六七八九十]+(?:人民|附属|中心|军医大学)?")
_FAMOUS: Final = re.compile(
    "协和|同济|仁济|瑞金|华西|湘雅|同仁|安贞|阜外|宣武|天坛|友谊|华山|中山|解放军|武警|齐鲁|西京|唐都|朝阳|积水潭|北医三院|新华|龙华|曙光|岳阳|广安门|西苑|望京|博爱|盛京"
)
_SCHOOL: Final = re.compile("实验|第[一二三四五六七八九十]|外国语|师范|希望|育才|育英|红星|中心|附属|双语")


_FRONT: Final = re.compile("中国|解放军|武警|大学|第|国家|中华")


@cache
def _generic() -> re.Pattern[str]:
    return re.compile("第[一二三四五六七八九十0-9]+|" + "|".join(words("zh", "organisation_generic")))


def find_organisations(text: str, units: Places, wards: Places, towns: Places) -> Iterator[Hit]:
    """Yield units with a name of their own before their last word, and numbered wards."""
    begins = sorted(start for start, _ in towns)
    for start, end in units:
        run = _RUN.search(text, max(0, start - 16), start)
        before = run.group() if run else ""
        cut = _CUT.match(before)
        before = before[cut.end() :] if cut else before
        town = bisect_left(begins, start - len(before))
        if town < bisect_left(begins, start) and not _FRONT.search(
            front := text[start - len(before) : begins[town]]
        ):
            before = before[len(front) :]  # 想咨询鄂尔多斯医院: the name begins with its town
        own = _generic().sub("", before)
        named = _NAMED.search(before)
        unit = text[start:end]
        if (
            bisect_left(begins, start - len(before)) < bisect_left(begins, start)
            or (named and len(own) >= 2)
            or (len(own) >= 2 and _looks_like_unit(before, unit))
        ):
            yield Hit(start - len(before), end, "organisation", 0.7, "context:organisation")
        elif _NUMBERED.fullmatch(before) and unit in ("医院", "中学", "小学", "幼儿园"):
            yield Hit(start - len(before), end, "organisation", 0.55, "context:organisation")
    for start, end in wards:
        if text[start - 1 : start] in _WARD_MARKS and (match := _WARD.search(text, max(0, start - 10), end)):
            yield Hit(match.start(), match.end(), "organisation", 0.55, "context:ward")


_WARD_MARKS: Final = frozenset("0123456789一二三四五六七八九十ABCDEFGHIJKL区")
_WARD: Final = re.compile(
    r"(?:(?:[东西南北本新老]院区?)?[A-Z0-9一二三四五六七八九十]{1,3}(?:病区|病房)$)|(?:(?:[东西南北本新老]院区?)?[内外骨妇产儿神经心血管呼吸消化泌尿肿瘤肝胆胃肠普胸脑肾风湿免疫分泌感染康复老年急诊重症综合烧伤整形眼耳鼻喉]{1,6}科?)"
    r"(?:[一二三四五六七八九十]{1,3}|[0-9]{1,2})(?:病区|病房|区|科)$"
)


def _looks_like_unit(before: str, unit: str) -> bool:
    """Say whether a name with no place in it is that of a unit: 仁济医院, 红星小学."""
    if unit in ("小学", "中学", "幼儿园", "学校"):
        return len(before) <= 8 and bool(_SCHOOL.search(before))
    if unit in ("医院", "卫生院", "派出所"):
        return len(before) <= 6 and bool(_FAMOUS.search(before))
    return "大学" in before or "附属" in before


_N: Final = "[0-9A-Za-z一二三四五六七八九十甲乙丙丁东西南北]"
_TAIL: Final = rf"{_N}(?:[0-9A-Za-z一二三四五六七八九十-]{{0,6}})(?:号院|号楼|号|弄|栋|幢|座|单元|门|层|楼|室|户|组|队|#)"
_ROOM: Final = r"[0-9]{3,4}(?![0-9年月日号.次mgk]|室)"
_COMPOUND: Final = rf"[{_H}]{{2,6}}?(?:小区|花园|公寓|大厦|新村|社区|家园|苑|广场|大院|宿舍|家属院|城)"
_UNIT: Final = (
    rf"[{_H}]{{1,6}}?(?:自治区|自治州|自治县|街道|大道|大街|胡同|小区|花园|公寓|大厦|新村|社区|家园|开发区|高新区"
    r"|省|市|县|区|州|旗|镇|乡|村|庄|屯|路|街|巷|弄|苑|里)"
)
_KINDS: Final = "省|市|自治区|壮族自治区|回族自治区|维吾尔自治区"
_BEHIND_STREET: Final = re.compile(rf"(?:{_TAIL})(?:{_TAIL}|{_COMPOUND}|{_ROOM}){{0,6}}")
_BEHIND_PLACE: Final = re.compile(
    rf"(?:{_KINDS})?(?P<u>(?:{_UNIT}|{_TAIL}){{1,8}}(?:{_TAIL}|{_COMPOUND}(?={_N})|{_ROOM}){{0,5}})"
)
_NOT_PLACE: Final = re.compile(
    r"[病院医科军疫灾]区$|[你我他哪那这]|什么|地区$|部位|超市|门市|灶区|时区|[全本该各多外]市$|一间|同一|出租|自己"
)
_LEAD: Final = re.compile(r".*(?:[住在于自现到从是为址籍的往:去]|患者|家人|来自|地点|现场|收件|首诊)")
_BEFORE_STREET: Final = re.compile(
    rf"(?:[{_H}]{{2,5}}?(?:自治区|开发区|街道|省|市|州|区|县|旗|镇|乡|村)){{0,5}}[{_H}0-9]{{1,6}}$"
)


def find_addresses(text: str, towns: Places, streets: Places) -> Iterator[Hit]:
    """Yield addresses: what runs on behind a province or town, and a street or village with a number."""
    done = -1
    for start, end in sorted(towns):
        if start < done:
            continue
        match = _BEHIND_PLACE.match(text, end)
        if match and not _NOT_PLACE.search(match.group()) and not _is_unit(text, match.end()):
            done = match.end()
            yield Hit(start, match.end(), "address", 0.85, "context:address")
    for start, end in streets:
        tail = _BEHIND_STREET.match(text, end)
        if tail is None or start == 0:
            continue
        low = max(0, start - 24)
        run = re.search(rf"[{_H}0-9]*$", text[low:start])
        before = run.group() if run else ""
        lead = _LEAD.match(before)
        before = before[lead.end() :] if lead else before
        match = _BEFORE_STREET.search(before)
        if match is None or _NOT_PLACE.search(match.group() + text[start:end]) or before[-1:].isdigit():
            continue
        yield Hit(start - len(before) + match.start(), tail.end(), "address", 0.8, "context:address")


def _is_unit(text: str, at: int) -> bool:
    """Say whether a hospital or school runs on behind: that is one name, read elsewhere."""
    return any(unit in text[at : at + 12] for unit in ("医院", "大学", "中学", "小学", "公司")) and bool(
        re.match(rf"[{_H}]{{0,8}}(?:医院|大学|中学|小学|公司)", text[at : at + 12])
    )


_TOWN: Final = re.compile(rf"[{_H}]{{2,4}}(?:市|县)")
_LED: Final = re.compile(
    rf"[于在是为: ]{{0,2}}(?P<v>[{_H}]{{2,6}}?(?:自治区|自治州|街道|社区|小区|省|市|县|区|旗|镇|乡|村|屯|路|街|宿舍|家属院|公寓|花园|苑)"
    rf"(?:[{_H}]{{1,6}}?(?:街道|社区|小区|市|县|区|镇|乡|村|屯|组|路|街|大道|宿舍|家属院|公寓|花园|苑)|{_TAIL}|{_ROOM}){{0,7}})"
)


def find_places(text: str, towns: Places, leads: Places) -> Iterator[Hit]:
    """Yield towns by name, and what 家住, 来自, 籍贯 and the like lead to."""
    cities, small = word_set("zh", "cities"), word_set("zh", "towns")
    for start, end in towns:
        if text[start : end + 1] in _brakes() or text[start : end + 2] in _brakes():
            continue
        if text[start:end] in cities:
            more = text[end : end + 1] == "市"
            yield Hit(start, end + more, "place", 0.7, "context:place")
        elif text[start:end] in small:
            if text.startswith("市", end) and not text.startswith("市场", end):
                yield Hit(start, end + 1, "place", 0.7, "context:place")
        else:
            behind = end + (text[end : end + 1] == "省") + 3 * text.startswith("自治区", end)
            if (match := _TOWN.match(text, behind)) and not _NOT_PLACE.search(match.group()):
                yield Hit(start, match.end(), "place", 0.7, "context:place")
    for _, end in leads:
        match = _LED.match(text, end)
        if match and not _NOT_PLACE.search(match.group("v")):
            kind = "address" if len(match.group("v")) > 7 else "place"
            yield Hit(match.start("v"), match.end(), kind, 0.65, "context:place")


@cache
def _brakes() -> frozenset[str]:
    return word_set("zh", "place_brakes")
