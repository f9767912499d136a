"""Invented patients of the attack in `known_values.py`: what their fields hold, and how each value may be written.

Pinyin and traditional characters are written by hand here, so that the tables under test do not test themselves.
"""

import random
import re
import unicodedata
from dataclasses import dataclass, field
from datetime import date, timedelta

HAN = [
    ("张", "zhang", "張"), ("王", "wang", "王"), ("刘", "liu", "劉"), ("陈", "chen", "陳"), ("高", "gao", "高"),
    ("吕", "lü", "呂"), ("欧阳", "ouyang", "歐陽"), ("曾", "zeng", "曾"), ("单", "shan", "單"), ("马", "ma", "馬"),
    ("叶", "ye", "葉"), ("黄", "huang", "黃"), ("许", "xu", "許"), ("郑", "zheng", "鄭"), ("诸葛", "zhuge", "諸葛"),
]  # fmt: skip
GIVEN = [
    ("建国", ("jian", "guo"), "建國"), ("伟", ("wei",), "偉"), ("丽华", ("li", "hua"), "麗華"), ("晓东", ("xiao", "dong"), "曉東"),
    ("秀英", ("xiu", "ying"), "秀英"), ("志强", ("zhi", "qiang"), "志強"), ("静", ("jing",), "靜"), ("雪梅", ("xue", "mei"), "雪梅"),
    ("鹏飞", ("peng", "fei"), "鵬飛"), ("玉兰", ("yu", "lan"), "玉蘭"), ("女娲", ("nü", "wa"), "女媧"), ("国庆", ("guo", "qing"), "國慶"),
]  # fmt: skip
TONED = {"张伟": "Zhāng Wěi", "王静": "Wáng Jìng", "高静": "Gāo Jìng", "吕伟": "Lǚ Wěi", "马静": "Mǎ Jìng"}
FIRST = [
    "Adaeze",
    "Leopold",
    "May",
    "Will",
    "Rosalind",
    "Thaddeus",
    "Grace",
    "Ines",
    "Bartholomew",
    "Priya",
    "Hope",
    "Mark",
]
LAST = [
    "Okonkwo",
    "Castellanos",
    "O'Brien",
    "Van Houten",
    "Müller",
    "Young",
    "Smith-Jones",
    "Nguyen",
    "Black",
    "Featherstone",
]
WIDE = {i: i + 0xFEE0 for i in range(0x21, 0x7F)}
CLINICAL = {
    "ma",
    "ct",
    "mr",
    "xy",
    "wj",
    "zj",
    "lw",
    "ye",
    "he",
    "gw",
    "ml",
}  # initials that notes use for other things


@dataclass
class Patient:
    """An invented patient: what the fields hold, and every writing of each value that is planted."""

    fields: dict[str, tuple[str, ...]] = field(default_factory=dict)
    writings: list[tuple[str, str]] = field(default_factory=list)  # (kind of writing, text)


def _name_zh(rng: random.Random, kind: str, patient: Patient) -> None:
    (family, pinyin, old), (given, syllables, old_given) = rng.choice(HAN), rng.choice(GIVEN)
    name = family + given
    patient.fields[kind] = (name,)
    last = pinyin.capitalize()
    first = "".join(syllables).capitalize()
    letters = "".join(syllable[0].upper() for syllable in syllables)
    ascii_last = last.replace("ü", "v")
    add = patient.writings.append
    add(("plain", name))
    add(("spaced", " ".join(name)))
    add(("wide space", "\u3000".join(name)))
    add(("line break", f"{name[:1]}\n{name[1:]}"))
    add(("dot", f"{family}·{given}"))
    add(("zero width", f"{family}\u200b{given}"))
    add(("traditional", old + old_given))
    add(("title", f"{family}先生"))
    add(("title", f"{old}女士"))
    add(("familiar", f"老{family}"))
    add(("pinyin", f"{last} {first}"))
    add(("pinyin", f"{last}{first}".upper()))
    add(("pinyin v", f"{ascii_last} {first.replace('ü', 'v')}"))
    add(("pinyin yu", f"{last.replace('ü', 'yu')}, {first.replace('ü', 'yu')}"))
    add(("pinyin swapped", f"{first} {last}"))
    add(("pinyin lower", f"{last} {first}".lower()))
    add(("pinyin spaced", f"{last} {' '.join(s.capitalize() for s in syllables)}"))
    add(("pinyin hyphen", f"{'-'.join(syllables).capitalize()} {last}"))
    add(("pinyin wide", f"{last} {first}".translate(WIDE)))
    add(("pinyin title", f"Mr. {last}"))
    add(("pinyin initial", f"{letters[0]}. {last}"))
    add(("pinyin initial", f"{last} {letters}"))
    add(("initials", ".".join([last[0], *letters]) + "."))
    if (last[0] + letters).lower() not in CLINICAL and len(letters) > 1:
        add(("initials", last[0] + letters))
    if len(given) > 1:
        add(("given", given))
        add(("given traditional", old_given))
        add(("pinyin given", first))
    if name in TONED:
        add(("tones", TONED[name]))
        add(("tones swapped", " ".join(reversed(TONED[name].split()))))


def _name_en(rng: random.Random, kind: str, patient: Patient) -> None:
    first, last = rng.choice(FIRST), rng.choice(LAST)
    patient.fields[kind] = (rng.choice([f"{first} {last}", f"{last}, {first}"]),)
    add = patient.writings.append
    plain = unicodedata.normalize("NFD", last)
    for writing in (
        f"{first} {last}", f"{last}, {first}", f"{first} {last}".upper(), f"{first}\n{last}", f"{first}  {last}",
        f"{first[0]}. {last}", f"{last} {first[0]}", f"{first} {last[0]}.", f"{first}{last}", f"Mrs. {last}", last,
        f"{first} {plain}", f"{first} {last[:3]}-\n{last[3:]}", f"{last}'s", f"{last.upper()}", f"{first[0]}.{last[0]}.",
    ):  # fmt: skip
        add(("name", writing))
    add(("wide", f"{first} {last}".translate(WIDE)))
    add(("given", first))
    add(("lower", f"{first} {last}".lower()))


def _numbers(rng: random.Random, patient: Patient, *, zh: bool) -> None:
    add = patient.writings.append
    if zh:
        phone = f"1{rng.choice('3578')}{rng.randint(0, 10**9 - 1):09d}"
        ident = f"4103051948{rng.randint(1, 12):02d}{rng.randint(1, 28):02d}{rng.randint(0, 999):03d}{rng.choice('0123456789X')}"
        land = f"0379-6{rng.randint(1000000, 9999999)}"
        patient.fields["phone"] = (phone, land)
        patient.fields["resident-id"] = (ident,)
        for writing in (
            phone,
            f"+86 {phone}",
            f"0086-{phone}",
            f"{phone[:3]}-{phone[3:7]}-{phone[7:]}",
            " ".join(phone),
            phone.translate(WIDE),
        ):
            add(("phone", writing))
        add(("area code", land))
        add(("area code", land.partition("-")[2]))
        add(("area code", f"({land[:4]}){land[5:]}"))
        for writing in (
            ident,
            ident.lower(),
            f"{ident[:6]} {ident[6:14]} {ident[14:]}",
            ident.translate(WIDE),
            ident[:6] + ident[8:17],
        ):
            add(("id", writing))
        add(("tail", f"身份证尾号{ident[-4:]}"))
        add(("tail", f"手机尾号为{phone[-4:]}"))
    else:
        phone = f"({rng.randint(201, 989)}) {rng.randint(200, 999)}-{rng.randint(0, 9999):04d}"
        digits = re.sub("[^0-9]", "", phone)
        ssn = f"{rng.randint(100, 665)}-{rng.randint(10, 99)}-{rng.randint(1000, 9999)}"
        patient.fields["phone"], patient.fields["ssn"] = (phone,), (ssn,)
        for writing in (
            phone,
            digits,
            f"+1 {digits}",
            f"{digits[:3]}.{digits[3:6]}.{digits[6:]}",
            phone[6:],
            f"{phone} x12",
        ):
            add(("phone", writing))
        for writing in (ssn, ssn.replace("-", ""), ssn.replace("-", " ")):
            add(("id", writing))
        add(("tail", f"SSN ending in {ssn[-4:]}"))
    record = f"{rng.choice(['ZY', 'MR', ''])}{rng.randint(10**6, 10**8)}"
    patient.fields["record-number"] = (record,)
    for writing in (
        record,
        record.lower(),
        " ".join(record),
        record.translate(WIDE),
        f"{record[:4]}-{record[4:]}",
        re.sub("[A-Z]", "", record),
    ):
        add(("record", writing))


def _birth(rng: random.Random, patient: Patient, *, zh: bool) -> None:
    day = date(1940, 1, 13) + timedelta(days=rng.randint(0, 20_000))
    patient.fields["birth-date"] = (day.isoformat(),)
    forms = [f"{day:%Y-%m-%d}", f"{day:%Y/%m/%d}", f"{day:%Y.%m.%d}", f"{day:%Y%m%d}"]
    if zh:
        forms += [
            f"{day.year}年{day.month}月{day.day}日",
            f"{day:%Y年%m月%d日}",
            f"{day:%Y-%m-%d}".translate(WIDE),
        ]
    else:
        forms += [
            f"{day:%m/%d/%Y}",
            f"{day:%B} {day.day}, {day.year}",
            f"{day.day} {day:%b %Y}",
            f"{day:%d-%b-%Y}".upper(),
        ]
    patient.writings += [("birth date", form) for form in forms]


def _address(rng: random.Random, patient: Patient, *, zh: bool) -> None:
    if zh:
        parts = [rng.choice(["河南省洛阳市", "江苏省南通市"]), rng.choice(["西工区", "崇川区"]), rng.choice(["中州中路", "青年东路"]), f"{rng.randint(11, 300)}号{rng.randint(1, 9)}单元{rng.randint(101, 909)}室"]  # fmt: skip
        forms = [
            "".join(parts),
            "".join(parts[1:]),
            "".join(parts[2:]),
            " ".join(parts),
            "".join(parts).translate(WIDE),
            parts[3],
        ]
        patient.fields["address"] = ("".join(parts),)
    else:
        street, town, code = (
            f"{rng.randint(100, 9999)} Larkspur Hollow Road",
            "Quincy Harbor",
            f"0{rng.randint(2100, 2799)}",
        )
        patient.fields["address"] = (f"{street}, {town}, MA {code}",)
        forms = [
            patient.fields["address"][0],
            street,
            street.upper(),
            street.replace("Road", "Rd."),
            f"{street}\n{town}",
            "Larkspur Hollow Road",
            code,
        ]
    patient.writings += [("address", form) for form in forms]
    if not zh:
        mail = f"user{rng.randint(100, 999)}@hospital.example"
        patient.fields["email"] = (mail,)
        patient.writings += [("email", mail), ("email", mail.upper()), ("email", mail.partition("@")[0])]


def invented(rng: random.Random, *, zh: bool) -> Patient:
    """Return a patient with a relative, numbers, a date of birth and an address."""
    patient = Patient()
    for kind in ("name", "kin"):
        (_name_zh if zh else _name_en)(rng, kind, patient)
    _numbers(rng, patient, zh=zh)
    _birth(rng, patient, zh=zh)
    _address(rng, patient, zh=zh)
    return patient
