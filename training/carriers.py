"""Real sentences without identifiers, from open texts of `--corpus DIR`, to stand between our own.

Guarantee: a sentence with any doubt (a title before a capital, a month, a long number, a place or name that the
rules or a teacher see) is dropped, so that what is left may be labelled as holding nothing. Held-out files of
the texts (valid, test) are never opened. Without a corpus there are no carriers.
"""

import csv
import gzip
import io
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from training.names import LISTS, is_held, lines

csv.field_size_limit(1 << 24)
_DIGITS: Final = re.compile(
    r"\d{5,}|\d{4}\s*[年./-]|\d{1,2}\s*月\s*\d{1,2}|\b(19|20)\d\d\b|\d{1,2}[/-]\d{1,2}[/-]\d{2,4}|@|www|http|\b0?\d/\d\d\b|\b0\d/|\b1[0-2]/(0[1-9]|[12]\d|3[01])\b"
)
_ZH_DOUBT: Final = re.compile(
    r"[一-龥]{2,}(医院|卫生院|诊所|中心|大学|学校|公司|集团|[^小城县乡]镇|[省县区])|[省州]|\d+月(?!余|前|后|内|龄|以|来|的|，|,)|\d+[号日]|某|\*|"
    r"(?<![\u4e00-\u9fa5])[老小阿][王李张刘陈杨黄赵吴周徐孙马]|[王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严]"
    r"(医生|主任|教授|大夫|先生|女士|小姐|护士|老师|医师|某|师傅|阿姨)|北京|上海|广州|深圳|天津|重庆|武汉|南京|西安|成都|杭州|山东|河南|河北|江苏|浙江|广东|广西|四川|云南|贵州|湖南|湖北|安徽|福建|江西|辽宁|吉林|黑龙江|内蒙|新疆|西藏|青海|甘肃|宁夏|陕西|山西|海南|台湾|香港|澳门|美国|日本|英国|协和|华西|同仁|春节|我叫|名叫|姓"
)
_EN_DOUBT: Final = re.compile(
    r"\b(Mr|Mrs|Ms|Dr|Miss|Doctor|Prof|St|Saint|Sir|Madam|Nurse|Jr|MD|M\.D|R\.N|PhD)\b\.?|\b(January|February|March|April|June|July|August|September|October|November|December|Jan|Feb|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\b|"
    r"\bMay\b|\b(Hospital|University|College|School|Clinic|Medical Center|Street|Avenue|Road|Church|County|Street|Inc|Company)\b|[A-Z]{2,}CD|XY|\bX\b|\bABC|_{2,}|\*|\bname is\b|\b[A-Z]\.\s?[A-Z]\b"
)
_KEEP_CAPITAL: Final = re.compile(r"\b[A-Z][a-z]+")
_WORD: Final = re.compile(r"[a-z]+")
_SENTENCE: Final = re.compile(r"[^。！？!?\n]{6,140}[。！？!?]?")
_EN_SENTENCE: Final = re.compile(r"[^.!?\n]{20,260}[.!?](?=\s|$)")


def known_words() -> frozenset[str]:
    """Return capitalised words that name no person or place: eponyms, drugs, sections, brands."""
    path = LISTS / "capitals_en.txt"
    return frozenset(path.read_text(encoding="utf-8").split()) if path.exists() else frozenset()


def is_doubtful_zh(sentence: str) -> bool:
    """Say whether a Chinese sentence may hold an identifier.

    >>> is_doubtful_zh("患者反复胸闷3年，加重1周。"), is_doubtful_zh("请王医生会诊。")
    (False, True)
    """
    return bool(_DIGITS.search(sentence) or _ZH_DOUBT.search(sentence))


def is_doubtful_en(sentence: str, known: frozenset[str]) -> bool:
    """Say whether an English sentence may hold an identifier: any capital inside it must be a known word.

    >>> is_doubtful_en("The abdomen is soft.", frozenset()), is_doubtful_en("She saw Dr. Smith.", frozenset())
    (False, True)
    """
    if _DIGITS.search(sentence) or _EN_DOUBT.search(sentence):
        return True
    first = True
    for match in _KEEP_CAPITAL.finditer(sentence):
        if first and not sentence[: match.start()].strip(" \"'-,:;("):
            first = False
            continue
        if match[0] not in known:
            return True
    return False


def _rows(path: Path, encoding: str = "utf-8") -> Iterator[dict[str, str]]:
    if path.exists():
        with gzip.open(path) as file:
            yield from csv.DictReader(io.TextIOWrapper(file, encoding, errors="replace", newline=""))


def _zh_texts(corpus: Path) -> Iterator[str]:
    for row in _rows(corpus / "zh-medical-dialogue" / "internal_medicine_sample.csv.gz", "gb18030"):
        yield row["ask"] or ""
        yield row["answer"] or ""
    path = corpus / "cEHRNER" / "train.jsonl.gz"
    if path.exists():
        with gzip.open(path, "rt", encoding="utf-8") as file:
            for line in file:
                yield json.loads(line)["text"]


def _iob(path: Path) -> Iterator[str]:
    if not path.exists():
        return
    words: list[str] = []
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for line in file:
            if line.strip():
                words.append(line.split("\t")[0])
            elif words:
                yield re.sub(r" ([,.;:)\]%])|([(\[]) ", r"\1\2", " ".join(words))
                words = []


def _en_texts(corpus: Path) -> Iterator[str]:
    for row in _rows(corpus / "mts-dialog" / "train.csv.gz"):
        yield row["section_text"]
        yield row["dialogue"]
    for row in _rows(corpus / "aci-bench" / "train.csv.gz"):
        yield row["note"]
        yield row["dialogue"]
    for row in _rows(corpus / "mtsamples-subset" / "mtsamples_10pct.csv.gz"):
        yield row["text"]
    for name in ("NCBI-disease.train", "BC5CDR.train"):
        yield from _iob(corpus / "bio-ner" / f"{name}.tsv.gz")


def _reviews(corpus: Path, vocabulary: frozenset[str]) -> Iterator[str]:
    """Return film reviews all of whose words the clinical texts use too: names stand there in small letters."""
    path = corpus / "sst2" / "train.tsv.gz"
    if path.exists():
        with gzip.open(path, "rt", encoding="utf-8") as file:
            for line in list(file)[1:]:
                text = line.rsplit("\t", 1)[0].strip()
                if len(text) > 30 and vocabulary.issuperset(_WORD.findall(text)):
                    yield text + "."


def sentences(texts: Iterable[str], language: str) -> Iterator[str]:
    """Return the sentences of texts that hold no doubt."""
    known = known_words()
    for text in texts:
        for match in (_SENTENCE if language == "zh" else _EN_SENTENCE).finditer(text):
            sentence = match[0].strip()
            if language == "zh" and not is_doubtful_zh(sentence):
                yield sentence
            elif language == "en" and not is_doubtful_en(sentence, known):
                yield sentence + " "


def carriers(corpus: Path | None, language: str, split: str) -> list[str]:
    """Return the carrier sentences of one split, one in twelve to "held"; none without a corpus."""
    if corpus is None:
        return []
    if language == "zh":
        kept = dict.fromkeys(sentences(_zh_texts(corpus), "zh"))
    else:
        kept = dict.fromkeys(sentences(_en_texts(corpus), "en"))
        counts = Counter(word for sentence in kept for word in _WORD.findall(sentence))
        names = {name.lower() for name in (*lines("given_us.txt"), *lines("family_us.txt"))}
        vocabulary = frozenset(word for word, n in counts.items() if n > 3 and word not in names)
        kept |= dict.fromkeys(sentences(_reviews(corpus, vocabulary), "en"))
    return [s for s in kept if split == "all" or is_held(s, 12) == (split == "held")]
