"""Give an organisation the whole of its name where a find ends too soon: 会宁县祖厉河 and 砖厂, Good Shepherd and of Dothan.

Guarantee: nothing shrinks and no find goes; what is added lies right behind a find or between two of them, on one line
unless a hyphen breaks a name at its end.
Works on folded text, by the words with which names of hospitals and firms end (`lists/zh.toml`, `lists/en.toml`).
"""

import re
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import pairwise
from typing import Final

from confide.deid.classes import NAME_CLASSES
from confide.deid.everyday import is_listed, is_word
from confide.deid.hits import Hit
from confide.deid.lexicon import words

_H: Final = "\u3400-\u9fff"
_GROWS: Final = frozenset({"organisation", "place", "address"})
_JOINS: Final = re.compile(r" (?:of|OF|&)(?: the| THE)? ")
_BROKEN: Final = re.compile(r"-\n(?P<rest>[a-z]{2,14})(?![A-Za-z])")  # Thornqu-, ist on the next line
_LEAST: Final = 0.5  # a name that grew is more likely right than wrong
_NO_NAME: Final = (
    "经要自跟朝沿距等的了在是和与及或从至到由于系据去来住看就诊转往被把给向对有无不曾因为后前上下也都还又再"
)
_LEADS: Final = "单位|厂名|地点|站点|任职|就职|供职|任教|咨询|取药|副本予|转归|退回|告知|联系|通知|报送|移交|提供|陪同|此证明|首诊|首珍|贵院|我院|本院|片存|已传|病区|科室|月赴"
# Up to four characters before a find, behind a mark or a word that leads to where somebody was.
_HEAD: Final = re.compile(
    rf"(?:^|[^{_H}]|[在到于至往去从由经赴转给送向请诊是托供予致将已]|{_LEADS})"
    rf"(?P<own>(?:(?![{_NO_NAME}托供予]|{_LEADS})[{_H}]){{1,4}})\Z"
)


def whole_names(text: str, hits: Sequence[Hit]) -> Iterator[Hit]:
    """Yield the longer finds; those that they hold stay beside them until all are settled.

    >>> place = Hit(1, 7, "place", 0.6, "tagger:place")
    >>> [hit.end for hit in whole_names("在会宁县祖厉河砖厂上班。", [place])]
    [9]
    """
    for hit in hits:
        if hit.type in NAME_CLASSES and (broken := _BROKEN.match(text, hit.end)):
            broken_word = text[hit.start : hit.end].split()[-1]
            is_one = is_listed(broken_word + broken["rest"])  # White-, head
            if is_one or not (is_word(broken["rest"]) and is_listed(broken_word)):  # but not Patel-, plan
                yield hit._replace(end=broken.end())
        if hit.type in _GROWS and not hit.is_known:
            tail = (_tail_en(2) if text[hit.end - 1].isascii() else _tail_zh()).match(text, hit.end)
        elif hit.found_by == "tagger:name":
            tail = _tail_en(0).match(text, hit.end)
        else:
            continue
        head = _HEAD.search(text, max(0, hit.start - 5), hit.start) if hit.type == "organisation" else None
        start, end = head.start("own") if head else hit.start, tail.end() if tail else hit.end
        if (start, end) != (hit.start, hit.end):
            yield _grown(hit, start, end)
    named = sorted({hit for hit in hits if hit.type in _GROWS})
    for first, second in pairwise(named):
        if first.type == "organisation" and _JOINS.fullmatch(text, first.end, second.start):
            yield _grown(first, first.start, second.end)


def _grown(hit: Hit, start: int, end: int) -> Hit:
    return Hit(start, end, "organisation", max(hit.score, _LEAST), "context:whole-name")


def _any_of(ends: Sequence[str]) -> str:
    return "|".join(map(re.escape, sorted(ends, key=len, reverse=True)))


@cache
def _tail_zh() -> re.Pattern[str]:
    ends = _any_of([*words("zh", "organisation_units"), *words("zh", "firm_units")])
    return re.compile(rf"(?:(?![{_NO_NAME}])[{_H}]){{0,6}}?(?:{ends})(?!长)")


@cache
def _tail_en(between: int) -> re.Pattern[str]:
    listed = [*words("en", "organisation_units"), *words("en", "firm_units")]
    lower = [end.lower() for end in listed if len(end) > 3]  # er and ed are words of their own
    ends = _any_of([*listed, *map(str.upper, listed), *lower])
    return re.compile(rf"(?:'s|'S)?(?: [A-Z][A-Za-z&'-]+){{0,{between}}}? (?:{ends})(?![A-Za-z])")
