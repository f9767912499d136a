"""Read Han names where something says that a person is meant: a key, a role, a title.

A surname alone proves nothing (高热, 黄疸, 于是): surnames that also begin everyday words need a clear end
behind the name, and the stop-lists of `lists/zh.toml` are brakes. Works on folded text.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Final

from confide.deid.brakes_zh import is_led
from confide.deid.everyday import CERTAIN
from confide.deid.hits import Hit
from confide.deid.lexicon import word_set, words

Places = Sequence[tuple[int, int]]
_H: Final = "\u3400-\u9fff"
_MINORITY: Final = re.compile(rf"[{_H}]{{1,8}}(?:[·•.][{_H}]{{1,8}}){{1,3}}")
_SPACED: Final = re.compile(rf"[{_H}]( {{1,3}})[{_H}](?:\1(?![性年民职住床电科出入男女])[{_H}])?(?![{_H}])")
_ALL_HAN: Final = re.compile(rf"[{_H}]+")
_RUN: Final = re.compile(rf"[{_H}]{{1,12}}")
_LATIN: Final = re.compile(r"[A-Z][A-Za-z'-]*\.?(?: [A-Z][A-Za-z'-]*\.?){0,3}")
_MORE: Final = re.compile(r" ?[、/,;和及] ?| (?! )")
_DOTS: Final = frozenset("·•.")
_NOT_GIVEN: Final = {
    "不详",
    "未知",
    "匿名",
    "保密",
    "待查",
    "同上",
    "同前",
    "本人",
    "患者",
    "病人",
    "家属",
    "自己",
    "其他",
    "以上",
}
_MALE_FEMALE: Final = "男女"
_NEVER_GIVEN: Final = frozenset(
    "的了在是按过看我您你他她们不用有这那很都也说来去到要会能还已被把给对从和与及因于无没未可应将后前上下再又就但而或则即若如某等均"
)


@cache
def _surnames() -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
    return word_set("zh", "surnames"), word_set("zh", "careful_surnames"), word_set("zh", "compound_surnames")


def is_braked(text: str, at: int) -> bool:
    """Say whether an everyday or clinical word begins here, or one ends in the middle of it.

    >>> is_braked("患者高热", 2), is_braked("主任医师", 1), is_braked("李医生", 0)
    (True, True, False)
    """
    brakes = word_set("zh", "brakes")
    return (
        text[at : at + 2] in brakes
        or text[at : at + 3] in brakes
        or text[at : at + 4] in brakes
        or text[at : at + 5] in brakes
        or text[max(0, at - 1) : at + 1] in word_set("zh", "brakes_before")
    )


def without_strays(text: str, hits: Sequence[Hit]) -> list[Hit]:
    """Return the hits without guesses at a name of one character that is no surname and that nothing makes a name.

    A title or 姐 behind it makes it one, 姓 or 老 before it, and another name beside it, of which it may be the rest.

    >>> text = "由患者捺手印,老楼的女儿陪,由矫护士完成"
    >>> [hit.start for hit in without_strays(text, [Hit(i, i + 1, "name", 0.6, "tagger:name") for i in (3, 8, 15)])]
    [8, 15]
    """
    lone = [hit for hit in hits if hit.type == "name" and hit.end - hit.start == 1]
    if not lone:
        return list(hits)
    edges = Counter(place for hit in hits if hit.type == "name" for place in _edges(text, hit))
    strays = {
        hit for hit in lone if max(edges[place] for place in _edges(text, hit)) == 1 and _is_stray(text, hit)
    }
    return [hit for hit in hits if hit not in strays]


def _edges(text: str, hit: Hit) -> tuple[int, int]:
    """Return where a hit begins and ends, blanks left out on the way to what may be the rest of a name."""
    return hit.start, hit.end + text[hit.end : hit.end + 1].isspace()


def _is_stray(text: str, hit: Hit) -> bool:
    behind = text[hit.end : hit.end + 8].translate(_NO_BLANK)
    before = text[max(0, hit.start - 1) : hit.start]
    return (
        _ALL_HAN.fullmatch(text[hit.start]) is not None
        and (before.isdigit() or not any(text[hit.start] in some for some in (*_surnames(), _SELDOM)))  # 6张
        and before not in _BEFORE_ALONE
        and not (hit.score >= CERTAIN and text[hit.start] not in _PARTICLES and is_led(text, hit.start))
        and not behind.startswith((*words("zh", "titles"), *_BEHIND_ALONE))
    )


_PARTICLES: Final = frozenset("知听闹才有去上啊证领来在不也都就很已又再未无能会可的了")
_NO_BLANK: Final = dict.fromkeys(map(ord, " \n\t"))
_BEFORE_ALONE: Final = ("姓", "老", "小", "阿", "·", ":", "/")
# Surnames of so many other words that only a guess of the tagger may be one of them.
_SELDOM: Final = frozenset("那麦占庹税么布帅敬蔚奉但晋战铁海冶妥撒尼腾哈赫信智绪粘拜罕刀俸火")
_BEHIND_ALONE: Final = (
    *"姐哥姨叔婶嫂总工队警婆伯妹弟妈爸爷奶氏局老医护",
    *("太太", "同学", "秘书", "书记", "校长", "村长", "社工", "姑娘", "麻醉", "治疗", "康复"),
    *("干事", "律师", "法官", "牧师", "经理", "主任", "主治"),
)


def read_names(text: str, at: int, kind: str, rule: str, *, strict: bool) -> Iterator[Hit]:
    """Yield the names that stand behind a key at `at`: one, or several parted by 、 or /.

    Args:
        text: a folded text.
        at: where the value begins.
        kind: class of the hits.
        rule: goes into `found_by`.
        strict: only what begins with a surname counts; otherwise anything of the length of a name does.
    """
    for _ in range(6):
        hit = _read_name(text, at, kind, rule, strict=strict)
        if hit is None:
            return
        yield hit
        more = _MORE.match(text, hit.end)
        if more is None:
            return
        at, strict = more.end(), True


def _read_name(text: str, at: int, kind: str, rule: str, *, strict: bool) -> Hit | None:
    found_by = f"context:{rule}"
    sure, careful, compound = _surnames()
    if not _DOTS.isdisjoint(text[at : at + 9]) and (match := _MINORITY.match(text, at)):
        return Hit(at, match.end(), kind, 0.9, found_by)
    if (
        strict
        and text[at : at + 1] not in sure
        and text[at : at + 1] not in careful
        and text[at : at + 2] not in compound
    ):
        return None
    if (match := _SPACED.match(text, at)) and text[at] in sure | careful:
        return Hit(at, match.end(), kind, 0.85, found_by)
    if match := _LATIN.match(text, at):
        return None if strict or len(match.group()) < 2 else Hit(at, match.end(), kind, 0.8, found_by)
    if not (match := _RUN.match(text, at)):
        return None
    run = _cut(match.group(), text[match.end() : match.end() + 1])
    if run[:2] in _NOT_GIVEN or run[:2] in word_set("zh", "next_keys"):
        return None  # the next cell of a table's head is a key too
    # 姓名:白术生 is a name, whatever it begins like.
    named = len(run) == 3 and run[0] in sure | careful and "姓名" in rule
    if is_braked(text, at) and (not named or run in word_set("zh", "brakes")):
        return None
    length, score = _name_length(run, strict=strict)
    return Hit(at, at + length, kind, score, found_by) if length else None


def _cut(run: str, behind: str) -> str:
    """Cut a run of Han where the next key begins: 张伟性别 -> 张伟."""
    if not _any_next_key().search(run, 1):
        return run
    end = len(run)
    for key in words("zh", "next_keys"):
        at = run.find(key, 1 if len(key) > 1 else 2)
        if 0 < at < end:
            whole_name = key in _MALE_FEMALE and end <= 3 and at == end - 1 and not behind.isdigit()
            end = end if whole_name else at
    return run[:end]


@cache
def _any_next_key() -> re.Pattern[str]:
    return re.compile("|".join(map(re.escape, words("zh", "next_keys"))))


def _name_length(run: str, *, strict: bool) -> tuple[int, float]:
    """Return how many characters of a run are the name, and how sure that is; 0 for no name."""
    sure, careful, compound = _surnames()
    known_surname = run[0] in sure or run[0] in careful
    if run[:2] in compound and 3 <= len(run) <= 4:
        return len(run), 0.95
    if known_surname and len(run) <= 3:
        return len(run), 0.95 if len(run) > 1 else 0.6
    if strict:
        return (3, 0.6) if run[0] in sure and len(run) == 4 else (0, 0.0)
    if len(run) <= 4:
        return len(run), 0.6
    return (4, 0.45) if known_surname else (0, 0.0)


_KIN: Final = "母亲|父亲|儿子|女儿|妻子|丈夫|配偶|家属|家长"
_END: Final = (
    r"(?=[^\u3400-\u9fffA-Za-z·]|$|男|女|因|于|系|代诉|代述|主诉|诉|自诉|入院"
    r"|之[妻子女夫父母]|等|及|与|和|的|签|陪|送|来|说|表示|曾|昨|今|现|已|查房|示|同意|电话|手机|报告|带来|告知|负责|会诊|阅片|询问|谈话|医嘱|主管|查收|上门|接班|值班|当班|照料|接待)"
)
_CLEAR_END: Final = (
    r"(?=[ ,.;:。、()\[\]0-9]|$|\n|男[, 0-9]|女[, 0-9]|,男|,女"
    r"|陪同|陪护|代诉|代述|电话|手机|带来|签字|签名|报告|会诊|负责|医嘱|主管|查收|接班|值班|当班)"
)
_ASKED: Final = r"(?=会诊|负责|主刀|阅片|执行|陪同)"  # 请赵樾礼会诊: what is asked of a person
_DOT_END: Final = rf"(?:{_END}|(?=沟通|补充|过目|身体|主任|主治|医[生师]|护士|先生|女士|大[爷妈]|[之云述]))"
_MINORITY_NAME: Final = rf"(?!{_KIN}|[之其])[{_H}]{{1,8}}(?:[·•][{_H}]{{1,8}}?){{1,3}}{_DOT_END}"


@cache
def _name_patterns() -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    """Return patterns for a name behind a role, one that is asked to do something, and one before a sex."""
    sure, careful = ("".join(sorted(each)) for each in _surnames()[:2])
    compound, given = "|".join(sorted(_surnames()[2])), rf"[{_H}]{{1,2}}?"
    behind = rf" ?(?P<n>(?:{compound}){given}{_END}|[{sure}]{given}{_END}|[{careful}]{given}{_CLEAR_END}|{_MINORITY_NAME}|[{sure}](?: {{1,3}}[{_H}]){{1,2}}(?=[,.;:。、()\n]|$))"
    asked = rf"(?:请|由)(?P<n>(?:{compound}){given}{_ASKED}|[{sure}{careful}]{given}{_ASKED})"
    whole = rf"(?:(?:{compound})[{_H}]{{1,2}}|[{sure}{careful}][{_H}]{{1,2}}|[{_H}]{{1,8}}[·•][{_H}]{{1,8}})"
    before = rf"(?:^|[\s,;:。、()\[\]]|患者|病人|患儿|产妇|孕妇)(?:患者|病人|患儿|产妇|孕妇)?(?P<n>{whole})[ ,(]{{0,2}}$"
    return re.compile(behind), re.compile(asked), re.compile(before)


@cache
def _whole_name() -> re.Pattern[str]:
    """Return a name of three characters whose surname begins no everyday word: it needs no clear end behind it."""
    sure, compound = "".join(sorted(_surnames()[0])), "|".join(sorted(_surnames()[2]))
    return re.compile(rf" ?(?P<n>(?:[{sure}]|{compound})[{_H}]{{2}})")


@cache
def _signed() -> re.Pattern[str]:
    """Return a name, or two of them, that ends a line and stands alone on it, or behind a full stop, a dash or a unit."""
    sure, careful, compound = (
        "".join(sorted(_surnames()[0])),
        "".join(sorted(_surnames()[1])),
        "|".join(sorted(_surnames()[2])),
    )
    name = rf"(?:(?:{compound})[{_H}]{{1,2}}|[{sure}][{_H}]{{1,2}}|[{careful}][{_H}]{{1,2}})"
    before = r"(?:^|\n|[。;!)] ?|--? ?|/|(?:医院|病区|[内外妇儿骨]科|科室|门诊|诊所|中心|服务站|卫生院) )"
    return re.compile(
        rf"{before}[ \t]*(?P<n>{name})(?:[ ]?[/、 ][ ]?(?P<m>{name}))?[ \t]*(?P<d>[0-9][0-9年月日.:/ -]{{3,20}})?[ \t]*$"
    )


@cache
def _role_kinds() -> dict[str, str]:
    return {role: kind for kind in ("name", "kin", "staff") for role in words("zh", f"{kind}_roles")}


def find_role_names(text: str, roles: Places) -> Iterator[Hit]:
    """Yield names behind a role in running text, 患者张伟,男 and 家属李芳代诉, or before it: 李芳(妻子).

    Args:
        text: a folded text.
        roles: where the words of the lists of roles stand in it.
    """
    kinds, (behind, _, before) = _role_kinds(), _name_patterns()
    for start, end in roles:
        kind = kinds[text[start:end]]
        found = behind.match(text, end)
        if found is None and kind == "kin" and (found := _whole_name().match(text, end)):
            found = found if _NEVER_GIVEN.isdisjoint(found.group("n")) else None
        if found is None and text[start - 1 : start] == "(" and text[end : end + 1] == ")":
            found, kind = before.search(text, max(0, start - 12), start), "kin" if kind == "name" else kind
        if found is None or is_braked(text, found.start("n")) or found.group("n") in _NOT_GIVEN:
            continue
        score = 0.85 if found.group("n")[0] in _surnames()[0] or "·" in found.group("n") else 0.6
        yield Hit(*found.span("n"), kind, score, f"context:{text[start:end]}")


def find_asked_names(text: str, asked: Places) -> Iterator[Hit]:
    """Yield names of those who are asked to come or do something: 请赵樾礼会诊."""
    pattern = _name_patterns()[1]
    for start, _ in asked:
        found = pattern.search(text, max(0, start - 5), start + 2)
        if found and found.end() == start and not is_braked(text, found.start("n")):
            score = 0.85 if found.group("n")[0] in _surnames()[0] else 0.6
            yield Hit(*found.span("n"), "staff", score, "context:asked")


_BEHIND_SEX: Final = re.compile(r"性?(?:[ ,.;、)\n0-9|]|$)")


def find_names_before_sex(text: str, sexes: Places) -> Iterator[Hit]:
    """Yield names that open a line or sentence, with the sex behind them: 张伟,男,45岁."""
    pattern = _name_patterns()[2]
    for start, end in sexes:
        if text[start - 1 : start] not in (",", " ", "(", "\t") or not _BEHIND_SEX.match(text, end):
            continue
        found = pattern.search(text, max(0, start - 12), start)
        if found and not is_braked(text, found.start("n")) and found.group("n") not in _NOT_GIVEN:
            sure = found.group("n")[0] in _surnames()[0] or "·" in found.group("n")
            yield Hit(*found.span("n"), "name", 0.85 if sure else 0.6, "context:sex")


_BOUNDARY: Final = "小老 ,.;:、()\n\t\"'请由经找与和及遵按是叫问见给让到被跟向听"


def find_titled_names(text: str, titles: Places) -> Iterator[Hit]:
    """Yield names before a title: 王主任查房, 李建国医师, 张某.

    Args:
        text: a folded text.
        titles: where titles stand in it, the longest at each place.
    """
    sure, careful, compound = _surnames()
    staff = word_set("zh", "staff_titles")
    for end, behind in titles:
        title = text[end:behind]
        for start in range(max(0, end - 4), end):
            length = 2 if text[start : start + 2] in compound else 1
            certain = length == 2 or text[start] in sure
            if not (certain or text[start] in careful) or end - start - length not in (0, 1, 2):
                continue
            given = text[start + length : end]
            if not _is_titled(text, start, given, title, certain=certain):
                continue
            score = (0.85 if title in staff or given else 0.75) if certain else 0.6
            kind = "staff" if title in staff else "name"
            yield Hit(start, end, kind, score, f"context:{title}")
            break


def _is_titled(text: str, start: int, given: str, title: str, *, certain: bool) -> bool:
    """Say whether nothing speaks against a name between its start and its title."""
    if given and not _ALL_HAN.fullmatch(given):
        return False
    if is_braked(text, start) or (given and is_braked(text, start + 1)):
        return False
    if not _NEVER_GIVEN.isdisjoint(given) or (title.startswith("某") and given):
        return False
    return certain or (text[start - 1] if start else "\n") in _BOUNDARY


def find_led_names(text: str, leads: Places, kind: str) -> Iterator[Hit]:
    """Yield names behind words that lead to one: 电话通知张伟, 我叫李芳, 12床王刚."""
    behind = _name_patterns()[0]
    for _, end in leads:
        found = behind.match(text, end)
        if found is None or is_braked(text, found.start("n")) or found.group("n") in _NOT_GIVEN:
            continue
        name = found.group("n")
        sure = name[0] in _surnames()[0] or name[:2] in _surnames()[2] or "·" in name
        if _NEVER_GIVEN.isdisjoint(name) and (sure or _DUTY.match(text, found.end())):
            yield Hit(*found.span("n"), kind, 0.6, "context:lead")


_DUTY: Final = re.compile("医嘱|会诊|负责|主管|查收|接班|值班|当班")  # what only a person gives or has


def find_surnames(text: str, places: Places) -> Iterator[Hit]:
    """Yield a family name that is said to be one: 免贵姓王, 病人姓李."""
    sure, careful, compound = _surnames()
    for _, end in places:
        for length in (2, 1):
            name = text[end : end + length]
            if (name in compound or name in sure or name in careful) and _ALONE.match(text, end + length):
                yield Hit(end, end + length, "name", 0.6, "context:姓")
                break


_ALONE: Final = re.compile(r" ?(?:[,.;:。、!?()\n]|$|的)")


def find_signatures(text: str) -> Iterator[Hit]:
    """Yield names that stand alone at the end of a line near the end of a text, or with a date behind them."""
    pattern, sure = _signed(), _surnames()[0]
    for line in _LINE_END.finditer(text):
        end = line.start()
        found = pattern.search(text, max(0, end - 40), end)
        if found is None or not (found.group("d") or len(text) - end < 240):
            continue
        for group in ("n", "m"):
            name = found.group(group)
            if (
                not name
                or is_braked(text, found.start(group))
                or name in _NOT_GIVEN
                or not _NEVER_GIVEN.isdisjoint(name)
            ):
                continue
            if name[0] in sure or name[:2] in _surnames()[2] or found.group("d"):
                yield Hit(*found.span(group), "staff", 0.6, "context:signature")


_LINE_END: Final = re.compile(r"(?<=[\u3400-\u9fff0-9日 \t])(?:\n|$)")
_DOTTED: Final = re.compile(
    rf"(?:^|[^{_H}]|患者|病人|家属|患儿|医师|医生|护士|签名|母亲|父亲|儿子|女儿|妻子|丈夫)(?P<n>[{_H}]{{2,8}}$)"
)
_BEHIND_DOT: Final = re.compile(rf"[{_H}]{{2,6}}?{_DOT_END}")
_DOTTED_LEAD: Final = re.compile(
    r".*(?:患者|病人|家[属长]|患儿|医师|医生|护士|签名|[母父]亲|[儿之其]子|[女之][儿女]|其[女妻夫父母]|妻子|丈夫|夫人|收件人?|审方|通知|今日|本人|主任|[系据由寄挂])"
)


def find_dotted_names(text: str, dots: Places) -> Iterator[Hit]:
    """Yield names of two parts with a dot between: 阿依古丽·买买提."""
    for start, end in dots:
        before, behind = _DOTTED.search(text, max(0, start - 9), start), _BEHIND_DOT.match(text, end)
        if before is None or behind is None or not _NEVER_GIVEN.isdisjoint(behind.group()):
            continue
        lead = _DOTTED_LEAD.match(before.group("n"))
        first = before.start("n") + (lead.end() if lead else 0)
        if first == start:  # 儿子·艾力
            first = end
        if not is_braked(text, first):
            yield Hit(first, behind.end(), "name", 0.6, "context:dot")
